//! Guests that ask for what they may not have.

use hyhost_backend::Class;
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn each_refusal_has_its_own_words_and_is_on_record() {
    let cases = [
        ("write", Class::Denied, "`CreateRole` writes, and during plan only reads pass"),
        ("unknown-operation", Class::Denied, "capability `sql` has no operation `Exec\\nute`"),
        ("unknown-argument", Class::Invalid, "`ReadRoles`: argument"),
        ("no-json", Class::Invalid, "`ReadRoles`: its arguments cannot be read: it is not JSON at line 1, column 11"),
        ("no-object", Class::Invalid, "`ReadRoles`: argument"),
        ("commas", Class::Invalid, "it has too many values for its size"),
        ("too-many", Class::Denied, "1001 operations in one call of perform are over the limit of 1000"),
        ("too-large", Class::Denied, "bytes of arguments in one call of perform are over the limit of 4194304"),
        ("secret-elsewhere", Class::Invalid, "`CreateRole`: argument `/name`"),
        ("secret-not-its-own", Class::Denied, "only reads pass"),
        ("unknown-directory", Class::Denied, "directory `/etc` is not one that the document hands to target `app`"),
    ];
    for (does, class, words) in cases {
        let world = World::new();
        let fault = world.call("plan", does).await.unwrap().unwrap_err();
        assert_eq!(fault.class, class, "{does}: {fault}");
        assert!(fault.message.contains(words), "{does}: {fault}");
        assert!(!fault.message.contains("hunter2"), "{does}: {fault}");
        world.assert_untouched(does);
        assert_eq!(world.server.calls(), 0, "{does}");
        assert!(!world.events("refused").is_empty(), "{does} is not on record");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_that_it_has_not_is_refused() {
    let world = World::new();
    let fault = world.call("plan", "unknown-slot").await.unwrap().unwrap_err();
    assert_eq!(fault.class, Class::Denied);
    assert!(fault.message.contains("no slot `other`"), "{fault}");
    assert_eq!(world.server.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_with_something_unreadable_does_not_happen() {
    let world = World::new();
    let fault = world.call("plan", "half-a-transaction").await.unwrap().unwrap_err();
    assert!(fault.message.contains("none was performed"), "{fault}");
    assert_eq!(world.server.calls(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_of_another_target_is_refused_where_writes_pass() {
    let world = World::new();
    let fault = world.call("ensure", "secret-not-its-own").await.unwrap().unwrap_err();
    assert_eq!(fault.class, Class::Denied);
    assert!(fault.message.contains("no field marked `sql.password` that names the secret `root_pw`"), "{fault}");
    world.assert_untouched("secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_plan_did_not_show_does_not_happen() {
    let world = World::new();
    let changes = world.planned(json!({})).await;
    let (answer, session) = world.ensure(json!({ "in": "ensure", "does": "undeclared" }), &changes).await;
    let fault = answer.unwrap().remove(0).unwrap_err();
    assert_eq!(fault.class, Class::Denied);
    assert!(fault.message.contains("what a plan did not show cannot happen"), "{fault}");
    session.finish(vec![(hyhost_audit::Outcome::Denied, Some(fault.message))]).unwrap();
    world.assert_untouched("undeclared");
    assert_eq!(world.events("refused")[0]["touches"][0]["name"], json!(["ok_other"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_outside_the_grant_does_not_happen_though_the_plan_shows_it() {
    let world = World::new();
    let desired = json!({ "role": "postgres" });
    let changes = world.planned(desired.clone()).await;
    assert_eq!(changes[0].id, "role/postgres");
    let fault = world.ensure(desired, &changes).await.0.unwrap().remove(0).unwrap_err();
    assert_eq!(fault.class, Class::Denied);
    assert!(fault.message.contains("grant: { main-db: { role: { write: [\"postgres\"] } } }"), "{fault}");
    world.assert_untouched("outside the grant");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lie_is_on_record_as_what_it_is() {
    let world = World::new();
    let changes = world.planned(json!({})).await;
    let (answer, session) = world.ensure(json!({ "in": "ensure", "does": "lie" }), &changes).await;
    assert_eq!(answer.unwrap(), [Ok(hyhost_sandbox::Done::Done)]);
    session.finish(vec![(hyhost_audit::Outcome::Done, None)]).unwrap();
    assert_eq!(world.events("object")[0]["operations"], json!([]));
    world.assert_untouched("lie");
}
