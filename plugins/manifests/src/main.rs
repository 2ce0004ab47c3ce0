//! Prints what the plugins of this workspace say of themselves, as one JSON
//! array. Run natively by `cargo xtask generate`, which makes docs/plugins of
//! it: so the pages need no component.

use hyhost_sdk::native::Exports;
use serde_json::{Value, json};

const PLUGINS: &[Exports] = &[
    hyhost_plugin_kafka::PLUGIN,
    hyhost_plugin_minio::PLUGIN,
    hyhost_plugin_opensearch::PLUGIN,
    hyhost_plugin_postgres::PLUGIN,
];

fn main() -> Result<(), serde_json::Error> {
    let manifests = PLUGINS.iter().map(manifest).collect::<Result<Vec<Value>, _>>()?;
    println!("{}", Value::Array(manifests));
    Ok(())
}

fn manifest(plugin: &Exports) -> Result<Value, serde_json::Error> {
    let manifest = (plugin.manifest)();
    let schema: Value = serde_json::from_str(&manifest.schema)?;
    let wishes = manifest
        .capabilities
        .iter()
        .map(|wish| json!({ "slot": wish.slot, "capability": wish.capability, "reason": wish.reason }));
    Ok(json!({
        "name": manifest.name,
        "summary": manifest.summary,
        "capabilities": wishes.collect::<Vec<_>>(),
        "schema": schema,
    }))
}
