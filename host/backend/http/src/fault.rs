//! What to do about an answer that is an error: by HTTP status and the
//! server's own code, never by text.

use std::fmt::Write as _;

use hyhost_backend::{Class, Fault, Request};
use hyhost_table::Verb;
use serde_json::Value;

use crate::server::{Reply, Server};

/// The longest part of a server's own words that is passed on, in characters.
const WORDS: usize = 400;

/// Codes that say: somebody was faster, or something has changed meanwhile.
const CONFLICTS: &[&str] = &["resource_already_exists_exception", "version_conflict_engine_exception"];

/// Codes of a server that has no leader yet.
const STARTING: &[&str] = &["cluster_manager_not_discovered_exception", "master_not_discovered_exception"];

/// What is being done, for messages: connection, endpoint, operation, object.
pub(crate) struct Doing<'a> {
    text: String,
    request: &'a Request,
}

impl<'a> Doing<'a> {
    pub(crate) fn new(server: &Server, request: &'a Request) -> Self {
        let mut text = format!("{}: {}: {}", server.name, server.endpoint(), request.row.name);
        let argument = request.row.names.first().and_then(|place| place.at.last()).map_or("name", String::as_str);
        if let Some(name) = request.operation.args.get(argument).and_then(Value::as_str) {
            let _ = write!(text, " of `{}`", clean(name));
        }
        Self { text, request }
    }

    /// A fault while doing this.
    pub(crate) fn fault(&self, class: Class, what: &str) -> Fault {
        Fault::new(class, format!("{}: {what}", self.text))
    }

    /// The fault that an answer is. `conflict`: the row's own statuses of one.
    pub(crate) fn refused(&self, reply: &Reply, conflict: &[u16]) -> Fault {
        let error = Said::of(reply);
        let reads = self.request.row.phase() == Verb::Read;
        let class = class_of(reply.status, error.code.as_deref(), reads, conflict);
        let mut said = format!("the server answers HTTP {}", reply.status);
        if let Some(words) = &error.words {
            let _ = write!(said, ": {}", clean(words.trim_end_matches('.')));
        }
        said.push_str(match reply.status {
            300..=399 => "; redirects are not followed: is `url` the server's own address?",
            503 if error.code.is_none() => "; it is starting, or something in front of it is",
            _ => "",
        });
        let fault = self.fault(class, &said);
        match error.code {
            Some(code) => fault.with_code(clean(&code)),
            None => fault,
        }
    }
}

/// What an error answer says, in one of the forms that APIs have.
struct Said {
    code: Option<String>,
    words: Option<String>,
}

impl Said {
    fn of(reply: &Reply) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(&reply.body) else {
            let text = String::from_utf8_lossy(&reply.body);
            // A page for people says nothing in its first line.
            let plain = !text.trim().is_empty() && !text.trim_start().starts_with('<');
            return Self { code: None, words: plain.then(|| text.into_owned()) };
        };
        let text = |at: &str| body.pointer(at).and_then(Value::as_str).map(str::to_owned);
        let first = |places: &[&str]| places.iter().find_map(|at| text(at));
        let word = |text: &String| !text.is_empty() && !text.contains(char::is_whitespace);
        Self {
            code: first(&["/error/type", "/error/code", "/error", "/code", "/status"]).filter(word),
            words: first(&[
                "/error/reason",
                "/error/message",
                "/error_description",
                "/errorMessage",
                "/message",
                "/reason",
                "/detail",
                "/title",
                "/error",
            ])
            .map(|words| match invalid_keys(&body) {
                None => words,
                Some(keys) => format!("{words}: {keys}"),
            }),
        }
    }
}

/// Which keys of a body OpenSearch's security plugin does not know or misses.
fn invalid_keys(body: &Value) -> Option<String> {
    let lists = ["invalid_keys", "missing_mandatory_keys", "specify_one_of"];
    let said: Vec<String> = lists
        .iter()
        .filter_map(|list| Some((list, body.get(list)?.get("keys")?.as_str()?)))
        .map(|(list, keys)| format!("{} {keys}", list.replace('_', " ")))
        .collect();
    (!said.is_empty()).then(|| said.join(", "))
}

/// The class of an error answer.
fn class_of(status: u16, code: Option<&str>, reads: bool, conflict: &[u16]) -> Class {
    if conflict.contains(&status) || code.is_some_and(|code| CONFLICTS.contains(&code)) {
        return Class::Conflict;
    }
    if code.is_some_and(|code| STARTING.contains(&code)) {
        return Class::NotReady;
    }
    match status {
        401 | 403 => Class::Denied,
        // What a write goes to was there when it was planned.
        404 if !reads => Class::Conflict,
        409 | 412 => Class::Conflict,
        408 | 425 | 429 => Class::Transient,
        // Whoever has nothing to say in the API's own words is not the API
        // yet: it is starting.
        503 if code.is_none() => Class::NotReady,
        500 | 502..=504 => Class::Transient,
        400..=499 if ![404, 405].contains(&status) => Class::Invalid,
        _ => Class::Failed,
    }
}

/// Words of a server: one line, and not endless.
pub(crate) fn clean(text: &str) -> String {
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
            (400, Some("resource_already_exists_exception"), false, Class::Conflict),
            (400, Some("illegal_argument_exception"), false, Class::Invalid),
            (400, None, true, Class::Invalid),
            (401, None, true, Class::Denied),
            (403, Some("security_exception"), false, Class::Denied),
            (404, Some("index_not_found_exception"), false, Class::Conflict),
            (404, None, true, Class::Failed),
            (405, None, true, Class::Failed),
            (409, Some("version_conflict_engine_exception"), false, Class::Conflict),
            (409, None, false, Class::Conflict),
            (413, None, false, Class::Invalid),
            (429, Some("circuit_breaking_exception"), false, Class::Transient),
            (500, None, false, Class::Transient),
            (501, None, false, Class::Failed),
            (502, None, true, Class::Transient),
            (503, None, true, Class::NotReady),
            (503, Some("cluster_block_exception"), false, Class::Transient),
            (503, Some("cluster_manager_not_discovered_exception"), true, Class::NotReady),
            (504, None, true, Class::Transient),
            (302, None, true, Class::Failed),
        ];
        for (status, code, reads, class) in expected {
            assert_eq!(class_of(status, code, reads, &[]), class, "{status} {code:?} {reads}");
        }
        assert_eq!(class_of(500, Some("INTERNAL_SERVER_ERROR"), false, &[409, 500]), Class::Conflict);
    }

    #[test]
    fn what_a_server_says_is_found_in_each_form() {
        let cases = [
            (r#"{"error":{"type":"x_exception","reason":"why"},"status":400}"#, Some("x_exception"), Some("why")),
            (r#"{"error":"no handler found for uri"}"#, None, Some("no handler found for uri")),
            (r#"{"status":"CONFLICT","message":"changed"}"#, Some("CONFLICT"), Some("changed")),
            (
                r#"{"status":"error","reason":"Invalid configuration","invalid_keys":{"keys":"a,b"}}"#,
                Some("error"),
                Some("Invalid configuration: invalid keys a,b"),
            ),
            (r#"{"error":"invalid_client","error_description":"who"}"#, Some("invalid_client"), Some("who")),
            (r#"{"type":"about:blank","title":"Not so","detail":"at all"}"#, None, Some("at all")),
            ("OpenSearch Security not initialized.", None, Some("OpenSearch Security not initialized.")),
            ("<html>", None, None),
            ("", None, None),
            ("7", None, None),
        ];
        for (body, code, words) in cases {
            let said = Said::of(&Reply { status: 400, body: body.into() });
            assert_eq!((said.code.as_deref(), said.words.as_deref()), (code, words), "{body}");
        }
    }

    #[test]
    fn words_of_a_server_stay_one_short_line() {
        assert_eq!(clean(" a\nb\u{1b}[31m "), "a\\u{a}b\\u{1b}[31m");
        assert_eq!(clean(&"x".repeat(1000)).chars().count(), WORDS + 1);
    }
}
