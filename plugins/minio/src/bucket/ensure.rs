//! Making changes of buckets so.

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Change, Connection, Context, Error, Operation, Outcome, Outcomes, Seen};
use serde::{Deserialize, Serialize};

use super::difference::Difference;
use super::document::Bucket;
use super::state::{self, State};

/// What a change says to itself.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) what: What,
    /// The plan has shown that data or protection may be lost.
    pub(super) destroys: bool,
    pub(super) bucket: Bucket,
}

#[derive(Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum What {
    Create,
    #[default]
    Update,
    Remove,
}

/// All are made first, then each piece is written for all of them: the server
/// keeps a bucket's configuration as one, so two writes to it at the same time
/// could lose one. What a server may not have comes last.
pub(super) fn ensure(context: &Context, connection: &Connection<S3>, changes: &[Change]) -> Outcomes {
    let mut works: Vec<Work> = changes.iter().map(Work::new).collect();
    write(connection, &mut works, |work| {
        (work.what == What::Remove).then(|| s3::DeleteBucket { bucket: work.bucket.name.clone() })
    });
    create(connection, &mut works);
    compare_again(connection, &mut works, context.exact());
    write(connection, &mut works, |work| {
        let policy = work.difference.policy.clone()??;
        Some(s3::PutBucketPolicy { bucket: work.bucket.name.clone(), policy })
    });
    write(connection, &mut works, |work| {
        let none = matches!(work.difference.policy, Some(None));
        none.then(|| s3::DeleteBucketPolicy { bucket: work.bucket.name.clone() })
    });
    write(connection, &mut works, |work| {
        let status = work.difference.versioning?.status().to_owned();
        Some(s3::PutBucketVersioning { bucket: work.bucket.name.clone(), status })
    });
    write(connection, &mut works, |work| {
        let tags = work.difference.tags.clone()?;
        Some(s3::PutBucketTagging { bucket: work.bucket.name.clone(), tags })
    });
    write(connection, &mut works, |work| {
        let object_lock = work.difference.retention.clone()?;
        Some(s3::PutObjectLockConfiguration { bucket: work.bucket.name.clone(), object_lock })
    });
    write(connection, &mut works, |work| {
        let rules = Some(work.difference.lifecycle.clone()).filter(|rules| !rules.is_empty())?;
        Some(s3::PutBucketLifecycleConfiguration { bucket: work.bucket.name.clone(), rules })
    });
    write(connection, &mut works, |work| {
        let rules = Some(work.difference.rules_gone.clone()).filter(|rules| !rules.is_empty())?;
        Some(s3::DeleteBucketLifecycleRules { bucket: work.bucket.name.clone(), rules })
    });
    write(connection, &mut works, |work| {
        Some(s3::SetBucketQuota { bucket: work.bucket.name.clone(), size: work.difference.quota? })
    });
    write(connection, &mut works, |work| {
        let notifications = Some(work.difference.notifications.clone()).filter(|all| !all.is_empty())?;
        Some(s3::PutBucketNotificationConfiguration { bucket: work.bucket.name.clone(), notifications })
    });
    write(connection, &mut works, |work| {
        let encryption = work.difference.encryption.clone()?;
        Some(s3::PutBucketEncryption { bucket: work.bucket.name.clone(), encryption })
    });
    write(connection, &mut works, |work| {
        Some(s3::PutBucketCors { bucket: work.bucket.name.clone(), cors: work.difference.cors.clone()? })
    });
    works.into_iter().map(|work| work.outcome).collect()
}

/// One change in the making. It goes on as long as its outcome is good.
struct Work {
    bucket: Bucket,
    what: What,
    destroys: bool,
    /// Made in this call, so nothing of it need be read.
    new: bool,
    difference: Difference,
    outcome: Result<Outcome, Error>,
}

impl Work {
    fn new(change: &Change) -> Self {
        let (payload, outcome) = match change.read_payload::<Payload>() {
            Ok(payload) => (payload, Ok(Outcome::Unchanged)),
            Err(error) => (Payload::default(), Err(error)),
        };
        let Payload { bucket, what, destroys } = payload;
        Self { bucket, what, destroys, new: false, difference: Difference::default(), outcome }
    }
}

impl Work {
    fn compare(&mut self, state: &State, exact: bool) {
        self.difference = Difference::between(state, &self.bucket, self.new, exact);
        if self.difference.destroys && !self.destroys {
            let text =
                format!("bucket `{}` has changed since it was planned, and now more would be lost", self.bucket.name);
            self.outcome = Err(Error::conflict(text));
        }
    }
}

fn create(connection: &Connection<S3>, works: &mut [Work]) {
    let making = || works.iter().enumerate().filter(|(_, work)| work.what == What::Create && work.outcome.is_ok());
    let places: Vec<usize> = making().map(|(at, _)| at).collect();
    let results = connection.each(making().map(|(_, work)| {
        let bucket = &work.bucket;
        // Retention needs it, so it is meant.
        let lock = bucket.object_lock.unwrap_or(bucket.retention.is_some());
        s3::CreateBucket {
            bucket: bucket.name.clone(),
            region: bucket.region.clone(),
            object_lock: lock.then(s3::Retention::default),
        }
    }));
    let mut contested = Vec::new();
    for (at, result) in places.into_iter().zip(results) {
        if result.as_ref().is_err_and(Error::is_conflict) {
            contested.push(works[at].bucket.name.clone());
        }
        works[at].new = result.is_ok();
        works[at].outcome = result.map(|()| Outcome::Done);
    }
    if contested.is_empty() {
        return;
    }
    // Another run was faster: what is ours now is as good as made. What is
    // not listed belongs to somebody else.
    let Ok(listed) = connection.perform(&s3::ListBuckets { names: Some(contested) }) else {
        return;
    };
    for work in works.iter_mut().filter(|work| work.outcome.as_ref().is_err_and(Error::is_conflict)) {
        if listed.iter().any(|bucket| bucket.name == work.bucket.name) {
            work.outcome = Ok(Outcome::Unchanged);
        }
    }
}

/// What was planned is not written blindly: a policy holds statements of
/// others, which may have changed since.
fn compare_again(connection: &Connection<S3>, works: &mut [Work], exact: bool) {
    let states = Seen::settle(connection, |seen| {
        let mut states = Vec::new();
        for work in works.iter() {
            let nothing_to_read = work.new || work.outcome.is_err() || work.what == What::Remove;
            states.push(match nothing_to_read {
                true => Ok(State::default()),
                false => match state::read(seen, &mut work.bucket.clone()) {
                    // Desired and planned, and now it cannot be read.
                    Ok(reading) => reading.faults.into_iter().next().map_or(Ok(reading.state), Err),
                    Err(error) => Err(error),
                },
            });
        }
        Ok(states)
    });
    match states {
        Ok(states) => {
            for (work, state) in works.iter_mut().zip(states).filter(|(work, _)| work.what != What::Remove) {
                match state {
                    Ok(state) => work.compare(&state, exact),
                    Err(error) => work.outcome = Err(error),
                }
            }
        }
        Err(error) => {
            for work in works.iter_mut().filter(|work| work.outcome.is_ok()) {
                work.outcome = Err(error.clone());
            }
        }
    }
}

/// Performs one operation for each work that needs it.
fn write<O>(connection: &Connection<S3>, works: &mut [Work], operation: impl Fn(&Work) -> Option<O>)
where
    O: Operation<Capability = S3, Output = ()>,
{
    let needed = works.iter().enumerate().filter(|(_, work)| work.outcome.is_ok());
    let (places, operations): (Vec<usize>, Vec<O>) =
        needed.filter_map(|(at, work)| Some((at, operation(work)?))).unzip();
    for (at, result) in places.into_iter().zip(connection.each(operations)) {
        works[at].outcome = result.map(|()| Outcome::Done);
    }
}
