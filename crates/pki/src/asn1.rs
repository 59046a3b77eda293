//! DER, as much of it as certificates need: writing whole values, reading definite-length values in order.
//!
//! Bounded by construction: a value never reaches beyond its parent, and nothing here recurses.

use crate::Error;
use crate::oids::Oid;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_ID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const T61_STRING: u8 = 0x14;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const BMP_STRING: u8 = 0x1e;

/// Tag `[n]`, primitive.
pub(crate) const fn context(n: u8) -> u8 {
    0x80 | n
}

/// Tag `[n]`, constructed.
pub(crate) const fn context_constructed(n: u8) -> u8 {
    0xa0 | n
}

/// One value: tag, length, content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    out.push(tag);
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).unwrap_or_default());
    } else {
        let bytes = length.to_be_bytes();
        let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        out.push(0x80 | u8::try_from(bytes.len()).unwrap_or_default());
        out.extend(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// A SEQUENCE of already encoded parts.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(SEQUENCE, &parts.concat())
}

/// A SET OF already encoded parts, sorted as DER demands.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(SET, &parts.concat())
}

/// An OBJECT IDENTIFIER.
pub(crate) fn object_id(oid: &Oid) -> Vec<u8> {
    tlv(OBJECT_ID, oid.as_bytes())
}

/// A non-negative INTEGER from big-endian bytes, leading zeros dropped.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut content: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if content.first().is_none_or(|first| first & 0x80 != 0) {
        content.insert(0, 0);
    }
    tlv(INTEGER, &content)
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(BIT_STRING, &[&[0], bytes].concat())
}

/// A BOOLEAN TRUE.
pub(crate) fn yes() -> Vec<u8> {
    tlv(BOOLEAN, &[0xff])
}

/// One value as read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    /// Tag and length included.
    pub(crate) raw: &'a [u8],
}

/// Reads values one after the other; `what` names the structure in errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// The content of exactly one SEQUENCE, nothing after it.
    pub(crate) fn whole_sequence(bytes: &'a [u8], what: &'static str) -> Result<Self, Error> {
        let mut outer = Self::new(bytes, what);
        let inner = outer.inside(SEQUENCE)?;
        outer.end()?;
        Ok(inner)
    }

    pub(crate) fn malformed(&self) -> Error {
        Error::Malformed { what: self.what }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn end(&self) -> Result<(), Error> {
        if self.is_empty() { Ok(()) } else { Err(self.malformed()) }
    }

    /// Tag of the next value, if there is one.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever its tag. High tag numbers and indefinite lengths are refused.
    pub(crate) fn any(&mut self) -> Result<Value<'a>, Error> {
        let (header, length) = header(self.rest).ok_or(self.malformed())?;
        let end = header.checked_add(length).ok_or(self.malformed())?;
        let raw = self.rest.get(..end).ok_or(self.malformed())?;
        let content = raw.get(header..).ok_or(self.malformed())?;
        let tag = self.peek().ok_or(self.malformed())?;
        self.rest = self.rest.get(end..).unwrap_or_default();
        Ok(Value { tag, content, raw })
    }

    /// The next value, which must have this tag.
    pub(crate) fn value(&mut self, tag: u8) -> Result<Value<'a>, Error> {
        let value = self.any()?;
        if value.tag == tag {
            Ok(value)
        } else {
            Err(self.malformed())
        }
    }

    /// The next value if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Value<'a>>, Error> {
        if self.peek() == Some(tag) {
            self.any().map(Some)
        } else {
            Ok(None)
        }
    }

    /// A reader over the content of the next value, which must have this tag.
    pub(crate) fn inside(&mut self, tag: u8) -> Result<Self, Error> {
        Ok(Self::new(self.value(tag)?.content, self.what))
    }

    pub(crate) fn oid(&mut self) -> Result<Oid, Error> {
        Oid::from_bytes(self.value(OBJECT_ID)?.content).map_err(|_| self.malformed())
    }
}

impl<'a> Value<'a> {
    /// A reader over the content.
    pub(crate) fn reader(&self, what: &'static str) -> Reader<'a> {
        Reader::new(self.content, what)
    }
}

/// Length of the header and of the content of the first value in `bytes`.
fn header(bytes: &[u8]) -> Option<(usize, usize)> {
    let tag = *bytes.first()?;
    let first = *bytes.get(1)?;
    if tag & 0x1f == 0x1f {
        return None;
    }
    if first < 0x80 {
        return Some((2, usize::from(first)));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 4 {
        return None;
    }
    let digits = bytes.get(2..2 + count)?;
    Some((
        2 + count,
        digits
            .iter()
            .fold(0_usize, |length, byte| (length << 8) | usize::from(*byte)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_written_and_read_at_each_size_of_header() {
        for size in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let encoded = tlv(OCTET_STRING, &vec![7; size]);
            let mut reader = Reader::new(&encoded, "test");
            let value = reader.value(OCTET_STRING).unwrap();
            assert_eq!(
                (value.content.len(), value.raw.len(), reader.is_empty()),
                (size, encoded.len(), true)
            );
        }
    }

    #[test]
    fn integers_are_minimal_and_positive() {
        let table: [(&[u8], &[u8]); 4] = [
            (&[], &[2, 1, 0]),
            (&[0, 0, 5], &[2, 1, 5]),
            (&[0x80], &[2, 2, 0, 0x80]),
            (&[0x7f, 1], &[2, 2, 0x7f, 1]),
        ];
        for (bytes, expected) in table {
            assert_eq!(unsigned(bytes), expected);
        }
    }

    #[test]
    fn values_that_reach_beyond_their_parent_are_refused() {
        let table: [&[u8]; 6] = [
            &[],
            &[0x30],
            &[0x30, 5, 1],
            &[0x30, 0x80, 0, 0],
            &[0x3f, 1, 0],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
        ];
        for bytes in table {
            assert!(Reader::new(bytes, "test").any().is_err(), "{bytes:?}");
        }
    }
}
