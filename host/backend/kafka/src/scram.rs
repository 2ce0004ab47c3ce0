//! The client's half of a SCRAM login (RFC 5802), with SHA-256 or SHA-512.
//!
//! Kafka takes user and password as they are, without SASLprep.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::{digest, hmac, pbkdf2};

/// What a server may ask of us: a bound, since it comes from outside.
const MOST_ITERATIONS: u32 = 1_000_000;

/// The two that Kafka has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    /// `SCRAM-SHA-256`.
    Sha256,
    /// `SCRAM-SHA-512`.
    Sha512,
}

impl Hash {
    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}

/// A login that has sent its first message.
pub(crate) struct Scram<'a> {
    hash: Hash,
    password: &'a str,
    nonce: String,
    first_bare: String,
}

/// A login that has sent its last message: what the server must say.
pub(crate) struct Expected(String);

impl<'a> Scram<'a> {
    /// A login, with a nonce that nobody has used before.
    pub(crate) fn new(hash: Hash, user: &str, password: &'a str, nonce: String) -> Self {
        let user = user.replace('=', "=3D").replace(',', "=2C");
        let first_bare = format!("n={user},r={nonce}");
        Self { hash, password, nonce, first_bare }
    }

    /// The first message.
    pub(crate) fn first(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// The last message, on the server's first. `None`: that is none.
    pub(crate) fn last(&self, server_first: &str) -> Option<(String, Expected)> {
        let mut nonce = None;
        let mut salt = None;
        let mut iterations = None;
        for part in server_first.split(',') {
            match part.split_at_checked(2)? {
                ("r=", value) => nonce = Some(value),
                ("s=", value) => salt = BASE64.decode(value).ok(),
                ("i=", value) => iterations = value.parse().ok().filter(|n: &NonZeroU32| n.get() <= MOST_ITERATIONS),
                _ => {}
            }
        }
        let nonce = nonce.filter(|nonce| nonce.len() > self.nonce.len() && nonce.starts_with(&self.nonce))?;
        let mut salted = vec![0; self.hash.digest().output_len()];
        pbkdf2::derive(self.hash.pbkdf2(), iterations?, &salt?, self.password.as_bytes(), &mut salted);
        let salted = hmac::Key::new(self.hash.hmac(), &salted);
        let client_key = hmac::sign(&salted, b"Client Key");
        let stored_key = digest::digest(self.hash.digest(), client_key.as_ref());
        let without_proof = format!("c=biws,r={nonce}");
        let message = format!("{},{server_first},{without_proof}", self.first_bare);
        let signature = hmac::sign(&hmac::Key::new(self.hash.hmac(), stored_key.as_ref()), message.as_bytes());
        let proof: Vec<u8> = client_key.as_ref().iter().zip(signature.as_ref()).map(|(a, b)| a ^ b).collect();
        let server_key = hmac::Key::new(self.hash.hmac(), hmac::sign(&salted, b"Server Key").as_ref());
        let expected = format!("v={}", BASE64.encode(hmac::sign(&server_key, message.as_bytes())));
        Some((format!("{without_proof},p={}", BASE64.encode(proof)), Expected(expected)))
    }
}

impl Expected {
    /// Whether the server knows the password too.
    pub(crate) fn is(&self, server_last: &str) -> bool {
        server_last.split(',').next() == Some(self.0.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3.
    #[test]
    fn the_example_of_the_rfc() {
        let scram = Scram::new(Hash::Sha256, "user", "pencil", "rOprNGfwEbeRWgbNEkqO".to_owned());
        assert_eq!(scram.first(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let (last, expected) = scram.last(server_first).unwrap();
        assert_eq!(
            last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert!(expected.is("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!expected.is("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="));
        assert!(!expected.is("e=other-error"));
    }

    #[test]
    fn a_server_that_does_not_keep_to_it_is_not_answered() {
        let scram = Scram::new(Hash::Sha512, "u", "p", "abc".to_owned());
        for wrong in
            ["", "r=abc", "r=abc,s=AAAA,i=1", "r=xyzd,s=AAAA,i=1", "r=abcd,s=AAAA,i=0", "r=abcd,s=AAAA,i=2000000000"]
        {
            assert!(scram.last(wrong).is_none(), "{wrong}");
        }
        assert!(scram.last("r=abcd,s=AAAA,i=1").is_some());
    }

    #[test]
    fn a_users_name_is_escaped() {
        let scram = Scram::new(Hash::Sha256, "a,b=c", "p", "n".to_owned());
        assert_eq!(scram.first(), "n,,n=a=2Cb=3Dc,r=n");
    }
}
