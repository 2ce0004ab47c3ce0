//! SCRAM-SHA-256 verifiers as PostgreSQL stores them (RFC 5803, RFC 7677):
//! `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`.
//!
//! The host computes them, so that no password ever stands in a statement:
//! a failed `CREATE ROLE … PASSWORD` goes to the server's log as it was sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::digest::CtOutput;
use hmac::{Hmac, Mac};
use hyhost_backend::{Class, Fault};
use sha2::{Digest, Sha256};

const ITERATIONS: u32 = 4096;
const SALT: usize = 16;
/// What a stored verifier may ask of us: a bound, since it comes from outside.
const MOST_ITERATIONS: u32 = 10_000_000;

type Key = CtOutput<Hmac<Sha256>>;

/// A verifier of this password with a salt of its own. Takes about 2 ms.
///
/// # Errors
/// The random source of the system fails.
pub(crate) fn compute(password: &str) -> Result<String, Fault> {
    let mut salt = [0; SALT];
    rustls::crypto::ring::default_provider()
        .secure_random
        .fill(&mut salt)
        .map_err(|_| Fault::new(Class::Failed, "the system gives no random bytes for a password's salt"))?;
    Ok(with_salt(password, &salt, ITERATIONS))
}

fn with_salt(password: &str, salt: &[u8], iterations: u32) -> String {
    let keys = keys(password, salt, iterations);
    format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        BASE64.encode(salt),
        BASE64.encode(keys.stored.into_bytes()),
        BASE64.encode(keys.server.into_bytes())
    )
}

/// Whether this is a stored SCRAM verifier of this password. MD5 and anything
/// else that is no verifier is not: it is to be replaced.
pub(crate) fn matches(verifier: &str, password: &str) -> bool {
    let Some(parts) = parse(verifier) else { return false };
    let keys = keys(password, &parts.salt, parts.iterations);
    // Both are compared, in constant time: a stored key of another password
    // would let that one in.
    let stored = keys.stored == Key::new(parts.stored.into());
    let server = keys.server == Key::new(parts.server.into());
    stored & server
}

struct Parts {
    iterations: u32,
    salt: Vec<u8>,
    stored: [u8; 32],
    server: [u8; 32],
}

fn parse(verifier: &str) -> Option<Parts> {
    let (iterations, rest) = verifier.strip_prefix("SCRAM-SHA-256$")?.split_once(':')?;
    let (salt, rest) = rest.split_once('$')?;
    let (stored, server) = rest.split_once(':')?;
    let key = |text: &str| BASE64.decode(text).ok()?.try_into().ok();
    let iterations = iterations.parse().ok().filter(|n| (1..=MOST_ITERATIONS).contains(n))?;
    Some(Parts { iterations, salt: BASE64.decode(salt).ok()?, stored: key(stored)?, server: key(server)? })
}

struct Keys {
    stored: Key,
    server: Key,
}

fn keys(password: &str, salt: &[u8], iterations: u32) -> Keys {
    // As the server does it: a password that SASLprep does not accept is taken
    // as it is.
    let prepared = stringprep::saslprep(password).unwrap_or(password.into());
    let salted = salted(prepared.as_bytes(), salt, iterations);
    let client = mac(&salted, b"Client Key").into_bytes();
    Keys { stored: Key::new(Sha256::digest(client)), server: mac(&salted, b"Server Key") }
}

/// PBKDF2 for one block, which is all that SCRAM-SHA-256 needs.
fn salted(password: &[u8], salt: &[u8], iterations: u32) -> [u8; 32] {
    let keyed = keyed(password);
    let mut round: [u8; 32] = keyed.clone().chain_update(salt).chain_update([0, 0, 0, 1]).finalize().into_bytes().into();
    let mut all = round;
    for _ in 1..iterations {
        round = keyed.clone().chain_update(round).finalize().into_bytes().into();
        all.iter_mut().zip(round).for_each(|(sum, byte)| *sum ^= byte);
    }
    all
}

fn mac(key: &[u8], text: &[u8]) -> Key {
    keyed(key).chain_update(text).finalize()
}

#[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length")
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7677, section 3: user `user`, password `pencil`.
    const SALT: &str = "W22ZaJ0SNY7soEsUEjb6gQ==";
    const NONCES: &str = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";

    #[test]
    fn agrees_with_rfc_7677() {
        let keys = keys("pencil", &BASE64.decode(SALT).unwrap(), 4096);
        // What the server signs with the server key …
        let signature = mac(&keys.server.into_bytes(), NONCES.as_bytes()).into_bytes();
        assert_eq!(BASE64.encode(signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        // … and the client's proof, from which it finds the stored key.
        let stored = keys.stored.into_bytes();
        let mask = mac(&stored, NONCES.as_bytes()).into_bytes();
        let proof = BASE64.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let client: Vec<u8> = proof.iter().zip(mask).map(|(a, b)| a ^ b).collect();
        assert_eq!(Sha256::digest(client), stored);
    }

    #[test]
    fn a_verifier_matches_its_own_password_alone() {
        let verifier = compute("correct horse").unwrap();
        assert!(verifier.starts_with("SCRAM-SHA-256$4096:"));
        assert!(matches(&verifier, "correct horse"));
        assert!(!matches(&verifier, "correct house"));
        assert_ne!(verifier, compute("correct horse").unwrap());
    }

    #[test]
    fn other_iterations_and_salts_are_honoured() {
        assert!(matches(&with_salt("x", b"another salt", 10_000), "x"));
    }

    #[test]
    fn half_a_match_is_none() {
        let [a, b] = ["one", "two"].map(|p| with_salt(p, b"0123456789abcdef", 4096));
        let mixed = format!("{}:{}", a.rsplit_once(':').unwrap().0, b.rsplit_once(':').unwrap().1);
        assert!(!matches(&mixed, "one"));
        assert!(!matches(&mixed, "two"));
    }

    #[test]
    fn what_is_no_verifier_matches_nothing() {
        for text in ["", "md5a3556571e93b0d20722ba62be61e8c2d", "SCRAM-SHA-256$0:AA==$AA==:AA==", "SCRAM-SHA-256$4096:"] {
            assert!(!matches(text, ""), "{text}");
        }
    }

    #[test]
    fn passwords_are_prepared_as_the_server_does() {
        // U+00AD is mapped to nothing, U+2168 to `IX` (RFC 4013).
        let verifier = with_salt("I\u{ad}X", b"0123456789abcdef", 4096);
        assert!(matches(&verifier, "IX"));
        assert!(matches(&verifier, "\u{2168}"));
        // A control character is prohibited: the bytes are taken as they are.
        assert!(matches(&with_salt("a\u{7}\u{ad}", b"0123456789abcdef", 4096), "a\u{7}\u{ad}"));
        assert!(!matches(&with_salt("a\u{7}\u{ad}", b"0123456789abcdef", 4096), "a\u{7}"));
    }
}
