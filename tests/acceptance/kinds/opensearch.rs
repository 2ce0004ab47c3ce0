//! The kinds of the plugin `opensearch`, on a real OpenSearch. By hand: `curl`.
//!
//! Its index management is not to be had as a package: ISM policies are tested
//! against a stand-in, in `ism_stand_in.rs`.

use hyhost_testbed::{Result, Testbed};

use super::Case;

const HERE: (&str, &str) = ("opensearch", "search");
const SECURITY: &str = "_plugins/_security/api";

/// Sends a body.
fn send(bed: &Testbed, method: &str, path: &str, body: &str) -> Result<String> {
    bed.curl(method, path, Some(body))
}

/// All cases.
pub(super) fn cases() -> Vec<Case> {
    vec![
        templates(),
        adopted_template(),
        pipeline(),
        index(),
        first_index(),
        rolled_over(),
        data_stream(),
        roles(),
        mapping(),
        user(),
        tenant(),
        setting(),
        repository(),
    ]
}

fn templates() -> Case {
    let desired = r#"{ component_templates: [ { name: kt-base, body: { template: { mappings: { properties: { at: { type: date } } } } } } ], index_templates: [ { name: kt-logs, body: { index_patterns: [kt-logs-*, kt-more-*], composed_of: [kt-base], priority: 50, template: { settings: { number_of_shards: 1, index: { refresh_interval: 5s } }, aliases: { kt-all: { routing: a } } } } } ] }"#;
    Case::new("templates", HERE, desired)
        .unmanaged(
            |bed| {
                let body = r#"{"index_patterns":["kt-more-*","kt-logs-*"],"composed_of":["kt-base"],"priority":50,
                    "version":7,"_meta":{"by":"hand"},"template":{"settings":{"number_of_shards":1,
                    "number_of_replicas":0,"refresh_interval":"5s"},"aliases":{"kt-all":{"routing":"a"}}}}"#;
                send(bed, "PUT", "_index_template/kt-logs", body)
            },
            |bed| {
                let path = "_index_template/kt-logs?filter_path=**.version,**._meta,**.number_of_replicas";
                bed.curl("GET", path, None)
            },
        )
        .drift("priority", "index_template/kt-logs", |bed| hand_written(bed, "51", "5s", r#"["kt-base"]"#))
        .drift("a setting", "index_template/kt-logs", |bed| hand_written(bed, "50", "9s", r#"["kt-base"]"#))
        .drift("what it is composed of", "index_template/kt-logs", |bed| hand_written(bed, "50", "5s", "[]"))
        .drift("a mapping", "component_template/kt-base", |bed| {
            let body = r#"{"template":{"mappings":{"properties":{"at":{"type":"keyword"}}}}}"#;
            send(bed, "PUT", "_component_template/kt-base", body)
        })
        .prune("{ component_template: [kt-tmp-*] }", "component_template/kt-tmp-1", |bed| {
            send(bed, "PUT", "_component_template/kt-tmp-1", r#"{"template":{}}"#)
        })
        .prune("{ index_template: [kt-tmp-*] }", "index_template/kt-tmp-1", |bed| {
            send(bed, "PUT", "_index_template/kt-tmp-1", r#"{"index_patterns":["kt-tmp-*"]}"#)
        })
}

fn hand_written(bed: &Testbed, priority: &str, refresh: &str, parts: &str) -> Result<String> {
    let body = format!(
        r#"{{"index_patterns":["kt-logs-*","kt-more-*"],"composed_of":{parts},"priority":{priority},"version":7,
        "_meta":{{"by":"hand"}},"template":{{"settings":{{"number_of_shards":1,"number_of_replicas":0,
        "refresh_interval":"{refresh}"}},"aliases":{{"kt-all":{{"routing":"a"}}}}}}}}"#
    );
    send(bed, "PUT", "_index_template/kt-logs", &body)
}

fn adopted_template() -> Case {
    let desired = r#"{ index_templates: [ { name: ka-there, body: { index_patterns: [ka-*], priority: 3, template: { settings: { number_of_replicas: 0 }, mappings: { dynamic: false, properties: { o: { type: object, properties: { n: { type: long } } } } } } } } ] }"#;
    Case::new("an adopted template", HERE, desired).adopts(|bed| {
        let body = r#"{"index_patterns":"ka-*","priority":3,"template":{"settings":{"index.number_of_replicas":"0"},
            "mappings":{"dynamic":"false","properties":{"o":{"properties":{"n":{"type":"long"}}}}}}}"#;
        send(bed, "PUT", "_index_template/ka-there", body)
    })
}

fn pipeline() -> Case {
    let desired = r#"{ ingest_pipelines: [ { name: kp-trim, body: { description: trims, processors: [ { trim: { field: a } }, { lowercase: { field: a, ignore_missing: true } } ] } } ] }"#;
    Case::new("an ingest pipeline", HERE, desired)
        .drift("description", "ingest_pipeline/kp-trim", |bed| {
            let body = r#"{"description":"x","processors":[{"trim":{"field":"a"}},{"lowercase":{"field":"a","ignore_missing":true}}]}"#;
            send(bed, "PUT", "_ingest/pipeline/kp-trim", body)
        })
        .drift("processors", "ingest_pipeline/kp-trim", |bed| {
            send(bed, "PUT", "_ingest/pipeline/kp-trim", r#"{"description":"trims","processors":[{"trim":{"field":"a"}}]}"#)
        })
        .prune("{ ingest_pipeline: [kp-tmp-*] }", "ingest_pipeline/kp-tmp-1", |bed| {
            send(bed, "PUT", "_ingest/pipeline/kp-tmp-1", r#"{"processors":[]}"#)
        })
}

fn index() -> Case {
    let desired = r#"{ indexes: [ { name: ki-plain, settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: 5s }, mappings: { properties: { a: { type: keyword }, o: { type: object, properties: { n: { type: long } } } } } } ] }"#;
    Case::new("an index", HERE, desired)
        .unmanaged(
            |bed| {
                send(bed, "PUT", "ki-plain/_settings", r#"{"index":{"max_result_window":77}}"#)?;
                send(bed, "PUT", "ki-plain/_mapping", r#"{"properties":{"b":{"type":"text"}}}"#)?;
                send(bed, "POST", "ki-plain/_doc/1?refresh=true", r#"{"a":"x"}"#)
            },
            |bed| {
                let settings = bed.curl("GET", "ki-plain/_settings/index.max_result_window", None)?;
                let mapping = bed.curl("GET", "ki-plain/_mapping/field/b", None)?;
                Ok(settings + &mapping + &bed.curl("GET", "ki-plain/_doc/1", None)?)
            },
        )
        .drift("a setting", "index/ki-plain", |bed| {
            send(bed, "PUT", "ki-plain/_settings", r#"{"index":{"refresh_interval":"1s"}}"#)
        })
        .prune("{ index: [ki-tmp-*] }", "index/ki-tmp-1", |bed| bed.curl("PUT", "ki-tmp-1", None))
        .prune("{ index: [ki-tmp-*], with_data: true }", "index/ki-tmp-2", |bed| {
            send(bed, "POST", "ki-tmp-2/_doc?refresh=true", "{}")
        })
}

fn first_index() -> Case {
    let desired = "{ indexes: [ { name: kw-000001, alias: kw, settings: { number_of_replicas: 0 } } ] }";
    Case::new("the first index of an alias", HERE, desired)
        .drift("no alias", "index/kw-000001", |bed| bed.curl("DELETE", "kw-000001/_alias/kw", None))
        .drift("nobody writes", "index/kw-000001", |bed| {
            send(bed, "PUT", "kw-000001/_alias/kw", r#"{"is_write_index":false}"#)
        })
}

/// Rolled over: what writes now is another index, and nothing is to be made.
fn rolled_over() -> Case {
    let desired = "{ indexes: [ { name: kv-000001, alias: kv, settings: { number_of_replicas: 0 } } ] }";
    Case::new("an alias that was rolled over", HERE, desired).unmanaged(
        |bed| {
            send(bed, "POST", "kv/_rollover", r#"{"settings":{"number_of_replicas":0}}"#)?;
            send(bed, "POST", "kv-000002/_doc?refresh=true", "{}")
        },
        |bed| bed.curl("GET", "_cat/aliases/kv?h=alias,index,is_write_index&s=index", None),
    )
}

fn data_stream() -> Case {
    let desired = r#"{ index_templates: [ { name: kd-metrics, body: { index_patterns: [kd-metrics-*], data_stream: {}, priority: 60, template: { settings: { number_of_replicas: 0 } } } } ], data_streams: [ { name: kd-metrics-app } ] }"#;
    Case::new("a data stream", HERE, desired)
        .drift("it is gone", "data_stream/kd-metrics-app", |bed| {
            bed.curl("DELETE", "_data_stream/kd-metrics-app", None)
        })
        .prune("{ data_stream: [kd-metrics-tmp-*] }", "data_stream/kd-metrics-tmp-1", |bed| {
            bed.curl("PUT", "_data_stream/kd-metrics-tmp-1", None)
        })
}

fn roles() -> Case {
    let desired = r#"{ roles: [ { name: kr-reader, description: reads, cluster_permissions: [cluster_composite_ops_ro], index_permissions: [ { index_patterns: [kr-a-*, kr-b-*], allowed_actions: [read, get] } ], tenant_permissions: [ { tenant_patterns: [kr-team], allowed_actions: [kibana_all_read] } ] } ] }"#;
    const ROLE: &str = "_plugins/_security/api/roles/kr-reader";
    Case::new("a role", HERE, desired)
        .drift("description", "role/kr-reader", |bed| patch(bed, ROLE, "add", "/description", r#""x""#))
        .drift("a permission on the cluster", "role/kr-reader", |bed| {
            patch(bed, ROLE, "replace", "/cluster_permissions", "[]")
        })
        .drift("an action on indexes", "role/kr-reader", |bed| {
            patch(bed, ROLE, "replace", "/index_permissions/0/allowed_actions", r#"["read"]"#)
        })
        .drift("a permission in a tenant", "role/kr-reader", |bed| {
            patch(bed, ROLE, "replace", "/tenant_permissions", "[]")
        })
        .extra("a permission on the cluster", "role/kr-reader", |bed| {
            patch(bed, ROLE, "add", "/cluster_permissions/-", r#""cluster_monitor""#)
        })
        .extra("a permission on indexes", "role/kr-reader", |bed| {
            let entry = r#"{"index_patterns":["kr-c-*"],"fls":[],"masked_fields":[],"allowed_actions":["crud"]}"#;
            patch(bed, ROLE, "add", "/index_permissions/-", entry)
        })
        .prune("{ role: [kr-tmp-*] }", "role/kr-tmp-1", |bed| {
            send(bed, "PUT", &format!("{SECURITY}/roles/kr-tmp-1"), r#"{"cluster_permissions":["cluster_monitor"]}"#)
        })
}

fn patch(bed: &Testbed, path: &str, op: &str, at: &str, value: &str) -> Result<String> {
    send(bed, "PATCH", path, &format!(r#"[{{"op":"{op}","path":"{at}","value":{value}}}]"#))
}

fn mapping() -> Case {
    let desired = r#"{ roles: [ { name: km-role, cluster_permissions: [cluster_monitor] } ], role_mappings: [ { name: km-role, users: [km-app], backend_roles: [km-ops, km-dev], hosts: [km.internal] } ] }"#;
    const MAPPING: &str = "_plugins/_security/api/rolesmapping/km-role";
    Case::new("a role's mapping", HERE, desired)
        .drift("users", "role_mapping/km-role", |bed| patch(bed, MAPPING, "replace", "/users", "[]"))
        .drift("backend roles", "role_mapping/km-role", |bed| {
            patch(bed, MAPPING, "replace", "/backend_roles", r#"["km-dev"]"#)
        })
        .drift("hosts", "role_mapping/km-role", |bed| patch(bed, MAPPING, "replace", "/hosts", "[]"))
        .unmanaged(
            |bed| patch(bed, MAPPING, "add", "/and_backend_roles", r#"["km-both"]"#),
            |bed| bed.curl("GET", &format!("{MAPPING}?filter_path=**.and_backend_roles"), None),
        )
        .extra("a user", "role_mapping/km-role", |bed| patch(bed, MAPPING, "add", "/users/-", r#""km-else""#))
        .extra("a backend role", "role_mapping/km-role", |bed| {
            patch(bed, MAPPING, "add", "/backend_roles/-", r#""km-x""#)
        })
        .prune("{ role_mapping: [km-tmp-*] }", "role_mapping/km-tmp-1", |bed| {
            send(bed, "PUT", &format!("{SECURITY}/roles/km-tmp-1"), r#"{"cluster_permissions":["cluster_monitor"]}"#)?;
            send(bed, "PUT", &format!("{SECURITY}/rolesmapping/km-tmp-1"), r#"{"users":["km-app"]}"#)
        })
}

fn user() -> Case {
    let desired = r#"{ users: [ { name: ku-app, password: three, description: app, backend_roles: [ku-ops], security_roles: [readall], attributes: { team: one } } ] }"#;
    const USER: &str = "_plugins/_security/api/internalusers/ku-app";
    Case::new("a user", HERE, desired)
        .drift("its password", "user/ku-app", |bed| {
            let body = r#"{"password":"By-hand-and-long-1!","description":"app","backend_roles":["ku-ops"],
                "opendistro_security_roles":["readall"],"attributes":{"team":"one","more":"kept"}}"#;
            send(bed, "PUT", USER, body)
        })
        .drift("description", "user/ku-app", |bed| patch(bed, USER, "replace", "/description", r#""x""#))
        .drift("backend roles", "user/ku-app", |bed| patch(bed, USER, "replace", "/backend_roles", "[]"))
        .drift("roles", "user/ku-app", |bed| patch(bed, USER, "replace", "/opendistro_security_roles", "[]"))
        .drift("an attribute", "user/ku-app", |bed| patch(bed, USER, "replace", "/attributes/team", r#""two""#))
        .unmanaged(
            |bed| patch(bed, USER, "add", "/attributes/more", r#""kept""#),
            |bed| bed.curl("GET", &format!("{USER}?filter_path=**.more"), None),
        )
        .extra("a backend role", "user/ku-app", |bed| patch(bed, USER, "add", "/backend_roles/-", r#""admin""#))
        .prune("{ user: [ku-tmp-*] }", "user/ku-tmp-1", |bed| {
            send(bed, "PUT", &format!("{SECURITY}/internalusers/ku-tmp-1"), r#"{"password":"By-hand-and-long-1!"}"#)
        })
}

fn tenant() -> Case {
    const TENANT: &str = "_plugins/_security/api/tenants/kn-team";
    Case::new("a tenant", HERE, "{ tenants: [ { name: kn-team, description: ours } ] }")
        .drift("description", "tenant/kn-team", |bed| send(bed, "PUT", TENANT, r#"{"description":"x"}"#))
        .prune("{ tenant: [kn-tmp-*] }", "tenant/kn-tmp-1", |bed| {
            send(bed, "PUT", &format!("{SECURITY}/tenants/kn-tmp-1"), r#"{"description":"x"}"#)
        })
}

/// Sets a persistent setting.
fn set(bed: &Testbed, name: &str, value: &str) -> Result<String> {
    send(bed, "PUT", "_cluster/settings", &format!(r#"{{"persistent":{{"{name}":{value}}}}}"#))
}

fn setting() -> Case {
    let desired = r#"{ cluster_settings: [ { name: cluster.max_shards_per_node, value: 900 }, { name: action.destructive_requires_name, value: true } ] }"#;
    Case::new("cluster settings", HERE, desired)
        .unmanaged(
            |bed| send(bed, "PUT", "_cluster/settings", r#"{"persistent":{"search.max_buckets":7777}}"#),
            |bed| bed.curl("GET", "_cluster/settings?filter_path=**.max_buckets", None),
        )
        .drift("a value", "cluster_setting/cluster.max_shards_per_node", |bed| {
            set(bed, "cluster.max_shards_per_node", "800")
        })
        .drift("nothing", "cluster_setting/action.destructive_requires_name", |bed| {
            set(bed, "action.destructive_requires_name", "null")
        })
        .prune(
            "{ cluster_setting: [indices.recovery.*] }",
            "cluster_setting/indices.recovery.max_bytes_per_sec",
            |bed| set(bed, "indices.recovery.max_bytes_per_sec", r#""50mb""#),
        )
}

fn repository() -> Case {
    let desired = r#"{ snapshot_repositories: [ { name: ks-files, type: fs, settings: { location: "${OPENSEARCH_SNAPSHOTS}/ks", compress: true } } ] }"#;
    Case::new("a snapshot repository", HERE, desired)
        .unmanaged(
            |bed| put_repository(bed, "ks-files", r#","max_restore_bytes_per_sec":"10mb""#, "true"),
            |bed| bed.curl("GET", "_snapshot/ks-files?filter_path=**.max_restore_bytes_per_sec", None),
        )
        .drift("a setting", "snapshot_repository/ks-files", |bed| {
            put_repository(bed, "ks-files", r#","max_restore_bytes_per_sec":"10mb""#, "false")
        })
        .prune("{ snapshot_repository: [ks-tmp-*] }", "snapshot_repository/ks-tmp-1", |bed| {
            put_repository(bed, "ks-tmp-1", "", "true")
        })
}

fn put_repository(bed: &Testbed, name: &str, more: &str, compress: &str) -> Result<String> {
    let env = bed.env();
    let place = env.iter().find(|(name, _)| *name == "OPENSEARCH_SNAPSHOTS").map(|(_, place)| place.clone());
    let place = format!("{}/{}", place.unwrap_or_default(), if name == "ks-files" { "ks" } else { name });
    let body = format!(r#"{{"type":"fs","settings":{{"location":"{place}","compress":{compress}{more}}}}}"#);
    send(bed, "PUT", &format!("_snapshot/{name}"), &body)
}
