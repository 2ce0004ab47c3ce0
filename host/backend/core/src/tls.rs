//! TLS settings of a connection as a rustls configuration.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hyhost_config::Tls;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read, or is not PEM.
    #[error("{what} {}: {cause}", path.display())]
    File {
        /// What the file should hold.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        cause: pem::Error,
    },
    /// A file in which nothing of the kind is.
    #[error("{what} {}: there is none in it (it must be PEM)", path.display())]
    Empty {
        /// What the file should hold.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
    },
    /// A CA certificate that cannot be one.
    #[error("CA certificate {}: {cause}", path.display())]
    Root {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        cause: rustls::Error,
    },
    /// A client certificate without its key, or a key without its certificate.
    #[error("a client certificate and its key are given together: {present} is there, {absent} is not")]
    Half {
        /// The field that is there.
        present: &'static str,
        /// The field that is not.
        absent: &'static str,
    },
    /// A client certificate and a key that do not belong together, or of a
    /// kind that is not known.
    #[error("client certificate {}: {cause}", path.display())]
    Identity {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong with it.
        cause: rustls::Error,
    },
    /// The versions of TLS that this program knows cannot be had.
    #[error("TLS cannot be set up: {0}")]
    Provider(rustls::Error),
}

/// The client configuration for these settings: own CA in place of the public
/// roots, client certificate if there is one. The server's certificate and
/// name are always verified.
///
/// # Errors
/// A file that cannot be read or holds no certificate or key.
pub fn client_config(tls: &Tls) -> Result<ClientConfig, TlsError> {
    // Named, so that a second provider in the dependency tree changes nothing.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Provider)?
        .with_root_certificates(roots(tls.ca.as_deref())?);
    match (&tls.certificate, &tls.key) {
        (None, None) => Ok(builder.with_no_client_auth()),
        (Some(certificate), Some(key)) => builder
            .with_client_auth_cert(certificates("client certificate", certificate)?, private_key(key)?)
            .map_err(|cause| TlsError::Identity { path: certificate.clone(), cause }),
        (Some(_), None) => Err(TlsError::Half { present: "certificate", absent: "key" }),
        (None, Some(_)) => Err(TlsError::Half { present: "key", absent: "certificate" }),
    }
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let Some(path) = ca else {
        return Ok(RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()));
    };
    let mut store = RootCertStore::empty();
    for certificate in certificates("CA certificate", path)? {
        store.add(certificate).map_err(|cause| TlsError::Root { path: path.to_owned(), cause })?;
    }
    Ok(store)
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let failed = |cause| TlsError::File { what, path: path.to_owned(), cause };
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    if found.is_empty() {
        return Err(TlsError::Empty { what, path: path.to_owned() });
    }
    Ok(found)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let what = "client key";
    PrivateKeyDer::from_pem_file(path).map_err(|cause| match cause {
        pem::Error::NoItemsFound => TlsError::Empty { what, path: path.to_owned() },
        cause => TlsError::File { what, path: path.to_owned(), cause },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("hyhost-tls-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn public_roots_without_a_ca() {
        assert!(client_config(&Tls::default()).is_ok());
        assert!(roots(None).unwrap().len() > 50);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let tls = Tls { ca: Some("/nowhere/ca.pem".into()), ..Tls::default() };
        let said = client_config(&tls).unwrap_err().to_string();
        assert!(said.starts_with("CA certificate /nowhere/ca.pem: "), "{said}");
    }

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        let path = written("empty", "nothing\n");
        let tls = Tls { ca: Some(path.clone()), ..Tls::default() };
        assert!(matches!(client_config(&tls), Err(TlsError::Empty { .. })));
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let tls = Tls { certificate: Some("/nowhere/c.pem".into()), ..Tls::default() };
        let said = client_config(&tls).unwrap_err().to_string();
        assert!(said.contains("certificate is there, key is not"), "{said}");
    }
}
