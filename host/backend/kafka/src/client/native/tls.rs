//! `tls.server_name`: librdkafka only knows the name that it dials, so where
//! another is to be in the certificates, its own check of the name is off and
//! this one is on. The chain is OpenSSL's to check, in both cases.

use std::ffi::{c_char, c_int, c_void};

use rdkafka::bindings as rd;
use rustls::client::verify_server_name;
use rustls::server::ParsedCertificate;
use rustls_pki_types::{CertificateDer, ServerName};

/// OpenSSL's number for a certificate of another name.
const HOSTNAME_MISMATCH: c_int = 62;

/// Has the certificates checked for this name. The name is kept as long as
/// the process lives: clients are not made twice.
pub(super) fn expect(config: *mut rd::rd_kafka_conf_t, name: ServerName<'static>) {
    let name: *mut ServerName<'static> = Box::leak(Box::new(name));
    // SAFETY: the settings are alive, and the name is for ever.
    unsafe {
        rd::rd_kafka_conf_set_opaque(config, name.cast());
        rd::rd_kafka_conf_set_ssl_cert_verify_cb(config, Some(verify));
    }
}

/// Called for each certificate of the chain; the broker's own has depth 0.
///
/// # Safety
/// librdkafka calls it, with a certificate of `size` bytes and what `expect`
/// has set.
#[allow(clippy::too_many_arguments, reason = "librdkafka's signature")]
unsafe extern "C" fn verify(
    _: *mut rd::rd_kafka_t,
    _: *const c_char,
    _: i32,
    x509_error: *mut c_int,
    depth: c_int,
    certificate: *const c_char,
    size: usize,
    _: *mut c_char,
    _: usize,
    opaque: *mut c_void,
) -> c_int {
    // SAFETY: as promised above.
    let (name, bytes, error) = unsafe {
        if *x509_error != 0 {
            return 0;
        }
        let bytes = std::slice::from_raw_parts(certificate.cast::<u8>(), size);
        (&*opaque.cast::<ServerName<'static>>(), bytes, &mut *x509_error)
    };
    if depth > 0 {
        return 1;
    }
    let certificate = CertificateDer::from(bytes);
    match ParsedCertificate::try_from(&certificate).and_then(|parsed| verify_server_name(&parsed, name)) {
        Ok(()) => 1,
        Err(_) => {
            *error = HOSTNAME_MISMATCH;
            0
        }
    }
}
