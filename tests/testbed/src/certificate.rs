//! A CA of a testbed's own, and what it signs.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use crate::{Error, Result};

/// A CA that lives as long as its server; its certificate lies in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: PathBuf,
}

/// A certificate and its key (PKCS#8), both PEM.
pub(crate) struct Leaf {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    /// A new CA whose certificate is `<directory>/ca.pem`.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub(crate) fn new(name: &str, directory: &Path) -> Result<Authority> {
        let mut params = params(name, &[])?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let made = KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(params, key));
        let issuer = made.map_err(|source| Error::Certificate { name: name.into(), source })?;
        let authority = Authority { issuer, directory: directory.to_owned() };
        write(&authority.path(), &authority.pem())?;
        Ok(authority)
    }

    /// Where its certificate lies.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join("ca.pem")
    }

    /// Its certificate.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Signs a certificate for servers and clients alike: the common name, and
    /// the hosts for which it stands.
    ///
    /// # Errors
    /// [`Error::Certificate`] when a host is no name.
    pub(crate) fn sign(&self, name: &str, hosts: &[&str]) -> Result<Leaf> {
        let mut params = params(name, hosts)?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let made = KeyPair::generate().and_then(|key| Ok((params.signed_by(&key, &self.issuer)?, key)));
        let (certificate, key) = made.map_err(|source| Error::Certificate { name: name.into(), source })?;
        Ok(Leaf { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// [`Authority::sign`] into the files `<name>.pem` and `<name>.key` beside its own.
    ///
    /// # Errors
    /// Those of it, and [`Error::Io`].
    pub(crate) fn issue(&self, name: &str, hosts: &[&str]) -> Result<Leaf> {
        let leaf = self.sign(name, hosts)?;
        write(&self.directory.join(format!("{name}.pem")), &leaf.certificate)?;
        write(&self.directory.join(format!("{name}.key")), &leaf.key)?;
        Ok(leaf)
    }
}

/// Names without a company: `O=testbed, CN=<name>`.
fn params(name: &str, hosts: &[&str]) -> Result<CertificateParams> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params =
        CertificateParams::new(hosts).map_err(|source| Error::Certificate { name: name.into(), source })?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "testbed");
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::io("writing", path))
}
