//! A slip of the keyboard beside a password: whatever comes of it, the
//! password is shown nowhere, and nothing panics.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use hyhost_config::load;

#[test]
fn a_missing_sign_shows_no_password() {
    let manifests = common::manifests();
    let mut loads = 0;
    for name in ["password-in-place-of-a-name", "password-in-an-address", "password-under-secrets"] {
        let case = common::root().join("wrong").join(name);
        let text = std::fs::read_to_string(case.join("stack.yaml")).unwrap();
        let directory = tempfile::tempdir().unwrap();
        for (at, sign) in text.char_indices().filter(|(_, c)| !c.is_alphanumeric()) {
            let mut slip = text.clone();
            slip.remove(at);
            std::fs::write(directory.path().join("stack.yaml"), &slip).unwrap();
            let mut options = common::options(&case);
            options.directory = directory.path().to_owned();
            let shown = match load(&options, &manifests) {
                Ok(stack) => format!("{stack:?}"),
                Err(mistakes) => format!("{mistakes}{mistakes:?}"),
            };
            let line = text[..at].lines().count();
            assert!(!shown.contains(common::SECRET), "{name}: without {sign:?} in line {line}:\n{shown}");
            loads += 1;
        }
    }
    assert!(loads > 300, "{loads}");
}

#[test]
fn a_torn_document_panics_nowhere() {
    let manifests = common::manifests();
    for case in [common::cases("right"), common::cases("wrong")].concat() {
        let Ok(bytes) = std::fs::read(case.join("stack.yaml")) else { continue };
        let directory = tempfile::tempdir().unwrap();
        let mut options = common::options(&case);
        options.directory = directory.path().to_owned();
        for end in (0..bytes.len()).step_by(37) {
            std::fs::write(directory.path().join("stack.yaml"), &bytes[..end]).unwrap();
            if let Err(mistakes) = load(&options, &manifests) {
                assert!(!mistakes.0.is_empty(), "{}: up to {end}", case.display());
            }
        }
    }
}
