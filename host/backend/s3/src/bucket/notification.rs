//! Where a bucket's events go.
//!
//! S3 takes and gives all destinations of a bucket as one, so what a row does
//! not name is read and written back as it is.

use std::collections::BTreeSet;

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    Event, FilterRule, FilterRuleName, LambdaFunctionConfiguration, NotificationConfiguration,
    NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter, TopicConfiguration,
};
use hyhost_backend::Class;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{or_absent, unfit};
use crate::call::Asked;
use crate::fault::Failure;
use crate::login::Server;

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Notification {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    to: Kind,
    arn: String,
    events: BTreeSet<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suffix: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Queue,
    Topic,
    Function,
}

#[derive(Deserialize)]
struct Put {
    bucket: String,
    notifications: Vec<Notification>,
}

pub(crate) async fn get(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let all = read(server, asked.text("bucket")?).await?;
    Ok(all.map_or(Value::Null, |all| json!(notifications(&all))))
}

/// What has the id of a new one, or else says the same, is replaced.
pub(crate) async fn put(server: &Server, asked: &Asked<'_>) -> Result<Value, Failure> {
    let Put { bucket, notifications } = asked.args()?;
    let mut all = read(server, &bucket).await?.unwrap_or_else(|| NotificationConfiguration::builder().build());
    for new in &notifications {
        let same = |id: Option<&str>| new.id.is_some() && id == new.id.as_deref();
        let (events, filter) = (new.events.iter().map(|event| Event::from(event.as_str())).collect(), new.filter());
        let (events, id) = (Some(events), new.id.clone());
        match new.to {
            Kind::Queue => {
                let new = QueueConfiguration::builder().set_id(id).queue_arn(&new.arn).set_events(events);
                let list = all.queue_configurations.get_or_insert_default();
                list.retain(|there| !same(there.id()));
                list.push(new.set_filter(filter).build().map_err(unfit)?);
            }
            Kind::Topic => {
                let new = TopicConfiguration::builder().set_id(id).topic_arn(&new.arn).set_events(events);
                let list = all.topic_configurations.get_or_insert_default();
                list.retain(|there| !same(there.id()));
                list.push(new.set_filter(filter).build().map_err(unfit)?);
            }
            Kind::Function => {
                let new =
                    LambdaFunctionConfiguration::builder().set_id(id).lambda_function_arn(&new.arn).set_events(events);
                let list = all.lambda_function_configurations.get_or_insert_default();
                list.retain(|there| !same(there.id()));
                list.push(new.set_filter(filter).build().map_err(unfit)?);
            }
        }
    }
    let call = |client: Client| {
        let request = client.put_bucket_notification_configuration().bucket(&bucket);
        request.notification_configuration(all.clone()).send()
    };
    match server.signed(call).await {
        Ok(_) => Ok(Value::Null),
        // A server that does not know `?notification` takes it for the making
        // of the bucket.
        Err(failure) if matches!(failure.code(), Some("BucketAlreadyOwnedByYou" | "BucketAlreadyExists")) => {
            Err(Failure::ours(Class::Failed, "this server has no notifications of buckets: leave the field out"))
        }
        Err(failure) => Err(failure),
    }
}

async fn read(server: &Server, bucket: &str) -> Result<Option<NotificationConfiguration>, Failure> {
    let answer = server.signed(|client| client.get_bucket_notification_configuration().bucket(bucket).send()).await;
    let Some(answer) = or_absent(answer, "NoSuchNotificationConfiguration")? else { return Ok(None) };
    let all = NotificationConfiguration::builder()
        .set_queue_configurations(answer.queue_configurations)
        .set_topic_configurations(answer.topic_configurations)
        .set_lambda_function_configurations(answer.lambda_function_configurations)
        .set_event_bridge_configuration(answer.event_bridge_configuration);
    Ok(Some(all.build()))
}

fn notifications(all: &NotificationConfiguration) -> Vec<Notification> {
    let queues = all.queue_configurations().iter();
    let queues = queues.map(|one| Notification::of(Kind::Queue, one.id(), one.queue_arn(), one.events(), one.filter()));
    let topics = all.topic_configurations().iter();
    let topics = topics.map(|one| Notification::of(Kind::Topic, one.id(), one.topic_arn(), one.events(), one.filter()));
    let functions = all
        .lambda_function_configurations()
        .iter()
        .map(|one| Notification::of(Kind::Function, one.id(), one.lambda_function_arn(), one.events(), one.filter()));
    queues.chain(topics).chain(functions).collect()
}

impl Notification {
    fn of(
        to: Kind,
        id: Option<&str>,
        arn: &str,
        events: &[Event],
        filter: Option<&NotificationConfigurationFilter>,
    ) -> Self {
        let rules = filter.and_then(|filter| filter.key()).map_or(&[][..], |key| key.filter_rules());
        // Servers write the names in either case.
        let value = |name: &str| {
            let rule = rules.iter().find(|rule| rule.name().is_some_and(|n| n.as_str().eq_ignore_ascii_case(name)));
            rule.and_then(|rule| rule.value()).filter(|value| !value.is_empty()).map(str::to_owned)
        };
        Self {
            id: id.filter(|id| !id.is_empty()).map(str::to_owned),
            to,
            arn: arn.to_owned(),
            events: events.iter().map(|event| event.as_str().to_owned()).collect(),
            prefix: value("prefix"),
            suffix: value("suffix"),
        }
    }

    fn filter(&self) -> Option<NotificationConfigurationFilter> {
        let rules = [(FilterRuleName::Prefix, &self.prefix), (FilterRuleName::Suffix, &self.suffix)];
        let rules = rules.into_iter().filter_map(|(name, value)| {
            let value = value.as_ref()?;
            Some(FilterRule::builder().name(name).value(value).build())
        });
        let rules: Vec<_> = rules.collect();
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules.clone())).build();
        (!rules.is_empty()).then(|| NotificationConfigurationFilter::builder().key(key).build())
    }
}
