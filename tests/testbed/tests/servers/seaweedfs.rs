//! SeaweedFS, asked by mc.

use std::path::Path;
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
    let sockets = sockets_of(pid);
    assert!(sockets.len() >= 4, "{sockets:?}");
    drop(bed);
    assert!(!is_alive(pid) && !directory.exists());
    assert!(!sockets.iter().any(|socket| Path::new(socket).exists()), "{sockets:?}");
}

/// The files of the sockets that a process listens on.
fn sockets_of(pid: u32) -> Vec<String> {
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let open: Vec<String> = links
        .filter_map(|link| Some(std::fs::read_link(link.path()).ok()?.to_str()?.strip_prefix("socket:[")?.to_owned()))
        .map(|inode| inode.trim_end_matches(']').to_owned())
        .collect();
    let table = std::fs::read_to_string("/proc/net/unix").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let own = rows.filter(|row| row.len() == 8 && open.iter().any(|inode| inode == row[6]) && row[7].starts_with('/'));
    let mut paths: Vec<String> = own.map(|row| row[7].to_owned()).collect();
    paths.sort();
    paths.dedup();
    paths
}

#[test]
fn it_does_not_outlive_a_killed_owner() {
    kill_an_owner_of(&[Server::SeaweedFs]);
}
