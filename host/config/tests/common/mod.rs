//! What both kinds of golden tests share: the plugins and the environment.

#![allow(dead_code, reason = "each kind of test uses a part of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hyhost_config::{Manifest, Options, Wish};
use serde_json::Value;

/// The manifests of `tests/manifests`.
pub fn manifests() -> Vec<Manifest> {
    ["postgres", "minio", "copy", "broken"].map(manifest).into()
}

fn manifest(name: &str) -> Manifest {
    let path = root().join("manifests").join(format!("{name}.json"));
    let value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let wish = |wish: &Value| Wish {
        slot: text(&wish["slot"]),
        capability: text(&wish["capability"]),
        reason: text(&wish["reason"]),
    };
    Manifest {
        name: text(&value["name"]),
        version: text(&value["version"]),
        summary: text(&value["summary"]),
        schema: value["schema"].clone(),
        wishes: value["capabilities"].as_array().unwrap().iter().map(wish).collect(),
    }
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// The cases of a kind: its directories, sorted.
pub fn cases(kind: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(kind)).unwrap();
    let mut cases: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    cases.sort();
    cases
}

/// The options of a case: its directory is shown as `provisioning`, secrets
/// lie in `secrets` beside the manifests, and `options` in the case adds
/// lines such as `target app-db`, `profile prod` and `env NAME=value`.
pub fn options(case: &Path) -> Options {
    let mut options = Options {
        directory: case.to_owned(),
        environment: environment(),
        secrets_directory: root().join("secrets"),
        read_secrets: true,
        ..Options::default()
    };
    let extra = std::fs::read_to_string(case.join("options")).unwrap_or_default();
    for line in extra.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("target", pattern) => options.targets.push(pattern.to_owned()),
            ("profile", profile) => options.profiles.push(profile.to_owned()),
            ("allow-ip", _) => options.allow_ip = true,
            ("directory", name) => options.directory = case.join(name),
            ("env", pair) => {
                let (name, value) = pair.split_once('=').unwrap();
                options.environment.insert(name.to_owned(), value.replace("CASE", &case.display().to_string()));
            }
            _ => panic!("{}: {line}", case.display()),
        }
    }
    options
}

fn environment() -> BTreeMap<String, String> {
    let pairs = [
        ("APP_DB_PASSWORD", SECRET),
        ("MINIO_ROOT_USER", "minio-admin"),
        ("HY_BUCKET_NAME", "tempo-bucket"),
        ("PORT", "5433"),
        ("EMPTY", ""),
        ("WORD", "plenty"),
        ("YES", "true"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The value of every secret that exists, and of every one that a case types
/// where a name belongs: in no output at all.
pub const SECRET: &str = "hunter2-S3CR3T";

/// The machine's own paths taken out.
pub fn neutral(text: &str, case: &Path) -> String {
    text.replace(&case.display().to_string(), "provisioning")
        .replace(&root().join("secrets").display().to_string(), "/run/secrets")
}

/// Compares with the file, or writes it where `UPDATE_EXPECT` is set.
pub fn compare(path: &Path, actual: &str, failed: &mut Vec<String>) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, actual).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    if expected != actual {
        failed.push(format!("{}\n--- expected\n{expected}\n--- actual\n{actual}", path.display()));
    }
}

pub fn verdict(failed: &[String]) {
    assert!(failed.is_empty(), "{}\nUPDATE_EXPECT=1 writes these files anew", failed.join("\n\n"));
}
