//! OpenSearch: the operations of the API table `opensearch`.

use crate::bindings::hyhost::provision::types::Mode;
use crate::{Call, Capability, Error};

#[path = "generated/opensearch.rs"]
mod rows;

pub use rows::*;

/// The capability `opensearch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSearch {}

impl Capability for OpenSearch {
    const NAME: &'static str = "opensearch";

    #[cfg(target_arch = "wasm32")]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::bindings::hyhost::provision::http::perform(connection, calls, mode)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::native::perform(Self::NAME, connection, calls, mode)
    }
}
