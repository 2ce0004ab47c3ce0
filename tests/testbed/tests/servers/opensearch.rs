//! OpenSearch with its security plugin, asked by curl.

use std::time::Instant;

use hyhost_testbed::{Error, Server, Testbed, is_alive};

use crate::owner::kill_an_owner_of;
use crate::resident;

#[test]
fn it_comes_up_answers_outlives_a_crash_and_leaves_nothing() {
    let begun = Instant::now();
    let bed = Testbed::up(&[Server::OpenSearch]).unwrap();
    let opensearch = bed.get(Server::OpenSearch).unwrap();
    println!("opensearch: up in {:.1} s, {} MiB", begun.elapsed().as_secs_f64(), resident(opensearch.pid().unwrap()));
    let said = bed.curl("GET", "/", None).unwrap();
    assert!(said.contains("\"number\" : \"3.4.0\""), "{said}");

    // One of each thing that documents make.
    let put = |path: &str, body: &str| bed.curl("PUT", path, Some(body)).unwrap();
    put("_component_template/parts", r#"{"template":{"settings":{"number_of_shards":1}}}"#);
    put("_index_template/logs", r#"{"index_patterns":["logs-*"],"composed_of":["parts"],"data_stream":{}}"#);
    put("_data_stream/logs-app", "");
    put("_ingest/pipeline/lower", r#"{"processors":[{"lowercase":{"field":"name"}}]}"#);
    put("kept-1", r#"{"aliases":{"kept":{"is_write_index":true}},"settings":{"number_of_replicas":0}}"#);
    put("_snapshot/files", &snapshot_repository(&bed));
    put(
        "_plugins/_security/api/roles/reader",
        r#"{"index_permissions":[{"index_patterns":["kept*"],"allowed_actions":["read"]}]}"#,
    );
    put("_plugins/_security/api/internalusers/app", r#"{"password":"Hunter2-and-more!","backend_roles":[]}"#);
    put("_plugins/_security/api/rolesmapping/reader", r#"{"users":["app"]}"#);
    put("_plugins/_security/api/tenants/team", r#"{"description":"a team"}"#);
    bed.curl("POST", "kept/_doc?refresh=true", Some(r#"{"name":"one"}"#)).unwrap();

    // What a user may do, and may not.
    let as_app = |method, path, body| bed.curl_as("app", "Hunter2-and-more!", method, path, body);
    assert!(as_app("GET", "kept/_search", None).unwrap().contains("\"one\""));
    assert!(as_app("POST", "kept/_doc", Some("{}")).unwrap_err().to_string().contains("HTTP status 403"));
    let wrong = bed.curl_as("app", "wrong", "GET", "/", None);
    assert!(matches!(wrong, Err(Error::Failed { status, .. }) if status == "HTTP status 401"));
    // What is reserved is changed by the certificate alone.
    let reserved = "_plugins/_security/api/internalusers/admin";
    assert_eq!(bed.curl_status("DELETE", reserved, None).unwrap().0, 403);
    assert!(bed.curl_by_certificate("GET", reserved, None).unwrap().contains("\"reserved\":true"));
    assert_eq!(bed.curl_status("GET", "_plugins/_ism/policies", None).unwrap().0, 400, "its own plugin is not here");

    let (port, before) = (opensearch.port(), opensearch.pid().unwrap());
    opensearch.kill().unwrap();
    assert!(!is_alive(before));
    let begun = Instant::now();
    opensearch.start().unwrap();
    println!("opensearch: up again after kill -9 in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(opensearch.port(), port);
    assert!(as_app("GET", "kept/_search", None).unwrap().contains("\"one\""));
    let begun = Instant::now();
    opensearch.restart().unwrap();
    println!("opensearch: stopped and up again in {:.1} s", begun.elapsed().as_secs_f64());
    assert!(bed.curl("GET", "_data_stream/logs-app", None).unwrap().contains("logs-app"));
    let size = resident(opensearch.pid().unwrap());
    println!("opensearch: {size} MiB");
    assert!(size <= 600, "{size} MiB");

    let (pid, directory) = (opensearch.pid().unwrap(), bed.directory().to_owned());
    drop(bed);
    assert!(!is_alive(pid) && !directory.exists());
}

fn snapshot_repository(bed: &Testbed) -> String {
    let env = bed.env();
    let (_, place) = env.iter().find(|(name, _)| *name == "OPENSEARCH_SNAPSHOTS").unwrap();
    format!(r#"{{"type":"fs","settings":{{"location":"{place}"}}}}"#)
}

#[test]
fn it_does_not_outlive_a_killed_owner() {
    kill_an_owner_of(&[Server::OpenSearch]);
}
