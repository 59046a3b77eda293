//! The end of the demo as text: a table of the renewals, the way of the last one, the numbers. Pure.

use std::fmt::Write;

use crate::renewals::Renewal;
use crate::report::{Report, Timeline};

/// One line for each renewal: what it was, and how long after the new certificate each station was reached.
pub fn renewals(renewals: &[Renewal]) -> String {
    let mut text = format!(
        "  {:<8} {:<18} {:>10} {:>10} {:>10}  {:<11} {}\n",
        "renewal", "serial", "keystore", "rollout", "served", "ReplicaSets", "new pod serves it"
    );
    for (number, renewal) in renewals.iter().enumerate() {
        let after = |ms: Option<u64>| ms.map_or("-".into(), |ms| format!("+{} ms", ms.saturating_sub(renewal.issued)));
        let serves = if renewal.served.is_some() && renewal.mismatches == 0 {
            "yes"
        } else {
            "NO"
        };
        let _ = writeln!(
            text,
            "  {:<8} {:<18} {:>10} {:>10} {:>10}  {:<11} {serves}",
            number + 1,
            short(&renewal.serial),
            after(renewal.keystore),
            after(renewal.rollout),
            after(renewal.served),
            renewal.replica_sets.len(),
        );
    }
    text
}

/// The stations of one renewal on a line of time, milliseconds since it was asked for.
pub fn timeline(timeline: &Timeline) -> String {
    let stations = [
        ("issued", timeline.issued, "new certificate in the Secret"),
        ("keystore", timeline.keystore, "keystore and truststore made of it"),
        ("Route", timeline.route, "Route demands the CA of that Secret"),
        ("rollout", timeline.rollout, "new ReplicaSet, the only one"),
        ("served", timeline.served, "first client answered with it"),
    ];
    let longest = stations.iter().filter_map(|(_, ms, _)| *ms).max().unwrap_or(1).max(1);
    stations.iter().fold(String::new(), |mut text, (name, ms, what)| {
        let at = ms.map_or("-".into(), |ms| format!("{ms} ms"));
        let bar = "─".repeat(usize::try_from(ms.unwrap_or(0) * 30 / longest).unwrap_or(0));
        let _ = writeln!(text, "  {name:<9} {at:>9}  {:<31} {what}", format!("{bar}●"));
        text
    })
}

/// The numbers of the whole run.
pub fn numbers(report: &Report, seconds: u64) -> String {
    let yes = |ok: bool| if ok { "yes" } else { "NO" };
    let rows = [
        ("renewals followed", report.renewals.to_string()),
        ("rollouts they caused", report.rollouts.to_string()),
        ("requests meanwhile", report.requests.to_string()),
        ("of these failed", report.failed_requests.to_string()),
        ("serial mismatches", report.serial_mismatches.to_string()),
        ("customer: chain to the ACME root", yes(report.acme_chain_ok).into()),
        ("preference: both names shown", yes(report.passthrough_sans_ok).into()),
        ("time taken", format!("{} min {:02} s", seconds / 60, seconds % 60)),
    ];
    rows.iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "  {name:<34} {value}");
        text
    })
}

/// The first characters of a serial: enough to tell it from others.
pub fn short(serial: &str) -> String {
    if serial.chars().count() <= 16 {
        serial.to_owned()
    } else {
        format!("{}…", serial.chars().take(15).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_renewal_is_one_line_with_times_since_it_was_issued() {
        let good = Renewal {
            serial: "0123456789abcdef0123".into(),
            issued: 1_000,
            keystore: Some(1_040),
            rollout: Some(1_120),
            served: Some(4_000),
            replica_sets: vec!["a".into()],
            mismatches: 0,
        };
        let lost = Renewal {
            keystore: None,
            rollout: None,
            served: None,
            replica_sets: vec![],
            serial: "ab".into(),
            ..good.clone()
        };
        let expected = concat!(
            "  renewal  serial               keystore    rollout     served  ReplicaSets new pod serves it\n",
            "  1        0123456789abcde…       +40 ms    +120 ms   +3000 ms  1           yes\n",
            "  2        ab                          -          -          -  0           NO\n",
        );
        assert_eq!(renewals(&[good, lost]), expected);
    }

    #[test]
    fn a_timeline_is_drawn_to_scale() {
        let text = timeline(&Timeline {
            issued: Some(500),
            keystore: Some(1_000),
            route: None,
            rollout: Some(2_000),
            served: Some(3_000),
        });
        let bars: Vec<usize> = text.lines().map(|line| line.matches('─').count()).collect();
        assert_eq!(bars, [5, 10, 0, 20, 30]);
        assert!(text.starts_with("  issued       500 ms  ─────●"), "{text}");
    }

    #[test]
    fn numbers_name_what_is_wrong() {
        let report = Report {
            renewals: 5,
            rollouts: 6,
            requests: 1_000,
            failed_requests: 2,
            serial_mismatches: 0,
            acme_chain_ok: true,
            passthrough_sans_ok: false,
            timeline_ms: Timeline::default(),
        };
        let values: Vec<String> = numbers(&report, 421)
            .lines()
            .map(|line| line.get(37..).unwrap_or_default().to_owned())
            .collect();
        assert_eq!(values, ["5", "6", "1000", "2", "0", "yes", "NO", "7 min 01 s"]);
    }
}
