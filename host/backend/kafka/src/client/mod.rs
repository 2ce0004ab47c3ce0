//! The other side of the pipe: a process in which librdkafka lives.
//!
//! It reads requests from its standard input and answers on its standard
//! output, each in a thread of its own, and ends when there is no more input.

mod acls;
mod cluster;
mod configs;
mod loss;
mod native;
mod reply;
mod scram;
mod topics;

use std::io::{self, Stdout, Write as _};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use hyhost_backend::{Class, Fault};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use serde_json::Value;

use crate::client::native::Client;
use crate::frame::{self, Ask, Failure, Hello, Told};

/// The word by which the program is started as a client.
pub const WORD: &str = "kafka-client";

/// Is a client until its input ends. Call it before anything else is done,
/// where the program's first argument is [`WORD`].
pub fn client() -> ExitCode {
    leave_no_core();
    match serve() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "the Kafka client: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A core would hold passwords, and the first that librdkafka does with a
/// wrong answer is to dump one.
fn leave_no_core() {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    let _ = setrlimit(Resource::Core, none);
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
}

fn serve() -> io::Result<()> {
    let mut stdin = io::stdin().lock();
    let Some(hello) = frame::read::<Hello>(&mut stdin)? else { return Ok(()) };
    let client = Arc::new(Client::new(&hello));
    drop(hello);
    let stdout = Arc::new(Mutex::new(io::stdout()));
    while let Some(ask) = frame::read::<Ask>(&mut stdin)? {
        let (client, stdout) = (Arc::clone(&client), Arc::clone(&stdout));
        thread::Builder::new().name(ask.call.clone()).spawn(move || answer(&client, ask, &stdout))?;
    }
    // Whoever asked is gone, and waits for nothing that still runs.
    std::process::exit(0);
}

fn answer(client: &Result<Client, String>, ask: Ask, stdout: &Mutex<Stdout>) {
    let Ask { id, call, within_ms, items } = ask;
    let results = match client {
        Ok(client) => perform(client, &call, &items, Instant::now() + Duration::from_millis(within_ms)),
        Err(why) => items.iter().map(|_| Err(reply::wrong(Class::Failed, why))).collect(),
    };
    let mut told = Told { id, results };
    let mut stdout = stdout.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = frame::write(&mut *stdout, &told) {
        // It is too long: say so, in short.
        let why = reply::wrong(Class::Invalid, &format!("{error}; ask for fewer names at a time"));
        told.results.iter_mut().for_each(|result| *result = Err(why.clone()));
        if frame::write(&mut *stdout, &told).is_err() {
            std::process::exit(1);
        }
    }
}

/// What came of one item.
type Outcome = Result<Value, Failure>;

fn perform(client: &Client, call: &str, items: &[Value], deadline: Instant) -> Vec<Outcome> {
    match call {
        "ReadCluster" => one(items, |args| cluster::read(client, args, deadline)),
        "ReadTopics" => one(items, |args| topics::read(client, args, deadline)),
        "CreateTopics" => topics::create(client, items, deadline),
        "CreatePartitions" => topics::grow(client, items, deadline),
        "DeleteTopics" => topics::delete(client, items, deadline),
        "IncrementalAlterConfigs" => configs::alter(client, items, false, deadline),
        "IncrementalAlterConfigsWithLoss" => configs::alter(client, items, true, deadline),
        "DescribeAcls" => one(items, |args| acls::read(client, args, deadline)),
        "CreateAcls" => acls::create(client, items, deadline),
        "DeleteAcls" => acls::delete(client, items, deadline),
        "DescribeUserScramCredentials" => one(items, |args| scram::read(client, args, deadline)),
        "AlterUserScramCredentials" => scram::upsert(client, items, deadline),
        "DeleteUserScramCredentials" => scram::delete(client, items, deadline),
        other => {
            let fault = Fault::new(Class::Failed, format!("the Kafka client does not know `{other}`"));
            items.iter().map(|_| Err(Failure { fault: fault.clone(), lost: false })).collect()
        }
    }
}

fn one(items: &[Value], perform: impl Fn(&Value) -> Outcome) -> Vec<Outcome> {
    items.iter().map(perform).collect()
}
