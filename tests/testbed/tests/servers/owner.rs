//! Nothing outlives an owner that is killed.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use hyhost_testbed::{Server, Testbed, is_alive};

use crate::gone_within;

/// Which servers the owner starts, by name.
const SERVERS: &str = "TESTBED_OWNER_SERVERS";

/// Starts an owner of these servers, kills it, and waits for all to be gone.
pub(crate) fn kill_an_owner_of(servers: &[Server]) {
    let names: Vec<&str> = servers.iter().map(|server| server.name()).collect();
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", "owner::owner_that_is_killed"])
        .env(SERVERS, names.join(","))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines().map_while(Result::ok);
    let facts = lines.filter_map(|line| line.split_once("OWNER ").map(|(_, facts)| facts.to_owned())).next().unwrap();
    let (pids, directory) = facts.split_once(' ').unwrap();
    let pids: Vec<u32> = pids.split(',').map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() >= servers.len() && pids.iter().all(|pid| is_alive(*pid)), "{facts}");
    owner.kill().unwrap();
    owner.wait().unwrap();
    let gone = || !pids.iter().any(|pid| is_alive(*pid)) && !Path::new(directory).exists();
    assert!(gone_within(Duration::from_secs(15), gone), "{facts}");
}

#[test]
fn nothing_outlives_a_killed_owner() {
    kill_an_owner_of(&[Server::Postgres, Server::Minio]);
}

#[test]
#[ignore = "the process that kill_an_owner_of starts and kills"]
fn owner_that_is_killed() {
    let names = std::env::var(SERVERS).unwrap();
    let servers: Vec<Server> = names.split(',').map(|name| Server::named(name).unwrap()).collect();
    let bed = Testbed::up(&servers).unwrap();
    // A hanging server must not outlive its owner either.
    bed.instances()[0].pause().unwrap();
    let pids: Vec<String> = bed.instances().iter().map(|instance| instance.pid().unwrap().to_string()).collect();
    println!("OWNER {} {}", pids.join(","), bed.directory().display());
    std::thread::sleep(Duration::from_secs(60));
}
