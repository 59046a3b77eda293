//! Text as Java writes it: `DataOutput.writeUTF`'s modified UTF-8, and passwords as UTF-16.

use crate::Error;

/// Length in two bytes, then modified UTF-8: NUL as two bytes, characters beyond the first plane as two surrogates.
pub(super) fn modified_utf8(text: &str) -> Result<Vec<u8>, Error> {
    let mut out = vec![0, 0];
    for unit in text.encode_utf16() {
        let [high, low] = unit.to_be_bytes();
        let six = 0x80 | (low & 0x3f);
        match unit {
            1..=0x7f => out.push(low),
            0 | 0x80..=0x7ff => out.extend([0xc0 | (high << 2) | (low >> 6), six]),
            _ => out.extend([0xe0 | (high >> 4), 0x80 | ((high << 2) & 0x3f) | (low >> 6), six]),
        }
    }
    let length = u16::try_from(out.len() - 2).map_err(|_| Error::TooLong("an alias"))?;
    out.splice(..2, length.to_be_bytes());
    Ok(out)
}

/// The inverse, without the length. `None` where it is not modified UTF-8.
pub(super) fn from_modified_utf8(bytes: &[u8]) -> Option<String> {
    let mut units = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().map(u16::from);
    while let Some(first) = rest.next() {
        let mut six = || rest.next().filter(|byte| byte & 0xc0 == 0x80).map(|byte| byte & 0x3f);
        units.push(match first {
            1..=0x7f => first,
            0xc0..=0xdf => ((first & 0x1f) << 6) | six()?,
            0xe0..=0xef => ((first & 0xf) << 12) | (six()? << 6) | six()?,
            _ => return None,
        });
    }
    String::from_utf16(&units).ok()
}

/// A password as Java's digests see it.
pub(super) fn password(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_written_as_java_writes_it() {
        let table: [(&str, &[u8]); 5] = [
            ("", &[0, 0]),
            ("alias0", b"\0\x06alias0"),
            ("\0", &[0, 2, 0xc0, 0x80]),
            ("ü€", &[0, 5, 0xc3, 0xbc, 0xe2, 0x82, 0xac]),
            ("😀", &[0, 6, 0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]),
        ];
        for (text, expected) in table {
            assert_eq!(modified_utf8(text).unwrap(), expected, "{text:?}");
        }
        assert_eq!(modified_utf8(&"x".repeat(65_536)), Err(Error::TooLong("an alias")));
    }

    proptest::proptest! {
        #[test]
        fn text_comes_back(text in ".{0,40}") {
            let written = modified_utf8(&text).unwrap();
            proptest::prop_assert_eq!(from_modified_utf8(&written[2..]), Some(text));
        }
    }
}
