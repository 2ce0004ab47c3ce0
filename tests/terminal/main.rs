//! What a person sees who watches a terminal, and what is written where there
//! is none. No server is needed: the targets wait for one that does not come.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on ends")]

#[cfg(feature = "servers")]
mod on_a_server;
mod pty;

use std::net::TcpListener;
use std::process::Stdio;

use hyhost_tests::{Said, Stack};
use nix::sys::signal::Signal;
use pty::Watched;

/// Two targets on a port where nobody listens.
fn stack(ready_timeout: &str) -> Stack {
    // One that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
    let target = |name: &str| {
        format!(
            "  {name}: {{ plugin: postgres, connection: db, grant: desired, ready_timeout: {ready_timeout}, \
             desired: {{ roles: [ {{ name: {name} }} ] }} }}\n"
        )
    };
    let document = format!(
        "secrets: {{ p: {{ env: P }} }}\n\
         connections: {{ db: {{ sql: {{ host: localhost, port: {port}, user: postgres, password: p }} }} }}\n\
         targets:\n{}{}",
        target("first"),
        target("the-second-one")
    );
    Stack::new(&document).with([("P", "a-password")])
}

fn rows(screen: &vt100::Screen) -> Vec<String> {
    let (_, columns) = screen.size();
    screen.rows(0, columns.get()).collect()
}

/// How many rows begin with a target's line of the board.
fn board(screen: &vt100::Screen) -> usize {
    rows(screen).iter().filter(|row| row.starts_with('…')).count()
}

#[test]
fn each_target_has_one_line_that_is_rewritten_and_gone_at_the_end() {
    for command in ["wait", "plan", "run"] {
        let stack = stack("3s");
        let mut watched = Watched::start(stack.command(&[command]), 20, 60, None);
        let seen = watched.until(|screen| screen.contents().contains("waiting since 2 s"));
        assert_eq!(board(&seen), 2, "{}", seen.contents());
        let seen = rows(&seen);
        let first = seen.iter().position(|row| row.starts_with("… first           waiting")).unwrap();
        assert!(seen[first + 1].starts_with("… the-second-one  waiting since "), "{seen:?}");
        assert_eq!(seen.iter().filter(|row| !row.is_empty()).count(), 2 + first, "nothing wraps: {seen:?}");
        let (status, left) = watched.end();
        assert_eq!(status.code(), Some(1));
        assert_eq!(board(&left), 0, "{}", left.contents());
        assert!(left.contents().contains("not ready within 3s"), "{}", left.contents());
        assert!(!left.hide_cursor());
        assert_eq!(left.cursor_position().1, 0, "the shell's prompt begins a line");
    }
}

#[test]
fn what_is_wider_than_the_terminal_is_cut() {
    for columns in [1, 5, 24] {
        let stack = stack("2s");
        let mut watched = Watched::start(stack.command(&["wait"]), 30, columns, None);
        let (mut cut, mut screen) = (0, pty::screen(30, columns));
        let (status, _) = watched.end();
        assert_eq!(status.code(), Some(1));
        // Up to where the board is taken away nothing but the board is shown.
        for byte in &watched.bytes {
            screen.process(&[*byte]);
            cut = cut.max(rows(screen.screen()).iter().filter(|row| !row.is_empty()).count());
            if board(screen.screen()) == 2 {
                let shown = rows(screen.screen()).into_iter().filter(|row| !row.is_empty()).count();
                assert_eq!(shown, 2, "{columns}: {}", screen.screen().contents());
                break;
            }
        }
        assert!(cut >= 1, "{columns}");
    }
}

#[test]
fn asked_to_stop_it_leaves_the_terminal_as_it_was() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let stack = stack("5m");
        let mut watched = Watched::start(stack.command(&["run"]), 24, 80, None);
        watched.until(|screen| board(screen) == 2 && screen.contents().contains("waiting since"));
        watched.signal(signal);
        let (status, left) = watched.end();
        assert_eq!(status.code(), Some(143));
        assert_eq!(board(&left), 0, "{}", left.contents());
        assert!(left.contents().contains("asked to stop"), "{}", left.contents());
        assert!(!left.hide_cursor() && left.cursor_position().1 == 0);
    }
}

#[test]
fn without_colour_there_is_none() {
    let stack = stack("2s").with([("NO_COLOR", "1")]);
    let mut watched = Watched::start(stack.command(&["run"]), 24, 80, None);
    watched.until(|screen| board(screen) == 2);
    watched.end();
    let text = String::from_utf8_lossy(&watched.bytes).into_owned();
    let codes: Vec<&str> =
        text.split('\u{1b}').skip(1).filter_map(|rest| rest.split_inclusive(char::is_alphabetic).next()).collect();
    assert!(!codes.is_empty(), "lines are rewritten");
    assert!(codes.iter().all(|code| !code.ends_with('m')), "{codes:?}");
    let stack = self::stack("2s");
    let mut watched = Watched::start(stack.command(&["run"]), 24, 80, None);
    watched.end();
    assert!(String::from_utf8_lossy(&watched.bytes).contains("\u{1b}[36m…"), "with colour there is some");
}

#[test]
fn json_on_a_terminal_is_whole_lines_and_nothing_is_rewritten() {
    let stack = stack("2s");
    let mut watched = Watched::start(stack.command(&["wait", "--json"]), 24, 200, None);
    watched.end();
    let text = String::from_utf8_lossy(&watched.bytes).into_owned();
    let events: Vec<serde_json::Value> =
        text.lines().filter_map(|line| serde_json::from_str(line.trim_end()).ok()).collect();
    assert_eq!(
        events.iter().map(|event| &event["event"]).collect::<Vec<_>>(),
        ["not-ready", "not-ready", "wait-ended"]
    );
    assert!(!text.contains("\u{1b}[1A") && !text.contains("\u{1b}[2K"), "{text:?}");
}

#[test]
fn where_stdout_is_a_pipe_lines_are_plain_on_the_terminal_too() {
    let stack = stack("2s");
    let mut watched = Watched::start(stack.command(&["wait"]), 24, 200, Some(Stdio::null()));
    watched.end();
    let text = String::from_utf8_lossy(&watched.bytes).into_owned();
    assert!(text.contains("first: waiting (0 s of at most 2 s)"), "{text}");
    assert!(!text.contains("\u{1b}[1A") && !text.contains("\u{1b}[2K"), "{text:?}");
}

#[test]
fn without_a_terminal_there_is_no_escape_code() {
    let said: Said = stack("2s").hyhost(&["wait"]).ended(1);
    assert!(!said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'), "{}", said.stderr);
    assert_eq!(said.events.len(), 3, "{}", said.stdout);
    assert_eq!(said.events[2]["ready"], 0);
    assert!(said.stderr.contains("waiting (0 s of at most 2 s)"), "{}", said.stderr);
}
