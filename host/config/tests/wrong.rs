//! Documents with mistakes, and what a person reads about them.
//!
//! Each case is a directory of `tests/wrong`; `UPDATE_EXPECT=1` writes the
//! expected texts anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod common;

use hyhost_config::load;

/// What the cases type where the name of a secret belongs.
const TYPED: [&str; 2] = [common::SECRET, "987654321012"];

#[test]
fn documents_that_are_wrong() {
    let manifests = common::manifests();
    let mut failed = Vec::new();
    let cases = common::cases("wrong");
    assert!(cases.len() >= 45, "{} cases", cases.len());
    for case in cases {
        let mistakes = match load(&common::options(&case), &manifests) {
            Ok(_) => panic!("{} is loaded", case.display()),
            Err(mistakes) => mistakes,
        };
        let actual = common::neutral(&mistakes.to_string(), &case);
        for typed in TYPED {
            assert!(!actual.contains(typed), "{}: a secret in\n{actual}", case.display());
            let debug = format!("{mistakes:?}");
            assert!(!debug.contains(typed), "{}: a secret in\n{debug}", case.display());
        }
        for mistake in &mistakes.0 {
            assert!(mistake.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()), "{}: {mistake}", case.display());
        }
        common::compare(&case.join("expected.txt"), &actual, &mut failed);
    }
    common::verdict(&failed);
}
