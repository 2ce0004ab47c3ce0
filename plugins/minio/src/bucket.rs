//! Buckets: that they are there, who may use them without a login, their own
//! policy, versioning.

use std::collections::BTreeSet;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{
    Change, Connection, Context, Diff, Error, Kind, Operation, Outcome, Outcomes, Plan, Remark, Seen, id, touch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::policy::{self, Anonymous, Policy};

/// Buckets.
pub const KIND: Kind<S3> = Kind { name: "bucket", field: "buckets", schema, plan, ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    buckets: Vec<Bucket>,
}

/// A bucket, as the document desires it. What is absent is not managed.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Bucket {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    anonymous: Option<Anonymous>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Policy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    versioning: Option<Versioning>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Versioning {
    Enabled,
    Suspended,
}

impl Versioning {
    /// The server's word.
    fn status(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

/// A bucket, as it is: only what the document manages was read.
#[derive(Debug, Clone, Default)]
struct State {
    policy: Option<Policy>,
    versioning: Option<String>,
}

/// What a change says to itself.
#[derive(Default, Serialize, Deserialize)]
struct Payload {
    create: bool,
    bucket: Bucket,
}

fn schema() -> Value {
    json!({
        "description": "Buckets.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": {
                    "description": "3 to 63 lower case letters, digits, dots and hyphens.",
                    "type": "string",
                    "pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                    "x-hyhost": { "name": "s3.bucket" },
                },
                "anonymous": {
                    "description": "What everybody may do without a login: nothing, list and read, write and delete, \
                        or both. It owns the policy's permissions for everybody; those of named accounts stay. \
                        Absent: not managed. Not together with `policy`.",
                    "enum": ["none", "download", "upload", "public"],
                },
                "policy": {
                    "description": "A policy of your own. Each of its statements will be there; others stay and are \
                        shown as extras. Absent: not managed. Not together with `anonymous`.",
                    "type": "object",
                    "required": ["Statement"],
                    "properties": { "Statement": { "type": ["array", "object"], "items": { "type": "object" } } },
                },
                "versioning": {
                    "description": "Whether old versions of objects are kept. Absent: not managed.",
                    "enum": ["enabled", "suspended"],
                },
            },
            "dependentSchemas": { "anonymous": { "properties": { "policy": false } } },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    let buckets = context.desired::<Document>()?.buckets;
    if buckets.is_empty() {
        return Ok(());
    }
    let names = buckets.iter().map(|bucket| bucket.name.clone()).collect();
    let Some(listed) = seen.read(&s3::ListBuckets { names: Some(names) })? else {
        return Ok(());
    };
    let mut there = BTreeSet::new();
    there.extend(listed.iter().map(|bucket| bucket.name.as_str()));
    for bucket in buckets {
        if !there.contains(bucket.name.as_str()) {
            let difference = Difference::between(&State::default(), &bucket);
            plan.changes.push(change(Change::create, bucket, true, difference.shown)?);
            continue;
        }
        match read(seen, &bucket) {
            Ok(None) => {}
            Ok(Some(state)) => compare(&state, bucket, plan)?,
            // The server forbids or refuses it for this one: the others go on.
            Err(error @ (Error::Denied(_) | Error::Invalid(_) | Error::Failed(_))) => {
                plan.refused.push(Remark::new(id("bucket", [&bucket.name]), error.fault().message.as_str()));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads what the document manages of a bucket that is there; `None`: not yet.
fn read(seen: &mut Seen<S3>, bucket: &Bucket) -> Result<Option<State>, Error> {
    let name = || bucket.name.clone();
    // Both are asked for before either is waited for.
    let policy = match bucket.anonymous.is_some() || bucket.policy.is_some() {
        true => seen.read(&s3::GetBucketPolicy { bucket: name() }),
        false => Ok(Some(None)),
    };
    let versioning = match bucket.versioning.is_some() {
        true => seen.read(&s3::GetBucketVersioning { bucket: name() }),
        false => Ok(Some(None)),
    };
    Ok(match (policy?, versioning?) {
        (Some(policy), Some(versioning)) => Some(State { policy, versioning }),
        _ => None,
    })
}

fn compare(state: &State, bucket: Bucket, plan: &mut Plan) -> Result<(), Error> {
    let difference = Difference::between(state, &bucket);
    let id = id("bucket", [&bucket.name]);
    plan.extras.extend(difference.extras.into_iter().map(|text| Remark::new(&id, text)));
    if !difference.shown.is_empty() {
        plan.changes.push(change(Change::update, bucket, false, difference.shown)?);
    }
    Ok(())
}

fn change(new: fn(String) -> Change, bucket: Bucket, create: bool, shown: Diff) -> Result<Change, Error> {
    let id = id("bucket", [&bucket.name]);
    let touch = touch::write("s3", "bucket", [&bucket.name]);
    new(id.clone()).lane(id).touch(touch).differs(shown).payload(&Payload { create, bucket })
}

/// What separates a bucket from what is desired.
#[derive(Default)]
struct Difference {
    /// For people.
    shown: Diff,
    /// The policy that it shall have: `Some(None)` is none.
    policy: Option<Option<Policy>>,
    versioning: Option<Versioning>,
    /// What is there beyond the document, in words.
    extras: Vec<String>,
}

impl Difference {
    fn between(state: &State, bucket: &Bucket) -> Self {
        let mut difference = Self::default();
        let current = state.policy.as_ref();
        match (bucket.anonymous, &bucket.policy) {
            (Some(level), _) => difference.anonymous(current, &bucket.name, level),
            (None, Some(wanted)) => difference.own_policy(current, wanted),
            (None, None) => {}
        }
        let is = state.versioning.as_deref();
        if let Some(shall) = bucket.versioning.filter(|shall| is != Some(shall.status())) {
            difference.shown.add("versioning", is.map(str::to_ascii_lowercase), shall.status().to_ascii_lowercase());
            difference.versioning = Some(shall);
        }
        difference
    }

    fn anonymous(&mut self, current: Option<&Policy>, bucket: &str, level: Anonymous) {
        let others = policy::meanings(&policy::statements(current));
        self.extras(others.iter().filter(|statement| !statement.is_anonymous()));
        let is = Anonymous::of(current, bucket);
        if is == Some(level) {
            return;
        }
        let is = is.map_or_else(|| level.described(current, bucket).into(), |is| Value::from(is.word()));
        self.shown.add("anonymous", is, level.word());
        self.policy = Some(level.put_into(current, bucket));
    }

    fn own_policy(&mut self, current: Option<&Policy>, wanted: &Policy) {
        let mut all = policy::statements(current);
        let is = policy::meanings(&all);
        let wanted_statements = policy::statements(Some(wanted));
        let shall = policy::meanings(&wanted_statements);
        self.extras(is.iter().filter(|statement| !statement.is_said_by(&shall)));
        let missing = wanted_statements.into_iter().zip(&shall).filter(|(_, meaning)| !meaning.is_said_by(&is));
        let missing: Vec<Value> = missing.map(|(statement, _)| statement).collect();
        if missing.is_empty() {
            return;
        }
        all.extend(missing);
        let becomes = policy::with_statements(current.or(Some(wanted)), all);
        self.shown.add("policy", current.cloned().map(Value::from), becomes.clone().map(Value::from));
        self.policy = Some(becomes);
    }

    fn extras<'a>(&mut self, statements: impl Iterator<Item = &'a policy::Statement>) {
        self.extras.extend(statements.map(|statement| format!("its policy also says: {}", statement.words())));
    }
}

/// All are made first, then all policies are set, then versioning: the server
/// keeps a bucket's configuration as one, so two writes to it at the same time
/// could lose one.
fn ensure(_: &Context, connection: &Connection<S3>, changes: &[Change]) -> Outcomes {
    let mut works: Vec<Work> = changes.iter().map(Work::new).collect();
    create(connection, &mut works);
    compare_again(connection, &mut works);
    write(connection, &mut works, |work| {
        let policy = work.difference.policy.clone()??;
        Some(s3::PutBucketPolicy { bucket: work.bucket.name.clone(), policy })
    });
    write(connection, &mut works, |work| {
        let none = matches!(work.difference.policy, Some(None));
        none.then(|| s3::DeleteBucketPolicy { bucket: work.bucket.name.clone() })
    });
    write(connection, &mut works, |work| {
        let status = work.difference.versioning?.status().to_owned();
        Some(s3::PutBucketVersioning { bucket: work.bucket.name.clone(), status })
    });
    works.into_iter().map(|work| work.outcome).collect()
}

/// One change in the making. It goes on as long as its outcome is good.
struct Work {
    bucket: Bucket,
    create: bool,
    /// Made in this call, so nothing of it need be read.
    new: bool,
    difference: Difference,
    outcome: Result<Outcome, Error>,
}

impl Work {
    fn new(change: &Change) -> Self {
        let (payload, outcome) = match change.read_payload::<Payload>() {
            Ok(payload) => (payload, Ok(Outcome::Unchanged)),
            Err(error) => (Payload::default(), Err(error)),
        };
        let Payload { bucket, create } = payload;
        Self { bucket, create, new: false, difference: Difference::default(), outcome }
    }
}

fn create(connection: &Connection<S3>, works: &mut [Work]) {
    let making = || works.iter().enumerate().filter(|(_, work)| work.create && work.outcome.is_ok());
    let places: Vec<usize> = making().map(|(at, _)| at).collect();
    let results = connection.each(making().map(|(_, work)| s3::CreateBucket { bucket: work.bucket.name.clone() }));
    let mut contested = Vec::new();
    for (at, result) in places.into_iter().zip(results) {
        if result.as_ref().is_err_and(Error::is_conflict) {
            contested.push(works[at].bucket.name.clone());
        }
        works[at].new = result.is_ok();
        works[at].outcome = result.map(|()| Outcome::Done);
    }
    if contested.is_empty() {
        return;
    }
    // Another run was faster: what is ours now is as good as made. What is
    // not listed belongs to somebody else.
    let Ok(listed) = connection.perform(&s3::ListBuckets { names: Some(contested) }) else {
        return;
    };
    for work in works.iter_mut().filter(|work| work.outcome.as_ref().is_err_and(Error::is_conflict)) {
        if listed.iter().any(|bucket| bucket.name == work.bucket.name) {
            work.outcome = Ok(Outcome::Unchanged);
        }
    }
}

/// What was planned is not written blindly: a policy holds statements of
/// others, which may have changed since.
fn compare_again(connection: &Connection<S3>, works: &mut [Work]) {
    let states = Seen::settle(connection, |seen| {
        let state = |work: &Work| match work.new || work.outcome.is_err() {
            true => Ok(Some(State::default())),
            false => read(seen, &work.bucket),
        };
        Ok(works.iter().map(state).collect::<Vec<_>>())
    });
    match states {
        Ok(states) => {
            for (work, state) in works.iter_mut().zip(states) {
                match state {
                    Ok(state) => work.difference = Difference::between(&state.unwrap_or_default(), &work.bucket),
                    Err(error) => work.outcome = Err(error),
                }
            }
        }
        Err(error) => {
            for work in works.iter_mut().filter(|work| work.outcome.is_ok()) {
                work.outcome = Err(error.clone());
            }
        }
    }
}

/// Performs one operation for each work that needs it.
fn write<O>(connection: &Connection<S3>, works: &mut [Work], operation: impl Fn(&Work) -> Option<O>)
where
    O: Operation<Capability = S3, Output = ()>,
{
    let needed = works.iter().enumerate().filter(|(_, work)| work.outcome.is_ok());
    let (places, operations): (Vec<usize>, Vec<O>) =
        needed.filter_map(|(at, work)| Some((at, operation(work)?))).unzip();
    for (at, result) in places.into_iter().zip(connection.each(operations)) {
        works[at].outcome = result.map(|()| Outcome::Done);
    }
}

#[cfg(test)]
mod tests;
