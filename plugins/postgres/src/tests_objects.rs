//! Roles, databases, schemas and extensions: what differs, and how it is made
//! so.

use hyhost_sdk::{Action, Change, Plan, Plugin, native};
use serde_json::{Value, json};

use crate::Postgres;
use crate::tests::{change, database, empty_server, ids, plan, role};

/// The operations of a change: names and arguments.
pub(crate) fn steps(change: &Change) -> Vec<(String, Value)> {
    let steps: Vec<(String, String)> = serde_json::from_str(&change.payload).unwrap();
    steps.into_iter().map(|(name, args)| (name, serde_json::from_str(&args).unwrap())).collect()
}

/// A plan for one role, of which this is there.
fn role_plan(desired: Value, is: Value) -> Plan {
    let desired = json!({ "roles": [desired] });
    plan(&desired, move |name, _| match name {
        "ReadRoles" => json!([role("r", is.clone()), role("g", json!({})), role("h", json!({}))]),
        "ReadServer" => server(180_000),
        "PasswordMatches" | "VerifierMatches" => json!(true),
        _ => Value::Null,
    })
}

pub(crate) fn server(version: i64) -> Value {
    json!({ "version": version, "in_recovery": false, "user": "admin", "superuser": true, "database": "postgres",
        "now": 1_800_000_000 })
}

#[test]
fn each_attribute_of_a_role_is_compared_by_itself() {
    for (attribute, is, shall, action) in [
        ("login", json!(false), json!(true), Action::Update),
        ("login", json!(true), json!(false), Action::Destroy),
        ("superuser", json!(false), json!(true), Action::Update),
        ("superuser", json!(true), json!(false), Action::Destroy),
        ("createdb", json!(true), json!(false), Action::Destroy),
        ("createrole", json!(true), json!(false), Action::Destroy),
        ("inherit", json!(true), json!(false), Action::Destroy),
        ("replication", json!(false), json!(true), Action::Update),
        ("bypassrls", json!(true), json!(false), Action::Destroy),
        ("connection_limit", json!(-1), json!(5), Action::Update),
        ("connection_limit", json!(5), json!(0), Action::Destroy),
    ] {
        let plan = role_plan(json!({ "name": "r", attribute: shall }), json!({ attribute: is }));
        let change = change(&plan, "role/r");
        assert_eq!(change.before, Some(json!({ attribute: is }).to_string()));
        assert_eq!(change.after, Some(json!({ attribute: shall }).to_string()));
        assert_eq!(std::mem::discriminant(&change.action), std::mem::discriminant(&action), "{attribute}");
        let destroys = change.touches.iter().any(|touch| matches!(touch.verb, hyhost_sdk::Verb::Destroy));
        assert_eq!(destroys, matches!(action, Action::Destroy), "{attribute}");
        assert_eq!(steps(change), [("AlterRole".to_owned(), json!({ "name": "r", attribute: shall }))]);
        // What is so already is no change.
        assert!(role_plan(json!({ "name": "r", attribute: shall }), json!({ attribute: shall })).changes.is_empty());
    }
}

#[test]
fn the_end_of_a_password_is_compared_in_utc() {
    let until = |written: &str, is: Value| {
        role_plan(json!({ "name": "r", "valid_until": written }), json!({ "valid_until": is }))
    };
    assert!(until("2030-01-31T01:00:00+01:00", json!("2030-01-31T00:00:00Z")).changes.is_empty());
    assert!(until("infinity", Value::Null).changes.is_empty());
    assert!(until("infinity", json!("infinity")).changes.is_empty());
    let later = until("2030-01-31", Value::Null);
    assert!(matches!(change(&later, "role/r").action, Action::Update));
    assert_eq!(steps(change(&later, "role/r"))[0].1["valid_until"], "2030-01-31T00:00:00Z");
    // The server's clock says 2027.
    let past = until("2020-01-01", Value::Null);
    assert!(matches!(change(&past, "role/r").action, Action::Destroy));
    let wrong = until("2030-02-30", Value::Null);
    assert!(wrong.changes.is_empty() && wrong.refused[0].text.contains("no such day"), "{:?}", wrong.refused);
}

#[test]
fn comments_and_settings() {
    let plan = role_plan(
        json!({ "name": "r", "comment": "a role", "settings": { "work_mem": null, "jit": null } }),
        json!({ "comment": "old", "settings": { "work_mem": "1MB", "other": "1" } }),
    );
    let change = change(&plan, "role/r");
    assert_eq!(change.before.as_deref(), Some(r#"{"comment":"old","settings.work_mem":"1MB"}"#));
    let names: Vec<_> = steps(change).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["CommentOnRole", "ResetRoleSetting"]);
    assert!(role_plan(json!({ "name": "r", "comment": "" }), json!({})).changes.is_empty());
}

#[test]
fn memberships_and_their_options() {
    let of = |desired: Value, is: Value| {
        role_plan(json!({ "name": "r", "member_of": [desired] }), json!({ "member_of": is }))
    };
    let is = |admin: bool, inherit: bool| json!([{ "role": "g", "admin": admin, "inherit": inherit, "set": true, "grantor": "postgres" }]);
    assert!(of(json!("g"), is(false, true)).changes.is_empty());
    let plan = of(json!({ "role": "g", "admin": true }), is(false, true));
    assert_eq!(
        steps(change(&plan, "role/r")),
        [("GrantMembership".into(), json!({ "role": "g", "member": "r", "admin": true }))]
    );
    let plan = of(json!({ "role": "g", "inherit": false }), is(true, true));
    let expected = json!({ "role": "g", "member": "r", "admin": true, "inherit": false });
    assert_eq!(steps(change(&plan, "role/r")), [("GrantMembershipWith".into(), expected)]);
    assert!(matches!(change(&plan, "role/r").action, Action::Destroy));
    let plan = of(json!("h"), is(true, true));
    assert_eq!(change(&plan, "role/r").requires, ["role/h"]);
    assert!(plan.extras[0].text.contains("is a member of `g`"), "{:?}", plan.extras);
    let plan = of(json!("g"), is(true, true));
    assert!(plan.changes.is_empty() && plan.extras[0].text.contains("may make others members of `g`"));
    // Granted twice, by two: what one of them allows is allowed.
    let twice = json!([{ "role": "g", "admin": true, "inherit": false, "set": false }, { "role": "g", "admin": false, "inherit": true, "set": true }]);
    assert!(of(json!({ "role": "g", "admin": true, "inherit": true, "set": true }), twice).changes.is_empty());
}

#[test]
fn options_of_memberships_need_a_newer_server() {
    let desired =
        json!({ "roles": [{ "name": "r", "member_of": [{ "role": "r2", "set": false }] }, { "name": "r2" }] });
    let plan = plan(&desired, |name, _| match name {
        "ReadServer" => server(150_004),
        _ => json!([]),
    });
    assert_eq!(ids(&plan), ["role/r2"]);
    assert!(plan.refused[0].text.contains("from PostgreSQL 16 on, and the server is 15"), "{:?}", plan.refused);
}

#[test]
fn databases_differ_in_what_can_be_changed_and_are_refused_for_the_rest() {
    let of = |desired: Value, is: Value| {
        let mut desired = desired;
        desired["name"] = json!("d");
        plan(&json!({ "databases": [desired] }), move |name, _| match name {
            "ReadDatabases" => json!([database("d", is.clone())]),
            "ReadRoles" => json!([role("p", json!({}))]),
            _ => Value::Null,
        })
    };
    for (attribute, is, shall, step) in [
        ("owner", json!("o"), json!("p"), "AlterDatabaseOwner"),
        ("connection_limit", json!(-1), json!(3), "AlterDatabaseConnectionLimit"),
        ("comment", json!("old"), json!("new"), "CommentOnDatabase"),
        ("tablespace", json!("pg_default"), json!("fast"), "AlterDatabaseTablespace"),
    ] {
        let plan = of(json!({ attribute: shall }), json!({ attribute: is }));
        assert_eq!(change(&plan, "database/d").before, Some(json!({ attribute: is }).to_string()));
        assert_eq!(steps(change(&plan, "database/d"))[0].0, step);
        assert!(of(json!({ attribute: shall }), json!({ attribute: shall })).changes.is_empty(), "{attribute}");
    }
    for (attribute, value) in [
        ("encoding", "LATIN1"),
        ("locale_provider", "icu"),
        ("locale", "de_AT"),
        ("collate", "de_AT"),
        ("ctype", "de_AT"),
    ] {
        let plan = of(json!({ attribute: value }), json!({}));
        assert!(plan.changes.is_empty() && plan.refused[0].text.contains(attribute), "{:?}", plan.refused);
    }
    let same = json!({ "encoding": "utf-8", "locale": "en_US.utf8", "collate": "en_US.utf8" });
    assert!(of(same, json!({ "collate": "en_US.UTF-8" })).refused.is_empty());
    let icu = json!({ "locale_provider": "icu", "locale": "de_AT" });
    assert!(of(icu, json!({ "locale_provider": "icu", "locale": "de-AT" })).refused.is_empty());
}

#[test]
fn a_locale_goes_where_its_provider_takes_it() {
    for (provider, argument) in
        [(None, "locale"), (Some("libc"), "locale"), (Some("icu"), "icu_locale"), (Some("builtin"), "builtin_locale")]
    {
        let mut desired =
            json!({ "name": "d", "locale": "x", "comment": "c", "connection_limit": 4, "tablespace": "fast" });
        if let Some(provider) = provider {
            desired["locale_provider"] = json!(provider);
        }
        let plan = plan(&json!({ "databases": [desired] }), empty_server);
        let steps = steps(change(&plan, "database/d"));
        assert_eq!(
            (steps[0].1[argument].as_str(), &steps[0].1["connection_limit"]),
            (Some("x"), &json!(4)),
            "{steps:?}"
        );
        assert_eq!(steps[1], ("CommentOnDatabase".into(), json!({ "name": "d", "comment": "c" })));
    }
}

#[test]
fn extensions() {
    let of = |desired: Value, there: Value| {
        let mut extension = desired;
        extension["database"] = json!("d");
        extension["name"] = json!("pg_trgm");
        plan(&json!({ "extensions": [extension] }), move |name, _| match name {
            "ReadDatabases" => json!([database("d", json!({}))]),
            "ReadAvailableExtensions" => json!([{ "name": "pg_trgm", "default_version": "1.6" }]),
            "ReadSchemas" => json!([{ "name": "s", "owner": "o", "privileges": [] }]),
            "ReadExtensions" => there.clone(),
            _ => Value::Null,
        })
    };
    let is = json!([{ "name": "pg_trgm", "schema": "public", "version": "1.5" }]);
    let plan = of(json!({ "schema": "s" }), json!([]));
    let expected = json!({ "database": "d", "name": "pg_trgm", "schema": "s" });
    assert_eq!(steps(change(&plan, "extension/d/pg_trgm")), [("CreateExtension".into(), expected)]);
    assert!(of(json!({}), is.clone()).changes.is_empty());
    assert!(of(json!({ "version": "1.5", "schema": "public" }), is.clone()).changes.is_empty());
    let plan = of(json!({ "version": "latest", "schema": "s" }), is.clone());
    let names: Vec<_> = steps(change(&plan, "extension/d/pg_trgm"))
        .into_iter()
        .map(|(name, args)| (name, args["version"].clone()))
        .collect();
    assert_eq!(names, [("AlterExtensionSchema".into(), Value::Null), ("UpdateExtension".into(), json!("1.6"))]);
    let plan = of(json!({ "schema": "nowhere" }), is);
    assert!(plan.deferred[0].text.contains("`nowhere`"), "{:?}", plan.deferred);
}

#[test]
fn an_extension_that_the_server_does_not_have_is_refused() {
    let desired = json!({ "databases": [{ "name": "d" }], "extensions": [{ "database": "d", "name": "no_such" }] });
    let plan = plan(&desired, |name, args| match name {
        "ReadAvailableExtensions" => json!([]),
        _ => empty_server(name, args),
    });
    assert_eq!(ids(&plan), ["database/d"]);
    assert!(plan.refused[0].text.contains("no files"), "{:?}", plan.refused);
}

#[test]
fn an_old_server_is_refused_and_one_in_recovery_is_waited_for() {
    let probe = |version: i64, in_recovery: bool| {
        let mut answer = server(version);
        answer["in_recovery"] = json!(in_recovery);
        let host = native::Host::new(move |_| Ok(answer.clone()));
        host.run(|| Postgres::probe(&native::context(&json!({}), &[("sql", "sql")])))
    };
    assert!(probe(140_000, false).is_err());
    assert!(matches!(probe(150_000, false), Ok(hyhost_sdk::Readiness::Ready)));
    assert!(matches!(probe(180_000, true), Ok(hyhost_sdk::Readiness::NotReady(_))));
}
