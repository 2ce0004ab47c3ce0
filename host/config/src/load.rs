//! From a directory to a [`Stack`].

use std::collections::{BTreeMap, BTreeSet};

use hyhost_table::Touch;

use crate::body::Bodies;
use crate::connections::{self, Read};
use crate::fields::Reader;
use crate::graph::Edges;
use crate::heads::Head;
use crate::interpolate::Environment;
use crate::merge::Document;
use crate::report::Report;
use crate::secrets::Secrets;
use crate::source::Spot;
use crate::targets::Shared;
use crate::{
    Manifest, Mistakes, Options, PluginRule, Rule, Stack, Target, choose, directory, graph, heads, merge, settings,
    targets,
};

/// The documents of a directory, read and put together. What they say about
/// plugins is known before any plugin is loaded.
pub struct Documents {
    report: Report,
    document: Document,
    digest: String,
    rules: BTreeMap<String, PluginRule>,
}

impl Documents {
    /// Reads the documents of a directory.
    ///
    /// # Errors
    /// The mistakes that keep them from being understood at all.
    pub fn read(options: &Options) -> Result<Self, Mistakes> {
        let mut report = Report::default();
        let Some(documents) = directory::read(&options.directory, &mut report) else {
            return Err(report.into_mistakes());
        };
        let document = merge::merge(documents.roots, &mut report);
        // Names that seem to be missing may stand in the part that is not YAML.
        if !documents.whole {
            return Err(report.into_mistakes());
        }
        let env = Environment::new(&options.environment);
        let rules = settings::plugins(
            &document.plugins,
            &mut Reader { report: &mut report, env: &env, lenient: false, quiet: false },
        );
        Ok(Self { report, document, digest: documents.digest, rules })
    }

    /// What they say about plugins, by manifest name.
    pub fn rules(&self) -> &BTreeMap<String, PluginRule> {
        &self.rules
    }

    /// Checks all of it against the manifests of the plugins at hand.
    ///
    /// Names and schemas are checked for every target, secrets are read for
    /// the chosen ones only. No server is dialled.
    ///
    /// # Errors
    /// All mistakes that were found, in the order of their places.
    pub fn check(self, options: &Options, manifests: &[Manifest]) -> Result<Stack, Mistakes> {
        let Self { mut report, document, digest, rules } = self;
        let env = Environment::new(&options.environment);
        settings::note_unused(&document.plugins, manifests, &mut report);
        let secrets = Secrets::declare(&document.secrets, options, &env, &mut report);
        let mut stack = read(options, manifests, &document, &env, &secrets, &mut report);
        if report.mistakes() > 0 {
            return Err(report.into_mistakes());
        }
        stack.digest = digest;
        stack.plugins = rules;
        stack.notes = report.take_notes();
        Ok(stack)
    }
}

/// [`Documents::read`] and [`Documents::check`].
///
/// # Errors
/// Theirs.
pub fn load(options: &Options, manifests: &[Manifest]) -> Result<Stack, Mistakes> {
    Documents::read(options)?.check(options, manifests)
}

fn read(
    options: &Options,
    manifests: &[Manifest],
    document: &Document,
    env: &Environment<'_>,
    secrets: &Secrets<'_>,
    report: &mut Report,
) -> Stack {
    if document.targets.is_empty() && report.mistakes() == 0 {
        let problem = format!("no target in {}", directory::shown(&options.directory));
        report
            .mistake_anywhere(Rule::NoTarget, problem)
            .help("a run without a target would do nothing: write one under `targets:`");
    }
    let mut reader = Reader { report, env, lenient: false, quiet: false };
    let chosen = choose::choose(&document.targets, options, &mut reader);
    let audit = settings::audit(document.audit.as_ref(), &mut reader);
    let mut heads = Vec::new();
    for entry in &document.targets {
        reader.lenient = !chosen.contains(&entry.key);
        heads.extend(heads::read(entry, document, manifests, &chosen, &mut reader));
    }
    let report = reader.report;
    let edges: Edges<'_> = heads.iter().map(|head| (head.name, head.after.clone())).collect();
    graph::check(&edges, report);

    let slots = || heads.iter().flat_map(|head| head.slots.iter().map(move |slot| (head.chosen, slot)));
    let needed: BTreeSet<String> =
        slots().filter(|(chosen, _)| *chosen).map(|(_, slot)| slot.connection.clone()).collect();
    let connections = connections::read(&document.connections, &needed, options, env, secrets, report);
    // Where a plugin is not at hand, what its target uses is not known.
    if heads.len() == document.targets.len() && heads.iter().all(|head| head.manifest.is_some()) {
        let used = slots().map(|(_, slot)| slot.connection.clone()).collect();
        connections::note_unused(&connections, &used, report);
    }
    let mut shared = Shared {
        env,
        secrets,
        connections: &connections,
        chosen: &chosen,
        bodies: Bodies::new(&options.directory),
        validators: BTreeMap::new(),
        declared: Default::default(),
        mentioned: BTreeMap::new(),
        unresolved: Vec::new(),
        written: Vec::new(),
    };
    let targets: Vec<Target> = heads.iter().filter_map(|head| targets::check(head, &mut shared, report)).collect();
    prune_is_safe(&heads, &shared.unresolved, report);
    targets::exact_alone(&shared.written, report);
    // A run that leaves a target out unsaid would end well with nothing done.
    if report.mistakes() == 0 {
        for head in heads.iter().filter(|head| head.chosen && !targets.iter().any(|target| target.name == head.name)) {
            report
                .mistake(Rule::NoTarget, head.spot, format!("the target `{}` could not be read", head.name))
                .help("this is a fault of hyhost: please report it with the document");
        }
    }
    let mentioned = by_server(shared.mentioned, &connections);
    let connections = connections
        .into_values()
        .filter(|read| needed.contains(&read.entry.key))
        .filter_map(|read| Some((read.entry.key.clone(), read.connection?)))
        .collect();
    Stack {
        directory: options.directory.clone(),
        digest: String::new(),
        targets,
        connections,
        mentioned,
        plugins: BTreeMap::new(),
        audit,
        notes: Vec::new(),
    }
}

/// What no document mentions is only known where all that they mention is.
fn prune_is_safe(heads: &[Head<'_>], unresolved: &[Spot], report: &mut Report) {
    let unread = heads.iter().find(|head| head.manifest.is_none()).map(|head| head.plugin_spot);
    let Some(spot) = unresolved.first().copied().or(unread) else { return };
    for entry in heads.iter().filter(|head| head.chosen).filter_map(|head| head.prune) {
        let problem = "nothing can be pruned while it is not known which names the documents mention";
        report
            .mistake(Rule::PruneUnsure, entry.key_spot, problem)
            .help("set the variable, or load the plugin, at the other place; or leave `prune` out here")
            .other(spot);
    }
}

/// What is mentioned on one connection is mentioned on all that lead to the
/// same server.
fn by_server(
    mentioned: BTreeMap<String, BTreeSet<Touch>>,
    connections: &BTreeMap<String, Read<'_>>,
) -> BTreeMap<String, Vec<Touch>> {
    let server = |name: &str| connections.get(name).and_then(|read| read.connection.as_ref()).map(|c| c.endpoint());
    let mut all: BTreeMap<String, Vec<Touch>> = BTreeMap::new();
    for name in connections.keys() {
        let own = server(name);
        let same = |other: &&String| *other == name || (own.is_some() && server(other) == own);
        let touches: BTreeSet<Touch> =
            mentioned.keys().filter(same).flat_map(|other| mentioned[other].iter().cloned()).collect();
        if !touches.is_empty() {
            all.insert(name.clone(), touches.into_iter().collect());
        }
    }
    all
}
