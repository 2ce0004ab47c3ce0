//! Privileges and default privileges: what is missing, what is beyond, and how
//! few operations make it so.

use hyhost_sdk::{Action, Plan};
use serde_json::{Value, json};

use crate::tests::{change, database, empty_server, ids, plan, role};
use crate::tests_objects::{server, steps};

fn privilege(grantee: &str, word: &str, grantable: bool) -> Value {
    json!({ "grantee": grantee, "privilege": word, "builtin": false, "grantable": grantable, "grantor": null })
}

/// A plan for grants on database `d` with schema `s`, where objects have these
/// privileges.
fn grants(version: i64, grants: Value, privileges: Value) -> Plan {
    plan(&json!({ "grants": grants }), move |name, _| {
        let object = |name: &str| json!({ "schema": "s", "name": name, "owner": "o", "privileges": privileges });
        match name {
            "ReadServer" => server(version),
            "ReadRoles" => json!([role("a", json!({})), role("b", json!({}))]),
            "ReadDatabases" => json!([database("d", json!({ "privileges": privileges }))]),
            "ReadSchemas" => json!([{ "name": "s", "owner": "o", "privileges": privileges }]),
            "ReadTables" => json!([object("t"), object("v")]),
            "ReadSequences" => json!([object("q")]),
            "ReadFunctions" => json!([object("f(integer, text)"), object("f()"), object("g()")]),
            _ => Value::Null,
        }
    })
}

fn grant(more: Value) -> Value {
    let mut grant = json!({ "role": "a", "database": "d" });
    grant.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    grant
}

#[test]
fn each_sort_of_object_has_its_operation() {
    for (entry, id, operation, all) in [
        (json!({}), "grant/database/d", "GrantOnDatabase", json!(["CONNECT", "CREATE", "TEMPORARY"])),
        (json!({ "schema": "s" }), "grant/schema/d/s", "GrantOnSchema", json!(["CREATE", "USAGE"])),
        (
            json!({ "schema": "s", "tables": ["t"] }),
            "grant/table/d/s/t",
            "GrantOnTable",
            json!(["DELETE", "INSERT", "MAINTAIN", "REFERENCES", "SELECT", "TRIGGER", "TRUNCATE", "UPDATE"]),
        ),
        (
            json!({ "schema": "s", "sequences": ["q"] }),
            "grant/sequence/d/s/q",
            "GrantOnSequence",
            json!(["SELECT", "UPDATE", "USAGE"]),
        ),
        (
            json!({ "schema": "s", "functions": ["f( int,text )"] }),
            "grant/function/d/s/f( int,text )",
            "GrantOnFunction",
            json!(["EXECUTE"]),
        ),
        (json!({ "schema": "s", "functions": ["g"] }), "grant/function/d/s/g", "GrantOnFunction", json!(["EXECUTE"])),
    ] {
        let mut entry = grant(entry);
        entry["privileges"] = json!(["all"]);
        let plan = grants(180_000, json!([entry]), json!([]));
        assert_eq!(ids(&plan), [id]);
        let [(name, args)] = &steps(change(&plan, id))[..] else { panic!() };
        assert_eq!((name.as_str(), &args["privileges"], &args["roles"]), (operation, &all, &json!(["a"])));
        let held: Vec<Value> =
            all.as_array().unwrap().iter().map(|word| privilege("a", word.as_str().unwrap(), false)).collect();
        assert!(grants(180_000, json!([entry]), json!(held)).changes.is_empty(), "{id}");
    }
}

#[test]
fn maintain_is_known_to_newer_servers_alone() {
    let of = |version: i64, word: &str| {
        grants(version, json!([grant(json!({ "schema": "s", "tables": ["t"], "privileges": [word] }))]), json!([]))
    };
    let old = of(160_000, "all");
    assert_eq!(steps(change(&old, "grant/table/d/s/t"))[0].1["privileges"].as_array().unwrap().len(), 7);
    let old = of(160_000, "maintain");
    assert!(old.changes.is_empty() && old.refused[0].text.contains("from PostgreSQL 17 on"), "{:?}", old.refused);
    assert_eq!(of(170_000, "maintain").changes.len(), 1);
}

#[test]
fn every_object_of_a_schema() {
    for (list, expected) in [
        ("tables", &["grant/table/d/s/t", "grant/table/d/s/v"][..]),
        ("sequences", &["grant/sequence/d/s/q"]),
        ("functions", &["grant/function/d/s/f()", "grant/function/d/s/f(integer, text)", "grant/function/d/s/g()"]),
    ] {
        let plan =
            grants(180_000, json!([grant(json!({ "schema": "s", list: ["*"], "privileges": ["all"] }))]), json!([]));
        assert_eq!(ids(&plan), expected);
    }
}

#[test]
fn the_grant_option_is_compared_too() {
    let of = |option: bool, held: Value| {
        grants(180_000, json!([grant(json!({ "privileges": ["connect", "create"], "grant_option": option }))]), held)
    };
    let plan = of(true, json!([privilege("a", "CONNECT", true), privilege("a", "CREATE", false)]));
    let expected = json!({ "database": "d", "roles": ["a"], "privileges": ["CREATE"], "grant_option": true });
    assert_eq!(steps(change(&plan, "grant/database/d")), [("GrantOnDatabase".into(), expected)]);
    assert_eq!(
        change(&plan, "grant/database/d").after.as_deref(),
        Some(r#"{"a":["connect with grant option","create with grant option"]}"#)
    );
    let plan = of(false, json!([privilege("a", "CONNECT", true), privilege("a", "CREATE", false)]));
    assert!(
        plan.changes.is_empty() && plan.extras[0].text.contains("the grant option of connect"),
        "{:?}",
        plan.extras
    );
}

#[test]
fn a_function_that_several_could_be_is_refused_and_one_in_two_spellings_is_one() {
    let of = |names: Value| {
        grants(
            180_000,
            json!([grant(json!({ "schema": "s", "functions": names, "privileges": ["execute"] }))]),
            json!([]),
        )
    };
    let plan = of(json!(["f"]));
    assert!(plan.changes.is_empty() && plan.refused[0].text.contains("f(integer, text)"), "{:?}", plan.refused);
    assert_eq!(ids(&of(json!(["f(int, text)", "f(integer,text)"]))), ["grant/function/d/s/f(int, text)"]);
    assert!(of(json!(["h()"])).deferred[0].text.contains("not there yet"));
}

/// The server keeps privileges in the object's own row: a statement for each
/// role would write it a thousand times.
#[test]
fn a_thousand_roles_on_one_object_are_a_few_statements() {
    let names: Vec<String> = (0..1_000).map(|i| format!("r{i:03}")).collect();
    let desired = json!({
        "roles": names.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "databases": [{ "name": "d" }],
        "grants": names.iter().map(|name| json!({ "role": name, "database": "d", "privileges": ["connect"] })).collect::<Vec<_>>(),
    });
    let host = hyhost_sdk::native::Host::new(|call| Ok(empty_server(&call.name, &call.args)));
    let plan = host.run(|| {
        use hyhost_sdk::Plugin as _;
        let context = hyhost_sdk::native::context(&desired, &[("sql", "sql")]);
        crate::Postgres::plan(&context, Some("1000")).unwrap()
    });
    let expected = [
        "database/d",
        "grant/database/d",
        "grant/database/d (2)",
        "grant/database/d (3)",
        "grant/database/d (4)",
        "grant/database/d (5)",
    ];
    assert_eq!(ids(&plan), expected);
    let first = change(&plan, "grant/database/d");
    assert_eq!((steps(first).len(), steps(first)[0].1["roles"].as_array().unwrap().len()), (1, 200));
    assert!(first.requires.contains(&"role/r199".to_owned()) && first.requires.contains(&"database/d".to_owned()));
}

fn defaults(version: i64, entries: Value, there: Value) -> Plan {
    plan(&json!({ "default_privileges": entries }), move |name, _| match name {
        "ReadServer" => server(version),
        "ReadRoles" => json!([role("a", json!({})), role("o", json!({}))]),
        "ReadDatabases" => json!([database("d", json!({}))]),
        "ReadSchemas" => json!([{ "name": "s", "owner": "o", "privileges": [] }]),
        "ReadDefaultPrivileges" => there.clone(),
        _ => Value::Null,
    })
}

#[test]
fn default_privileges() {
    let entry = |more: Value| {
        let mut entry =
            json!({ "owner": "o", "database": "d", "objects": "tables", "role": "a", "privileges": ["select"] });
        entry.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        entry
    };
    let there = |schema: Value, objects: &str, word: &str, grantable: bool| json!({ "owner": "o", "schema": schema, "objects": objects, "grantee": "a", "privilege": word, "grantable": grantable, "builtin": false });
    let plan = defaults(
        180_000,
        json!([entry(json!({})), entry(json!({ "schema": "s", "objects": "sequences", "privileges": ["all"] }))]),
        json!([]),
    );
    assert_eq!(ids(&plan), ["default_privileges/d/o/tables", "default_privileges/d/s/o/sequences"]);
    let expected = json!({ "database": "d", "owner": "o", "objects": "TABLES", "roles": ["a"], "privileges": ["SELECT"], "grant_option": false });
    assert_eq!(steps(&plan.changes[0]), [("GrantDefaultPrivileges".into(), expected)]);
    assert_eq!(steps(&plan.changes[1])[0].1["privileges"], json!(["SELECT", "UPDATE", "USAGE"]));
    assert!(matches!(plan.changes[0].action, Action::Create));
    // Those of one schema are not those of all.
    let is = json!([there(json!("s"), "TABLES", "SELECT", false), there(Value::Null, "TABLES", "INSERT", false)]);
    let plan = defaults(180_000, json!([entry(json!({}))]), is);
    assert_eq!(change(&plan, "default_privileges/d/o/tables").before.as_deref(), Some(r#"{"a":["insert"]}"#));
    assert!(plan.extras[0].text.contains("insert"), "{:?}", plan.extras);
    let is = json!([there(Value::Null, "TABLES", "SELECT", true)]);
    assert!(defaults(180_000, json!([entry(json!({ "grant_option": true }))]), is).changes.is_empty());
    let plan = defaults(160_000, json!([entry(json!({ "privileges": ["maintain"] }))]), json!([]));
    assert!(plan.changes.is_empty() && plan.refused[0].text.contains("17"));
    let plan = defaults(180_000, json!([entry(json!({ "owner": "elsewhere" }))]), json!([]));
    assert!(plan.changes.is_empty() && plan.deferred[0].text.contains("`elsewhere`"));
}

/// A plan where all that the document does not say goes.
fn exact(desired: &Value, answers: impl Fn(&str) -> Value + 'static) -> Plan {
    use hyhost_sdk::Plugin as _;
    let host = hyhost_sdk::native::Host::new(move |call| Ok(answers(&call.name)));
    let context = hyhost_sdk::native::strict_context(desired, &[("sql", "sql")], &[]);
    host.run(|| crate::Postgres::plan(&context, None)).unwrap()
}

#[test]
fn what_the_document_does_not_say_goes_where_it_says_all() {
    let desired = json!({
        "roles": [{ "name": "a", "member_of": ["b"] }],
        "databases": [{ "name": "d" }],
        "grants": [grant(json!({ "privileges": ["connect"] })), { "role": "public", "database": "d", "privileges": [] }],
    });
    let plan = exact(&desired, |name| match name {
        "ReadRoles" => {
            let of = |role: &str, admin: bool| json!({ "role": role, "admin": admin, "inherit": true, "set": true, "grantor": "g" });
            json!([role("a", json!({ "member_of": [of("b", true), of("c", false)] })), role("b", json!({}))])
        }
        "ReadDatabases" => json!([database(
            "d",
            json!({ "privileges": [
            privilege("a", "CONNECT", true), privilege("a", "CREATE", false), privilege("z", "CREATE", false),
            { "grantee": "public", "privilege": "CONNECT", "builtin": true },
            { "grantee": "o", "privilege": "CREATE", "builtin": true },
            { "grantee": "y", "privilege": "CONNECT", "builtin": false, "grantor": "z" } ] })
        )]),
        _ => Value::Null,
    });
    assert_eq!(ids(&plan), ["role/a", "grant/database/d"]);
    let revoke = |role: &str, admin_only: bool| {
        (
            "RevokeMembership".to_owned(),
            json!({ "role": role, "member": "a", "admin_only": admin_only, "grantor": "g" }),
        )
    };
    assert_eq!(steps(change(&plan, "role/a")), [revoke("b", true), revoke("c", false)]);
    let of = |roles: &[&str], words: &[&str], option_only: bool| {
        (
            "RevokeOnDatabase".to_owned(),
            json!({ "database": "d", "roles": roles, "privileges": words, "option_only": option_only }),
        )
    };
    let found = steps(change(&plan, "grant/database/d"));
    assert_eq!(
        found,
        [of(&["public"], &["CONNECT"], false), of(&["a"], &["CONNECT"], true), of(&["a", "z"], &["CREATE"], false)]
    );
    for id in ["role/a", "grant/database/d"] {
        let change = change(&plan, id);
        assert!(matches!(change.action, Action::Destroy));
        // The exact document is what allows it, no verb.
        assert!(!change.touches.iter().any(|touch| matches!(touch.verb, hyhost_sdk::Verb::Destroy)));
    }
    // Who granted it alone can take it away.
    let texts: Vec<&str> = plan.extras.iter().map(|extra| extra.text.as_str()).collect();
    assert!(
        texts.len() == 1 && texts[0].contains("`y` has connect") && texts[0].contains("not the owner"),
        "{texts:?}"
    );
}

#[test]
fn what_default_privileges_gave_is_not_beyond() {
    let desired = json!({
        "grants": [grant(json!({ "schema": "s", "tables": ["*"], "privileges": ["select"] }))],
        "default_privileges": [{ "owner": "o", "database": "d", "objects": "tables", "role": "b", "privileges": ["insert"] }],
    });
    let plan = exact(&desired, |name| match name {
        "ReadRoles" => json!([role("a", json!({})), role("b", json!({})), role("o", json!({}))]),
        "ReadDatabases" => json!([database("d", json!({}))]),
        "ReadSchemas" => json!([{ "name": "s", "owner": "o", "privileges": [] }]),
        "ReadTables" => {
            let held =
                [privilege("a", "SELECT", false), privilege("b", "INSERT", false), privilege("b", "DELETE", false)];
            json!([{ "schema": "s", "name": "t", "owner": "o", "privileges": held }])
        }
        "ReadDefaultPrivileges" => {
            json!([{ "owner": "o", "schema": null, "objects": "TABLES", "grantee": "b", "privilege": "INSERT", "grantable": false, "builtin": false }])
        }
        _ => Value::Null,
    });
    assert_eq!(ids(&plan), ["grant/table/d/s/t"]);
    assert_eq!(steps(&plan.changes[0])[0].1["privileges"], json!(["DELETE"]));
}
