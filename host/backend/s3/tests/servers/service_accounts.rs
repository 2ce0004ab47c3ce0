//! Access keys that act for a user.

use hyhost_backend::Class;
use serde_json::{Value, json};

use crate::common::{backend, one};
use crate::support::{one_with, root, up};

const OWNERS: &str = "owners-secret-0123456789";
const FIRST: &str = "first-secret-0123456789";
const SECOND: &str = "second-secret-9876543210";

fn only(action: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": [action], "Resource": ["arn:aws:s3:::media/*"] },
    ] })
}

/// A moment in half a year: the server takes none that is further than one.
fn later() -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let moment = aws_sdk_s3::primitives::DateTime::from_secs(i64::try_from(now).unwrap() + 180 * 24 * 3600);
    moment.fmt(aws_sdk_s3::primitives::DateTimeFormat::DateTime).unwrap()
}

#[tokio::test]
async fn an_access_key_lives() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one_with(&backend, "AddUser", json!({ "user": "owner", "status": "enabled" }), OWNERS).await.unwrap();
    let key = json!({ "access_key": "app-key" });
    let read = || one(&backend, "ReadServiceAccounts", json!({ "access_keys": ["app-key", "absent"] }));
    let matches = |secret| one_with(&backend, "ServiceAccountSecretMatches", key.clone(), secret);
    assert_eq!(read().await, Ok(json!([])));
    assert_eq!(one(&backend, "ListAccessKeys", json!({})).await, Ok(json!([])));

    let (expiration, policy) = (later(), only("s3:GetObject"));
    let add = json!({ "access_key": "app-key", "owner": "owner", "policy": policy, "name": "app",
        "description": "of the app", "expiration": expiration });
    one_with(&backend, "AddServiceAccount", add.clone(), FIRST).await.unwrap();
    let again = one_with(&backend, "AddServiceAccount", add, SECOND).await.unwrap_err();
    assert_eq!(again.class, Class::Conflict, "{again}");
    let mut expected = json!([{ "access_key": "app-key", "owner": "owner", "status": "enabled", "name": "app",
        "description": "of the app", "policy": policy, "expiration": expiration }]);
    assert_eq!(read().await, Ok(expected.clone()));
    let listed = one(&backend, "ListAccessKeys", json!({})).await;
    assert_eq!(listed, Ok(json!([{ "access_key": "app-key", "owner": "owner" }])));
    assert_eq!(matches(FIRST).await, Ok(json!(true)));
    assert_eq!(matches(SECOND).await, Ok(json!(false)));

    // What is not named stays, the policy above all.
    let update = |what: Value| {
        let mut args = json!({ "access_key": "app-key" });
        args.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        one(&backend, "UpdateServiceAccount", args)
    };
    update(json!({ "description": "another" })).await.unwrap();
    expected[0]["description"] = json!("another");
    assert_eq!(read().await, Ok(expected.clone()));
    one_with(&backend, "UpdateServiceAccount", key.clone(), SECOND).await.unwrap();
    assert_eq!(matches(SECOND).await, Ok(json!(true)));
    assert_eq!(read().await, Ok(expected.clone()));
    update(json!({ "policy": only("s3:PutObject"), "name": "other", "status": "disabled" })).await.unwrap();
    expected[0]["policy"] = only("s3:PutObject");
    expected[0]["name"] = json!("other");
    expected[0]["status"] = json!("disabled");
    assert_eq!(read().await, Ok(expected));
    assert_eq!(matches(SECOND).await, Ok(Value::Null), "nobody can say");

    for _ in 0..2 {
        assert_eq!(one(&backend, "DeleteServiceAccount", key.clone()).await, Ok(Value::Null));
    }
    assert_eq!(read().await, Ok(json!([])));
    let fault = update(json!({ "name": "gone" })).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
}

#[tokio::test]
async fn one_without_a_policy_has_none_of_its_own() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    one_with(&backend, "AddUser", json!({ "user": "owner", "status": "enabled" }), OWNERS).await.unwrap();
    let add = json!({ "access_key": "app-key", "owner": "owner" });
    one_with(&backend, "AddServiceAccount", add, FIRST).await.unwrap();
    let read = one(&backend, "ReadServiceAccounts", json!({ "access_keys": ["app-key"] })).await.unwrap();
    let expected =
        json!([{ "access_key": "app-key", "owner": "owner", "status": "enabled", "name": "", "description": "" }]);
    assert_eq!(read, expected);
    assert!(bed.mc(&["admin", "user", "svcacct", "info", "testbed", "app-key"]).unwrap().contains("owner"));
    let stranger = json!({ "access_key": "other-key", "owner": "absent" });
    let fault = one_with(&backend, "AddServiceAccount", stranger, FIRST).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
    // It goes with its owner.
    one(&backend, "RemoveUser", json!({ "user": "owner" })).await.unwrap();
    assert_eq!(one(&backend, "ListAccessKeys", json!({})).await, Ok(json!([])));
}
