//! Topics: that they are there, their partitions, replicas and configuration.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::kafka::{
    CreatePartitions, CreateTopics, DeleteTopics, IncrementalAlterConfigs, IncrementalAlterConfigsWithLoss, Kafka,
    ReadTopics, Topic as There,
};
use hyhost_sdk::{Change, Connection, Context, Diff, Error, Kind, Outcome, Outcomes, Plan, Remark, Seen, id, touch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::value;

/// Topics.
pub(crate) const KIND: Kind<Kafka> = Kind { name: "topic", field: "topics", schema, plan, ensure };

/// So many names go into one read: far within what an answer may hold.
const PAGE: usize = 2_000;

/// The part of the document that is read here.
#[derive(Deserialize)]
pub(crate) struct Document {
    #[serde(default)]
    pub(crate) topics: Vec<Topic>,
}

/// A topic, as the document desires it. What is absent is not managed.
#[derive(Deserialize)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) partitions: Option<i64>,
    pub(crate) replication_factor: Option<i64>,
    #[serde(default)]
    pub(crate) config: BTreeMap<String, Value>,
}

/// What a change says to itself.
#[derive(Default, Serialize, Deserialize)]
struct Payload {
    topic: String,
    work: Work,
    /// How many there shall be; absent: no change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partitions: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    replication_factor: Option<i64>,
    /// Those that are to be set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    configs: BTreeMap<String, String>,
    /// Those of them by which records may be dropped.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    loss: BTreeSet<String>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Work {
    Create,
    #[default]
    Alter,
    Remove,
    RemoveWithData,
}

fn schema() -> Value {
    json!({
        "description": "Topics.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": {
                    "description": "1 to 249 letters, digits, dots, underscores and hyphens. Those that begin with \
                        `__` are the cluster's own.",
                    "type": "string",
                    "pattern": "^[a-zA-Z0-9._-]{1,249}$",
                    "not": { "pattern": "^(__.*|[.]{1,2})$" },
                    "x-hyhost": { "name": "kafka.topic" },
                },
                "partitions": {
                    "description": "How many partitions it has; `-1`: as many as the brokers make by default. A topic \
                        that is there gets more if it has fewer; to have fewer is refused. Absent: not managed.",
                    "type": "integer", "minimum": -1, "maximum": 1_000_000, "not": { "const": 0 },
                },
                "replication_factor": {
                    "description": "How many replicas each partition has; `-1`: as many as the brokers make by \
                        default. It is set when the topic is made; another one on a topic that is there is refused. \
                        Absent: not managed.",
                    "type": "integer", "minimum": -1, "maximum": 32_767, "not": { "const": 0 },
                },
                "config": {
                    "description": "Configurations by their Kafka names, with values as Kafka takes them, such as \
                        `retention.ms: 604800000`. Others are not managed. A shorter retention, or another clean-up, \
                        of a topic that is there needs a grant to `destroy` it.",
                    "type": "object",
                    "propertyNames": { "pattern": "^[a-z][a-z0-9.]*$" },
                    "additionalProperties": {
                        "type": ["string", "number", "boolean", "array"],
                        "items": { "type": "string" },
                    },
                },
            },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<Kafka>, plan: &mut Plan) -> Result<(), Error> {
    let topics = context.desired::<Document>()?.topics;
    let mut there = BTreeMap::new();
    let mut complete = true;
    // All pages are asked for before any is waited for.
    for page in topics.chunks(PAGE) {
        let names = page.iter().map(|topic| topic.name.clone()).collect();
        let configs: BTreeSet<&String> = page.iter().flat_map(|topic| topic.config.keys()).collect();
        let configs: Vec<String> = configs.into_iter().cloned().collect();
        let read = ReadTopics { names: Some(names), configs: (!configs.is_empty()).then_some(configs) };
        match seen.read(&read)? {
            Some(found) => there.extend(found.into_iter().map(|topic| (topic.name.clone(), topic))),
            None => complete = false,
        }
    }
    let prune = context.prune::<Kafka>(KIND.name);
    if !prune.is_empty() {
        match seen.read(&ReadTopics { names: None, configs: None })? {
            Some(all) => {
                for topic in all.into_iter().filter(|topic| !topic.internal && !topic.name.starts_with("__")) {
                    if prune.takes(&[topic.name.as_str()]) {
                        let with_data = prune.with_data(&[topic.name.as_str()]);
                        plan.changes.push(removal(topic.name, with_data)?);
                    }
                }
            }
            None => complete = false,
        }
    }
    if complete {
        for topic in topics {
            match there.get(&topic.name) {
                None => plan.changes.push(creation(topic)?),
                Some(there) => compare(topic, there, plan)?,
            }
        }
    }
    Ok(())
}

fn removal(topic: String, with_data: bool) -> Result<Change, Error> {
    let change = Change::remove(id("topic", [&topic])).touch(touch::destroy("kafka", "topic", [&topic]));
    let work = if with_data { Work::RemoveWithData } else { Work::Remove };
    change.payload(&Payload { topic, work, ..Payload::default() })
}

fn creation(topic: Topic) -> Result<Change, Error> {
    let mut diff = Diff::default();
    diff.want("partitions", Value::Null, topic.partitions);
    diff.want("replication_factor", Value::Null, topic.replication_factor);
    let configs: BTreeMap<String, String> =
        topic.config.iter().map(|(name, value)| (name.clone(), value::text(value))).collect();
    for (name, value) in &configs {
        diff.add(name, Value::Null, value.as_str());
    }
    let change = Change::create(id("topic", [&topic.name])).touch(touch::write("kafka", "topic", [&topic.name]));
    change.differs(diff).payload(&Payload {
        topic: topic.name,
        work: Work::Create,
        partitions: topic.partitions,
        replication_factor: topic.replication_factor,
        configs,
        loss: BTreeSet::new(),
    })
}

fn compare(topic: Topic, there: &There, plan: &mut Plan) -> Result<(), Error> {
    let id = id("topic", [&topic.name]);
    if let Some(why) = impossible(&topic, there) {
        plan.refused.push(Remark::new(id, why));
        return Ok(());
    }
    let mut diff = Diff::default();
    let mut payload = Payload { topic: topic.name.clone(), ..Payload::default() };
    if let Some(partitions) = topic.partitions.filter(|partitions| *partitions > there.partitions) {
        diff.add("partitions", there.partitions, partitions);
        payload.partitions = Some(partitions);
    }
    for (name, value) in &topic.config {
        let shall = value::text(value);
        let is = there.configs.get(name);
        if is.is_some_and(|is| value::same(name, is, &shall)) {
            continue;
        }
        diff.add(name, is.cloned(), shall.as_str());
        if is.is_some_and(|is| value::drops(name, is, &shall)) {
            payload.loss.insert(name.clone());
        }
        payload.configs.insert(name.clone(), shall);
    }
    if diff.is_empty() {
        return Ok(());
    }
    let change = if payload.loss.is_empty() {
        Change::update(id).touch(touch::write("kafka", "topic", [&topic.name]))
    } else {
        Change::destroy(id).touch(touch::destroy("kafka", "topic", [&topic.name]))
    };
    plan.changes.push(change.differs(diff).payload(&payload)?);
    Ok(())
}

/// Why a topic that is there cannot become what is desired.
fn impossible(topic: &Topic, there: &There) -> Option<String> {
    if let Some(partitions) = topic.partitions.filter(|partitions| (0..there.partitions).contains(partitions)) {
        return Some(format!(
            "it has {} partitions and shall have {partitions}: Kafka takes none away, and to make the topic anew \
             would lose its records. Write {}, or remove `partitions`",
            there.partitions, there.partitions
        ));
    }
    let other = |replicas: &i64| *replicas > 0 && *replicas != there.replication_factor;
    if let Some(replicas) = topic.replication_factor.filter(other) {
        return Some(format!(
            "it has {} replicas and shall have {replicas}: hyhost does not move replicas between brokers. \
             Use `kafka-reassign-partitions.sh`, or write {}",
            there.replication_factor, there.replication_factor
        ));
    }
    None
}

/// All are made first, then partitions are added, then configurations set,
/// then topics removed: a request for each sort.
fn ensure(_: &Context, connection: &Connection<Kafka>, changes: &[Change]) -> Outcomes {
    let mut works: Vec<(Payload, Result<Outcome, Error>)> = changes
        .iter()
        .map(|change| match change.read_payload::<Payload>() {
            Ok(payload) => (payload, Ok(Outcome::Unchanged)),
            Err(error) => (Payload::default(), Err(error)),
        })
        .collect();
    create(connection, &mut works);
    grow(connection, &mut works);
    configure(connection, &mut works);
    remove(connection, &mut works);
    works.into_iter().map(|(_, outcome)| outcome).collect()
}

type Works = [(Payload, Result<Outcome, Error>)];

/// The places of those that go on and are of this sort.
fn places(works: &Works, fits: impl Fn(&Payload) -> bool) -> Vec<usize> {
    (0..works.len()).filter(|at| works[*at].1.is_ok() && fits(&works[*at].0)).collect()
}

fn create(connection: &Connection<Kafka>, works: &mut Works) {
    let places = places(works, |payload| payload.work == Work::Create);
    let results = connection.each(places.iter().map(|at| {
        let payload = &works[*at].0;
        CreateTopics {
            topic: payload.topic.clone(),
            partitions: payload.partitions,
            replication_factor: payload.replication_factor,
            configs: (!payload.configs.is_empty()).then(|| payload.configs.clone()),
        }
    }));
    let mut contested = Vec::new();
    for (at, result) in places.into_iter().zip(results) {
        if result.as_ref().is_err_and(Error::is_conflict) {
            contested.push(at);
        }
        works[at].1 = result.map(|()| Outcome::Done);
    }
    // Another run was faster: what is there now is as good as made, and the
    // next plan says whether it is as desired.
    let there = still_there(connection, works, &contested);
    for at in contested {
        if there.contains_key(&works[at].0.topic) {
            works[at].1 = Ok(Outcome::Unchanged);
        }
    }
}

/// These topics as they are; nothing where that cannot be read.
fn still_there(connection: &Connection<Kafka>, works: &Works, places: &[usize]) -> BTreeMap<String, There> {
    if places.is_empty() {
        return BTreeMap::new();
    }
    let names = places.iter().map(|at| works[*at].0.topic.clone()).collect();
    let read = connection.perform(&ReadTopics { names: Some(names), configs: None });
    read.unwrap_or_default().into_iter().map(|topic| (topic.name.clone(), topic)).collect()
}

fn grow(connection: &Connection<Kafka>, works: &mut Works) {
    let wanted = |payload: &Payload| payload.partitions.filter(|_| payload.work == Work::Alter);
    let places = places(works, |payload| wanted(payload).is_some());
    let results = connection.each(places.iter().map(|at| {
        let payload = &works[*at].0;
        CreatePartitions { topic: payload.topic.clone(), partitions: wanted(payload).unwrap_or_default() }
    }));
    let mut failed = Vec::new();
    for (at, result) in places.into_iter().zip(results) {
        if result.is_err() {
            failed.push(at);
        }
        works[at].1 = result.map(|()| Outcome::Done);
    }
    // Another run may have added them.
    let there = still_there(connection, works, &failed);
    for at in failed {
        let (payload, outcome) = &mut works[at];
        let has = there.get(&payload.topic).map(|topic| topic.partitions);
        if has.is_some() && has == payload.partitions {
            *outcome = Ok(Outcome::Unchanged);
        }
    }
}

/// The configurations of a topic go into one request of its own sort each:
/// those by which records may be dropped need more of a grant.
fn configure(connection: &Connection<Kafka>, works: &mut Works) {
    let places = places(works, |payload| payload.work == Work::Alter && !payload.configs.is_empty());
    let mut batch = connection.batch();
    let mut tickets = Vec::new();
    for at in places {
        let Payload { topic, configs, loss, .. } = &works[at].0;
        for (config, value) in configs {
            let (topic, config, value) = (topic.clone(), config.clone(), value.clone());
            if loss.contains(&config) {
                let ticket = batch.add(&IncrementalAlterConfigsWithLoss { topic, config, value });
                tickets.push((at, ticket.map(Ticket::WithLoss)));
            } else {
                let ticket = batch.add(&IncrementalAlterConfigs { topic, config, value });
                tickets.push((at, ticket.map(Ticket::Plain)));
            }
        }
    }
    if batch.is_empty() {
        return;
    }
    let mut answers = batch.each();
    for (at, ticket) in tickets {
        let result = ticket.and_then(|ticket| match ticket {
            Ticket::Plain(ticket) => answers.take(ticket),
            Ticket::WithLoss(ticket) => answers.take(ticket),
        });
        match result {
            Ok(()) if works[at].1.is_ok() => works[at].1 = Ok(Outcome::Done),
            Ok(()) => {}
            Err(error) => works[at].1 = Err(error),
        }
    }
}

enum Ticket {
    Plain(hyhost_sdk::Ticket<IncrementalAlterConfigs>),
    WithLoss(hyhost_sdk::Ticket<IncrementalAlterConfigsWithLoss>),
}

fn remove(connection: &Connection<Kafka>, works: &mut Works) {
    let places = places(works, |payload| matches!(payload.work, Work::Remove | Work::RemoveWithData));
    let results = connection.each(places.iter().map(|at| {
        let payload = &works[*at].0;
        DeleteTopics { topic: payload.topic.clone(), with_data: (payload.work == Work::RemoveWithData).then_some(true) }
    }));
    for (at, result) in places.into_iter().zip(results) {
        works[at].1 = match result {
            Ok(()) => Ok(Outcome::Done),
            // Gone already.
            Err(error) if error.is_conflict() => Ok(Outcome::Unchanged),
            Err(error) => Err(error),
        };
    }
}
