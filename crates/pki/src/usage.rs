//! Key usages by the names of the Kubernetes API, as bits and OIDs of the certificate.

use std::collections::BTreeSet;
use std::str::FromStr;

use crate::Error;
use crate::asn1::{self, Reader, object_id, sequence, tlv};
use crate::extension::Extension;
use crate::oids::{self, Oid};

/// Where a usage goes: a bit of keyUsage (RFC 5280 section 4.2.1.3) or a purpose of extKeyUsage (4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Usage {
    /// Number of the bit.
    Key(u8),
    /// Purpose.
    Extended(Oid),
}

const CERT_SIGN: u16 = 1 << 5;

/// Names in the order upstream documents them; of two names for one thing the first is the one that is written.
const NAMES: [(&str, Usage); 23] = [
    ("digital signature", Usage::Key(0)),
    ("signing", Usage::Key(0)),
    ("content commitment", Usage::Key(1)),
    ("key encipherment", Usage::Key(2)),
    ("data encipherment", Usage::Key(3)),
    ("key agreement", Usage::Key(4)),
    ("cert sign", Usage::Key(5)),
    ("crl sign", Usage::Key(6)),
    ("encipher only", Usage::Key(7)),
    ("decipher only", Usage::Key(8)),
    ("any", Usage::Extended(Oid::new_unwrap("2.5.29.37.0"))),
    ("server auth", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.1"))),
    ("client auth", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.2"))),
    ("code signing", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.3"))),
    (
        "email protection",
        Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.4")),
    ),
    ("s/mime", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.4"))),
    (
        "ipsec end system",
        Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.5")),
    ),
    ("ipsec tunnel", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.6"))),
    ("ipsec user", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.7"))),
    ("timestamping", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.8"))),
    ("ocsp signing", Usage::Extended(Oid::new_unwrap("1.3.6.1.5.5.7.3.9"))),
    (
        "microsoft sgc",
        Usage::Extended(Oid::new_unwrap("1.3.6.1.4.1.311.10.3.3")),
    ),
    (
        "netscape sgc",
        Usage::Extended(Oid::new_unwrap("2.16.840.1.113730.4.1")),
    ),
];

impl FromStr for Usage {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let found = NAMES.iter().find(|(known, _)| *known == name).map(|(_, usage)| *usage);
        found.ok_or_else(|| Error::UnknownUsage(name.to_owned()))
    }
}

/// What a certificate may be used for. Equal where certificates are: order and double names do not count.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usages {
    key: u16,
    extended: BTreeSet<Oid>,
}

impl Usages {
    /// From a spec: no names mean `digital signature` and `key encipherment`; a CA may sign certificates besides.
    pub fn from_names<T: AsRef<str>>(names: &[T], is_ca: bool) -> Result<Self, Error> {
        let mut usages = Self {
            key: if is_ca { CERT_SIGN } else { 0 },
            extended: BTreeSet::new(),
        };
        if names.is_empty() {
            usages.key |= 0b101;
        }
        for name in names {
            match name.as_ref().parse()? {
                Usage::Key(bit) => usages.key |= 1 << bit,
                Usage::Extended(oid) => _ = usages.extended.insert(oid),
            }
        }
        Ok(usages)
    }

    /// Bits of keyUsage, digitalSignature lowest.
    pub fn key_usage(&self) -> u16 {
        self.key
    }

    /// Purposes of extKeyUsage.
    pub fn extended(&self) -> &BTreeSet<Oid> {
        &self.extended
    }

    /// True where certificates may be signed.
    pub fn may_sign_certificates(&self) -> bool {
        self.key & CERT_SIGN != 0
    }

    /// Names, each usage once; purposes without a name are left out.
    pub fn names(&self) -> Vec<&'static str> {
        let has = |usage| match usage {
            Usage::Key(bit) => self.key & (1 << bit) != 0,
            Usage::Extended(oid) => self.extended.contains(&oid),
        };
        let wanted = NAMES
            .iter()
            .filter(|(name, usage)| has(*usage) && !["signing", "s/mime"].contains(name));
        wanted.map(|(name, _)| *name).collect()
    }

    /// What `extensions` say; `None` where they say nothing about usages.
    pub(crate) fn from_extensions(extensions: &[Extension]) -> Result<Option<Self>, Error> {
        let key = Extension::find(extensions, &oids::KEY_USAGE);
        let extended = Extension::find(extensions, &oids::EXT_KEY_USAGE);
        if key.is_none() && extended.is_none() {
            return Ok(None);
        }
        let key = key
            .map(|extension| read_bits(&extension.value))
            .transpose()?
            .unwrap_or_default();
        let extended = extended
            .map(|extension| read_purposes(&extension.value))
            .transpose()?
            .unwrap_or_default();
        Ok(Some(Self { key, extended }))
    }

    /// keyUsage (critical) and extKeyUsage, each only if it says something.
    pub(crate) fn to_extensions(&self) -> Vec<Extension> {
        let mut extensions = Vec::new();
        if self.key != 0 {
            extensions.push(Extension {
                oid: oids::KEY_USAGE,
                critical: true,
                value: write_bits(self.key),
            });
        }
        if !self.extended.is_empty() {
            let purposes: Vec<u8> = self.extended.iter().flat_map(object_id).collect();
            extensions.push(Extension {
                oid: oids::EXT_KEY_USAGE,
                critical: false,
                value: sequence(&[&purposes]),
            });
        }
        extensions
    }
}

/// A BIT STRING of named bits: bit 0 is the highest of the first byte, trailing zeros are dropped.
fn write_bits(bits: u16) -> Vec<u8> {
    let bytes = bits.reverse_bits().to_be_bytes();
    let used = usize::from(bytes[1] != 0) + 1;
    let last = bytes[used - 1];
    let unused = u8::try_from(last.trailing_zeros().min(7)).unwrap_or_default();
    tlv(asn1::BIT_STRING, &[&[unused], &bytes[..used]].concat())
}

fn read_bits(der: &[u8]) -> Result<u16, Error> {
    let mut reader = Reader::new(der, "key usage");
    let bits = reader.value(asn1::BIT_STRING)?.content;
    let byte = |at: usize| bits.get(at).copied().unwrap_or_default();
    if bits.is_empty() || bits.len() > 3 {
        Err(reader.malformed())
    } else {
        Ok(u16::from_be_bytes([byte(1), byte(2)]).reverse_bits())
    }
}

fn read_purposes(der: &[u8]) -> Result<BTreeSet<Oid>, Error> {
    let mut reader = Reader::whole_sequence(der, "extended key usage")?;
    let mut purposes = BTreeSet::new();
    while !reader.is_empty() {
        purposes.insert(reader.oid()?);
    }
    Ok(purposes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_bits_and_purposes_and_come_back_once() {
        let table: [(&[&str], bool, u16, &[&str]); 5] = [
            (&[], false, 0b101, &["digital signature", "key encipherment"]),
            (
                &[],
                true,
                0b10_0101,
                &["digital signature", "key encipherment", "cert sign"],
            ),
            (&["signing", "digital signature"], false, 1, &["digital signature"]),
            (
                &["decipher only", "s/mime"],
                false,
                1 << 8,
                &["decipher only", "email protection"],
            ),
            (&["server auth", "any"], false, 0, &["any", "server auth"]),
        ];
        for (names, is_ca, bits, expected) in table {
            let usages = Usages::from_names(names, is_ca).unwrap();
            assert_eq!(
                (usages.key_usage(), usages.names()),
                (bits, expected.to_vec()),
                "{names:?}"
            );
            assert_eq!(
                Usages::from_extensions(&usages.to_extensions()).unwrap(),
                Some(usages),
                "{names:?}"
            );
        }
        assert_eq!(
            Usages::from_names(&["sign"], false).unwrap_err().to_string(),
            "unknown usage \"sign\""
        );
    }

    #[test]
    fn bits_are_encoded_as_named_bits() {
        let table: [(u16, &[u8]); 4] = [
            (1, &[3, 2, 7, 0x80]),
            (0b101, &[3, 2, 5, 0xa0]),
            (1 << 8, &[3, 3, 7, 0, 0x80]),
            (1 << 7, &[3, 2, 0, 1]),
        ];
        for (bits, expected) in table {
            assert_eq!(
                (write_bits(bits), read_bits(expected).unwrap()),
                (expected.to_vec(), bits)
            );
        }
    }

    #[test]
    fn each_name_of_the_api_is_known_on_its_own() {
        for (name, _) in NAMES {
            assert!(
                Usages::from_names(&[name], false).unwrap() != Usages::default(),
                "{name}"
            );
        }
    }
}
