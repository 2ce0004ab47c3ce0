//! Topics.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::{Duration, Instant};

use hyhost_backend::Class;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::client::native::{Client, ConfigEntry, How, KafkaError, NewTopic, Of, Topic, left};
use crate::client::reply;
use crate::frame::Failure;

/// How often brokers are asked whether they show a new topic.
const FIRST_LOOK: Duration = Duration::from_millis(20);
const LAST_LOOK: Duration = Duration::from_millis(500);

#[derive(Deserialize)]
struct Read {
    names: Option<Vec<String>>,
    configs: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Create {
    topic: String,
    partitions: Option<i32>,
    replication_factor: Option<i32>,
    #[serde(default)]
    configs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Grow {
    topic: String,
    partitions: usize,
}

#[derive(Deserialize)]
struct Delete {
    topic: String,
    #[serde(default)]
    with_data: bool,
}

/// What came of topics, by name.
type OfTopics = BTreeMap<String, Result<(), Failure>>;

pub(crate) fn read(client: &Client, args: &Value, deadline: Instant) -> Result<Value, Failure> {
    let args: Read = reply::args(args)?;
    let topics = match &args.names {
        Some(names) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let found = client.topics(&names, &How::until(deadline))?;
            found.into_iter().collect::<Result<Vec<Topic>, _>>().map_err(|(topic, error)| about(&topic, error))?
        }
        None => client.all_topics(left(deadline))?,
    };
    let wanted: Vec<&str> = args.configs.iter().flatten().map(String::as_str).collect();
    let of: Vec<Of<'_>> = topics.iter().map(|topic| Of::Topic(&topic.name)).collect();
    let mut configs = BTreeMap::new();
    for (topic, entries) in client.configs(&of, &wanted, &How::until(deadline))? {
        match entries {
            Ok(entries) => {
                configs.insert(topic, entries);
            }
            // Removed between the two requests.
            Err(error) if error.code == crate::code::UNKNOWN_TOPIC => {}
            Err(error) => return Err(about(&topic, error)),
        }
    }
    let shown = topics.into_iter().map(|topic| {
        let entries = configs.remove(&topic.name).unwrap_or_default();
        show(topic, entries)
    });
    Ok(Value::Array(shown.collect()))
}

fn show(topic: Topic, entries: Vec<ConfigEntry>) -> Value {
    let dynamic: Vec<Value> =
        entries.iter().filter(|entry| entry.dynamic).map(|entry| Value::from(entry.name.as_str())).collect();
    let configs: Map<String, Value> =
        entries.into_iter().filter_map(|entry| Some((entry.name, Value::from(entry.value?)))).collect();
    json!({
        "name": topic.name,
        "internal": topic.internal,
        "partitions": topic.partitions,
        "replication_factor": topic.replicas,
        "configs": configs,
        "dynamic": dynamic,
    })
}

/// Makes topics, and waits until every broker shows them.
pub(crate) fn create(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |wanted: &[Create]| {
        let new: Vec<NewTopic<'_>> = wanted.iter().map(new_topic).collect();
        let mut results = match client.create_topics(&new, &How::until(deadline).waiting()) {
            Ok(results) => by_name(results),
            Err(error) => return wanted.iter().map(|_| Err(error.clone().into())).collect(),
        };
        let made = wanted.iter().map(|topic| (topic.topic.as_str(), 1));
        wait_for_those_made(client, made, &mut results, deadline);
        answers(wanted.iter().map(|topic| &topic.topic), &results)
    })
}

fn new_topic(topic: &Create) -> NewTopic<'_> {
    NewTopic {
        name: &topic.topic,
        partitions: topic.partitions.unwrap_or(-1),
        replicas: topic.replication_factor.unwrap_or(-1),
        configs: topic.configs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
    }
}

/// Waits for what went well of these topics with their partitions.
fn wait_for_those_made<'a>(
    client: &Client,
    topics: impl Iterator<Item = (&'a str, usize)>,
    results: &mut OfTopics,
    deadline: Instant,
) {
    let made: BTreeMap<&str, usize> = topics.filter(|(name, _)| results.get(*name) == Some(&Ok(()))).collect();
    for (topic, failure) in wait(client, &made, deadline) {
        results.insert(topic, Err(failure));
    }
}

/// Waits until every broker shows these topics with at least so many
/// partitions, each with a leader. Those of which one does not in time are
/// returned.
fn wait(client: &Client, topics: &BTreeMap<&str, usize>, deadline: Instant) -> Vec<(String, Failure)> {
    let all = |error: KafkaError| topics.keys().map(|topic| ((*topic).to_owned(), error.clone().into())).collect();
    if topics.is_empty() {
        return Vec::new();
    }
    let cluster = match client.cluster(left(deadline)) {
        Ok(cluster) => cluster,
        Err(error) => return all(error),
    };
    let mut failed = Vec::new();
    for broker in cluster.brokers {
        let mut open: Vec<&str> = topics.keys().copied().collect();
        let mut pause = FIRST_LOOK;
        loop {
            match client.topics(&open, &How::until(deadline).of(broker.id)) {
                Ok(found) => {
                    let shown = found.iter().filter_map(|topic| match topic {
                        Ok(topic) => {
                            let least = topics.get(topic.name.as_str()).copied().unwrap_or(1);
                            (topic.led && topic.partitions >= least).then_some(&topic.name)
                        }
                        // It is there, and not ours to look at.
                        Err((name, error)) => (crate::code::class(error.code) == Class::Denied).then_some(name),
                    });
                    let shown: BTreeSet<&str> = shown.map(String::as_str).collect();
                    open.retain(|topic| !shown.contains(topic));
                }
                Err(error) if crate::code::is_lost(error.code) && Instant::now() >= deadline => return all(error),
                Err(_) => {}
            }
            if open.is_empty() {
                break;
            }
            if Instant::now() + pause >= deadline {
                let text = format!("it was made, and broker {} does not show it yet", broker.id);
                failed.extend(open.iter().map(|topic| ((*topic).to_owned(), reply::wrong(Class::Transient, &text))));
                break;
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LAST_LOOK);
        }
    }
    failed
}

/// Gives topics more partitions, and waits until every broker shows them.
pub(crate) fn grow(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |wanted: &[Grow]| {
        let topics: Vec<(&str, usize)> = wanted.iter().map(|topic| (topic.topic.as_str(), topic.partitions)).collect();
        let mut results = match client.create_partitions(&topics, &How::until(deadline).waiting()) {
            Ok(results) => by_name(results),
            Err(error) => return wanted.iter().map(|_| Err(error.clone().into())).collect(),
        };
        wait_for_those_made(client, topics.into_iter(), &mut results, deadline);
        answers(wanted.iter().map(|topic| &topic.topic), &results)
    })
}

/// Removes topics: those that hold records only where that is said.
pub(crate) fn delete(client: &Client, items: &[Value], deadline: Instant) -> Vec<Result<Value, Failure>> {
    reply::together(items, |wanted: &[Delete]| {
        let mut results = OfTopics::new();
        for topic in wanted.iter().filter(|topic| topic.topic.starts_with("__")) {
            let refusal = reply::wrong(Class::Denied, "the cluster keeps this topic for itself");
            results.insert(topic.topic.clone(), Err(refusal));
        }
        let kept: Vec<&str> =
            wanted.iter().filter(|topic| !topic.with_data).map(|topic| topic.topic.as_str()).collect();
        match full(client, &kept, deadline) {
            Ok(full) => results.extend(full),
            Err(error) => return wanted.iter().map(|_| Err(error.clone().into())).collect(),
        }
        let names: Vec<&str> =
            wanted.iter().map(|topic| topic.topic.as_str()).filter(|name| !results.contains_key(*name)).collect();
        if !names.is_empty() {
            match client.delete_topics(&names, &How::until(deadline).waiting()) {
                Ok(done) => results.extend(by_name(done)),
                Err(error) => return wanted.iter().map(|_| Err(error.clone().into())).collect(),
            }
        }
        answers(wanted.iter().map(|topic| &topic.topic), &results)
    })
}

/// The topics among these that may not be removed, because there are records
/// in them or because nobody can tell.
fn full(client: &Client, names: &[&str], deadline: Instant) -> Result<OfTopics, KafkaError> {
    let mut refused = OfTopics::new();
    let mut there = Vec::new();
    for found in client.topics(names, &How::until(deadline))? {
        match found {
            Ok(topic) => there.push(topic),
            Err((name, error)) => {
                refused.insert(name, Err(error.into()));
            }
        }
    }
    let partitions: Vec<(&str, usize)> = there.iter().map(|topic| (topic.name.as_str(), topic.partitions)).collect();
    if partitions.is_empty() {
        return Ok(refused);
    }
    for (topic, records) in client.records(&partitions, &How::until(deadline))? {
        match records {
            Ok(0) => {}
            Ok(records) => {
                let text = format!("about {records} records are in it, and only `with_data: true` removes those");
                refused.insert(topic, Err(reply::wrong(Class::Denied, &text)));
            }
            Err(error) => {
                refused.insert(topic, Err(error.into()));
            }
        }
    }
    Ok(refused)
}

fn by_name(results: Vec<(String, Result<(), KafkaError>)>) -> OfTopics {
    results.into_iter().map(|(topic, result)| (topic, result.map_err(Failure::from))).collect()
}

fn answers<'a>(topics: impl Iterator<Item = &'a String>, results: &OfTopics) -> Vec<Result<Value, Failure>> {
    let missing = || Err(reply::wrong(Class::Failed, "the broker gave no answer for it"));
    topics.map(|topic| results.get(topic).cloned().unwrap_or_else(missing).map(|()| Value::Null)).collect()
}

fn about(topic: &str, error: KafkaError) -> Failure {
    let text = format!("topic `{topic}`: {}", error.text);
    KafkaError { text, ..error }.into()
}
