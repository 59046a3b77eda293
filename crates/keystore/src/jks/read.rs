//! Reads a store that we or others wrote. Bounded: nothing is allocated that the file does not hold.

use jiff::Timestamp;

use super::write::digest;
use super::{Entry, KEY_TAG, KeyEntry, Keystore, MAGIC, TRUSTED_TAG, TrustedEntry, VERSION, protect, text};
use crate::Error;

/// Bytes of the digest at the end.
const DIGEST: usize = 20;

/// The content of a file. Errors: not JKS, damaged, wrong password (also a key under another password than the store's).
pub fn parse(file: &[u8], password: &str) -> Result<Keystore, Error> {
    let (body, sum) = file.split_last_chunk::<DIGEST>().ok_or(Error::NotJks)?;
    let mut cursor = Cursor { rest: body };
    if (cursor.number(), cursor.number()) != (Ok(MAGIC), Ok(VERSION)) {
        return Err(Error::NotJks);
    }
    if digest(body, password) != *sum {
        return Err(Error::WrongPassword);
    }
    let mut entries = Vec::new();
    for _ in 0..cursor.number()? {
        entries.push(cursor.entry(password)?);
    }
    if cursor.rest.is_empty() {
        Ok(Keystore { entries })
    } else {
        Err(Error::Damaged)
    }
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn entry(&mut self, password: &str) -> Result<Entry, Error> {
        let tag = self.number()?;
        let alias = self.text()?;
        let millis = i64::from_be_bytes(self.array()?);
        let created = Timestamp::from_millisecond(millis).map_err(|_| Error::Damaged)?;
        match tag {
            KEY_TAG => {
                let key = protect::recover(self.counted()?, password)?;
                let count = self.number()?;
                let chain = (0..count).map(|_| self.certificate()).collect::<Result<_, _>>()?;
                Ok(Entry::Key(KeyEntry {
                    alias,
                    created,
                    key,
                    chain,
                }))
            }
            TRUSTED_TAG => Ok(Entry::Trusted(TrustedEntry {
                alias,
                created,
                certificate: self.certificate()?,
            })),
            _ => Err(Error::Damaged),
        }
    }

    fn certificate(&mut self) -> Result<Vec<u8>, Error> {
        self.text()?;
        Ok(self.counted()?.to_vec())
    }

    fn text(&mut self) -> Result<String, Error> {
        let length = u16::from_be_bytes(self.array()?);
        text::from_modified_utf8(self.take(usize::from(length))?).ok_or(Error::Damaged)
    }

    fn counted(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::try_from(self.number()?).map_err(|_| Error::Damaged)?;
        self.take(length)
    }

    fn number(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_be_bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        self.take(N)?.first_chunk().copied().ok_or(Error::Damaged)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Error::Damaged)?;
        self.rest = rest;
        Ok(taken)
    }
}
