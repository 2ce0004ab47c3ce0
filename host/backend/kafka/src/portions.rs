//! Which requests go to the broker together.

use std::collections::BTreeSet;

use hyhost_backend::Request;
use serde_json::Value;

/// A broker refuses a request that makes more records than about this:
/// partitions and configurations together.
const RECORDS: usize = 5_000;

/// The requests of one row, as many as go in one request to the broker.
#[derive(Debug)]
pub(crate) struct Portion {
    /// What the row calls its call.
    pub(crate) call: String,
    /// The places of the requests.
    pub(crate) places: Vec<usize>,
}

/// Cuts requests into portions: by row, in the order in which the rows come
/// first; by the row's batch; by what a broker takes; and so that no user
/// stands in one portion twice, which brokers refuse.
pub(crate) fn portions(requests: &[Request], call: impl Fn(&Request) -> Option<String>) -> Vec<Portion> {
    let mut portions: Vec<Portion> = Vec::new();
    let mut rows: Vec<(&str, Vec<usize>)> = Vec::new();
    for (at, request) in requests.iter().enumerate() {
        match rows.iter_mut().find(|(row, _)| *row == request.row.name) {
            Some((_, places)) => places.push(at),
            None => rows.push((&request.row.name, vec![at])),
        }
    }
    for (_, mut rest) in rows {
        while !rest.is_empty() {
            let (mut places, mut later) = (Vec::new(), Vec::new());
            let (mut records, mut users) = (0, BTreeSet::new());
            for at in rest {
                let request = &requests[at];
                let args = &request.operation.args;
                let weight = weight(args);
                let full =
                    places.len() >= request.row.batch as usize || (!places.is_empty() && records + weight > RECORDS);
                let again = args.get("user").and_then(Value::as_str).is_some_and(|user| !users.insert(user));
                if full || again {
                    later.push(at);
                } else {
                    records += weight;
                    places.push(at);
                }
            }
            let call = places.first().and_then(|at| call(&requests[*at])).unwrap_or_default();
            portions.push(Portion { call, places });
            rest = later;
        }
    }
    portions
}

/// How many records it makes.
fn weight(args: &Value) -> usize {
    let partitions = args.get("partitions").and_then(Value::as_u64).unwrap_or(1);
    let configs = args.get("configs").and_then(Value::as_object).map_or(0, serde_json::Map::len);
    usize::try_from(partitions).unwrap_or(usize::MAX).saturating_add(configs).max(1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hyhost_table::Operation;
    use serde_json::json;

    use super::*;

    fn request(row: &str, args: Value) -> Request {
        let row = hyhost_table::shipped("kafka").unwrap().row(row).unwrap();
        Request { operation: Operation::new(&row.name, args), row, secrets: BTreeMap::new(), file: None }
    }

    fn sizes(requests: &[Request]) -> Vec<(String, usize)> {
        let portions = portions(requests, |request| Some(request.row.name.clone()));
        let mut all: Vec<usize> = portions.iter().flat_map(|portion| portion.places.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..requests.len()).collect::<Vec<_>>());
        portions.into_iter().map(|portion| (portion.call, portion.places.len())).collect()
    }

    #[test]
    fn a_request_has_at_most_five_thousand_records_and_a_thousand_topics() {
        let topic = |i: usize, partitions: usize| {
            let configs = json!({ "a": "1", "b": "2", "c": "3", "d": "4" });
            request("CreateTopics", json!({ "topic": format!("t{i}"), "partitions": partitions, "configs": configs }))
        };
        let of = |partitions: usize| sizes(&(0..1_000).map(|i| topic(i, partitions)).collect::<Vec<_>>());
        assert_eq!(of(1), [("CreateTopics".to_owned(), 1_000)]);
        assert_eq!(of(6), [("CreateTopics".to_owned(), 500), ("CreateTopics".to_owned(), 500)]);
        assert_eq!(sizes(&[topic(1, 9_000), topic(2, 9_000)]).len(), 2);
        let small = (0..1_001).map(|i| request("CreateTopics", json!({ "topic": format!("t{i}") })));
        assert_eq!(sizes(&small.collect::<Vec<_>>()).len(), 2);
    }

    #[test]
    fn a_user_stands_in_a_portion_once() {
        let credential = |user: &str, mechanism: &str| {
            request("AlterUserScramCredentials", json!({ "user": user, "mechanism": mechanism }))
        };
        let requests = [
            credential("a", "SCRAM-SHA-256"),
            credential("a", "SCRAM-SHA-512"),
            credential("b", "SCRAM-SHA-256"),
            request("ReadCluster", json!({})),
        ];
        let expected = [("AlterUserScramCredentials", 2), ("AlterUserScramCredentials", 1), ("ReadCluster", 1)];
        assert_eq!(sizes(&requests), expected.map(|(call, size)| (call.to_owned(), size)));
    }
}
