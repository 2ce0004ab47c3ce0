//! Compiled code in the operator's directory.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use hyhost_sandbox::{CompiledFile, Sandbox};

use crate::world::{guest, limits};

fn compiled(to: &Path) -> (Sandbox, CompiledFile) {
    let sandbox = Sandbox::new(limits()).unwrap();
    let made = sandbox.compile(&[guest("describe_acts")], to).unwrap().remove(0);
    (sandbox, made)
}

fn said(sandbox: &Sandbox, directory: &Path) -> String {
    let loaded = sandbox.load(&[guest("describe_acts")], &BTreeMap::new(), Some(directory));
    loaded.err().map(|errors| errors[0].to_string()).unwrap_or_default()
}

#[test]
fn what_was_compiled_is_not_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    let to = directory.path().join("deep/er");
    let (sandbox, made) = compiled(&to);
    assert!(made.written && made.bytes > 10_000 && made.file.starts_with(&to));
    let files = fs::read_dir(&to).unwrap().count();
    assert_eq!(files, 2, "the code and its checksum, and nothing half done");

    let load = |from: Option<&Path>| {
        sandbox.load(&[guest("describe_acts")], &BTreeMap::new(), from).unwrap().remove(0).compiled_from_cache
    };
    assert!(load(Some(&to)));
    assert!(!load(Some(directory.path())), "a miss is compiled in memory");
    assert!(!load(None));
    assert!(!compiled(&to).1.written);
}

#[test]
fn code_that_is_not_what_was_written_is_not_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let (sandbox, made) = compiled(directory.path());
    let sound = fs::read(&made.file).unwrap();
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    fs::write(&made.file, flipped).unwrap();
    let words = said(&sandbox, directory.path());
    assert!(words.contains("it is damaged") && words.contains(".cwasm"), "{words}");

    fs::write(&made.file, sound).unwrap();
    assert_eq!(said(&sandbox, directory.path()), "");
    fs::remove_file(made.file.with_extension("cwasm.crc32")).unwrap();
    assert!(said(&sandbox, directory.path()).contains("its checksum cannot be read"));
}

#[cfg(unix)]
#[test]
fn a_directory_that_anybody_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let (sandbox, _) = compiled(directory.path());
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(said(&sandbox, directory.path()).contains("can be written by anybody"));
}

#[test]
fn compiled_code_beside_the_plugins_is_never_loaded() {
    let directory = tempfile::tempdir().unwrap();
    let (sandbox, made) = compiled(directory.path());
    let beside = directory.path().join("plugin.wasm");
    fs::rename(&made.file, &beside).unwrap();
    let loaded = sandbox.load(&[beside], &BTreeMap::new(), None);
    assert!(loaded.err().unwrap()[0].to_string().contains("never loaded from among the plugins"));
}
