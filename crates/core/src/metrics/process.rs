//! What the process itself uses, read from /proc at scrape time; client_golang's names.

use super::collectors::Text;

/// Linux counts CPU time in hundredths of a second for programs (USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// Adds the process series; those that /proc does not give are left out.
pub(super) fn collect(text: &mut Text) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let system = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let mut add = |name: &str, counter: bool, help: &str, value: Option<f64>| {
        let Some(value) = value else { return };
        if counter {
            text.counter(name, help);
        } else {
            text.gauge(name, help);
        }
        text.sample(name, &[], value);
    };
    let cpu = field(&stat, 14)
        .zip(field(&stat, 15))
        .map(|(user, system)| (user + system) / TICKS_PER_SECOND);
    let started = field(&stat, 22)
        .zip(boot_time(&system))
        .map(|(ticks, boot)| boot + ticks / TICKS_PER_SECOND);
    add(
        "process_cpu_seconds_total",
        true,
        "Total user and system CPU time spent in seconds.",
        cpu,
    );
    add(
        "process_resident_memory_bytes",
        false,
        "Resident memory size in bytes.",
        resident(&status),
    );
    add(
        "process_start_time_seconds",
        false,
        "Start time of the process since unix epoch in seconds.",
        started,
    );
}

/// Field of /proc/self/stat, counted from 1 as in proc(5); the second, a name, may contain anything.
fn field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn resident(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024.0)
}

fn boot_time(system: &str) -> Option<f64> {
    system
        .lines()
        .find_map(|line| line.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_when_the_process_name_is_awkward() {
        let stat = "42 (a) b) R 1 2 3 4 5 6 7 8 9 10 250 50 13 14 15 16 17 18 1000 20";
        assert_eq!(
            (field(stat, 14), field(stat, 15), field(stat, 22)),
            (Some(250.0), Some(50.0), Some(1000.0))
        );
        assert_eq!(resident("Name:\tx\nVmRSS:\t  2048 kB\n"), Some(2_097_152.0));
        assert_eq!(boot_time("cpu 1\nbtime 1700000000\n"), Some(1_700_000_000.0));
    }
}
