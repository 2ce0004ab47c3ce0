//! SeaweedFS, asked by mc.

use std::time::Instant;

use hyhost_testbed::{Error, Server, Testbed, is_alive};

use crate::owner::kill_an_owner_of;
use crate::resident;

#[test]
fn it_comes_up_answers_outlives_a_crash_and_leaves_nothing() {
    let begun = Instant::now();
    let bed = Testbed::up(&[Server::SeaweedFs]).unwrap();
    let seaweed = bed.get(Server::SeaweedFs).unwrap();
    println!("seaweedfs: up in {:.1} s, {} MiB", begun.elapsed().as_secs_f64(), resident(seaweed.pid().unwrap()));
    bed.mc(&["mb", "seaweed/kept"]).unwrap();
    let file = bed.directory().join("file");
    std::fs::write(&file, "content").unwrap();
    bed.mc(&["cp", file.to_str().unwrap(), "seaweed/kept/file"]).unwrap();
    bed.mc(&["version", "enable", "seaweed/kept"]).unwrap();
    bed.mc(&["anonymous", "set", "download", "seaweed/kept"]).unwrap();
    assert!(bed.mc(&["rb", "seaweed/kept"]).is_err(), "it holds something");
    assert!(matches!(bed.mc(&["admin", "info", "seaweed"]), Err(Error::Failed { .. })), "it is not MinIO");

    let (port, before) = (seaweed.port(), seaweed.pid().unwrap());
    seaweed.kill().unwrap();
    assert!(!is_alive(before));
    let begun = Instant::now();
    seaweed.start().unwrap();
    println!("seaweedfs: up again after kill -9 in {:.1} s", begun.elapsed().as_secs_f64());
    assert_eq!(seaweed.port(), port);
    assert!(bed.mc(&["version", "info", "seaweed/kept"]).unwrap().contains("enabled"));
    assert_eq!(bed.mc(&["cat", "seaweed/kept/file"]).unwrap(), "content");
    seaweed.restart().unwrap();
    assert!(bed.mc(&["ls", "seaweed"]).unwrap().contains("kept/"));

    let (pid, directory) = (seaweed.pid().unwrap(), bed.directory().to_owned());
    drop(bed);
    assert!(!is_alive(pid) && !directory.exists());
}

#[test]
fn it_does_not_outlive_a_killed_owner() {
    kill_an_owner_of(&[Server::SeaweedFs]);
}
