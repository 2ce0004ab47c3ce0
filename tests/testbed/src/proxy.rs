//! A TCP proxy on loopback that fails on command: for tests of what happens
//! when a server goes away, hangs or is slow, without touching the server.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::ports::{self, Port};
use crate::{Error, Result};

/// How often the proxy looks whether something is to be done.
const TICK: Duration = Duration::from_millis(2);

/// What the proxy does with what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// Forwards it.
    Pass,
    /// Nobody listens: new connections are refused. Open ones go on.
    Refuse,
    /// Forwards each piece after this time.
    Delay(Duration),
    /// Accepts and forwards nothing, until told otherwise.
    Hang,
}

/// A proxy before one port of this machine.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    target: SocketAddr,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    traffic: Traffic,
    /// What the listening thread has taken note of.
    seen: Option<Traffic>,
    closed: bool,
    accepted: usize,
    open: Vec<TcpStream>,
}

impl Proxy {
    /// A proxy on a free port before `port`, that passes.
    ///
    /// # Errors
    /// [`Error::NoPort`] or [`Error::Io`] when it cannot listen.
    pub fn before(port: u16) -> Result<Proxy> {
        let own = ports::lease(None)?;
        let state = State { traffic: Traffic::Pass, seen: None, closed: false, accepted: 0, open: Vec::new() };
        let shared =
            Arc::new(Shared { target: SocketAddr::from((Ipv4Addr::LOCALHOST, port)), state: Mutex::new(state) });
        let listener = listen(own.number)?;
        let thread = std::thread::spawn({
            let (shared, number) = (Arc::clone(&shared), own.number);
            move || serve(&shared, number, listener)
        });
        Ok(Proxy { port: own, shared, listener: Some(thread) })
    }

    /// The port that it listens on, on loopback.
    pub fn port(&self) -> u16 {
        self.port.number
    }

    /// Changes what is done from now on; when this returns, it is so.
    pub fn set(&self, traffic: Traffic) {
        self.shared.lock().traffic = traffic;
        loop {
            let state = self.shared.lock();
            if state.seen == Some(traffic) || self.listener.as_ref().is_none_or(JoinHandle::is_finished) {
                return;
            }
            drop(state);
            std::thread::sleep(TICK);
        }
    }

    /// Closes every open connection, in both directions.
    pub fn drop_all(&self) {
        for stream in self.shared.lock().open.drain(..) {
            // One that is closed already is as wanted.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// How many connections were accepted so far.
    pub fn accepted(&self) -> usize {
        self.shared.lock().accepted
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.drop_all();
        if let Some(thread) = self.listener.take() {
            // A panic there has been printed by the thread itself.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn listen(port: u16) -> Result<TcpListener> {
    let doing = || Error::io_of("listening on", format!("127.0.0.1:{port}"));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(doing())?;
    listener.set_nonblocking(true).map_err(doing())?;
    Ok(listener)
}

/// A refusal is a real one: the listening socket is closed and opened again.
fn serve(shared: &Arc<Shared>, port: u16, first: TcpListener) {
    let mut listener = Some(first);
    loop {
        let traffic = {
            let state = shared.lock();
            if state.closed {
                return;
            }
            state.traffic
        };
        if traffic == Traffic::Refuse {
            listener = None;
        } else if listener.is_none() {
            listener = listen(port).ok();
        }
        if listener.is_some() || traffic == Traffic::Refuse {
            shared.lock().seen = Some(traffic);
        }
        match listener.as_ref().map(TcpListener::accept) {
            Some(Ok((client, _))) => connect(shared, client),
            Some(Err(error)) if error.kind() != ErrorKind::WouldBlock => {}
            _ => std::thread::sleep(TICK),
        }
    }
}

fn connect(shared: &Arc<Shared>, client: TcpStream) {
    shared.lock().accepted += 1;
    // Whatever fails here shows to the client as a closed connection, as it
    // would without the proxy.
    let both = || -> std::io::Result<()> {
        client.set_nonblocking(false)?;
        client.set_nodelay(true)?;
        let server = TcpStream::connect(shared.target)?;
        server.set_nodelay(true)?;
        shared.lock().open.extend([client.try_clone()?, server.try_clone()?]);
        for (from, to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
            let shared = Arc::clone(shared);
            std::thread::spawn(move || forward(&shared, from, to));
        }
        Ok(())
    };
    let _ = both();
}

fn forward(shared: &Shared, mut from: TcpStream, mut to: TcpStream) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        hold(shared);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    hold(shared);
    let _ = to.shutdown(Shutdown::Write);
    let _ = from.shutdown(Shutdown::Read);
}

/// Waits for as long as what was read must not go on.
fn hold(shared: &Shared) {
    loop {
        let state = shared.lock();
        let (traffic, closed) = (state.traffic, state.closed);
        drop(state);
        match traffic {
            Traffic::Hang if !closed => std::thread::sleep(TICK),
            Traffic::Delay(time) => return std::thread::sleep(time),
            _ => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    /// A server that answers each byte with the same byte.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut writer = stream.try_clone().unwrap();
                    let mut reader = stream;
                    let _ = std::io::copy(&mut reader, &mut writer);
                });
            }
        });
        port
    }

    fn dial(proxy: &Proxy) -> std::io::Result<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port()))?;
        stream.set_read_timeout(Some(Duration::from_millis(300)))?;
        Ok(stream)
    }

    fn ask(stream: &mut TcpStream) -> std::io::Result<u8> {
        stream.write_all(b"x")?;
        let mut answer = [0];
        stream.read_exact(&mut answer).map(|()| answer[0])
    }

    #[test]
    fn passes_refuses_and_passes_again() {
        let proxy = Proxy::before(echo()).unwrap();
        let mut old = dial(&proxy).unwrap();
        assert_eq!(ask(&mut old).unwrap(), b'x');
        proxy.set(Traffic::Refuse);
        assert_eq!(dial(&proxy).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        assert_eq!(ask(&mut old).unwrap(), b'x', "open connections go on");
        proxy.set(Traffic::Pass);
        assert_eq!(ask(&mut dial(&proxy).unwrap()).unwrap(), b'x');
        assert_eq!(proxy.accepted(), 2);
    }

    #[test]
    fn drops_what_is_open() {
        let proxy = Proxy::before(echo()).unwrap();
        let mut stream = dial(&proxy).unwrap();
        ask(&mut stream).unwrap();
        proxy.drop_all();
        let error = ask(&mut stream).unwrap_err().kind();
        assert!(!matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "closed, not silent: {error}");
        assert_eq!(ask(&mut dial(&proxy).unwrap()).unwrap(), b'x');
    }

    #[test]
    fn hangs_and_delays() {
        let proxy = Proxy::before(echo()).unwrap();
        let mut stream = dial(&proxy).unwrap();
        proxy.set(Traffic::Hang);
        let error = ask(&mut stream).unwrap_err().kind();
        assert!(matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "silent, not closed: {error}");
        proxy.set(Traffic::Delay(Duration::from_millis(50)));
        let mut other = dial(&proxy).unwrap();
        let started = Instant::now();
        assert_eq!(ask(&mut other).unwrap(), b'x');
        assert!(started.elapsed() >= Duration::from_millis(100), "50 ms each way");
    }
}
