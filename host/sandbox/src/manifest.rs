//! What a plugin says of itself, checked.

use std::collections::BTreeSet;

use hyhost_config::{Manifest, Wish};
use serde_json::Value;

use crate::bindings::hyhost::provision::types;
use crate::convert::{Wrong, no_extensions};
use crate::text;

/// The most bytes of a schema and the most levels of it.
const SCHEMA: usize = 256 << 10;
const LEVELS: usize = 64;
/// The most bytes of a name, a version, and a line for people.
const NAME: usize = 64;
const LINE: usize = 512;
/// The most slots.
const SLOTS: usize = 16;

/// # Errors
/// The first thing that cannot be right.
pub(crate) fn manifest(found: types::Manifest) -> Result<Manifest, Wrong> {
    no_extensions("the manifest", &found.extensions)?;
    if !is_name(&found.name) {
        let shown = text::line(&found.name, NAME);
        return Err(format!("the name `{shown}` is not made of 1 to {NAME} lower case letters, digits and `-`"));
    }
    if !is_version(&found.version) {
        let shown = text::line(&found.version, NAME);
        return Err(format!("the version `{shown}` is not one such as `1.2.3` or `1.2.3-rc.1` (semver.org)"));
    }
    let schema = schema(&found.schema).map_err(|problem| format!("the schema of `desired`: {problem}"))?;
    if found.capabilities.len() > SLOTS {
        return Err(format!("it asks for more than {SLOTS} capabilities"));
    }
    let mut slots = BTreeSet::new();
    let mut wishes = Vec::new();
    for wish in found.capabilities {
        no_extensions("a capability", &wish.extensions)?;
        if !is_name(&wish.slot) {
            let shown = text::line(&wish.slot, NAME);
            return Err(format!("the slot `{shown}` is not made of 1 to {NAME} lower case letters, digits and `-`"));
        }
        if !slots.insert(wish.slot.clone()) {
            return Err(format!("it has two slots `{}`", wish.slot));
        }
        // Another than the shipped ones may be that of a mounted table: the
        // document's connection says whether it is.
        if !is_name(&wish.capability) {
            let shown = text::line(&wish.capability, NAME);
            return Err(format!(
                "the capability `{shown}` is not made of 1 to {NAME} lower case letters, digits and `-`"
            ));
        }
        let reason = text::line(&wish.reason, LINE);
        wishes.push(Wish { slot: wish.slot, capability: wish.capability, reason });
    }
    let summary = text::line(&found.summary, LINE);
    Ok(Manifest { name: found.name, version: found.version, summary, schema, wishes })
}

fn is_name(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=NAME).contains(&text.len()) && text.chars().all(fits)
}

/// `major.minor.patch`, with `-…` and `+…` as semver.org has them.
fn is_version(text: &str) -> bool {
    let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let words = |part: &str| {
        part.split('.').all(|w| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    let core: Vec<&str> = core.split('.').collect();
    text.len() <= NAME
        && core.len() == 3
        && core.into_iter().all(number)
        && pre.is_none_or(words)
        && build.is_none_or(words)
}

fn schema(found: &str) -> Result<Value, Wrong> {
    if found.len() > SCHEMA {
        return Err(format!("it has {} bytes; {SCHEMA} are allowed", found.len()));
    }
    let schema = text::json(found)?;
    if !schema.is_object() {
        return Err("it is not a JSON object".to_owned());
    }
    let levels = text::depth(&schema);
    if levels > LEVELS {
        return Err(format!("it is {levels} levels deep; {LEVELS} are allowed"));
    }
    local(&schema)?;
    Ok(schema)
}

/// Nothing outside of the schema may be referred to: it would have to be
/// fetched from somewhere.
fn local(schema: &Value) -> Result<(), Wrong> {
    match schema {
        Value::Array(items) => items.iter().try_for_each(local),
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            let refers = matches!(key.as_str(), "$ref" | "$dynamicRef" | "$recursiveRef");
            match value.as_str() {
                Some(to) if refers && !to.starts_with('#') => Err(format!(
                    "`{key}` refers to `{}`; only references that begin with `#` are allowed",
                    text::line(to, 128)
                )),
                _ => local(value),
            }
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> types::Manifest {
        types::Manifest {
            name: "postgres".into(),
            version: "0.1.0".into(),
            summary: "Roles\nand databases".into(),
            schema: r##"{"properties":{"a":{"$ref":"#/$defs/a"}}}"##.into(),
            capabilities: vec![wish("db", "sql")],
            extensions: Vec::new(),
        }
    }

    fn wish(slot: &str, capability: &str) -> types::Wish {
        types::Wish { slot: slot.into(), capability: capability.into(), reason: "why".into(), extensions: Vec::new() }
    }

    #[test]
    fn a_sound_manifest_passes() {
        let manifest = manifest(found()).unwrap();
        assert_eq!(manifest.summary, "Roles\\nand databases");
        assert_eq!(manifest.wishes[0].slot, "db");
    }

    #[test]
    fn versions() {
        for good in ["0.1.0", "1.2.3-rc.1", "1.2.3+build.5", "10.20.30-a-b.1+c"] {
            assert!(is_version(good), "{good}");
        }
        for bad in ["", "1", "1.2", "1.2.3.4", "v1.2.3", "1.2.x", "1.2.3-", "1.2.3+ü", "1.2.3\n"] {
            assert!(!is_version(bad), "{bad}");
        }
    }

    #[test]
    fn what_cannot_be_right_is_named() {
        let deep = format!("{}1{}", "{\"a\":".repeat(64), "}".repeat(64));
        let cases = [
            (types::Manifest { name: "Post gres".into(), ..found() }, "the name `Post gres`"),
            (types::Manifest { name: "a".repeat(65), ..found() }, "the name"),
            (types::Manifest { version: "new".into(), ..found() }, "the version `new`"),
            (types::Manifest { schema: "{".into(), ..found() }, "it ends too early"),
            (types::Manifest { schema: "[]".into(), ..found() }, "not a JSON object"),
            (types::Manifest { schema: deep, ..found() }, "65 levels deep"),
            (types::Manifest { schema: format!("\"{}\"", "a".repeat(SCHEMA)), ..found() }, "bytes"),
            (types::Manifest { schema: r#"{"$ref":"http://a"}"#.into(), ..found() }, "refers to `http://a`"),
            (types::Manifest { capabilities: vec![wish("db", "Moon")], ..found() }, "the capability `Moon`"),
            (types::Manifest { capabilities: vec![wish("a", "sql"), wish("a", "s3")], ..found() }, "two slots `a`"),
            (types::Manifest { extensions: vec![("x".into(), "1".into())], ..found() }, "the extension `x`"),
        ];
        for (found, expected) in cases {
            let problem = manifest(found).unwrap_err();
            assert!(problem.contains(expected), "{problem} / {expected}");
        }
    }
}
