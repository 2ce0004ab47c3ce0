//! HTTP APIs by tables that an operator mounts: a capability of one's own.
//!
//! ```
//! use hyhost_sdk::{Call, Capability, Connection, Error, Mode, Operation, http, native};
//!
//! enum Shelves {}
//!
//! impl Capability for Shelves {
//!     const NAME: &'static str = "shelf";
//!     fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
//!         http::perform(Self::NAME, connection, calls, mode)
//!     }
//! }
//!
//! #[derive(serde::Serialize)]
//! struct DeleteShelf {
//!     name: String,
//! }
//!
//! impl Operation for DeleteShelf {
//!     type Capability = Shelves;
//!     type Output = ();
//!     const NAME: &'static str = "DeleteShelf";
//! }
//!
//! let host = native::Host::new(|call| {
//!     assert_eq!((call.capability.as_str(), call.name.as_str()), ("shelf", "DeleteShelf"));
//!     Ok(serde_json::Value::Null)
//! });
//! let shelves = Connection::<Shelves>::new("shelves");
//! host.run(|| shelves.perform(&DeleteShelf { name: "a".into() })).unwrap();
//! ```

use crate::{Call, Error, Mode};

/// Hands calls to the host, on a connection whose table has this capability.
/// Answers are in the order of the calls.
#[cfg(target_arch = "wasm32")]
pub fn perform(_: &str, connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
    crate::bindings::hyhost::provision::http::perform(connection, calls, mode)
}

/// Hands calls to the host, on a connection whose table has this capability.
/// Answers are in the order of the calls.
#[cfg(not(target_arch = "wasm32"))]
pub fn perform(capability: &str, connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
    crate::native::perform(capability, connection, calls, mode)
}
