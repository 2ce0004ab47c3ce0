//! Kafka's administration: the operations of the table `kafka`.

use crate::bindings::hyhost::provision::types::Mode;
use crate::{Call, Capability, Error};

#[path = "generated/kafka.rs"]
mod rows;

pub use rows::*;

/// The capability `kafka`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kafka {}

impl Capability for Kafka {
    const NAME: &'static str = "kafka";

    #[cfg(target_arch = "wasm32")]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::bindings::hyhost::provision::kafka::perform(connection, calls, mode)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>> {
        crate::native::perform(Self::NAME, connection, calls, mode)
    }
}
