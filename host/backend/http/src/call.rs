//! One row: its request, made and sent, and its answer, read.

use bytes::Bytes;
use hyhost_backend::{Class, Fault, Request};
use hyhost_table::{HttpCall, HttpGuard, HttpList, HttpProof, Verb};
use serde_json::{Map, Value};

use crate::fault::Doing;
use crate::login::basic;
use crate::server::{Ask, Lost, Reply, Server};
use crate::template;

/// The type of bodies.
const JSON: &str = "application/json";

/// Performs a row and answers as it says.
pub(crate) async fn perform(
    server: &Server,
    row: &HttpCall,
    request: &Request,
    doing: &Doing<'_>,
) -> Result<Value, Fault> {
    let args = &request.operation.args;
    for guard in &row.guard {
        keep(server, guard, args, doing).await?;
    }
    let wrong = |problem: String| doing.fault(Class::Invalid, &problem);
    // Secrets are put into the body only: in an address they would be logged.
    let path = address(&row.path, &row.query, args).map_err(wrong)?;
    let filled = with_secrets(request);
    let body = match &row.body {
        None => None,
        Some(template) => template::body(template, &filled).map_err(wrong)?,
    };
    let body = body.map(|body| (JSON, Bytes::from(body.to_string())));
    let ask = Ask { method: &row.method, path: &path, body };
    if let Some(proof) = &row.proof {
        return prove(server, proof, &ask, &filled, doing).await;
    }
    let reply = server.ask(&ask).await.map_err(|lost| no_answer(lost, doing))?;
    if row.absent.contains(&reply.status) {
        return Ok(if row.list.is_some() { Value::Array(Vec::new()) } else { Value::Null });
    }
    if !reply.is_success() {
        return Err(refused(server, row, request, &reply, doing));
    }
    read(row, request, &reply).map_err(|problem| doing.fault(Class::Failed, &problem))
}

/// Path and query together.
fn address(path: &str, query: &std::collections::BTreeMap<String, String>, args: &Value) -> Result<String, String> {
    Ok(template::path(path, args)? + &template::query(query, args)?)
}

/// The arguments with the secrets that stand in the row's sinks.
fn with_secrets(request: &Request) -> Value {
    let mut args = request.operation.args.clone();
    for sink in &request.row.sinks {
        let Some(at) = args.pointer_mut(&sink.at) else { continue };
        let secret = at.get("secret").and_then(Value::as_str).and_then(|name| request.secrets.get(name));
        if let Some(secret) = secret {
            *at = Value::from(secret.expose());
        }
    }
    args
}

/// Goes on only where the row's condition holds.
async fn keep(server: &Server, guard: &HttpGuard, args: &Value, doing: &Doing<'_>) -> Result<(), Fault> {
    let said = |argument: &String| args.get(argument) == Some(&Value::Bool(true));
    if guard.unless.as_ref().is_some_and(said) || guard.when.as_ref().is_some_and(|argument| !said(argument)) {
        return Ok(());
    }
    let path = address(&guard.path, &guard.query, args).map_err(|problem| doing.fault(Class::Invalid, &problem))?;
    let ask = Ask { method: guard.method.as_deref().unwrap_or("GET"), path: &path, body: None };
    let reply = server.ask(&ask).await.map_err(|lost| no_answer(lost, doing))?;
    match reply.status {
        // Nothing is there that could be lost.
        404 => return Ok(()),
        _ if !reply.is_success() => return Err(doing.refused(&reply, &[])),
        _ => {}
    }
    let Some(zero) = &guard.zero else { return Ok(()) };
    let zero = template::pointer(zero, args).map_err(|problem| doing.fault(Class::Invalid, &problem))?;
    let body: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
    let many = match (body.pointer(&zero), &guard.when) {
        (Some(Value::Array(items)), _) => items.len() as u64,
        (Some(Value::Number(number)), _) => number.as_u64().unwrap_or(u64::MAX),
        // A list that is not there is empty; a number that is not there says
        // nothing.
        (None | Some(Value::Null), Some(_)) if body.is_object() => 0,
        _ => {
            let text = format!("the answer has nothing to count at `{zero}`, so nothing says that it is empty");
            return Err(doing.fault(Class::Failed, &text));
        }
    };
    match (many, &guard.when) {
        (0, _) => Ok(()),
        (many, Some(_)) => {
            let text = format!("there are {many} {} by now", guard.holds);
            Err(doing.fault(Class::Conflict, &text))
        }
        (many, None) => {
            let text =
                format!("it is not empty ({many} {}): it goes only with its data, by `with_data: true`", guard.holds);
            Err(doing.fault(Class::Denied, &text))
        }
    }
}

/// Whether somebody else can log in.
async fn prove(
    server: &Server,
    proof: &HttpProof,
    ask: &Ask<'_>,
    filled: &Value,
    doing: &Doing<'_>,
) -> Result<Value, Fault> {
    let text = |argument: &str| filled.get(argument).and_then(Value::as_str);
    let credential = text(&proof.user).zip(text(&proof.password)).and_then(|(user, password)| basic(user, password));
    let Some(credential) = credential else {
        return Err(doing.fault(Class::Invalid, "there is no user and password to log in with"));
    };
    let reply = server.place.ask(ask, Some(credential)).await.map_err(|lost| no_answer(lost, doing))?;
    match reply.status {
        401 => Ok(Value::Bool(false)),
        // Somebody who may not do this has logged in.
        403 => Ok(Value::Bool(true)),
        _ if reply.is_success() => Ok(Value::Bool(true)),
        _ => Err(doing.refused(&reply, &[])),
    }
}

fn no_answer((class, why): Lost, doing: &Doing<'_>) -> Fault {
    // Only who hands out logins denies one without an answer of the server's.
    Fault { login_refused: class == Class::Denied, ..doing.fault(class, &why) }
}

fn refused(server: &Server, row: &HttpCall, request: &Request, reply: &Reply, doing: &Doing<'_>) -> Fault {
    let tests_login = server.login_row == Some(request.row.name.as_str());
    if reply.status == 401 || (reply.status == 403 && tests_login) {
        let fault = doing.fault(Class::Denied, &format!("{} (HTTP {})", server.login.refused(), reply.status));
        return Fault { login_refused: true, ..fault };
    }
    doing.refused(reply, &row.conflict)
}

/// The answer of a request that went well.
fn read(row: &HttpCall, request: &Request, reply: &Reply) -> Result<Value, String> {
    let reads = request.row.phase() == Verb::Read;
    if row.answer.is_none() && row.list.is_none() && !reads {
        return Ok(Value::Null);
    }
    if row.method == "HEAD" {
        return Ok(Value::Bool(true));
    }
    let mut body = match reply.body.is_empty() {
        true => Value::Null,
        false => serde_json::from_slice(&reply.body).map_err(|error| {
            format!("the answer (HTTP {}) is not JSON: {error}; is this the API that the table is about?", reply.status)
        })?,
    };
    if let Some(at) = &row.answer {
        body = body.pointer_mut(at).map(Value::take).unwrap_or_default();
    }
    match &row.list {
        None => Ok(body),
        Some(list) => listed(list, body, &request.operation.args),
    }
}

/// A list or a map of objects, as a list of the fields that the row wants.
fn listed(list: &HttpList, body: Value, args: &Value) -> Result<Value, String> {
    let wanted = list.only.as_ref().and_then(|argument| args.get(argument)).and_then(Value::as_array);
    let wanted: Option<std::collections::BTreeSet<&str>> =
        wanted.map(|names| names.iter().filter_map(Value::as_str).collect());
    let items: Vec<(Option<String>, Value)> = match body {
        Value::Null => Vec::new(),
        Value::Array(items) => {
            items.into_iter().map(|item| (list.name.as_ref().and_then(|at| text(item.pointer(at)?)), item)).collect()
        }
        Value::Object(members) if list.name.is_none() => {
            members.into_iter().map(|(key, item)| (Some(key), item)).collect()
        }
        _ => return Err("the answer is no list".to_owned()),
    };
    let mut found = Vec::new();
    for (name, item) in items {
        let Some(name) = name else { return Err("an item of the answer's list has no name".to_owned()) };
        if wanted.as_ref().is_some_and(|wanted| !wanted.contains(name.as_str())) {
            continue;
        }
        let mut entry = Map::new();
        for (field, at) in &list.fields {
            if let Some(value) = item.pointer(at).filter(|value| !value.is_null()) {
                entry.insert(field.clone(), value.clone());
            }
        }
        entry.insert("name".to_owned(), Value::String(name));
        found.push(Value::Object(entry));
    }
    Ok(Value::Array(found))
}

/// A name, which some APIs write as a number.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(name: Option<&str>, fields: &[(&str, &str)]) -> HttpList {
        HttpList {
            only: Some("names".to_owned()),
            name: name.map(str::to_owned),
            fields: fields.iter().map(|(field, at)| ((*field).to_owned(), (*at).to_owned())).collect(),
        }
    }

    #[test]
    fn lists_and_maps_become_lists_of_the_wanted_fields() {
        let of_list = list(Some("/id"), &[("body", "/a"), ("number", "/a/b")]);
        let body = json!([{ "id": "x", "a": { "b": 1 } }, { "id": 7, "a": {} }, { "id": "z" }]);
        let all = json!([
            { "name": "x", "body": { "b": 1 }, "number": 1 }, { "name": "7", "body": {} }, { "name": "z" }]);
        assert_eq!(listed(&of_list, body.clone(), &json!({})), Ok(all));
        let chosen = json!([{ "name": "7", "body": {} }]);
        assert_eq!(listed(&of_list, body, &json!({ "names": ["7", "y"] })), Ok(chosen));
        let of_map = list(None, &[("body", "")]);
        let all = json!([{ "name": "a", "body": { "x": 1 } }, { "name": "b", "body": [2] }]);
        assert_eq!(listed(&of_map, json!({ "a": { "x": 1 }, "b": [2] }), &json!({})), Ok(all));
        assert_eq!(listed(&of_map, Value::Null, &json!({})), Ok(json!([])));
        assert!(listed(&of_list, json!({ "a": 1 }), &json!({})).is_err());
        assert!(listed(&of_list, json!([{ "no": 1 }]), &json!({})).is_err());
    }
}
