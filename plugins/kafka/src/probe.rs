//! Whether the cluster can do the work: it has a controller, and as many
//! brokers are up as the topics of the document want replicas.

use hyhost_sdk::kafka::{Kafka, ReadCluster};
use hyhost_sdk::{Connection, Context, Error, Readiness};

use crate::topic::Document;

/// One look.
pub(crate) fn probe(context: &Context, connection: &Connection<Kafka>) -> Result<Readiness, Error> {
    let topics = context.desired::<Document>()?.topics;
    let said = |replicas: Option<i64>| replicas.filter(|replicas| *replicas > 0);
    let defaults = topics.iter().any(|topic| said(topic.replication_factor).is_none());
    let cluster = connection.perform(&ReadCluster { defaults: Some(defaults) })?;
    if cluster.controller.is_none() {
        return Ok(Readiness::NotReady("the cluster has no controller yet".to_owned()));
    }
    let up = i64::try_from(cluster.brokers.len()).unwrap_or(i64::MAX);
    let wanted = topics.iter().filter_map(|topic| {
        let replicas = said(topic.replication_factor).or(cluster.default_replication_factor)?;
        Some((replicas, topic))
    });
    // The first of those that want the most.
    let most = wanted.reduce(|most, next| if next.0 > most.0 { next } else { most });
    match most {
        Some((replicas, topic)) if replicas > up => {
            let whose = if said(topic.replication_factor).is_some() { "" } else { " (the brokers' default)" };
            Ok(Readiness::NotReady(format!(
                "{up} of {replicas} brokers are up: topic `{}` has {replicas} replicas{whose}",
                topic.name
            )))
        }
        _ if up == 0 => Ok(Readiness::NotReady("no broker is up".to_owned())),
        _ => Ok(Readiness::Ready),
    }
}
