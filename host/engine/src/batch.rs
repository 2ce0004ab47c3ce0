//! Which changes may be handed over together.

use std::collections::{HashMap, HashSet};

use hyhost_table::{Change, Name, Verb};

/// At most so many changes in one call of `ensure`.
const BATCH: usize = 1_000;

/// Those of `pending` that may be handed over now: all that they require is
/// done, no two of a lane, and no two that change the same thing, so that each
/// operation belongs to one change. `pending` is in the plan's order, and so
/// is the answer: numbers into it.
pub(crate) fn ready(pending: &[Change]) -> Vec<usize> {
    let waiting: HashSet<&str> = pending.iter().map(|change| change.id.as_str()).collect();
    let mut lanes = HashSet::new();
    let mut written: HashSet<(&str, &str, &Name)> = HashSet::new();
    let mut batch = Vec::new();
    for (at, change) in pending.iter().enumerate() {
        let free = change.lane.is_empty() || !lanes.contains(change.lane.as_str());
        let writes = || {
            let touches = change.touches.iter().filter(|touch| touch.verb >= Verb::Write);
            touches.map(|touch| (touch.capability.as_str(), touch.kind.as_str(), &touch.name))
        };
        let apart = !writes().any(|thing| written.contains(&thing));
        if free && apart && !change.requires.iter().any(|id| waiting.contains(id.as_str())) {
            lanes.insert(change.lane.as_str());
            written.extend(writes());
            batch.push(at);
            if batch.len() == BATCH {
                break;
            }
        }
    }
    batch
}

/// Takes out of `pending` what requires one of `failed`, however far; answers
/// with each one's id and the id that it waited for.
pub(crate) fn skip(pending: &mut Vec<Change>, failed: &HashSet<String>) -> Vec<(String, String)> {
    let mut blocked: HashMap<String, String> = HashMap::new();
    loop {
        let before = blocked.len();
        for change in pending.iter() {
            if blocked.contains_key(&change.id) {
                continue;
            }
            let cause = change.requires.iter().find(|id| failed.contains(*id) || blocked.contains_key(*id));
            if let Some(cause) = cause {
                blocked.insert(change.id.clone(), cause.clone());
            }
        }
        if blocked.len() == before {
            break;
        }
    }
    let mut skipped = Vec::new();
    pending.retain(|change| match blocked.remove(&change.id) {
        Some(cause) => {
            skipped.push((change.id.clone(), cause));
            false
        }
        None => true,
    });
    skipped
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyhost_table::Action;

    fn change(id: &str, requires: &[&str], lane: &str) -> Change {
        Change {
            id: id.into(),
            action: Action::Create,
            requires: requires.iter().map(ToString::to_string).collect(),
            lane: lane.into(),
            touches: Vec::new(),
            before: None,
            after: None,
            payload: String::new(),
        }
    }

    #[test]
    fn waits_for_what_it_requires_and_for_its_lane() {
        let mut pending = vec![
            change("role/a", &[], ""),
            change("role/b", &[], ""),
            change("database/d", &["role/a", "role/elsewhere"], ""),
            change("grant/1", &[], "d"),
            change("grant/2", &[], "d"),
        ];
        assert_eq!(ready(&pending), [0, 1, 3]);
        pending.retain(|change| !["role/a", "role/b", "grant/1"].contains(&change.id.as_str()));
        assert_eq!(ready(&pending), [0, 1]);
    }

    #[test]
    fn two_that_change_the_same_thing_never_go_together() {
        let touch =
            |verb| hyhost_table::Touch { capability: "sql".into(), verb, kind: "role".into(), name: Name::new(["r"]) };
        let with = |id, verb| Change { touches: vec![touch(verb)], ..change(id, &[], "") };
        let pending = [with("a", Verb::Write), with("b", Verb::Use), with("c", Verb::Write)];
        assert_eq!(ready(&pending), [0, 1]);
    }

    #[test]
    fn a_circle_is_never_ready() {
        assert!(ready(&[change("a", &["b"], ""), change("b", &["a"], "")]).is_empty());
    }

    #[test]
    fn skips_however_far() {
        let mut pending = vec![change("c", &["b"], ""), change("b", &["a"], ""), change("x", &[], "")];
        let skipped = skip(&mut pending, &HashSet::from(["a".to_owned()]));
        assert_eq!(skipped, [("c".into(), "b".into()), ("b".into(), "a".into())]);
        assert_eq!(pending.len(), 1);
    }
}
