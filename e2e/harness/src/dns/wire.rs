//! The little of RFC 1035 that is needed: read one question, write addresses as its answer.

use std::net::Ipv4Addr;

/// Query type A.
pub(super) const A: u16 = 1;
const HEADER: usize = 12;
/// Seconds that resolvers may keep an answer; Services come and go in tests.
const TTL: u32 = 1;

/// The first question of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// Lower case, without the last dot.
    pub name: String,
    /// Query type.
    pub kind: u16,
    /// Length of header and question in the packet.
    end: usize,
}

/// What to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reply {
    /// The name has these addresses; empty = it exists and has none of the type.
    Addresses(Vec<Ipv4Addr>),
    /// No such name.
    NoSuchName,
    /// The server that should know does not answer.
    Failure,
}

/// Reads the question; `None` where this is no query we can answer.
pub(super) fn question(packet: &[u8]) -> Option<Question> {
    let is_response = packet.get(2)? & 0x80 != 0;
    if is_response || packet.get(4..6)? != [0, 1] {
        return None;
    }
    let mut at = HEADER;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*packet.get(at)?);
        at += 1;
        match length {
            0 => break,
            1..=63 => labels.push(String::from_utf8_lossy(packet.get(at..at + length)?).to_lowercase()),
            _ => return None,
        }
        at += length;
    }
    let kind = u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]);
    packet.get(at + 3)?;
    Some(Question {
        name: labels.join("."),
        kind,
        end: at + 4,
    })
}

/// A query for one name and type, without recursion.
pub(super) fn query(name: &str, kind: u16) -> Vec<u8> {
    let mut packet = vec![0x45, 0x56, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.').filter(|label| !label.is_empty()) {
        packet.push(u8::try_from(label.len()).unwrap_or(0));
        packet.extend(label.as_bytes());
    }
    packet.push(0);
    packet.extend(kind.to_be_bytes());
    packet.extend([0, 1]);
    packet
}

/// True for a response without error that has at least one record.
pub(super) fn has_records(response: &[u8]) -> bool {
    let code = response.get(3).map(|byte| byte & 0x0F);
    let count = response.get(6..8).map(|bytes| bytes != [0, 0]);
    code == Some(0) && count == Some(true)
}

/// The response to `packet`, whose question is given.
pub(super) fn response(packet: &[u8], question: &Question, reply: &Reply) -> Vec<u8> {
    let (code, addresses) = match reply {
        Reply::Addresses(list) if question.kind == A => (0, list.as_slice()),
        Reply::Addresses(_) => (0, [].as_slice()),
        Reply::Failure => (2, [].as_slice()),
        Reply::NoSuchName => (3, [].as_slice()),
    };
    let mut out = packet.get(..question.end).unwrap_or_default().to_vec();
    let count = u16::try_from(addresses.len()).unwrap_or(0).to_be_bytes();
    // Response, authoritative, recursion as desired and available; one question, the answers, nothing more.
    let wants_recursion = packet.get(2).copied().unwrap_or_default() & 0x01;
    for (at, byte) in [
        0x84 | wants_recursion,
        0x80 | code,
        0,
        1,
        count[0],
        count[1],
        0,
        0,
        0,
        0,
    ]
    .iter()
    .enumerate()
    {
        if let Some(slot) = out.get_mut(at + 2) {
            *slot = *byte;
        }
    }
    for address in addresses {
        out.extend([0xC0, 0x0C, 0, 1, 0, 1]);
        out.extend(TTL.to_be_bytes());
        out.extend([0, 4]);
        out.extend(address.octets());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A query for `web.shop.` of this type, with an EDNS record that is to be ignored.
    fn query(kind: u8) -> Vec<u8> {
        let mut packet = vec![0xAB, 0xCD, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 1];
        packet.extend(b"\x03Web\x04shop\x00");
        packet.extend([0, kind, 0, 1]);
        packet.extend([0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]);
        packet
    }

    #[test]
    fn the_answer_repeats_the_question_and_points_to_its_name() {
        let packet = query(1);
        let question = question(&packet).unwrap();
        assert_eq!((question.name.as_str(), question.kind), ("web.shop", A));
        let address = Ipv4Addr::new(10, 96, 0, 7);
        let mut expected = vec![0xAB, 0xCD, 0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
        expected.extend(b"\x03Web\x04shop\x00\x00\x01\x00\x01");
        expected.extend([0xC0, 0x0C, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 10, 96, 0, 7]);
        assert_eq!(response(&packet, &question, &Reply::Addresses(vec![address])), expected);
    }

    #[test]
    fn other_types_have_no_records_and_unknown_names_an_error() {
        let packet = query(28);
        let question = question(&packet).unwrap();
        let codes = |reply: &Reply| {
            let out = response(&packet, &question, reply);
            (out[3] & 0x0F, out[7], out.len())
        };
        let short = 12 + 14;
        assert_eq!(codes(&Reply::Addresses(vec![Ipv4Addr::LOCALHOST])), (0, 0, short));
        assert_eq!(codes(&Reply::NoSuchName), (3, 0, short));
        assert_eq!(codes(&Reply::Failure), (2, 0, short));
    }

    #[test]
    fn cut_off_packets_are_no_questions() {
        let packet = query(1);
        for length in 0..26 {
            assert_eq!(question(&packet[..length]), None, "{length}");
        }
    }
}
