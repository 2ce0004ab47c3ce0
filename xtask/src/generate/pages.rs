//! `docs/plugins/<name>.md`: the reference of a plugin, from what it says of
//! itself and its example.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::conditions::conditions;
use super::fields::{Field, fields, inline};
use crate::run::cargo;

/// Where the pages are.
pub const PLACE: &str = "docs/plugins";

/// What a plugin says of itself.
#[derive(Debug, Deserialize)]
struct Manifest {
    name: String,
    summary: String,
    capabilities: Vec<Wish>,
    schema: Value,
}

#[derive(Debug, Deserialize)]
struct Wish {
    slot: String,
    capability: String,
    reason: String,
}

/// The pages of all plugins of the workspace, by their path below the root.
/// The plugins are run natively: no component is needed.
///
/// # Errors
/// They do not compile, one is missing in `plugins/manifests`, or has no
/// example.
pub fn generate(root: &Path) -> Result<Vec<(String, String)>> {
    let manifests = manifests()?;
    for name in crate::plugins::names(&root.join("plugins"))? {
        if !manifests.iter().any(|manifest| manifest.name == name) {
            bail!("plugins/manifests does not know the plugin {name}: add it to its Cargo.toml and src/main.rs");
        }
    }
    let page = |manifest: &Manifest| {
        let example = root.join("plugins").join(&manifest.name).join("example/stack.yaml");
        let text = fs::read_to_string(&example)
            .with_context(|| format!("the plugin {} has no example at {}", manifest.name, example.display()))?;
        Ok((format!("{PLACE}/{}.md", manifest.name), page(manifest, &text)))
    };
    manifests.iter().map(page).collect()
}

fn manifests() -> Result<Vec<Manifest>> {
    let mut run: Command = cargo("plugins", &["run", "--quiet", "--locked", "--package", "hyhost-manifests"]);
    let output = run.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the plugins do not say what they are: their words stand above");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn page(manifest: &Manifest, example: &str) -> String {
    let name = &manifest.name;
    let mut text = format!(
        "# {name}\n\n\
         <!-- Written by `cargo xtask generate` from what the plugin says of itself, and plugins/{name}/example. -->\n\n\
         {}\n\n",
        manifest.summary
    );
    // Writing to a String cannot fail.
    for Wish { slot, capability, reason } in &manifest.capabilities {
        let slot = if slot == capability { String::new() } else { format!(" (slot `{slot}`)") };
        let _ = writeln!(text, "- It needs a connection `{capability}`{slot}, {reason}.");
    }
    text.push_str(HOW);
    let _ = write!(text, "\n## Example\n\n```yaml\n{example}```\n");
    let none = serde_json::Map::new();
    for (field, schema) in manifest.schema["properties"].as_object().unwrap_or(&none) {
        section(&manifest.schema, field, schema, &mut text);
    }
    text
}

const HOW: &str = "
Below is each field of a target's `desired`. A field that is left out is not managed: it is never reset and is no
difference, unless *Left out* says otherwise. *Marks* says what the host derives from a field: which objects the
document declares or refers to, which is what `grant: desired` grants, where a secret may go, and what needs a grant of
its own.
";

/// One field of `desired`, with all that may stand in it.
fn section(root: &Value, name: &str, schema: &Value, text: &mut String) {
    let mut all = fields(root, name, schema);
    let own = all.remove(0);
    let _ = write!(text, "\n## {name}\n\n{}\n\n{}.\n", own.words, capital(&own.kind));
    for mark in &own.marks {
        let _ = writeln!(text, "\n{}.", capital(mark));
    }
    if all.is_empty() {
        return;
    }
    text.push_str("\n| Field | Type | Left out | What it is | Marks |\n|---|---|---|---|---|\n");
    let within = [format!("{name}[]."), format!("{name}."), format!("{name}[]")];
    for Field { path, kind, absent, words, marks } in &all {
        let path = within.iter().find_map(|before| path.strip_prefix(before.as_str())).unwrap_or(path);
        let cells = [format!("`{path}`"), kind.clone(), absent.clone(), words.clone(), marks.join("; ")];
        let cells: Vec<String> = cells.iter().map(|cell| inline(cell)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    let conditions = conditions(root, schema);
    if !conditions.is_empty() {
        text.push('\n');
    }
    for condition in conditions {
        let _ = writeln!(text, "- {condition}");
    }
}

fn capital(text: &str) -> String {
    let mut signs = text.chars();
    signs.next().map(|first| first.to_uppercase().chain(signs).collect()).unwrap_or_default()
}
