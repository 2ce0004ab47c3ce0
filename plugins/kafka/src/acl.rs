//! ACLs: who may do what with which topic, group, cluster or transactional id.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::kafka::{Acl as There, CreateAcls, DeleteAcls, DeleteAclsOfPrincipal, DescribeAcls, Kafka};
use hyhost_sdk::{Change, Connection, Context, Diff, Error, Kind, Outcome, Outcomes, Plan, Remark, Seen, id, touch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// ACLs.
pub(crate) const KIND: Kind<Kafka> = Kind { name: "acl", field: "acls", schema, plan, ensure };

/// What prune patterns of ACLs are about.
const PRINCIPAL: &str = "principal";
/// From anywhere.
const ANY: &str = "*";
/// What a broker cannot tell us in words that we know.
const UNKNOWN: &str = "unknown";

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    acls: Vec<Entry>,
}

/// Some ACLs that differ in their operation alone, as a document writes them.
#[derive(Deserialize)]
struct Entry {
    principal: String,
    topic: Option<String>,
    group: Option<String>,
    cluster: Option<String>,
    transactional_id: Option<String>,
    operations: Vec<String>,
    permission: Option<String>,
    host: Option<String>,
}

/// What ACLs that differ in their operation alone have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Key {
    principal: String,
    resource: String,
    name: String,
    permission: String,
    host: String,
}

/// What a change says to itself: ACLs by what they have in common.
#[derive(Default, Serialize, Deserialize)]
struct Payload {
    #[serde(default)]
    create: Vec<(Key, BTreeSet<String>)>,
    #[serde(default)]
    revoke: Vec<(Key, BTreeSet<String>)>,
    #[serde(default)]
    prune: Vec<(Key, BTreeSet<String>)>,
}

type Acls = BTreeMap<Key, BTreeSet<String>>;

impl Entry {
    fn key(&self) -> Key {
        let resources = [
            ("topic", &self.topic),
            ("group", &self.group),
            ("cluster", &self.cluster),
            ("transactional_id", &self.transactional_id),
        ];
        let named = resources.into_iter().find_map(|(resource, name)| Some((resource, name.as_ref()?)));
        let (resource, name) = named.map_or((UNKNOWN, ""), |(resource, name)| (resource, name.as_str()));
        Key {
            principal: self.principal.clone(),
            resource: resource.to_owned(),
            name: name.to_owned(),
            permission: self.permission.clone().unwrap_or_else(|| "allow".to_owned()),
            host: self.host.clone().unwrap_or_else(|| ANY.to_owned()),
        }
    }
}

impl Key {
    /// What is usual is left out.
    fn id(&self) -> String {
        let mut name = vec![self.principal.as_str(), &self.resource, &self.name];
        if self.permission != "allow" || self.host != ANY {
            name.push(&self.permission);
        }
        if self.host != ANY {
            name.push(&self.host);
        }
        id("acl", name)
    }

    fn words(&self, operations: &BTreeSet<String>) -> String {
        let operations = operations.iter().cloned().collect::<Vec<_>>().join(", ");
        let may = if self.permission == "allow" { "may" } else { "may not" };
        let host = if self.host == ANY { String::new() } else { format!(" from {}", self.host) };
        format!("{may} {operations} on {} `{}`{host}", self.resource, self.name)
    }
}

fn schema() -> Value {
    let name = |kind: &str, what: &str| {
        json!({
            "description": format!("{what} A trailing `*` stands for every name that begins so, `*` alone for all."),
            "type": "string", "minLength": 1,
            "x-hyhost": { "name": format!("kafka.{kind}"), "verb": "write" },
        })
    };
    json!({
        "description": "ACLs. Others of the same principals stay and are shown as extras.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["principal", "operations"],
            "additionalProperties": false,
            "oneOf": [
                { "required": ["topic"] },
                { "required": ["group"] },
                { "required": ["cluster"] },
                { "required": ["transactional_id"] },
                { "required": ["delegation_token"] },
            ],
            "properties": {
                "principal": {
                    "description": "Whose: such as `User:app`; `User:*` is everybody.",
                    "type": "string", "pattern": "^[A-Za-z]+:.+$",
                    "x-hyhost": { "name": "kafka.principal", "verb": "write" },
                },
                "topic": name("topic", "On topics."),
                "group": name("group", "On consumer groups."),
                "transactional_id": name("transactional_id", "On transactional ids."),
                "cluster": {
                    "description": "On the cluster: always `kafka-cluster`.",
                    "enum": ["kafka-cluster"],
                    "x-hyhost": { "name": "kafka.cluster", "verb": "write" },
                },
                "delegation_token": {
                    "description": "On delegation tokens. Not possible yet.",
                    "type": "string",
                    "x-hyhost": {
                        "refuse": "the Kafka client library has no ACLs on delegation tokens: \
                            set them by `kafka-acls.sh --delegation-token`",
                    },
                },
                "operations": {
                    "description": "What.",
                    "type": "array", "minItems": 1,
                    "items": { "enum": ["all", "read", "write", "create", "delete", "alter", "describe",
                        "cluster_action", "describe_configs", "alter_configs", "idempotent_write"] },
                },
                "permission": { "description": "`allow` where nothing is said.", "enum": ["allow", "deny"] },
                "host": {
                    "description": "From which address; `*` is any, and what is meant where nothing is said.",
                    "type": "string", "minLength": 1,
                },
            },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<Kafka>, plan: &mut Plan) -> Result<(), Error> {
    let mut wanted = Acls::new();
    for entry in context.desired::<Document>()?.acls {
        wanted.entry(entry.key()).or_default().extend(entry.operations);
    }
    let principals: BTreeSet<String> = wanted.keys().map(|key| key.principal.clone()).collect();
    let prune = context.prune::<Kafka>(PRINCIPAL);
    if principals.is_empty() && prune.is_empty() {
        return Ok(());
    }
    // Who prunes has to look at all of them.
    let only = prune.is_empty().then(|| principals.iter().cloned().collect());
    let there = match seen.read(&DescribeAcls { principals: only }) {
        Ok(Some(there)) => acls(there),
        Ok(None) => return Ok(()),
        // The account may not, or the brokers have no ACLs: the other kinds go on.
        Err(error @ (Error::Denied(_) | Error::Invalid(_) | Error::Failed(_))) => {
            let refuse = |key: &Key| Remark::new(key.id(), error.fault().message.as_str());
            plan.refused.extend(wanted.keys().map(refuse));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let nothing = BTreeSet::new();
    let keys: BTreeSet<&Key> =
        wanted.keys().chain(there.keys().filter(|key| principals.contains(&key.principal))).collect();
    for key in keys {
        let (is, shall) = (there.get(key).unwrap_or(&nothing), wanted.get(key).unwrap_or(&nothing));
        let missing: BTreeSet<String> = shall.difference(is).cloned().collect();
        let beyond: BTreeSet<String> = is.difference(shall).cloned().collect();
        let known = key.resource != UNKNOWN && !beyond.contains(UNKNOWN);
        let revoke = if context.exact() && known { beyond.clone() } else { BTreeSet::new() };
        if revoke.is_empty() && !beyond.is_empty() {
            let text = format!("`{}` {}, which the document does not say", key.principal, key.words(&beyond));
            plan.extras.push(Remark::new(key.id(), text));
        }
        if !missing.is_empty() || !revoke.is_empty() {
            plan.changes.push(change(key, is, missing, revoke)?);
        }
    }
    prune_all(&there, &principals, |principal| prune.takes(&[principal]), plan)
}

fn acls(there: Vec<There>) -> Acls {
    let mut acls = Acls::new();
    for There { principal, resource, name, operation, permission, host } in there {
        acls.entry(Key { principal, resource, name, permission, host }).or_default().insert(operation);
    }
    acls
}

fn change(
    key: &Key,
    is: &BTreeSet<String>,
    missing: BTreeSet<String>,
    revoke: BTreeSet<String>,
) -> Result<Change, Error> {
    let becomes: BTreeSet<&String> = is.difference(&revoke).chain(&missing).collect();
    let mut diff = Diff::default();
    diff.add("operations", json!(is), json!(becomes));
    let mut change = match (is.is_empty(), revoke.is_empty()) {
        (true, _) => Change::create(key.id()),
        (false, true) => Change::update(key.id()),
        (false, false) => Change::destroy(key.id()),
    };
    if !revoke.is_empty() {
        change = change.touch(touch::write("kafka", PRINCIPAL, [&key.principal]));
    }
    if !missing.is_empty() {
        change = change.touch(touch::refer("kafka", PRINCIPAL, [&key.principal])).touch(touch::write(
            "kafka",
            &key.resource,
            [&key.name],
        ));
    }
    let some = |operations: BTreeSet<String>| match operations.is_empty() {
        true => Vec::new(),
        false => vec![(key.clone(), operations)],
    };
    let payload = Payload { create: some(missing), revoke: some(revoke), prune: Vec::new() };
    change.differs(diff).payload(&payload)
}

/// Principals that may go, with everything that they may do.
fn prune_all(
    there: &Acls,
    declared: &BTreeSet<String>,
    takes: impl Fn(&str) -> bool,
    plan: &mut Plan,
) -> Result<(), Error> {
    let mut gone: BTreeMap<&str, Vec<(Key, BTreeSet<String>)>> = BTreeMap::new();
    for (key, operations) in there.iter().filter(|(key, _)| key.resource != UNKNOWN) {
        if !declared.contains(&key.principal) && takes(&key.principal) {
            let mut operations = operations.clone();
            operations.remove(UNKNOWN);
            gone.entry(&key.principal).or_default().push((key.clone(), operations));
        }
    }
    for (principal, acls) in gone {
        let mut diff = Diff::default();
        let words: Vec<String> = acls.iter().map(|(key, operations)| key.words(operations)).collect();
        diff.add("acls", json!(words), Value::Null);
        let change = Change::remove(id("acl", [principal])).touch(touch::destroy("kafka", PRINCIPAL, [principal]));
        let payload = Payload { prune: acls, ..Payload::default() };
        plan.changes.push(change.differs(diff).payload(&payload)?);
    }
    Ok(())
}

/// What is missing is made first, then what is too much goes.
fn ensure(_: &Context, connection: &Connection<Kafka>, changes: &[Change]) -> Outcomes {
    let mut outcomes: Outcomes = Vec::new();
    let (mut creates, mut revokes, mut prunes) = (Vec::new(), Vec::new(), Vec::new());
    for (at, change) in changes.iter().enumerate() {
        match change.read_payload::<Payload>() {
            Ok(payload) => {
                outcomes.push(Ok(Outcome::Unchanged));
                creates.extend(flat(at, payload.create));
                revokes.extend(flat(at, payload.revoke));
                prunes.extend(flat(at, payload.prune));
            }
            Err(error) => outcomes.push(Err(error)),
        }
    }
    let results = connection.each(creates.iter().cloned().map(|(_, acl)| {
        let There { principal, resource, name, operation, permission, host } = acl;
        CreateAcls { principal, resource, name, operation, permission, host }
    }));
    settle(&mut outcomes, &creates, results);
    let results = connection.each(revokes.iter().cloned().map(|(_, acl)| {
        let There { principal, resource, name, operation, permission, host } = acl;
        DeleteAcls { principal, resource, name, operation, permission, host }
    }));
    settle(&mut outcomes, &revokes, results);
    let results = connection.each(prunes.iter().cloned().map(|(_, acl)| {
        let There { principal, resource, name, operation, permission, host } = acl;
        DeleteAclsOfPrincipal { principal, resource, name, operation, permission, host }
    }));
    settle(&mut outcomes, &prunes, results);
    outcomes
}

/// Single ACLs, with the place of their change.
fn flat(at: usize, acls: Vec<(Key, BTreeSet<String>)>) -> Vec<(usize, There)> {
    let single = |(key, operations): (Key, BTreeSet<String>)| {
        operations.into_iter().map(move |operation| {
            let Key { principal, resource, name, permission, host } = key.clone();
            (at, There { principal, resource, name, operation, permission, host })
        })
    };
    acls.into_iter().flat_map(single).collect()
}

fn settle(outcomes: &mut Outcomes, acls: &[(usize, There)], results: Vec<Result<(), Error>>) {
    for ((at, _), result) in acls.iter().zip(results) {
        match result {
            Ok(()) if outcomes[*at].is_ok() => outcomes[*at] = Ok(Outcome::Done),
            // Gone already.
            Err(error) if error.is_conflict() => {}
            Err(error) => outcomes[*at] = Err(error),
            Ok(()) => {}
        }
    }
}
