//! Writes a store. Everything that Java draws at random follows from the input.

use std::collections::HashSet;

use jiff::Timestamp;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sha::Sha1;
use openssl::sign::Signer;

use super::{CERTIFICATE_TYPE, Entry, KEY_TAG, KeyEntry, Keystore, MAGIC, TRUSTED_TAG, VERSION, protect, text};
use crate::Error;

/// What Sun's author put between password and content of the digest.
const WHITENER: &[u8] = b"Mighty Aphrodite";

/// The file, protected by `password`, which protects the keys in it too.
pub fn render(store: &Keystore, password: &str) -> Result<Vec<u8>, Error> {
    if password.is_empty() {
        return Err(Error::EmptyPassword);
    }
    let mut out = Vec::new();
    out.extend(MAGIC.to_be_bytes());
    out.extend(VERSION.to_be_bytes());
    out.extend(count(store.entries.len())?);
    let mut aliases = HashSet::new();
    for entry in &store.entries {
        let alias = entry.alias().to_lowercase();
        let name = text::modified_utf8(&alias)?;
        if !aliases.insert(alias.clone()) {
            return Err(Error::DoubleAlias(alias));
        }
        match entry {
            Entry::Key(entry) => {
                out.extend(KEY_TAG.to_be_bytes());
                out.extend(name);
                out.extend(date(entry.created)?);
                out.extend(counted(&protect::protect(
                    &entry.key,
                    password,
                    salt(entry, password)?,
                ))?);
                out.extend(count(entry.chain.len())?);
                for der in &entry.chain {
                    out.extend(certificate(der)?);
                }
            }
            Entry::Trusted(entry) => {
                out.extend(TRUSTED_TAG.to_be_bytes());
                out.extend(name);
                out.extend(date(entry.created)?);
                out.extend(certificate(&entry.certificate)?);
            }
        }
    }
    let sum = digest(&out, password);
    out.extend(sum);
    Ok(out)
}

/// The keyed digest at the end of a file.
pub(super) fn digest(body: &[u8], password: &str) -> [u8; 20] {
    let mut digest = Sha1::new();
    digest.update(&text::password(password));
    digest.update(WHITENER);
    digest.update(body);
    digest.finish()
}

fn count(number: usize) -> Result<[u8; 4], Error> {
    let number = i32::try_from(number).map_err(|_| Error::TooLong("the store"))?;
    Ok(number.to_be_bytes())
}

fn counted(bytes: &[u8]) -> Result<Vec<u8>, Error> {
    Ok([&count(bytes.len())?[..], bytes].concat())
}

fn certificate(der: &[u8]) -> Result<Vec<u8>, Error> {
    Ok([text::modified_utf8(CERTIFICATE_TYPE)?, counted(der)?].concat())
}

/// Milliseconds since 1970.
fn date(time: Timestamp) -> Result<[u8; 8], Error> {
    let millis = time.as_millisecond();
    if millis < 0 {
        Err(Error::BadDate)
    } else {
        Ok(millis.to_be_bytes())
    }
}

/// Salt of the key protector: as good as random to whoever does not know key and password, and always the same.
fn salt(entry: &KeyEntry, password: &str) -> Result<[u8; protect::SALT], Error> {
    let keyed = || {
        let key = PKey::hmac(password.as_bytes())?;
        let mut mac = Signer::new(MessageDigest::sha256(), &key)?;
        mac.update(b"evercert.dev/jks-salt")?;
        for part in std::iter::once(&entry.key).chain(&entry.chain) {
            mac.update(&(part.len() as u64).to_be_bytes())?;
            mac.update(part)?;
        }
        mac.sign_to_vec()
    };
    let sum = keyed().map_err(|_| Error::Digest)?;
    sum.first_chunk().copied().ok_or(Error::Digest)
}
