//! `cargo xtask generate`: what is written from the contract and the tables.
//!
//! The results are checked in, so that a plugin author needs no generator and
//! a reviewer sees what a new row changes. `--check` compares them.

mod bindings;
mod conditions;
mod fields;
mod operations;
mod pages;
mod reference;
mod types;
mod words;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{fs, io::Write};

use anyhow::{Context, Result, bail};

/// Writes the generated files, or with `check` compares them.
///
/// # Errors
/// `check`: a file differs. Otherwise: the contract cannot be read, a row has
/// a shape that no Rust type fits, `rustfmt` is missing.
pub fn run(check: bool) -> Result<()> {
    let root = root();
    write_or_compare(&root, files(&root)?, Vec::new(), check)?;
    // The plugins are built on what was just written.
    let pages = pages::generate(&root)?;
    let strays = strays(&root, &pages)?;
    write_or_compare(&root, pages, strays, check)
}

/// `stale`: files that are known to be wrong.
fn write_or_compare(root: &Path, files: Vec<(String, String)>, mut stale: Vec<String>, check: bool) -> Result<()> {
    for (path, text) in files {
        let path = root.join(path);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if check {
            stale.push(path.strip_prefix(root).unwrap_or(&path).display().to_string());
        } else {
            if let Some(directory) = path.parent() {
                fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
            }
            fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
            eprintln!("wrote {}", path.display());
        }
    }
    if !stale.is_empty() {
        bail!(
            "not what wit/, host/table and the plugins say: {}\nRun `cargo xtask generate` and commit the result.",
            stale.join(", ")
        );
    }
    Ok(())
}

/// The type that stands for each capability in the SDK.
const CAPABILITIES: [(&str, &str); 4] =
    [("sql", "Sql"), ("s3", "S3"), ("kafka", "Kafka"), ("opensearch", "OpenSearch")];

/// Every generated file, by its path below the root.
fn files(root: &Path) -> Result<Vec<(String, String)>> {
    let tables: Vec<_> = hyhost_table::capabilities().filter_map(hyhost_table::shipped).collect();
    let mut files = vec![
        ("plugins/sdk/src/bindings.rs".to_owned(), rustfmt(&bindings::generate(&root.join("wit"))?)?),
        ("docs/operations.md".to_owned(), reference::generate(&tables)),
    ];
    for table in tables {
        let capability = &table.capability;
        let known = CAPABILITIES.iter().find(|(name, _)| name == capability);
        let (_, name) = known.with_context(|| format!("xtask has no type name for the capability `{capability}`"))?;
        let path = format!("plugins/sdk/src/generated/{capability}.rs");
        files.push((path, rustfmt(&operations::generate(table, name)?)?));
    }
    Ok(files)
}

/// Pages of plugins that are no more.
fn strays(root: &Path, pages: &[(String, String)]) -> Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(root.join(pages::PLACE)) else { return Ok(Vec::new()) };
    let mut strays = Vec::new();
    for entry in entries {
        let path = format!("{}/{}", pages::PLACE, entry?.file_name().to_string_lossy());
        if !pages.iter().any(|(page, _)| *page == path) {
            strays.push(path);
        }
    }
    Ok(strays)
}

/// The checkout: the one that cargo runs us for, also where several of them
/// share a target folder.
pub(crate) fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map(Path::to_owned).unwrap_or_default()
}

fn rustfmt(text: &str) -> Result<String> {
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run rustfmt: `rustup component add rustfmt`")?;
    // The text is in rustfmt's hands before it answers: it reads all first.
    child.stdin.take().context("rustfmt has no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refused generated text, which is a fault of xtask");
    }
    Ok(String::from_utf8(output.stdout)?)
}
