//! Data streams: that they are there. What they are like is their index
//! template's matter.

use std::collections::BTreeSet;

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Change, Connection, Context, Error, Kind, Operation, Outcomes, Plan, Seen, id, touch};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::index::before;
use crate::shape::{CAPABILITY, is_internal, perform};

/// Data streams.
pub(crate) const KIND: Kind<OpenSearch> = Kind { name: "data_stream", field: "data_streams", schema, plan, ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    data_streams: Vec<Stream>,
}

#[derive(Deserialize)]
struct Stream {
    name: String,
}

/// What a change says to itself.
#[derive(Serialize, Deserialize)]
enum Payload {
    Make { name: String },
    Remove { name: String, with_data: bool },
}

fn schema() -> Value {
    json!({
        "description": "Data streams. An index template with `data_stream` must fit the name.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": { "name": {
                "description": "The stream's name. Lower case; no wildcard, blank, comma, colon or slash; no dot, `_`, \
                    `-` or `+` in front.",
                "type": "string", "minLength": 1, "maxLength": 255,
                "pattern": "^[^A-Z\\s*?,/\\\\<>|\"#%:._+-][^A-Z\\s*?,/\\\\<>|\"#%:]*$",
                "x-hyhost": { "name": "opensearch.data_stream" },
            } },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<OpenSearch>, plan: &mut Plan) -> Result<(), Error> {
    let wanted = context.desired::<Document>()?.data_streams;
    let prune = context.prune::<OpenSearch>("data_stream");
    if wanted.is_empty() && prune.is_empty() {
        return Ok(());
    }
    let names = prune.is_empty().then(|| wanted.iter().map(|stream| stream.name.clone()).collect());
    let Some(there) = seen.read(&opensearch::ReadDataStreams { names })? else { return Ok(()) };
    let there: BTreeSet<String> = there.into_iter().map(|stream| stream.name).collect();
    let before = before(context)?;
    for Stream { name } in wanted.into_iter().filter(|stream| !there.contains(&stream.name)) {
        let mut change = Change::create(id("data_stream", [&name]));
        for other in &before {
            change = change.requires(other);
        }
        change = change.touch(touch::write(CAPABILITY, "data_stream", [&name]));
        plan.changes.push(change.payload(&Payload::Make { name })?);
    }
    for name in there.iter().filter(|name| !is_internal(name) && prune.takes(&[name])) {
        let payload = Payload::Remove { name: name.clone(), with_data: prune.with_data(&[name]) };
        let change = Change::remove(id("data_stream", [name]));
        plan.changes.push(change.touch(touch::destroy(CAPABILITY, "data_stream", [name])).payload(&payload)?);
    }
    Ok(())
}

fn ensure(_: &Context, connection: &Connection<OpenSearch>, changes: &[Change]) -> Outcomes {
    let call = |change: &Change| match change.read_payload()? {
        Payload::Make { name } => opensearch::CreateDataStream { name }.call().map(Some),
        Payload::Remove { name, with_data } => {
            opensearch::DeleteDataStream { name, with_data: with_data.then_some(true) }.call().map(Some)
        }
    };
    perform(connection, changes.iter().map(call).collect())
}
