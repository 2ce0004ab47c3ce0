//! A guest's plan, looked through before anybody acts on it.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_table::{Change, Name, Plan, Remark, Table, Touch};
use serde_json::Value;

use crate::bindings::hyhost::provision::types;
use crate::convert::{self, Wrong};
use crate::text;

/// The most changes of a plan, the most remarks, the most pages, and the most
/// bytes of all of them. One page is bounded by what a call may hand over.
const CHANGES: usize = 100_000;
const REMARKS: usize = 100_000;
const PAGES: usize = 1_000;
const BYTES: usize = 64 << 20;
/// The most bytes of an id, a lane, a remark's text, and the word that asks
/// for the next page.
const ID: usize = 512;
const TEXT: usize = 1 << 10;
const NEXT: usize = 4 << 10;
/// The most touches and requirements of one change.
const TOUCHES: usize = 10_000;
const REQUIRES: usize = 10_000;
/// The most segments of a name, and the most bytes of one.
const SEGMENTS: usize = 16;
const SEGMENT: usize = 1 << 10;

/// The tables of the capabilities that a plugin has asked for, by name.
pub(crate) type Tables = BTreeMap<String, &'static Table>;

/// The pages of a plan, as far as they have come.
#[derive(Default)]
pub(crate) struct Pages {
    plan: Plan,
    ids: BTreeSet<String>,
    pages: usize,
    bytes: usize,
    asked: BTreeSet<String>,
}

impl Pages {
    /// Adds a page; answers with what asks for the next one.
    ///
    /// # Errors
    /// What makes no sense.
    pub(crate) fn add(&mut self, page: types::Plan, tables: &Tables) -> Result<Option<String>, Wrong> {
        convert::no_extensions("the plan", &page.extensions)?;
        self.pages += 1;
        if self.pages > PAGES {
            return Err(format!("the plan has more than {PAGES} pages"));
        }
        for found in page.changes {
            let change = change(found, tables)?;
            if !self.ids.insert(change.id.clone()) {
                return Err(format!("two changes have the id `{}`", change.id));
            }
            self.bytes += weight(&change);
            self.plan.changes.push(change);
            if self.plan.changes.len() > CHANGES {
                return Err(format!("the plan has more than {CHANGES} changes"));
            }
        }
        for (from, to) in [
            (page.extras, &mut self.plan.extras),
            (page.deferred, &mut self.plan.deferred),
            (page.refused, &mut self.plan.refused),
        ] {
            for remark in from {
                let remark = remark_in(remark)?;
                self.bytes += remark.id.len() + remark.text.len();
                to.push(remark);
                if to.len() > REMARKS {
                    return Err(format!("the plan has more than {REMARKS} remarks of one sort"));
                }
            }
        }
        if self.bytes > BYTES {
            return Err(format!("the plan has more than {} MiB", BYTES >> 20));
        }
        let Some(next) = page.next else { return Ok(None) };
        if next.len() > NEXT {
            return Err(format!("what asks for the next page has more than {NEXT} bytes"));
        }
        if !self.asked.insert(next.clone()) {
            return Err("the plan asks for a page that it has given already".to_owned());
        }
        Ok(Some(next))
    }

    /// The whole plan.
    ///
    /// # Errors
    /// Changes that wait for each other.
    pub(crate) fn whole(self) -> Result<Plan, Wrong> {
        match circle(&self.plan.changes) {
            None => Ok(self.plan),
            Some(id) => Err(format!("the change `{id}` waits, by `requires`, for changes that wait for it")),
        }
    }
}

fn change(found: types::Change, tables: &Tables) -> Result<Change, Wrong> {
    let id = object(found.id, "a change")?;
    let of = |problem: Wrong| format!("change `{id}`: {problem}");
    convert::no_extensions("the change", &found.extensions).map_err(of)?;
    if found.requires.len() > REQUIRES || found.touches.len() > TOUCHES {
        return Err(of(format!("it has more than {TOUCHES} touches or requirements")));
    }
    let requires: Result<Vec<String>, Wrong> =
        found.requires.into_iter().map(|id| object(id, "a requirement")).collect();
    if found.lane.len() > ID || !text::is_plain(&found.lane) {
        return Err(of(format!("its lane is not one line of at most {ID} bytes")));
    }
    let touches: Result<Vec<Touch>, Wrong> = found.touches.into_iter().map(|found| touch(found, tables)).collect();
    let state = |text: Option<String>, which: &str| -> Result<Option<Value>, Wrong> {
        let Some(text) = text else { return Ok(None) };
        match text::json(&text) {
            Ok(value @ Value::Object(_)) => Ok(Some(text::shown(value))),
            Ok(_) => Err(of(format!("`{which}` is not a JSON object"))),
            Err(problem) => Err(of(format!("`{which}` cannot be read: {problem}"))),
        }
    };
    Ok(Change {
        action: convert::action_in(found.action).map_err(of)?,
        requires: requires.map_err(of)?,
        touches: touches.map_err(of)?,
        before: state(found.before, "before")?,
        after: state(found.after, "after")?,
        lane: found.lane,
        payload: found.payload,
        id,
    })
}

/// A touch of something that the capability has and the plugin has asked for.
fn touch(found: types::Touch, tables: &Tables) -> Result<Touch, Wrong> {
    convert::no_extensions("a touch", &found.extensions)?;
    let Some(table) = tables.get(&found.capability) else {
        let shown = text::line(&found.capability, 64);
        return Err(format!("it touches capability `{shown}`, which the plugin's manifest does not ask for"));
    };
    if !table.has_kind(&found.kind) {
        let shown = text::line(&found.kind, 64);
        return Err(format!("it touches the kind `{shown}`, which capability `{}` does not have", found.capability));
    }
    let fits = |segment: &String| !segment.is_empty() && segment.len() <= SEGMENT;
    if found.name.is_empty() || found.name.len() > SEGMENTS || !found.name.iter().all(fits) {
        return Err(format!("it touches a {} whose name is empty or too long", found.kind));
    }
    let verb = convert::verb_in(found.verb)?;
    Ok(Touch { capability: found.capability, verb, kind: found.kind, name: Name(found.name) })
}

fn remark_in(found: types::Remark) -> Result<Remark, Wrong> {
    convert::no_extensions("a remark", &found.extensions)?;
    Ok(Remark { id: object(found.id, "a remark")?, text: text::line(&found.text, TEXT) })
}

/// An id of the form `kind/name`, in one line.
fn object(id: String, of: &str) -> Result<String, Wrong> {
    let form = id.split_once('/').is_some_and(|(kind, name)| !kind.is_empty() && !name.is_empty());
    if form && id.len() <= ID && text::is_plain(&id) {
        return Ok(id);
    }
    Err(format!("the id of {of}, `{}`, is not `kind/name` in one line of at most {ID} bytes", text::line(&id, 128)))
}

fn weight(change: &Change) -> usize {
    let state = |value: &Option<Value>| value.as_ref().map_or(0, |value| value.to_string().len());
    let touches = change.touches.iter().map(|touch| 64 + touch.name.0.iter().map(String::len).sum::<usize>());
    let requires = change.requires.iter().map(|id| 24 + id.len());
    256 + change.payload.len() + state(&change.before) + state(&change.after) + touches.chain(requires).sum::<usize>()
}

/// A change that waits for itself, through whatever others.
fn circle(changes: &[Change]) -> Option<&str> {
    let at: BTreeMap<&str, usize> = changes.iter().enumerate().map(|(i, change)| (change.id.as_str(), i)).collect();
    let mut waits: Vec<usize> = vec![0; changes.len()];
    let mut frees: Vec<Vec<usize>> = vec![Vec::new(); changes.len()];
    for (i, change) in changes.iter().enumerate() {
        for needed in change.requires.iter().filter_map(|id| at.get(id.as_str())) {
            waits[i] += 1;
            frees[*needed].push(i);
        }
    }
    let mut free: Vec<usize> = (0..changes.len()).filter(|i| waits[*i] == 0).collect();
    while let Some(done) = free.pop() {
        for next in &frees[done] {
            waits[*next] -= 1;
            if waits[*next] == 0 {
                free.push(*next);
            }
        }
    }
    waits.iter().position(|waits| *waits > 0).map(|i| changes[i].id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(id: &str) -> types::Change {
        types::Change {
            id: id.to_owned(),
            action: types::Action::Create,
            requires: Vec::new(),
            lane: String::new(),
            touches: vec![types::Touch {
                capability: "sql".to_owned(),
                verb: types::Verb::Write,
                kind: "role".to_owned(),
                name: vec!["a".to_owned()],
                extensions: Vec::new(),
            }],
            before: None,
            after: Some("{}".to_owned()),
            payload: String::new(),
            extensions: Vec::new(),
        }
    }

    fn sql() -> Tables {
        Tables::from([("sql".to_owned(), hyhost_table::shipped("sql").unwrap())])
    }

    fn page(changes: Vec<types::Change>) -> types::Plan {
        let none = Vec::new;
        types::Plan { changes, extras: none(), deferred: none(), refused: none(), next: None, extensions: Vec::new() }
    }

    fn planned(changes: Vec<types::Change>) -> Result<Plan, Wrong> {
        let mut pages = Pages::default();
        pages.add(page(changes), &sql())?;
        pages.whole()
    }

    #[test]
    fn a_sound_plan_passes() {
        let plan = planned(vec![found("role/a"), types::Change { requires: vec!["role/a".into()], ..found("role/b") }]);
        assert_eq!(plan.unwrap().changes.len(), 2);
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let kind = types::Touch { kind: "moon".to_owned(), ..found("a/b").touches[0].clone() };
        let unasked = types::Touch { capability: "s3".to_owned(), ..found("a/b").touches[0].clone() };
        let unnamed = types::Touch { name: vec![String::new()], ..found("a/b").touches[0].clone() };
        let cases = [
            (vec![found("role/a"), found("role/a")], "two changes have the id `role/a`"),
            (vec![found("a")], "the id of a change, `a`, is not"),
            (vec![found("role/a\nrole/b")], "`role/a\\nrole/b`"),
            (vec![types::Change { after: Some("[]".into()), ..found("a/b") }], "`after` is not a JSON object"),
            (vec![types::Change { before: Some("{".into()), ..found("a/b") }], "`before` cannot be read"),
            (vec![types::Change { touches: vec![kind], ..found("a/b") }], "the kind `moon`"),
            (vec![types::Change { touches: vec![unasked], ..found("a/b") }], "capability `s3`"),
            (vec![types::Change { touches: vec![unnamed], ..found("a/b") }], "name is empty"),
            (vec![types::Change { action: types::Action::Other("melt".into()), ..found("a/b") }], "the action `melt`"),
            (vec![types::Change { extensions: vec![("x".into(), "1".into())], ..found("a/b") }], "extension `x`"),
            (vec![types::Change { lane: "a\u{1b}".into(), ..found("a/b") }], "its lane"),
            (
                vec![
                    types::Change { requires: vec!["a/c".into()], ..found("a/b") },
                    types::Change { requires: vec!["a/b".into()], ..found("a/c") },
                ],
                "the change `a/b` waits",
            ),
        ];
        for (changes, expected) in cases {
            let problem = planned(changes).unwrap_err();
            assert!(problem.contains(expected), "{problem} / {expected}");
        }
    }

    #[test]
    fn a_plan_cannot_go_on_for_ever() {
        let mut pages = Pages::default();
        let asks = |next: &str| types::Plan { next: Some(next.to_owned()), ..page(Vec::new()) };
        assert_eq!(pages.add(asks("2"), &Tables::new()), Ok(Some("2".to_owned())));
        assert!(pages.add(asks("2"), &Tables::new()).unwrap_err().contains("already"));
        let mut pages = Pages::default();
        let problem = (0..).find_map(|i| pages.add(asks(&i.to_string()), &Tables::new()).err());
        assert_eq!(problem.unwrap(), "the plan has more than 1000 pages");
    }

    #[test]
    fn words_are_shown_in_one_line() {
        let remark = types::Remark { id: "role/a".into(), text: "a\nb".into(), extensions: Vec::new() };
        let mut pages = Pages::default();
        let forged = types::Change { after: Some(r#"{"a":"x\u001b[1m"}"#.into()), ..found("role/a") };
        pages.add(types::Plan { extras: vec![remark], ..page(vec![forged]) }, &sql()).unwrap();
        let plan = pages.whole().unwrap();
        assert_eq!(plan.extras[0].text, "a\\nb");
        assert_eq!(plan.changes[0].after, Some(serde_json::json!({ "a": "x\\u{1b}[1m" })));
    }
}
