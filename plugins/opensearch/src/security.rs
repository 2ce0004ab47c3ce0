//! What the four kinds of the security plugin have in common.
//!
//! The server keeps all objects of a type in one document, so there is one
//! writer at a time: the changes of a kind are made one after the other.
//! Lists of access are added to by patches, which leave alone what others have
//! put there; only with `exact` is a list put in the place of another.

use std::collections::BTreeMap;

use hyhost_sdk::opensearch::OpenSearch;
use hyhost_sdk::{
    Call, Change, Connection, Context, Diff, Error, Outcome, Outcomes, Plan, Remark, Seen, Touch, id, touch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::Access;
use crate::normal::{Body, fits, merged};
use crate::shape::{CAPABILITY, Read, desired, is_about_the_kind, name};

/// A kind of the security plugin: its rows, and which of their arguments are
/// what.
pub(crate) struct Security {
    pub kind: &'static str,
    pub field: &'static str,
    /// Reads those of these names, or all, each with its fields.
    pub read: Read<Body>,
    /// The row that makes one.
    pub put: &'static str,
    /// The row that sets single values.
    pub alter: &'static str,
    /// The row that puts lists in the place of others.
    pub set: &'static str,
    /// The row that removes one.
    pub delete: &'static str,
    /// Lists of access.
    pub lists: &'static [List],
    /// Single values, which the row `alter` sets.
    pub values: &'static [&'static str],
    /// Ids of what must be there before.
    pub requires: fn(&Body) -> Vec<String>,
    /// Proves the password; `None`: not yet.
    pub proof: fn(&mut Seen<OpenSearch>, &Body) -> Result<Option<bool>, Error>,
}

/// A list of access.
pub(crate) struct List {
    /// The field, in the document and in the rows.
    pub field: &'static str,
    /// The row that adds to it.
    pub add: &'static str,
    /// The kind of what its items name, and the member of an item that holds
    /// the names; empty: the item itself.
    pub refers: (&'static str, &'static str),
}

/// The field that names a secret.
const PASSWORD: &str = "password";

/// What a change says to itself.
#[derive(Serialize, Deserialize)]
struct Payload {
    name: String,
    /// `None`: it goes.
    object: Option<Body>,
    /// Whether the password is to be set.
    password: bool,
}

/// What separates an object from what is desired.
#[derive(Default)]
struct Difference {
    shown: Diff,
    steps: Vec<Call>,
    /// What is there beyond the document, in words.
    extras: Vec<String>,
    /// Whether access is taken away.
    takes: bool,
}

/// Compares.
pub(crate) fn plan(
    security: &Security,
    context: &Context,
    seen: &mut Seen<OpenSearch>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let wanted = desired(context, security.field)?;
    let prune = context.prune::<OpenSearch>(security.kind);
    if wanted.is_empty() && prune.is_empty() {
        return Ok(());
    }
    let names = prune.is_empty().then(|| wanted.iter().map(name).collect());
    let there = match (security.read)(seen, names) {
        Ok(None) => return Ok(()),
        Ok(Some(there)) => there,
        Err(error) if is_about_the_kind(&error) && !wanted.is_empty() => {
            let refused =
                |object: &Body| Remark::new(id(security.kind, [name(object)]), error.fault().message.as_str());
            plan.refused.extend(wanted.iter().map(refused));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let by_name: BTreeMap<String, &Body> = there.iter().map(|object| (name(object), object)).collect();
    for object in wanted {
        match by_name.get(&name(&object)) {
            None => create(security, object, plan)?,
            Some(is) => update(security, context, seen, is, object, plan)?,
        }
    }
    for object in there.iter().filter(|object| !is_the_servers(object) && prune.takes(&[&name(object)])) {
        let name = name(object);
        let change = Change::remove(id(security.kind, [&name]));
        let payload = Payload { name: name.clone(), object: None, password: false };
        plan.changes.push(change.touch(touch::destroy(CAPABILITY, security.kind, [&name])).payload(&payload)?);
    }
    Ok(())
}

/// Whether the server owns it and takes no change.
fn is_the_servers(object: &Body) -> bool {
    ["reserved", "hidden", "static"].iter().any(|flag| object.get(*flag) == Some(&Value::Bool(true)))
}

fn create(security: &Security, object: Body, plan: &mut Plan) -> Result<(), Error> {
    let id = id(security.kind, [name(&object)]);
    if security.kind == "user" && !object.contains_key(PASSWORD) {
        plan.refused.push(Remark::new(id, "it is not there, and without a password it cannot be made"));
        return Ok(());
    }
    let mut diff = Diff::default();
    for (field, value) in object.iter().filter(|(field, _)| *field != "name") {
        diff.add(field, Value::Null, if field == PASSWORD { shown(value) } else { value.clone() });
    }
    let change = finish(security, Change::create(id).differs(diff), &object);
    plan.changes.push(change.payload(&Payload { name: name(&object), object: Some(object), password: true })?);
    Ok(())
}

fn update(
    security: &Security,
    context: &Context,
    seen: &mut Seen<OpenSearch>,
    is: &Body,
    object: Body,
    plan: &mut Plan,
) -> Result<(), Error> {
    let id = id(security.kind, [name(&object)]);
    let password = match (security.proof)(seen, &object) {
        Ok(proved) => proved == Some(false),
        Err(error) if is_about_the_kind(&error) => {
            plan.refused.push(Remark::new(id, error.fault().message.as_str()));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let difference = difference(security, is, &object, password, context.exact())?;
    plan.extras.extend(difference.extras.into_iter().map(|text| Remark::new(&id, text)));
    if difference.steps.is_empty() {
        return Ok(());
    }
    if is_the_servers(is) {
        plan.refused.push(Remark::new(id, "the server keeps it for itself (it is reserved) and takes no change of it"));
        return Ok(());
    }
    let change = if difference.takes { Change::destroy(id) } else { Change::update(id) };
    let change = finish(security, change.differs(difference.shown), &object);
    plan.changes.push(change.payload(&Payload { name: name(&object), object: Some(object), password })?);
    Ok(())
}

fn finish(security: &Security, mut change: Change, object: &Body) -> Change {
    change = change.touch(touch::write(CAPABILITY, security.kind, [name(object)]));
    for touch in security.lists.iter().flat_map(|list| refers(list, object)) {
        change = change.touch(touch);
    }
    for other in (security.requires)(object) {
        change = change.requires(other);
    }
    change
}

/// What a list names.
fn refers(list: &List, object: &Body) -> Vec<Touch> {
    let (kind, member) = list.refers;
    let items = object.get(list.field).and_then(Value::as_array).into_iter().flatten();
    let names = items.flat_map(|item| match member {
        "" => vec![item.clone()],
        member => item.get(member).and_then(Value::as_array).cloned().unwrap_or_default(),
    });
    let names = names.filter_map(|name| name.as_str().map(str::to_owned));
    names.map(|name| touch::refer(CAPABILITY, kind, [name])).collect()
}

fn difference(security: &Security, is: &Body, shall: &Body, password: bool, exact: bool) -> Result<Difference, Error> {
    let mut difference = Difference::default();
    let name = json!(name(shall));
    let mut set = Body::new();
    for list in security.lists {
        let Some(wanted) = shall.get(list.field) else { continue };
        let current = is.get(list.field).unwrap_or(&Value::Null);
        let (is, shall) = (Access::of(current), Access::of(wanted));
        let (missing, beyond) = (shall.without(&is), is.without(&shall));
        let takes = exact && !beyond.is_empty();
        if !beyond.is_empty() && !takes {
            difference.extras.push(format!("its {} also say: {}", list.field.replace('_', " "), beyond.words()));
        }
        if takes {
            difference.takes = true;
            difference.shown.add(list.field, is.list(), shall.list());
            set.insert(list.field.to_owned(), shall.list());
        } else if !missing.is_empty() {
            difference.shown.add(list.field, is.list(), is.and(&shall).list());
            let mut args = json!({ "name": name, list.field: missing.list() });
            // What is empty the server does not keep, so there is no list that
            // could be added to.
            if is.is_empty() {
                args["first"] = Value::Bool(true);
            }
            difference.steps.push(call(list.add, args));
        }
    }
    if difference.takes {
        set.insert("name".to_owned(), name.clone());
        set.insert("exact".to_owned(), Value::Bool(true));
        difference.steps.push(call(security.set, Value::Object(set)));
    }
    let mut alter = Body::new();
    for field in security.values {
        let Some(wanted) = shall.get(*field) else { continue };
        let current = is.get(*field).unwrap_or(&Value::Null);
        let same = if wanted.is_array() { Access::of(current) == Access::of(wanted) } else { fits(current, wanted) };
        if !same {
            difference.shown.add(field, current.clone(), wanted.clone());
            // A list is one value here. In a map, what is not named stays.
            alter
                .insert((*field).to_owned(), if wanted.is_object() { merged(current, wanted) } else { wanted.clone() });
        }
    }
    if let Some(secret) = shall.get(PASSWORD).filter(|_| password) {
        difference.shown.add(PASSWORD, "another", shown(secret));
        alter.insert(PASSWORD.to_owned(), json!({ "secret": secret }));
    }
    if !alter.is_empty() {
        alter.insert("name".to_owned(), name);
        difference.steps.push(call(security.alter, Value::Object(alter)));
    }
    Ok(difference)
}

fn call(row: &str, args: Value) -> Call {
    Call { name: row.to_owned(), args: args.to_string() }
}

fn shown(secret: &Value) -> Value {
    Value::from(format!("the secret {}", secret.as_str().unwrap_or_default()))
}

/// Makes changes so, one after the other, compared once more with what is
/// there by now.
pub(crate) fn ensure(
    security: &Security,
    context: &Context,
    connection: &Connection<OpenSearch>,
    changes: &[Change],
) -> Outcomes {
    let payloads: Vec<Result<Payload, Error>> = changes.iter().map(Change::read_payload).collect();
    let made = payloads.iter().flatten().filter(|payload| payload.object.is_some());
    let names: Vec<String> = made.map(|payload| payload.name.clone()).collect();
    let there = Seen::settle(connection, |seen| match names.is_empty() {
        true => Ok(Some(Vec::new())),
        false => (security.read)(seen, Some(names.clone())),
    });
    let there = match there {
        Ok(there) => there.unwrap_or_default(),
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let by_name: BTreeMap<String, &Body> = there.iter().map(|object| (name(object), object)).collect();
    let make = |payload: Result<Payload, Error>| {
        let steps = steps(security, &by_name, payload?, context.exact())?;
        let mut outcome = Outcome::Unchanged;
        for step in steps {
            for answer in connection.hand_over(&[step]) {
                answer?;
            }
            outcome = Outcome::Done;
        }
        Ok(outcome)
    };
    payloads.into_iter().map(make).collect()
}

fn steps(
    security: &Security,
    there: &BTreeMap<String, &Body>,
    payload: Payload,
    exact: bool,
) -> Result<Vec<Call>, Error> {
    let Some(object) = payload.object else {
        return Ok(vec![call(security.delete, json!({ "name": payload.name }))]);
    };
    match there.get(&payload.name) {
        Some(is) => Ok(difference(security, is, &object, payload.password, exact)?.steps),
        None => {
            let mut args = object;
            if let Some(secret) = args.get_mut(PASSWORD) {
                *secret = json!({ "secret": secret });
            }
            // Where nothing but a name is desired: the server refuses a body
            // without a field.
            if args.len() == 1 {
                match (security.lists, security.values) {
                    ([list, ..], _) => args.insert(list.field.to_owned(), json!([])),
                    ([], values) => values.first().and_then(|field| args.insert((*field).to_owned(), json!(""))),
                };
            }
            Ok(vec![call(security.put, Value::Object(args))])
        }
    }
}

/// Nobody has a password but users.
pub(crate) fn no_password(_: &mut Seen<OpenSearch>, _: &Body) -> Result<Option<bool>, Error> {
    Ok(None)
}

/// An object of an answer as its fields.
pub(crate) fn fields<T: Serialize>(objects: Vec<T>) -> Result<Vec<Body>, Error> {
    let one = |object: &T| match serde_json::to_value(object) {
        Ok(Value::Object(fields)) => Ok(fields),
        _ => Err(Error::failed("an object of an answer has no fields")),
    };
    objects.iter().map(one).collect()
}

/// A list of texts that name something.
pub(crate) fn names_schema(description: &str, kind: &str) -> Value {
    json!({ "description": description, "type": "array", "items": { "type": "string", "minLength": 1,
        "x-hyhost": { "name": format!("opensearch.{kind}"), "verb": "use" } } })
}
