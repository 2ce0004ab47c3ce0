//! What all kinds that are a name and a body have in common: how they are
//! compared, made so, and pruned. A kind is a [`Shape`].

use std::collections::BTreeMap;

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{
    Call, Change, Connection, Context, Diff, Error, Outcome, Outcomes, Plan, Remark, Seen, Touch, id, touch,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::normal::{Body, differences, fits, merged};

/// The capability, as touches name it.
pub(crate) const CAPABILITY: &str = "opensearch";

/// Reads objects of these names, or all; `None`: not yet.
pub(crate) type Read<T> = fn(&mut Seen<OpenSearch>, Option<Vec<String>>) -> Result<Option<Vec<T>>, Error>;

/// A kind of object that is a name and a body.
pub(crate) struct Shape {
    /// Its name in ids and grants.
    pub kind: &'static str,
    /// Its list in the document.
    pub field: &'static str,
    /// Reads those of these names, or all.
    pub read: Read<There>,
    /// The body that an object of the document asks for.
    pub body: fn(&Body) -> Value,
    /// Brings a body into the one form in which two can be compared, and which
    /// the server takes.
    pub normal: fn(&mut Value),
    /// Writes the body in the place of what was read.
    pub put: fn(String, Body, Option<&There>) -> Result<Call, Error>,
    /// Removes it.
    pub delete: fn(String) -> Result<Call, Error>,
    /// What writing this body refers to.
    pub refers: fn(&Value) -> Vec<Touch>,
    /// Ids of what must be there before.
    pub requires: fn(&Value) -> Vec<String>,
    /// Whether going from one body to another may lose data.
    pub loses: fn(&Value, &Value) -> bool,
    /// The kind of what must be gone before this can be.
    pub needed_by: Option<&'static str>,
}

/// An object that is there.
#[derive(Debug, Clone)]
pub(crate) struct There {
    pub name: String,
    pub body: Value,
    /// What a write must repeat.
    pub version: Option<(i64, i64)>,
}

impl From<opensearch::Object> for There {
    fn from(object: opensearch::Object) -> Self {
        Self { name: object.name, body: Value::Object(object.body), version: None }
    }
}

/// What a change says to itself: the name, and what is desired.
#[derive(Serialize, Deserialize)]
struct Payload {
    name: String,
    /// `None`: it goes.
    body: Option<Value>,
}

/// The objects of a list of the document.
pub(crate) fn desired(context: &Context, field: &str) -> Result<Vec<Body>, Error> {
    let mut all: BTreeMap<String, Value> = context.desired()?;
    match all.remove(field) {
        Some(list) => serde_json::from_value(list)
            .map_err(|error| Error::invalid(format!("`{field}` is not what the plugin can read: {error}"))),
        None => Ok(Vec::new()),
    }
}

/// An object's name.
pub(crate) fn name(object: &Body) -> String {
    object.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// Whether the error is about this kind alone, so that others can go on: the
/// server does not have it, or does not let us.
pub(crate) fn is_about_the_kind(error: &Error) -> bool {
    matches!(error, Error::Denied(_) | Error::Invalid(_) | Error::Failed(_))
}

/// Whether something is the server's own.
pub(crate) fn is_internal(name: &str) -> bool {
    name.starts_with('.')
}

/// Compares.
pub(crate) fn plan(
    shape: &Shape,
    context: &Context,
    seen: &mut Seen<OpenSearch>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let wanted = desired(context, shape.field)?;
    let prune = context.prune::<OpenSearch>(shape.kind);
    if wanted.is_empty() && prune.is_empty() {
        return Ok(());
    }
    let names = prune.is_empty().then(|| wanted.iter().map(name).collect());
    let there = match (shape.read)(seen, names) {
        Ok(None) => return Ok(()),
        Ok(Some(there)) => there,
        Err(error) if is_about_the_kind(&error) && !wanted.is_empty() => {
            let refused = |object: &Body| Remark::new(id(shape.kind, [name(object)]), error.fault().message.as_str());
            plan.refused.extend(wanted.iter().map(refused));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let by_name: BTreeMap<&str, &There> = there.iter().map(|object| (object.name.as_str(), object)).collect();
    for object in &wanted {
        let name = name(object);
        plan.changes.extend(compare(shape, by_name.get(name.as_str()).copied(), name, (shape.body)(object))?);
    }
    for object in there.iter().filter(|object| !is_internal(&object.name) && prune.takes(&[&object.name])) {
        let mut change = Change::remove(id(shape.kind, [&object.name]));
        for other in plan.changes.iter().filter(|other| is_of(other, shape.needed_by)) {
            change = change.requires(&other.id);
        }
        let payload = Payload { name: object.name.clone(), body: None };
        let touch = touch::destroy(CAPABILITY, shape.kind, [&object.name]);
        plan.changes.push(change.touch(touch).payload(&payload)?);
    }
    Ok(())
}

fn is_of(change: &Change, kind: Option<&str>) -> bool {
    kind.is_some() && change.id.split('/').next() == kind
}

fn compare(shape: &Shape, is: Option<&There>, name: String, shall: Value) -> Result<Option<Change>, Error> {
    let id = id(shape.kind, [&name]);
    let (before, after) = normal(shape, is, &shall);
    let mut diff = Diff::default();
    differences("", &before, &after, &mut diff);
    let mut change = match is {
        Some(_) if fits(&before, &after) => return Ok(None),
        None => Change::create(&id),
        Some(_) if (shape.loses)(&before, &after) => {
            Change::destroy(&id).touch(touch::destroy(CAPABILITY, shape.kind, [&name]))
        }
        Some(_) => Change::update(&id),
    };
    change = change.touch(touch::write(CAPABILITY, shape.kind, [&name])).differs(diff);
    for touch in (shape.refers)(&merged(&before, &after)) {
        change = change.touch(touch);
    }
    for other in (shape.requires)(&after) {
        change = change.requires(other);
    }
    change.payload(&Payload { name, body: Some(shall) }).map(Some)
}

/// What is there and what is desired, in one form.
fn normal(shape: &Shape, is: Option<&There>, shall: &Value) -> (Value, Value) {
    let form = |mut value: Value| {
        (shape.normal)(&mut value);
        value
    };
    (is.map_or(Value::Null, |is| form(is.body.clone())), form(shall.clone()))
}

/// Makes changes so. What was planned is not written blindly: what is there
/// may have changed since, and what the document is silent about must stay.
pub(crate) fn ensure(shape: &Shape, connection: &Connection<OpenSearch>, changes: &[Change]) -> Outcomes {
    let payloads: Vec<Result<Payload, Error>> = changes.iter().map(Change::read_payload).collect();
    let written = payloads.iter().flatten().filter(|payload| payload.body.is_some());
    let names: Vec<String> = written.map(|payload| payload.name.clone()).collect();
    let there = Seen::settle(connection, |seen| match names.is_empty() {
        true => Ok(Some(Vec::new())),
        false => (shape.read)(seen, Some(names.clone())),
    });
    let there = match there {
        Ok(there) => there.unwrap_or_default(),
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let by_name: BTreeMap<&str, &There> = there.iter().map(|object| (object.name.as_str(), object)).collect();
    let calls = payloads.into_iter().map(|payload| step(shape, &by_name, payload?));
    perform(connection, calls.collect())
}

/// The one call that makes a change so; `None`: it is so.
fn step(shape: &Shape, there: &BTreeMap<&str, &There>, payload: Payload) -> Result<Option<Call>, Error> {
    let Some(shall) = payload.body else { return (shape.delete)(payload.name).map(Some) };
    let is = there.get(payload.name.as_str()).copied();
    let (before, after) = normal(shape, is, &shall);
    if is.is_some() && fits(&before, &after) {
        return Ok(None);
    }
    match merged(&before, &after) {
        Value::Object(body) => (shape.put)(payload.name, body, is).map(Some),
        _ => Err(Error::invalid("the body is no object")),
    }
}

/// Performs a call for each change that needs one, all at the same time.
pub(crate) fn perform(connection: &Connection<OpenSearch>, calls: Vec<Result<Option<Call>, Error>>) -> Outcomes {
    let mut outcomes: Outcomes = Vec::with_capacity(calls.len());
    let (mut places, mut wanted) = (Vec::new(), Vec::new());
    for (at, call) in calls.into_iter().enumerate() {
        outcomes.push(call.map(|call| {
            if let Some(call) = call {
                places.push(at);
                wanted.push(call);
            }
            Outcome::Unchanged
        }));
    }
    for (at, answer) in places.into_iter().zip(connection.hand_over(&wanted)) {
        outcomes[at] = answer.map(|_| Outcome::Done);
    }
    outcomes
}
