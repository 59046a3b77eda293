//! Reading a Go duration: an optional sign, then numbers with units, such as `1h15m30.918s`.

use thiserror::Error;

/// A text that is not a Go duration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a duration such as 2160h, 1h30m or 90s")]
pub struct ParseDurationError {
    text: String,
}

/// Nanoseconds of `text`; a length beyond 64 bits is an error, as in Go.
pub fn parse(text: &str) -> Result<i64, ParseDurationError> {
    signed(text).ok_or_else(|| ParseDurationError { text: text.to_owned() })
}

fn signed(text: &str) -> Option<i64> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let nanos = if rest == "0" { 0 } else { magnitude(rest)? };
    i64::try_from(if negative { -nanos } else { nanos }).ok()
}

fn magnitude(mut rest: &str) -> Option<i128> {
    let mut total: i128 = 0;
    loop {
        let number_end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, tail) = rest.split_at(number_end);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(tail.len());
        let (unit, next) = tail.split_at(unit_end);
        total = total.checked_add(quantity(number, unit_nanos(unit)?)?)?;
        if next.is_empty() {
            return Some(total);
        }
        rest = next;
    }
}

/// `number` × `unit`; digits after the point that are worth less than a nanosecond are cut off.
fn quantity(number: &str, unit: i128) -> Option<i128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
        return None;
    }
    let whole: i128 = if whole.is_empty() {
        0
    } else {
        whole.parse::<u64>().ok()?.into()
    };
    // Fourteen digits are finer than a nanosecond of an hour.
    let fraction = fraction.get(..fraction.len().min(14))?;
    let numerator: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let scale = 10_i128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    whole.checked_mul(unit)?.checked_add(numerator * unit / scale)
}

fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        // U+00B5 micro sign, U+03BC Greek letter mu
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}
