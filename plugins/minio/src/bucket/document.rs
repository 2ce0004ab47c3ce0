//! Buckets, as documents desire them. What is absent is not managed.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};

use hyhost_sdk::s3;

use crate::policy::{Anonymous, Policy};

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(default)]
    pub(super) buckets: Vec<Bucket>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Bucket {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) region: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) object_lock: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) anonymous: Option<Anonymous>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) policy: Option<Policy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) versioning: Option<Versioning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tags: Option<BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) retention: Option<Retention>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "rules")]
    pub(super) lifecycle: Option<Vec<s3::LifecycleRule>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encryption: Option<s3::Encryption>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quota: Option<Size>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notifications: Option<Vec<s3::Notification>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cors: Option<Vec<s3::CorsRule>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Versioning {
    Enabled,
    Suspended,
}

impl Versioning {
    /// The server's word.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::Enabled => "Enabled",
            Self::Suspended => "Suspended",
        }
    }
}

/// The default retention of a bucket with object lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Retention {
    pub(super) mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) days: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) years: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Mode {
    Governance,
    Compliance,
}

impl Mode {
    /// The server's word.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Governance => "GOVERNANCE",
            Self::Compliance => "COMPLIANCE",
        }
    }
}

/// A number of bytes: as it is, or with a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Size {
    Bytes(i64),
    Text(String),
}

impl Size {
    /// As a number; `None` where it is over all bounds.
    pub(super) fn bytes(&self) -> Option<i64> {
        let text = match self {
            Self::Bytes(bytes) => return Some(*bytes),
            Self::Text(text) => text,
        };
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let shift = match &text[digits.len()..] {
            "" => 0,
            "Ki" => 10,
            "Mi" => 20,
            "Gi" => 30,
            "Ti" => 40,
            "Pi" => 50,
            _ => return None,
        };
        digits.parse::<i64>().ok()?.checked_mul(1 << shift)
    }
}

/// Rules are enabled unless they say otherwise, and say nothing by an empty
/// value.
fn rules<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<s3::LifecycleRule>>, D::Error> {
    let written: Option<Vec<Map<String, Value>>> = Option::deserialize(from)?;
    let rule = |mut written: Map<String, Value>| {
        written.entry("enabled").or_insert(Value::Bool(true));
        let mut rule: s3::LifecycleRule = serde_json::from_value(Value::Object(written))?;
        rule.prefix = rule.prefix.filter(|prefix| !prefix.is_empty());
        rule.tags = rule.tags.filter(|tags| !tags.is_empty());
        rule.expire_delete_markers = rule.expire_delete_markers.filter(|on| *on);
        Ok(rule)
    };
    let rules: Option<Result<Vec<_>, serde_json::Error>> = written.map(|all| all.into_iter().map(rule).collect());
    rules.transpose().map_err(serde::de::Error::custom)
}

pub(super) fn schema() -> Value {
    json!({
        "description": "Buckets. What is not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": {
                    "description": "3 to 63 lower case letters, digits, dots and hyphens.",
                    "type": "string",
                    "pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
                    "x-hyhost": { "name": "s3.bucket" },
                },
                "region": {
                    "description": "Where it is made; absent: in the connection's region. A bucket cannot be moved.",
                    "type": "string", "minLength": 1,
                },
                "object_lock": {
                    "description": "Whether versions of objects can be locked. It can be chosen only when the bucket is made.",
                    "type": "boolean",
                },
                "anonymous": {
                    "description": "What everybody may do without a login: nothing, list and read, write and delete, \
                        or both. It owns the policy's permissions for everybody; those of named accounts stay. \
                        Absent: not managed. Not together with `policy`.",
                    "enum": ["none", "download", "upload", "public"],
                },
                "policy": {
                    "description": "A policy of your own. Each of its statements will be there; others stay and are \
                        shown as extras. Absent: not managed. Not together with `anonymous`.",
                    "type": "object",
                    "required": ["Statement"],
                    "properties": { "Statement": { "type": ["array", "object"], "items": { "type": "object" } } },
                },
                "versioning": {
                    "description": "Whether old versions of objects are kept. Absent: not managed.",
                    "enum": ["enabled", "suspended"],
                },
                "tags": {
                    "description": "Tags of the bucket. Others stay.",
                    "type": "object", "additionalProperties": { "type": "string" },
                },
                "retention": retention(),
                "lifecycle": lifecycle(),
                "encryption": {
                    "description": "How new objects are encrypted where nobody says otherwise. MinIO needs a KMS for it.",
                    "type": "object",
                    "required": ["algorithm"],
                    "additionalProperties": false,
                    "properties": {
                        "algorithm": { "description": "`AES256`: by the server's own key; `aws:kms`: by a key of its KMS.",
                            "enum": ["AES256", "aws:kms"] },
                        "key": { "description": "The key's name, with `aws:kms`.", "type": "string", "minLength": 1 },
                    },
                },
                "quota": {
                    "description": "The most that the bucket takes: bytes, or with a unit such as `10Gi`; 0: no limit.",
                    "type": ["integer", "string"], "minimum": 0, "pattern": "^[0-9]{1,15}(Ki|Mi|Gi|Ti|Pi)?$",
                    "x-hyhost": { "note": "needs MinIO's admin API" },
                },
                "notifications": notifications(),
                "cors": cors(),
            },
            "dependentSchemas": { "anonymous": { "properties": { "policy": false } } },
        },
    })
}

fn retention() -> Value {
    json!({
        "description": "How long a new version of an object is locked where nobody says otherwise. Needs object lock.",
        "type": "object",
        "required": ["mode"],
        "additionalProperties": false,
        "properties": {
            "mode": { "description": "`governance` can be lifted by who may; `compliance` by nobody.",
                "enum": ["governance", "compliance"] },
            "days": { "type": "integer", "minimum": 1, "maximum": 36500 },
            "years": { "type": "integer", "minimum": 1, "maximum": 100 },
        },
        "oneOf": [{ "required": ["days"] }, { "required": ["years"] }],
    })
}

fn lifecycle() -> Value {
    let days = |text: &str| json!({ "description": text, "type": "integer", "minimum": 1, "maximum": 2_147_483_647 });
    let bytes = |text: &str| json!({ "description": text, "type": "integer", "minimum": 1 });
    json!({
        "description": "When objects are removed. A rule is managed as a whole; rules with other ids stay and are shown \
            as extras, and so do transitions.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["id"],
            "additionalProperties": false,
            "properties": {
                "id": { "description": "The rule's name within the bucket.", "type": "string", "minLength": 1, "maxLength": 255 },
                "enabled": { "description": "Absent: it is.", "type": "boolean" },
                "prefix": { "description": "Only objects whose names begin so.", "type": "string" },
                "tags": { "description": "Only objects with all of these tags.", "type": "object",
                    "additionalProperties": { "type": "string" } },
                "larger_than": bytes("Only objects of more bytes."),
                "smaller_than": bytes("Only objects of fewer bytes."),
                "expire_days": days("Objects are removed so many days after they were made."),
                "expire_date": { "description": "Objects are removed on this day, at midnight UTC.", "type": "string",
                    "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" },
                "expire_delete_markers": { "description": "Delete markers with no version behind them are removed.",
                    "type": "boolean" },
                "noncurrent_days": days("Old versions are removed so many days after they were replaced."),
                "noncurrent_keep": days("So many old versions stay, however old."),
                "abort_multipart_days": days("Uploads that were begun and not ended are removed after so many days. \
                    MinIO does that by itself, and takes no such rule."),
            },
            "anyOf": [
                { "required": ["expire_days"] }, { "required": ["expire_date"] },
                { "required": ["expire_delete_markers"] }, { "required": ["noncurrent_days"] },
                { "required": ["noncurrent_keep"] }, { "required": ["abort_multipart_days"] },
            ],
            "dependentSchemas": {
                "expire_days": { "properties": { "expire_date": false, "expire_delete_markers": false } },
                "expire_date": { "properties": { "expire_delete_markers": false } },
            },
        },
    })
}

fn notifications() -> Value {
    json!({
        "description": "Where the bucket's events go. Other destinations stay. The server must know the destination.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["to", "arn", "events"],
            "additionalProperties": false,
            "properties": {
                "id": { "description": "Its name within the bucket.", "type": "string", "minLength": 1 },
                "to": { "description": "The kind of destination; MinIO has queues only.", "enum": ["queue", "topic", "function"] },
                "arn": { "description": "Such as `arn:minio:sqs::PRIMARY:webhook`.", "type": "string", "minLength": 1 },
                "events": { "description": "Such as `s3:ObjectCreated:*`.", "type": "array", "minItems": 1,
                    "items": { "type": "string", "minLength": 1 } },
                "prefix": { "description": "Only of objects whose names begin so.", "type": "string", "minLength": 1 },
                "suffix": { "description": "Only of objects whose names end so.", "type": "string", "minLength": 1 },
            },
        },
    })
}

fn cors() -> Value {
    let words = |text: &str| json!({ "description": text, "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } });
    json!({
        "description": "Who may use the bucket from a page of another origin: all rules, in order. Not in MinIO's \
            community edition.",
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["origins", "methods"],
            "additionalProperties": false,
            "properties": {
                "id": { "type": "string", "minLength": 1 },
                "origins": words("Such as `https://app.example`; `*`: all."),
                "methods": { "type": "array", "minItems": 1, "items": { "enum": ["GET", "PUT", "HEAD", "POST", "DELETE"] } },
                "headers": words("What a page may send."),
                "expose_headers": words("What a page may read of the answer."),
                "max_age": { "description": "How many seconds a browser may remember it.", "type": "integer", "minimum": 0 },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_unit_or_none() {
        let bytes = |text: &str| Size::Text(text.to_owned()).bytes();
        assert_eq!(Size::Bytes(7).bytes(), Some(7));
        assert_eq!((bytes("12"), bytes("3Ki"), bytes("10Gi")), (Some(12), Some(3072), Some(10 << 30)));
        assert_eq!((bytes("3k"), bytes(""), bytes("999999Pi")), (None, None, None));
    }

    #[test]
    fn a_rule_is_enabled_and_an_empty_value_says_nothing() {
        let written = json!({ "name": "b", "lifecycle": [{ "id": "a", "prefix": "", "tags": {}, "expire_days": 1 }] });
        let bucket: Bucket = serde_json::from_value(written).unwrap();
        let rule = s3::LifecycleRule { id: "a".into(), enabled: true, expire_days: Some(1), ..Default::default() };
        assert_eq!(bucket.lifecycle, Some(vec![rule]));
        let again: Bucket = serde_json::from_value(serde_json::to_value(&bucket).unwrap()).unwrap();
        assert_eq!(again.lifecycle, bucket.lifecycle);
    }
}
