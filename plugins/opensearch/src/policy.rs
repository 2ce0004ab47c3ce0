//! ISM policies: what becomes of indexes as they grow old.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Kind, Operation};
use serde_json::{Value, json};

use crate::shape::{self, Shape, There};
use crate::template::{name_schema, patterns, patterns_schema};

/// ISM policies.
pub(crate) const KIND: Kind<OpenSearch> = Kind {
    name: "ism_policy",
    field: "ism_policies",
    schema,
    plan: |context, seen, plan| shape::plan(&SHAPE, context, seen, plan),
    ensure: |_, connection, changes| shape::ensure(&SHAPE, connection, changes),
};

/// Fields that the server adds to a policy.
const ADDED: [&str; 3] = ["policy_id", "last_updated_time", "schema_version"];

const SHAPE: Shape = Shape {
    kind: "ism_policy",
    field: "ism_policies",
    read: |seen, names| {
        let there = seen.read(&opensearch::ReadPolicies { names })?;
        let of = |policy: opensearch::Policy| There {
            name: policy.name,
            body: Value::Object(policy.body),
            version: Some((policy.seq_no, policy.primary_term)),
        };
        Ok(there.map(|all| all.into_iter().map(of).collect()))
    },
    body: |object| object.get("body").cloned().unwrap_or_default(),
    normal,
    put: |name, body, is| {
        // A policy that somebody has written since is a conflict, and read
        // again. 0 is a number like any other.
        let version = is.and_then(|is| is.version);
        let (seq_no, primary_term) = (version.map(|(seq_no, _)| seq_no), version.map(|(_, term)| term));
        opensearch::PutPolicy { name, body, seq_no, primary_term }.call()
    },
    delete: |name| opensearch::DeletePolicy { name }.call(),
    refers: |body| {
        let templates = body["ism_template"].as_array().into_iter().flatten();
        templates.flat_map(|template| patterns(&template["index_patterns"])).collect()
    },
    requires: |_| Vec::new(),
    loses: |is, shall| shall.get("states").is_some() && deletions(is) != deletions(&crate::normal::merged(is, shall)),
    needed_by: None,
};

fn normal(body: &mut Value) {
    let Value::Object(members) = body else { return };
    for field in ADDED {
        members.remove(field);
    }
    match members.get_mut("ism_template") {
        // One may stand for a list of one.
        Some(one @ Value::Object(_)) => *one = Value::Array(vec![one.take()]),
        Some(Value::Null) => {
            members.remove("ism_template");
        }
        _ => {}
    }
}

/// The ways in which a policy deletes: the states that do, and what leads
/// to them.
fn deletions(policy: &Value) -> Vec<String> {
    let states = || policy["states"].as_array().into_iter().flatten();
    let deletes = |state: &&Value| {
        let actions = state["actions"].as_array().into_iter().flatten();
        actions.filter_map(Value::as_object).any(|action| action.contains_key("delete"))
    };
    let names: Vec<&Value> = states().filter(deletes).map(|state| &state["name"]).collect();
    let leads = states().flat_map(|state| {
        let transitions = state["transitions"].as_array().into_iter().flatten();
        let to = transitions.filter(|transition| names.contains(&&transition["state_name"]));
        to.map(|transition| format!("{} {transition}", state["name"])).collect::<Vec<_>>()
    });
    names.iter().map(ToString::to_string).chain(leads).collect()
}

fn schema() -> Value {
    json!({
        "description": "Policies of the index management plugin (ISM). What the body does not set stays as it is. A \
            change of what deletes indexes needs `destroy`.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "body"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("ism_policy", "The policy's id."),
                "body": {
                    "description": "As it stands below `policy` in the API: `description`, `default_state`, `states`, \
                        `ism_template`, `error_notification`.",
                    "type": "object",
                    "required": ["states"],
                    "not": { "required": ["policy"] },
                    "properties": {
                        "states": { "description": "States, with their actions and transitions.", "type": "array",
                            "items": { "type": "object" } },
                        "ism_template": {
                            "description": "Which new indexes it is for.",
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["index_patterns"],
                                "properties": { "index_patterns": patterns_schema(),
                                    "priority": { "type": "integer", "minimum": 0 } },
                            },
                        },
                    },
                },
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(after: &str) -> Value {
        json!({ "states": [
            { "name": "hot", "actions": [], "transitions": [{ "state_name": "gone", "conditions": { "min_index_age": after } }] },
            { "name": "gone", "actions": [{ "delete": {} }], "transitions": [] }] })
    }

    #[test]
    fn deleting_earlier_is_a_loss_and_another_word_is_none() {
        assert!((SHAPE.loses)(&policy("30d"), &policy("7d")));
        assert!(!(SHAPE.loses)(&policy("30d"), &json!({ "description": "x" })));
        assert!(!(SHAPE.loses)(&policy("30d"), &policy("30d")));
        assert!((SHAPE.loses)(&json!({ "states": [{ "name": "hot" }] }), &policy("7d")));
    }

    #[test]
    fn what_the_server_adds_is_no_difference() {
        let mut is = json!({ "policy_id": "p", "last_updated_time": 1, "schema_version": 21, "error_notification": null,
            "ism_template": { "index_patterns": ["a"], "priority": 1, "last_updated_time": 2 },
            "states": [{ "name": "hot", "actions": [{ "retry": { "count": 3 }, "rollover": { "min_size": "1gb", "copy_alias": false } }] }] });
        normal(&mut is);
        let shall = json!({ "ism_template": [{ "index_patterns": ["a"], "priority": 1 }],
            "states": [{ "name": "hot", "actions": [{ "rollover": { "min_size": "1gb" } }] }] });
        assert!(crate::normal::fits(&is, &shall));
        assert_eq!(is.get("policy_id"), None);
    }
}
