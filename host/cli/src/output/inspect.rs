//! What `inspect` prints.

use std::fmt::Write;

use hyhost_sandbox::Plugin;

use super::style::{self, paint};
use crate::args::Common;

/// Prints what a plugin is and what it can do.
pub(crate) fn print(common: &Common, plugin: &Plugin) -> anyhow::Result<()> {
    let manifest = plugin.manifest();
    if !super::is_human(common) {
        super::json(&serde_json::json!({
            "name": manifest.name,
            "version": manifest.version,
            "summary": manifest.summary,
            "digest": plugin.digest(),
            "path": plugin.path(),
            "imports": plugin.imports(),
            "capabilities": manifest.wishes.iter().map(|wish| serde_json::json!({
                "slot": wish.slot, "capability": wish.capability, "reason": wish.reason,
            })).collect::<Vec<_>>(),
            "schema": manifest.schema,
        }))?;
        return Ok(());
    }
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{} {}: {}", paint(style::BOLD, &manifest.name), manifest.version, manifest.summary);
    let _ = writeln!(text, "  file     {}", plugin.path().display());
    let _ = writeln!(text, "  digest   {}", plugin.digest());
    let _ = writeln!(text, "  imports  {}", plugin.imports().join(", "));
    for wish in &manifest.wishes {
        let _ = writeln!(text, "  wants    {} (slot `{}`): {}", wish.capability, wish.slot, wish.reason);
    }
    let kinds = manifest.schema.get("properties").and_then(serde_json::Value::as_object);
    for (name, schema) in kinds.into_iter().flatten() {
        let words = schema.get("description").and_then(serde_json::Value::as_str).unwrap_or_default();
        let _ = writeln!(text, "  desired  {name}: {words}");
    }
    super::line(text.trim_end())?;
    Ok(())
}
