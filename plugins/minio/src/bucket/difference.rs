//! What separates a bucket from what is desired.

use std::collections::BTreeMap;

use hyhost_sdk::{Diff, s3};
use serde_json::{Value, json};

use super::document::{Bucket, Mode, Retention, Versioning};
use super::lifecycle;
use super::state::State;
use crate::policy::{self, Anonymous, Policy};

/// The part of a difference that one operation each mends.
#[derive(Default)]
pub(super) struct Difference {
    /// For people.
    pub(super) shown: Diff,
    /// The policy that it shall have: `Some(None)` is none.
    pub(super) policy: Option<Option<Policy>>,
    pub(super) versioning: Option<Versioning>,
    /// All tags that it shall have.
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) retention: Option<s3::Retention>,
    /// The rules that differ.
    pub(super) lifecycle: Vec<s3::LifecycleRule>,
    /// The rules that go, by their ids.
    pub(super) rules_gone: Vec<String>,
    pub(super) encryption: Option<s3::Encryption>,
    pub(super) quota: Option<i64>,
    pub(super) notifications: Vec<s3::Notification>,
    pub(super) cors: Option<Vec<s3::CorsRule>>,
    /// Data or protection may be lost by it.
    pub(super) destroys: bool,
    /// Access beyond the document goes.
    pub(super) takes_away: bool,
    /// What is there beyond the document, in words.
    pub(super) extras: Vec<String>,
    /// What cannot be.
    pub(super) refused: Vec<String>,
}

impl Difference {
    /// `exact`: what is beyond the document goes. `new`: it is not there yet,
    /// so nothing can be lost.
    pub(super) fn between(state: &State, bucket: &Bucket, new: bool, exact: bool) -> Self {
        let mut difference = Self::default();
        let current = state.policy.as_ref();
        match (bucket.anonymous, &bucket.policy) {
            (Some(level), _) => difference.anonymous(current, &bucket.name, level, exact),
            (None, Some(wanted)) => difference.own_policy(current, wanted, exact),
            (None, None) => {}
        }
        let is = state.versioning.as_deref();
        if let Some(shall) = bucket.versioning.filter(|shall| is != Some(shall.status())) {
            difference.shown.add("versioning", is.map(str::to_ascii_lowercase), shall.status().to_ascii_lowercase());
            difference.versioning = Some(shall);
        }
        difference.region(state, bucket, new);
        difference.tags(state, bucket);
        difference.lock(state, bucket, new);
        if let Some(rules) = &bucket.lifecycle {
            difference.lifecycle(state.lifecycle.as_deref().unwrap_or_default(), rules, exact);
        }
        difference.encryption(state, bucket);
        difference.quota(state, bucket);
        difference.notifications(state, bucket);
        difference.cors(state, bucket);
        difference.destroys &= !new;
        difference
    }

    fn anonymous(&mut self, current: Option<&Policy>, bucket: &str, level: Anonymous, exact: bool) {
        let others = policy::meanings(&policy::statements(current));
        let named: Vec<_> = others.iter().filter(|statement| !statement.is_anonymous()).collect();
        let is = Anonymous::of(current, bucket);
        if exact && !named.is_empty() {
            self.takes_away = true;
            let becomes = level.put_into(None, bucket);
            self.shown.add("policy", current.cloned().map(Value::from), becomes.clone().map(Value::from));
            self.policy = Some(becomes);
            return;
        }
        self.extras(named.into_iter());
        if is == Some(level) {
            return;
        }
        let is = is.map_or_else(|| level.described(current, bucket).into(), |is| Value::from(is.word()));
        self.shown.add("anonymous", is, level.word());
        self.policy = Some(level.put_into(current, bucket));
    }

    fn own_policy(&mut self, current: Option<&Policy>, wanted: &Policy, exact: bool) {
        let mut all = policy::statements(current);
        let is = policy::meanings(&all);
        let wanted_statements = policy::statements(Some(wanted));
        let shall = policy::meanings(&wanted_statements);
        let beyond: Vec<_> = is.iter().filter(|statement| !statement.is_said_by(&shall)).collect();
        let missing = wanted_statements.iter().zip(&shall).filter(|(_, meaning)| !meaning.is_said_by(&is));
        let missing: Vec<Value> = missing.map(|(statement, _)| statement.clone()).collect();
        let becomes = if exact && !beyond.is_empty() {
            self.takes_away = true;
            policy::with_statements(Some(wanted), wanted_statements)
        } else {
            self.extras(beyond.into_iter());
            if missing.is_empty() {
                return;
            }
            all.extend(missing);
            policy::with_statements(current.or(Some(wanted)), all)
        };
        self.shown.add("policy", current.cloned().map(Value::from), becomes.clone().map(Value::from));
        self.policy = Some(becomes);
    }

    fn extras<'a>(&mut self, statements: impl Iterator<Item = &'a policy::Statement>) {
        self.extras.extend(statements.map(|statement| format!("its policy also says: {}", statement.words())));
    }

    fn region(&mut self, state: &State, bucket: &Bucket, new: bool) {
        let Some(shall) = &bucket.region else { return };
        match &state.region {
            _ if new => self.shown.add("region", Value::Null, shall.clone()),
            Some(is) if is != shall => {
                let text = format!(
                    "it is in the region `{is}`, and a bucket cannot be moved: correct `region`, or make another"
                );
                self.refused.push(text);
            }
            _ => {}
        }
    }

    /// Tags that the document does not name stay.
    fn tags(&mut self, state: &State, bucket: &Bucket) {
        let Some(wanted) = &bucket.tags else { return };
        let is = state.tags.clone().unwrap_or_default();
        let mut shall = is.clone();
        shall.extend(wanted.clone());
        if shall != is {
            let named = |tags: &BTreeMap<String, String>| -> BTreeMap<String, String> {
                tags.iter().filter(|(key, _)| wanted.contains_key(*key)).map(|(k, v)| (k.clone(), v.clone())).collect()
            };
            self.shown.add("tags", json!(named(&is)), json!(wanted));
            self.tags = Some(shall);
        }
    }

    fn lock(&mut self, state: &State, bucket: &Bucket, new: bool) {
        let has = state.lock.is_some();
        if new {
            if let Some(lock) = bucket.object_lock {
                self.shown.add("object_lock", Value::Null, lock);
            }
        } else if bucket.object_lock.is_some_and(|shall| shall != has) {
            let text = if has { "it has object lock, which cannot be taken away" } else { NO_LOCK };
            self.refused.push(format!("{text}; change `object_lock` in the document, or make another bucket"));
        } else if bucket.retention.is_some() && !has && bucket.object_lock.is_none() {
            self.refused.push(format!("{NO_LOCK}: there can be no `retention`"));
        }
        let Some(shall) = &bucket.retention else { return };
        if !new && !has {
            return;
        }
        let is = state.lock.as_ref().filter(|lock| lock.mode.is_some());
        let wanted = s3::Retention { mode: Some(shall.mode.word().to_owned()), days: shall.days, years: shall.years };
        if is.is_some_and(|is| is.mode == wanted.mode && is.days == wanted.days && is.years == wanted.years) {
            return;
        }
        self.destroys |= is.is_some_and(|is| less_is_kept(is, shall));
        self.shown.add("retention", is.map(|is| json!(is)), json!(wanted));
        self.retention = Some(wanted);
    }

    /// A rule is managed as a whole, by its id.
    fn lifecycle(&mut self, are: &[s3::LifecycleRule], shall: &[s3::LifecycleRule], exact: bool) {
        let mut shown = (serde_json::Map::new(), serde_json::Map::new());
        for rule in shall {
            let is = are.iter().find(|is| is.id == rule.id);
            if is == Some(rule) {
                continue;
            }
            self.destroys |= lifecycle::destroys(rule, is);
            shown.0.insert(rule.id.clone(), json!(is));
            shown.1.insert(rule.id.clone(), json!(rule));
            self.lifecycle.push(rule.clone());
        }
        for rule in are.iter().filter(|is| !shall.iter().any(|rule| rule.id == is.id)) {
            if exact {
                shown.0.insert(rule.id.clone(), json!(rule));
                shown.1.insert(rule.id.clone(), Value::Null);
                self.rules_gone.push(rule.id.clone());
                self.takes_away = true;
            } else {
                self.extras.push(format!("its lifecycle also has the rule `{}`", rule.id));
            }
        }
        if !shown.1.is_empty() {
            self.shown.add("lifecycle", Value::Object(shown.0), Value::Object(shown.1));
        }
    }

    fn encryption(&mut self, state: &State, bucket: &Bucket) {
        let Some(shall) = &bucket.encryption else { return };
        // Some servers write the key's name with a prefix.
        let name = |key: &str| key.strip_prefix("arn:aws:kms:").unwrap_or(key).to_owned();
        let same = |is: &s3::BucketEncryption| {
            let key = shall.key.as_deref().map(name);
            is.algorithm == shall.algorithm && (key.is_none() || is.key.as_deref().map(name) == key)
        };
        if !state.encryption.as_ref().is_some_and(same) {
            self.shown.add("encryption", json!(state.encryption), json!(shall));
            self.encryption = Some(shall.clone());
        }
    }

    fn quota(&mut self, state: &State, bucket: &Bucket) {
        let Some(shall) = &bucket.quota else { return };
        let Some(bytes) = shall.bytes() else {
            self.refused.push("its `quota` is larger than any server takes".to_owned());
            return;
        };
        if state.quota.unwrap_or_default() != bytes {
            self.shown.add("quota", state.quota, bytes);
            self.quota = Some(bytes);
        }
    }

    /// Destinations that the document does not name stay.
    fn notifications(&mut self, state: &State, bucket: &Bucket) {
        let is = state.notifications.as_deref().unwrap_or_default();
        let wanted = bucket.notifications.iter().flatten();
        let missing = wanted.filter(|wanted| !is.iter().any(|is| same_notification(is, wanted)));
        self.notifications = missing.cloned().collect();
        if !self.notifications.is_empty() {
            self.shown.add("notifications", json!(is), json!(self.notifications));
        }
    }

    fn cors(&mut self, state: &State, bucket: &Bucket) {
        let Some(shall) = &bucket.cors else { return };
        let is = state.cors.as_deref().unwrap_or_default();
        let same = is.len() == shall.len() && is.iter().zip(shall).all(|(is, shall)| same_cors(is, shall));
        if !same {
            self.shown.add("cors", json!(is), json!(shall));
            self.cors = Some(shall.clone());
        }
    }
}

const NO_LOCK: &str = "it was made without object lock, which cannot be had later";

/// Whether versions are kept shorter, or less strictly.
fn less_is_kept(is: &s3::ObjectLockConfiguration, shall: &Retention) -> bool {
    let days = |days: Option<i64>, years: Option<i64>| days.unwrap_or_default() + 365 * years.unwrap_or_default();
    let softer = is.mode.as_deref() == Some(Mode::Compliance.word()) && shall.mode == Mode::Governance;
    softer || days(shall.days, shall.years) < days(is.days, is.years)
}

fn same_notification(is: &s3::Notification, shall: &s3::Notification) -> bool {
    let same_id = shall.id.is_none() || shall.id == is.id;
    let same_filter = is.prefix == shall.prefix && is.suffix == shall.suffix;
    same_id
        && same_filter
        && is.to == shall.to
        && same_arn(&is.arn, &shall.arn)
        && set(&is.events) == set(&shall.events)
}

/// MinIO writes its region where the document leaves it out.
fn same_arn(is: &str, shall: &str) -> bool {
    let parts = |arn: &str| -> Vec<String> { arn.splitn(6, ':').map(str::to_owned).collect() };
    let (mut is_parts, shall_parts) = (parts(is), parts(shall));
    if let (Some(is), Some("")) = (is_parts.get_mut(3), shall_parts.get(3).map(String::as_str)) {
        is.clear();
    }
    is_parts == shall_parts
}

fn same_cors(is: &s3::CorsRule, shall: &s3::CorsRule) -> bool {
    let lists = |rule: &s3::CorsRule| {
        let optional = |list: &Option<Vec<String>>| set(list.as_deref().unwrap_or_default());
        (set(&rule.origins), set(&rule.methods), optional(&rule.headers), optional(&rule.expose_headers))
    };
    lists(is) == lists(shall)
        && (shall.id.is_none() || shall.id == is.id)
        && (shall.max_age.is_none() || shall.max_age == is.max_age)
}

fn set(texts: &[String]) -> Vec<String> {
    let mut set = texts.to_vec();
    set.sort_unstable();
    set.dedup();
    set
}
