//! What is a plugin, and what is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use hyhost_config::{Place, PluginRule};
use hyhost_sandbox::{Limits, LoadError, Sandbox};

use crate::world::{guest, limits, load};

const NOTHING: &[u8] = b"\0asm\x0d\0\x01\0";

fn sandbox() -> Sandbox {
    Sandbox::new(limits()).unwrap()
}

fn errors(paths: &[PathBuf], rules: &BTreeMap<String, PluginRule>) -> Vec<LoadError> {
    sandbox().load(paths, rules, None).err().unwrap_or_default()
}

/// What is said of a file with this content.
fn said(content: impl AsRef<[u8]>) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("some.wasm");
    fs::write(&path, content).unwrap();
    let errors = errors(&[path], &BTreeMap::new());
    assert_eq!(errors.len(), 1);
    let said = errors[0].to_string();
    assert!(said.contains("some.wasm"), "{said}");
    said
}

#[test]
fn other_files_are_refused_by_what_they_are() {
    assert!(said("#!/bin/sh").contains("some other file"));
    assert!(said("").contains("some other file"));
    assert!(said(b"\0asm\x01\0\0\0").contains("a core module, not a WebAssembly component"));
    assert!(said(b"\x7fELF\x02\x01\x01").contains("compiled code, not a WebAssembly component"));
    assert!(said([NOTHING, &[0xff; 8]].concat()).contains("not a sound WebAssembly component"));
    let missing = errors(&["nowhere/a.wasm".into()], &BTreeMap::new())[0].to_string();
    assert!(missing.contains("nowhere/a.wasm: it cannot be read"), "{missing}");
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let small = Sandbox::new(Limits { component: 1 << 10, ..limits() }).unwrap();
    let said = small.load(&[guest("hostile")], &BTreeMap::new(), None).err().unwrap()[0].to_string();
    assert!(said.contains("it has more than"), "{said}");
}

#[test]
fn what_cannot_be_compiled_here_is_refused_with_the_remedy() {
    let tight = Sandbox::new(Limits { compile_memory: Some(10 << 20), ..limits() }).unwrap();
    let said = tight.load(&[guest("hostile")], &BTreeMap::new(), None).err().unwrap()[0].to_string();
    assert!(said.contains("`hyhost compile`") && said.contains("10 MiB are left"), "{said}");
}

#[test]
fn imports_and_exports_are_checked_by_name() {
    let component = |text: &str| wat::parse_str(format!("(component {text})")).unwrap();
    let http = said(component(r#"(import "wasi:http/types@0.2.0" (instance))"#));
    assert!(http.contains("imports `wasi:http/types@0.2.0`") && http.contains("hyhost:provision/* alone"), "{http}");
    let newer = said(component(r#"(import "hyhost:provision/redis@0.2.0" (instance))"#));
    assert!(newer.contains("no such capability"), "{newer}");
    assert!(said(NOTHING).contains("does not export `describe`"));
    let mut exports = String::from(
        "(core module $m (func (export \"f\"))) (core instance $i (instantiate $m))
         (func $f (canon lift (core func $i \"f\")))",
    );
    for name in ["describe", "probe", "plan", "ensure"] {
        exports += &format!("(export \"{name}\" (func $f))");
    }
    let other = said(component(&exports));
    assert!(other.contains("does not fit the contract"), "{other}");
}

#[test]
fn who_cannot_say_what_it_is_is_refused() {
    let cases = [
        ("describe_loops", "was stopped in its call `describe`: it computed for 0.5 s"),
        ("describe_eats", "more than 48 MiB of memory"),
        ("describe_gives_up", "no manifest\\n\\u{1b}[2Jtoday"),
        ("describe_newer", "the manifest has the extension `plans-itself`"),
    ];
    for (name, words) in cases {
        let said = load(limits(), name).err().unwrap();
        assert!(said.contains(words) && said.contains(name), "{said}");
    }
}

#[test]
fn describe_has_no_capability() {
    let plugin = load(limits(), "describe_acts").unwrap();
    assert_eq!(plugin.manifest().summary, r#"Err("denied") Err("denied")"#);
}

#[test]
fn wasi_is_there_with_nothing_in_it() {
    let plugin = load(limits(), "wasi").unwrap();
    let summary = &plugin.manifest().summary;
    assert!(summary.starts_with("environment 0 arguments 0 files false network Some("), "{summary}");
    assert!(plugin.imports().iter().any(|import| import.starts_with("wasi:")));
}

#[test]
fn a_plugin_says_who_it_is() {
    let plugin = load(limits(), "hostile").unwrap();
    assert_eq!(plugin.manifest().name, "hostile");
    assert_eq!(plugin.id().digest, plugin.digest());
    assert!(plugin.digest().starts_with("sha256:") && plugin.digest().len() == 7 + 64);
    assert!(plugin.imports().iter().all(|import| import.starts_with("hyhost:provision/")), "{:?}", plugin.imports());
}

#[test]
fn two_files_of_one_name_are_both_shown() {
    let directory = tempfile::tempdir().unwrap();
    let copy = directory.path().join("copy.wasm");
    fs::copy(guest("describe_acts"), &copy).unwrap();
    let said = errors(&[guest("describe_acts"), copy.clone()], &BTreeMap::new())[0].to_string();
    assert!(said.contains("describe_acts.wasm") && said.contains("copy.wasm"), "{said}");
    // One file that is named twice is one plugin.
    assert_eq!(sandbox().load(&[copy.clone(), copy], &BTreeMap::new(), None).unwrap().len(), 1);
}

#[test]
fn a_pin_and_a_limit_of_the_document_are_kept() {
    let place = Some(Place { file: "stack.yaml".into(), line: 7, column: 3 });
    let rule =
        |digest: Option<&str>, memory| PluginRule { digest: digest.map(str::to_owned), memory, place: place.clone() };
    let with = |rule: PluginRule| BTreeMap::from([("describe-acts".to_owned(), rule)]);
    let paths = [guest("describe_acts")];
    let digest = sandbox().load(&paths, &BTreeMap::new(), None).unwrap()[0].digest().to_owned();
    assert!(sandbox().load(&paths, &with(rule(Some(&digest.to_uppercase()), None)), None).is_ok());

    let other = format!("sha256:{}", "0".repeat(64));
    let said = errors(&paths, &with(rule(Some(&other), None)))[0].to_string();
    assert!(said.contains("stack.yaml:7:3") && said.contains(&other) && said.contains(&digest), "{said}");
    let said = errors(&paths, &with(rule(None, Some(1 << 40))))[0].to_string();
    assert!(said.contains("`plugins.describe-acts.limits.memory`"), "{said}");
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let errors = errors(&["nowhere/a.wasm".into(), "nowhere/b.wasm".into()], &BTreeMap::new());
    assert_eq!(errors.len(), 2);
}

#[tokio::test]
async fn loading_works_within_a_runtime_too() {
    assert!(load(limits(), "hostile").is_ok());
    tokio::time::sleep(Duration::from_millis(1)).await;
}
