//! Writing a Go duration exactly as Go does.

const SECOND: u64 = 1_000_000_000;

/// Hours, minutes and seconds from the largest that is not zero; below a second the largest fitting unit.
pub fn print(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let size = nanos.unsigned_abs();
    let body = match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{size}ns"),
        1_000..1_000_000 => format!("{}\u{b5}s", decimal(size, 1_000)),
        1_000_000..SECOND => format!("{}ms", decimal(size, 1_000_000)),
        _ => clock(size),
    };
    format!("{sign}{body}")
}

fn clock(size: u64) -> String {
    let seconds = decimal(size % (60 * SECOND), SECOND);
    let minutes = size / (60 * SECOND);
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// `size` / `unit` without trailing zeros; `unit` is a power of ten.
fn decimal(size: u64, unit: u64) -> String {
    let (whole, fraction) = (size / unit, size % unit);
    if fraction == 0 {
        return whole.to_string();
    }
    let width = unit.ilog10() as usize;
    let digits = format!("{fraction:0width$}");
    format!("{whole}.{}", digits.trim_end_matches('0'))
}
