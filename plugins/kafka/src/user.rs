//! SCRAM users: that they can log in, by which mechanisms, with which
//! password. Whether a password is the one is found by logging in with it.

use std::collections::BTreeMap;

use hyhost_sdk::kafka::{
    AlterUserScramCredentials, DeleteUserScramCredentials, DescribeUserScramCredentials, Kafka, PasswordMatches,
    RevokeUserScramCredentials,
};
use hyhost_sdk::{
    Change, Connection, Context, Diff, Error, Kind, Outcome, Outcomes, Plan, Remark, SecretName, Seen, id, touch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// SCRAM users.
pub(crate) const KIND: Kind<Kafka> = Kind { name: "user", field: "users", schema, plan, ensure };

/// What brokers take, and what is made where nothing is said.
const LEAST_ITERATIONS: i64 = 4_096;
const MOST_ITERATIONS: i64 = 16_384;
const USUAL: &str = "SCRAM-SHA-512";

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    users: Vec<User>,
}

#[derive(Deserialize)]
struct User {
    name: String,
    password: String,
    mechanisms: Option<Vec<String>>,
    iterations: Option<i64>,
}

/// What a change says to itself.
#[derive(Default, Serialize, Deserialize)]
struct Payload {
    user: String,
    #[serde(default)]
    password: String,
    /// Mechanisms that are to be set, with their iterations.
    #[serde(default)]
    set: BTreeMap<String, i64>,
    /// Mechanisms that the document does not say.
    #[serde(default)]
    revoke: Vec<String>,
    /// Mechanisms of a user that goes.
    #[serde(default)]
    prune: Vec<String>,
}

/// Iterations by user and mechanism.
type Users = BTreeMap<String, BTreeMap<String, i64>>;

fn schema() -> Value {
    json!({
        "description": "SCRAM users.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "password"],
            "additionalProperties": false,
            "properties": {
                "name": {
                    "description": "The name that it logs in by; its principal is `User:` and this.",
                    "type": "string", "minLength": 1, "maxLength": 256,
                    "x-hyhost": { "name": "kafka.user" },
                },
                "password": {
                    "description": "The name of the secret that is its password. Whether it is, is found by logging \
                        in with it, where the connection itself logs in by SASL.",
                    "type": "string",
                    "x-hyhost": { "secret": "kafka.password" },
                },
                "mechanisms": {
                    "description": "By which it can log in; `[SCRAM-SHA-512]` where nothing is said.",
                    "type": "array", "minItems": 1, "uniqueItems": true,
                    "items": { "enum": ["SCRAM-SHA-256", "SCRAM-SHA-512"] },
                },
                "iterations": {
                    "description": "How often the password is hashed. Absent: not managed, 4096 for what is new.",
                    "type": "integer", "minimum": LEAST_ITERATIONS, "maximum": MOST_ITERATIONS,
                },
            },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<Kafka>, plan: &mut Plan) -> Result<(), Error> {
    let users = context.desired::<Document>()?.users;
    let prune = context.prune::<Kafka>(KIND.name);
    if users.is_empty() && prune.is_empty() {
        return Ok(());
    }
    // Who prunes has to look at all of them.
    let only = prune.is_empty().then(|| users.iter().map(|user| user.name.clone()).collect());
    let there: Users = match seen.read(&DescribeUserScramCredentials { users: only }) {
        Ok(None) => return Ok(()),
        Ok(Some(found)) => {
            let mut there = Users::new();
            for found in found {
                there.entry(found.user).or_default().insert(found.mechanism, found.iterations);
            }
            there
        }
        // The account may not: the other kinds go on.
        Err(error @ (Error::Denied(_) | Error::Invalid(_) | Error::Failed(_))) => {
            let refuse = |user: &User| Remark::new(id("user", [&user.name]), error.fault().message.as_str());
            plan.refused.extend(users.iter().map(refuse));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let nothing = BTreeMap::new();
    for user in &users {
        compare(context, user, there.get(&user.name).unwrap_or(&nothing), seen, plan)?;
    }
    for (user, mechanisms) in there {
        let declared = users.iter().any(|declared| declared.name == user);
        if !declared && prune.takes(&[user.as_str()]) {
            let mut diff = Diff::default();
            let prune: Vec<String> = mechanisms.into_keys().collect();
            diff.add("mechanisms", json!(prune), Value::Null);
            let change = Change::remove(id("user", [&user])).touch(touch::destroy("kafka", "user", [&user]));
            plan.changes.push(change.differs(diff).payload(&Payload { user, prune, ..Payload::default() })?);
        }
    }
    Ok(())
}

fn compare(
    context: &Context,
    user: &User,
    there: &BTreeMap<String, i64>,
    seen: &mut Seen<Kafka>,
    plan: &mut Plan,
) -> Result<(), Error> {
    let usual = vec![USUAL.to_owned()];
    let wanted = user.mechanisms.as_ref().unwrap_or(&usual);
    let mut diff = Diff::default();
    let mut set = BTreeMap::new();
    let mut wrong = false;
    for mechanism in wanted {
        let is = there.get(mechanism).copied();
        let iterations = user.iterations.or(is).unwrap_or(LEAST_ITERATIONS).clamp(LEAST_ITERATIONS, MOST_ITERATIONS);
        let proved = match is {
            None => None,
            Some(_) => {
                let (user, password) = (user.name.clone(), SecretName::new(&user.password));
                // Not read yet counts as proved: another round follows.
                seen.read(&PasswordMatches { user, mechanism: mechanism.clone(), password })?.unwrap_or(Some(true))
            }
        };
        wrong |= is.is_some() && proved == Some(false);
        let other = is.zip(user.iterations).filter(|(is, shall)| is != shall);
        if let Some((is, shall)) = other {
            diff.add(&format!("iterations of {mechanism}"), is, shall);
        }
        if is.is_none() || proved == Some(false) || other.is_some() {
            set.insert(mechanism.clone(), iterations);
        }
    }
    let beyond: Vec<String> = there.keys().filter(|mechanism| !wanted.contains(mechanism)).cloned().collect();
    let missing = wanted.iter().any(|mechanism| !there.contains_key(mechanism));
    let revoke = if context.exact() { beyond.clone() } else { Vec::new() };
    if missing || !revoke.is_empty() {
        let kept = there.keys().filter(|mechanism| !revoke.contains(mechanism)).chain(wanted.iter());
        let becomes: std::collections::BTreeSet<&String> = kept.collect();
        let is: Vec<&String> = there.keys().collect();
        diff.add("mechanisms", if is.is_empty() { Value::Null } else { json!(is) }, json!(becomes));
    }
    if wrong {
        diff.add("password", "another", "as declared");
    }
    if revoke.is_empty() && !beyond.is_empty() {
        let text = format!("it can also log in by {}, which the document does not say", beyond.join(", "));
        plan.extras.push(Remark::new(id("user", [&user.name]), text));
    }
    if set.is_empty() && revoke.is_empty() {
        return Ok(());
    }
    let id = id("user", [&user.name]);
    let change = match (there.is_empty(), revoke.is_empty()) {
        (true, _) => Change::create(id),
        (false, true) => Change::update(id),
        (false, false) => Change::destroy(id),
    };
    let payload = Payload { user: user.name.clone(), password: user.password.clone(), set, revoke, prune: Vec::new() };
    plan.changes.push(change.touch(touch::write("kafka", "user", [&user.name])).differs(diff).payload(&payload)?);
    Ok(())
}

fn ensure(_: &Context, connection: &Connection<Kafka>, changes: &[Change]) -> Outcomes {
    let mut outcomes: Outcomes = Vec::new();
    let (mut set, mut revoke, mut prune) = (Vec::new(), Vec::new(), Vec::new());
    for (at, change) in changes.iter().enumerate() {
        match change.read_payload::<Payload>() {
            Ok(payload) => {
                outcomes.push(Ok(Outcome::Unchanged));
                let user = || payload.user.clone();
                set.extend(payload.set.iter().map(|(mechanism, iterations)| {
                    let (mechanism, password) = (mechanism.clone(), SecretName::new(&payload.password));
                    (at, AlterUserScramCredentials { user: user(), mechanism, iterations: *iterations, password })
                }));
                let single = |mechanism: &String| (at, user(), mechanism.clone());
                revoke.extend(payload.revoke.iter().map(single));
                prune.extend(payload.prune.iter().map(single));
            }
            Err(error) => outcomes.push(Err(error)),
        }
    }
    let (places, operations): (Vec<usize>, Vec<_>) = set.into_iter().unzip();
    settle(&mut outcomes, &places, connection.each(operations));
    let places: Vec<usize> = revoke.iter().map(|(at, _, _)| *at).collect();
    let operations = revoke.into_iter().map(|(_, user, mechanism)| RevokeUserScramCredentials { user, mechanism });
    settle(&mut outcomes, &places, connection.each(operations));
    let places: Vec<usize> = prune.iter().map(|(at, _, _)| *at).collect();
    let operations = prune.into_iter().map(|(_, user, mechanism)| DeleteUserScramCredentials { user, mechanism });
    settle(&mut outcomes, &places, connection.each(operations));
    outcomes
}

fn settle(outcomes: &mut Outcomes, places: &[usize], results: Vec<Result<(), Error>>) {
    for (at, result) in places.iter().zip(results) {
        match result {
            Ok(()) if outcomes[*at].is_ok() => outcomes[*at] = Ok(Outcome::Done),
            Ok(()) => {}
            // Gone already.
            Err(error) if error.is_conflict() => {}
            Err(error) => outcomes[*at] = Err(error),
        }
    }
}
