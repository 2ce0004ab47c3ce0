//! Arguments of items, and their answers.

use hyhost_backend::{Class, Fault};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::native::KafkaError;
use crate::code;
use crate::frame::Failure;

/// The arguments as a type.
///
/// # Errors
/// They are not of it: the table and this file differ.
pub(crate) fn args<T: DeserializeOwned>(item: &Value) -> Result<T, Failure> {
    T::deserialize(item).map_err(|error| wrong(Class::Invalid, &format!("arguments: {error}")))
}

/// A failure that has nothing to do with a broker.
pub(crate) fn wrong(class: Class, text: &str) -> Failure {
    Failure { fault: Fault::new(class, text), lost: false }
}

impl From<KafkaError> for Failure {
    fn from(error: KafkaError) -> Self {
        let text = format!("{}{}", error.text.trim_end_matches('.'), code::hint(error.code));
        let fault = Fault::new(code::class(error.code), text).with_code(error.name);
        Self { fault, lost: code::is_lost(error.code) }
    }
}

/// Items whose arguments can be read go on together; the answers come back in
/// the order of all.
pub(crate) fn together<T: DeserializeOwned>(
    items: &[Value],
    perform: impl FnOnce(&[T]) -> Vec<Result<Value, Failure>>,
) -> Vec<Result<Value, Failure>> {
    let mut good = Vec::new();
    let read: Vec<Result<(), Failure>> = items.iter().map(|item| args(item).map(|args| good.push(args))).collect();
    let mut results = if good.is_empty() { Vec::new() } else { perform(&good) }.into_iter();
    let missing = || Err(wrong(Class::Failed, "the broker gave no answer for it"));
    read.into_iter().map(|read| read.and_then(|()| results.next().unwrap_or_else(missing))).collect()
}
