//! How MinIO's admin API hides what it carries, with the secret key of the
//! account that asks.
//!
//! `salt (32) | algorithm (1) | nonce (8) | pieces`. A piece is at most 16 KiB
//! and has a tag of 16 bytes. Pieces are counted from 1 in the last four bytes
//! of the nonce; 0 seals nothing, with a tag that each piece is bound to, as
//! it is to whether it is the last.
//!
//! We send the PBKDF2 form, which the server takes; it answers in the Argon2id
//! form, which costs 64 MiB of memory and a tenth of a second each time.

use std::num::NonZeroU32;

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use ring::pbkdf2;
use ring::rand::{SecureRandom, SystemRandom};

const SALT: usize = 32;
const NONCE: usize = 8;
const HEAD: usize = SALT + 1 + NONCE;
const PIECE: usize = 1 << 14;
const TAG: usize = 16;

const ARGON2_AES: u8 = 0;
const ARGON2_CHACHA: u8 = 1;
const PBKDF2_AES: u8 = 2;
const PBKDF2_ROUNDS: NonZeroU32 = NonZeroU32::new(8192).unwrap();

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    #[error("the system gives no random bytes")]
    Random,
    #[error("it is sealed in a way that is not known")]
    Unknown,
    #[error("it was not sealed with our secret key, or was changed on the way")]
    Forged,
}

/// Seals for who knows the secret.
pub(crate) fn seal(secret: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut head = [0; HEAD];
    SystemRandom::new().fill(&mut head).map_err(|_| SealError::Random)?;
    head[SALT] = PBKDF2_AES;
    let key = key(secret, &head)?;
    let mut sealed = head.to_vec();
    // What is empty is one empty piece.
    let count = plain.len().div_ceil(PIECE).max(1);
    let nothing = nothing(&key, &head)?;
    for (at, number) in (0..count).zip(1u32..) {
        let piece = &plain[at * PIECE..plain.len().min((at + 1) * PIECE)];
        let start = sealed.len();
        sealed.extend_from_slice(piece);
        let bound = bound(&nothing, at + 1 == count);
        let tag = key.seal_in_place_separate_tag(nonce(&head, number), Aad::from(bound), &mut sealed[start..]);
        sealed.extend_from_slice(tag.map_err(|_| SealError::Random)?.as_ref());
    }
    Ok(sealed)
}

/// Opens what was sealed with the secret.
pub(crate) fn open(secret: &str, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (head, body) = sealed.split_first_chunk::<HEAD>().ok_or(SealError::Unknown)?;
    let key = key(secret, head)?;
    let nothing = nothing(&key, head)?;
    let pieces: Vec<&[u8]> = body.chunks(PIECE + TAG).collect();
    let mut plain = Vec::with_capacity(body.len());
    for (at, number) in (0..pieces.len()).zip(1u32..) {
        let mut piece = pieces[at].to_vec();
        let bound = bound(&nothing, at + 1 == pieces.len());
        let opened = key.open_in_place(nonce(head, number), Aad::from(bound), &mut piece);
        plain.extend_from_slice(opened.map_err(|_| SealError::Forged)?);
    }
    // Even what is empty has a last piece.
    if pieces.is_empty() { Err(SealError::Forged) } else { Ok(plain) }
}

fn key(secret: &str, head: &[u8; HEAD]) -> Result<LessSafeKey, SealError> {
    let (salt, mut key) = (&head[..SALT], [0; 32]);
    let algorithm = match head[SALT] {
        PBKDF2_AES => {
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, PBKDF2_ROUNDS, salt, secret.as_bytes(), &mut key);
            &AES_256_GCM
        }
        form @ (ARGON2_AES | ARGON2_CHACHA) => {
            let params = Params::new(64 * 1024, 1, 4, Some(key.len())).map_err(|_| SealError::Unknown)?;
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            argon2.hash_password_into(secret.as_bytes(), salt, &mut key).map_err(|_| SealError::Unknown)?;
            if form == ARGON2_AES { &AES_256_GCM } else { &CHACHA20_POLY1305 }
        }
        _ => return Err(SealError::Unknown),
    };
    UnboundKey::new(algorithm, &key).map(LessSafeKey::new).map_err(|_| SealError::Unknown)
}

fn nonce(head: &[u8; HEAD], number: u32) -> Nonce {
    let mut nonce = [0; NONCE + 4];
    nonce[..NONCE].copy_from_slice(&head[SALT + 1..]);
    nonce[NONCE..].copy_from_slice(&number.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

/// The tag of nothing.
fn nothing(key: &LessSafeKey, head: &[u8; HEAD]) -> Result<[u8; TAG], SealError> {
    let tag = key.seal_in_place_separate_tag(nonce(head, 0), Aad::empty(), &mut []);
    tag.ok().and_then(|tag| tag.as_ref().try_into().ok()).ok_or(SealError::Random)
}

/// What a piece is bound to.
fn bound(nothing: &[u8; TAG], last: bool) -> [u8; TAG + 1] {
    let mut bound = [0; TAG + 1];
    bound[0] = if last { 0x80 } else { 0 };
    bound[1..].copy_from_slice(nothing);
    bound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_with_the_secret_and_no_other_whatever_its_length() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 40_000] {
            let plain: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let sealed = seal("a secret", &plain).unwrap();
            assert_eq!(sealed.len(), HEAD + length + TAG * length.div_ceil(PIECE).max(1));
            assert_eq!(open("a secret", &sealed).unwrap(), plain, "{length}");
            assert_eq!(open("another", &sealed), Err(SealError::Forged));
        }
    }

    #[test]
    fn what_was_cut_swapped_or_changed_does_not_open() {
        let plain = vec![7; 2 * PIECE + 5];
        let sealed = seal("a secret", &plain).unwrap();
        let cut = &sealed[..HEAD + 2 * (PIECE + TAG)];
        assert_eq!(open("a secret", cut), Err(SealError::Forged));
        assert_eq!(open("a secret", &sealed[..HEAD]), Err(SealError::Forged));
        assert_eq!(open("a secret", &sealed[..9]), Err(SealError::Unknown));
        let mut swapped = sealed.clone();
        swapped[HEAD..HEAD + 2 * (PIECE + TAG)].rotate_left(PIECE + TAG);
        assert_eq!(open("a secret", &swapped), Err(SealError::Forged));
        let mut changed = sealed.clone();
        changed[HEAD + 3] ^= 1;
        assert_eq!(open("a secret", &changed), Err(SealError::Forged));
        let mut unknown = sealed;
        unknown[SALT] = 9;
        assert_eq!(open("a secret", &unknown), Err(SealError::Unknown));
    }

    #[test]
    fn two_of_the_same_are_not_alike() {
        assert_ne!(seal("s", b"x").unwrap(), seal("s", b"x").unwrap());
    }
}
