//! Questions to name servers: one lookup, the zone of a name, the servers of a zone, the end of a CNAME chain.
//!
//! Answers are searched, never indexed: records may come in any order, be missing or be of other types.

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::error::Error;
use crate::exchange::{Protocol, exchange};

/// Most CNAMEs that are followed.
pub const CNAME_LIMIT: usize = 10;
/// Most name servers of a zone that are asked.
const SERVER_LIMIT: usize = 16;

/// Whom to ask, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask<'a> {
    /// Servers as host:port, tried in order.
    pub servers: &'a [String],
    /// Recursion desired.
    pub recursive: bool,
    /// UDP first, or TCP only.
    pub protocol: Protocol,
}

/// The answer of the first server that gives a usable one (success or NXDOMAIN).
pub async fn lookup(ask: Ask<'_>, name: &Name, record_type: RecordType) -> Result<Message, Error> {
    let mut last = Error::Config {
        what: "no recursive name server is known; set --dns01-recursive-nameservers".into(),
    };
    for server in ask.servers {
        match lookup_at(server, ask, name, record_type).await {
            Ok(message) => return Ok(message),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn lookup_at(server: &str, ask: Ask<'_>, name: &Name, record_type: RecordType) -> Result<Message, Error> {
    let mut message = Message::query();
    message.metadata.message_type = MessageType::Query;
    message.metadata.op_code = OpCode::Query;
    message.metadata.recursion_desired = ask.recursive;
    message.add_query(Query::query(name.clone(), record_type));
    let malformed = || Error::Malformed {
        server: server.to_owned(),
    };
    let query = message.to_vec().map_err(|_| malformed())?;
    let answer = exchange(server, ask.protocol, &query).await?;
    let answer = Message::from_vec(&answer).map_err(|_| malformed())?;
    match answer.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(answer),
        code => Err(Error::Lookup {
            server: server.to_owned(),
            code: name_of(code),
            question: format!("{name} {record_type}"),
        }),
    }
}

/// The apex of the zone that holds `name`: SOA look-ups, walking up label by label.
pub async fn zone_of(ask: Ask<'_>, name: &Name) -> Result<Name, Error> {
    let mut candidate = name.clone();
    let mut refused = None;
    while !candidate.is_root() {
        match lookup(ask, &candidate, RecordType::SOA).await {
            Ok(message) => {
                if let Some(zone) = zone_told(&message, &candidate) {
                    return Ok(zone);
                }
            }
            // A server that serves only some zones refuses the names of others; a parent may still be its own.
            Err(error @ Error::Lookup { .. }) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
        candidate = candidate.base_name();
    }
    let server = ask.servers.join(", ");
    Err(refused.unwrap_or(Error::NoZone {
        server,
        name: name.to_ascii(),
    }))
}

/// The zone an answer about `candidate` tells: its own SOA, or the SOA of the zone that says "no such record".
fn zone_told(message: &Message, candidate: &Name) -> Option<Name> {
    let soa = |records: &[Record], fits: &dyn Fn(&Name) -> bool| {
        records
            .iter()
            .find(|record| record.record_type() == RecordType::SOA && fits(&record.name))
            .map(|record| record.name.clone())
    };
    let own = soa(&message.answers, &|owner| owner == candidate);
    own.or_else(|| {
        soa(&message.authorities, &|owner| {
            !owner.is_root() && owner.zone_of(candidate)
        })
    })
}

/// Name servers of a zone, sorted, at most sixteen.
pub async fn servers_of(ask: Ask<'_>, zone: &Name) -> Result<Vec<Name>, Error> {
    let message = lookup(ask, zone, RecordType::NS).await?;
    let mut servers: Vec<Name> = message
        .answers
        .iter()
        .filter_map(|record| match &record.data {
            RData::NS(server) if record.name == *zone => Some(server.0.clone()),
            _ => None,
        })
        .collect();
    servers.sort();
    servers.dedup();
    servers.truncate(SERVER_LIMIT);
    Ok(servers)
}

/// Addresses of a host, IPv4 first.
pub async fn addresses_of(ask: Ask<'_>, host: &Name) -> Result<Vec<std::net::IpAddr>, Error> {
    let mut found = Vec::new();
    for record_type in [RecordType::A, RecordType::AAAA] {
        let message = lookup(ask, host, record_type).await?;
        found.extend(message.answers.iter().filter_map(|record| record.data.ip_addr()));
    }
    Ok(found)
}

/// Where the CNAMEs of `name` end; `name` itself where it has none.
pub async fn follow(ask: Ask<'_>, name: &Name) -> Result<Name, Error> {
    let mut seen = vec![name.clone()];
    let mut current = name.clone();
    for _ in 0..CNAME_LIMIT {
        let message = lookup(ask, &current, RecordType::CNAME).await?;
        let Some(next) = cname_of(&message, &current) else {
            return Ok(current);
        };
        if seen.contains(&next) {
            break;
        }
        seen.push(next.clone());
        current = next;
    }
    Err(Error::CnameChain {
        name: name.to_ascii(),
        limit: CNAME_LIMIT,
    })
}

fn cname_of(message: &Message, owner: &Name) -> Option<Name> {
    message.answers.iter().find_map(|record| match &record.data {
        RData::CNAME(target) if record.name == *owner => Some(target.0.clone()),
        _ => None,
    })
}

/// A response code as operators write it.
pub fn name_of(code: ResponseCode) -> String {
    match code {
        ResponseCode::FormErr => "FORMERR".into(),
        ResponseCode::ServFail => "SERVFAIL".into(),
        ResponseCode::NXDomain => "NXDOMAIN".into(),
        ResponseCode::NotImp => "NOTIMP".into(),
        ResponseCode::Refused => "REFUSED".into(),
        ResponseCode::NotAuth => "NOTAUTH".into(),
        ResponseCode::NotZone => "NOTZONE".into(),
        other => format!("{other:?}").to_uppercase(),
    }
}

/// A name as a fully qualified one.
pub fn fqdn(text: &str) -> Result<Name, Error> {
    let mut name = Name::from_ascii(text).map_err(|_| Error::Config {
        what: format!("{text:?} is not a DNS name"),
    })?;
    name.set_fqdn(true);
    Ok(name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::rr::rdata::{A, CNAME, SOA};

    fn record(owner: &str, data: RData) -> Record {
        Record::from_rdata(fqdn(owner).unwrap(), 60, data)
    }
    fn soa(owner: &str) -> Record {
        let name = fqdn("ns").unwrap();
        record(owner, RData::SOA(SOA::new(name.clone(), name, 1, 1, 1, 1, 1)))
    }
    fn cname(owner: &str, target: &str) -> Record {
        record(owner, RData::CNAME(CNAME(fqdn(target).unwrap())))
    }
    fn message(answers: Vec<Record>, authorities: Vec<Record>) -> Message {
        let mut message = Message::query();
        message.add_answers(answers).add_authorities(authorities);
        message
    }

    /// GHSA-gx3x-vq4p-mhhv: an answer whose first record is not the SOA must not matter.
    #[test]
    fn the_zone_is_told_by_the_right_soa_whatever_the_order() {
        let address = || record("a.example", RData::A(A::new(192, 0, 2, 1)));
        let table = [
            (message(vec![soa("a.example")], vec![]), Some("a.example.")),
            (message(vec![address(), soa("a.example")], vec![]), Some("a.example.")),
            (
                message(vec![cname("a.example", "b.other"), soa("b.other")], vec![]),
                None,
            ),
            (message(vec![], vec![address(), soa("example")]), Some("example.")),
            (message(vec![], vec![soa("other")]), None),
            (message(vec![], vec![soa(".")]), None),
            (message(vec![], vec![]), None),
        ];
        for (message, zone) in table {
            let told = zone_told(&message, &fqdn("a.example").unwrap()).map(|name| name.to_ascii());
            assert_eq!(told.as_deref(), zone, "{message:?}");
        }
    }

    #[test]
    fn a_cname_counts_for_its_owner_only() {
        let message = message(
            vec![cname("x.example", "y.example"), cname("A.example", "b.example")],
            vec![],
        );
        assert_eq!(
            cname_of(&message, &fqdn("a.example").unwrap()),
            Some(fqdn("b.example").unwrap())
        );
        assert_eq!(cname_of(&message, &fqdn("c.example").unwrap()), None);
    }
}
