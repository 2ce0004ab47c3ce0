use super::*;

fn script(text: &str) -> Program {
    Program { path: "/bin/sh".into(), arguments: vec!["-c".into(), text.into()] }
}

fn child(text: &str) -> Child {
    let hello = Hello { settings: Vec::new(), server_name: None };
    Child::start("kafka", &script(text), &hello).unwrap()
}

async fn ask(child: &Child, within: Duration) -> Fault {
    child.ask("ReadCluster", vec![Value::Null], Instant::now() + within).await.unwrap_err()
}

const LONG: Duration = Duration::from_secs(10);

#[tokio::test]
async fn an_abort_is_the_fault_of_what_was_asked_and_final() {
    let child = child("kill -ABRT $$");
    let fault = ask(&child, LONG).await;
    assert_eq!(fault.class, Class::Failed);
    let expected = "the Kafka client ended (signal 6): the broker's answer could not be read";
    assert!(fault.message.starts_with(expected), "{fault}");
    assert!(!child.is_alive());
    // Whoever comes later learns the same at once.
    assert_eq!(ask(&child, LONG).await, fault);
}

#[tokio::test]
async fn any_other_end_is_waited_for() {
    for (text, expected) in
        [("kill -KILL $$", "(signal 9)"), ("exit 3", "(exit code 3)"), ("exec 1>&-; sleep 60", "(signal 9)")]
    {
        let fault = ask(&child(text), LONG).await;
        assert_eq!(fault.class, Class::NotReady, "{text}");
        assert!(fault.message.ends_with(expected), "{text}: {fault}");
    }
}

#[tokio::test]
async fn a_client_that_speaks_no_sense_is_ended() {
    for text in ["printf '\\377\\377\\377\\377'; sleep 60", "printf '\\000\\000\\000\\003abc'; sleep 60"] {
        let fault = ask(&child(text), LONG).await;
        assert!(fault.class == Class::Failed && fault.message.contains("speaks no sense"), "{text}: {fault}");
    }
}

#[tokio::test]
async fn a_client_that_hangs_is_ended() {
    let child = child("sleep 60");
    let fault = ask(&child, Duration::from_millis(100)).await;
    assert_eq!(fault.class, Class::Transient, "{fault}");
    assert!(!child.is_alive());
}

/// The environment may hold passwords of other connections.
#[tokio::test]
async fn a_client_gets_no_environment() {
    let fault = ask(&child("[ -z \"$HOME$CARGO_MANIFEST_DIR\" ] && exit 4; exit 9"), LONG).await;
    assert!(fault.message.ends_with("(exit code 4)"), "{fault}");
}

#[tokio::test]
async fn a_client_ends_with_its_input() {
    let directory = tempfile::tempdir().unwrap();
    let mark = directory.path().join("ended");
    let child = child(&format!("cat >/dev/null; echo > {}", mark.display()));
    drop(child);
    for _ in 0..200 {
        if mark.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not end");
}
