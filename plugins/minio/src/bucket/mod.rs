//! Buckets: that they are there, who may use them without a login, their own
//! policy, and their configuration.

mod difference;
mod document;
mod ensure;
mod lifecycle;
mod state;

use std::collections::BTreeSet;

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Change, Context, Diff, Error, Kind, Plan, Remark, Seen, id, touch};

use self::difference::Difference;
use self::document::{Bucket, Document};
use self::ensure::{Payload, What};
use self::state::State;

/// Buckets.
pub const KIND: Kind<S3> =
    Kind { name: "bucket", field: "buckets", schema: document::schema, plan, ensure: ensure::ensure };

fn plan(context: &Context, seen: &mut Seen<S3>, plan: &mut Plan) -> Result<(), Error> {
    let buckets = context.desired::<Document>()?.buckets;
    let prune = context.prune::<S3>("bucket");
    if buckets.is_empty() && prune.is_empty() {
        return Ok(());
    }
    // All are listed only where some may go.
    let names = prune.is_empty().then(|| buckets.iter().map(|bucket| bucket.name.clone()).collect());
    let listed = seen.read(&s3::ListBuckets { names })?;
    let minio = match buckets.iter().any(aborts) {
        true => seen.read(&s3::ReadHealth {})?.map(|health| health.minio),
        false => Some(false),
    };
    let (Some(listed), Some(minio)) = (listed, minio) else { return Ok(()) };
    let mut there = BTreeSet::new();
    there.extend(listed.iter().map(|bucket| bucket.name.as_str()));
    for name in there.iter().filter(|name| prune.takes(&[name])) {
        let id = id("bucket", [name]);
        if prune.with_data(&[name]) {
            let text = "`with_data` cannot be for a bucket: objects are out of hyhost's reach. It is removed when it is \
                empty; leave `with_data` out and empty it by a client of S3";
            plan.refused.push(Remark::new(id, text));
            continue;
        }
        let bucket = Bucket { name: (*name).to_owned(), ..Bucket::default() };
        let payload = Payload { what: What::Remove, destroys: true, bucket };
        let change = Change::remove(id.clone()).lane(id).touch(touch::destroy("s3", "bucket", [*name]));
        plan.changes.push(change.payload(&payload)?);
    }
    for mut bucket in buckets {
        if minio && aborts(&bucket) {
            plan.refused.push(Remark::new(id("bucket", [&bucket.name]), MINIO_ABORTS));
            without_aborts(&mut bucket);
        }
        if !there.contains(bucket.name.as_str()) {
            let difference = Difference::between(&State::default(), &bucket, true, context.exact());
            let action = Change::create;
            refuse(&bucket, &difference, plan);
            plan.changes.push(change(action, bucket, What::Create, false, difference.shown)?);
            continue;
        }
        let reading = state::read(seen, &mut bucket)?;
        // The server forbids or refuses it for this one: the rest goes on.
        for fault in &reading.faults {
            plan.refused.push(Remark::new(id("bucket", [&bucket.name]), fault.fault().message.as_str()));
        }
        if !reading.waits {
            compare(&reading.state, bucket, context.exact(), plan)?;
        }
    }
    Ok(())
}

const MINIO_ABORTS: &str = "its lifecycle sets `abort_multipart_days`, which MinIO ignores: it removes what was left of \
    uploads by itself (`mc admin config set ALIAS api stale_uploads_expiry=…`); leave the field out";

fn aborts(bucket: &Bucket) -> bool {
    bucket.lifecycle.iter().flatten().any(|rule| rule.abort_multipart_days.is_some())
}

/// Without what MinIO does not take, and without rules of which nothing is
/// left.
fn without_aborts(bucket: &mut Bucket) {
    let rules = bucket.lifecycle.iter_mut().flatten();
    rules.for_each(|rule| rule.abort_multipart_days = None);
    let says = |rule: &s3::LifecycleRule| {
        rule.expire_days.is_some()
            || rule.expire_date.is_some()
            || rule.expire_delete_markers.is_some()
            || rule.noncurrent_days.is_some()
            || rule.noncurrent_keep.is_some()
    };
    bucket.lifecycle.iter_mut().for_each(|rules| rules.retain(says));
}

fn compare(state: &State, bucket: Bucket, exact: bool, plan: &mut Plan) -> Result<(), Error> {
    let difference = Difference::between(state, &bucket, false, exact);
    let id = id("bucket", [&bucket.name]);
    refuse(&bucket, &difference, plan);
    plan.extras.extend(difference.extras.into_iter().map(|text| Remark::new(&id, text)));
    if !difference.shown.is_empty() {
        let action = if difference.destroys || difference.takes_away { Change::destroy } else { Change::update };
        plan.changes.push(change(action, bucket, What::Update, difference.destroys, difference.shown)?);
    }
    Ok(())
}

fn refuse(bucket: &Bucket, difference: &Difference, plan: &mut Plan) {
    let id = id("bucket", [&bucket.name]);
    plan.refused.extend(difference.refused.iter().map(|text| Remark::new(&id, text.as_str())));
}

fn change(new: fn(String) -> Change, bucket: Bucket, what: What, destroys: bool, shown: Diff) -> Result<Change, Error> {
    let id = id("bucket", [&bucket.name]);
    let mut change = new(id.clone()).lane(id).touch(touch::write("s3", "bucket", [&bucket.name]));
    if destroys {
        change = change.touch(touch::destroy("s3", "bucket", [&bucket.name]));
    }
    change.differs(shown).payload(&Payload { what, destroys, bucket })
}

#[cfg(test)]
mod configuration_tests;
#[cfg(test)]
mod tests;
