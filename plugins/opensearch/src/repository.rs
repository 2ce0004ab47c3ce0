//! Snapshot repositories.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Kind, Operation};
use serde_json::{Value, json};

use crate::shape::{self, Shape, There};
use crate::template::name_schema;

/// Snapshot repositories.
pub(crate) const KIND: Kind<OpenSearch> = Kind {
    name: "snapshot_repository",
    field: "snapshot_repositories",
    schema,
    plan: |context, seen, plan| shape::plan(&SHAPE, context, seen, plan),
    ensure: |_, connection, changes| shape::ensure(&SHAPE, connection, changes),
};

const SHAPE: Shape = Shape {
    kind: "snapshot_repository",
    field: "snapshot_repositories",
    read: |seen, names| {
        let there = seen.read(&opensearch::ReadSnapshotRepositories { names })?;
        Ok(there.map(|all| all.into_iter().map(There::from).collect()))
    },
    body: |object| json!({ "type": object.get("type"), "settings": object.get("settings").unwrap_or(&json!({})) }),
    normal: |body| {
        // Not of the repository, but of the cluster it was first seen by.
        if let Value::Object(members) = body {
            members.remove("uuid");
        }
    },
    put: |name, body, _| opensearch::PutSnapshotRepository { name, body }.call(),
    delete: |name| opensearch::DeleteSnapshotRepository { name }.call(),
    refers: |_| Vec::new(),
    requires: |_| Vec::new(),
    loses: |_, _| false,
    needed_by: None,
};

fn schema() -> Value {
    json!({
        "description": "Snapshot repositories. To remove one forgets it; its snapshots stay where they are.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "type"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("snapshot_repository", "The repository's name."),
                "type": { "description": "Such as `fs` or `s3`.", "type": "string", "minLength": 1 },
                "settings": { "description": "As the type wants them; no credentials, which belong into the server's \
                    keystore.", "type": "object", "additionalProperties": { "type": ["string", "number", "boolean"] } },
            },
        },
    })
}
