//! An RDNSequence, kept as the bytes it was made of, so that copying it never changes it.

use std::fmt;

use super::{Subject, literal};
use crate::Error;
use crate::asn1::{self, Reader, Value, object_id, sequence, set_of, tlv};
use crate::oids::{self, Oid};

/// A name as DER. Equal if the bytes are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Name(Vec<u8>);

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) oid: Oid,
    pub(crate) value: String,
}

/// Short names of RFC 4514 and the ones that upstream accepts besides.
pub(super) const SHORT_NAMES: [(&str, Oid); 10] = [
    ("C", oids::COUNTRY),
    ("O", oids::ORGANIZATION),
    ("OU", oids::ORGANIZATIONAL_UNIT),
    ("CN", oids::COMMON_NAME),
    ("SERIALNUMBER", oids::SERIAL_NUMBER),
    ("L", oids::LOCALITY),
    ("ST", oids::PROVINCE),
    ("STREET", oids::STREET_ADDRESS),
    ("DC", oids::DOMAIN_COMPONENT),
    ("UID", oids::USER_ID),
];

impl Name {
    /// From the fields of a Certificate's `subject` and `commonName`.
    pub fn from_subject(subject: &Subject) -> Self {
        Self::from_rdns(&subject.rdns())
    }

    /// From a Certificate's `literalSubject` (RFC 4514): the last RDN written comes first in DER.
    pub fn from_literal(text: &str) -> Result<Self, Error> {
        Ok(Self::from_rdns(&literal::parse(text)?))
    }

    /// From DER. Error: not an RDNSequence.
    pub fn from_der(der: Vec<u8>) -> Result<Self, Error> {
        let name = Self(der);
        name.rdns()?;
        Ok(name)
    }

    pub(super) fn from_rdns(rdns: &[Vec<Attribute>]) -> Self {
        let sets = rdns
            .iter()
            .map(|rdn| set_of(rdn.iter().map(Attribute::to_der).collect()));
        Self(sequence(&[&sets.collect::<Vec<_>>().concat()]))
    }

    /// DER RDNSequence.
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// True where it holds no attribute.
    pub fn is_empty(&self) -> bool {
        self.0 == [asn1::SEQUENCE, 0]
    }

    /// The last common name, the one that Go's library takes.
    pub fn common_name(&self) -> Option<String> {
        self.values(&oids::COMMON_NAME).pop()
    }

    /// Its attributes by kind, as the annotations of a target Secret list them.
    pub fn subject(&self) -> Subject {
        Subject {
            countries: self.values(&oids::COUNTRY),
            organizations: self.values(&oids::ORGANIZATION),
            organizational_units: self.values(&oids::ORGANIZATIONAL_UNIT),
            localities: self.values(&oids::LOCALITY),
            provinces: self.values(&oids::PROVINCE),
            street_addresses: self.values(&oids::STREET_ADDRESS),
            postal_codes: self.values(&oids::POSTAL_CODE),
            common_name: self.common_name(),
            serial_number: self.values(&oids::SERIAL_NUMBER).pop(),
        }
    }

    fn values(&self, oid: &Oid) -> Vec<String> {
        let rdns = self.rdns().unwrap_or_default();
        rdns.into_iter()
            .flatten()
            .filter(|attribute| attribute.oid == *oid)
            .map(|attribute| attribute.value)
            .collect()
    }

    pub(crate) fn rdns(&self) -> Result<Vec<Vec<Attribute>>, Error> {
        let mut reader = Reader::whole_sequence(&self.0, "name")?;
        let mut rdns = Vec::new();
        while !reader.is_empty() {
            let mut set = reader.inside(asn1::SET)?;
            let mut rdn = Vec::new();
            while !set.is_empty() {
                let mut pair = set.inside(asn1::SEQUENCE)?;
                rdn.push(Attribute {
                    oid: pair.oid()?,
                    value: text(pair.any()?),
                });
                pair.end()?;
            }
            rdns.push(rdn);
        }
        Ok(rdns)
    }
}

impl Attribute {
    /// PrintableString where its alphabet suffices, else UTF8String, as Go encodes names.
    fn to_der(&self) -> Vec<u8> {
        let printable = self
            .value
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte));
        let tag = if printable {
            asn1::PRINTABLE_STRING
        } else {
            asn1::UTF8_STRING
        };
        sequence(&[&object_id(&self.oid), &tlv(tag, self.value.as_bytes())])
    }
}

/// The text of a directory string; bytes that are no text in their own encoding become U+FFFD.
fn text(value: Value<'_>) -> String {
    match value.tag {
        asn1::BMP_STRING => {
            let units = value
                .content
                .chunks_exact(2)
                .map(|pair| pair.iter().fold(0, |unit, byte| (unit << 8) | u16::from(*byte)));
            char::decode_utf16(units)
                .map(|unit| unit.unwrap_or('\u{fffd}'))
                .collect()
        }
        asn1::T61_STRING => value.content.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(value.content).into_owned(),
    }
}

impl Default for Name {
    fn default() -> Self {
        Self::from_rdns(&[])
    }
}

/// RFC 4514: last RDN first, special characters escaped.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, rdn) in self.rdns().unwrap_or_default().iter().rev().enumerate() {
            f.write_str(if place == 0 { "" } else { "," })?;
            for (place, Attribute { oid, value }) in rdn.iter().enumerate() {
                f.write_str(if place == 0 { "" } else { "+" })?;
                match SHORT_NAMES.iter().find(|(_, known)| known == oid) {
                    Some((name, _)) => write!(f, "{name}=")?,
                    None => write!(f, "{oid}=")?,
                }
                escape(value, f)?;
            }
        }
        Ok(())
    }
}

fn escape(value: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = value.chars().count().saturating_sub(1);
    for (place, letter) in value.chars().enumerate() {
        let at_edge = (place == 0 && matches!(letter, ' ' | '#')) || (place == last && letter == ' ');
        match letter {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{letter}")?,
            _ if at_edge => write!(f, "\\{letter}")?,
            _ if letter.is_control() => {
                let mut bytes = [0; 4];
                for byte in letter.encode_utf8(&mut bytes).bytes() {
                    write!(f, "\\{byte:02x}")?;
                }
            }
            _ => write!(f, "{letter}")?,
        }
    }
    Ok(())
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}
