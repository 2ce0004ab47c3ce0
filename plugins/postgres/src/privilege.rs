//! Privileges on objects: the words of each sort, who holds what, and the
//! fewest operations that give what is missing.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::Diff;
use hyhost_sdk::sql::Privilege;
use serde_json::json;

use crate::desired::PUBLIC;

/// From this version on there is MAINTAIN.
pub(crate) const WITH_MAINTAIN: i64 = 170_000;
/// A privilege of newer servers alone.
pub(crate) const MAINTAIN: &str = "maintain";
/// All that the sort of object has.
pub(crate) const ALL: &str = "all";

pub(crate) const OF_DATABASE: &[&str] = &["create", "connect", "temporary"];
pub(crate) const OF_SCHEMA: &[&str] = &["create", "usage"];
pub(crate) const OF_TABLE: &[&str] =
    &["select", "insert", "update", "delete", "truncate", "references", "trigger", MAINTAIN];
pub(crate) const OF_SEQUENCE: &[&str] = &["usage", "select", "update"];
pub(crate) const OF_FUNCTION: &[&str] = &["execute"];
pub(crate) const OF_TYPE: &[&str] = &["usage"];

/// A privilege of somebody on something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Holds {
    /// The server's own doing.
    pub(crate) builtin: bool,
    /// It may be granted on.
    pub(crate) grantable: bool,
    /// Somebody other than the owner granted it: nobody else can take it back.
    pub(crate) foreign: bool,
}

/// The privileges on one object, by grantee and word.
pub(crate) type Held = BTreeMap<String, BTreeMap<String, Holds>>;

/// One privilege granted several times counts as one.
pub(crate) fn held(privileges: Vec<Privilege>) -> Held {
    let mut held = Held::new();
    for privilege in privileges {
        let word = privilege.privilege.to_ascii_lowercase();
        let (grantable, foreign) = (privilege.grantable == Some(true), privilege.grantor.is_some());
        add(&mut held, privilege.grantee, word, Holds { builtin: privilege.builtin, grantable, foreign });
    }
    held
}

pub(crate) fn add(held: &mut Held, grantee: String, word: String, one: Holds) {
    let words = held.entry(grantee).or_default();
    let all = words.entry(word).or_insert(one);
    all.builtin &= one.builtin;
    all.grantable |= one.grantable;
    all.foreign &= one.foreign;
}

/// Privileges on one object by grantee and word, and whether they may be
/// granted on.
pub(crate) type Wanted = BTreeMap<String, BTreeMap<String, bool>>;

/// The words of a document for a sort of object.
pub(crate) fn words(written: &[String], all: &[&str], version: i64) -> Vec<String> {
    let known = |word: &&&str| **word != MAINTAIN || version >= WITH_MAINTAIN;
    match written.iter().any(|word| word == ALL) {
        true => all.iter().filter(known).map(ToString::to_string).collect(),
        false => written.to_vec(),
    }
}

/// What of the wanted is not held.
pub(crate) fn missing(wanted: &BTreeMap<String, bool>, is: Option<&BTreeMap<String, Holds>>) -> BTreeMap<String, bool> {
    let lacks = |(word, option): &(&String, &bool)| {
        let holds = is.and_then(|is| is.get(*word));
        holds.is_none_or(|holds| **option && !holds.grantable)
    };
    wanted.iter().filter(lacks).map(|(word, option)| (word.clone(), *option)).collect()
}

/// A statement: these privileges, with or without the option to grant them on
/// (or, taken away, that option alone), for these roles.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) privileges: Vec<String>,
    pub(crate) option: bool,
    pub(crate) roles: Vec<String>,
}

/// The fewest statements for what each role lacks: roles that lack the same
/// share one. A thousand roles on one object are one new version of its row,
/// not a thousand.
pub(crate) fn statements(by_role: &Wanted) -> Vec<Statement> {
    let mut alike: BTreeMap<(Vec<String>, bool), Vec<String>> = BTreeMap::new();
    for (role, words) in by_role {
        for option in [false, true] {
            let of = words.iter().filter(|(_, with)| **with == option);
            let privileges: Vec<String> = of.map(|(word, _)| word.to_ascii_uppercase()).collect();
            if !privileges.is_empty() {
                alike.entry((privileges, option)).or_default().push(role.clone());
            }
        }
    }
    alike.into_iter().map(|((privileges, option), roles)| Statement { privileges, option, roles }).collect()
}

/// What goes, by grantee: each word, and whether it is only the option to
/// grant it on.
pub(crate) type Revoked = BTreeMap<String, BTreeMap<String, bool>>;

/// What roles hold and will hold, and whether none of them holds anything yet.
pub(crate) fn diff(held: Option<&Held>, missing: &Wanted, revoked: &Revoked) -> (Diff, bool) {
    let (mut diff, mut is_new) = (Diff::default(), true);
    let roles: BTreeSet<&String> = missing.keys().chain(revoked.keys()).collect();
    for role in roles {
        let is = plain(held.and_then(|held| held.get(role)));
        is_new &= is.is_empty();
        let mut will_be = is.clone();
        will_be.extend(missing.get(role).into_iter().flatten().map(|(word, option)| (word.clone(), *option)));
        for (word, option_alone) in revoked.get(role).into_iter().flatten() {
            if *option_alone {
                will_be.insert(word.clone(), false);
            } else {
                will_be.remove(word);
            }
        }
        diff.add(role, json!(shown(&is)), json!(shown(&will_be)));
    }
    (diff, is_new)
}

/// What a role holds, as a plan shows it.
fn shown(words: &BTreeMap<String, bool>) -> Vec<String> {
    words
        .iter()
        .map(|(word, option)| if *option { format!("{word} with grant option") } else { word.clone() })
        .collect()
}

/// The same of what is held.
fn plain(is: Option<&BTreeMap<String, Holds>>) -> BTreeMap<String, bool> {
    is.into_iter().flatten().map(|(word, holds)| (word.clone(), holds.grantable)).collect()
}

/// What is held beyond the wanted, where the server does not give it by itself.
#[derive(Debug, Default)]
pub(crate) struct Beyond {
    /// What its owner granted, so that it can be taken away.
    pub(crate) ours: Revoked,
    /// What others granted, who alone can take it away.
    pub(crate) foreign: Revoked,
}

/// Compares. What everybody has by the server's own doing counts only where
/// `exact` and the document says itself what everybody shall have.
pub(crate) fn beyond(held: &Held, wanted: Option<&Wanted>, exact: bool) -> Beyond {
    let mut beyond = Beyond::default();
    for (grantee, words) in held {
        let said = wanted.and_then(|wanted| wanted.get(grantee));
        let builtin_counts = exact && grantee == PUBLIC && said.is_some();
        for (word, holds) in words.iter().filter(|(_, holds)| builtin_counts || !holds.builtin) {
            let option_alone = match said.and_then(|said| said.get(word)) {
                None => false,
                Some(false) if holds.grantable => true,
                Some(_) => continue,
            };
            let side = if holds.foreign { &mut beyond.foreign } else { &mut beyond.ours };
            side.entry(grantee.clone()).or_default().insert(word.clone(), option_alone);
        }
    }
    beyond
}

/// Remarks on what is beyond, each with the grantee and the privileges in
/// words. `exact`: what can be taken away is a change, and no remark.
pub(crate) fn remarks(beyond: &Beyond, exact: bool) -> Vec<String> {
    let listed = |words: &BTreeMap<String, bool>| {
        let words = words.iter().map(|(word, option_alone)| match option_alone {
            true => format!("the grant option of {word}"),
            false => word.clone(),
        });
        words.collect::<Vec<_>>().join(", ")
    };
    let ours = beyond.ours.iter().filter(|_| !exact);
    let ours =
        ours.map(|(grantee, words)| format!("`{grantee}` has {}, which the document does not say", listed(words)));
    let foreign = beyond.foreign.iter().map(|(grantee, words)| {
        let words = listed(words);
        format!("`{grantee}` has {words}, which the document does not say; not the owner granted it, and who did has to take it away")
    });
    ours.chain(foreign).collect()
}

/// Why a privilege is refused.
pub(crate) fn too_old(version: i64) -> String {
    format!("`{MAINTAIN}` is known from PostgreSQL 17 on, and the server is {}", version / 10_000)
}

/// The names of a document's list, without `*`.
pub(crate) fn plain_names(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).filter(|name| *name != "*").collect()
}
