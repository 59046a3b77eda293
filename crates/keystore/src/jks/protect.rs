//! Sun's key protector (OID 1.3.6.1.4.1.42.2.17.1.1): XOR with a stream of SHA-1 digests, a digest as check at the end.

use openssl::sha::{Sha1, sha1};

use super::text;
use crate::Error;

/// Bytes of salt in front of the scrambled key, and of the check behind it.
pub(super) const SALT: usize = 20;

/// AlgorithmIdentifier with NULL parameters.
const ALGORITHM: [u8; 16] = [0x30, 14, 6, 10, 0x2b, 6, 1, 4, 1, 0x2a, 2, 17, 1, 1, 5, 0];

/// A PKCS #8 key as EncryptedPrivateKeyInfo.
pub(super) fn protect(key: &[u8], password: &str, salt: [u8; SALT]) -> Vec<u8> {
    let password = text::password(password);
    let mut content = salt.to_vec();
    content.extend(scramble(key, &password, salt));
    content.extend(check(key, &password));
    let octets = tlv(0x04, &content);
    tlv(0x30, &[&ALGORITHM[..], &octets].concat())
}

/// The inverse. Errors: another algorithm, damage, a password that is not this key's.
pub(super) fn recover(protected: &[u8], password: &str) -> Result<Vec<u8>, Error> {
    let info = content(0x30, protected).ok_or(Error::Damaged)?;
    let octets = info.strip_prefix(&ALGORITHM).ok_or(Error::Damaged)?;
    let octets = content(0x04, octets).ok_or(Error::Damaged)?;
    let (salt, rest) = octets.split_first_chunk::<SALT>().ok_or(Error::Damaged)?;
    let (scrambled, sum) = rest.split_last_chunk::<SALT>().ok_or(Error::Damaged)?;
    let password = text::password(password);
    let key = scramble(scrambled, &password, *salt);
    if check(&key, &password) == *sum {
        Ok(key)
    } else {
        Err(Error::WrongPassword)
    }
}

fn scramble(bytes: &[u8], password: &[u8], salt: [u8; SALT]) -> Vec<u8> {
    let mut digest = salt;
    let mut out = Vec::with_capacity(bytes.len());
    for block in bytes.chunks(SALT) {
        digest = sha1(&[password, &digest].concat());
        out.extend(block.iter().zip(digest).map(|(byte, mask)| byte ^ mask));
    }
    out
}

fn check(key: &[u8], password: &[u8]) -> [u8; SALT] {
    let mut digest = Sha1::new();
    digest.update(password);
    digest.update(key);
    digest.finish()
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(digits.len()).unwrap_or_default());
    }
    out.extend(if content.is_empty() { vec![0] } else { digits });
    out.extend(content);
    out
}

/// Content of the one value in `bytes`.
fn content(tag: u8, bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.strip_prefix(&[tag])?.split_first()?;
    let (length, rest) = match first {
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (
                digits
                    .iter()
                    .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte)),
                rest,
            )
        }
        _ => (usize::from(*first), rest),
    };
    (rest.len() == length).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protected_key_is_recovered_with_its_password_only() {
        for size in [0, 1, 20, 21, 100, 1218, 70_000] {
            let key = vec![0x5a; size];
            let protected = protect(&key, "changeme", [7; SALT]);
            assert_eq!(recover(&protected, "changeme"), Ok(key), "{size}");
            if size > 0 {
                assert_eq!(recover(&protected, "changeit"), Err(Error::WrongPassword), "{size}");
            }
            assert_eq!(
                recover(&protected[..protected.len() - 1], "changeme"),
                Err(Error::Damaged)
            );
        }
    }
}
