//! What an operation is to a plugin.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::bindings::hyhost::provision::types::Mode;

/// An operation as the contract carries it: a name and JSON.
pub use crate::bindings::hyhost::provision::types::Operation as Call;

/// A capability that the SDK has typed operations for.
pub trait Capability {
    /// Its name in the manifest.
    const NAME: &'static str;

    /// Hands calls to the host. Answers are in the order of the calls.
    fn perform(connection: &str, calls: &[Call], mode: &Mode) -> Vec<Result<String, Error>>;
}

/// An operation with its arguments: a row of a capability's table.
///
/// Implemented by the generated types. A plugin may implement it for a row
/// that its version of the SDK does not know yet.
pub trait Operation: Serialize {
    /// The capability that it belongs to.
    type Capability: Capability;
    /// What the host answers.
    type Output: DeserializeOwned;
    /// The row's name.
    const NAME: &'static str;

    /// It as the contract carries it.
    ///
    /// # Errors
    /// `failed` if the arguments have no JSON form, which no generated type
    /// lets happen.
    fn call(&self) -> Result<Call, Error> {
        match serde_json::to_string(self) {
            Ok(args) => Ok(Call { name: Self::NAME.to_owned(), args }),
            Err(error) => Err(Error::failed(format!("the arguments of {} are no JSON: {error}", Self::NAME))),
        }
    }
}

/// The name of a secret, where a row has a sink for one. The host puts the
/// secret in its place; no plugin ever sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretName {
    /// The name, as the document writes it.
    pub secret: String,
}

impl SecretName {
    /// The secret of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { secret: name.into() }
    }
}

/// An answer's text as the operation's type.
pub(crate) fn parse<O: Operation>(text: &str) -> Result<O::Output, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::failed(format!("the host's answer to {} is not of its type: {error}", O::NAME)))
}
