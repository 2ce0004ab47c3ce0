//! A server on this machine that answers as a test says, so that answers can
//! be seen that a real server gives in bad hours only.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Such as `GET /bucket?policy HTTP/1.1`.
    pub line: String,
    /// All header lines, lower case.
    pub head: String,
    pub body: String,
}

/// What to answer.
pub enum Answer {
    /// Status, further header lines, body.
    Http(u16, &'static str, String),
    /// Status and body; the connection stays for the next request.
    Kept(u16, String),
    /// Status and body after a while.
    Late(Duration, u16, String),
    /// These bytes.
    Raw(&'static str),
    /// Nothing: the connection is closed.
    Close,
    /// Nothing, for ever.
    Hang,
}

pub struct Fake {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    peak: Arc<AtomicUsize>,
    connections: Arc<AtomicUsize>,
}

impl Fake {
    pub async fn plain(answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::start(None, answer).await
    }

    pub async fn start(tls: Option<TlsAcceptor>, answer: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (seen, peak, open) = (Arc::default(), Arc::default(), Arc::<AtomicUsize>::default());
        let connections = Arc::<AtomicUsize>::default();
        let fake =
            Self { port, seen: Arc::clone(&seen), peak: Arc::clone(&peak), connections: Arc::clone(&connections) };
        let answer = Arc::new(answer);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, peak, open) = (Arc::clone(&seen), Arc::clone(&peak), Arc::clone(&open));
                let (answer, tls) = (Arc::clone(&answer), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => serve(stream, &*answer, &seen, &open, &peak).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                serve(stream, &*answer, &seen, &open, &peak).await;
                            }
                        }
                    }
                });
            }
        });
        fake
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// The most requests that were open at a time.
    pub fn peak(&self) -> usize {
        self.peak.load(Ordering::SeqCst)
    }
}

/// Answers requests until one closes the connection.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    answer: &(impl Fn(&Seen) -> Answer + ?Sized),
    seen: &Mutex<Vec<Seen>>,
    open: &AtomicUsize,
    peak: &AtomicUsize,
) {
    loop {
        let mut bytes = Vec::new();
        let request = loop {
            if let Some(request) = parse(&bytes) {
                break request;
            }
            if matches!(stream.read_buf(&mut bytes).await, Ok(0) | Err(_)) {
                return;
            }
        };
        peak.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        seen.lock().unwrap().push(request.clone());
        let given = answer(&request);
        let kept = matches!(given, Answer::Kept(..));
        let text = match given {
            Answer::Http(status, head, body) => http(status, head, &body),
            Answer::Kept(status, body) => {
                format!("HTTP/1.1 {status} So\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            }
            Answer::Late(after, status, body) => {
                tokio::time::sleep(after).await;
                http(status, "", &body)
            }
            Answer::Raw(text) => text.to_owned(),
            Answer::Close => String::new(),
            Answer::Hang => std::future::pending().await,
        };
        open.fetch_sub(1, Ordering::SeqCst);
        let _ = stream.write_all(text.as_bytes()).await;
        if !kept {
            let _ = stream.shutdown().await;
            return;
        }
    }
}

fn http(status: u16, head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} So\r\nconnection: close\r\ncontent-length: {length}\r\n{head}\r\n{body}")
}

/// The request, once all of it is there.
fn parse(bytes: &[u8]) -> Option<Seen> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let (line, head) = head.split_once("\r\n")?;
    let head = head.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok());
    (body.len() >= length.unwrap_or(0)).then(|| Seen { line: line.to_owned(), head, body: body.to_owned() })
}
