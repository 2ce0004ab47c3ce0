//! ISM policies, against a STAND-IN: OpenSearch's index management is not to
//! be had as a package. It keeps policies as the documentation says that the
//! plugin does: it adds fields of its own, and refuses a write that does not
//! repeat what was read. It shows what hyhost sends, not what OpenSearch does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use hyhost_tests::Stack;
use serde_json::{Value, json};

#[derive(Default)]
struct Kept {
    policies: BTreeMap<String, (i64, Value)>,
    written: i64,
    /// Whether somebody else writes right before the next write.
    contended: bool,
    refused: usize,
}

struct StandIn {
    port: u16,
    kept: Arc<Mutex<Kept>>,
}

impl StandIn {
    fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::<Mutex<Kept>>::default();
        let shared = Arc::clone(&kept);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &kept));
            }
        });
        Self { port, kept }
    }

    fn with<T>(&self, f: impl FnOnce(&mut Kept) -> T) -> T {
        f(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn stack(&self, grant: &str, age: &str) -> Stack {
        let port = self.port;
        let document = format!(
            r#"
connections:
  ism: {{ http: {{ url: "http://localhost:{port}", api: opensearch }} }}
targets:
  it:
    plugin: opensearch
    connection: ism
    grant: {grant}
    desired:
      ism_policies:
        - name: keep
          body:
            description: keeps for a while
            default_state: hot
            states:
              - {{ name: hot, actions: [{{ rollover: {{ min_size: 1gb }} }}], transitions: [{{ state_name: gone, conditions: {{ min_index_age: {age} }} }}] }}
              - {{ name: gone, actions: [{{ delete: {{}} }}], transitions: [] }}
            ism_template: [{{ index_patterns: [logs-*], priority: 1 }}]
"#
        );
        Stack::new(&document).with_plugins(vec![hyhost_tests::plugin("opensearch")])
    }
}

fn serve(stream: TcpStream, kept: &Mutex<Kept>) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut input = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if input.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut length = 0;
        loop {
            let mut header = String::new();
            if input.read_line(&mut header).unwrap_or(0) == 0 || header == "\r\n" {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        if input.read_exact(&mut body).is_err() {
            return;
        }
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let words: Vec<&str> = line.split(' ').collect();
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (status, answer) = kept.answer(words[0], words.get(1).copied().unwrap_or_default(), body);
        let answer = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} So\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            answer.len()
        );
        if out.write_all((head + &answer).as_bytes()).is_err() {
            return;
        }
    }
}

impl Kept {
    fn answer(&mut self, method: &str, target: &str, body: Value) -> (u16, Value) {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let name = path.strip_prefix("/_plugins/_ism/policies/");
        match (method, name) {
            ("GET", None) if path == "/_cluster/health" => (200, json!({ "status": "green", "number_of_nodes": 1 })),
            ("GET", None) if path == "/_plugins/_ism/policies" => {
                let policies = self.policies.iter().map(|(name, (seq_no, policy))| {
                    json!({ "_id": name, "_seq_no": seq_no, "_primary_term": 1, "policy": policy })
                });
                (200, json!({ "policies": policies.collect::<Vec<_>>(), "total_policies": self.policies.len() }))
            }
            ("PUT", Some(name)) => self.put(name, query, &body["policy"]),
            ("DELETE", Some(name)) => match self.policies.remove(name) {
                Some(_) => (200, json!({})),
                None => (404, json!({ "error": { "type": "status_exception", "reason": "not found" } })),
            },
            _ => (400, json!({ "error": "no handler found" })),
        }
    }

    fn put(&mut self, name: &str, query: &str, policy: &Value) -> (u16, Value) {
        if std::mem::take(&mut self.contended) {
            let mut policy = self.policies[name].1.clone();
            policy["description"] = json!("somebody else's");
            self.write(name, &policy);
        }
        let repeated = |key: &str| query.split('&').find_map(|pair| pair.strip_prefix(key)?.parse::<i64>().ok());
        let said = repeated("if_seq_no=").zip(repeated("if_primary_term="));
        if said != self.policies.get(name).map(|(seq_no, _)| (*seq_no, 1)) {
            self.refused += 1;
            return (409, json!({ "error": { "type": "version_conflict_engine_exception", "reason": "conflict" } }));
        }
        self.write(name, policy);
        (200, json!({ "_id": name }))
    }

    /// Keeps a policy with what the server adds to it.
    fn write(&mut self, name: &str, policy: &Value) {
        let mut policy = policy.clone();
        policy["policy_id"] = json!(name);
        policy["schema_version"] = json!(21);
        policy["last_updated_time"] = json!(1_700_000_000_000_i64 + self.written);
        policy["error_notification"] = policy.get("error_notification").cloned().unwrap_or_default();
        for template in policy["ism_template"].as_array_mut().into_iter().flatten() {
            template["last_updated_time"] = json!(1_700_000_000_000_i64);
        }
        for state in policy["states"].as_array_mut().into_iter().flatten() {
            for action in state["actions"].as_array_mut().into_iter().flatten() {
                action["retry"] = json!({ "count": 3, "backoff": "exponential", "delay": "1m" });
            }
        }
        // The first is 0, which is a number like any other.
        self.policies.insert(name.to_owned(), (self.written, policy));
        self.written += 1;
    }
}

#[test]
fn on_a_stand_in_policies_are_made_mended_and_written_only_over_what_was_read() {
    let server = StandIn::start();
    let stack = server.stack("desired", "30d");
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(1));
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
    stack.hyhost(&["plan"]).ended(0);

    server.with(|kept| {
        let mut policy = kept.policies["keep"].1.clone();
        policy["description"] = json!("by hand");
        policy["more"] = json!("kept");
        kept.write("keep", &policy);
    });
    assert_eq!(stack.hyhost(&["plan"]).ended(2).changes(), ["ism_policy/keep"]);
    // Somebody else is faster: it is read again, and then written.
    server.with(|kept| kept.contended = true);
    assert_eq!(stack.hyhost(&["run"]).ended(0).changes(), ["ism_policy/keep"]);
    server.with(|kept| {
        assert_eq!(kept.refused, 1, "the stale one, and it was not sent again");
        assert_eq!(kept.policies["keep"].1["description"], json!("keeps for a while"));
    });
    assert_eq!(stack.hyhost(&["run"]).ended(0).changed(), Some(0));
}

#[test]
fn on_a_stand_in_what_deletes_earlier_needs_the_word_for_it() {
    let server = StandIn::start();
    server.stack("desired", "30d").hyhost(&["run"]).ended(0);
    let refused = server.stack("desired", "7d").hyhost(&["run"]).ended(1);
    assert!(refused.stderr.contains("destroy"), "{}", refused.stderr);
    let allowed = server.stack("[desired, { ism: { ism_policy: { destroy: [keep] } } }]", "7d");
    assert_eq!(allowed.hyhost(&["run"]).ended(0).changes(), ["ism_policy/keep"]);
}
