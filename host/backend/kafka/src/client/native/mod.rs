//! The one place that calls librdkafka by hand: what `rdkafka`'s safe admin
//! API lacks, or says too little of (it has no broker's words).
//!
//! Everything that is made here is owned by a value that destroys it; nothing
//! that librdkafka owns outlives the event that it came with. Error codes are
//! read as numbers, since a broker may send one that the library's list, a
//! Rust enum, does not have.
#![allow(unsafe_code, reason = "librdkafka's C API")]

mod acls;
mod configs;
mod records;
mod scram;
mod tls;
mod topics;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::bindings as rd;
use rustls_pki_types::ServerName;

pub(crate) use acls::{Acl, AclError};
pub(crate) use configs::{ConfigEntry, Of};
pub(crate) use scram::Upsertion;
pub(crate) use topics::{NewTopic, Topic};

use crate::frame::Hello;

// The same functions as in the bindings, with the code as a number.
#[allow(clashing_extern_declarations, reason = "an unknown number in a Rust enum would be undefined behaviour")]
unsafe extern "C" {
    fn rd_kafka_event_error(event: *mut rd::rd_kafka_event_t) -> c_int;
    fn rd_kafka_topic_result_error(result: *const rd::rd_kafka_topic_result_t) -> c_int;
    fn rd_kafka_ConfigResource_error(resource: *const rd::rd_kafka_ConfigResource_t) -> c_int;
    fn rd_kafka_error_code(error: *const rd::rd_kafka_error_t) -> c_int;
    fn rd_kafka_err2name(code: c_int) -> *const c_char;
    fn rd_kafka_err2str(code: c_int) -> *const c_char;
    fn rd_kafka_metadata(
        client: *mut rd::rd_kafka_t,
        all_topics: c_int,
        only: *mut c_void,
        metadata: *mut *const rd::rd_kafka_metadata,
        timeout_ms: c_int,
    ) -> c_int;
}

/// An error of Kafka's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KafkaError {
    /// Its code.
    pub(crate) code: i32,
    /// The code's name.
    pub(crate) name: String,
    /// The broker's words, or what the code means.
    pub(crate) text: String,
}

impl KafkaError {
    /// Of this code, with words where there are any. `None`: no error.
    fn of(code: i32, text: *const c_char) -> Option<Self> {
        if code == 0 {
            return None;
        }
        // SAFETY: both answer with a static text for any number.
        let (name, meaning) = unsafe { (rd_kafka_err2name(code), rd_kafka_err2str(code)) };
        let text = string(text).filter(|text| !text.is_empty()).or_else(|| string(meaning)).unwrap_or_default();
        Some(Self { code, name: string(name).unwrap_or_default(), text })
    }

    /// An argument that librdkafka refuses.
    pub(crate) fn argument(text: impl Into<String>) -> Self {
        Self { code: crate::code::INVALID_ARGUMENT, name: "_INVALID_ARG".to_owned(), text: text.into() }
    }
}

/// A text of librdkafka's; `None`: there is none.
fn string(text: *const c_char) -> Option<String> {
    // SAFETY: librdkafka's texts end with NUL, and live as long as what they
    // are part of, which every caller holds.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

fn c_string(text: &str) -> Result<CString, KafkaError> {
    CString::new(text).map_err(|_| KafkaError::argument("a text holds a NUL character"))
}

/// A list of librdkafka's: pointers to things that live as long as the list.
///
/// # Safety
/// `list` points to `count` pointers, or is null.
unsafe fn slice<'a, T>(list: *mut *const T, count: usize) -> &'a [*const T] {
    if list.is_null() || count == 0 { &[] } else { unsafe { std::slice::from_raw_parts(list, count) } }
}

/// Something that librdkafka made, and how it is destroyed.
struct Owned<T> {
    pointer: *mut T,
    destroy: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    /// `None`: it was not made.
    fn new(pointer: *mut T, destroy: unsafe extern "C" fn(*mut T)) -> Option<Self> {
        (!pointer.is_null()).then_some(Self { pointer, destroy })
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: it is destroyed once, here, by its own function.
        unsafe { (self.destroy)(self.pointer) }
    }
}

/// The pointers of several, for as long as they live.
fn pointers<T>(all: &[Owned<T>]) -> Vec<*mut T> {
    all.iter().map(|one| one.pointer).collect()
}

/// Room for librdkafka's words about an argument.
struct Words([c_char; 512]);

impl Words {
    fn new() -> Self {
        Self([0; 512])
    }

    fn error(&self) -> KafkaError {
        KafkaError::argument(string(self.0.as_ptr()).unwrap_or_default())
    }
}

/// A client of a cluster.
pub(crate) struct Client {
    pointer: Owned<rd::rd_kafka_t>,
}

// SAFETY: librdkafka's client is made to be used by many threads.
unsafe impl Send for Client {}
// SAFETY: the same.
unsafe impl Sync for Client {}

impl Client {
    /// A client with these settings. Nothing is dialled before the first
    /// request.
    ///
    /// # Errors
    /// Settings that librdkafka does not take, such as a certificate.
    pub(crate) fn new(hello: &Hello) -> Result<Self, String> {
        let mut config = ClientConfig::new();
        for (key, value) in &hello.settings {
            config.set(key, value);
        }
        config
            .set("client.id", "hyhost")
            .set("allow.auto.create.topics", "false")
            .set("enable.metrics.push", "false")
            // A controller that is gone is noticed.
            .set("topic.metadata.refresh.interval.ms", "5000")
            .set("socket.keepalive.enable", "true")
            .set("reconnect.backoff.ms", "50")
            .set("reconnect.backoff.max.ms", "1000");
        if hello.server_name.is_some() {
            config.set("ssl.endpoint.identification.algorithm", "none");
        }
        let native = config.create_native_config().map_err(|error| error.to_string())?;
        if let Some(name) = &hello.server_name {
            let name = ServerName::try_from(name.clone()).map_err(|_| format!("`{name}` is not a host name"))?;
            tls::expect(native.ptr(), name);
        }
        let mut words = Words::new();
        // SAFETY: the settings' ownership passes to the client where it is
        // made; where not, librdkafka leaves them, and a client that cannot be
        // made ends this process soon.
        let pointer = unsafe {
            rd::rd_kafka_new(rd::rd_kafka_type_t::RD_KAFKA_PRODUCER, native.ptr(), words.0.as_mut_ptr(), words.0.len())
        };
        std::mem::forget(native);
        match Owned::new(pointer, rd::rd_kafka_destroy) {
            Some(pointer) => Ok(Self { pointer }),
            None => Err(words.error().text),
        }
    }

    fn ptr(&self) -> *mut rd::rd_kafka_t {
        self.pointer.pointer
    }

    /// Makes an admin request and reads its answer.
    fn request<T>(
        &self,
        kind: rd::rd_kafka_admin_op_t,
        how: &How,
        submit: impl FnOnce(*mut rd::rd_kafka_AdminOptions_t, *mut rd::rd_kafka_queue_t),
        read: impl FnOnce(*mut rd::rd_kafka_event_t) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaError> {
        let left = how.deadline.saturating_duration_since(Instant::now());
        let milliseconds = c_int::try_from(left.as_millis()).unwrap_or(c_int::MAX).clamp(1, 3_600_000);
        let none = || KafkaError::argument("librdkafka makes no request");
        // SAFETY: each is made by its own function, for this client, and
        // destroyed by its `Owned`, the queue before the client.
        let event = unsafe {
            let queue = Owned::new(rd::rd_kafka_queue_new(self.ptr()), rd::rd_kafka_queue_destroy).ok_or_else(none)?;
            let options = rd::rd_kafka_AdminOptions_new(self.ptr(), kind);
            let options = Owned::new(options, rd::rd_kafka_AdminOptions_destroy).ok_or_else(none)?;
            let mut words = Words::new();
            let (text, size) = (words.0.as_mut_ptr(), words.0.len());
            rd::rd_kafka_AdminOptions_set_request_timeout(options.pointer, milliseconds, text, size);
            if how.waits {
                rd::rd_kafka_AdminOptions_set_operation_timeout(options.pointer, milliseconds, text, size);
            }
            if let Some(broker) = how.broker {
                rd::rd_kafka_AdminOptions_set_broker(options.pointer, broker, text, size);
            }
            submit(options.pointer, queue.pointer);
            // librdkafka keeps to the time itself; this is for the case that
            // it does not.
            rd::rd_kafka_queue_poll(queue.pointer, milliseconds.saturating_add(1_000))
        };
        let Some(event) = Owned::new(event, rd::rd_kafka_event_destroy) else {
            return Err(KafkaError::of(crate::code::TIMED_OUT, std::ptr::null()).unwrap_or_else(none));
        };
        // SAFETY: the event lives until the end of this function.
        let error = unsafe {
            KafkaError::of(rd_kafka_event_error(event.pointer), rd::rd_kafka_event_error_string(event.pointer))
        };
        match error {
            Some(error) => Err(error),
            None => read(event.pointer),
        }
    }
}

/// The milliseconds that are left.
pub(crate) fn left(deadline: Instant) -> i32 {
    i32::try_from(deadline.saturating_duration_since(Instant::now()).as_millis()).unwrap_or(i32::MAX)
}

/// How a request is made.
pub(crate) struct How {
    deadline: Instant,
    /// Whether the broker answers only when the work is done.
    waits: bool,
    /// Which broker is asked; `None`: the controller.
    broker: Option<i32>,
}

impl How {
    /// Until then.
    pub(crate) fn until(deadline: Instant) -> Self {
        // The answer has to go back over the pipe in time.
        let margin = Duration::from_millis(200);
        Self { deadline: deadline.checked_sub(margin).unwrap_or(deadline), waits: false, broker: None }
    }

    /// Answered only when the work is done.
    pub(crate) fn waiting(self) -> Self {
        Self { waits: true, ..self }
    }

    /// Asked of this broker.
    pub(crate) fn of(self, broker: i32) -> Self {
        Self { broker: Some(broker), ..self }
    }
}
