//! The `Retry-After` header (RFC 9110 section 10.2.3): seconds or an HTTP date.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

/// Longest wait that is believed: a server that says more is asked again after a day.
const LONGEST: Duration = Duration::from_hours(24);

/// When a server wants to be asked again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// So long after the answer.
    After(Duration),
    /// At this time by the server's clock.
    At(Timestamp),
}

impl RetryAfter {
    /// Reads a header value; anything that is neither a number of seconds nor an HTTP date is ignored.
    pub fn parse(value: &str) -> Option<Self> {
        let value = value.trim();
        if let Ok(seconds) = value.parse::<u64>() {
            return Some(Self::After(Duration::from_secs(seconds).min(LONGEST)));
        }
        // IMF-fixdate is RFC 2822's form with the zone spelled GMT, which is one of its obsolete zones.
        let zoned = DateTimeParser::new().parse_zoned(value).ok()?;
        Some(Self::At(zoned.timestamp()))
    }

    /// How long to wait, seen from `now`; between nothing and a day.
    pub fn wait(self, now: Timestamp) -> Duration {
        match self {
            Self::After(wait) => wait,
            Self::At(at) => Duration::try_from(at.duration_since(now))
                .unwrap_or_default()
                .min(LONGEST),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_dates_and_ignores_the_rest() {
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let table = [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("99999999999", Some(86_400)),
            ("Sun, 22 Nov 2026 10:02:00 GMT", Some(120)),
            ("Sun, 22 Nov 2026 09:00:00 GMT", Some(0)),
            ("Sat, 22 Nov 2036 09:00:00 GMT", Some(86_400)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ];
        for (header, seconds) in table {
            let wait = RetryAfter::parse(header).map(|after| after.wait(now).as_secs());
            assert_eq!(wait, seconds, "{header}");
        }
    }
}
