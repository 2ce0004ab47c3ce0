//! Whether there are records: watermarks, never the records themselves.

use std::collections::BTreeMap;

use rdkafka::bindings as rd;

use super::{Client, How, KafkaError, Owned, c_string, slice, string};

/// The offset by which the first, or the next, record is asked for.
const EARLIEST: i64 = -2;
const LATEST: i64 = -1;

/// The watermarks of partitions, or what is wrong with one.
type Offsets = BTreeMap<(String, i32), Result<i64, KafkaError>>;

impl Client {
    /// How many records lie between the watermarks of each of these topics,
    /// given with their partitions.
    pub(crate) fn records(
        &self,
        topics: &[(&str, usize)],
        how: &How,
    ) -> Result<BTreeMap<String, Result<i64, KafkaError>>, KafkaError> {
        let (first, next) = (self.offsets(topics, EARLIEST, how)?, self.offsets(topics, LATEST, how)?);
        let mut counts = BTreeMap::new();
        for ((topic, partition), next) in next {
            let first = first.get(&(topic.clone(), partition)).cloned();
            let records = match (first, next) {
                (Some(Ok(first)), Ok(next)) => Ok(next.saturating_sub(first)),
                (Some(Err(error)), _) | (_, Err(error)) => Err(error),
                (None, _) => Err(KafkaError::argument("the broker does not say where a partition begins")),
            };
            let sum = counts.entry(topic).or_insert(Ok(0));
            *sum = match (sum.clone(), records) {
                (Ok(sum), Ok(records)) => Ok(sum + records),
                (Err(error), _) | (_, Err(error)) => Err(error),
            };
        }
        Ok(counts)
    }

    fn offsets(&self, topics: &[(&str, usize)], of: i64, how: &How) -> Result<Offsets, KafkaError> {
        // SAFETY: the list is made, filled and destroyed here.
        let list =
            unsafe { Owned::new(rd::rd_kafka_topic_partition_list_new(16), rd::rd_kafka_topic_partition_list_destroy) };
        let list = list.ok_or_else(|| KafkaError::argument("librdkafka makes no list"))?;
        for (topic, partitions) in topics {
            let topic = c_string(topic)?;
            for partition in 0..*partitions {
                let partition = i32::try_from(partition).unwrap_or(i32::MAX);
                // SAFETY: the name is copied; the element belongs to the list.
                unsafe {
                    (*rd::rd_kafka_topic_partition_list_add(list.pointer, topic.as_ptr(), partition)).offset = of;
                }
            }
        }
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_LISTOFFSETS,
            how,
            // SAFETY: all are alive during the call, which copies the list.
            |options, queue| unsafe { rd::rd_kafka_ListOffsets(self.ptr(), list.pointer, options, queue) },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_ListOffsets_result(event);
                let mut count = 0;
                let infos = rd::rd_kafka_ListOffsets_result_infos(result, &mut count);
                let read = |info: &*const rd::rd_kafka_ListOffsetsResultInfo_t| {
                    let place = rd::rd_kafka_ListOffsetsResultInfo_topic_partition(*info);
                    // The code is an enum in the bindings; here a number.
                    let code = std::ptr::addr_of!((*place).err).cast::<i32>().read();
                    let offset = match KafkaError::of(code, std::ptr::null()) {
                        Some(error) => Err(error),
                        None => Ok((*place).offset),
                    };
                    ((string((*place).topic).unwrap_or_default(), (*place).partition), offset)
                };
                Ok(slice(infos, count).iter().map(read).collect())
            },
        )
    }
}
