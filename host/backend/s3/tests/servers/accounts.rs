//! Users, groups and policies.

use hyhost_backend::Class;
use hyhost_config::{S3, Secret};
use serde_json::{Value, json};

use crate::common::{backend, each, one};
use crate::support::{one_with, root, up, with_secret};

const FIRST: &str = "first-secret-0123456789";
const SECOND: &str = "second-secret-9876543210";

fn user(name: &str) -> Value {
    json!({ "user": name })
}

fn reads(bucket: &str) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [format!("arn:aws:s3:::{bucket}/*")] },
    ] })
}

#[tokio::test]
async fn a_user_lives() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    let read = |names: Value| one(&backend, "ReadUsers", json!({ "names": names }));
    let matches = |secret| one_with(&backend, "UserSecretMatches", user("app"), secret);
    assert_eq!(read(json!(["app"])).await, Ok(json!([])));
    assert_eq!(one(&backend, "ReadUsers", json!({})).await, Ok(json!([])));
    assert_eq!(matches(FIRST).await, Ok(Value::Null));

    let add = json!({ "user": "app", "status": "enabled" });
    one_with(&backend, "AddUser", add.clone(), FIRST).await.unwrap();
    let plain = json!([{ "name": "app", "status": "enabled", "policies": [] }]);
    assert_eq!(read(json!(["app", "absent"])).await, Ok(plain.clone()));
    assert_eq!(one(&backend, "ReadUsers", json!({})).await, Ok(plain.clone()), "the sealed answer");
    assert_eq!(matches(FIRST).await, Ok(json!(true)));
    assert_eq!(matches(SECOND).await, Ok(json!(false)));
    let again = one_with(&backend, "AddUser", add, SECOND).await.unwrap_err();
    assert_eq!(again.class, Class::Conflict, "{again}");
    assert_eq!(matches(FIRST).await, Ok(json!(true)), "who is there keeps the secret");

    // By hand: another secret, then disabled.
    bed.mc(&["admin", "user", "add", "testbed", "app", SECOND]).unwrap();
    assert_eq!(matches(FIRST).await, Ok(json!(false)));
    bed.mc(&["admin", "user", "disable", "testbed", "app"]).unwrap();
    assert_eq!(read(json!(["app"])).await.unwrap()[0]["status"], json!("disabled"));
    assert_eq!(matches(SECOND).await, Ok(Value::Null), "nobody can say");
    one_with(&backend, "SetUserSecret", user("app"), FIRST).await.unwrap();
    assert_eq!(read(json!(["app"])).await.unwrap()[0]["status"], json!("disabled"), "only the secret is set");
    one(&backend, "SetUserStatus", json!({ "user": "app", "status": "enabled" })).await.unwrap();
    assert_eq!(matches(FIRST).await, Ok(json!(true)));

    for _ in 0..2 {
        assert_eq!(one(&backend, "RemoveUser", user("app")).await, Ok(Value::Null));
    }
    assert_eq!(read(json!(["app"])).await, Ok(json!([])));
    let fault = one_with(&backend, "SetUserSecret", user("app"), FIRST).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
    let status = json!({ "user": "app", "status": "disabled" });
    let fault = one(&backend, "SetUserStatus", status).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
}

#[tokio::test]
async fn names_of_all_kinds_arrive_as_they_are() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    for name in ["a b", "a+b/c?d&e", "ünï-©ode", "a%20b", "a.b_c~d"] {
        one_with(&backend, "AddUser", json!({ "user": name, "status": "enabled" }), FIRST).await.unwrap();
        let read = one(&backend, "ReadUsers", json!({ "names": [name] })).await.unwrap();
        assert_eq!(read[0]["name"], json!(name));
        assert_eq!(one_with(&backend, "UserSecretMatches", user(name), FIRST).await, Ok(json!(true)), "{name}");
    }
    assert_eq!(one(&backend, "ReadUsers", json!({})).await.unwrap().as_array().unwrap().len(), 5);
}

#[tokio::test]
async fn a_secret_that_the_server_does_not_take_is_invalid() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    let add = json!({ "user": "app", "status": "enabled" });
    let fault = one_with(&backend, "AddUser", add, "short").await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
    assert_eq!(one(&backend, "ReadUsers", json!({ "names": ["app"] })).await, Ok(json!([])));
}

#[tokio::test]
async fn policies_are_made_changed_attached_and_removed() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    let read = || one(&backend, "ReadPolicies", json!({ "names": ["reader", "readwrite", "absent"] }));
    let built_in = read().await.unwrap();
    assert_eq!(built_in.as_array().unwrap().len(), 1);
    assert_eq!(built_in[0]["name"], json!("readwrite"));

    let set = |name, bucket| {
        let args = json!({ "policy": "reader", "document": reads(bucket) });
        let backend = &backend;
        async move { one(backend, name, args).await }
    };
    assert_eq!(set("SetCannedPolicy", "a").await.unwrap_err().class, Class::Conflict);
    set("AddCannedPolicy", "a").await.unwrap();
    assert_eq!(set("AddCannedPolicy", "b").await.unwrap_err().class, Class::Conflict);
    assert_eq!(read().await.unwrap()[0], json!({ "name": "reader", "document": reads("a") }));
    set("SetCannedPolicy", "b").await.unwrap();
    assert_eq!(read().await.unwrap()[0]["document"], reads("b"));

    one_with(&backend, "AddUser", json!({ "user": "app", "status": "enabled" }), FIRST).await.unwrap();
    let policies = |list: Value| json!({ "user": "app", "policies": list });
    for _ in 0..2 {
        one(&backend, "AttachUserPolicy", policies(json!(["reader", "readwrite"]))).await.unwrap();
    }
    let user = one(&backend, "ReadUsers", json!({ "names": ["app"] })).await.unwrap();
    assert_eq!(user[0]["policies"], json!(["reader", "readwrite"]));
    let fault = one(&backend, "AttachUserPolicy", policies(json!(["absent"]))).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");
    let remove = json!({ "policy": "reader" });
    let fault = one(&backend, "RemoveCannedPolicy", remove.clone()).await.unwrap_err();
    assert_eq!(fault.code.as_deref(), Some("XMinioIAMPolicyInUse"), "{fault}");
    for _ in 0..2 {
        one(&backend, "DetachUserPolicy", policies(json!(["reader"]))).await.unwrap();
    }
    assert!(bed.mc(&["admin", "user", "info", "testbed", "app"]).unwrap().contains("readwrite"));
    for _ in 0..2 {
        assert_eq!(one(&backend, "RemoveCannedPolicy", remove.clone()).await, Ok(Value::Null));
    }
}

#[tokio::test]
async fn a_policy_of_the_server_is_never_written_and_an_administrators_only_by_its_word() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    for name in ["consoleAdmin", "diagnostics", "readonly", "readwrite", "writeonly"] {
        let args = json!({ "policy": name, "document": reads("a") });
        for (row, args) in [
            ("AddCannedPolicy", args.clone()),
            ("SetCannedPolicy", args),
            ("RemoveCannedPolicy", json!({ "policy": name })),
        ] {
            let fault = one(&backend, row, args).await.unwrap_err();
            assert_eq!(fault.class, Class::Denied, "{fault}");
        }
    }
    let document = json!({ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": ["admin:*"] }] });
    let mut args = json!({ "policy": "operator", "document": document });
    let fault = one(&backend, "AddCannedPolicy", args.clone()).await.unwrap_err();
    assert_eq!(fault.class, Class::Denied, "{fault}");
    assert!(fault.message.contains("admin: true"), "{fault}");
    args["admin"] = json!(true);
    one(&backend, "AddCannedPolicy", args).await.unwrap();
    let nonsense =
        json!({ "policy": "nonsense", "document": { "Version": "2012-10-17", "Statement": [{ "Effect": "Maybe" }] } });
    let fault = one(&backend, "AddCannedPolicy", nonsense).await.unwrap_err();
    assert_eq!(fault.class, Class::Invalid, "{fault}");
}

#[tokio::test]
async fn a_group_lives() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    for name in ["ann", "bob"] {
        one_with(&backend, "AddUser", json!({ "user": name, "status": "enabled" }), FIRST).await.unwrap();
    }
    let group = json!({ "group": "team" });
    let read = || one(&backend, "ReadGroups", json!({ "names": ["team", "absent"] }));
    assert_eq!(read().await, Ok(json!([])));
    assert_eq!(one(&backend, "ReadGroups", json!({})).await, Ok(json!([])));
    one(&backend, "AddGroup", group.clone()).await.unwrap();
    assert_eq!(one(&backend, "AddGroup", group.clone()).await.unwrap_err().class, Class::Conflict);
    let mut expected = json!([{ "name": "team", "status": "enabled", "members": [], "policies": [] }]);
    assert_eq!(read().await, Ok(expected.clone()));

    let members = |list: Value| json!({ "group": "team", "members": list });
    for _ in 0..2 {
        one(&backend, "AddGroupMembers", members(json!(["ann", "bob"]))).await.unwrap();
    }
    let policies = json!({ "group": "team", "policies": ["readonly"] });
    one(&backend, "AttachGroupPolicy", policies.clone()).await.unwrap();
    expected[0]["members"] = json!(["ann", "bob"]);
    expected[0]["policies"] = json!(["readonly"]);
    assert_eq!(read().await, Ok(expected.clone()));
    assert_eq!(one(&backend, "ReadGroups", json!({})).await, Ok(expected.clone()));
    assert!(bed.mc(&["admin", "group", "info", "testbed", "team"]).unwrap().contains("readonly"));
    let fault = one(&backend, "AddGroupMembers", members(json!(["absent"]))).await.unwrap_err();
    assert_eq!(fault.class, Class::Conflict, "{fault}");

    one(&backend, "SetGroupStatus", json!({ "group": "team", "status": "disabled" })).await.unwrap();
    one(&backend, "RemoveGroupMembers", members(json!(["ann"]))).await.unwrap();
    expected[0]["members"] = json!(["bob"]);
    expected[0]["status"] = json!("disabled");
    // It does not say which policies it will have again.
    expected[0]["policies"] = json!([]);
    assert_eq!(read().await, Ok(expected));
    one(&backend, "SetGroupStatus", json!({ "group": "team", "status": "enabled" })).await.unwrap();
    one(&backend, "DetachGroupPolicy", policies).await.unwrap();
    for _ in 0..2 {
        assert_eq!(one(&backend, "RemoveGroup", group.clone()).await, Ok(Value::Null), "with its member");
    }
    assert_eq!(read().await, Ok(json!([])));
    assert_eq!(one(&backend, "ReadUsers", json!({ "names": ["bob"] })).await.unwrap().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn many_accounts_at_a_time() {
    let bed = up();
    let backend = backend(&root(&bed, None));
    let names: Vec<String> = (0..40).map(|i| format!("user-{i:02}")).collect();
    let add = names.iter().map(|name| with_secret("AddUser", json!({ "user": name, "status": "enabled" }), FIRST));
    for answer in each(&backend, add.collect()).await {
        assert_eq!(answer, Ok(Value::Null));
    }
    assert_eq!(one(&backend, "ReadUsers", json!({ "names": names })).await.unwrap().as_array().unwrap().len(), 40);
}

/// Sealing uses the secret that the server took, also where the first one of
/// the list is not it.
#[tokio::test]
async fn a_list_of_secrets_seals_by_the_right_one() {
    let bed = up();
    let right = root(&bed, None);
    let wrong = Secret::new("minio_new", "not-the-one-0123456789");
    let rotating = backend(&S3 { passwords: vec![wrong, right.passwords[0].clone()], ..right });
    one_with(&rotating, "AddUser", json!({ "user": "app", "status": "enabled" }), FIRST).await.unwrap();
    assert_eq!(one_with(&rotating, "UserSecretMatches", user("app"), FIRST).await, Ok(json!(true)));
    assert_eq!(one(&rotating, "ReadUsers", json!({})).await.unwrap().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn who_is_no_administrator_is_denied() {
    let bed = up();
    bed.mc(&["admin", "user", "add", "testbed", "reader", FIRST]).unwrap();
    bed.mc(&["admin", "policy", "attach", "testbed", "readonly", "--user", "reader"]).unwrap();
    let passwords = vec![Secret::new("reader", FIRST)];
    let backend = backend(&S3 { user: "reader".to_owned(), passwords, ..root(&bed, None) });
    for (name, args) in [("ReadPolicies", json!({})), ("ReadUsers", json!({})), ("AddGroup", json!({ "group": "g" }))] {
        let fault = one(&backend, name, args).await.unwrap_err();
        assert_eq!((fault.class, fault.login_refused), (Class::Denied, false), "{fault}");
    }
}
