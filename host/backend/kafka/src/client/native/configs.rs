//! Configurations of topics and brokers.

use rdkafka::bindings as rd;

use super::topics::of_error;
use super::{Client, How, KafkaError, Owned, c_string, pointers, rd_kafka_ConfigResource_error, slice, string};

/// A configuration, as the broker writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigEntry {
    pub(crate) name: String,
    /// Absent where it is secret, or not set.
    pub(crate) value: Option<String>,
    /// Whether it was set for this topic.
    pub(crate) dynamic: bool,
}

/// What a configuration belongs to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Of<'a> {
    Topic(&'a str),
    Broker(i32),
}

/// Answers by the name of what was asked about.
type Answers<T> = Vec<(String, Result<T, KafkaError>)>;

impl Client {
    /// These configurations of each, and no others: a broker has more than
    /// thirty for each topic.
    pub(crate) fn configs(
        &self,
        of: &[Of<'_>],
        names: &[&str],
        how: &How,
    ) -> Result<Answers<Vec<ConfigEntry>>, KafkaError> {
        if of.is_empty() || names.is_empty() {
            return Ok(Vec::new());
        }
        let mut made = Vec::new();
        for of in of {
            let resource = resource(*of)?;
            for name in names {
                // SAFETY: the texts are copied. The value is not sent.
                unsafe {
                    rd::rd_kafka_ConfigResource_set_config(resource.pointer, c_string(name)?.as_ptr(), c"".as_ptr());
                }
            }
            made.push(resource);
        }
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS,
            how,
            // SAFETY: all are alive during the call, which copies what it takes.
            |options, queue| unsafe {
                rd::rd_kafka_DescribeConfigs(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_DescribeConfigs_result(event);
                let mut count = 0;
                let resources = rd::rd_kafka_DescribeConfigs_result_resources(result, &mut count);
                Ok(slice(resources, count).iter().map(|resource| answer(*resource, entries)).collect())
            },
        )
    }

    /// Sets configurations of topics, and leaves all others.
    pub(crate) fn set_configs(
        &self,
        topics: &[(&str, Vec<(&str, &str)>)],
        how: &How,
    ) -> Result<Answers<()>, KafkaError> {
        let mut made = Vec::new();
        for (topic, configs) in topics {
            let resource = resource(Of::Topic(topic))?;
            for (name, value) in configs {
                // SAFETY: the texts are copied; an error is ours to destroy.
                unsafe {
                    let error = rd::rd_kafka_ConfigResource_add_incremental_config(
                        resource.pointer,
                        c_string(name)?.as_ptr(),
                        rd::rd_kafka_AlterConfigOpType_t::RD_KAFKA_ALTER_CONFIG_OP_TYPE_SET,
                        c_string(value)?.as_ptr(),
                    );
                    if let Some(error) = Owned::new(error, rd::rd_kafka_error_destroy)
                        && let Some(error) = of_error(error.pointer)
                    {
                        return Err(error);
                    }
                }
            }
            made.push(resource);
        }
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_INCREMENTALALTERCONFIGS,
            how,
            // SAFETY: all are alive during the call, which copies what it takes.
            |options, queue| unsafe {
                rd::rd_kafka_IncrementalAlterConfigs(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_IncrementalAlterConfigs_result(event);
                let mut count = 0;
                let resources = rd::rd_kafka_IncrementalAlterConfigs_result_resources(result, &mut count);
                Ok(slice(resources, count).iter().map(|resource| answer(*resource, |_| ())).collect())
            },
        )
    }
}

fn resource(of: Of<'_>) -> Result<Owned<rd::rd_kafka_ConfigResource_t>, KafkaError> {
    let (kind, name) = match of {
        Of::Topic(name) => (rd::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_TOPIC, c_string(name)?),
        Of::Broker(id) => (rd::rd_kafka_ResourceType_t::RD_KAFKA_RESOURCE_BROKER, c_string(&id.to_string())?),
    };
    // SAFETY: the name is copied.
    let resource = unsafe { rd::rd_kafka_ConfigResource_new(kind, name.as_ptr()) };
    Owned::new(resource, rd::rd_kafka_ConfigResource_destroy)
        .ok_or_else(|| KafkaError::argument("librdkafka does not take this name"))
}

/// # Safety
/// The resource belongs to an event that is alive.
unsafe fn answer<T>(
    resource: *const rd::rd_kafka_ConfigResource_t,
    read: impl Fn(*const rd::rd_kafka_ConfigResource_t) -> T,
) -> (String, Result<T, KafkaError>) {
    unsafe {
        let name = string(rd::rd_kafka_ConfigResource_name(resource)).unwrap_or_default();
        let text = rd::rd_kafka_ConfigResource_error_string(resource);
        match KafkaError::of(rd_kafka_ConfigResource_error(resource), text) {
            Some(error) => (name, Err(error)),
            None => (name, Ok(read(resource))),
        }
    }
}

/// The entries of a resource that belongs to an event that is alive.
fn entries(resource: *const rd::rd_kafka_ConfigResource_t) -> Vec<ConfigEntry> {
    // SAFETY: `answer` calls this with what its caller promises.
    unsafe {
        let mut count = 0;
        let entries = rd::rd_kafka_ConfigResource_configs(resource, &mut count);
        let read = |entry: &*const rd::rd_kafka_ConfigEntry_t| {
            let source = rd::rd_kafka_ConfigEntry_source(*entry);
            ConfigEntry {
                name: string(rd::rd_kafka_ConfigEntry_name(*entry)).unwrap_or_default(),
                value: string(rd::rd_kafka_ConfigEntry_value(*entry)),
                dynamic: source == rd::rd_kafka_ConfigSource_t::RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG,
            }
        };
        slice(entries, count).iter().map(read).collect()
    }
}
