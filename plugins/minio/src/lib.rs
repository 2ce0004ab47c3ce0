//! The plugin `minio`: buckets of MinIO and other S3 servers, and the accounts
//! of MinIO.

mod bucket;
mod canned;
mod group;
mod policy;
mod service_account;
mod steps;
mod user;

use hyhost_sdk::s3::S3;
use hyhost_sdk::{Change, Context, Error, Kind, Manifest, Outcomes, Plan, Plugin, Readiness, kind, s3};

/// The kinds of objects that it provides, a file each.
const KINDS: &[Kind<S3>] = &[bucket::KIND, canned::KIND, user::KIND, group::KIND, service_account::KIND];

/// The slot of its one connection.
const SLOT: &str = "s3";

struct Minio;

impl Plugin for Minio {
    fn manifest() -> Manifest {
        Manifest::new(
            "minio",
            env!("CARGO_PKG_VERSION"),
            "Buckets and their configuration in MinIO or S3; users, groups, policies and access keys of MinIO.",
        )
        .schema(&kind::schema(KINDS))
        .wants::<S3>(SLOT, "to compare and change buckets, their configuration and MinIO's accounts; never objects")
    }

    fn probe(context: &Context) -> Result<Readiness, Error> {
        let connection = context.s3(SLOT)?;
        let health = connection.perform(&s3::ReadHealth {})?;
        if !health.writable {
            return Ok(Readiness::NotReady(health.reason));
        }
        // Health asks for no login, and a login may still be in the making.
        connection.perform(&s3::ListBuckets { names: Some(Vec::new()) })?;
        Ok(Readiness::Ready)
    }

    fn plan(context: &Context, page: Option<&str>) -> Result<Plan, Error> {
        kind::plan(context, &context.s3(SLOT)?, KINDS, page)
    }

    fn ensure(context: &Context, changes: &[Change]) -> Outcomes {
        match context.s3(SLOT) {
            Ok(connection) => kind::ensure(context, &connection, KINDS, changes),
            Err(error) => changes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

hyhost_sdk::export!(Minio);

#[cfg(test)]
mod accounts_tests;
