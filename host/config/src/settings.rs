//! `plugins:` and `audit:`.

use std::collections::BTreeMap;

use crate::duration::memory;
use crate::fields::Reader;
use crate::report::Report;
use crate::yaml::{Entry, Kind};
use crate::{AuditRule, Manifest, PluginRule, Rule, suggest};

/// The least memory in which a component can do anything, in bytes.
const LEAST_MEMORY: u64 = 1 << 20;

/// What the document says about plugins.
pub(crate) fn plugins(entries: &[Entry], reader: &mut Reader<'_>) -> BTreeMap<String, PluginRule> {
    let mut rules = BTreeMap::new();
    for entry in entries {
        let what = format!("plugins.{}", entry.key);
        let Some(fields) = reader.fields(&entry.value, &what, &["digest", "limits"]) else { continue };
        let digest = fields.get("digest").and_then(|entry| {
            let text = reader.text(&entry.value, &format!("{what}.digest"))?;
            let right = text.strip_prefix("sha256:").is_some_and(|hex| {
                hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
            });
            if !right {
                reader
                    .report
                    .mistake(Rule::WrongForm, entry.value.spot, format!("`{what}.digest` is not a digest"))
                    .help("`sha256:` and 64 hexadecimal digits in lower case, as `hyhost inspect` shows it");
            }
            right.then_some(text)
        });
        let memory = fields.get("limits").and_then(|entry| limits(entry, &format!("{what}.limits"), reader));
        let place = reader.report.sources.place(entry.key_spot);
        rules.insert(entry.key.clone(), PluginRule { digest, memory, place });
    }
    rules
}

/// Notes the rules that are about no loaded plugin.
pub(crate) fn note_unused(entries: &[Entry], manifests: &[Manifest], report: &mut Report) {
    for entry in entries.iter().filter(|entry| !manifests.iter().any(|manifest| manifest.name == entry.key)) {
        report.note(Some(entry.key_spot), format!("no plugin `{}` is loaded: this rule is about none", entry.key));
    }
}

fn limits(entry: &Entry, what: &str, reader: &mut Reader<'_>) -> Option<u64> {
    let fields = reader.fields(&entry.value, what, &["memory"])?;
    let entry = fields.get("memory")?;
    let what = format!("{what}.memory");
    let text = reader.text(&entry.value, &what)?;
    let bytes = memory(&text);
    match bytes {
        Some(bytes) if bytes >= LEAST_MEMORY => return Some(bytes),
        Some(_) => reader
            .report
            .mistake(Rule::OutOfBounds, entry.value.spot, format!("`{what}` is too small"))
            .help("at least 1Mi"),
        None => reader
            .report
            .mistake(Rule::WrongForm, entry.value.spot, format!("`{what}` is not a size of memory"))
            .help("a whole number and `Ki`, `Mi` or `Gi`, such as `64Mi`"),
    };
    None
}

/// Where the audit goes.
pub(crate) fn audit(entry: Option<&Entry>, reader: &mut Reader<'_>) -> AuditRule {
    let Some(entry) = entry else { return AuditRule::default() };
    let Some(fields) = reader.fields(&entry.value, "audit", &["loki", "key"]) else { return AuditRule::default() };
    if let Some(key) = fields.get("key") {
        crate::merge::hide(&key.value, reader.report);
        reader
            .report
            .mistake(Rule::NotYet, key.key_spot, "`audit.key`, a keyed chain, is not yet here")
            .help("leave it out");
    }
    let Some(loki) = fields.get("loki") else { return AuditRule::default() };
    let Some(fields) = reader.fields(&loki.value, "audit.loki", &["url", "required"]) else {
        return AuditRule::default();
    };
    if let Some(required) = fields.get("required") {
        required_is(required, reader);
    }
    let url = fields.get("url").filter(|url| !matches!(&url.value.kind, Kind::Scalar(_)) || !url.value.is_null());
    let Some(text) = url.and_then(|url| reader.filled(&url.value, "audit.loki.url").map(|text| (url, text))) else {
        return AuditRule::default();
    };
    if !text.1.text.is_empty() {
        reader
            .report
            .mistake(Rule::NotYet, text.0.value.spot, "`audit.loki.url`: delivery to Loki is not yet here")
            .help("leave it empty: the audit is written to stdout");
    }
    AuditRule::default()
}

fn required_is(entry: &Entry, reader: &mut Reader<'_>) {
    const WORDS: [&str; 3] = ["start", "end", "never"];
    let Some(text) = reader.text(&entry.value, "audit.loki.required") else { return };
    if !WORDS.contains(&text.as_str()) {
        let problem = format!("`audit.loki.required` cannot be `{}`", crate::fields::written(&entry.value));
        reader.report.mistake(Rule::WrongValue, entry.value.spot, problem).help_if(suggest::known(&text, WORDS));
    }
}
