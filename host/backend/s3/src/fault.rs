//! What to do about an error of the server or of the way to it: by HTTP
//! status, S3 code and type of error, never by text.

use std::error::Error;
use std::fmt::Write as _;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use hyhost_backend::wire::{causes, trouble};
use hyhost_backend::{Class, Fault, Request};
use serde_json::Value;

use crate::login::Server;

/// The longest part of a server's own words that is passed on, in characters.
const WORDS: usize = 300;

/// What is being done, for messages: connection, endpoint, operation, object.
pub(crate) struct Doing(String);

/// The arguments that hold the name of what an operation is about.
const ABOUT: [&str; 5] = ["bucket", "user", "group", "policy", "access_key"];

impl Doing {
    pub(crate) fn new(server: &Server, request: &Request) -> Self {
        let mut text = format!("{}: {}: {}", server.name, server.endpoint(), request.row.name);
        let about = ABOUT.iter().find_map(|name| request.operation.args.get(name).and_then(Value::as_str));
        if let Some(name) = about {
            let _ = write!(text, " of `{}`", clean(name));
        }
        Self(text)
    }

    /// A fault while doing this.
    pub(crate) fn fault(&self, class: Class, what: &str) -> Fault {
        Fault::new(class, format!("{}: {what}", self.0))
    }
}

/// Why a request came to nothing: an error of the SDK without its type.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server answered with an error.
    Refused(Refusal),
    /// The server answered, and nobody can read it.
    Unreadable(String),
    /// There was no answer.
    Way(Class, String),
    /// It was never sent.
    Unsent(String),
    /// Our own verdict, and the server's code if it is about one.
    Ours(Class, String, Option<&'static str>),
}

/// An error answer.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
}

impl Failure {
    /// Takes the SDK's error apart.
    pub(crate) fn of<E>(error: &SdkError<E>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        match error {
            SdkError::ServiceError(refused) => {
                let status = refused.raw().status().as_u16();
                // With a status of success the error is the SDK's: it could
                // not read the answer.
                if (200..300).contains(&status) {
                    return Self::Unreadable(deepest(refused.err()));
                }
                let metadata = refused.err().meta();
                Self::Refused(Refusal {
                    status,
                    code: metadata.code().map(str::to_owned),
                    message: metadata.message().map(str::to_owned),
                })
            }
            SdkError::DispatchFailure(failure) => match failure.as_connector_error() {
                Some(error) => way(error),
                None => Self::Way(Class::NotReady, "the request could not be sent".to_owned()),
            },
            SdkError::ResponseError(failure) => match way(error) {
                lost @ Self::Way(Class::NotReady, _) => lost,
                _ => Self::Unreadable(format!("HTTP {}: {}", failure.raw().status().as_u16(), deepest(error))),
            },
            SdkError::TimeoutError(_) => Self::Way(Class::NotReady, "no answer in time".to_owned()),
            error => Self::Unsent(deepest(error)),
        }
    }

    /// Whether the server does not know the login: neither the operation nor
    /// the bucket has been looked at.
    pub(crate) fn refuses_login(&self) -> bool {
        matches!(self.code(), Some("InvalidAccessKeyId" | "SignatureDoesNotMatch"))
    }

    /// The server's code.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) => refusal.code.as_deref(),
            Self::Ours(_, _, code) => *code,
            _ => None,
        }
    }

    /// Whether the server said, in so many words, that what was read is not
    /// there: one of these codes, with HTTP 404. Any other error, an answer
    /// that cannot be read above all, is none of this.
    pub(crate) fn says_absent(&self, codes: &[&str]) -> bool {
        matches!(self, Self::Refused(Refusal { status: 404, code: Some(code), .. }) if codes.contains(&code.as_str()))
    }

    /// A verdict of ours.
    pub(crate) fn ours(class: Class, what: impl Into<String>) -> Self {
        Self::Ours(class, what.into(), None)
    }

    /// The fault that it is, with its class and the next step.
    pub(crate) fn fault(self, doing: &Doing) -> Fault {
        match self {
            Self::Refused(refusal) => refusal.fault(doing),
            Self::Unreadable(why) => doing.fault(Class::Failed, &format!("the answer cannot be read: {}", clean(&why))),
            Self::Way(class, why) => doing.fault(class, &clean(&why)),
            Self::Unsent(why) => doing.fault(Class::Invalid, &format!("the request cannot be made: {}", clean(&why))),
            Self::Ours(class, what, code) => {
                let fault = doing.fault(class, &what);
                code.map_or(fault.clone(), |code| fault.with_code(code))
            }
        }
    }
}

impl Refusal {
    fn fault(self, doing: &Doing) -> Fault {
        let class = class_of(self.status, self.code.as_deref());
        let mut said = format!("the server answers HTTP {}", self.status);
        if let Some(message) = self.message.filter(|message| !message.is_empty()) {
            let _ = write!(said, ": {}", clean(message.trim_end_matches('.')));
        }
        let hint = match self.code.as_deref() {
            Some("BucketAlreadyExists") => "; it belongs to another account: choose another name",
            Some("AuthorizationHeaderMalformed" | "PermanentRedirect" | "IllegalLocationConstraintException") => {
                "; is `region` of the connection that of the server?"
            }
            Some("RequestTimeTooSkewed") => "; the clocks here and there differ",
            Some("NotImplemented" | "MethodNotAllowed") => {
                "; this server cannot do it as it is set up: leave the field out, or set the server up for it"
            }
            Some("XMinioIAMPolicyInUse") => "; detach it from the users and groups that have it",
            None if self.status == 400 => "; does `url` have the right scheme and port?",
            _ => "",
        };
        said.push_str(hint);
        let fault = doing.fault(class, &said);
        match self.code {
            Some(code) => fault.with_code(clean(&code)),
            None => fault,
        }
    }
}

/// The class of an error answer: by code where one of note is there, else by
/// status. `None`: something answered that may not be S3 at all.
pub(crate) fn class_of(status: u16, code: Option<&str>) -> Class {
    match (status, code) {
        (_, Some("BucketAlreadyOwnedByYou" | "NoSuchBucket")) => Class::Conflict,
        // Gone since it was planned.
        (404, Some(code)) if code.starts_with("XMinioAdminNoSuch") => Class::Conflict,
        (_, Some("BucketAlreadyExists" | "BucketNotEmpty")) => Class::Denied,
        (_, Some("OperationAborted" | "SlowDown" | "SlowDownRead" | "SlowDownWrite" | "InternalError")) => {
            Class::Transient
        }
        // It cannot become so by trying again, as with versioning of a bucket
        // that has object lock.
        (_, Some("InvalidBucketState")) => Class::Invalid,
        (401 | 403, _) => Class::Denied,
        (301 | 307 | 400, Some(_)) | (400, None) => Class::Invalid,
        (408 | 429, _) => Class::Transient,
        (409 | 412, _) => Class::Conflict,
        // A server that is starting, or a gateway before one that is not there.
        (502..=504, _) => Class::NotReady,
        (501, _) => Class::Failed,
        (500.., _) => Class::Transient,
        _ => Class::Failed,
    }
}

/// What went wrong on the way.
pub(crate) fn way(error: &(dyn Error + 'static)) -> Failure {
    let (class, said) = trouble(error);
    Failure::Way(class, said)
}

fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

/// Words of a server: one line, and not endless.
fn clean(text: &str) -> String {
    let mut clean = String::new();
    for (i, c) in text.trim().chars().enumerate() {
        if i == WORDS {
            clean.push('…');
            break;
        }
        if c.is_control() {
            let _ = write!(clean, "{}", c.escape_unicode());
        } else {
            clean.push(c);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_status_and_code() {
        let expected = [
            (409, Some("BucketAlreadyOwnedByYou"), Class::Conflict),
            (409, Some("BucketAlreadyExists"), Class::Denied),
            (409, Some("OperationAborted"), Class::Transient),
            (409, Some("InvalidBucketState"), Class::Invalid),
            (409, None, Class::Conflict),
            (404, Some("NoSuchBucket"), Class::Conflict),
            (404, Some("XMinioAdminNoSuchUser"), Class::Conflict),
            (409, Some("BucketNotEmpty"), Class::Denied),
            (404, Some("NoSuchKey"), Class::Failed),
            (404, None, Class::Failed),
            (403, Some("AccessDenied"), Class::Denied),
            (403, Some("InvalidAccessKeyId"), Class::Denied),
            (403, None, Class::Denied),
            (400, Some("MalformedPolicy"), Class::Invalid),
            (400, None, Class::Invalid),
            (301, Some("PermanentRedirect"), Class::Invalid),
            (301, None, Class::Failed),
            (405, Some("MethodNotAllowed"), Class::Failed),
            (429, None, Class::Transient),
            (500, Some("InternalError"), Class::Transient),
            (500, None, Class::Transient),
            (501, Some("NotImplemented"), Class::Failed),
            (503, Some("SlowDown"), Class::Transient),
            (503, Some("SlowDownWrite"), Class::Transient),
            (503, Some("XMinioServerNotInitialized"), Class::NotReady),
            (503, None, Class::NotReady),
            (502, None, Class::NotReady),
        ];
        for (status, code, class) in expected {
            assert_eq!(class_of(status, code), class, "{status} {code:?}");
        }
    }

    #[test]
    fn words_of_a_server_stay_one_short_line() {
        assert_eq!(clean(" a\nb\u{1b}[31m "), "a\\u{a}b\\u{1b}[31m");
        assert_eq!(clean(&"x".repeat(1000)).chars().count(), WORDS + 1);
    }
}
