//! Policies, and who has them.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_backend::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Ask, Body, gone, or_absent, taken};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

/// The server's own, which everybody relies on: never written.
const BUILT_IN: [&str; 5] = ["consoleAdmin", "diagnostics", "readonly", "readwrite", "writeonly"];

const ABSENT: &str = "XMinioAdminNoSuchPolicy";

/// What the actions of an administrator begin with.
const ADMIN: [&str; 2] = ["admin:", "kms:"];

#[derive(Deserialize)]
struct Names {
    names: Option<BTreeSet<String>>,
}

pub(crate) async fn read(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Names { names } = asked.args()?;
    let all: BTreeMap<String, Value> = Ask::get("list-canned-policies", &[]).read(server).await?;
    let wanted = all.into_iter().filter(|(name, _)| names.as_ref().is_none_or(|names| names.contains(name)));
    Ok(wanted.map(|(name, document)| json!({ "name": name, "document": document })).collect())
}

pub(crate) async fn add(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("policy")?;
    if is_there(server, name).await? { Err(taken("policy", name)) } else { write(server, asked).await }
}

pub(crate) async fn set(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("policy")?;
    if is_there(server, name).await? { write(server, asked).await } else { Err(gone("policy", name)) }
}

pub(crate) async fn remove(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("policy")?;
    not_built_in(name)?;
    let answer = Ask::delete("remove-canned-policy", &[("name", name)]).done(server).await;
    or_absent(answer, ABSENT).map(|_| Value::Null)
}

/// Attaches policies to a user or a group, or detaches them.
pub(crate) async fn associate(
    server: &Server,
    asked: &Asked<'_>,
    kind: &str,
    operation: &str,
) -> Result<Value, Failure> {
    let name = asked.text(kind)?;
    let policies = asked.0.operation.args.get("policies").cloned().unwrap_or_default();
    let command = format!("idp/builtin/policy/{operation}");
    let body = Body::Sealed(json!({ "policies": policies, kind: name }));
    match Ask::post(&command, &[], body).done(server).await {
        // It is as it should be.
        Err(failure) if failure.code() == Some("XMinioAdminPolicyChangeAlreadyApplied") => Ok(Value::Null),
        answer => answer,
    }
}

async fn is_there(server: &Server, name: &str) -> Result<bool, Failure> {
    not_built_in(name)?;
    let answer = Ask::get("info-canned-policy", &[("name", name)]).done(server).await;
    Ok(or_absent(answer, ABSENT)?.is_some())
}

async fn write(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let name = asked.text("policy")?;
    let args = &asked.0.operation.args;
    let document = args.get("document").filter(|document| document.is_object()).cloned();
    let document = document.ok_or_else(|| Failure::ours(Class::Invalid, "`document` must be an object"))?;
    if let Some(action) = admin_action(&document)
        && args.get("admin") != Some(&Value::Bool(true))
    {
        let problem = format!(
            "it would give the administrator's action `{action}`: a policy that may do so says `admin: true` in the document"
        );
        return Err(Failure::ours(Class::Denied, problem));
    }
    Ask::put("add-canned-policy", &[("name", name)], Body::Plain(document)).done(server).await
}

fn not_built_in(name: &str) -> Result<(), Failure> {
    if BUILT_IN.contains(&name) {
        let problem = format!("`{name}` is a policy of the server itself, which is never changed: choose another name");
        return Err(Failure::ours(Class::Denied, problem));
    }
    Ok(())
}

/// An action of an administrator that a policy gives: by name, by a pattern
/// that one matches, or by naming what it does not give.
fn admin_action(document: &Value) -> Option<String> {
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    statements.iter().filter(|statement| statement["Effect"] != "Deny").find_map(|statement| {
        if statement.get("NotAction").is_some() {
            return Some("NotAction".to_owned());
        }
        let actions = match statement.get("Action") {
            Some(Value::Array(actions)) => actions.as_slice(),
            Some(one) => std::slice::from_ref(one),
            None => &[],
        };
        actions.iter().filter_map(Value::as_str).find(|action| is_admin(action)).map(str::to_owned)
    })
}

fn is_admin(action: &str) -> bool {
    let action = action.to_ascii_lowercase();
    let fixed = action.split(['*', '?']).next().unwrap_or_default();
    let pattern = fixed.len() < action.len();
    ADMIN.iter().any(|admin| fixed.starts_with(admin) || (pattern && admin.starts_with(fixed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(statement: Value) -> Option<String> {
        admin_action(&json!({ "Statement": [statement] }))
    }

    #[test]
    fn an_administrators_action_is_found_however_it_is_written() {
        for action in ["admin:CreateUser", "admin:*", "Admin:ServerInfo", "*", "a*", "ad?in:*", "kms:*", "k*"] {
            assert_eq!(of(json!({ "Effect": "Allow", "Action": ["s3:GetObject", action] })).as_deref(), Some(action));
            assert!(of(json!({ "Effect": "Allow", "Action": action })).is_some());
            assert!(of(json!({ "Effect": "Deny", "Action": action })).is_none());
        }
        assert!(of(json!({ "Effect": "Allow", "NotAction": ["s3:*"] })).is_some());
        assert!(admin_action(&json!({ "Statement": { "Effect": "Allow", "Action": "admin:*" } })).is_some());
        for action in ["s3:*", "s3:GetObject", "s?:*", "administer", "sts:*"] {
            assert!(of(json!({ "Effect": "Allow", "Action": action })).is_none(), "{action}");
        }
    }
}
