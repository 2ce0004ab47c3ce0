//! OpenSearch: the operations of the API table `opensearch`.

use crate::{Call, Capability, Error, Mode};

#[path = "generated/opensearch.rs"]
mod rows;

pub use rows::*;

/// The capability `opensearch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenSearch {}

impl Capability for OpenSearch {
    const NAME: &'static str = "opensearch";

    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::http::perform(Self::NAME, connection, calls, mode)
    }
}
