//! Configurations of topics.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use hyhost_backend::Class;
use serde::Deserialize;
use serde_json::Value;

use crate::client::loss::{self, GUARDED};
use crate::client::native::{Client, How, KafkaError, Of};
use crate::client::reply;
use crate::frame::Failure;

#[derive(Deserialize)]
struct Set {
    topic: String,
    config: String,
    value: String,
}

/// What came of each topic.
type OfTopics = BTreeMap<String, Result<(), Failure>>;

/// Sets configurations. Those of one topic stand together, as the broker
/// wants it, and come out the same.
pub(crate) fn alter(
    client: &Client,
    items: &[Value],
    with_loss: bool,
    deadline: Instant,
) -> Vec<Result<Value, Failure>> {
    reply::together(items, |sets: &[Set]| {
        let mut refused = BTreeMap::new();
        if !with_loss {
            match guarded(client, sets, deadline) {
                Ok(found) => refused = found,
                Err(error) => return sets.iter().map(|_| Err(error.clone().into())).collect(),
            }
        }
        let mut topics: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for set in sets.iter().filter(|set| !refused.contains_key(&set.topic)) {
            topics.entry(&set.topic).or_default().push((&set.config, &set.value));
        }
        let topics: Vec<_> = topics.into_iter().collect();
        let done = if topics.is_empty() { Ok(Vec::new()) } else { client.set_configs(&topics, &How::until(deadline)) };
        let done = match done {
            Ok(done) => done,
            Err(error) => return sets.iter().map(|_| Err(error.clone().into())).collect(),
        };
        let mut all: OfTopics = refused;
        all.extend(done.into_iter().map(|(topic, result)| (topic, result.map_err(Failure::from))));
        let missing = || Err(reply::wrong(Class::Failed, "the broker gave no answer for it"));
        sets.iter().map(|set| all.get(&set.topic).cloned().unwrap_or_else(missing).map(|()| Value::Null)).collect()
    })
}

/// The topics of which records would be dropped.
fn guarded(client: &Client, sets: &[Set], deadline: Instant) -> Result<OfTopics, KafkaError> {
    let looked_at: BTreeSet<&str> =
        sets.iter().filter(|set| GUARDED.contains(&set.config.as_str())).map(|set| set.topic.as_str()).collect();
    let topics: Vec<Of<'_>> = looked_at.into_iter().map(Of::Topic).collect();
    let mut refused = OfTopics::new();
    for (topic, answer) in client.configs(&topics, GUARDED, &How::until(deadline))? {
        let entries = match answer {
            Ok(entries) => entries,
            Err(error) => {
                refused.insert(topic, Err(error.into()));
                continue;
            }
        };
        for set in sets.iter().filter(|set| set.topic == topic) {
            let before = entries.iter().find(|entry| entry.name == set.config).and_then(|entry| entry.value.as_deref());
            if loss::drops(&set.config, before, &set.value) {
                let text = format!(
                    "`{}` from `{}` to `{}` would drop records that are there: that needs the verb `destroy`",
                    set.config,
                    before.unwrap_or("?"),
                    set.value
                );
                refused.insert(topic.clone(), Err(reply::wrong(Class::Denied, &text)));
            }
        }
    }
    Ok(refused)
}
