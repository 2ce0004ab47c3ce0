//! ACLs.

use std::collections::BTreeSet;
use std::time::Instant;

use serde::Deserialize;
use serde_json::Value;

use crate::client::native::{Acl, AclError, Client, How, KafkaError};
use crate::client::reply;
use crate::frame::Failure;

#[derive(Deserialize)]
struct Read {
    principals: Option<BTreeSet<String>>,
}

/// One request: for one principal the brokers choose, for more it is done
/// here.
pub(crate) fn read(client: &Client, args: &Value, deadline: Instant) -> Result<Value, Failure> {
    let args: Read = reply::args(args)?;
    let only = args.principals.as_ref().filter(|principals| principals.len() == 1).and_then(|one| one.first());
    if args.principals.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(Value::Array(Vec::new()));
    }
    let mut acls = client.acls(only.map(String::as_str), &How::until(deadline))?;
    if let Some(principals) = &args.principals {
        acls.retain(|acl| principals.contains(&acl.principal));
    }
    acls.sort();
    serde_json::to_value(acls).map_err(|error| reply::wrong(hyhost_backend::Class::Failed, &error.to_string()))
}

pub(crate) fn create(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |acls: &[Acl]| {
        answers(acls.len(), client.create_acls(&acls.iter().collect::<Vec<_>>(), &How::until(deadline)))
    })
}

pub(crate) fn delete(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |acls: &[Acl]| {
        answers(acls.len(), client.delete_acls(&acls.iter().collect::<Vec<_>>(), &How::until(deadline)))
    })
}

fn answers(count: usize, results: Result<Vec<AclError>, KafkaError>) -> Vec<Result<Value, Failure>> {
    match results {
        Ok(results) => {
            results.into_iter().map(|error| error.map_or(Ok(Value::Null), |error| Err(error.into()))).collect()
        }
        Err(error) => (0..count).map(|_| Err(error.clone().into())).collect(),
    }
}
