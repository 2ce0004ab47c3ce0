//! Settings of a bucket that stand as one: object lock, encryption, CORS.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    CorsConfiguration, CorsRule, DefaultRetention, ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode,
    ObjectLockRule, ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{or_absent, unfit};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

/// The default retention of a bucket with object lock.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Retention {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    years: Option<i32>,
}

#[derive(Deserialize)]
struct PutLock {
    bucket: String,
    object_lock: Retention,
}

pub(crate) async fn get_lock(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let answer = server.signed(|client| client.get_object_lock_configuration().bucket(bucket).send()).await;
    let answer = or_absent(answer, "ObjectLockConfigurationNotFoundError")?;
    let Some(lock) = answer.and_then(|answer| answer.object_lock_configuration) else { return Ok(Value::Null) };
    if lock.object_lock_enabled() != Some(&ObjectLockEnabled::Enabled) {
        return Ok(Value::Null);
    }
    let default = lock.rule().and_then(|rule| rule.default_retention());
    Ok(json!(default.map_or_else(Retention::default, |default| Retention {
        mode: default.mode().map(|mode| mode.as_str().to_owned()),
        days: default.days().filter(|days| *days > 0),
        years: default.years().filter(|years| *years > 0),
    })))
}

pub(crate) async fn put_lock(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let PutLock { bucket, object_lock } = asked.args()?;
    set_lock(server, &bucket, &object_lock).await
}

pub(crate) async fn set_lock(server: &Server, bucket: &str, retention: &Retention) -> Result<Value, Failure> {
    let rule = retention.mode.as_deref().map(|mode| {
        let default = DefaultRetention::builder()
            .mode(ObjectLockRetentionMode::from(mode))
            .set_days(retention.days)
            .set_years(retention.years);
        ObjectLockRule::builder().default_retention(default.build()).build()
    });
    let lock =
        ObjectLockConfiguration::builder().object_lock_enabled(ObjectLockEnabled::Enabled).set_rule(rule).build();
    let call = |client: Client| {
        client.put_object_lock_configuration().bucket(bucket).object_lock_configuration(lock.clone()).send()
    };
    server.signed(call).await.map(|_| Value::Null)
}

#[derive(Serialize, Deserialize)]
struct Encryption {
    algorithm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Deserialize)]
struct PutEncryption {
    bucket: String,
    encryption: Encryption,
}

pub(crate) async fn get_encryption(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let answer = server.signed(|client| client.get_bucket_encryption().bucket(bucket).send()).await;
    let answer = or_absent(answer, "ServerSideEncryptionConfigurationNotFoundError")?;
    let rules = answer.and_then(|answer| answer.server_side_encryption_configuration).map(|all| all.rules);
    let default = rules.and_then(|rules| rules.into_iter().find_map(|r| r.apply_server_side_encryption_by_default));
    Ok(default.map_or(Value::Null, |default| {
        json!(Encryption { algorithm: default.sse_algorithm.as_str().to_owned(), key: default.kms_master_key_id })
    }))
}

pub(crate) async fn put_encryption(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let PutEncryption { bucket, encryption } = asked.args()?;
    let default = ServerSideEncryptionByDefault::builder()
        .sse_algorithm(ServerSideEncryption::from(encryption.algorithm.as_str()))
        .set_kms_master_key_id(encryption.key)
        .build()
        .map_err(unfit)?;
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(default).build();
    let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().map_err(unfit)?;
    let call = |client: Client| {
        client.put_bucket_encryption().bucket(&bucket).server_side_encryption_configuration(all.clone()).send()
    };
    server.signed(call).await.map(|_| Value::Null)
}

#[derive(Serialize, Deserialize)]
struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    origins: Vec<String>,
    methods: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<i32>,
}

#[derive(Deserialize)]
struct PutCors {
    bucket: String,
    cors: Vec<Cors>,
}

pub(crate) async fn get_cors(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let bucket = asked.text("bucket")?;
    let answer = server.signed(|client| client.get_bucket_cors().bucket(bucket).send()).await;
    let Some(answer) = or_absent(answer, "NoSuchCORSConfiguration")? else { return Ok(Value::Null) };
    let some = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
    let rules = answer.cors_rules.unwrap_or_default().into_iter().map(|rule| Cors {
        id: rule.id.filter(|id| !id.is_empty()),
        origins: rule.allowed_origins,
        methods: rule.allowed_methods,
        headers: some(rule.allowed_headers),
        expose_headers: some(rule.expose_headers),
        max_age: rule.max_age_seconds,
    });
    Ok(json!(rules.collect::<Vec<_>>()))
}

pub(crate) async fn put_cors(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let PutCors { bucket, cors } = asked.args()?;
    let rules: Result<Vec<_>, _> = cors.into_iter().map(Cors::build).collect();
    let all = CorsConfiguration::builder().set_cors_rules(Some(rules?)).build().map_err(unfit)?;
    let call = |client: Client| client.put_bucket_cors().bucket(&bucket).cors_configuration(all.clone()).send();
    server.signed(call).await.map(|_| Value::Null)
}

impl Cors {
    fn build(self) -> Result<CorsRule, Failure> {
        let rule = CorsRule::builder()
            .set_id(self.id)
            .set_allowed_origins(Some(self.origins))
            .set_allowed_methods(Some(self.methods))
            .set_allowed_headers(self.headers)
            .set_expose_headers(self.expose_headers)
            .set_max_age_seconds(self.max_age);
        rule.build().map_err(unfit)
    }
}
