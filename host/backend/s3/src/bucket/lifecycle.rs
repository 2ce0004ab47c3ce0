//! The rules of a bucket's lifecycle.
//!
//! S3 takes and gives all rules of a bucket as one. A row names single rules,
//! so the others are read and written back as they are, with everything that
//! the rows do not know.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, ExpirationStatus, LifecycleExpiration, LifecycleRule,
    LifecycleRuleAndOperator, LifecycleRuleFilter, NoncurrentVersionExpiration,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{or_absent, tag_set, unfit};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

/// A rule, as the rows have it.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Rule {
    id: String,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    larger_than: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smaller_than: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expire_delete_markers: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noncurrent_days: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    noncurrent_keep: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    abort_multipart_days: Option<i32>,
}

#[derive(Deserialize)]
struct Put {
    bucket: String,
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Delete {
    bucket: String,
    rules: BTreeSet<String>,
}

pub(crate) async fn get(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let rules = read(server, asked.text("bucket")?).await?;
    Ok(rules.map_or(Value::Null, |rules| json!(rules.iter().map(Rule::of).collect::<Vec<_>>())))
}

pub(crate) async fn put(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Put { bucket, rules } = asked.args()?;
    let mut all = read(server, &bucket).await?.unwrap_or_default();
    for rule in rules {
        match all.iter_mut().find(|there| there.id() == Some(rule.id.as_str())) {
            Some(there) => *there = rule.build(Some(there))?,
            None => all.push(rule.build(None)?),
        }
    }
    write(server, &bucket, all).await
}

pub(crate) async fn delete(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Delete { bucket, rules } = asked.args()?;
    let all = read(server, &bucket).await?.unwrap_or_default();
    let before = all.len();
    let left: Vec<_> = all.into_iter().filter(|rule| !rule.id().is_some_and(|id| rules.contains(id))).collect();
    match left.len() {
        count if count == before => Ok(Value::Null),
        0 => server.signed(|client| client.delete_bucket_lifecycle().bucket(&bucket).send()).await.map(|_| Value::Null),
        _ => write(server, &bucket, left).await,
    }
}

async fn read(server: &Server, bucket: &str) -> Result<Option<Vec<LifecycleRule>>, Failure> {
    let answer = server.signed(|client| client.get_bucket_lifecycle_configuration().bucket(bucket).send()).await;
    Ok(or_absent(answer, "NoSuchLifecycleConfiguration")?.map(|answer| answer.rules.unwrap_or_default()))
}

async fn write(server: &Server, bucket: &str, rules: Vec<LifecycleRule>) -> Result<Value, Failure> {
    let all = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build().map_err(unfit)?;
    let call = |client: Client| {
        client.put_bucket_lifecycle_configuration().bucket(bucket).lifecycle_configuration(all.clone()).send()
    };
    server.signed(call).await.map(|_| Value::Null)
}

impl Rule {
    /// What a rule says. The deprecated place of the prefix counts as well.
    #[allow(deprecated, reason = "servers still give it")]
    fn of(rule: &LifecycleRule) -> Self {
        let filter = rule.filter();
        let and = filter.and_then(|filter| filter.and());
        let prefix = rule.prefix().or(filter.and_then(|f| f.prefix())).or(and.and_then(|and| and.prefix()));
        let tags = filter.and_then(|f| f.tag()).into_iter().chain(and.map_or(&[][..], |and| and.tags()));
        let expiration = rule.expiration();
        let noncurrent = rule.noncurrent_version_expiration();
        let positive = |days: Option<i32>| days.filter(|days| *days > 0);
        let size = |filter: Option<i64>, and: Option<i64>| filter.or(and).filter(|bytes| *bytes > 0);
        Self {
            id: rule.id().unwrap_or_default().to_owned(),
            enabled: *rule.status() == ExpirationStatus::Enabled,
            prefix: prefix.filter(|prefix| !prefix.is_empty()).map(str::to_owned),
            tags: tags.map(|tag| (tag.key().to_owned(), tag.value().to_owned())).collect(),
            larger_than: size(
                filter.and_then(|f| f.object_size_greater_than()),
                and.and_then(|a| a.object_size_greater_than()),
            ),
            smaller_than: size(
                filter.and_then(|f| f.object_size_less_than()),
                and.and_then(|a| a.object_size_less_than()),
            ),
            expire_days: positive(expiration.and_then(|e| e.days())),
            expire_date: expiration.and_then(|e| e.date()).and_then(day),
            expire_delete_markers: expiration.and_then(|e| e.expired_object_delete_marker()).filter(|on| *on),
            noncurrent_days: positive(noncurrent.and_then(|n| n.noncurrent_days())),
            noncurrent_keep: positive(noncurrent.and_then(|n| n.newer_noncurrent_versions())),
            abort_multipart_days: positive(
                rule.abort_incomplete_multipart_upload().and_then(|a| a.days_after_initiation()),
            ),
        }
    }

    /// The rule as S3 takes it, with the transitions of the one that it stands
    /// in the place of.
    fn build(self, there: Option<&LifecycleRule>) -> Result<LifecycleRule, Failure> {
        let date = self.expire_date.as_deref().map(midnight).transpose()?;
        let expires = self.expire_days.is_some() || date.is_some() || self.expire_delete_markers.is_some();
        let expiration = expires.then(|| {
            LifecycleExpiration::builder()
                .set_days(self.expire_days)
                .set_date(date)
                .set_expired_object_delete_marker(self.expire_delete_markers)
                .build()
        });
        let noncurrent = (self.noncurrent_days.is_some() || self.noncurrent_keep.is_some()).then(|| {
            NoncurrentVersionExpiration::builder()
                .set_noncurrent_days(self.noncurrent_days)
                .set_newer_noncurrent_versions(self.noncurrent_keep)
                .build()
        });
        let abort = self
            .abort_multipart_days
            .map(|days| AbortIncompleteMultipartUpload::builder().days_after_initiation(days).build());
        let status = if self.enabled { ExpirationStatus::Enabled } else { ExpirationStatus::Disabled };
        LifecycleRule::builder()
            .id(&self.id)
            .status(status)
            .filter(self.filter()?)
            .set_expiration(expiration)
            .set_noncurrent_version_expiration(noncurrent)
            .set_abort_incomplete_multipart_upload(abort)
            .set_transitions(there.and_then(|rule| rule.transitions.clone()))
            .set_noncurrent_version_transitions(there.and_then(|rule| rule.noncurrent_version_transitions.clone()))
            .build()
            .map_err(unfit)
    }

    /// One condition stands alone, several stand in an `And`, none is an empty
    /// prefix.
    fn filter(&self) -> Result<LifecycleRuleFilter, Failure> {
        let tags = tag_set(&self.tags)?;
        let filter = LifecycleRuleFilter::builder();
        let others = [self.prefix.is_some(), self.larger_than.is_some(), self.smaller_than.is_some()];
        let others = others.into_iter().filter(|is| *is).count();
        Ok(match (others, tags.as_slice()) {
            (0, []) => filter.prefix("").build(),
            (0, [tag]) => filter.tag(tag.clone()).build(),
            (1, []) => filter
                .set_prefix(self.prefix.clone())
                .set_object_size_greater_than(self.larger_than)
                .set_object_size_less_than(self.smaller_than)
                .build(),
            _ => {
                let and = LifecycleRuleAndOperator::builder()
                    .set_prefix(self.prefix.clone())
                    .set_object_size_greater_than(self.larger_than)
                    .set_object_size_less_than(self.smaller_than)
                    .set_tags(Some(tags).filter(|tags| !tags.is_empty()));
                filter.and(and.build()).build()
            }
        })
    }
}

/// The day of a moment.
fn day(date: &DateTime) -> Option<String> {
    let text = date.fmt(DateTimeFormat::DateTime).ok()?;
    text.split('T').next().map(str::to_owned)
}

/// Midnight UTC of a day, which is all that S3 takes.
fn midnight(day: &str) -> Result<DateTime, Failure> {
    DateTime::from_str(&format!("{day}T00:00:00Z"), DateTimeFormat::DateTime).map_err(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(value: Value) -> Rule {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn a_rule_becomes_what_s3_takes_and_comes_back_as_it_was() {
        let cases = [
            json!({ "id": "a", "enabled": true, "expire_days": 3 }),
            json!({ "id": "a", "enabled": false, "prefix": "x/", "expire_date": "2031-02-28" }),
            json!({ "id": "a", "enabled": true, "tags": { "k": "v" }, "expire_days": 3 }),
            json!({ "id": "a", "enabled": true, "tags": { "k": "v", "l": "w" }, "noncurrent_days": 1, "noncurrent_keep": 2 }),
            json!({ "id": "a", "enabled": true, "larger_than": 5, "expire_delete_markers": true }),
            json!({ "id": "a", "enabled": true, "prefix": "x", "larger_than": 5, "smaller_than": 9, "abort_multipart_days": 1 }),
        ];
        for case in cases {
            let built = rule(case.clone()).build(None).unwrap();
            assert_eq!(json!(Rule::of(&built)), case);
        }
    }

    #[test]
    fn several_conditions_stand_in_one_and() {
        let filter = |value| rule(value).filter().unwrap();
        let both = filter(json!({ "prefix": "x/", "tags": { "k": "v" } }));
        assert!(both.prefix().is_none() && both.tag().is_none());
        assert_eq!(both.and().unwrap().prefix(), Some("x/"));
        assert_eq!(filter(json!({})).prefix(), Some(""));
        assert!(filter(json!({ "tags": { "k": "v" } })).and().is_none());
    }

    #[test]
    fn transitions_of_others_survive() {
        use aws_sdk_s3::types::{Transition, TransitionStorageClass};
        let cold = Transition::builder().days(9).storage_class(TransitionStorageClass::Glacier).build();
        let there = LifecycleRule::builder().id("a").status(ExpirationStatus::Enabled).transitions(cold.clone());
        let built = rule(json!({ "id": "a", "expire_days": 3 })).build(Some(&there.build().unwrap())).unwrap();
        assert_eq!(built.transitions(), [cold]);
    }

    #[test]
    fn a_day_that_is_none_is_not_sent() {
        assert!(rule(json!({ "id": "a", "expire_date": "2031-02-31" })).build(None).is_err());
    }
}
