//! MinIO: buckets with all that they have, and accounts. By hand: `mc`.

use hyhost_testbed::{Result, Testbed};

use super::Case;

const MINIO: (&str, &str) = ("minio", "minio");

/// What a policy of these tests gives, for a document and for `mc`.
const READS: &str = r#"{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::kinds-acc/*"] }] }"#;

/// More than that.
const READS_AND_WRITES: &str = r#"{ "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::kinds-acc/*"] }] }"#;

/// Words of `mc`, with blanks in between.
fn mc(bed: &Testbed, words: &str) -> Result<String> {
    bed.mc(&words.split(' ').collect::<Vec<_>>())
}

/// Several of them.
fn all(bed: &Testbed, lines: &[&str]) -> Result<String> {
    lines.iter().map(|line| mc(bed, line)).collect()
}

/// `mc admin policy create`, which takes a file.
fn policy(bed: &Testbed, name: &str, document: &str) -> Result<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), document).unwrap();
    bed.mc(&["admin", "policy", "create", "testbed", name, &file.path().display().to_string()])
}

pub(crate) fn cases() -> Vec<Case> {
    vec![buckets(), new_buckets(), adopted(), policies(), users(), groups(), service_accounts(), pruned()]
}

fn buckets() -> Case {
    let desired = "{ buckets: [{ name: kinds-b, anonymous: download, versioning: enabled, tags: { team: a }, quota: 1Gi, \
        lifecycle: [{ id: tmp, prefix: tmp/, expire_days: 9 }] }] }";
    Case::new("buckets", MINIO, desired)
        .drift("anonymous", "bucket/kinds-b", |bed| mc(bed, "anonymous set none testbed/kinds-b"))
        .drift("versioning", "bucket/kinds-b", |bed| mc(bed, "version suspend testbed/kinds-b"))
        .drift("tags", "bucket/kinds-b", |bed| mc(bed, "tag set testbed/kinds-b team=b&other=x"))
        .drift("quota", "bucket/kinds-b", |bed| mc(bed, "quota set testbed/kinds-b --size 2GiB"))
        .drift("lifecycle", "bucket/kinds-b", |bed| mc(bed, "ilm rule edit testbed/kinds-b --id tmp --expire-days 5"))
        .unmanaged(|bed| mc(bed, "tag set testbed/kinds-b team=a&mine=1"), |bed| mc(bed, "tag list testbed/kinds-b"))
        .extra("lifecycle", "bucket/kinds-b", |bed| {
            mc(bed, "ilm rule add testbed/kinds-b --expire-days 90 --prefix x/")
        })
}

fn new_buckets() -> Case {
    let desired = "{ buckets: [{ name: kinds-lock, region: us-east-1, object_lock: true, \
        retention: { mode: governance, days: 7 } }, { name: kinds-own, policy: { Statement: [{ Effect: Allow, \
        Principal: { AWS: ['*'] }, Action: [s3:GetObject], Resource: ['arn:aws:s3:::kinds-own/*'] }] } }] }";
    Case::new("object lock and an own policy", MINIO, desired)
        .drift("retention", "bucket/kinds-lock", |bed| {
            mc(bed, "retention set --default governance 3d testbed/kinds-lock")
        })
        .drift("no retention", "bucket/kinds-lock", |bed| mc(bed, "retention clear --default testbed/kinds-lock"))
        .drift("own policy", "bucket/kinds-own", |bed| mc(bed, "anonymous set none testbed/kinds-own"))
}

fn adopted() -> Case {
    let desired =
        "{ buckets: [{ name: kinds-old, anonymous: public, versioning: enabled, quota: 1Mi, tags: { a: b } }] }";
    Case::new("a bucket that was there", MINIO, desired).adopts(|bed| {
        all(
            bed,
            &[
                "mb testbed/kinds-old",
                "anonymous set public testbed/kinds-old",
                "version enable testbed/kinds-old",
                "quota set testbed/kinds-old --size 1MiB",
                "tag set testbed/kinds-old a=b",
            ],
        )
    })
}

fn policies() -> Case {
    let desired = "{ policies: [{ name: kinds-pol, policy: { Version: '2012-10-17', Statement: { Effect: Allow, \
        Action: s3:GetObject, Resource: 'arn:aws:s3:::kinds-acc/*' } } }, { name: kinds-op, admin: true, policy: { \
        Statement: [{ Effect: Allow, Action: ['admin:ServerInfo'] }] } }] }";
    Case::new("policies", MINIO, desired)
        .grant("[desired, { minio: { policy: { destroy: [kinds-pol] } } }]")
        .drift("narrower by hand", "policy/kinds-pol", |bed| {
            policy(bed, "kinds-pol", &READS.replace("GetObject", "DeleteObject"))
        })
        .drift("wider by hand", "policy/kinds-pol", |bed| policy(bed, "kinds-pol", READS_AND_WRITES))
        .prune("{ policy: [kinds-tmp-*] }", "policy/kinds-tmp-1", |bed| policy(bed, "kinds-tmp-1", READS))
}

fn users() -> Case {
    let desired = "{ users: [{ name: kinds-user, secret: one, enabled: true, policies: [readonly] }, \
        { name: kinds-off, secret: two, enabled: false }] }";
    Case::new("users", MINIO, desired)
        .drift("secret", "user/kinds-user", |bed| mc(bed, "admin user add testbed kinds-user another-secret-1"))
        .drift("disabled, same secret", "user/kinds-user", |bed| mc(bed, "admin user disable testbed kinds-user"))
        .drift("disabled, other secret", "user/kinds-user", |bed| {
            all(bed, &["admin user add testbed kinds-user another-secret-2", "admin user disable testbed kinds-user"])
        })
        .drift("policies", "user/kinds-user", |bed| mc(bed, "admin policy detach testbed readonly --user kinds-user"))
        .extra("policies", "user/kinds-user", |bed| mc(bed, "admin policy attach testbed readwrite --user kinds-user"))
        .prune("{ user: [kinds-tmp-*] }", "user/kinds-tmp-1", |bed| {
            mc(bed, "admin user add testbed kinds-tmp-1 another-secret-3")
        })
}

fn groups() -> Case {
    let desired = "{ users: [{ name: kinds-ann, secret: one }, { name: kinds-bob, secret: two }], \
        groups: [{ name: kinds-team, enabled: true, members: [kinds-ann], policies: [readonly] }] }";
    Case::new("groups", MINIO, desired)
        .drift("disabled", "group/kinds-team", |bed| mc(bed, "admin group disable testbed kinds-team"))
        .drift("members", "group/kinds-team", |bed| {
            all(
                bed,
                &[
                    "admin group add testbed kinds-team kinds-bob",
                    "admin group rm testbed kinds-team kinds-ann",
                    "admin group rm testbed kinds-team kinds-bob",
                ],
            )
        })
        .drift("policies", "group/kinds-team", |bed| mc(bed, "admin policy detach testbed readonly --group kinds-team"))
        .extra("members", "group/kinds-team", |bed| mc(bed, "admin group add testbed kinds-team kinds-bob"))
        .extra("policies", "group/kinds-team", |bed| {
            mc(bed, "admin policy attach testbed readwrite --group kinds-team")
        })
        .prune("{ group: [kinds-tmp-*] }", "group/kinds-tmp-1", |bed| {
            mc(bed, "admin group add testbed kinds-tmp-1 kinds-bob")
        })
}

fn service_accounts() -> Case {
    let desired = "{ users: [{ name: kinds-owner, secret: one }], service_accounts: [{ access_key: kinds-key, \
        owner: kinds-owner, secret: two, enabled: true, name: app, description: of the app, policy: { Statement: { \
        Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::kinds-acc/*' } } }] }";
    // `mc` and the server drop the policy with each edit: to set it again takes
    // rights away.
    Case::new("access keys", MINIO, desired)
        .grant("[desired, { minio: { service_account: { destroy: [kinds-key] } } }]")
        .drift("secret", "service_account/kinds-key", |bed| {
            mc(bed, "admin user svcacct edit testbed kinds-key --secret-key another-secret-4")
        })
        .drift("disabled", "service_account/kinds-key", |bed| mc(bed, "admin user svcacct disable testbed kinds-key"))
        .drift("name", "service_account/kinds-key", |bed| {
            mc(bed, "admin user svcacct edit testbed kinds-key --name other")
        })
        .drift("description", "service_account/kinds-key", |bed| {
            mc(bed, "admin user svcacct edit testbed kinds-key --description other")
        })
        .prune("{ service_account: [kinds-tmp-*] }", "service_account/kinds-tmp-1", |bed| {
            mc(bed, "admin user svcacct add testbed kinds-owner --access-key kinds-tmp-1 --secret-key another-secret-5")
        })
}

fn pruned() -> Case {
    Case::new("empty buckets", MINIO, "{ buckets: [{ name: kinds-stays }] }").prune(
        "{ bucket: [kinds-tmp-*] }",
        "bucket/kinds-tmp-1",
        |bed| mc(bed, "mb testbed/kinds-tmp-1"),
    )
}
