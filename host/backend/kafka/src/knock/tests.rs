use std::net::Ipv4Addr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::*;
use crate::talk::{TLS_ALERT, put_bytes, put_string};

/// What a listener answers to a handshake, and to the login's first step.
#[derive(Clone, Copy)]
struct Says {
    handshake: i16,
    login: i16,
}

async fn listener() -> (TcpListener, Door) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, door(&[("localhost", port)]))
}

fn door(brokers: &[(&str, u16)]) -> Door {
    let brokers = brokers.iter().map(|(host, port)| ((*host).to_owned(), *port)).collect();
    Door { brokers, tls: None, ca: String::new(), server_name: None }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(5)
}

/// A broker that says just this, to everybody.
async fn broker(says: Says) -> Door {
    let (listener, door) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                loop {
                    let mut head = [0; 4];
                    if stream.read_exact(&mut head).await.is_err() {
                        return;
                    }
                    let mut request = vec![0; u32::from_be_bytes(head) as usize];
                    stream.read_exact(&mut request).await.unwrap();
                    let mut answer = request[4..8].to_vec();
                    match i16::from_be_bytes([request[0], request[1]]) {
                        17 => {
                            answer.extend(says.handshake.to_be_bytes());
                            answer.extend(1_i32.to_be_bytes());
                            put_string(&mut answer, "SCRAM-SHA-512");
                        }
                        36 => {
                            answer.extend(says.login.to_be_bytes());
                            answer.extend((-1_i16).to_be_bytes());
                            put_bytes(&mut answer, b"");
                        }
                        _ => answer.extend([0; 6]),
                    }
                    let length = u32::try_from(answer.len()).unwrap();
                    stream.write_all(&length.to_be_bytes()).await.unwrap();
                    stream.write_all(&answer).await.unwrap();
                }
            });
        }
    });
    door
}

fn said(refusal: Result<(), Refusal>) -> (Class, String) {
    match refusal.unwrap_err() {
        Refusal::Other(fault) => (fault.class, fault.message),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_listener_without_a_login_lets_in_who_has_none() {
    let door = broker(Says { handshake: 34, login: 0 }).await;
    assert!(door.knock(Login::None, soon()).await.is_ok());
    let (class, text) = said(door.knock(Login::Plain("u", "p"), soon()).await);
    assert!(
        class == Class::Failed && text.ends_with("takes no login: leave out `user`, or take another port"),
        "{text}"
    );
}

#[tokio::test]
async fn a_listener_with_a_login_says_by_which() {
    let door = broker(Says { handshake: 33, login: 0 }).await;
    let (class, text) = said(door.knock(Login::None, soon()).await);
    assert!(class == Class::Failed && text.contains("wants a login (SCRAM-SHA-512)"), "{text}");
    let refusal = door.knock(Login::Plain("u", "p"), soon()).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Mechanism(offered) if offered == ["SCRAM-SHA-512"]));
}

#[tokio::test]
async fn a_refused_login_and_an_accepted_one() {
    let door = broker(Says { handshake: 0, login: 58 }).await;
    assert!(matches!(door.knock(Login::Plain("u", "p"), soon()).await, Err(Refusal::Login)));
    assert!(matches!(door.knock(Login::Scram(Hash::Sha512, "u", "p"), soon()).await, Err(Refusal::Login)));
    let door = broker(Says { handshake: 0, login: 0 }).await;
    assert!(door.knock(Login::Plain("u", "p"), soon()).await.is_ok());
    // What knows no password cannot answer a SCRAM login.
    let (class, text) = said(door.knock(Login::Scram(Hash::Sha512, "u", "p"), soon()).await);
    assert!(class == Class::Failed && text.contains("does not speak Kafka's protocol"), "{text}");
}

#[tokio::test]
async fn the_way_is_told_by_what_is_wrong_with_it() {
    let (listener, refused) = listener().await;
    drop(listener);
    let (class, text) = said(refused.knock(Login::None, soon()).await);
    assert!(class == Class::NotReady && text.ends_with(": connection refused"), "{text}");

    let (class, text) = said(door(&[("nowhere.invalid", 9092)]).knock(Login::None, soon()).await);
    assert_eq!((class, text.as_str()), (Class::NotReady, "nowhere.invalid:9092: no such host"));

    let (class, text) = said(door(&[]).knock(Login::None, soon()).await);
    assert!(class == Class::Invalid, "{text}");
}

#[tokio::test]
async fn another_protocol_is_called_that() {
    for (bytes, expected) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".as_slice(), "does not speak Kafka's protocol"),
        (&[TLS_ALERT, 3, 3, 0, 2, 2, 70], "speaks TLS there"),
        (&[0, 0, 0, 2, 0, 0], "does not speak Kafka's protocol"),
        (&[0, 0, 0, 8, 9, 9, 9, 9, 0, 0, 0, 0], "does not speak Kafka's protocol"),
    ] {
        let (listener, door) = listener().await;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.write_all(bytes).await;
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        let (class, text) = said(door.knock(Login::None, soon()).await);
        assert!(class == Class::Failed && text.contains(expected), "{text}");
    }
}

#[tokio::test]
async fn who_hangs_up_or_says_nothing_is_waited_for() {
    let (listener, door) = listener().await;
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let (class, text) = said(door.knock(Login::None, soon()).await);
    assert!(class == Class::NotReady, "{text}");

    let (_listener, door) = self::listener().await;
    let (class, text) = said(door.knock(Login::None, Instant::now() + Duration::from_millis(100)).await);
    assert!(class == Class::NotReady && text.ends_with("no answer in time"), "{text}");
}

#[tokio::test]
async fn the_first_broker_that_answers_decides() {
    let (dead, refused) = listener().await;
    drop(dead);
    let alive = broker(Says { handshake: 34, login: 0 }).await;
    let both = Door { brokers: [refused.brokers.clone(), alive.brokers.clone()].concat(), ..door(&[]) };
    assert!(both.knock(Login::None, soon()).await.is_ok());
    // Of several reasons the one that waiting does not mend counts.
    let wants = broker(Says { handshake: 33, login: 0 }).await;
    let both = Door { brokers: [refused.brokers, wants.brokers].concat(), ..door(&[]) };
    assert_eq!(said(both.knock(Login::None, soon()).await).0, Class::Failed);
}
