//! What is read of a bucket that is there: only what the document manages.

use std::collections::BTreeMap;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Error, Operation, Seen};

use super::document::Bucket;
use crate::policy::Policy;

/// A bucket, as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) region: Option<String>,
    pub(super) policy: Option<Policy>,
    pub(super) versioning: Option<String>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    /// Some, if it has object lock.
    pub(super) lock: Option<s3::ObjectLockConfiguration>,
    pub(super) lifecycle: Option<Vec<s3::LifecycleRule>>,
    pub(super) encryption: Option<s3::BucketEncryption>,
    pub(super) quota: Option<i64>,
    pub(super) notifications: Option<Vec<s3::Notification>>,
    pub(super) cors: Option<Vec<s3::CorsRule>>,
}

/// What came of reading a bucket.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) state: State,
    /// Something was not read yet.
    pub(super) waits: bool,
    /// What the server forbids or does not have, for this bucket.
    pub(super) faults: Vec<Error>,
}

/// Reads it. What the server does not let us read is no longer desired, and
/// among the faults.
///
/// # Errors
/// Those that are not the matter of this bucket alone.
pub(super) fn read(seen: &mut Seen<S3>, bucket: &mut Bucket) -> Result<Reading, Error> {
    let name = bucket.name.clone();
    let mut reader = Reader { seen, reading: Reading::default() };
    let region = reader.ask(&mut bucket.region, || s3::GetBucketLocation { bucket: name.clone() })?;
    let policy = match bucket.anonymous {
        Some(_) => reader.ask(&mut bucket.anonymous, || s3::GetBucketPolicy { bucket: name.clone() }),
        None => reader.ask(&mut bucket.policy, || s3::GetBucketPolicy { bucket: name.clone() }),
    }?;
    let versioning = reader.ask(&mut bucket.versioning, || s3::GetBucketVersioning { bucket: name.clone() })?;
    let tags = reader.ask(&mut bucket.tags, || s3::GetBucketTagging { bucket: name.clone() })?;
    let lock = || s3::GetObjectLockConfiguration { bucket: name.clone() };
    let lock = match bucket.object_lock {
        Some(_) => reader.ask(&mut bucket.object_lock, lock),
        None => reader.ask(&mut bucket.retention, lock),
    }?;
    let lifecycle =
        reader.ask(&mut bucket.lifecycle, || s3::GetBucketLifecycleConfiguration { bucket: name.clone() })?;
    let encryption = reader.ask(&mut bucket.encryption, || s3::GetBucketEncryption { bucket: name.clone() })?;
    let quota = reader.ask(&mut bucket.quota, || s3::GetBucketQuota { bucket: name.clone() })?;
    let notifications =
        reader.ask(&mut bucket.notifications, || s3::GetBucketNotificationConfiguration { bucket: name.clone() })?;
    let cors = reader.ask(&mut bucket.cors, || s3::GetBucketCors { bucket: name.clone() })?;
    let state = State { region, policy, versioning, tags, lock, lifecycle, encryption, quota, notifications, cors };
    Ok(Reading { state, ..reader.reading })
}

struct Reader<'a> {
    seen: &'a mut Seen<S3>,
    reading: Reading,
}

impl Reader<'_> {
    /// Reads it if it is desired. All is asked for before anything is waited
    /// for.
    fn ask<D, T, O>(&mut self, desired: &mut Option<D>, operation: impl FnOnce() -> O) -> Result<Option<T>, Error>
    where
        O: Operation<Capability = S3, Output = Option<T>>,
    {
        if desired.is_none() {
            return Ok(None);
        }
        match self.seen.read(&operation()) {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => {
                self.reading.waits = true;
                Ok(None)
            }
            Err(error @ (Error::Denied(_) | Error::Invalid(_) | Error::Failed(_))) => {
                *desired = None;
                self.reading.faults.push(error);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}
