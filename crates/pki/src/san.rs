//! Subject alternative names, RFC 5280 section 4.2.1.6.

use std::net::IpAddr;

use crate::Error;
use crate::asn1::{self, Reader, Value, context, context_constructed, object_id, sequence, tlv};
use crate::oids::Oid;

/// The kinds of names a Certificate can ask for, each in the order of the spec.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubjectAltNames {
    /// dNSName
    pub dns: Vec<String>,
    /// iPAddress
    pub ips: Vec<IpAddr>,
    /// uniformResourceIdentifier
    pub uris: Vec<String>,
    /// rfc822Name
    pub emails: Vec<String>,
    /// otherName with a UTF8String
    pub other_names: Vec<OtherName>,
}

/// A name of a kind that its OID tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OtherName {
    /// Dotted OID of the kind.
    pub oid: String,
    /// Its UTF-8 value.
    pub value: String,
}

impl SubjectAltNames {
    /// True where there is no name at all.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds an address in any spelling; zones and prefixes are refused.
    pub fn push_ip(&mut self, text: &str) -> Result<(), Error> {
        let ip = text
            .parse()
            .map_err(|_| bad("IP address", text, "not an IPv4 or IPv6 address"))?;
        self.ips.push(IpAddr::to_canonical(&ip));
        Ok(())
    }

    /// DER GeneralNames, in Go's order: DNS, email, IP, URI; then otherNames. Errors: a name outside ASCII, an email
    /// with a display name, a URI without a scheme, an OID that is none.
    pub fn to_der(&self) -> Result<Vec<u8>, Error> {
        let mut names = Vec::new();
        for dns in &self.dns {
            names.push(ascii("DNS name", dns, 2)?);
        }
        for email in &self.emails {
            if email.contains(['<', '>', ' ']) || !email.contains('@') {
                return Err(bad("email address", email, "not a bare address"));
            }
            names.push(ascii("email address", email, 1)?);
        }
        for ip in &self.ips {
            names.push(match ip {
                IpAddr::V4(ip) => tlv(context(7), &ip.octets()),
                IpAddr::V6(ip) => tlv(context(7), &ip.octets()),
            });
        }
        for uri in &self.uris {
            if uri.contains(|letter: char| letter.is_whitespace() || letter.is_control()) {
                return Err(bad("URI", uri, "holds blanks or control characters"));
            }
            names.push(ascii("URI", uri, 6)?);
        }
        for other in &self.other_names {
            names.push(other.to_der()?);
        }
        Ok(sequence(&[&names.concat()]))
    }

    /// From DER GeneralNames. Kinds that are not listed here (directoryName, registeredID …) are passed over.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::whole_sequence(der, "subject alternative names")?;
        let mut names = Self::default();
        while !reader.is_empty() {
            names.read(reader.any()?, &reader)?;
        }
        Ok(names)
    }

    fn read(&mut self, value: Value<'_>, reader: &Reader<'_>) -> Result<(), Error> {
        let text = || {
            str::from_utf8(value.content)
                .map(str::to_owned)
                .map_err(|_| reader.malformed())
        };
        match value.tag {
            tag if tag == context_constructed(0) => self.other_names.extend(OtherName::from_value(value)?),
            tag if tag == context(1) => self.emails.push(text()?),
            tag if tag == context(2) => self.dns.push(text()?),
            tag if tag == context(6) => self.uris.push(text()?),
            tag if tag == context(7) => self.ips.push(ip(value.content).ok_or(reader.malformed())?),
            _ => {}
        }
        Ok(())
    }
}

fn ip(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

impl OtherName {
    fn to_der(&self) -> Result<Vec<u8>, Error> {
        let oid = Oid::new(&self.oid).map_err(|_| bad("otherName", &self.oid, "not an OID"))?;
        if self.value.is_empty() {
            return Err(bad("otherName", &self.oid, "empty value"));
        }
        let value = tlv(context_constructed(0), &tlv(asn1::UTF8_STRING, self.value.as_bytes()));
        Ok(tlv(context_constructed(0), &[object_id(&oid), value].concat()))
    }

    /// `None` where its value is not a UTF8String.
    fn from_value(value: Value<'_>) -> Result<Option<Self>, Error> {
        let mut reader = value.reader("otherName");
        let oid = reader.oid()?.to_string();
        let inner = reader.inside(context_constructed(0))?.any()?;
        let text = String::from_utf8(inner.content.to_vec())
            .ok()
            .filter(|_| inner.tag == asn1::UTF8_STRING);
        Ok(text.map(|value| Self { oid, value }))
    }
}

fn ascii(what: &'static str, text: &str, tag: u8) -> Result<Vec<u8>, Error> {
    match text {
        "" => Err(bad(what, text, "empty")),
        _ if !text.is_ascii() => Err(bad(
            what,
            text,
            "only ASCII is allowed; write international names in Punycode",
        )),
        _ => Ok(tlv(context(tag), text.as_bytes())),
    }
}

fn bad(what: &'static str, value: &str, reason: &'static str) -> Error {
    Error::BadName {
        what,
        value: value.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_kinds() -> SubjectAltNames {
        SubjectAltNames {
            dns: vec!["a.example.com".into(), "*.example.com".into()],
            ips: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            uris: vec!["spiffe://cluster/ns/a".into()],
            emails: vec!["me@example.com".into()],
            other_names: vec![OtherName {
                oid: "1.3.6.1.4.1.311.20.2.3".into(),
                value: "üser@realm".into(),
            }],
        }
    }

    #[test]
    fn every_kind_survives_a_round_trip() {
        let names = all_kinds();
        assert_eq!(SubjectAltNames::from_der(&names.to_der().unwrap()).unwrap(), names);
    }

    #[test]
    fn names_that_cannot_be_encoded_are_refused_with_the_name() {
        let mut table = [
            (
                SubjectAltNames {
                    dns: vec!["ä.de".into()],
                    ..Default::default()
                },
                "invalid DNS name \"ä.de\"",
            ),
            (
                SubjectAltNames {
                    dns: vec![String::new()],
                    ..Default::default()
                },
                "invalid DNS name \"\": empty",
            ),
            (
                SubjectAltNames {
                    emails: vec!["Me <me@a>".into()],
                    ..Default::default()
                },
                "invalid email address",
            ),
            (
                SubjectAltNames {
                    uris: vec!["a b".into()],
                    ..Default::default()
                },
                "invalid URI \"a b\"",
            ),
            (SubjectAltNames::default(), "invalid otherName \"x\": not an OID"),
        ];
        table[4].0.other_names = vec![OtherName {
            oid: "x".into(),
            value: "v".into(),
        }];
        for (names, expected) in table {
            let message = names.to_der().unwrap_err().to_string();
            assert!(message.starts_with(expected), "{message}");
        }
    }

    #[test]
    fn addresses_are_canonical_and_zones_and_prefixes_are_refused() {
        let mut names = SubjectAltNames::default();
        names.push_ip("0:0:0:0:0:0:0:1").unwrap();
        names.push_ip("::ffff:192.0.2.1").unwrap();
        assert_eq!(
            names.ips,
            ["::1".parse::<IpAddr>().unwrap(), "192.0.2.1".parse().unwrap()]
        );
        for text in ["1.2.3.4/24", "fe80::1%eth0", "", "a"] {
            assert!(names.push_ip(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(der in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
            let _ = SubjectAltNames::from_der(&der);
        }
    }
}
