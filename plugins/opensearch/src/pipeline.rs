//! Ingest pipelines.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Kind, Operation};
use serde_json::{Value, json};

use crate::shape::{self, Shape, There};
use crate::template::name_schema;

/// Ingest pipelines.
pub(crate) const KIND: Kind<OpenSearch> = Kind {
    name: "ingest_pipeline",
    field: "ingest_pipelines",
    schema,
    plan: |context, seen, plan| shape::plan(&SHAPE, context, seen, plan),
    ensure: |_, connection, changes| shape::ensure(&SHAPE, connection, changes),
};

const SHAPE: Shape = Shape {
    kind: "ingest_pipeline",
    field: "ingest_pipelines",
    read: |seen, names| {
        let there = seen.read(&opensearch::ReadPipelines { names })?;
        Ok(there.map(|all| all.into_iter().map(There::from).collect()))
    },
    body: |object| object.get("body").cloned().unwrap_or_default(),
    normal: |_| {},
    put: |name, body, _| opensearch::PutPipeline { name, body }.call(),
    delete: |name| opensearch::DeletePipeline { name }.call(),
    refers: |_| Vec::new(),
    requires: |_| Vec::new(),
    loses: |_, _| false,
    needed_by: Some("index_template"),
};

fn schema() -> Value {
    json!({
        "description": "Ingest pipelines. What the body does not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "body"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("ingest_pipeline", "The pipeline's name."),
                "body": {
                    "description": "As the API takes it: `description`, `processors`, `on_failure`, `version`.",
                    "type": "object",
                    "required": ["processors"],
                    "properties": {
                        "processors": { "description": "Steps, in order.", "type": "array",
                            "items": { "type": "object" } },
                    },
                },
            },
        },
    })
}
