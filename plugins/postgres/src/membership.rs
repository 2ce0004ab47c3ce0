//! Memberships of a role in others, and what it may do by them. One may have
//! been granted several times, by different roles; together they count.

use std::collections::BTreeMap;

use hyhost_sdk::sql::{self, MemberOf};
use hyhost_sdk::{Diff, Error};
use serde_json::{Value, json};

use crate::desired::{Membership, Role};
use crate::steps::Steps;

/// The part of the schema of a role.
pub(crate) fn schema() -> Value {
    let name =
        json!({ "type": "string", "minLength": 1, "maxLength": 63, "x-hyhost": { "name": "sql.role", "verb": "use" } });
    json!({
        "description": "Roles that it is a member of. Others stay and are shown as extra.",
        "type": "array",
        "items": { "oneOf": [
            name,
            { "type": "object",
              "properties": {
                "role": { "description": "The role that it is a member of.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "admin": { "description": "Whether it may make others members of it.", "type": "boolean",
                    "x-hyhost": { "attribute": "sql.role.admin" } },
                "inherit": { "description": "Whether it has the role's privileges by itself. From PostgreSQL 16 on.", "type": "boolean" },
                "set": { "description": "Whether it may SET ROLE to it. From PostgreSQL 16 on.", "type": "boolean" },
              },
              "required": ["role"],
              "additionalProperties": false },
        ] },
    })
}

/// From here on a membership has an inherit and a set option of its own.
pub(crate) const WITH_OPTIONS: i64 = 160_000;

/// Why a membership with such options is refused.
pub(crate) fn too_old(other: &str, version: i64) -> String {
    let version = version / 10_000;
    format!(
        "`inherit` and `set` of its membership in `{other}` are known from PostgreSQL 16 on, and the server is {version}"
    )
}

/// What a change of memberships has to do with.
#[derive(Debug, Default)]
pub(crate) struct Memberships {
    /// The roles in which they are.
    pub(crate) others: Vec<String>,
    /// Whether it may do less by one that the document speaks of.
    pub(crate) loses: bool,
    /// Whether one goes of which the document does not speak.
    pub(crate) goes: bool,
    /// What it has beyond the document, in words.
    pub(crate) beyond: Vec<String>,
}

/// What a member may do by what it was granted: all grants together.
#[derive(Debug, Clone, Copy, Default)]
struct Held {
    admin: bool,
    inherit: Option<bool>,
    set: Option<bool>,
}

/// By role.
fn held(are: &[MemberOf]) -> BTreeMap<&str, Held> {
    let mut held: BTreeMap<&str, Held> = BTreeMap::new();
    let any = |a: Option<bool>, b: Option<bool>| match (a, b) {
        (Some(a), Some(b)) => Some(a || b),
        (a, b) => a.or(b),
    };
    for one in are {
        let all = held.entry(&one.role).or_default();
        all.admin |= one.admin;
        all.inherit = any(all.inherit, one.inherit);
        all.set = any(all.set, one.set);
    }
    held
}

/// Whether the server's version matters to it.
pub(crate) fn is_particular(membership: &Membership) -> bool {
    let (_, _, inherit, set) = membership.parts();
    inherit.is_some() || set.is_some()
}

/// Adds what is missing, or is granted with other options; `exact`: takes away
/// what the document does not say.
pub(crate) fn compare(
    role: &Role,
    are: &[MemberOf],
    exact: bool,
    diff: &mut Diff,
    steps: &mut Steps,
) -> Result<Memberships, Error> {
    let (rows, are) = (are, held(are));
    let mut found = Memberships::default();
    let mut will_be: BTreeMap<&str, Held> = are.clone();
    for membership in &role.member_of {
        let (other, admin, inherit, set) = membership.parts();
        let is = are.get(other).copied();
        // What nobody said of a new one is on.
        let differs = |shall: Option<bool>, is: Option<bool>| shall.is_some_and(|shall| is.unwrap_or(true) != shall);
        let of = |option: fn(Held) -> Option<bool>| is.and_then(option);
        let (other_inherit, other_set) = (differs(inherit, of(|is| is.inherit)), differs(set, of(|is| is.set)));
        if is.is_some_and(|is| is.admin || !admin) && !other_inherit && !other_set {
            continue;
        }
        found.loses |= is.is_some() && ((other_inherit && inherit == Some(false)) || (other_set && set == Some(false)));
        let had = is.unwrap_or_default();
        let shall = Held { admin: admin || had.admin, inherit: inherit.or(had.inherit), set: set.or(had.set) };
        let (of, member) = (other.to_owned(), role.name.clone());
        if other_inherit || other_set {
            steps.then(&sql::GrantMembershipWith { role: of, member, admin: shall.admin, inherit, set })?;
        } else {
            steps.then(&sql::GrantMembership { role: of, member, admin })?;
        }
        will_be.insert(other, shall);
        found.others.push(other.to_owned());
    }
    found.beyond = beyond(role, &are);
    for row in rows.iter().filter(|_| exact) {
        let said = role.member_of.iter().find(|membership| membership.role() == row.role);
        let admin_only = match said.map(Membership::parts) {
            None => false,
            Some((_, false, ..)) if row.admin => true,
            Some(_) => continue,
        };
        // Older servers do not tell one grantor's grant from another's.
        let grantor = row.grantor.clone().filter(|_| row.inherit.is_some());
        let (of, member) = (row.role.clone(), role.name.clone());
        steps.then(&sql::RevokeMembership { role: of, member, admin_only, grantor })?;
        match will_be.get_mut(row.role.as_str()) {
            Some(held) if admin_only => held.admin = false,
            _ => {
                will_be.remove(row.role.as_str());
            }
        }
        (found.goes, found.beyond) = (true, Vec::new());
    }
    if !found.others.is_empty() || found.goes {
        diff.add("member_of", shown(&are), shown(&will_be));
    }
    Ok(found)
}

/// Each in words, with the options that are not usual.
fn shown(held: &BTreeMap<&str, Held>) -> Value {
    let words = |(role, held): (&&str, &Held)| {
        let mut words = (*role).to_owned();
        for (on, word) in [
            (held.admin, " with admin option"),
            (held.inherit == Some(false), " without inherit"),
            (held.set == Some(false), " without set"),
        ] {
            words.push_str(if on { word } else { "" });
        }
        words
    };
    json!(held.iter().map(words).collect::<Vec<_>>())
}

/// Memberships, and admin options, that the document does not speak of.
fn beyond(role: &Role, are: &BTreeMap<&str, Held>) -> Vec<String> {
    let said: BTreeMap<&str, bool> = role.member_of.iter().map(|m| (m.role(), m.parts().1)).collect();
    let beyond = |(other, held): (&&str, &Held)| match said.get(other) {
        None => Some(format!("is a member of `{other}`")),
        Some(false) if held.admin => Some(format!("may make others members of `{other}`")),
        Some(_) => None,
    };
    are.iter().filter_map(beyond).collect()
}
