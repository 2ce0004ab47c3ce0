//! From a statement form and arguments to the statement's text.
//!
//! A form is literal text with places `{argument:type}`; `[ … ]` is left out
//! when a place in it has no value. Types: `id`, `grantees`, `on A|B`, `int`,
//! `text`, `keyword`, `words`, `routine`, `verifier`, `ready_verifier`,
//! `parameter`, `parameter_value ARGUMENT`.

use std::collections::BTreeMap;

use hyhost_config::Secret;
use serde_json::Value;

use crate::quote::{self, QuoteError};
use crate::verifier;

/// Why a form cannot be written with these arguments. Names arguments, never
/// a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The form itself is wrong: a fault of the table.
    #[error("its statement form is wrong near `{0}`")]
    Form(String),
    /// A place outside of `[ … ]` without a value.
    #[error("`{0}` is absent")]
    Absent(String),
    /// A value that is not of the place's type.
    #[error("`{0}` must be {1}")]
    Type(String, &'static str),
    /// A value that cannot be quoted.
    #[error("`{0}`: {1}")]
    Quote(String, QuoteError),
    /// A secret that the gate did not hand over.
    #[error("`{0}`: the secret is not at hand")]
    Secret(String),
    /// A verifier could not be computed.
    #[error("`{0}`: {1}")]
    Verifier(String, String),
}

/// The arguments of one operation.
#[derive(Clone, Copy)]
pub(crate) struct Arguments<'a> {
    /// A JSON object.
    pub(crate) values: &'a Value,
    /// The secrets that it names.
    pub(crate) secrets: &'a BTreeMap<String, Secret>,
}

impl<'a> Arguments<'a> {
    /// The value of an argument; absent and `null` are the same.
    pub(crate) fn get(&self, name: &str) -> Option<&'a Value> {
        self.values.get(name).filter(|value| !value.is_null())
    }

    /// The secret that an argument names.
    pub(crate) fn secret(&self, name: &str) -> Result<Option<&'a Secret>, RenderError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let secret = value.get("secret").and_then(Value::as_str).and_then(|key| self.secrets.get(key));
        secret.map(Some).ok_or_else(|| RenderError::Secret(name.to_owned()))
    }
}

/// Whether writing the form means computing a verifier, which takes a while.
pub(crate) fn is_slow(form: &str, arguments: Arguments<'_>) -> bool {
    places(form).any(|(argument, kind)| kind == "verifier" && arguments.get(argument).is_some())
}

fn places(form: &str) -> impl Iterator<Item = (&str, &str)> {
    form.split('{').skip(1).filter_map(|part| part.split_once('}')?.0.split_once(':'))
}

/// Writes the statement.
pub(crate) fn render(form: &str, arguments: Arguments<'_>) -> Result<String, RenderError> {
    let mut text = String::with_capacity(form.len() + 64);
    let mut rest = form;
    while let Some(at) = rest.find(['[', '{']) {
        let (before, after) = rest.split_at(at);
        text.push_str(before);
        let wrong = || RenderError::Form(after.chars().take(24).collect());
        if let Some(inner) = after.strip_prefix('[') {
            let (group, after) = inner.split_once(']').ok_or_else(wrong)?;
            if places(group).all(|(argument, _)| arguments.get(argument).is_some()) {
                text.push_str(&render(group, arguments)?);
            }
            rest = after;
        } else {
            let (inner, after) = after[1..].split_once('}').ok_or_else(wrong)?;
            let (argument, kind) = inner.split_once(':').ok_or_else(wrong)?;
            let value = arguments.get(argument).ok_or_else(|| RenderError::Absent(argument.to_owned()))?;
            place(argument, kind, value, arguments, &mut text)?;
            rest = after;
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn place(
    argument: &str,
    kind: &str,
    value: &Value,
    arguments: Arguments<'_>,
    to: &mut String,
) -> Result<(), RenderError> {
    let must_be = |what| RenderError::Type(argument.to_owned(), what);
    let unquotable = |error| RenderError::Quote(argument.to_owned(), error);
    let string = || value.as_str().ok_or_else(|| must_be("a string"));
    let (kind, detail) = kind.split_once(' ').unwrap_or((kind, ""));
    match kind {
        "id" => quote::identifier(string()?, to).map_err(unquotable),
        "grantees" => {
            let roles = value.as_array().filter(|roles| !roles.is_empty());
            for (i, role) in roles.ok_or_else(|| must_be("a list of roles"))?.iter().enumerate() {
                if i > 0 {
                    to.push_str(", ");
                }
                match role.as_str().ok_or_else(|| must_be("a list of roles"))? {
                    // Everybody; no role can have this name.
                    "public" => to.push_str("PUBLIC"),
                    role => quote::identifier(role, to).map_err(unquotable)?,
                }
            }
            Ok(())
        }
        "on" => {
            let (on, off) = detail.split_once('|').ok_or_else(|| RenderError::Form(kind.to_owned()))?;
            to.push_str(if value.as_bool().ok_or_else(|| must_be("true or false"))? { on } else { off });
            Ok(())
        }
        "int" => {
            to.push_str(&value.as_i64().ok_or_else(|| must_be("a whole number"))?.to_string());
            Ok(())
        }
        "text" => quote::literal(string()?, to).map_err(unquotable),
        "keyword" => {
            to.push_str(keyword(value).ok_or_else(|| must_be("a keyword"))?);
            Ok(())
        }
        "routine" => quote::routine(string()?, to).map_err(unquotable),
        "words" => {
            let words: Option<Vec<_>> = value.as_array().and_then(|items| items.iter().map(keyword).collect());
            let words = words.filter(|words| !words.is_empty()).ok_or_else(|| must_be("a list of keywords"))?;
            to.push_str(&words.join(", "));
            Ok(())
        }
        "verifier" => {
            let secret = arguments.secret(argument)?.ok_or_else(|| RenderError::Secret(argument.to_owned()))?;
            let verifier = verifier::compute(secret.expose())
                .map_err(|fault| RenderError::Verifier(argument.to_owned(), fault.message))?;
            quote::literal(&verifier, to).map_err(unquotable)
        }
        "ready_verifier" => {
            let secret = arguments.secret(argument)?.ok_or_else(|| RenderError::Secret(argument.to_owned()))?;
            let verifier = secret.expose();
            // Anything else the server would take for a password, and keep
            // in its log should the statement fail.
            if !verifier::is_one(verifier) {
                let problem = "the secret is no SCRAM-SHA-256 verifier, such as `SCRAM-SHA-256$4096:…$…:…`";
                return Err(RenderError::Verifier(argument.to_owned(), problem.to_owned()));
            }
            quote::literal(verifier, to).map_err(unquotable)
        }
        "parameter" => {
            for (i, part) in string()?.split('.').enumerate() {
                if i > 0 {
                    to.push('.');
                }
                quote::identifier(part, to).map_err(unquotable)?;
            }
            Ok(())
        }
        "parameter_value" => {
            let setting = arguments.get(detail).and_then(Value::as_str);
            let setting = setting.ok_or_else(|| RenderError::Absent(detail.to_owned()))?;
            quote::setting_value(setting, string()?, to).map_err(unquotable)
        }
        _ => Err(RenderError::Form(kind.to_owned())),
    }
}

/// A keyword, or several words that are one privilege. The row's schema lists
/// the right ones; this holds should a table forget to.
fn keyword(value: &Value) -> Option<&str> {
    value.as_str().filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b' '))
}

#[cfg(test)]
mod tests {
    use hyhost_table::{Perform, sql};
    use serde_json::json;

    use super::*;

    fn write(form: &str, values: Value) -> Result<String, RenderError> {
        let ready = verifier::compute("ready").unwrap();
        let secrets = BTreeMap::from([
            ("pw".to_owned(), Secret::new("pw", "hunter2")),
            ("ready".to_owned(), Secret::new("ready", ready)),
        ]);
        render(form, Arguments { values: &values, secrets: &secrets })
    }

    fn row(name: &str, values: Value) -> String {
        match &sql().row(name).unwrap().perform {
            Perform::Statement(statement) => write(&statement.text, values).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn groups_stand_or_fall_with_their_places() {
        assert_eq!(row("CreateRole", json!({"name": "a"})), r#"CREATE ROLE "a""#);
        assert_eq!(
            row("CreateRole", json!({"name": "a", "login": true, "createdb": false, "connection_limit": -1})),
            r#"CREATE ROLE "a" LOGIN CONNECTION LIMIT -1 NOCREATEDB"#
        );
        assert_eq!(row("CreateDatabase", json!({"name": "d", "owner": null})), r#"CREATE DATABASE "d""#);
    }

    #[test]
    fn a_password_becomes_a_verifier() {
        let text = row("AlterRole", json!({"name": "a", "password": {"secret": "pw"}}));
        let verifier = text.strip_prefix(r#"ALTER ROLE "a" PASSWORD '"#).unwrap().strip_suffix('\'').unwrap();
        assert!(verifier::matches(verifier, "hunter2"));
        assert!(!text.contains("hunter2"));
    }

    #[test]
    fn a_ready_verifier_is_sent_as_it_is_and_a_password_never() {
        let text = row("AlterRole", json!({"name": "a", "verifier": {"secret": "ready"}}));
        let verifier = text.strip_prefix(r#"ALTER ROLE "a" PASSWORD '"#).unwrap().strip_suffix('\'').unwrap();
        assert!(verifier::matches(verifier, "ready"));
        let error = write("{v:ready_verifier}", json!({"v": {"secret": "pw"}})).unwrap_err().to_string();
        assert!(error.contains("no SCRAM-SHA-256 verifier") && !error.contains("hunter2"), "{error}");
    }

    #[test]
    fn everybody_is_a_keyword_and_no_role() {
        let args = |roles, on| json!({"database": "d", "schema": "s", "roles": roles, "privileges": ["USAGE", "CREATE"], "grant_option": on});
        assert_eq!(
            row("GrantOnSchema", args(json!(["public", "a"]), false)),
            r#"GRANT USAGE, CREATE ON SCHEMA "s" TO PUBLIC, "a""#
        );
        assert_eq!(
            row("GrantOnSchema", args(json!(["PUBLIC"]), true)),
            r#"GRANT USAGE, CREATE ON SCHEMA "s" TO "PUBLIC" WITH GRANT OPTION"#
        );
    }

    #[test]
    fn routines_by_name_and_types() {
        let args = |f| json!({"database": "d", "schema": "s", "function": f, "roles": ["r"], "privileges": ["EXECUTE"], "grant_option": false});
        let text = row("GrantOnFunction", args("f(integer, character varying[], app.\"Odd;\")"));
        assert_eq!(text, r#"GRANT EXECUTE ON ROUTINE "s"."f"(integer, character varying[], app."Odd;") TO "r""#);
    }

    #[test]
    fn options_of_a_membership() {
        let text = row("GrantMembershipWith", json!({"role": "a", "member": "b", "admin": false, "set": true}));
        assert_eq!(text, r#"GRANT "a" TO "b" WITH ADMIN FALSE, SET TRUE"#);
        let text = row("GrantMembership", json!({"role": "a", "member": "b", "admin": true}));
        assert_eq!(text, r#"GRANT "a" TO "b" WITH ADMIN OPTION"#);
    }

    #[test]
    fn settings() {
        let args = |setting, value| json!({"name": "a", "setting": setting, "value": value});
        assert_eq!(
            row("SetRoleSetting", args("search_path", r#"x, "Y""#)),
            r#"ALTER ROLE "a" SET "search_path" TO 'x', 'Y'"#
        );
        assert_eq!(row("SetRoleSetting", args("app.id", "7")), r#"ALTER ROLE "a" SET "app"."id" TO '7'"#);
    }

    #[test]
    fn what_does_not_fit_is_refused_without_its_value() {
        let refused = |form: &str, values: Value| write(form, values).unwrap_err().to_string();
        assert_eq!(refused("X {a:id}", json!({})), "`a` is absent");
        assert_eq!(refused("X {a:id}", json!({"a": "s3cret\0"})), "`a`: it contains a NUL");
        assert_eq!(refused("X {a:int}", json!({"a": 1.5})), "`a` must be a whole number");
        assert_eq!(refused("X {a:int}", json!({"a": "1; DROP"})), "`a` must be a whole number");
        assert_eq!(refused("X {a:on A|B}", json!({"a": "A"})), "`a` must be true or false");
        assert_eq!(refused("X {a:words}", json!({"a": ["SELECT", "x;"]})), "`a` must be a list of keywords");
        assert_eq!(refused("X {a:words}", json!({"a": []})), "`a` must be a list of keywords");
        assert_eq!(refused("X {a:keyword}", json!({"a": "TABLES;"})), "`a` must be a keyword");
        assert_eq!(refused("X {a:grantees}", json!({"a": []})), "`a` must be a list of roles");
        assert_eq!(refused("X {a:verifier}", json!({"a": {"secret": "other"}})), "`a`: the secret is not at hand");
        assert_eq!(refused("X {a:verifier}", json!({"a": "plain"})), "`a`: the secret is not at hand");
        assert_eq!(refused("X {a:what}", json!({"a": 1})), "its statement form is wrong near `what`");
        assert_eq!(refused("X [ {a:id}", json!({"a": "x"})), "its statement form is wrong near `[ {a:id}`");
    }

    #[test]
    fn every_form_of_the_table_can_be_read() {
        for row in &sql().rows {
            let Perform::Statement(statement) = &row.perform else { continue };
            for (argument, kind) in places(&statement.text) {
                let known = row.args.contains_key(argument) || row.args.contains_key(&format!("{argument}?"));
                assert!(known, "{}: {argument}", row.name);
                let kind = kind.split(' ').next().unwrap();
                let kinds = [
                    "id",
                    "grantees",
                    "on",
                    "int",
                    "text",
                    "keyword",
                    "words",
                    "routine",
                    "verifier",
                    "ready_verifier",
                    "parameter",
                    "parameter_value",
                ];
                assert!(kinds.contains(&kind), "{}: {kind}", row.name);
            }
        }
    }
}
