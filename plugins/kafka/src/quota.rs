//! Client quotas: not possible, and said so before anything is touched.

use hyhost_sdk::kafka::Kafka;
use hyhost_sdk::{Change, Connection, Context, Error, Kind, Outcomes, Plan, Seen};
use serde_json::{Value, json};

/// Quotas.
pub(crate) const KIND: Kind<Kafka> = Kind { name: "quota", field: "quotas", schema, plan, ensure };

fn schema() -> Value {
    json!({
        "description": "Client quotas. They are not possible yet.",
        "x-hyhost": {
            "refuse": "the Kafka client library has no call for client quotas: \
                set them by `kafka-configs.sh --alter --add-config … --entity-type users|clients`",
        },
    })
}

fn plan(_: &Context, _: &mut Seen<Kafka>, _: &mut Plan) -> Result<(), Error> {
    Ok(())
}

fn ensure(_: &Context, _: &Connection<Kafka>, changes: &[Change]) -> Outcomes {
    changes.iter().map(|_| Err(Error::invalid("there are no client quotas"))).collect()
}
