//! The `rfc2136` solver: dynamic updates (RFC 2136) of single TXT values, signed with TSIG or not at all.
//!
//! It adds and deletes exactly the value it is told, so that a wildcard and its base name, or another client, can hold
//! values at the same name. All updates are safe to repeat.

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::error::Error;
use crate::exchange::{Protocol, exchange};
use crate::lookup::{Ask, fqdn, name_of, zone_of};
use crate::tsig::TsigKey;

/// TTL of the records it makes, seconds (upstream: 60).
const TTL: u32 = 60;
/// Port where a name server is given without one.
const PORT: u16 = 53;

/// A name server that takes updates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rfc2136 {
    server: String,
    key: Option<TsigKey>,
    protocol: Protocol,
}

impl Rfc2136 {
    /// For a name server given as `host`, `host:port`, IPv6 address or `[IPv6]:port`.
    ///
    /// # Errors
    /// [`Error::Config`] where it is none of these.
    pub fn new(nameserver: &str, key: Option<TsigKey>, protocol: Protocol) -> Result<Self, Error> {
        Ok(Self {
            server: host_port(nameserver)?,
            key,
            protocol,
        })
    }

    /// The server as host:port, for messages.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Adds one TXT value at `name`. `unix_time` is the time the signature carries.
    pub async fn add(&self, name: &str, value: &str, unix_time: u64) -> Result<(), Error> {
        self.update(&fqdn(name)?, value, DNSClass::IN, unix_time).await
    }

    /// Deletes one TXT value at `name`; that it is gone already is a success.
    pub async fn delete(&self, name: &str, value: &str, unix_time: u64) -> Result<(), Error> {
        self.update(&fqdn(name)?, value, DNSClass::NONE, unix_time).await
    }

    async fn update(&self, name: &Name, value: &str, class: DNSClass, unix_time: u64) -> Result<(), Error> {
        let servers = [self.server.clone()];
        let zone = zone_of(
            Ask {
                servers: &servers,
                recursive: false,
                protocol: self.protocol,
            },
            name,
        )
        .await?;
        let message = message(&zone, name, value, class);
        let malformed = || Error::Malformed {
            server: self.server.clone(),
        };
        let encoded = message.to_vec().map_err(|_| malformed())?;
        let (sent, mac) = match &self.key {
            Some(key) => key.sign(&encoded, unix_time)?,
            None => (encoded, Vec::new()),
        };
        let answer = exchange(&self.server, self.protocol, &sent).await?;
        if let Some(key) = &self.key {
            key.verify(&answer, &mac, &self.server)?;
        }
        let answer = Message::from_vec(&answer).map_err(|_| malformed())?;
        self.judge(answer.metadata.response_code, &zone)
    }

    fn judge(&self, code: ResponseCode, zone: &Name) -> Result<(), Error> {
        let hint = match (code, self.key.is_some()) {
            (ResponseCode::NoError, _) => return Ok(()),
            (ResponseCode::Refused, true) => {
                "allow this TSIG key to change TXT records there (BIND: update-policy or allow-update)"
            }
            (ResponseCode::Refused, false) => "the server wants a TSIG key: set tsigKeyName and tsigSecretSecretRef",
            (ResponseCode::NotAuth, true) => {
                "it is not the primary server of the zone, or does not accept the TSIG key"
            }
            (ResponseCode::NotAuth | ResponseCode::NotZone, _) => "point nameserver at the primary server of the zone",
            (ResponseCode::NotImp, _) => "it does not do dynamic updates; point nameserver at one that does",
            (ResponseCode::ServFail, _) => "the server could not store the update; look into its log",
            _ => "look into the server's log",
        };
        Err(Error::Update {
            server: self.server.clone(),
            zone: zone.to_ascii(),
            code: name_of(code),
            hint,
        })
    }
}

/// An update of one TXT value: class IN adds it, class NONE deletes it (RFC 2136 sections 2.5.1 and 2.5.4).
fn message(zone: &Name, name: &Name, value: &str, class: DNSClass) -> Message {
    let mut message = Message::new(Message::query().metadata.id, MessageType::Query, OpCode::Update);
    message.add_query(Query::query(zone.clone(), RecordType::SOA));
    let pieces = value.as_bytes().chunks(255).collect();
    let ttl = if class == DNSClass::IN { TTL } else { 0 };
    let mut record = Record::from_rdata(name.clone(), ttl, RData::TXT(TXT::from_bytes(pieces)));
    record.dns_class = class;
    message.add_authority(record);
    message
}

/// `host:port` of a name server, with the port added where it is missing.
///
/// # Errors
/// [`Error::Config`] that says what the forms are.
pub fn host_port(text: &str) -> Result<String, Error> {
    let text = text.trim();
    let bad = || Error::Config {
        what: format!("{text:?} is no name server: write host, host:port, an address or [IPv6]:port"),
    };
    if let Ok(address) = text
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>()
    {
        return Ok(std::net::SocketAddr::new(address, PORT).to_string());
    }
    if let Ok(address) = text.parse::<std::net::SocketAddr>() {
        return Ok(address.to_string());
    }
    let (host, port) = text
        .rsplit_once(':')
        .map_or((text, Ok(PORT)), |(host, port)| (host, port.parse()));
    let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match port {
        Ok(port) if port != 0 && !host.is_empty() && host.chars().all(sound) => Ok(format!("{host}:{port}")),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_read_in_every_form() {
        let table = [
            ("ns.example", Some("ns.example:53")),
            ("ns.example:5353", Some("ns.example:5353")),
            ("192.0.2.1", Some("192.0.2.1:53")),
            ("192.0.2.1:5353", Some("192.0.2.1:5353")),
            ("2001:db8::1", Some("[2001:db8::1]:53")),
            ("[2001:db8::1]", Some("[2001:db8::1]:53")),
            ("[2001:db8::1]:5353", Some("[2001:db8::1]:5353")),
            ("", None),
            (":53", None),
            ("ns.example:0", None),
            ("ns.example:99999", None),
            ("ns example", None),
            ("https://ns.example", None),
        ];
        for (text, expected) in table {
            assert_eq!(host_port(text).ok().as_deref(), expected, "{text}");
        }
    }
}
