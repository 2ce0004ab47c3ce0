//! A broker that answers rubbish ends the client's process, and nothing else.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends here")]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use hyhost_backend::{Backend, Class, Fault, Request};
use hyhost_backend_kafka::{KafkaBackend, connect_by};
use hyhost_config::{Kafka, Mechanism};
use hyhost_table::{Mode, Operation, shipped};
use serde_json::{Value, json};
use tokio::time::Instant;

const METADATA: i16 = 3;
const SASL_HANDSHAKE: i16 = 17;
const API_VERSIONS: i16 = 18;
const DESCRIBE_ACLS: i16 = 29;
const CREATE_ACLS: i16 = 30;

/// A broker that knows these requests. To `CreateAcls` it answers with fewer
/// results than it was asked for, which makes librdkafka 2.12 abort.
fn broker() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || while serve(&stream, port).is_some() {});
        }
    });
    port
}

fn serve(mut stream: &TcpStream, port: u16) -> Option<()> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let mut request = vec![0; u32::from_be_bytes(head) as usize];
    stream.read_exact(&mut request).ok()?;
    let (key, version) = (i16::from_be_bytes([request[0], request[1]]), i16::from_be_bytes([request[2], request[3]]));
    let mut answer = request[4..8].to_vec();
    match key {
        API_VERSIONS => {
            // A newer form is not known here: the client comes down to this.
            answer.extend(if version == 0 { 0_i16 } else { 35 }.to_be_bytes());
            let known = [(METADATA, 1), (SASL_HANDSHAKE, 1), (API_VERSIONS, 0), (DESCRIBE_ACLS, 1), (CREATE_ACLS, 1)];
            answer.extend(i32::try_from(known.len()).unwrap().to_be_bytes());
            for (key, most) in known {
                answer.extend([key, 0, most].into_iter().flat_map(i16::to_be_bytes));
            }
        }
        METADATA => {
            // One broker: its number, host, port, no rack; it is the controller; no topics.
            answer.extend([1_i32, 1].into_iter().flat_map(i32::to_be_bytes));
            answer.extend(9_i16.to_be_bytes());
            answer.extend(b"localhost");
            answer.extend(i32::from(port).to_be_bytes());
            answer.extend((-1_i16).to_be_bytes());
            answer.extend([1_i32, 0].into_iter().flat_map(i32::to_be_bytes));
        }
        SASL_HANDSHAKE => {
            answer.extend(34_i16.to_be_bytes());
            answer.extend(0_i32.to_be_bytes());
        }
        DESCRIBE_ACLS => {
            answer.extend(0_i32.to_be_bytes());
            answer.extend([0_i16, -1].into_iter().flat_map(i16::to_be_bytes));
            answer.extend(0_i32.to_be_bytes());
        }
        CREATE_ACLS => answer.extend([0_i32, 0].into_iter().flat_map(i32::to_be_bytes)),
        other => panic!("request {other} was not expected"),
    }
    stream.write_all(&u32::try_from(answer.len()).unwrap().to_be_bytes()).ok()?;
    stream.write_all(&answer).ok()
}

async fn perform(backend: &KafkaBackend, name: &str, args: Value) -> Result<Value, Fault> {
    let row = shipped("kafka").unwrap().row(name).unwrap();
    let request = Request { operation: Operation::new(name, args), row, secrets: BTreeMap::new(), file: None };
    backend.perform(vec![request], Mode::Each, Instant::now() + Duration::from_secs(20)).await.remove(0)
}

#[tokio::test]
async fn an_answer_that_nobody_can_read_ends_one_request() {
    let kafka = Kafka {
        brokers: vec![("localhost".to_owned(), broker())],
        user: None,
        passwords: Vec::new(),
        mechanism: Mechanism::ScramSha512,
        tls: None,
    };
    let backend = connect_by("events", &kafka, PathBuf::from(env!("CARGO_BIN_EXE_kafka-client"))).unwrap();
    assert_eq!(perform(&backend, "DescribeAcls", json!({})).await, Ok(json!([])));
    let acl = json!({
        "principal": "User:a", "resource": "topic", "name": "t", "operation": "read", "permission": "allow",
        "host": "*",
    });
    let fault = perform(&backend, "CreateAcls", acl).await.unwrap_err();
    assert_eq!(fault.class, Class::Failed, "{fault}");
    let expected = "CreateAcls of `User:a`: the Kafka client ended (signal 6): the broker's answer could not be read";
    assert!(fault.message.contains(expected), "{fault}");
    // The next request has a client of its own.
    assert_eq!(perform(&backend, "DescribeAcls", json!({})).await, Ok(json!([])));
    backend.close().await;
}
