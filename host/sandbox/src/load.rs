//! From files to plugins.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use hyhost_config::PluginRule;
use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings;
use crate::compiled::{self, CompiledFile};
use crate::engine::Sandbox;
use crate::guest::Guest;
use crate::state::State;
use crate::{LoadError, Plugin, check, manifest, text};

/// What a component needs to be compiled, by measurement: so many bytes, and
/// so many for each of its own.
const COMPILING: u64 = 20 << 20;
const COMPILING_PER_BYTE: u64 = 30;

/// The first bytes of a WebAssembly file, and what follows in a core module.
const MAGIC: &[u8] = b"\0asm";
const CORE: &[u8] = &[1, 0, 0, 0];
const ELF: &[u8] = b"\x7fELF";

impl Sandbox {
    /// Loads components: reads, hashes and checks each, and asks it what it
    /// is, in a store where no import does anything. Blocks; it may be called
    /// from within a runtime.
    ///
    /// `rules` are the documents' words on plugins, by manifest name.
    /// `compiled` is the operator's directory of compiled code; what is not
    /// there is compiled in memory.
    ///
    /// # Errors
    /// All that is wrong with any of them.
    pub fn load(
        &self,
        paths: &[PathBuf],
        rules: &BTreeMap<String, PluginRule>,
        compiled: Option<&Path>,
    ) -> Result<Vec<Plugin>, Vec<LoadError>> {
        let work = || -> Result<Vec<Plugin>, Vec<LoadError>> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
            let runtime = runtime.map_err(|error| vec![LoadError::Machine(error)])?;
            let mut plugins: Vec<Plugin> = Vec::new();
            let mut errors = Vec::new();
            for path in paths {
                if plugins.iter().any(|plugin| same(&plugin.path, path)) {
                    continue;
                }
                match runtime.block_on(self.load_one(path, rules, compiled)) {
                    Ok(plugin) => plugins.push(plugin),
                    Err(error) => errors.push(error),
                }
            }
            errors.extend(two_of_one_name(&plugins));
            if errors.is_empty() { Ok(plugins) } else { Err(errors) }
        };
        // A runtime cannot be started within another: on a thread of its own.
        thread::scope(|scope| {
            let named = thread::Builder::new().name("hyhost-load".to_owned());
            match named.spawn_scoped(scope, work) {
                Err(error) => Err(vec![LoadError::Machine(error)]),
                Ok(handle) => handle.join().unwrap_or_else(|panic| resume_unwind(panic)),
            }
        })
    }

    /// Writes the compiled code of components into a directory, which is made
    /// if it is not there. What is there already stays.
    ///
    /// # Errors
    /// As [`Sandbox::load`], or a file cannot be written.
    pub fn compile(&self, paths: &[PathBuf], to: &Path) -> Result<Vec<CompiledFile>, Vec<LoadError>> {
        fs::create_dir_all(to).map_err(|error| vec![LoadError::Write { path: to.to_owned(), error }])?;
        let plugins = self.load(paths, &BTreeMap::new(), Some(to))?;
        let one = |plugin: &Plugin| -> Result<CompiledFile, LoadError> {
            let file = compiled::place(to, &self.engine, &plugin.digest);
            let written = !plugin.compiled_from_cache;
            if written {
                let component = plugin.guest.pre.instance_pre().component();
                let unsound = |error| unsound(&plugin.path, &error);
                compiled::write(&file, &component.serialize().map_err(unsound)?)?;
            }
            let bytes = fs::metadata(&file).map_err(|error| LoadError::Read { path: file.clone(), error })?.len();
            let name = plugin.manifest.name.clone();
            Ok(CompiledFile { plugin: name, path: plugin.path.clone(), file, bytes, written })
        };
        plugins.iter().map(one).collect::<Result<_, _>>().map_err(|error| vec![error])
    }

    async fn load_one(
        &self,
        path: &Path,
        rules: &BTreeMap<String, PluginRule>,
        compiled: Option<&Path>,
    ) -> Result<Plugin, LoadError> {
        let path = path.to_owned();
        let bytes = read(&path, self.limits.component)?;
        let digest = compiled::sha256(&bytes);
        let cached = match compiled {
            None => None,
            Some(directory) => compiled::read(&self.engine, &compiled::place(directory, &self.engine, &digest))?,
        };
        let compiled_from_cache = cached.is_some();
        let component = match cached {
            Some(component) => component,
            None => self.compile_in_memory(&path, &bytes)?,
        };
        drop(bytes);
        let imports = check::imports(&component, &self.engine).map_err(|(import, remedy)| LoadError::Import {
            path: path.clone(),
            import,
            remedy,
        })?;
        check::exports(&component, &self.engine).map_err(|export| LoadError::Export { path: path.clone(), export })?;
        let pre = linker(&self.engine, imports.wasi)
            .and_then(|linker| linker.instantiate_pre(&component))
            .and_then(bindings::PluginPre::new)
            .map_err(|error| LoadError::Contract { path: path.clone(), problem: words(&error) })?;
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let mut guest = Guest { sandbox: self.clone(), pre, name, memory: self.limits.memory };
        let described =
            guest.describe().await.map_err(|trouble| LoadError::Describe { path: path.clone(), trouble })?;
        let manifest =
            manifest::manifest(described).map_err(|problem| LoadError::Manifest { path: path.clone(), problem })?;
        guest.name.clone_from(&manifest.name);
        if let Some(rule) = rules.get(&manifest.name) {
            guest.memory = self.ruled(&path, &manifest.name, &digest, rule)?;
        }
        Ok(Plugin { guest, manifest, digest, path, imports: imports.names, compiled_from_cache })
    }

    /// What the documents say of a plugin: its memory, if its digest is right.
    fn ruled(&self, path: &Path, plugin: &str, digest: &str, rule: &PluginRule) -> Result<u64, LoadError> {
        if let Some(pinned) = &rule.digest
            && !pinned.trim().eq_ignore_ascii_case(digest)
        {
            return Err(LoadError::Pin {
                path: path.to_owned(),
                plugin: plugin.to_owned(),
                pinned: pinned.clone(),
                found: digest.to_owned(),
                place: rule.place.clone().map(Box::new),
            });
        }
        let total = self.limits.total_memory;
        match rule.memory {
            None => Ok(self.limits.memory),
            Some(asked) if asked > total => Err(LoadError::MemoryRule {
                path: path.to_owned(),
                plugin: plugin.to_owned(),
                asked,
                total,
                place: rule.place.clone().map(Box::new),
            }),
            Some(asked) => Ok(asked),
        }
    }

    fn compile_in_memory(&self, path: &Path, bytes: &[u8]) -> Result<Component, LoadError> {
        let needed = COMPILING + COMPILING_PER_BYTE * bytes.len() as u64;
        if let Some(left) = self.compile_memory().filter(|left| *left < needed) {
            return Err(LoadError::TooLittleMemory { path: path.to_owned(), needed, left });
        }
        Component::from_binary(&self.engine, bytes).map_err(|error| unsound(path, &error))
    }
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, LoadError> {
    let unreadable = |error| LoadError::Read { path: path.to_owned(), error };
    let file = File::open(path).map_err(unreadable)?;
    // Room for all of it at once: growing step by step would copy it again and
    // again. What the file says of its size is only a guess.
    let guess = file.metadata().map_err(unreadable)?.len().min(limit) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(guess).unwrap_or_default());
    file.take(limit + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let not = |found, remedy| Err(LoadError::NotAComponent { path: path.to_owned(), found, remedy });
    if bytes.starts_with(ELF) || Engine::detect_precompiled(&bytes).is_some() {
        return not("compiled code", "it is never loaded from among the plugins: name its directory by `--compiled`");
    }
    match bytes.strip_prefix(MAGIC) {
        None => return not("some other file", "give hyhost the `.wasm` that the plugin's build made"),
        Some(rest) if rest.starts_with(CORE) => {
            return not(
                "a core module",
                "make a component of it: `wasm-tools component new`, or `cargo xtask plugins`",
            );
        }
        Some(_) => {}
    }
    if bytes.len() as u64 > limit {
        return Err(LoadError::TooLarge { path: path.to_owned(), limit });
    }
    Ok(bytes)
}

/// The imports: the contract's, and WASI only for a component that has it.
fn linker(engine: &Engine, wasi: bool) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    bindings::Plugin::add_to_linker::<State, HasSelf<State>>(&mut linker, |state| state)?;
    if wasi {
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    }
    Ok(linker)
}

fn two_of_one_name(plugins: &[Plugin]) -> Vec<LoadError> {
    let mut known: BTreeMap<&str, &Plugin> = BTreeMap::new();
    let mut errors = Vec::new();
    for plugin in plugins {
        match known.get(plugin.manifest.name.as_str()) {
            None => drop(known.insert(&plugin.manifest.name, plugin)),
            Some(first) => errors.push(LoadError::TwoOfOneName {
                plugin: plugin.manifest.name.clone(),
                first: first.path.clone(),
                second: plugin.path.clone(),
            }),
        }
    }
    errors
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

fn unsound(path: &Path, error: &wasmtime::Error) -> LoadError {
    LoadError::Unsound { path: path.to_owned(), problem: words(error) }
}

/// The engine's words: they may quote names that the component chose.
fn words(error: &wasmtime::Error) -> String {
    text::line(&format!("{error:#}"), 512)
}
