//! S3 buckets: the operations of the table `s3`.

use crate::bindings::hyhost::provision::types::Mode;
use crate::{Call, Capability, Error};

#[path = "generated/s3.rs"]
mod rows;

pub use rows::*;

/// The capability `s3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum S3 {}

impl Capability for S3 {
    const NAME: &'static str = "s3";

    #[cfg(target_arch = "wasm32")]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::bindings::hyhost::provision::s3::perform(connection, calls, mode)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::native::perform(Self::NAME, connection, calls, mode)
    }
}
