//! The cluster, topics, partitions.

use std::ffi::{CString, c_char};
use std::ptr;

use rdkafka::bindings as rd;

use super::{Client, How, KafkaError, Owned, Words, c_string, pointers, slice, string};
use super::{rd_kafka_error_code, rd_kafka_metadata, rd_kafka_topic_result_error};

/// A broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Broker {
    pub(crate) id: i32,
    pub(crate) host: String,
    pub(crate) port: u16,
}

/// A cluster.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) id: Option<String>,
    pub(crate) controller: Option<i32>,
    pub(crate) brokers: Vec<Broker>,
}

/// A topic, as a broker shows it.
#[derive(Debug, Clone)]
pub(crate) struct Topic {
    pub(crate) name: String,
    pub(crate) internal: bool,
    pub(crate) partitions: usize,
    /// Of the partition that has the fewest.
    pub(crate) replicas: usize,
    /// Whether each partition has a leader.
    pub(crate) led: bool,
}

/// A topic to be made; below zero: the brokers' default.
#[derive(Debug)]
pub(crate) struct NewTopic<'a> {
    pub(crate) name: &'a str,
    pub(crate) partitions: i32,
    pub(crate) replicas: i32,
    pub(crate) configs: Vec<(&'a str, &'a str)>,
}

/// What came of topics, by name.
type OfTopics = Vec<(String, Result<(), KafkaError>)>;

impl Client {
    /// The brokers that are up, as any of them says. Asked by metadata and not
    /// by `DescribeCluster`, which is sent to the controller that was known
    /// last, also when that one is gone; and so the new one becomes known.
    pub(crate) fn cluster(&self, timeout_ms: i32) -> Result<Cluster, KafkaError> {
        let mut metadata = ptr::null();
        // SAFETY: the answers are read while they are alive, then destroyed
        // once, each by its own function.
        unsafe {
            let code = rd_kafka_metadata(self.ptr(), 0, ptr::null_mut(), &mut metadata, timeout_ms);
            if let Some(error) = KafkaError::of(code, ptr::null()) {
                return Err(error);
            }
            let brokers = records((*metadata).brokers, (*metadata).broker_cnt).map(|broker| Broker {
                id: (*broker).id,
                host: string((*broker).host).unwrap_or_default(),
                port: u16::try_from((*broker).port).unwrap_or_default(),
            });
            let brokers = brokers.collect();
            rd::rd_kafka_metadata_destroy(metadata);
            let id = rd::rd_kafka_clusterid(self.ptr(), timeout_ms);
            let text = string(id);
            if !id.is_null() {
                rd::rd_kafka_mem_free(self.ptr(), id.cast());
            }
            let controller = Some(rd::rd_kafka_controllerid(self.ptr(), timeout_ms)).filter(|id| *id >= 0);
            Ok(Cluster { id: text, controller, brokers })
        }
    }

    /// Every topic of the cluster.
    pub(crate) fn all_topics(&self, timeout_ms: i32) -> Result<Vec<Topic>, KafkaError> {
        let mut metadata = ptr::null();
        // SAFETY: the answer is read below while it is alive, then destroyed
        // once. Its codes are read as numbers.
        unsafe {
            let code = rd_kafka_metadata(self.ptr(), 1, ptr::null_mut(), &mut metadata, timeout_ms);
            if let Some(error) = KafkaError::of(code, ptr::null()) {
                return Err(error);
            }
            let topics = records((*metadata).topics, (*metadata).topic_cnt);
            let topics = topics.map(|topic| {
                let partitions = || records((*topic).partitions, (*topic).partition_cnt);
                let name = string((*topic).topic).unwrap_or_default();
                Topic {
                    internal: name.starts_with("__"),
                    name,
                    partitions: partitions().count(),
                    replicas: partitions().map(|of| usize::try_from((*of).replica_cnt).unwrap_or(0)).min().unwrap_or(0),
                    led: partitions().all(|of| (*of).leader >= 0),
                }
            });
            let topics = topics.collect();
            rd::rd_kafka_metadata_destroy(metadata);
            Ok(topics)
        }
    }

    /// Topics of these names; those that are not there are left out.
    pub(crate) fn topics(
        &self,
        names: &[&str],
        how: &How,
    ) -> Result<Vec<Result<Topic, (String, KafkaError)>>, KafkaError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let texts = names.iter().map(|name| c_string(name)).collect::<Result<Vec<CString>, _>>()?;
        let mut list: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        // SAFETY: the texts outlive the call, which copies them.
        let names = unsafe { rd::rd_kafka_TopicCollection_of_topic_names(list.as_mut_ptr(), list.len()) };
        let names = Owned::new(names, rd::rd_kafka_TopicCollection_destroy)
            .ok_or_else(|| KafkaError::argument("librdkafka does not take these names of topics"))?;
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBETOPICS,
            how,
            // SAFETY: client, names, options and queue are alive.
            |options, queue| unsafe { rd::rd_kafka_DescribeTopics(self.ptr(), names.pointer, options, queue) },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_DescribeTopics_result(event);
                let mut count = 0;
                let topics = rd::rd_kafka_DescribeTopics_result_topics(result, &mut count);
                let topics = slice(topics, count).iter().filter_map(|topic| described(*topic));
                Ok(topics.collect())
            },
        )
    }

    /// Makes topics.
    pub(crate) fn create_topics(&self, topics: &[NewTopic<'_>], how: &How) -> Result<OfTopics, KafkaError> {
        let made = topics.iter().map(new_topic).collect::<Result<Vec<_>, _>>()?;
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATETOPICS,
            how,
            // SAFETY: all are alive during the call, which copies the topics.
            |options, queue| unsafe {
                rd::rd_kafka_CreateTopics(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_CreateTopics_result(event);
                let mut count = 0;
                Ok(of_topics(rd::rd_kafka_CreateTopics_result_topics(result, &mut count), count))
            },
        )
    }

    /// Gives topics more partitions: how many they shall have in all.
    pub(crate) fn create_partitions(&self, topics: &[(&str, usize)], how: &How) -> Result<OfTopics, KafkaError> {
        let mut made = Vec::new();
        for (name, total) in topics {
            let (name, mut words) = (c_string(name)?, Words::new());
            // SAFETY: the name outlives the call, which copies it.
            let new =
                unsafe { rd::rd_kafka_NewPartitions_new(name.as_ptr(), *total, words.0.as_mut_ptr(), words.0.len()) };
            made.push(Owned::new(new, rd::rd_kafka_NewPartitions_destroy).ok_or_else(|| words.error())?);
        }
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATEPARTITIONS,
            how,
            // SAFETY: all are alive during the call, which copies what it takes.
            |options, queue| unsafe {
                rd::rd_kafka_CreatePartitions(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_CreatePartitions_result(event);
                let mut count = 0;
                Ok(of_topics(rd::rd_kafka_CreatePartitions_result_topics(result, &mut count), count))
            },
        )
    }

    /// Removes topics, whatever is in them.
    pub(crate) fn delete_topics(&self, names: &[&str], how: &How) -> Result<OfTopics, KafkaError> {
        let mut made = Vec::new();
        for name in names {
            let name = c_string(name)?;
            // SAFETY: the name outlives the call, which copies it.
            let topic = unsafe { rd::rd_kafka_DeleteTopic_new(name.as_ptr()) };
            let topic = Owned::new(topic, rd::rd_kafka_DeleteTopic_destroy);
            made.push(topic.ok_or_else(|| KafkaError::argument("librdkafka does not take this name of a topic"))?);
        }
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETETOPICS,
            how,
            // SAFETY: all are alive during the call, which copies the names.
            |options, queue| unsafe {
                rd::rd_kafka_DeleteTopics(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_DeleteTopics_result(event);
                let mut count = 0;
                Ok(of_topics(rd::rd_kafka_DeleteTopics_result_topics(result, &mut count), count))
            },
        )
    }
}

fn new_topic(topic: &NewTopic<'_>) -> Result<Owned<rd::rd_kafka_NewTopic_t>, KafkaError> {
    let (name, mut words) = (c_string(topic.name)?, Words::new());
    // SAFETY: texts outlive the calls, which copy them.
    unsafe {
        let new = rd::rd_kafka_NewTopic_new(
            name.as_ptr(),
            topic.partitions,
            topic.replicas,
            words.0.as_mut_ptr(),
            words.0.len(),
        );
        let new = Owned::new(new, rd::rd_kafka_NewTopic_destroy).ok_or_else(|| words.error())?;
        for (key, value) in &topic.configs {
            rd::rd_kafka_NewTopic_set_config(new.pointer, c_string(key)?.as_ptr(), c_string(value)?.as_ptr());
        }
        Ok(new)
    }
}

/// The records of an array in a metadata answer.
///
/// # Safety
/// `first` points to as many records as `count` says.
unsafe fn records<T>(first: *mut T, count: i32) -> impl Iterator<Item = *const T> {
    (0..usize::try_from(count).unwrap_or(0)).map(move |at| unsafe { first.add(at) }.cast_const())
}

/// `None`: it is not there.
///
/// # Safety
/// The description belongs to an event that is alive.
unsafe fn described(topic: *const rd::rd_kafka_TopicDescription_t) -> Option<Result<Topic, (String, KafkaError)>> {
    unsafe {
        let name = string(rd::rd_kafka_TopicDescription_name(topic)).unwrap_or_default();
        match of_error(rd::rd_kafka_TopicDescription_error(topic)) {
            Some(error) if error.code == crate::code::UNKNOWN_TOPIC => return None,
            Some(error) => return Some(Err((name, error))),
            None => {}
        }
        let mut count = 0;
        let partitions = rd::rd_kafka_TopicDescription_partitions(topic, &mut count);
        let partitions = slice(partitions, count);
        let replicas = partitions.iter().map(|partition| {
            let mut count = 0;
            rd::rd_kafka_TopicPartitionInfo_replicas(*partition, &mut count);
            count
        });
        Some(Ok(Topic {
            internal: name.starts_with("__") || rd::rd_kafka_TopicDescription_is_internal(topic) != 0,
            name,
            partitions: count,
            replicas: replicas.min().unwrap_or(0),
            led: partitions.iter().all(|partition| !rd::rd_kafka_TopicPartitionInfo_leader(*partition).is_null()),
        }))
    }
}

/// An error of librdkafka's own kind; `None`: it is null or no error.
///
/// # Safety
/// It belongs to something that is alive.
pub(super) unsafe fn of_error(error: *const rd::rd_kafka_error_t) -> Option<KafkaError> {
    if error.is_null() {
        return None;
    }
    unsafe { KafkaError::of(rd_kafka_error_code(error), rd::rd_kafka_error_string(error)) }
}

/// # Safety
/// The results belong to an event that is alive.
unsafe fn of_topics(results: *mut *const rd::rd_kafka_topic_result_t, count: usize) -> OfTopics {
    let result = |result: &*const rd::rd_kafka_topic_result_t| unsafe {
        let name = string(rd::rd_kafka_topic_result_name(*result)).unwrap_or_default();
        let text = rd::rd_kafka_topic_result_error_string(*result);
        match KafkaError::of(rd_kafka_topic_result_error(*result), text) {
            Some(error) => (name, Err(error)),
            None => (name, Ok(())),
        }
    };
    unsafe { slice(results, count) }.iter().map(result).collect()
}
