//! What to do about an error of the server or of the way to it: by SQLSTATE
//! and by kind of I/O error, never by text.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;

use hyhost_backend::wire::{causes, certificate};
use hyhost_backend::{Class, Fault};
use tokio_postgres::Error;
use tokio_postgres::error::DbError;

use crate::guard::Refusal;

/// Where an error came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// While a session was being made.
    Login,
    /// In a session that stood.
    Session,
}

/// The class of a SQLSTATE (PostgreSQL's appendix A).
pub(crate) fn class_of(code: &str, when: When) -> Class {
    match code {
        // Starting up, shutting down, crashed, out of sessions.
        "57P01" | "57P02" | "57P03" | "53300" => Class::NotReady,
        "40001" | "40P01" | "55P03" | "55006" | "57014" => Class::Transient,
        "XX000" if when == When::Login => Class::Transient,
        // Made by somebody else meanwhile; XX000 on a catalogue statement is
        // "tuple concurrently updated".
        "42710" | "42P04" | "42P06" | "42P07" | "23505" | "XX000" => Class::Conflict,
        // 2BP01: something else needs what was to go.
        "28P01" | "28000" | "42501" | "2BP01" => Class::Denied,
        // What was planned on is not there (any more).
        "42704" | "3F000" | "3D000" | "42P01" | "42883" => Class::Conflict,
        "42601" => Class::Invalid,
        _ if code.starts_with("08") => Class::NotReady,
        _ if code.starts_with("22") => Class::Invalid,
        // Memory, disk, configuration limits: they may pass.
        _ if code.starts_with("53") && when == When::Login => Class::NotReady,
        _ => Class::Failed,
    }
}

/// The fault for an error in a standing session; `what` names the connection,
/// the database and the operation.
pub(crate) fn session_fault(error: &Error, what: &str) -> Fault {
    if let Some(db) = error.as_db_error() {
        let code = db.code().code();
        return Fault::new(class_of(code, When::Session), format!("{what}: {}", words(db))).with_code(code);
    }
    if error.is_closed() {
        return Fault::new(Class::NotReady, format!("{what}: the connection was lost"));
    }
    match io_error(error) {
        Some(io) => Fault::new(Class::NotReady, format!("{what}: the connection was lost: {io}")),
        None => Fault::new(Class::Failed, format!("{what}: {}", chain(error))),
    }
}

/// The fault for an error while a session was being made.
pub(crate) fn login_fault(error: &Error, what: &str) -> Fault {
    if let Some(db) = error.as_db_error() {
        let code = db.code().code();
        let mut fault = Fault::new(class_of(code, When::Login), format!("{what}: {}", words(db))).with_code(code);
        fault.login_refused = refused(code);
        return fault;
    }
    if error.is_closed() {
        return Fault::new(Class::NotReady, format!("{what}: the server ended the connection during login"));
    }
    if let Some(refusal) = guard_refusal(error) {
        let class = match refusal {
            Refusal::Cleartext | Refusal::Md5 => Class::Denied,
            Refusal::TooLong(_) => Class::Failed,
        };
        return Fault::new(class, format!("{what}: {refusal}"));
    }
    match io_error(error) {
        // An error of the operating system is about the network. One that a
        // library made is about what the other side said: a certificate that
        // does not verify, a proof that does not hold. Waiting mends no such.
        Some(io) if io.raw_os_error().is_some() || io.kind() == io::ErrorKind::UnexpectedEof => {
            Fault::new(Class::NotReady, format!("{what}: {io}"))
        }
        _ => {
            let verdict = causes(error).into_iter().find_map(|cause| cause.downcast_ref().and_then(certificate));
            Fault::new(Class::Failed, format!("{what}: {}", verdict.unwrap_or_else(|| chain(error))))
        }
    }
}

/// Whether the server refused the login itself.
pub(crate) fn refused(code: &str) -> bool {
    matches!(code, "28P01" | "28000")
}

/// What the server said: message, detail, hint. Never the statement.
pub(crate) fn words(db: &DbError) -> String {
    let mut text = db.message().to_owned();
    if let Some(detail) = db.detail() {
        let _ = write!(text, "; {}", detail.trim_end_matches('.'));
    }
    if let Some(hint) = db.hint() {
        let _ = write!(text, "; hint: {}", hint.trim_end_matches('.'));
    }
    text
}

/// What the guard of the stream refused.
pub(crate) fn guard_refusal(error: &Error) -> Option<Refusal> {
    io_error(error).and_then(Refusal::of)
}

fn io_error(error: &Error) -> Option<&io::Error> {
    error.source().and_then(|source| source.downcast_ref::<io::Error>())
}

/// An error with its causes in one line.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_code() {
        let expected = [
            ("57P03", Class::NotReady),
            ("57P01", Class::NotReady),
            ("08006", Class::NotReady),
            ("53300", Class::NotReady),
            ("40001", Class::Transient),
            ("40P01", Class::Transient),
            ("55P03", Class::Transient),
            ("55006", Class::Transient),
            ("57014", Class::Transient),
            ("42710", Class::Conflict),
            ("42P04", Class::Conflict),
            ("42P06", Class::Conflict),
            ("42P07", Class::Conflict),
            ("23505", Class::Conflict),
            ("XX000", Class::Conflict),
            ("42704", Class::Conflict),
            ("3F000", Class::Conflict),
            ("3D000", Class::Conflict),
            ("42501", Class::Denied),
            ("2BP01", Class::Denied),
            ("28P01", Class::Denied),
            ("22023", Class::Invalid),
            ("42601", Class::Invalid),
            ("42809", Class::Failed),
            ("58030", Class::Failed),
        ];
        for (code, class) in expected {
            assert_eq!(class_of(code, When::Session), class, "{code}");
        }
    }

    #[test]
    fn a_full_server_is_waited_for_at_login_only() {
        assert_eq!(class_of("53200", When::Login), Class::NotReady);
        assert_eq!(class_of("53200", When::Session), Class::Failed);
    }
}
