//! X.509 extensions in their raw form.

use crate::Error;
use crate::asn1::{self, Reader, object_id, sequence, tlv, yes};
use crate::oids::{self, Oid};

/// One extension as it stands in a request or certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// What it is.
    pub oid: Oid,
    /// True where a reader that does not know it must refuse the certificate.
    pub critical: bool,
    /// DER content.
    pub value: Vec<u8>,
}

impl Extension {
    pub(crate) fn find<'a>(list: &'a [Self], oid: &Oid) -> Option<&'a Self> {
        list.iter().find(|extension| extension.oid == *oid)
    }

    fn to_der(&self) -> Vec<u8> {
        let critical = if self.critical { yes() } else { Vec::new() };
        sequence(&[&object_id(&self.oid), &critical, &tlv(asn1::OCTET_STRING, &self.value)])
    }

    /// DER `Extensions`.
    pub(crate) fn list_to_der(list: &[Self]) -> Vec<u8> {
        sequence(&[&list.iter().flat_map(Self::to_der).collect::<Vec<_>>()])
    }

    /// From DER `Extensions`. Error: the same extension twice (RFC 5280 section 4.2).
    pub(crate) fn list_from_der(der: &[u8]) -> Result<Vec<Self>, Error> {
        let mut reader = Reader::whole_sequence(der, "extensions")?;
        let mut list: Vec<Self> = Vec::new();
        while !reader.is_empty() {
            let mut inner = reader.inside(asn1::SEQUENCE)?;
            let oid = inner.oid()?;
            let critical = inner.optional(asn1::BOOLEAN)?.is_some_and(|value| value.content != [0]);
            let value = inner.value(asn1::OCTET_STRING)?.content.to_vec();
            inner.end()?;
            if list.len() >= 100 || Self::find(&list, &oid).is_some() {
                return Err(reader.malformed());
            }
            list.push(Self { oid, critical, value });
        }
        Ok(list)
    }

    /// basicConstraints without a path length, always critical.
    pub(crate) fn basic_constraints(is_ca: bool) -> Self {
        let value = if is_ca { sequence(&[&yes()]) } else { sequence(&[]) };
        Self {
            oid: oids::BASIC_CONSTRAINTS,
            critical: true,
            value,
        }
    }

    /// The CA flag of basicConstraints; `None` where there is no such extension.
    pub(crate) fn ca_flag(list: &[Self]) -> Result<Option<bool>, Error> {
        let Some(extension) = Self::find(list, &oids::BASIC_CONSTRAINTS) else {
            return Ok(None);
        };
        let mut reader = Reader::whole_sequence(&extension.value, "basic constraints")?;
        Ok(Some(
            reader
                .optional(asn1::BOOLEAN)?
                .is_some_and(|value| value.content != [0]),
        ))
    }
}
