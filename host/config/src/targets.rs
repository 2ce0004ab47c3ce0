//! Targets: each head with its desired state, checked, and what it touches.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use hyhost_table::{Pattern, Touch, Verb};
use jsonschema::Validator;

use crate::body::{Bodies, path_problem};
use crate::connections::Read;
use crate::desired::Resolver;
use crate::duplicates::Declared;
use crate::fields::Reader;
use crate::heads::Head;
use crate::interpolate::Environment;
use crate::item::Item;
use crate::objects::{Found, find};
use crate::report::Report;
use crate::schema::Schema;
use crate::secrets::Secrets;
use crate::source::Spot;
use crate::yaml::{Kind, Node};
use crate::{Grant, Manifest, PruneRule, Rule, Secret, Target, grants, graph, prune, schema_check, violations};

/// What all targets share.
pub(crate) struct Shared<'a> {
    pub env: &'a Environment<'a>,
    pub secrets: &'a Secrets<'a>,
    pub connections: &'a BTreeMap<String, Read<'a>>,
    pub chosen: &'a BTreeSet<String>,
    pub bodies: Bodies,
    /// By manifest name; `None`: the schema cannot be used, which was said.
    pub validators: BTreeMap<&'a str, Option<Validator>>,
    pub declared: Declared,
    /// By connection.
    pub mentioned: BTreeMap<String, BTreeSet<Touch>>,
    /// Names that are not known, because a variable is not set.
    pub unresolved: Vec<Spot>,
    /// What targets write, each with its target and server.
    pub written: Vec<Written>,
}

/// A name that a target writes.
pub(crate) struct Written {
    pub target: String,
    /// Whether the target says `exact`.
    pub exact: bool,
    /// The server.
    pub server: String,
    pub touch: Touch,
    pub pattern: Pattern,
    pub spot: Spot,
}

/// Checks one target. `None`: it is not chosen, or something is wrong.
pub(crate) fn check<'a>(head: &Head<'a>, shared: &mut Shared<'a>, report: &mut Report) -> Option<Target> {
    capabilities(head, shared, report);
    let manifest = head.manifest?;
    let Some(entry) = head.desired else {
        let problem = format!("`targets.{}` has no `desired`", head.name);
        report.mistake(Rule::MissingField, head.spot, problem).help("say what is desired: `desired: { … }`");
        return None;
    };
    let schema = Schema { root: &manifest.schema };
    compile(manifest, head, shared, report)?;
    let desired = {
        let reader = Reader { report, env: shared.env, lenient: !head.chosen, quiet: false };
        Resolver { reader, schema, secrets: shared.secrets, bodies: &mut shared.bodies }.resolve(&entry.value)
    };
    let value = desired.value();
    if let Some(Some(validator)) = shared.validators.get(manifest.name.as_str()) {
        violations::check(validator, schema, &desired, &value, report);
    }
    let found = find(schema, &desired);
    words(head, &found, report);
    objects(head, &found, shared, report);
    let directories = directories(head, &found, shared, report);
    let (secrets, vault) = secrets(head, &found, shared, report);
    let prune = {
        let mut reader = Reader { report, env: shared.env, lenient: !head.chosen, quiet: false };
        prune::rules(head, shared.connections, &mut reader)
    };
    let grant = grant(head, manifest, &found, &prune, shared, report);
    finish(head, &desired, value, grant?, prune, directories, secrets, vault, shared, report)
}

#[allow(clippy::too_many_arguments, reason = "the parts of one target, put together once")]
fn finish(
    head: &Head<'_>,
    desired: &Item,
    value: serde_json::Value,
    grant: Grant,
    prune: Vec<PruneRule>,
    directories: BTreeMap<String, PathBuf>,
    secrets: BTreeSet<(String, String)>,
    vault: BTreeMap<String, Secret>,
    shared: &Shared<'_>,
    report: &mut Report,
) -> Option<Target> {
    if !head.chosen || !head.connected || desired.has_unresolved() {
        return None;
    }
    Some(Target {
        name: head.name.to_owned(),
        plugin: head.manifest?.name.clone(),
        slots: head.slots.clone(),
        after: graph::among(head.name, &head.after, shared.chosen, report),
        desired: value,
        grant,
        secrets,
        vault,
        prune,
        exact: head.exact,
        directories,
        timeout: head.timeout,
        ready_timeout: head.ready_timeout,
        place: report.sources.place(head.spot)?,
    })
}

fn capabilities(head: &Head<'_>, shared: &Shared<'_>, report: &mut Report) {
    for (slot, spot) in head.slots.iter().zip(&head.slot_spots) {
        let Some(read) = shared.connections.get(&slot.connection) else { continue };
        let Some(capability) = read.capability else { continue };
        if capability != slot.capability {
            let problem = format!(
                "`{}` is a connection of the kind {capability}, and the plugin wants {}",
                slot.connection, slot.capability
            );
            let fitting: Vec<&str> = shared
                .connections
                .iter()
                .filter(|(_, read)| read.capability == Some(slot.capability.as_str()))
                .map(|(name, _)| name.as_str())
                .collect();
            let help = match fitting.is_empty() {
                true => format!("declare one: `connections: {{ NAME: {{ {}: {{ … }} }} }}`", slot.capability),
                false => format!("of this kind: {}", crate::suggest::list(&fitting)),
            };
            report.mistake(Rule::WrongCapability, *spot, problem).help(help).other(read.entry.key_spot);
        }
    }
}

/// Compiles the plugin's schema once. `None`: it cannot be used.
fn compile<'a>(manifest: &'a Manifest, head: &Head<'_>, shared: &mut Shared<'a>, report: &mut Report) -> Option<()> {
    let compiled =
        shared.validators.entry(&manifest.name).or_insert_with(|| match schema_check::compile(&manifest.schema) {
            Ok(validator) => Some(validator),
            Err(problem) => {
                let problem = format!(
                    "the schema in the plugin `{}` {} cannot be used: {problem}",
                    manifest.name, manifest.version
                );
                report
                    .mistake(Rule::PluginSchema, head.plugin_spot, problem)
                    .help("this is the plugin's fault: take another version of it, or tell its authors");
                None
            }
        });
    compiled.as_ref().map(|_| ())
}

/// A target that says `exact` would take away what another target gives on
/// the same object, and each run of one would undo the other.
pub(crate) fn exact_alone(written: &[Written], report: &mut Report) {
    for own in written.iter().filter(|own| own.exact) {
        let meets = |other: &&Written| {
            other.target != own.target
                && other.server == own.server
                && (&other.touch.capability, &other.touch.kind) == (&own.touch.capability, &own.touch.kind)
                && (own.pattern == other.pattern
                    || own.pattern.matches(&other.touch.name)
                    || other.pattern.matches(&own.touch.name))
        };
        let Some(other) = written.iter().find(meets) else { continue };
        let problem = format!(
            "the target `{}` is `exact`, and `{}` changes the {} `{}` as well: each would take away what the other gives",
            own.target, other.target, own.touch.kind, own.touch.name
        );
        report
            .mistake(Rule::ExactShared, own.spot, problem)
            .help("put both into one target, or leave `exact` out")
            .other(other.spot);
    }
}

/// What the plugin says about fields that are there.
fn words(head: &Head<'_>, found: &Found, report: &mut Report) {
    for (spot, text) in &found.notes {
        report.note(Some(*spot), format!("target `{}`: {text}", head.name));
    }
    for (spot, path, reason) in &found.refusals {
        let problem = format!("`{path}` cannot be provisioned");
        report.mistake(Rule::Refused, *spot, problem).help(reason);
    }
}

/// Notes names for `mentioned`, and finds objects declared twice.
fn objects(head: &Head<'_>, found: &Found, shared: &mut Shared<'_>, report: &mut Report) {
    shared.unresolved.extend(&found.unresolved);
    for spot in &found.unresolved {
        let note =
            "this name holds a variable that is not set, so it is not counted among the names that documents mention";
        if !head.chosen {
            report.note(Some(*spot), note);
        }
    }
    for named in &found.names {
        for slot in head.slots.iter().filter(|slot| slot.capability == named.touch.capability) {
            let connection = shared.connections.get(&slot.connection).and_then(|read| read.connection.as_ref());
            let server =
                connection.map_or_else(|| format!("of `{}`", slot.connection), |connection| connection.endpoint());
            if named.touch.verb == Verb::Write {
                shared.written.push(Written {
                    target: head.name.to_owned(),
                    exact: head.exact,
                    server: server.clone(),
                    touch: named.touch.clone(),
                    pattern: named.pattern.clone(),
                    spot: named.spot,
                });
            }
            if named.pattern.has_wildcard() {
                continue;
            }
            shared.mentioned.entry(slot.connection.clone()).or_default().insert(named.touch.clone());
            if !named.declared {
                continue;
            }
            shared.declared.add(&server, &named.touch.kind, &named.touch.name, head.name, named.spot, report);
        }
    }
}

fn directories(
    head: &Head<'_>,
    found: &Found,
    shared: &mut Shared<'_>,
    report: &mut Report,
) -> BTreeMap<String, PathBuf> {
    let mut directories = BTreeMap::new();
    for (path, spot) in &found.directories {
        match shared.bodies.locate(path) {
            Ok(located) if located.is_dir() => {
                directories.insert(path.clone(), located);
            }
            Ok(located) => {
                report
                    .mistake(Rule::MissingFile, *spot, format!("{} is not a directory", located.display()))
                    .help("name the directory that holds the files");
            }
            Err(problem) => path_problem(&problem, path, "directory", *spot, !head.chosen, report),
        }
    }
    directories
}

type Secrecy = (BTreeSet<(String, String)>, BTreeMap<String, Secret>);

fn secrets(head: &Head<'_>, found: &Found, shared: &Shared<'_>, report: &mut Report) -> Secrecy {
    let (mut secrets, mut vault) = Secrecy::default();
    for field in &found.secrets {
        let Some(name) = shared.secrets.named_text(&field.name, field.spot, &field.path, head.chosen, report) else {
            continue;
        };
        if head.chosen
            && let Some(secret) = shared.secrets.read(&name, field.spot, shared.env, report)
        {
            vault.insert(name.clone(), secret);
        }
        secrets.insert((name, field.sink.clone()));
    }
    (secrets, vault)
}

fn grant(
    head: &Head<'_>,
    manifest: &Manifest,
    found: &Found,
    prune: &[PruneRule],
    shared: &Shared<'_>,
    report: &mut Report,
) -> Option<Grant> {
    let Some(entry) = head.grant else {
        let problem = format!("`targets.{}` has no `grant`: nothing is allowed", head.name);
        report
            .mistake(Rule::MissingField, head.spot, problem)
            .help("write `grant: desired` to allow just what `desired` names, or spell it out");
        return None;
    };
    let asked = grants::Asked { found, prune, exact: head.exact, slots: &head.slots };
    let mut reader = Reader { report, env: shared.env, lenient: !head.chosen, quiet: false };
    let is_desired = |node: &Node| matches!(&node.kind, Kind::Scalar(scalar) if scalar.text == "desired");
    let parts: Vec<&Node> = match &entry.value.kind {
        Kind::List(items) if !items.is_empty() => items.iter().collect(),
        _ => vec![&entry.value],
    };
    let kinds = crate::marks::kinds(&manifest.schema);
    let table = |connection: &str| shared.connections.get(connection)?.connection.as_ref()?.table();
    let mut grant = Grant::default();
    let mut whole = true;
    for part in &parts {
        match is_desired(part) {
            true => grant.extend(asked.grant()),
            false => match grants::spelt_out(part, head.name, &head.slots, &kinds, &table, &mut reader) {
                Some(part) => grant.extend(part),
                None => whole = false,
            },
        }
    }
    if !whole {
        return None;
    }
    grants::compare(&grant, &asked, &entry.value, report);
    Some(grant)
}
