//! Times of certificates, RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::Error;
use crate::asn1::{self, Reader, tlv};

/// DER Time; fractions of a second are dropped.
pub(crate) fn to_der(time: Timestamp) -> Vec<u8> {
    let time = TimeZone::UTC.to_datetime(time);
    if (1950..2050).contains(&time.year()) {
        tlv(asn1::UTC_TIME, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes())
    } else {
        tlv(
            asn1::GENERALIZED_TIME,
            time.strftime("%Y%m%d%H%M%SZ").to_string().as_bytes(),
        )
    }
}

/// The next value of `reader`. Times that jiff cannot hold (the last hours of 9999, "no expiry") become its latest.
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Timestamp, Error> {
    let value = reader.any()?;
    let digits = value
        .content
        .strip_suffix(b"Z")
        .filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let digits = digits
        .and_then(|digits| str::from_utf8(digits).ok())
        .ok_or(reader.malformed())?;
    let digits = match (value.tag, digits.len()) {
        (asn1::UTC_TIME, 12) if digits < "50" => format!("20{digits}"),
        (asn1::UTC_TIME, 12) => format!("19{digits}"),
        (asn1::GENERALIZED_TIME, 14) => digits.to_owned(),
        _ => return Err(reader.malformed()),
    };
    let time = DateTime::strptime("%Y%m%d%H%M%S", &digits).map_err(|_| reader.malformed())?;
    Ok(TimeZone::UTC.to_timestamp(time).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_switch_their_encoding_in_2050() {
        let table: [(&str, &[u8]); 4] = [
            ("2049-12-31T23:59:59Z", b"\x17\x0d491231235959Z"),
            ("2050-01-01T00:00:00Z", b"\x18\x0f20500101000000Z"),
            ("1950-01-01T00:00:00Z", b"\x17\x0d500101000000Z"),
            ("1949-12-31T00:00:00Z", b"\x18\x0f19491231000000Z"),
        ];
        for (text, der) in table {
            let time: Timestamp = text.parse().unwrap();
            assert_eq!(
                (to_der(time), read(&mut Reader::new(der, "time")).unwrap()),
                (der.to_vec(), time),
                "{text}"
            );
        }
    }

    #[test]
    fn no_expiry_is_the_latest_time_and_garbage_is_refused() {
        assert_eq!(
            read(&mut Reader::new(b"\x18\x0f99991231235959Z", "time")).unwrap(),
            Timestamp::MAX
        );
        for der in [
            &b"\x17\x0d491331235959Z"[..],
            b"\x17\x0b4912312359Z",
            b"\x18\x0f2050010100000aZ",
            b"\x04\x0d491231235959Z",
        ] {
            assert!(read(&mut Reader::new(der, "time")).is_err());
        }
    }
}
