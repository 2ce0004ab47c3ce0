//! Which changes may be handed over together.

use std::collections::{BTreeSet, HashMap, HashSet};

use hyhost_table::{Change, Name, Verb};

/// At most so many changes in one call of `ensure`.
const BATCH: usize = 1_000;

/// How many changes that are free are looked at for one batch: where most of
/// them are of one lane, looking at all each time would take for ever.
const LOOKED_AT: usize = 10 * BATCH;

/// The changes of a plan that were not handed over yet.
#[derive(Debug)]
pub(crate) struct Queue {
    /// In the plan's order; `None`: no longer here.
    changes: Vec<Option<Change>>,
    /// By change: how many of those that it requires are still to be done.
    open: Vec<usize>,
    /// By id: who requires it.
    dependents: HashMap<String, Vec<usize>>,
    /// Those that wait for nothing.
    free: BTreeSet<usize>,
}

impl Queue {
    pub(crate) fn new(changes: Vec<Change>) -> Self {
        let ids: HashSet<&str> = changes.iter().map(|change| change.id.as_str()).collect();
        let mut dependents: HashMap<String, Vec<usize>> = HashMap::new();
        let mut open = Vec::with_capacity(changes.len());
        for (at, change) in changes.iter().enumerate() {
            // What is not in the plan counts as done.
            let required: HashSet<&String> = change.requires.iter().filter(|id| ids.contains(id.as_str())).collect();
            open.push(required.len());
            for id in required {
                dependents.entry(id.clone()).or_default().push(at);
            }
        }
        let free = (0..changes.len()).filter(|at| open[*at] == 0).collect();
        Self { changes: changes.into_iter().map(Some).collect(), open, dependents, free }
    }

    /// The ids of what is still here.
    pub(crate) fn left(&self) -> impl Iterator<Item = &str> {
        self.changes.iter().flatten().map(|change| change.id.as_str())
    }

    /// What is still here.
    pub(crate) fn into_left(self) -> Vec<Change> {
        self.changes.into_iter().flatten().collect()
    }

    /// Takes what may be handed over now: all that it requires is done, no two
    /// of a lane, and no two that change the same thing, so that each
    /// operation belongs to one change. Empty: nothing is left, or what is
    /// left requires itself in a circle.
    pub(crate) fn take(&mut self) -> Vec<Change> {
        let mut lanes: HashSet<&str> = HashSet::new();
        let mut written: HashSet<(&str, &str, &Name)> = HashSet::new();
        let mut chosen = Vec::new();
        for at in self.free.iter().copied().take(LOOKED_AT) {
            let Some(change) = &self.changes[at] else { continue };
            let writes = || {
                let touches = change.touches.iter().filter(|touch| touch.verb >= Verb::Write);
                touches.map(|touch| (touch.capability.as_str(), touch.kind.as_str(), &touch.name))
            };
            let alone = change.lane.is_empty() || !lanes.contains(change.lane.as_str());
            if alone && !writes().any(|thing| written.contains(&thing)) {
                lanes.insert(&change.lane);
                written.extend(writes());
                chosen.push(at);
                if chosen.len() == BATCH {
                    break;
                }
            }
        }
        for at in &chosen {
            self.free.remove(at);
        }
        chosen.into_iter().filter_map(|at| self.changes[at].take()).collect()
    }

    /// One that was taken is done.
    pub(crate) fn done(&mut self, id: &str) {
        for at in self.dependents.remove(id).unwrap_or_default() {
            self.open[at] -= 1;
            if self.open[at] == 0 && self.changes[at].is_some() {
                self.free.insert(at);
            }
        }
    }

    /// One failed: takes out what requires it, however far; answers with each
    /// one's id and the id that it waited for.
    pub(crate) fn failed(&mut self, id: &str) -> Vec<(String, String)> {
        let mut causes = vec![id.to_owned()];
        let mut skipped = Vec::new();
        while let Some(cause) = causes.pop() {
            for at in self.dependents.remove(&cause).unwrap_or_default() {
                if let Some(change) = self.changes[at].take() {
                    self.free.remove(&at);
                    causes.push(change.id.clone());
                    skipped.push((change.id, cause.clone()));
                }
            }
        }
        skipped
    }
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

    fn ids(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.id.as_str()).collect()
    }

    #[test]
    fn waits_for_what_it_requires_and_for_its_lane() {
        let mut queue = Queue::new(vec![
            change("role/a", &[], ""),
            change("role/b", &[], ""),
            change("database/d", &["role/a", "role/elsewhere"], ""),
            change("grant/1", &[], "d"),
            change("grant/2", &[], "d"),
        ]);
        assert_eq!(ids(&queue.take()), ["role/a", "role/b", "grant/1"]);
        assert_eq!(ids(&queue.take()), ["grant/2"]);
        assert!(queue.take().is_empty(), "nothing was said of role/a yet");
        queue.done("role/a");
        assert_eq!(ids(&queue.take()), ["database/d"]);
        assert_eq!(queue.left().count(), 0);
    }

    #[test]
    fn two_that_change_the_same_thing_never_go_together() {
        let touch =
            |verb| hyhost_table::Touch { capability: "sql".into(), verb, kind: "role".into(), name: Name::new(["r"]) };
        let with = |id, verb| Change { touches: vec![touch(verb)], ..change(id, &[], "") };
        let mut queue = Queue::new(vec![with("a", Verb::Write), with("b", Verb::Use), with("c", Verb::Write)]);
        assert_eq!(ids(&queue.take()), ["a", "b"]);
        assert_eq!(ids(&queue.take()), ["c"]);
    }

    #[test]
    fn a_circle_is_never_free() {
        let mut queue = Queue::new(vec![change("a", &["b"], ""), change("b", &["a"], "")]);
        assert!(queue.take().is_empty());
        assert_eq!(queue.left().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn skips_however_far() {
        let mut queue = Queue::new(vec![
            change("a", &[], ""),
            change("c", &["b"], ""),
            change("b", &["a"], ""),
            change("x", &[], ""),
        ]);
        queue.take();
        assert_eq!(queue.failed("a"), [("b".into(), "a".into()), ("c".into(), "b".into())]);
        assert_eq!(queue.left().count(), 0);
    }

    #[test]
    fn a_long_chain_takes_no_time() {
        let chain = (0..100_000_usize).map(|i| {
            let before = i.checked_sub(1).map(|before| format!("c/{before}"));
            let requires: Vec<&str> = before.as_deref().into_iter().collect();
            change(&format!("c/{i}"), &requires, "")
        });
        let began = std::time::Instant::now();
        let mut queue = Queue::new(chain.collect());
        assert_eq!(queue.take().len(), 1);
        assert_eq!(queue.failed("c/0").len(), 99_999);
        assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    }
}
