//! SCRAM users.

use std::collections::BTreeMap;
use std::time::Instant;

use hyhost_backend::Class;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::native::{Client, How, KafkaError, Upsertion};
use crate::client::reply;
use crate::frame::Failure;

#[derive(Deserialize)]
struct Read {
    users: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Upsert {
    user: String,
    mechanism: String,
    iterations: i32,
    password: String,
}

#[derive(Deserialize)]
struct Delete {
    user: String,
    mechanism: String,
}

pub(crate) fn read(client: &Client, args: &Value, deadline: Instant) -> Result<Value, Failure> {
    let args: Read = reply::args(args)?;
    let users: Option<Vec<&str>> = args.users.as_ref().map(|users| users.iter().map(String::as_str).collect());
    let mut credentials = client.credentials(users.as_deref(), &How::until(deadline))?;
    credentials.sort_by(|a, b| (&a.user, a.mechanism).cmp(&(&b.user, b.mechanism)));
    let shown = credentials.into_iter().map(|credential| {
        json!({ "user": credential.user, "mechanism": credential.mechanism, "iterations": credential.iterations })
    });
    Ok(shown.collect())
}

/// No user stands there twice: the portions see to it.
pub(crate) fn upsert(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |wanted: &[Upsert]| {
        let credentials: Vec<Upsertion<'_>> = wanted
            .iter()
            .map(|wanted| Upsertion {
                user: &wanted.user,
                mechanism: &wanted.mechanism,
                iterations: wanted.iterations,
                password: &wanted.password,
            })
            .collect();
        answers(wanted.iter().map(|wanted| &wanted.user), client.upsert(&credentials, &How::until(deadline)))
    })
}

pub(crate) fn delete(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |wanted: &[Delete]| {
        let credentials: Vec<(&str, &str)> =
            wanted.iter().map(|wanted| (wanted.user.as_str(), wanted.mechanism.as_str())).collect();
        answers(
            wanted.iter().map(|wanted| &wanted.user),
            client.remove_credentials(&credentials, &How::until(deadline)),
        )
    })
}

fn answers<'a>(
    users: impl Iterator<Item = &'a String>,
    results: Result<Vec<(String, Result<(), KafkaError>)>, KafkaError>,
) -> Vec<Result<Value, Failure>> {
    let results = match results {
        Ok(results) => results,
        Err(error) => return users.map(|_| Err(error.clone().into())).collect(),
    };
    let results: BTreeMap<String, Result<(), KafkaError>> = results.into_iter().collect();
    let answer = |user: &String| match results.get(user) {
        Some(Ok(())) => Ok(Value::Null),
        Some(Err(error)) => Err(error.clone().into()),
        None => Err(reply::wrong(Class::Failed, "the broker gave no answer for it")),
    };
    users.map(answer).collect()
}
