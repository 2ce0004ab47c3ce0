//! SCRAM-SHA-256 verifiers as PostgreSQL stores them (RFC 5803, RFC 7677):
//! `SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>`.
//!
//! The host computes them, so that no password ever stands in a statement:
//! a failed `CREATE ROLE … PASSWORD` goes to the server's log as it was sent.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyhost_backend::{Class, Fault};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::{digest, hmac, pbkdf2};

const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();
const SALT: usize = 16;
/// What a stored verifier may ask of us: a bound, since it comes from outside.
const MOST_ITERATIONS: u32 = 10_000_000;

/// A verifier of this password with a salt of its own. Takes about 2 ms.
///
/// # Errors
/// The random source of the system fails.
pub(crate) fn compute(password: &str) -> Result<String, Fault> {
    let mut salt = [0; SALT];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| Fault::new(Class::Failed, "the system gives no random bytes for a password's salt"))?;
    Ok(with_salt(password, &salt, ITERATIONS))
}

fn with_salt(password: &str, salt: &[u8], iterations: NonZeroU32) -> String {
    let salted = salted(password, salt, iterations);
    format!(
        "SCRAM-SHA-256${iterations}:{}${}:{}",
        BASE64.encode(salt),
        BASE64.encode(stored_key(&salted)),
        BASE64.encode(hmac::sign(&salted, SERVER_KEY))
    )
}

/// Whether this is a stored SCRAM verifier of this password. MD5 and anything
/// else that is no verifier is not: it is to be replaced.
pub(crate) fn matches(verifier: &str, password: &str) -> bool {
    let Some(parts) = parse(verifier) else { return false };
    let salted = salted(password, &parts.salt, parts.iterations);
    // Both keys are compared: a stored key of another password would let that
    // one in. Tags are compared in constant time.
    let stored = hmac::verify(&salted, stored_key(&salted).as_ref(), hmac::sign(&salted, &parts.stored).as_ref());
    let server = hmac::verify(&salted, SERVER_KEY, &parts.server);
    stored.is_ok() & server.is_ok()
}

/// Whether this text is a SCRAM-SHA-256 verifier, which the server keeps as it
/// is.
pub(crate) fn is_one(text: &str) -> bool {
    parse(text).is_some_and(|parts| [&parts.stored, &parts.server].iter().all(|key| key.len() == 32))
}

/// Whether two verifiers are the same. Takes as long for any two of one length.
pub(crate) fn same(a: &str, b: &str) -> bool {
    let difference = a.bytes().zip(b.bytes()).fold(0, |difference, (a, b)| difference | (a ^ b));
    a.len() == b.len() && difference == 0
}

struct Parts {
    iterations: NonZeroU32,
    salt: Vec<u8>,
    stored: Vec<u8>,
    server: Vec<u8>,
}

fn parse(verifier: &str) -> Option<Parts> {
    let (iterations, rest) = verifier.strip_prefix("SCRAM-SHA-256$")?.split_once(':')?;
    let (salt, rest) = rest.split_once('$')?;
    let (stored, server) = rest.split_once(':')?;
    let bytes = |text: &str| BASE64.decode(text).ok();
    let iterations = iterations.parse().ok().filter(|n: &NonZeroU32| n.get() <= MOST_ITERATIONS)?;
    Some(Parts { iterations, salt: bytes(salt)?, stored: bytes(stored)?, server: bytes(server)? })
}

const SERVER_KEY: &[u8] = b"Server Key";

/// `SaltedPassword`, as a key.
fn salted(password: &str, salt: &[u8], iterations: NonZeroU32) -> hmac::Key {
    // As the server does it: a password that SASLprep does not accept is taken
    // as it is.
    let prepared = stringprep::saslprep(password).unwrap_or(password.into());
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, iterations, salt, prepared.as_bytes(), &mut salted);
    hmac::Key::new(hmac::HMAC_SHA256, &salted)
}

/// `StoredKey`: the digest of `ClientKey`.
fn stored_key(salted: &hmac::Key) -> digest::Digest {
    digest::digest(&digest::SHA256, hmac::sign(salted, b"Client Key").as_ref())
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
        let salted = salted("pencil", &BASE64.decode(SALT).unwrap(), ITERATIONS);
        let sign = |key: &[u8]| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), NONCES.as_bytes());
        // What the server signs with the server key …
        let signature = sign(hmac::sign(&salted, SERVER_KEY).as_ref());
        assert_eq!(BASE64.encode(signature), "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        // … and the client's proof, from which it finds the stored key.
        let stored = stored_key(&salted);
        let mask = sign(stored.as_ref());
        let proof = BASE64.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").unwrap();
        let client: Vec<u8> = proof.iter().zip(mask.as_ref()).map(|(a, b)| a ^ b).collect();
        assert_eq!(digest::digest(&digest::SHA256, &client).as_ref(), stored.as_ref());
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
        assert!(matches(&with_salt("x", b"another salt", NonZeroU32::new(10_000).unwrap()), "x"));
    }

    #[test]
    fn half_a_match_is_none() {
        let [a, b] = ["one", "two"].map(|p| with_salt(p, b"0123456789abcdef", ITERATIONS));
        let mixed = format!("{}:{}", a.rsplit_once(':').unwrap().0, b.rsplit_once(':').unwrap().1);
        assert!(!matches(&mixed, "one"));
        assert!(!matches(&mixed, "two"));
    }

    #[test]
    fn a_verifier_is_known_as_one_and_compared_whole() {
        let verifier = compute("x").unwrap();
        assert!(is_one(&verifier) && same(&verifier, &verifier.clone()));
        assert!(!same(&verifier, &compute("x").unwrap()) && !same(&verifier, "") && !same("", &verifier));
        for text in ["", "x", "SCRAM-SHA-256$4096:AA==$AA==:AA==", "md5a3556571e93b0d20722ba62be61e8c2d"] {
            assert!(!is_one(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_verifier_matches_nothing() {
        for text in ["", "md5a3556571e93b0d20722ba62be61e8c2d", "SCRAM-SHA-256$0:AA==$AA==:AA==", "SCRAM-SHA-256$4096:"]
        {
            assert!(!matches(text, ""), "{text}");
        }
    }

    #[test]
    fn passwords_are_prepared_as_the_server_does() {
        // U+00AD is mapped to nothing, U+2168 to `IX` (RFC 4013).
        let verifier = with_salt("I\u{ad}X", b"0123456789abcdef", ITERATIONS);
        assert!(matches(&verifier, "IX"));
        assert!(matches(&verifier, "\u{2168}"));
        // A control character is prohibited: the bytes are taken as they are.
        assert!(matches(&with_salt("a\u{7}\u{ad}", b"0123456789abcdef", ITERATIONS), "a\u{7}\u{ad}"));
        assert!(!matches(&with_salt("a\u{7}\u{ad}", b"0123456789abcdef", ITERATIONS), "a\u{7}"));
    }
}
