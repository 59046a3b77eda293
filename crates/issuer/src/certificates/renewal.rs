//! When a certificate is due for renewal. Pure arithmetic on instants; never a reason to issue twice in a row.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// How a Certificate wants to be renewed (`spec.renewBefore`, `spec.renewBeforePercentage`, `spec.renewal.policy`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rule {
    /// Time before the end at which renewal is due.
    pub before: Option<Duration>,
    /// Share of the issued lifetime, in percent, that remains when renewal is due; 1 to 99 have an effect.
    pub percentage: Option<i32>,
    /// Policy `Disabled`: never by time.
    pub disabled: bool,
}

/// From when until when an issued certificate is valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First valid second.
    pub not_before: Timestamp,
    /// Last valid second.
    pub not_after: Timestamp,
}

/// No certificate is renewed by time sooner than this after it was asked for, whatever its issuer returned.
const FLOOR: SignedDuration = SignedDuration::from_secs(60);

/// The moment at which renewal is due, in whole seconds; `None` where time never makes it due.
///
/// Upstream's rule (certificates.md 2.5): notAfter − renewBefore if that is within the lifetime, else the percentage, else a third of
/// the lifetime. `requested_at` is when the certificate was asked for: an issuer may return one that was already due then
/// (backdated, or nearly over), and renewing it at once would never end. Such a one is renewed after two thirds of what was left.
pub fn renewal_time(validity: Validity, rule: Rule, requested_at: Option<Timestamp>) -> Option<Timestamp> {
    if rule.disabled {
        return None;
    }
    let wished = offset_before(validity.not_after, lead(validity, rule));
    let Some(requested_at) = requested_at.filter(|at| *at >= wished) else {
        return Some(wished);
    };
    let left = validity.not_after.duration_since(requested_at);
    let late = offset_before(validity.not_after, left / 3);
    Some(late.max(saturating_add(requested_at, FLOOR)))
}

/// Distance between renewal and end of life.
fn lead(validity: Validity, rule: Rule) -> SignedDuration {
    let lifetime = validity.not_after.duration_since(validity.not_before);
    let before = rule.before.and_then(|before| SignedDuration::try_from(before).ok());
    if let Some(before) = before.filter(|before| before.is_positive() && *before < lifetime) {
        return before;
    }
    match rule.percentage {
        Some(percent @ 1..=99) => percentage_of(lifetime, percent),
        _ => lifetime / 3,
    }
}

/// `lifetime × percent / 100` without overflow: a lifetime fits an `i64` of nanoseconds only for 292 years.
fn percentage_of(lifetime: SignedDuration, percent: i32) -> SignedDuration {
    let millis = lifetime.as_millis().saturating_mul(i128::from(percent)) / 100;
    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
}

fn offset_before(end: Timestamp, lead: SignedDuration) -> Timestamp {
    let at = end.checked_sub(lead).unwrap_or(Timestamp::MIN);
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

fn saturating_add(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR: i64 = 3_600;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }
    fn validity(from: i64, to: i64) -> Validity {
        Validity {
            not_before: at(from),
            not_after: at(to),
        }
    }
    fn before(seconds: u64) -> Rule {
        Rule {
            before: Some(Duration::from_secs(seconds)),
            ..Rule::default()
        }
    }
    fn percentage(percent: i32) -> Rule {
        Rule {
            percentage: Some(percent),
            ..Rule::default()
        }
    }

    #[test]
    fn renewal_is_due_when_upstream_says() {
        let life = validity(0, 90 * HOUR);
        let table = [
            (
                "a third of the lifetime is the default",
                Rule::default(),
                None,
                Some(60 * HOUR),
            ),
            ("renewBefore counts from the end", before(3_600), None, Some(89 * HOUR)),
            (
                "renewBefore of the whole lifetime is ignored",
                before(90 * 3_600),
                None,
                Some(60 * HOUR),
            ),
            (
                "percentage is what remains",
                percentage(25),
                None,
                Some(90 * HOUR - 81_000),
            ),
            ("100 percent is ignored", percentage(100), None, Some(60 * HOUR)),
            ("negative percent is ignored", percentage(-1), None, Some(60 * HOUR)),
            (
                "disabled",
                Rule {
                    disabled: true,
                    ..before(3_600)
                },
                None,
                None,
            ),
            (
                "due when it was asked for: two thirds of what was left",
                Rule::default(),
                Some(60 * HOUR),
                Some(80 * HOUR),
            ),
            (
                "hardly anything left: a minute at least",
                Rule::default(),
                Some(90 * HOUR - 3),
                Some(90 * HOUR + 57),
            ),
            (
                "asked for in time",
                Rule::default(),
                Some(60 * HOUR - 1),
                Some(60 * HOUR),
            ),
        ];
        for (case, rule, requested, expected) in table {
            assert_eq!(renewal_time(life, rule, requested.map(at)), expected.map(at), "{case}");
        }
    }

    #[test]
    fn a_certificate_of_ten_thousand_years_does_not_overflow() {
        let life = Validity {
            not_before: Timestamp::MIN,
            not_after: Timestamp::MAX,
        };
        for rule in [Rule::default(), percentage(99), before(u64::MAX)] {
            assert!(renewal_time(life, rule, Some(Timestamp::MAX)).is_some());
        }
    }

    proptest! {
        #[test]
        fn renewal_is_never_sooner_than_a_minute_after_the_request(
            from in -HOUR..HOUR, length in 1..100 * HOUR, percent in -10..200, lead in 0u64..400_000, asked in -HOUR..200 * HOUR,
        ) {
            let rule = Rule { before: Some(Duration::from_secs(lead)), percentage: Some(percent), disabled: false };
            let due = renewal_time(validity(from, from + length), rule, Some(at(asked))).unwrap();
            prop_assert!(due >= at(asked + 60) || due > at(asked) && renewal_time(validity(from, from + length), rule, None) == Some(due));
        }
    }
}
