//! Is a TXT value visible to a certificate authority? One check, no waiting: the caller looks again when its timer says so.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use hickory_proto::op::Message;
use hickory_proto::rr::{Name, RData, RecordType};

use crate::error::Error;
use crate::exchange::Protocol;
use crate::lookup::{Ask, addresses_of, follow, fqdn, lookup, servers_of, zone_of};

/// How to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Propagation {
    /// Recursive servers as host:port.
    pub recursive: Vec<String>,
    /// Believe the recursive servers instead of asking the authoritative ones.
    pub recursive_only: bool,
    /// Port of authoritative servers; 53 outside tests.
    pub port: u16,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Every server that was asked has the value.
    Visible,
    /// One does not have it yet.
    Missing {
        /// The server, host:port.
        server: String,
        /// Name of the record after CNAMEs.
        name: String,
        /// How long this "no" may be cached: looking again sooner cannot help. Known for recursive servers only.
        cached_for: Option<Duration>,
    },
}

impl Propagation {
    /// Looks for `value` among the TXT records at `name` on every server that counts.
    pub async fn check(&self, name: &str, value: &str) -> Result<Visibility, Error> {
        let name = fqdn(name)?;
        if self.recursive_only {
            return self.at_recursive(&name, value).await;
        }
        let ask = recursive(&self.recursive);
        let name = follow(ask, &name).await?;
        let zone = zone_of(ask, &name).await?;
        let servers = servers_of(ask, &zone).await?;
        if servers.is_empty() {
            return Err(Error::NoZone {
                server: self.recursive.join(", "),
                name: zone.to_ascii(),
            });
        }
        let checks = join_all(servers.iter().map(|server| self.at_authority(server, &name, value))).await;
        worst(checks)
    }

    /// The name where the record has to be put: `name`, or where its CNAMEs lead (`cnameStrategy: Follow`).
    pub async fn resolve_cname(&self, name: &str) -> Result<String, Error> {
        Ok(follow(recursive(&self.recursive), &fqdn(name)?).await?.to_ascii())
    }

    async fn at_recursive(&self, name: &Name, value: &str) -> Result<Visibility, Error> {
        let checks = self.recursive.iter().map(|server| async move {
            let message = lookup(recursive(std::slice::from_ref(server)), name, RecordType::TXT).await?;
            Ok(judge(&message, None, value, server, name).cached_for(negative_ttl(&message)))
        });
        worst(join_all(checks).await)
    }

    /// Asks one authoritative server; the first of its addresses that answers speaks for it.
    async fn at_authority(&self, server: &Name, name: &Name, value: &str) -> Result<Visibility, Error> {
        let addresses = addresses_of(recursive(&self.recursive), server).await?;
        let servers: Vec<String> = addresses
            .into_iter()
            .map(|ip| SocketAddr::new(ip, self.port).to_string())
            .collect();
        if servers.is_empty() {
            return Err(Error::Address {
                server: server.to_ascii(),
                detail: "it has neither A nor AAAA records".into(),
            });
        }
        let ask = Ask {
            servers: &servers,
            recursive: false,
            protocol: Protocol::Udp,
        };
        let message = lookup(ask, name, RecordType::TXT).await?;
        Ok(judge(
            &message,
            Some(name),
            value,
            &format!("{}:{}", server.to_ascii().trim_end_matches('.'), self.port),
            name,
        ))
    }
}

fn recursive(servers: &[String]) -> Ask<'_> {
    Ask {
        servers,
        recursive: true,
        protocol: Protocol::Udp,
    }
}

impl Visibility {
    fn cached_for(self, ttl: Option<Duration>) -> Self {
        match self {
            Self::Visible => Self::Visible,
            Self::Missing { server, name, .. } => Self::Missing {
                server,
                name,
                cached_for: ttl,
            },
        }
    }
}

/// Whether an answer holds the value; with `owner` only records of that name count (a recursive server follows CNAMEs).
fn judge(message: &Message, owner: Option<&Name>, value: &str, server: &str, name: &Name) -> Visibility {
    let holds = message.answers.iter().any(|record| match &record.data {
        RData::TXT(txt) => owner.is_none_or(|owner| record.name == *owner) && txt.txt_data.concat() == value.as_bytes(),
        _ => false,
    });
    if holds {
        return Visibility::Visible;
    }
    Visibility::Missing {
        server: server.to_owned(),
        name: name.to_ascii().trim_end_matches('.').to_owned(),
        cached_for: None,
    }
}

/// How long a resolver may keep an answer that lacks the value: TTL of the records it has, or RFC 2308's negative TTL.
/// A server that is authoritative itself keeps nothing.
fn negative_ttl(message: &Message) -> Option<Duration> {
    if message.metadata.authoritative {
        return None;
    }
    let positive = message
        .answers
        .iter()
        .filter(|record| record.record_type() == RecordType::TXT)
        .map(|record| record.ttl);
    let negative = message.authorities.iter().filter_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    });
    positive
        .chain(negative)
        .min()
        .map(|seconds| Duration::from_secs(u64::from(seconds)))
}

/// Visible only if all are; what is missing somewhere tells more than that somebody is silent.
fn worst(checks: Vec<Result<Visibility, Error>>) -> Result<Visibility, Error> {
    let mut outcome = if checks.is_empty() {
        Err(Error::Config {
            what: "no recursive name server is known; set --dns01-recursive-nameservers".into(),
        })
    } else {
        Ok(Visibility::Visible)
    };
    for check in checks {
        match check {
            Ok(Visibility::Visible) => {}
            Ok(missing) => return Ok(missing),
            Err(error) => outcome = Err(error),
        }
    }
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::Record;
    use hickory_proto::rr::rdata::{SOA, TXT};

    fn message(values: &[&[&str]], negative: Option<(u32, u32)>) -> Message {
        let owner = fqdn("_acme-challenge.a.example").unwrap();
        let mut message = Message::query();
        for value in values {
            let txt = TXT::new(value.iter().map(|&piece| piece.to_owned()).collect());
            message.add_answer(Record::from_rdata(owner.clone(), 60, RData::TXT(txt)));
        }
        if let Some((ttl, minimum)) = negative {
            let soa = SOA::new(owner.clone(), owner.clone(), 1, 1, 1, 1, minimum);
            message.add_authority(Record::from_rdata(owner, ttl, RData::SOA(soa)));
        }
        message
    }

    #[test]
    fn the_value_counts_among_fifty_others_and_in_pieces() {
        let name = fqdn("_acme-challenge.a.example").unwrap();
        let other = fqdn("b.example").unwrap();
        let many: Vec<String> = (0..50).map(|n| format!("foreign{n}")).collect();
        let mut many: Vec<Vec<&str>> = many.iter().map(|value| vec![value.as_str()]).collect();
        many.push(vec!["wan", "ted"]);
        let many: Vec<&[&str]> = many.iter().map(Vec::as_slice).collect();
        assert_eq!(
            judge(&message(&many, None), Some(&name), "wanted", "ns:53", &name),
            Visibility::Visible
        );
        let missing = Visibility::Missing {
            server: "ns:53".into(),
            name: "_acme-challenge.a.example".into(),
            cached_for: None,
        };
        assert_eq!(
            judge(&message(&[&["WANTED"]], None), Some(&name), "wanted", "ns:53", &name),
            missing
        );
        assert_eq!(
            judge(&message(&[&["wanted"]], None), Some(&other), "wanted", "ns:53", &name),
            missing
        );
        assert_eq!(judge(&message(&[], None), None, "wanted", "ns:53", &name), missing);
    }

    #[test]
    fn a_resolvers_no_lasts_as_long_as_its_cache() {
        let mut authoritative = message(&[], Some((300, 30)));
        authoritative.metadata.authoritative = true;
        let table = [
            (message(&[], Some((300, 30))), Some(30)),
            (message(&[], Some((10, 30))), Some(10)),
            (message(&[&["other"]], None), Some(60)),
            (message(&[], None), None),
            (authoritative, None),
        ];
        for (message, seconds) in table {
            assert_eq!(negative_ttl(&message), seconds.map(Duration::from_secs));
        }
    }

    #[test]
    fn one_server_without_the_value_is_enough_to_wait() {
        let missing = Visibility::Missing {
            server: "b".into(),
            name: "n".into(),
            cached_for: None,
        };
        let silent = Error::Malformed { server: "c".into() };
        let table = [
            (
                vec![Ok(Visibility::Visible), Ok(Visibility::Visible)],
                Ok(Visibility::Visible),
            ),
            (
                vec![Ok(Visibility::Visible), Err(silent.clone()), Ok(missing.clone())],
                Ok(missing),
            ),
            (vec![Err(silent.clone()), Ok(Visibility::Visible)], Err(silent)),
        ];
        for (checks, expected) in table {
            assert_eq!(worst(checks), expected);
        }
        assert!(worst(vec![]).is_err());
    }
}
