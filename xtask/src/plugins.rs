//! `cargo xtask plugins`: builds the guests and makes components of them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::WorldItem;

use crate::generate::root;

const TARGET: &str = "wasm32-unknown-unknown";
/// For the one guest of the tests that needs WASI.
const WASI_TARGET: &str = "wasm32-wasip2";
/// A guest's crate is called so, followed by the plugin's name.
const PREFIX: &str = "hyhost-plugin-";
/// All that a plugin of ours may import.
const CONTRACT: &str = "hyhost:provision/";

/// What would change the guests' bytes, or where they are put, if it came
/// from the caller's environment.
const DISTURBING: [&str; 8] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET",
    "CARGO_BUILD_TARGET_DIR",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// Builds every plugin of the workspace `plugins/` and writes
/// `plugins/<name>.wasm` where it changed; then the guests of the tests.
///
/// # Errors
/// The wasm target is missing and rustup with it, a guest does not compile,
/// or it imports more than the contract.
pub fn run() -> Result<()> {
    let directory = root().join("plugins");
    ensure_target(TARGET)?;
    let names = names(&directory)?;
    // The manifests are printed natively.
    let which = ["--workspace", "--exclude", "hyhost-manifests", "--target-dir", "target"];
    build(&directory, TARGET, &which)?;
    for name in names {
        let file = format!("{}{}.wasm", PREFIX, name).replace('-', "_");
        let core = directory.join("target").join(TARGET).join("release").join(file);
        let core = fs::read(&core).with_context(|| format!("{} was not built", core.display()))?;
        let component = componentize(&core).with_context(|| format!("the plugin {name} makes no component"))?;
        let imports = imports(&component).with_context(|| format!("the plugin {name}"))?;
        if let Some(foreign) = imports.iter().find(|import| !import.starts_with(CONTRACT)) {
            bail!("the plugin {name} imports {foreign}: a plugin of this repository imports only {CONTRACT}*");
        }
        let path = directory.join(format!("{name}.wasm"));
        let known = fs::read(&path).is_ok_and(|there| there == component);
        if !known {
            write(&path, &component)?;
        }
        let words: Vec<&str> = imports.iter().map(|i| short(i)).collect();
        let said = if known { "unchanged" } else { "written" };
        eprintln!("plugins/{name}.wasm {said}: {} bytes, imports {}", component.len(), words.join(", "));
    }
    guests()
}

/// Adds a wasm target to the toolchain if its standard library is missing.
fn ensure_target(target: &str) -> Result<()> {
    if has_target(target) {
        return Ok(());
    }
    eprintln!("adding the target {target} by rustup");
    let added = Command::new("rustup").args(["target", "add", target]).current_dir(root()).status();
    if added.is_ok_and(|status| status.success()) && has_target(target) {
        return Ok(());
    }
    bail!(
        "this Rust toolchain has no standard library for {target}, which guests are built for, and \
         `rustup target add {target}` did not work. Install Rust by rustup (https://rustup.rs), or add the target \
         by hand, and run `cargo xtask plugins` again."
    )
}

fn has_target(target: &str) -> bool {
    let mut rustc = Command::new("rustc");
    let Ok(output) = rustc.args(["--print", "target-libdir", "--target", target]).current_dir(root()).output() else {
        return false;
    };
    let path = String::from_utf8_lossy(&output.stdout);
    let Ok(entries) = fs::read_dir(path.trim()) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

/// The plugins' names: the directories of the workspace whose crate is named
/// like a plugin, without the prefix.
pub(crate) fn names(directory: &Path) -> Result<Vec<String>> {
    let mut cargo = Command::new(cargo());
    cargo.args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(directory);
    let output = cargo.output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("plugins/Cargo.toml cannot be read:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let names = packages.filter_map(|package| package["name"].as_str()?.strip_prefix(PREFIX).map(str::to_owned));
    Ok(names.collect())
}

fn build(directory: &Path, target: &str, more: &[&str]) -> Result<()> {
    let mut cargo = Command::new(cargo());
    cargo.current_dir(directory).args(["build", "--release", "--locked", "--target", target]).args(more);
    for name in DISTURBING {
        cargo.env_remove(name);
    }
    // Panic messages hold paths of source files: without this, a component's
    // bytes would depend on where it was built and show that place.
    // The same flags for every guest, so that their dependencies are built once.
    cargo.env("CARGO_ENCODED_RUSTFLAGS", remaps(&root().join("plugins"))?.join("\u{1f}"));
    let status = cargo.status().context("cannot run cargo")?;
    if status.success() {
        return Ok(());
    }
    let stale = is_lock_stale(&directory.join("Cargo.toml"));
    let directory = directory.display();
    if stale {
        bail!(
            "{directory}/Cargo.lock does not fit its Cargo.toml files, as after a new plugin or dependency, and guests \
             are built with --locked: run `cargo update -w` in {directory}, commit Cargo.lock, and try again"
        );
    }
    bail!("the guests in {directory} do not build; what cargo said stands above")
}

/// Whether cargo would have to write the workspace's lock file.
fn is_lock_stale(cargo_toml: &Path) -> bool {
    let metadata = |more: &[&str]| {
        let mut cargo = Command::new(cargo());
        cargo.args(["metadata", "--format-version", "1", "--manifest-path"]).arg(cargo_toml).args(more);
        cargo.output().is_ok_and(|output| output.status.success())
    };
    // Without looking at the lock it can be read: so the lock is what is wrong.
    metadata(&["--no-deps"]) && !metadata(&["--locked"])
}

fn remaps(directory: &Path) -> Result<Vec<String>> {
    let home = home().context("neither CARGO_HOME nor HOME is set")?;
    let mut remaps = Vec::new();
    let sources = home.join("registry/src");
    for entry in fs::read_dir(&sources).into_iter().flatten().flatten() {
        remaps.push(format!("--remap-path-prefix={}=crates", entry.path().display()));
    }
    remaps.push(format!("--remap-path-prefix={}=plugins", fs::canonicalize(directory)?.display()));
    Ok(remaps)
}

fn home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")))
}

fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// A component of a core module, whose custom section says which world it is.
fn componentize(core: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(core)?.encode()
}

/// The names of what a component imports: interfaces, and functions outside of
/// one. Types are only words, and the interface that they come from is there
/// as well.
fn imports(component: &[u8]) -> Result<BTreeSet<String>> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("it is not a component");
    };
    let imports = resolve.worlds[world].imports.iter();
    let calls = imports.filter(|(_, item)| !matches!(item, WorldItem::Type { .. }));
    Ok(calls.map(|(key, _)| resolve.name_world_key(key)).collect())
}

/// `sql` of `hyhost:provision/sql@0.2.0`.
fn short(import: &str) -> &str {
    let name = import.strip_prefix(CONTRACT).unwrap_or(import);
    name.split('@').next().unwrap_or(name)
}

/// Writes beside the place and renames, so that who reads sees one or the
/// other.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let beside = path.with_extension(format!("{}.part", std::process::id()));
    fs::write(&beside, bytes).with_context(|| format!("cannot write {}", beside.display()))?;
    fs::rename(&beside, path).with_context(|| format!("cannot write {}", path.display()))
}

/// Builds the guests of the tests, one for each example of `tests/guests`,
/// into `tests/guests/built`. They do what no plugin may, so nothing is asked
/// of their imports.
fn guests() -> Result<()> {
    let directory = root().join("tests/guests");
    let shared = root().join("plugins/target");
    let Some(target_dir) = shared.to_str() else { bail!("the path {} is not UTF-8", shared.display()) };
    ensure_target(WASI_TARGET)?;
    build(&directory, TARGET, &["--examples", "--target-dir", target_dir])?;
    build(&directory, WASI_TARGET, &["--example", "wasi", "--target-dir", target_dir])?;
    let built = directory.join("built");
    fs::create_dir_all(&built).with_context(|| format!("cannot make {}", built.display()))?;
    for entry in fs::read_dir(directory.join("examples")).context("tests/guests/examples cannot be read")? {
        let source = entry?.path();
        let Some(name) = source.file_stem().and_then(|name| name.to_str()) else { continue };
        let target = if name == "wasi" { WASI_TARGET } else { TARGET };
        let made = shared.join(target).join("release/examples").join(format!("{name}.wasm"));
        let made = fs::read(&made).with_context(|| format!("{} was not built", made.display()))?;
        let component = if name == "wasi" { made } else { componentize(&made)? };
        let path = built.join(format!("{name}.wasm"));
        if fs::read(&path).is_ok_and(|there| there == component) {
            continue;
        }
        write(&path, &component)?;
        eprintln!("tests/guests/built/{name}.wasm written: {} bytes", component.len());
    }
    Ok(())
}
