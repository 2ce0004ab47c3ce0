//! Values that nobody may see.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

/// A secret's name and value. Prints the name alone; the value is wiped from
/// memory with the last copy.
#[derive(Clone)]
pub struct Secret {
    name: String,
    value: Arc<SecretString>,
}

impl Secret {
    /// A secret of this name.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Arc::new(SecretString::from(value.into())) }
    }

    /// The name by which documents know it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value: only for the client that sends it, and for the search that
    /// makes sure that it is nowhere else.
    pub fn expose(&self) -> &str {
        self.value.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.name)
    }
}
