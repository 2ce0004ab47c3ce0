//! How much one call of a plugin may ask for.

use hyhost_backend::{Class, Fault};

/// The limits of one call into a plugin. Documented in the contract where an
/// author needs to know them.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Operations in one `perform`.
    pub operations_per_perform: usize,
    /// Bytes of arguments in one `perform`.
    pub bytes_per_perform: usize,
    /// Bytes of all answers of one `perform`.
    pub answer_bytes: usize,
    /// Operations over the whole call.
    pub operations: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { operations_per_perform: 1_000, bytes_per_perform: 4 << 20, answer_bytes: 16 << 20, operations: 100_000 }
    }
}

impl Budget {
    /// Takes a `perform` of so many operations and bytes from what is left.
    ///
    /// # Errors
    /// A `denied` fault that says which limit it is over.
    pub(crate) fn take(&self, spent: &mut usize, operations: usize, bytes: usize) -> Result<(), Fault> {
        let over = |what: &str, is: usize, limit: usize| {
            Err(Fault::new(Class::Denied, format!("{is} {what} are over the limit of {limit}")))
        };
        if operations > self.operations_per_perform {
            return over("operations in one call of perform", operations, self.operations_per_perform);
        }
        if bytes > self.bytes_per_perform {
            return over("bytes of arguments in one call of perform", bytes, self.bytes_per_perform);
        }
        if *spent + operations > self.operations {
            return over("operations in one call of the plugin", *spent + operations, self.operations);
        }
        *spent += operations;
        Ok(())
    }
}
