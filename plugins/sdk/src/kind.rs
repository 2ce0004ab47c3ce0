//! Plugins that are a list of kinds.
//!
//! A kind of object is one file: its part of the schema, its desired state as
//! a type, how it compares, how it makes changes so. The plugin's `lib.rs`
//! lists the kinds, and the functions here run them.

use serde_json::{Value, json};

use crate::{Capability, Change, Connection, Context, Error, Outcomes, Plan, Seen};

/// So many changes go into one page of a plan: far within what one call may
/// carry.
const PAGE: usize = 1_000;

/// A kind of object.
#[derive(Debug)]
pub struct Kind<C> {
    /// What its changes' ids begin with: `role` for `role/app`.
    pub name: &'static str,
    /// Where it stands in `desired`: `buckets` for a list of its own,
    /// `databases[].migrations` for a field within each object of another's.
    pub field: &'static str,
    /// The JSON Schema of that field, with descriptions and `x-hyhost` marks.
    pub schema: fn() -> Value,
    /// Compares the desired state with what is there and adds what differs.
    /// Runs several times, each time with more seen and an empty plan; the
    /// plan of the last time counts. Reads nothing but by `Seen`.
    pub plan: fn(&Context, &mut Seen<C>, &mut Plan) -> Result<(), Error>,
    /// Makes changes of this kind so, many at a time; one result each, in
    /// their order.
    pub ensure: fn(&Context, &Connection<C>, &[Change]) -> Outcomes,
}

/// The JSON Schema of a desired state that has these kinds and nothing else.
pub fn schema<C>(kinds: &[Kind<C>]) -> Value {
    let mut root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {},
        "additionalProperties": false,
    });
    // A field within another's objects is put there after them.
    for nested in [false, true] {
        for kind in kinds.iter().filter(|kind| kind.field.contains("[].") == nested) {
            let mut at = &mut root;
            let mut rest = kind.field;
            while let Some((outer, inner)) = rest.split_once("[].") {
                at = &mut at["properties"][outer]["items"];
                rest = inner;
            }
            at["properties"][rest] = (kind.schema)();
        }
    }
    root
}

/// A plan of all kinds, or a page of it. Everything that they ask for is read
/// in as few calls as possible.
///
/// # Errors
/// Those of the kinds; `invalid` for a page that no plan has named.
pub fn plan<C: Capability>(
    context: &Context,
    connection: &Connection<C>,
    kinds: &[Kind<C>],
    page: Option<&str>,
) -> Result<Plan, Error> {
    let from = match page {
        None => 0,
        Some(text) => text.parse().map_err(|_| Error::invalid(format!("no page of a plan is called `{text}`")))?,
    };
    let whole = Seen::settle(connection, |seen| {
        let mut plan = Plan::default();
        for kind in kinds {
            (kind.plan)(context, seen, &mut plan)?;
        }
        Ok(plan)
    })?;
    Ok(cut(whole, from))
}

/// The page of a plan that begins at the change of this number. Remarks stand
/// on the first.
fn cut(mut plan: Plan, from: usize) -> Plan {
    let to = from.saturating_add(PAGE);
    if to < plan.changes.len() {
        plan.changes.truncate(to);
        plan.next = Some(to.to_string());
    }
    if from > 0 {
        plan.changes.drain(..from.min(plan.changes.len()));
        plan.extras.clear();
        plan.deferred.clear();
        plan.refused.clear();
    }
    plan
}

/// Hands each change to the kind that its id begins with; results in the
/// order of the changes.
pub fn ensure<C: Capability>(
    context: &Context,
    connection: &Connection<C>,
    kinds: &[Kind<C>],
    changes: &[Change],
) -> Outcomes {
    let mut results: Vec<_> = changes.iter().map(|change| Err(unknown(&change.id))).collect();
    for kind in kinds {
        let own = |change: &Change| change.id.split('/').next() == Some(kind.name);
        let places: Vec<usize> = (0..changes.len()).filter(|at| own(&changes[*at])).collect();
        if places.is_empty() {
            continue;
        }
        let share: Vec<Change> = places.iter().map(|at| changes[*at].clone()).collect();
        let mut given = (kind.ensure)(context, connection, &share).into_iter();
        for at in places {
            let missing = || Err(Error::failed(format!("the kind {} gave no result for it", kind.name)));
            results[at] = given.next().unwrap_or_else(missing);
        }
    }
    results
}

fn unknown(id: &str) -> Error {
    Error::invalid(format!("{id}: the plugin has no such kind"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Outcome;
    use crate::s3::S3;

    fn nothing(_: &Context, _: &mut Seen<S3>, _: &mut Plan) -> Result<(), Error> {
        Ok(())
    }

    fn unchanged(_: &Context, _: &Connection<S3>, changes: &[Change]) -> Outcomes {
        changes.iter().map(|_| Ok(Outcome::Unchanged)).collect()
    }

    fn short(_: &Context, _: &Connection<S3>, _: &[Change]) -> Outcomes {
        Vec::new()
    }

    fn list() -> Value {
        json!({ "type": "array", "items": { "type": "object", "properties": { "name": {} } } })
    }

    fn word() -> Value {
        json!({ "type": "string" })
    }

    const KINDS: &[Kind<S3>] = &[
        Kind { name: "script", field: "things[].scripts", schema: word, plan: nothing, ensure: short },
        Kind { name: "thing", field: "things", schema: list, plan: nothing, ensure: unchanged },
    ];

    #[test]
    fn a_field_within_anothers_objects_is_put_there_whatever_the_order() {
        let schema = schema(KINDS);
        assert_eq!(schema["properties"]["things"]["items"]["properties"], json!({ "name": {}, "scripts": word() }));
        assert_eq!(schema["additionalProperties"], json!(false));
    }

    #[test]
    fn each_change_goes_to_its_kind_and_each_result_to_its_place() {
        let context = crate::native::context(&json!({}), &[]);
        let changes = ["other/a", "thing/a", "script/a", "thing/b"].map(Change::create);
        let results = ensure(&context, &Connection::new("s3"), KINDS, &changes);
        assert!(matches!(
            &results[..],
            [Err(Error::Invalid(_)), Ok(Outcome::Unchanged), Err(Error::Failed(_)), Ok(Outcome::Unchanged)]
        ));
    }

    #[test]
    fn pages_hold_every_change_once() {
        let plan = || {
            let changes = (0..2_500).map(|i| Change::create(format!("thing/{i}"))).collect();
            Plan { changes, extras: vec![crate::Remark::new("thing/0", "x")], ..Plan::default() }
        };
        let (mut ids, mut extras, mut from) = (Vec::new(), 0, 0);
        loop {
            let page = cut(plan(), from);
            ids.extend(page.changes.into_iter().map(|change| change.id));
            extras += page.extras.len();
            let Some(next) = page.next else { break };
            from = next.parse().unwrap();
        }
        assert_eq!(ids, (0..2_500).map(|i| format!("thing/{i}")).collect::<Vec<_>>());
        assert_eq!(extras, 1);
    }
}
