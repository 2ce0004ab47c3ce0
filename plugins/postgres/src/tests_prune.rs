//! What goes, and what never does.

use hyhost_sdk::{Action, Plan, Plugin, native};
use serde_json::{Value, json};

use crate::Postgres;
use crate::tests::{change, database, ids, role};
use crate::tests_objects::{server, steps};

/// A plan of these rules on a server with a few things, and these uses of
/// roles. `tmp_full` and `app/tmp_full` hold something.
fn prune(rules: &[(&str, &str, &str, bool)], uses: Value) -> Plan {
    let named = |names: &[&str]| {
        names.iter().map(|name| json!({ "name": name, "owner": "o", "privileges": [] })).collect::<Vec<_>>()
    };
    let schemas = named(&["public", "pg_catalog", "information_schema", "hyhost", "tmp_empty", "tmp_full"]);
    let host = native::Host::new(move |call| {
        Ok(match call.name.as_str() {
            "ReadServer" => server(180_000),
            "ReadRoles" => {
                ["postgres", "admin", "pg_monitor", "tmp_a", "tmp_b"].map(|name| role(name, json!({}))).to_vec().into()
            }
            "ReadDatabases" => ["postgres", "template0", "template1", "app", "tmp_empty", "tmp_full"]
                .map(|name| database(name, json!({})))
                .to_vec()
                .into(),
            "ReadSchemas" if call.args["database"] == "app" => json!(schemas),
            "ReadExtensions" if call.args["database"] == "app" => {
                json!(["plpgsql", "tmp_ext"].map(|name| json!({ "name": name, "schema": "public", "version": "1" })))
            }
            "ReadSchemas" | "ReadExtensions" => json!([]),
            "ReadContents" if call.args["database"] == "tmp_full" || call.args["schemas"][0] == "tmp_full" => {
                json!([{ "schema": "tmp_full", "objects": 3, "example": "table t" }])
            }
            "ReadContents" => json!([]),
            "ReadRoleUses" => uses.clone(),
            _ => Value::Null,
        })
    });
    let context = native::strict_context(&json!({}), &[("sql", "sql")], rules);
    host.run(|| Postgres::plan(&context, None)).unwrap()
}

fn refused(plan: &Plan) -> Vec<&str> {
    plan.refused.iter().map(|remark| remark.id.as_str()).collect()
}

#[test]
fn what_is_empty_goes_and_what_holds_data_stays() {
    let rules = [
        ("sql", "database", "tmp_*", false),
        ("sql", "schema", "app/tmp_*", false),
        ("sql", "extension", "app/tmp_*", false),
    ];
    let plan = prune(&rules, json!([]));
    assert_eq!(ids(&plan), ["database/tmp_empty", "extension/app/tmp_ext", "schema/app/tmp_empty"]);
    assert_eq!(refused(&plan), ["database/tmp_full", "schema/app/tmp_full"]);
    assert!(plan.refused[0].text.contains("3 objects, such as table t") && plan.refused[0].text.contains("with_data"));
    for one in &plan.changes {
        assert!(matches!(one.action, Action::Remove) && one.after.is_none(), "{}", one.id);
        assert!(matches!(one.touches[0].verb, hyhost_sdk::Verb::Destroy));
    }
    assert_eq!(steps(&plan.changes[0]), [("DropDatabase".into(), json!({ "name": "tmp_empty" }))]);
}

#[test]
fn data_goes_where_the_document_says_so() {
    let rules = [("sql", "database", "tmp_*", true), ("sql", "schema", "app/tmp_*", true)];
    let plan = prune(&rules, json!([]));
    assert_eq!(ids(&plan), ["database/tmp_empty", "database/tmp_full", "schema/app/tmp_empty", "schema/app/tmp_full"]);
    assert_eq!(steps(change(&plan, "database/tmp_full"))[0].1, json!({ "name": "tmp_full", "with_data": true }));
    assert_eq!(steps(change(&plan, "schema/app/tmp_full"))[0].1["with_data"], true);
}

#[test]
fn what_the_server_or_the_connection_needs_never_goes() {
    let rules = [
        ("sql", "role", "p*", true),
        ("sql", "role", "admin*", true),
        ("sql", "database", "post*", true),
        ("sql", "database", "templ*", true),
        ("sql", "schema", "app/p*", true),
        ("sql", "schema", "app/info*", true),
        ("sql", "schema", "app/hy*", true),
        ("sql", "extension", "app/plp*", true),
    ];
    let plan = prune(&rules, json!([]));
    assert!(plan.changes.is_empty() && plan.refused.is_empty(), "{:?} {:?}", ids(&plan), plan.refused);
}

#[test]
fn a_role_goes_after_the_database_that_it_owns_and_stays_for_anything_else() {
    let uses = |database: Value, objects: Value| json!([{ "role": "tmp_a", "database": database, "owns": 1, "privileges": 0, "objects": objects }]);
    let rules = [("sql", "role", "tmp_*", false), ("sql", "database", "tmp_empty*", false)];
    let plan = prune(&rules, uses(Value::Null, json!(["database tmp_empty"])));
    assert_eq!(ids(&plan), ["database/tmp_empty", "role/tmp_a", "role/tmp_b"]);
    assert_eq!(change(&plan, "role/tmp_a").requires, ["database/tmp_empty"]);
    let plan = prune(&rules, uses(json!("tmp_empty"), json!([])));
    assert_eq!(change(&plan, "role/tmp_a").requires, ["database/tmp_empty"]);
    for (database, objects, word) in [
        (Value::Null, json!(["database app"]), "database app"),
        (Value::Null, json!([]), "of the whole server"),
        (json!("app"), json!([]), "in database `app`"),
    ] {
        let plan = prune(&rules, uses(database, objects));
        assert_eq!((ids(&plan), refused(&plan)), (vec!["database/tmp_empty", "role/tmp_b"], vec!["role/tmp_a"]));
        assert!(plan.refused[0].text.contains(word), "{:?}", plan.refused);
    }
}
