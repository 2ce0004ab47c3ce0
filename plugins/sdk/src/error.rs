//! Errors by class: what the host shall do about them.

use crate::{Error, Fault};

impl Error {
    /// The server cannot work yet: the host goes back to waiting.
    pub fn not_ready(message: impl Into<String>) -> Self {
        Self::NotReady(fault(message))
    }

    /// May succeed when tried again as it is.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::Transient(fault(message))
    }

    /// What is there has changed since it was planned: the host plans again.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict(fault(message))
    }

    /// Not allowed.
    pub fn denied(message: impl Into<String>) -> Self {
        Self::Denied(fault(message))
    }

    /// Cannot be right as it is written.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid(fault(message))
    }

    /// Anything else.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(fault(message))
    }

    /// What is the matter, and the server's own code.
    pub fn fault(&self) -> &Fault {
        match self {
            Self::NotReady(fault)
            | Self::Transient(fault)
            | Self::Conflict(fault)
            | Self::Denied(fault)
            | Self::Invalid(fault)
            | Self::Failed(fault)
            | Self::Other(fault) => fault,
        }
    }

    /// Whether what is there is not what was planned for.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }

    /// The same with the thing that it is about in front: `bucket a: …`.
    #[must_use]
    pub fn about(mut self, thing: &str) -> Self {
        let (Self::NotReady(fault)
        | Self::Transient(fault)
        | Self::Conflict(fault)
        | Self::Denied(fault)
        | Self::Invalid(fault)
        | Self::Failed(fault)
        | Self::Other(fault)) = &mut self;
        fault.message = format!("{thing}: {}", fault.message);
        self
    }
}

fn fault(message: impl Into<String>) -> Fault {
    Fault { message: message.into(), code: None, extensions: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_is_about_keeps_its_class_and_code() {
        let error = Error::Conflict(Fault { code: Some("42710".into()), ..fault("it exists") });
        let about = error.about("role a");
        assert!(about.is_conflict());
        assert_eq!(about.fault().message, "role a: it exists");
        assert_eq!(about.fault().code.as_deref(), Some("42710"));
    }
}
