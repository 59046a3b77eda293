//! Name constraints of a CA, RFC 5280 section 4.2.1.10.

use std::net::IpAddr;

use crate::Error;
use crate::asn1::{context, context_constructed, sequence, tlv};
use crate::extension::Extension;
use crate::oids;

/// What a CA may sign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameConstraints {
    /// True where readers must understand it.
    pub critical: bool,
    /// Only names in these.
    pub permitted: Subtrees,
    /// No names in these.
    pub excluded: Subtrees,
}

/// Parts of the name spaces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subtrees {
    /// Domains with everything below them.
    pub dns_domains: Vec<String>,
    /// Networks, written as CIDR.
    pub ip_ranges: Vec<String>,
    /// Mailboxes, hosts or domains.
    pub email_addresses: Vec<String>,
    /// Hosts or domains of URIs.
    pub uri_domains: Vec<String>,
}

impl NameConstraints {
    pub(crate) fn to_extension(&self) -> Result<Extension, Error> {
        let permitted = self.permitted.to_der(0)?;
        let excluded = self.excluded.to_der(1)?;
        let value = sequence(&[&permitted, &excluded]);
        Ok(Extension {
            oid: oids::NAME_CONSTRAINTS,
            critical: self.critical,
            value,
        })
    }
}

impl Subtrees {
    /// `[tag] GeneralSubtrees`; nothing where there are none.
    fn to_der(&self, tag: u8) -> Result<Vec<u8>, Error> {
        let mut trees = Vec::new();
        for domain in &self.dns_domains {
            trees.push(ascii("DNS domain", domain, 2)?);
        }
        for range in &self.ip_ranges {
            trees.push(tlv(context(7), &network(range)?));
        }
        for email in &self.email_addresses {
            trees.push(ascii("email address", email, 1)?);
        }
        for domain in &self.uri_domains {
            trees.push(ascii("URI domain", domain, 6)?);
        }
        let content: Vec<u8> = trees.iter().flat_map(|base| sequence(&[base])).collect();
        Ok(if content.is_empty() {
            content
        } else {
            tlv(context_constructed(tag), &content)
        })
    }
}

fn ascii(what: &'static str, text: &str, tag: u8) -> Result<Vec<u8>, Error> {
    if text.is_ascii() {
        Ok(tlv(context(tag), text.as_bytes()))
    } else {
        Err(Error::BadName {
            what,
            value: text.to_owned(),
            reason: "only ASCII is allowed",
        })
    }
}

/// Network address and mask.
fn network(text: &str) -> Result<Vec<u8>, Error> {
    let parsed = || {
        let (ip, length) = text.split_once('/')?;
        let octets = match ip.parse().ok()? {
            IpAddr::V4(ip) => ip.octets().to_vec(),
            IpAddr::V6(ip) => ip.octets().to_vec(),
        };
        let length: usize = length.parse().ok().filter(|length| *length <= octets.len() * 8)?;
        let mask = (0..octets.len()).map(|at| {
            let bits = length.saturating_sub(at * 8).min(8);
            !u8::try_from(0xff_u16 >> bits).unwrap_or_default()
        });
        let mask: Vec<u8> = mask.collect();
        let masked = octets.iter().zip(&mask).map(|(octet, mask)| octet & mask);
        Some(masked.chain(mask.iter().copied()).collect())
    };
    parsed().ok_or_else(|| Error::BadName {
        what: "IP range",
        value: text.to_owned(),
        reason: "not in CIDR notation",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_masked() {
        let table: [(&str, Option<Vec<u8>>); 7] = [
            ("10.1.2.3/8", Some(vec![10, 0, 0, 0, 255, 0, 0, 0])),
            ("192.0.2.129/25", Some(vec![192, 0, 2, 128, 255, 255, 255, 128])),
            ("0.0.0.0/0", Some(vec![0; 8])),
            ("10.0.0.1/32", Some(vec![10, 0, 0, 1, 255, 255, 255, 255])),
            ("10.0.0.1/33", None),
            ("10.0.0.1", None),
            ("a/8", None),
        ];
        for (text, expected) in table {
            assert_eq!(network(text).ok(), expected, "{text}");
        }
    }
}
