//! The few bytes of a DNS message that must be handled in encoded form: the TSIG record at its end (RFC 8945 section 4.2).

/// Type of a TSIG record.
const TSIG: u16 = 250;

/// Content of a TSIG record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TsigRecord {
    /// Encoded name of the algorithm.
    pub algorithm: Vec<u8>,
    /// Unix time.
    pub time: u64,
    /// Allowed difference of clocks, seconds.
    pub fudge: u16,
    /// Signature.
    pub mac: Vec<u8>,
    /// Message id as it was when signed.
    pub id: Vec<u8>,
    /// TSIG error code.
    pub error: u16,
    /// Other data (the server's time for BADTIME).
    pub other: Vec<u8>,
}

/// `message` with the record appended and counted.
pub fn append_tsig(message: &[u8], key_name: &[u8], record: &TsigRecord) -> Vec<u8> {
    let mut rdata = record.algorithm.clone();
    rdata.extend(record.time.to_be_bytes().get(2..).unwrap_or_default());
    rdata.extend(record.fudge.to_be_bytes());
    rdata.extend(length(&record.mac));
    rdata.extend(&record.mac);
    rdata.extend(&record.id);
    rdata.extend(record.error.to_be_bytes());
    rdata.extend(length(&record.other));
    rdata.extend(&record.other);

    let mut out = with_additional(message, 1);
    out.extend(key_name);
    out.extend(TSIG.to_be_bytes());
    out.extend([0, 255, 0, 0, 0, 0]); // class ANY, TTL 0
    out.extend(length(&rdata));
    out.extend(rdata);
    out
}

/// The message without its final TSIG record, as it was signed, and the record; `None` where there is none.
pub fn split_tsig(message: &[u8]) -> Option<(Vec<u8>, TsigRecord)> {
    let mut reader = Reader { message, at: 0 };
    let id = reader.take(2)?;
    reader.take(2)?;
    let (questions, answers, authorities, additionals) = (reader.u16()?, reader.u16()?, reader.u16()?, reader.u16()?);
    for _ in 0..questions {
        reader.skip_name()?;
        reader.take(4)?;
    }
    let before = usize::from(answers) + usize::from(authorities) + usize::from(additionals.checked_sub(1)?);
    for _ in 0..before {
        reader.skip_name()?;
        reader.take(8)?;
        let length = reader.u16()?;
        reader.take(usize::from(length))?;
    }
    let start = reader.at;
    reader.skip_name()?;
    if reader.u16()? != TSIG {
        return None;
    }
    reader.take(8)?;
    let record = reader.tsig()?;
    let mut unsigned = with_additional(message.get(..start)?, -1);
    debug_assert_eq!(unsigned.get(..2), Some(id));
    unsigned.splice(..2, record.id.iter().copied());
    Some((unsigned, record))
}

/// A copy whose count of additional records differs by `change`.
fn with_additional(message: &[u8], change: i16) -> Vec<u8> {
    let mut out = message.to_vec();
    if let Some([high, low]) = out.get_mut(10..12) {
        let count = u16::from_be_bytes([*high, *low]).wrapping_add_signed(change);
        [*high, *low] = count.to_be_bytes();
    }
    out
}

fn length(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.message.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_be_bytes(self.take(2)?.try_into().ok()?))
    }

    /// Steps over a name; a compression pointer ends it.
    fn skip_name(&mut self) -> Option<()> {
        loop {
            match *self.take(1)?.first()? {
                0 => return Some(()),
                length if length & 0xc0 == 0xc0 => return self.take(1).map(drop),
                length if length & 0xc0 == 0 => drop(self.take(usize::from(length))?),
                _ => return None,
            }
        }
    }

    fn tsig(&mut self) -> Option<TsigRecord> {
        let start = self.at;
        self.skip_name()?;
        let algorithm = self.message.get(start..self.at)?.to_ascii_lowercase();
        let time = self.take(6)?.iter().fold(0, |time, byte| time << 8 | u64::from(*byte));
        let fudge = self.u16()?;
        let mac_length = self.u16()?;
        let mac = self.take(usize::from(mac_length))?.to_vec();
        let id = self.take(2)?.to_vec();
        let error = self.u16()?;
        let other_length = self.u16()?;
        let other = self.take(usize::from(other_length))?.to_vec();
        Some(TsigRecord {
            algorithm,
            time,
            fudge,
            mac,
            id,
            error,
            other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn never_panics_on_any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = split_tsig(&bytes);
        }

        #[test]
        fn splits_what_it_appended(mac in proptest::collection::vec(any::<u8>(), 0..64), time in 0u64..(1 << 48), error in any::<u16>()) {
            let message = [7, 8, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0];
            let record = TsigRecord { algorithm: vec![1, b'a', 0], time, fudge: 300, mac, id: vec![7, 8], error, other: vec![1] };
            let signed = append_tsig(&message, &[1, b'k', 0], &record);
            prop_assert_eq!(split_tsig(&signed), Some((message.to_vec(), record)));
        }
    }
}
