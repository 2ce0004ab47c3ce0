use super::*;

fn policy(statements: Value) -> Policy {
    with_statements(None, statements.as_array().unwrap().clone()).unwrap()
}

/// What `mc anonymous set download` leaves on a MinIO server: three statements
/// where ours are two.
fn download_by_mc() -> Policy {
    policy(json!([
        { "Effect": "Allow", "Principal": { "AWS": ["*"] }, "Action": ["s3:GetBucketLocation"], "Resource": ["arn:aws:s3:::b"] },
        { "Effect": "Allow", "Principal": { "AWS": ["*"] }, "Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::b"] },
        { "Effect": "Allow", "Principal": { "AWS": ["*"] }, "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"], "Sid": "" },
    ]))
}

#[test]
fn each_level_is_recognised_as_itself() {
    for level in Anonymous::ALL {
        let policy = level.put_into(None, "b");
        assert_eq!(Anonymous::of(policy.as_ref(), "b"), Some(level), "{level:?}");
    }
    assert_eq!(Anonymous::None.put_into(None, "b"), None);
}

#[test]
fn the_levels_are_those_of_minios_own_clients() {
    let actions = |level: Anonymous| {
        let all = meanings(&level.statements("b"));
        all.into_iter().map(|one| (one.resources, one.actions)).collect::<Vec<_>>()
    };
    let set = |words: &[&str]| set(words.iter().map(|word| (*word).to_owned()));
    let (bucket, objects) = (set(&["arn:aws:s3:::b"]), set(&["arn:aws:s3:::b/*"]));
    assert_eq!(
        actions(Anonymous::Download),
        [(bucket.clone(), set(&["s3:GetBucketLocation", "s3:ListBucket"])), (objects.clone(), set(&["s3:GetObject"])),]
    );
    let writes = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"];
    assert_eq!(
        actions(Anonymous::Upload),
        [
            (bucket.clone(), set(&["s3:GetBucketLocation", "s3:ListBucketMultipartUploads"])),
            (objects.clone(), set(&writes)),
        ]
    );
    assert_eq!(
        actions(Anonymous::Public),
        [
            (bucket, set(&["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"])),
            (objects, set(&[&writes[..], &["s3:GetObject"]].concat())),
        ]
    );
}

#[test]
fn how_a_policy_is_written_does_not_matter() {
    let spellings = [
        json!([
            { "Sid": "x", "Effect": "Allow", "Principal": "*", "Action": ["s3:ListBucket", "s3:GetBucketLocation"],
              "Resource": "arn:aws:s3:::b", "Condition": {} },
            { "Effect": "Allow", "Principal": { "AWS": "*" }, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" },
        ]),
        Value::Array(statements(Some(&download_by_mc())).into_iter().rev().collect()),
    ];
    for spelling in spellings {
        let policy = policy(spelling);
        assert_eq!(Anonymous::of(Some(&policy), "b"), Some(Anonymous::Download));
    }
    let mut alone = download_by_mc();
    alone.insert(
        "Statement".into(),
        json!({ "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "r" }),
    );
    assert_eq!(statements(Some(&alone)).len(), 1);
}

#[test]
fn another_action_resource_or_condition_does_matter() {
    let changes: [(&str, Value); 3] = [
        ("Action", json!(["s3:GetObject", "s3:PutObject"])),
        ("Resource", json!("arn:aws:s3:::b/public/*")),
        ("Condition", json!({ "StringEquals": { "aws:SourceIp": "10.0.0.1" } })),
    ];
    for (key, value) in changes {
        let mut all = statements(Some(&download_by_mc()));
        all[2][key] = value;
        let changed = policy(Value::Array(all));
        assert_eq!(Anonymous::of(Some(&changed), "b"), None, "{key} was not seen");
        assert_eq!(Anonymous::Download.described(Some(&changed), "b").len(), 1, "{key}");
        assert_eq!(Anonymous::None.described(Some(&changed), "b").len(), 3, "{key}");
    }
}

#[test]
fn anonymous_takes_its_own_statements_and_leaves_those_of_others() {
    let named = json!({ "Effect": "Allow", "Principal": { "AWS": ["arn:aws:iam::1:user/a"] }, "Action": ["s3:GetObject"],
        "Resource": ["arn:aws:s3:::b/*"] });
    let refusal = json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*",
        "Condition": { "Bool": { "aws:SecureTransport": "false" } } });
    let mut all = statements(Some(&download_by_mc()));
    all.extend([named.clone(), refusal.clone()]);
    let policy = policy(Value::Array(all));
    assert_eq!(Anonymous::of(Some(&policy), "b"), Some(Anonymous::Download));

    let none = Anonymous::None.put_into(Some(&policy), "b");
    assert_eq!(statements(none.as_ref()), [named.clone(), refusal.clone()]);
    let upload = Anonymous::Upload.put_into(Some(&policy), "b");
    assert_eq!(statements(upload.as_ref())[..2], [named, refusal]);
    assert_eq!(Anonymous::of(upload.as_ref(), "b"), Some(Anonymous::Upload));
}

#[test]
fn who_is_named_beside_everybody_keeps_what_they_had() {
    let both = policy(json!([{ "Effect": "Allow", "Principal": { "AWS": ["*", "arn:aws:iam::1:user/a"] },
        "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"] }]));
    let none = Anonymous::None.put_into(Some(&both), "b");
    assert_eq!(statements(none.as_ref())[0]["Principal"], json!({ "AWS": ["arn:aws:iam::1:user/a"] }));
}

#[test]
fn a_statement_may_be_said_by_several() {
    let one = Statement::read(
        &json!({ "Effect": "Allow", "Principal": { "AWS": ["a", "b"] }, "Action": ["x", "y"], "Resource": "r" }),
    );
    let parts = |last: &str| {
        meanings(&[
            json!({ "Effect": "Allow", "Principal": { "AWS": "a" }, "Action": ["x", "y", "z"], "Resource": ["r", "s"] }),
            json!({ "Effect": "Allow", "Principal": { "AWS": "b" }, "Action": "x", "Resource": "r" }),
            json!({ "Effect": "Allow", "Principal": { "AWS": "b" }, "Action": last, "Resource": "r" }),
        ])
    };
    assert!(one.is_said_by(&parts("y")));
    assert!(!one.is_said_by(&parts("z")));
}

#[test]
fn a_refusal_does_not_say_what_a_permission_says() {
    let one =
        |effect: &str| Statement::read(&json!({ "Effect": effect, "Principal": "a", "Action": "x", "Resource": "r" }));
    assert!(one("Deny").is_said_by(&[one("Deny")]));
    assert!(!one("Deny").is_said_by(&[one("Allow")]) && !one("Allow").is_said_by(&[one("Deny")]));
}

#[test]
fn what_is_given_by_exclusion_stays_whole() {
    let not =
        Statement::read(&json!({ "Effect": "Allow", "Principal": "*", "NotAction": ["b", "a"], "Resource": "r" }));
    let same =
        Statement::read(&json!({ "Effect": "Allow", "Principal": "*", "NotAction": ["a", "b"], "Resource": ["r"] }));
    let part = Statement::read(&json!({ "Effect": "Allow", "Principal": "*", "NotAction": "a", "Resource": "r" }));
    assert!(not.is_said_by(&[same]));
    assert!(!not.is_said_by(std::slice::from_ref(&part)) && !part.is_said_by(&[not]));
}

#[test]
fn conditions_are_the_same_in_any_order_and_as_text() {
    let one = json!({ "Bool": { "aws:SecureTransport": false }, "StringLike": { "s3:prefix": ["b", "a"] } });
    let same = json!({ "StringLike": { "s3:prefix": ["a", "b"] }, "Bool": { "aws:SecureTransport": ["false"] } });
    assert_eq!(condition(&one), condition(&same));
    assert_ne!(condition(&one), condition(&json!({ "StringLike": { "s3:prefix": ["a", "b"] } })));
}
