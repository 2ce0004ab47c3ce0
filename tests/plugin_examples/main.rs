//! The examples that stand in docs/plugins are right, and whole.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends")]

use std::path::{Path, PathBuf};
use std::process::Command;

use hyhost_tests::{Said, binary, plugin, root};

/// The directories `plugins/<name>/example`, by name.
fn examples() -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(root().join("plugins")).unwrap();
    let examples = entries.map(|entry| entry.unwrap()).map(|entry| (entry.file_name(), entry.path().join("example")));
    examples
        .filter(|(_, example)| example.is_dir())
        .map(|(name, example)| (name.into_string().unwrap(), example))
        .collect()
}

fn hyhost(command: &str, plugin: &Path) -> Command {
    let mut hyhost = Command::new(binary());
    hyhost.args([command, "--json"]).arg(plugin).env_clear();
    hyhost
}

#[test]
fn each_example_is_valid() {
    let examples = examples();
    assert!(examples.len() >= 2, "{examples:?}");
    for (name, example) in examples {
        let text = std::fs::read_to_string(example.join("stack.yaml")).unwrap();
        let mut validate = hyhost("validate", &plugin(&name));
        validate.arg("--config").arg(&example);
        // Each secret is a variable, so that nobody needs a file for it.
        for (_, rest) in text.match_indices("env: ").map(|(at, found)| text.split_at(at + found.len())) {
            let variable = rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap();
            validate.env(variable, "not-a-real-one");
        }
        let said = Said::of(validate.output().unwrap()).ended(0);
        assert_eq!(said.events[0]["event"], "valid", "{}", said.stdout);
    }
}

#[test]
fn each_example_shows_every_kind_of_object() {
    for (name, example) in examples() {
        let text = std::fs::read_to_string(example.join("stack.yaml")).unwrap();
        let said = Said::of(hyhost("inspect", &plugin(&name)).output().unwrap()).ended(0);
        let fields = said.events[0]["schema"]["properties"].as_object().unwrap();
        assert!(!fields.is_empty());
        let possible = fields.iter().filter(|(_, schema)| schema["x-hyhost"]["refuse"].is_null());
        for (field, _) in possible {
            let shown = text.lines().any(|line| line.trim_start().starts_with(&format!("{field}:")));
            assert!(shown, "plugins/{name}/example/stack.yaml does not show `{field}`");
        }
    }
}
