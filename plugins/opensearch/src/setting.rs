//! Persistent settings of the cluster.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Kind, Operation};
use serde_json::{Value, json};

use crate::normal::text;
use crate::shape::{self, Shape, There};

/// Persistent settings of the cluster: only those that are named.
pub(crate) const KIND: Kind<OpenSearch> = Kind {
    name: "cluster_setting",
    field: "cluster_settings",
    schema,
    plan: |context, seen, plan| shape::plan(&SHAPE, context, seen, plan),
    ensure: |_, connection, changes| shape::ensure(&SHAPE, connection, changes),
};

const SHAPE: Shape = Shape {
    kind: "cluster_setting",
    field: "cluster_settings",
    read: |seen, names| {
        let there = seen.read(&opensearch::ReadClusterSettings { names })?;
        let of = |setting: opensearch::ClusterSetting| There {
            name: setting.name,
            body: json!({ "value": setting.value }),
            version: None,
        };
        Ok(there.map(|all| all.into_iter().map(of).collect()))
    },
    body: |object| json!({ "value": object.get("value") }),
    // A list is written with commas, and read back as a list.
    normal: |body| {
        let value = match &body["value"] {
            Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
            one => text(one),
        };
        *body = json!({ "value": value });
    },
    put: |name, body, _| {
        let value = body.get("value").map(text).unwrap_or_default();
        opensearch::PutClusterSetting { name, value }.call()
    },
    delete: |name| opensearch::ResetClusterSetting { name }.call(),
    refers: |_| Vec::new(),
    requires: |_| Vec::new(),
    loses: |_, _| false,
    needed_by: None,
};

fn schema() -> Value {
    json!({
        "description": "Persistent settings of the cluster. Those that are not named stay as they are.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "value"],
            "additionalProperties": false,
            "properties": {
                "name": { "description": "The setting's whole name.", "type": "string",
                    "pattern": "^[A-Za-z0-9_-]+([.][A-Za-z0-9_-]+)+$",
                    "x-hyhost": { "name": "opensearch.cluster_setting" } },
                "value": { "description": "Its value; a list is written with commas.",
                    "type": ["string", "number", "boolean"] },
            },
        },
    })
}
