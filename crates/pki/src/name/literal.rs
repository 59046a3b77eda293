//! `literalSubject`: the text form of RFC 4514 as upstream reads it.
//!
//! Bounded by the API server's size of a field; each character is looked at once.

use super::rdn::{Attribute, SHORT_NAMES};
use crate::Error;
use crate::oids::Oid;

/// RDNs in the order of DER, the reverse of the text.
pub(super) fn parse(text: &str) -> Result<Vec<Vec<Attribute>>, Error> {
    let bad = |reason| Error::BadName {
        what: "literalSubject",
        value: text.to_owned(),
        reason,
    };
    let mut rdns: Vec<Vec<Attribute>> = vec![Vec::new()];
    let mut rest = text;
    loop {
        let (key, tail) = rest.split_once('=').ok_or_else(|| bad("attribute without ="))?;
        let oid = oid(key.trim()).ok_or_else(|| bad("unknown attribute key"))?;
        let (value, end, tail) = value(tail).map_err(bad)?;
        let attribute = Attribute { oid, value };
        if let Some(rdn) = rdns.last_mut() {
            rdn.push(attribute);
        }
        match end {
            None => break,
            Some('+') => {}
            Some(_) => rdns.push(Vec::new()),
        }
        rest = tail;
    }
    rdns.reverse();
    Ok(rdns)
}

fn oid(key: &str) -> Option<Oid> {
    let short = SHORT_NAMES.iter().find(|(name, _)| *name == key).map(|(_, oid)| *oid);
    short.or_else(|| Oid::new(key).ok())
}

/// A value up to the next separator that is not escaped: the text, the separator, what follows it.
fn value(text: &str) -> Result<(String, Option<char>, &str), &'static str> {
    if text.starts_with('#') {
        return Err("values in hexadecimal (=#) are not supported");
    }
    let mut bytes = Vec::new();
    // Blanks at the end do not count unless escaped.
    let mut significant = 0;
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            ',' | ';' | '+' => {
                let tail = text.get(place + 1..).unwrap_or_default();
                return Ok((finish(bytes, significant)?, Some(letter), tail));
            }
            '\\' => {
                let (_, next) = letters.next().ok_or("ends in the middle of an escape")?;
                if let Some(high) = next.to_digit(16) {
                    let low = letters
                        .next()
                        .and_then(|(_, low)| low.to_digit(16))
                        .ok_or("escape needs two hex digits")?;
                    bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                } else if " \"#+,;<=>\\".contains(next) {
                    bytes.push(u8::try_from(next).unwrap_or_default());
                } else {
                    return Err("unknown escape");
                }
                significant = bytes.len();
            }
            ' ' if bytes.is_empty() => {}
            _ => {
                bytes.extend(letter.encode_utf8(&mut [0; 4]).bytes());
                significant = if letter == ' ' { significant } else { bytes.len() };
            }
        }
    }
    Ok((finish(bytes, significant)?, None, ""))
}

fn finish(mut bytes: Vec<u8>, significant: usize) -> Result<String, &'static str> {
    bytes.truncate(significant);
    if bytes.is_empty() {
        return Err("attribute without a value");
    }
    String::from_utf8(bytes).map_err(|_| "value is not UTF-8")
}

#[cfg(test)]
mod tests {
    use crate::name::Name;

    #[test]
    fn literal_subjects_are_reversed_and_escapes_resolved() {
        let table = [
            ("CN=foo,OU=a+OU=b,O=x", Ok("CN=foo,OU=a+OU=b,O=x")),
            ("CN = foo bar , O= x ", Ok("CN=foo bar,O=x")),
            ("CN=a\\,b\\2Cc\\\\", Ok("CN=a\\,b\\,c\\\\")),
            ("CN=\\C3\\A4", Ok("CN=ä")),
            ("CN=trailing\\ ", Ok("CN=trailing\\ ")),
            ("2.5.4.17=1", Ok("2.5.4.17=1")),
            ("UID=u,DC=example,DC=com", Ok("UID=u,DC=example,DC=com")),
            ("CN=a=b", Ok("CN=a=b")),
            ("", Err("attribute without =")),
            ("CN=a,", Err("attribute without =")),
            ("CN", Err("attribute without =")),
            ("XX=a", Err("unknown attribute key")),
            ("cn=a", Err("unknown attribute key")),
            ("CN=", Err("attribute without a value")),
            ("CN=#0401", Err("values in hexadecimal (=#) are not supported")),
            ("CN=a\\", Err("ends in the middle of an escape")),
            ("CN=a\\zz", Err("unknown escape")),
            ("CN=a\\f", Err("escape needs two hex digits")),
            ("CN=\\ff", Err("value is not UTF-8")),
        ];
        for (text, expected) in table {
            let expected = expected
                .map(str::to_owned)
                .map_err(|reason| format!("invalid literalSubject {text:?}: {reason}"));
            let found = Name::from_literal(text)
                .map(|name| name.to_string())
                .map_err(|err| err.to_string());
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn der_order_is_the_reverse_of_the_text() {
        let name = Name::from_literal("CN=c,O=o").unwrap();
        let expected = [0x30, 24, 0x31, 10, 0x30, 8, 6, 3, 0x55, 4, 10, 0x13, 1, b'o'];
        assert_eq!(&name.as_der()[..14], expected);
    }

    proptest::proptest! {
        #[test]
        fn what_is_displayed_parses_to_the_same_bytes(values in proptest::collection::vec("\\PC{1,12}", 1..5)) {
            let subject = crate::name::Subject { organizations: values, ..Default::default() };
            let name = Name::from_subject(&subject);
            proptest::prop_assert_eq!(Name::from_literal(&name.to_string()).unwrap(), name);
        }

        #[test]
        fn arbitrary_text_and_bytes_never_panic(text in ".{0,200}", der in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = Name::from_literal(&text);
            let _ = Name::from_der(der);
        }
    }
}
