//! The cluster as a whole.

use std::time::Instant;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::native::{Client, How, Of, left};
use crate::client::reply;
use crate::code;
use crate::frame::Failure;

#[derive(Deserialize)]
struct Args {
    #[serde(default)]
    defaults: bool,
}

pub(crate) fn read(client: &Client, args: &Value, deadline: Instant) -> Result<Value, Failure> {
    let args: Args = reply::args(args)?;
    let cluster = client.cluster(left(deadline))?;
    let (mut replicas, mut partitions) = (None, None);
    if let (true, Some(broker)) = (args.defaults, cluster.brokers.first()) {
        (replicas, partitions) = defaults(client, broker.id, deadline)?;
    }
    let brokers: Vec<Value> = cluster
        .brokers
        .iter()
        .map(|broker| json!({ "id": broker.id, "host": broker.host, "port": broker.port }))
        .collect();
    Ok(json!({
        "cluster_id": cluster.id,
        "controller": cluster.controller,
        "brokers": brokers,
        "default_replication_factor": replicas,
        "default_partitions": partitions,
    }))
}

type Defaults = (Option<i64>, Option<i64>);

/// What a broker makes where nothing is said; nothing where it does not tell
/// us.
fn defaults(client: &Client, broker: i32, deadline: Instant) -> Result<Defaults, Failure> {
    let names = ["default.replication.factor", "num.partitions"];
    let answers = client.configs(&[Of::Broker(broker)], &names, &How::until(deadline))?;
    let entries = match answers.into_iter().next() {
        Some((_, Ok(entries))) => entries,
        Some((_, Err(error))) if code::is_lost(error.code) => return Err(error.into()),
        _ => return Ok((None, None)),
    };
    let number = |name: &str| entries.iter().find(|entry| entry.name == name)?.value.as_ref()?.parse().ok();
    Ok((number(names[0]), number(names[1])))
}
