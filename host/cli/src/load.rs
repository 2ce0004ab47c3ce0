//! Plugins and documents from the command line.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use hyhost_config::{Documents, Mistakes, Options, Stack};
use hyhost_sandbox::{Limits, Plugin, Sandbox};

use crate::args::{Plugins, Work};

/// The files that patterns and directories stand for, each once, in order.
/// A folder without components beside one that has some is only said.
pub(crate) fn expand(patterns: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut empty = Vec::new();
    for pattern in patterns {
        let found = if pattern.is_dir() {
            components(pattern)?
        } else if pattern.is_file() {
            vec![pattern.clone()]
        } else {
            matching(pattern)?
        };
        if found.is_empty() {
            empty.push(pattern.display().to_string());
        }
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    if files.is_empty() {
        bail!("no plugin found at `{}`; in a checkout, `cargo xtask plugins` builds them", empty.join("`, `"));
    }
    for pattern in empty {
        crate::output::note(&format!("no plugin found at `{pattern}`"));
    }
    Ok(files)
}

fn components(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let unreadable = || format!("the plugin directory `{}` cannot be read", directory.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).with_context(unreadable)? {
        let path = entry.with_context(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "wasm") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn matching(pattern: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let text = pattern.to_str().with_context(|| format!("`{}` is not UTF-8", pattern.display()))?;
    let paths = glob::glob(text).with_context(|| format!("`{text}` is not a pattern"))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.with_context(|| format!("what `{text}` matches cannot be read"))?;
        if path.is_dir() {
            files.extend(components(&path)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}

/// What `load` found out.
pub(crate) struct Loaded {
    pub(crate) sandbox: Sandbox,
    pub(crate) plugins: Vec<Plugin>,
    pub(crate) stack: Stack,
}

/// Why nothing can begin.
pub(crate) enum Unusable {
    /// The documents are wrong.
    Mistakes(Mistakes),
    /// Something else.
    Error(anyhow::Error),
}

impl From<anyhow::Error> for Unusable {
    fn from(error: anyhow::Error) -> Self {
        Self::Error(error)
    }
}

/// Loads the plugins and checks the documents whole, before anything is
/// touched.
pub(crate) fn work(args: &Work) -> Result<Loaded, Unusable> {
    let files = expand(&args.plugins.plugins)?;
    let options = Options {
        directory: args.config.clone(),
        targets: args.target.clone(),
        profiles: args.profile.clone(),
        allow_ip: args.allow_ip,
        environment: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        secrets_directory: args.secrets.clone(),
        read_secrets: true,
    };
    let documents = Documents::read(&options).map_err(Unusable::Mistakes)?;
    let sandbox = Sandbox::new(Limits::default()).context("the sandbox cannot be set up")?;
    let plugins = plugins(&sandbox, &files, documents.rules(), args.plugins.compiled.as_deref())?;
    let manifests: Vec<_> = plugins.iter().map(|plugin| plugin.manifest().clone()).collect();
    let stack = documents.check(&options, &manifests).map_err(Unusable::Mistakes)?;
    Ok(Loaded { sandbox, plugins, stack })
}

/// Loads components; all that cannot be loaded are said at once.
pub(crate) fn plugins(
    sandbox: &Sandbox,
    files: &[PathBuf],
    rules: &std::collections::BTreeMap<String, hyhost_config::PluginRule>,
    compiled: Option<&Path>,
) -> anyhow::Result<Vec<Plugin>> {
    let plugins = sandbox.load(files, rules, compiled).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", texts.join("\nerror: "))
    })?;
    for plugin in &plugins {
        if compiled.is_some() && !plugin.compiled_from_cache {
            crate::output::note(&format!(
                "plugin `{}` was compiled in memory, for `--compiled` has no code for it",
                plugin.manifest().name
            ));
        }
    }
    Ok(plugins)
}

/// Loads the plugins alone.
pub(crate) fn without_documents(args: &Plugins) -> anyhow::Result<(Sandbox, Vec<Plugin>)> {
    let files = expand(&args.plugins)?;
    let sandbox = Sandbox::new(Limits::default()).context("the sandbox cannot be set up")?;
    let plugins = plugins(&sandbox, &files, &Default::default(), args.compiled.as_deref())?;
    Ok((sandbox, plugins))
}
