//! One table of cases that all plugins share: every kind of object is made,
//! found to be so, mended attribute by attribute, adopted, pruned and made
//! exact, each time by the whole command on a real server, and by hand through
//! the server's own client.

mod ism_stand_in;
mod kafka;
mod minio;
mod opensearch;
mod postgres;

use hyhost_testbed::Testbed;
use hyhost_tests::Stack;

/// Something that is done by hand, with the server's own client.
pub(crate) type ByHand = fn(&Testbed) -> hyhost_testbed::Result<String>;

/// A document, and what happens to it. Names begin with the case's own prefix:
/// cases share servers.
pub(crate) struct Case {
    /// For messages.
    pub(crate) name: &'static str,
    /// The plugin, and the connection of [`crate::CONNECTIONS`].
    pub(crate) plugin: &'static str,
    pub(crate) connection: &'static str,
    /// `grant`, as YAML in one line: mostly `desired`.
    pub(crate) grant: &'static str,
    /// `desired`, as YAML in one line.
    pub(crate) desired: &'static str,
    /// Made by hand before the first run, just so: then that run has nothing
    /// to change.
    pub(crate) adopted: Option<ByHand>,
    /// What is changed by hand, and the one object that the plan must name.
    pub(crate) drifts: Vec<Drift>,
    /// What the document does not speak of, and how to see that it stays:
    /// the answer of the second must be the same before and after a run.
    pub(crate) unmanaged: Option<(ByHand, ByHand)>,
    /// Access beyond the document: made by hand; the object of the extra.
    pub(crate) extras: Vec<Drift>,
    /// Objects that no document mentions: made by hand, `prune` as YAML in one
    /// line, and the object that goes.
    pub(crate) prunes: Vec<Prune>,
}

/// A change by hand and the object that it is seen at.
pub(crate) struct Drift {
    pub(crate) what: &'static str,
    pub(crate) by_hand: ByHand,
    pub(crate) object: &'static str,
}

/// An object that goes.
pub(crate) struct Prune {
    pub(crate) by_hand: ByHand,
    pub(crate) prune: &'static str,
    pub(crate) object: &'static str,
}

impl Case {
    /// A case with nothing but its document.
    pub(crate) fn new(
        name: &'static str,
        (plugin, connection): (&'static str, &'static str),
        desired: &'static str,
    ) -> Self {
        Self {
            name,
            plugin,
            connection,
            grant: "desired",
            desired,
            adopted: None,
            drifts: Vec::new(),
            unmanaged: None,
            extras: Vec::new(),
            prunes: Vec::new(),
        }
    }

    /// With another grant.
    pub(crate) fn grant(mut self, grant: &'static str) -> Self {
        self.grant = grant;
        self
    }

    /// With what is there already.
    pub(crate) fn adopts(mut self, by_hand: ByHand) -> Self {
        self.adopted = Some(by_hand);
        self
    }

    /// With an attribute that drifts.
    pub(crate) fn drift(mut self, what: &'static str, object: &'static str, by_hand: ByHand) -> Self {
        self.drifts.push(Drift { what, by_hand, object });
        self
    }

    /// With something that is not managed.
    pub(crate) fn unmanaged(mut self, by_hand: ByHand, look: ByHand) -> Self {
        self.unmanaged = Some((by_hand, look));
        self
    }

    /// With access beyond the document.
    pub(crate) fn extra(mut self, what: &'static str, object: &'static str, by_hand: ByHand) -> Self {
        self.extras.push(Drift { what, by_hand, object });
        self
    }

    /// With an object that is pruned.
    pub(crate) fn prune(mut self, prune: &'static str, object: &'static str, by_hand: ByHand) -> Self {
        self.prunes.push(Prune { by_hand, prune, object });
        self
    }

    fn stack(&self, more: &str) -> Stack {
        let Self { plugin, connection, grant, desired, .. } = self;
        let target = format!(
            "  it:\n    plugin: {plugin}\n    connection: {connection}\n    grant: {grant}\n    desired: {desired}\n{more}"
        );
        crate::stack(&target).with_plugins(vec![hyhost_tests::plugin(plugin)])
    }

    /// Goes through all of it.
    pub(crate) fn run(&self, bed: &Testbed) {
        let hand = |what: &str, by_hand: ByHand| {
            by_hand(bed).unwrap_or_else(|error| panic!("{}: {what}: by hand: {error}", self.name))
        };
        let stack = self.stack("");
        if let Some(by_hand) = self.adopted {
            hand("adopted", by_hand);
            let run = stack.hyhost(&["run"]).ended(0);
            assert_eq!(run.changed(), Some(0), "{}: adopted: {}", self.name, run.stdout);
        } else {
            let run = stack.hyhost(&["run"]).ended(0);
            assert_ne!(run.changed(), Some(0), "{}: the first run: {}", self.name, run.stdout);
        }
        let again = stack.hyhost(&["run"]).ended(0);
        assert_eq!(again.changed(), Some(0), "{}: the second run: {}", self.name, again.stdout);
        stack.hyhost(&["plan"]).ended(0);

        if let Some((by_hand, _)) = self.unmanaged {
            hand("unmanaged", by_hand);
            stack.hyhost(&["plan"]).ended(0);
        }
        let stays = self.unmanaged.map(|(_, look)| hand("unmanaged", look));
        for Drift { what, by_hand, object } in &self.drifts {
            hand(what, *by_hand);
            let plan = stack.hyhost(&["plan"]).ended(2);
            assert_eq!(plan.changes(), [*object], "{}: {what}: {}", self.name, plan.stdout);
            let run = stack.hyhost(&["run"]).ended(0);
            assert_eq!(run.changes(), [*object], "{}: {what}: {}", self.name, run.stdout);
            stack.hyhost(&["plan"]).ended(0);
        }
        let now = self.unmanaged.map(|(_, look)| hand("unmanaged", look));
        assert_eq!(now, stays, "{}: what is not managed", self.name);
        self.extras(&stack, &hand);
        self.prunes(&hand);
    }

    fn extras(&self, stack: &Stack, hand: &dyn Fn(&str, ByHand) -> String) {
        let exact = self.stack("    exact: true\n");
        for Drift { what, by_hand, object } in &self.extras {
            hand(what, *by_hand);
            let plan = stack.hyhost(&["plan"]).ended(0);
            let named = plan.of_sort("extra").any(|event| event.to_string().contains(&format!("{object:?}")));
            assert!(named, "{}: {what}: no extra of {object}: {}", self.name, plan.stdout);
            assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0), "{}: {what}", self.name);
            assert_eq!(exact.hyhost(&["plan"]).ended(2).changes(), [*object], "{}: exact: {what}", self.name);
            let run = exact.hyhost(&["run"]).ended(0);
            assert_eq!(run.changes(), [*object], "{}: exact: {what}: {}", self.name, run.stdout);
            let plan = stack.hyhost(&["plan"]).ended(0);
            assert_eq!(plan.of_sort("extra").count(), 0, "{}: exact: {what}: {}", self.name, plan.stdout);
        }
    }

    fn prunes(&self, hand: &dyn Fn(&str, ByHand) -> String) {
        for Prune { by_hand, prune, object } in &self.prunes {
            hand(object, *by_hand);
            let stack = self.stack(&format!("    prune: {prune}\n"));
            assert_eq!(stack.hyhost(&["plan"]).ended(2).changes(), [*object], "{}: prune", self.name);
            assert_eq!(stack.hyhost(&["run"]).ended(0).changes(), [*object], "{}: prune", self.name);
            assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0), "{}: prune again", self.name);
        }
    }
}

/// Runs the cases one after another: they are named in the order of the list.
fn all(cases: Vec<Case>) {
    let (bed, _) = crate::shared();
    for case in cases {
        eprintln!("case: {}", case.name);
        case.run(bed);
    }
}

#[test]
fn postgres_kinds() {
    all(postgres::cases());
}

#[test]
fn kafka_kinds() {
    all(kafka::cases());
}

#[test]
fn minio_kinds() {
    all(minio::cases());
}

#[test]
fn opensearch_kinds() {
    all(opensearch::cases());
}
