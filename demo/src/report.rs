//! The verdict: numbers of the whole run, what falls short, and the JSON that other programs read. Pure.

use serde::Serialize;

use crate::names::RENEWALS;
use crate::renewals::Renewal;

/// `target/demo/report.json`, field by field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Renewals of preference that were followed to their end.
    pub renewals: usize,
    /// New ReplicaSets in these renewals; as many as renewals where each restarts once.
    pub rollouts: usize,
    /// Requests of all clients.
    pub requests: u64,
    /// Requests without the whole answer.
    pub failed_requests: u64,
    /// Pods that served another certificate than the one they were started for, or that never answered.
    pub serial_mismatches: usize,
    /// customer's Route verified against the ACME root, name included.
    pub acme_chain_ok: bool,
    /// preference's Route shows the internal certificate with its internal and its external name.
    pub passthrough_sans_ok: bool,
    /// The last renewal, milliseconds since it was asked for.
    pub timeline_ms: Timeline,
}

/// Milliseconds from asking for a renewal to each station of its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Timeline {
    /// The new certificate is in its Secret.
    pub issued: Option<u64>,
    /// The Secret's keystore holds it.
    pub keystore: Option<u64>,
    /// The Route holds what it takes from its Secret.
    pub route: Option<u64>,
    /// The new ReplicaSet exists.
    pub rollout: Option<u64>,
    /// A client was answered by a pod that serves it.
    pub served: Option<u64>,
}

/// Requests of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Requests begun.
    pub requests: u64,
    /// Requests without the whole answer.
    pub failed: u64,
    /// Answers in which the handshake showed another serial than the pod named.
    pub mismatches: usize,
}

/// Results of the checks beside the renewals of preference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Checks {
    /// See [`Report::acme_chain_ok`].
    pub acme_chain_ok: bool,
    /// See [`Report::passthrough_sans_ok`].
    pub passthrough_sans_ok: bool,
    /// The renewal of customer's internal certificate.
    pub customer: Option<Renewal>,
    /// Its Route's destination CA and its truststore hold the CA of the new certificate.
    pub customer_follows: bool,
    /// Its timeline.
    pub timeline_ms: Timeline,
}

/// Puts the parts together. Only the first [`RENEWALS`] renewals count: the next may be under way when the demo ends.
pub fn build(renewals: &[Renewal], traffic: Traffic, checks: &Checks) -> Report {
    let counted = renewals.get(..RENEWALS.min(renewals.len())).unwrap_or(renewals);
    let all = || counted.iter().chain(&checks.customer);
    Report {
        renewals: counted.iter().filter(|renewal| renewal.served.is_some()).count(),
        rollouts: counted.iter().map(|renewal| renewal.replica_sets.len()).sum(),
        requests: traffic.requests,
        failed_requests: traffic.failed,
        serial_mismatches: traffic.mismatches + all().map(|renewal| renewal.mismatches).sum::<usize>(),
        acme_chain_ok: checks.acme_chain_ok,
        passthrough_sans_ok: checks.passthrough_sans_ok,
        timeline_ms: checks.timeline_ms,
    }
}

/// Everything that fell short, as sentences; empty where the demo has proven what it promises.
pub fn shortfalls(report: &Report, renewals: &[Renewal], checks: &Checks) -> Vec<String> {
    let mut short = Vec::new();
    let mut expect = |ok: bool, text: String| {
        if !ok {
            short.push(text);
        }
    };
    expect(
        report.renewals == RENEWALS,
        format!("{} of {RENEWALS} renewals of preference were served", report.renewals),
    );
    for (number, renewal) in renewals.iter().take(RENEWALS).enumerate() {
        let sets = renewal.replica_sets.len();
        expect(
            sets == 1,
            format!("renewal {} made {sets} ReplicaSets instead of one", number + 1),
        );
    }
    expect(report.requests > 0, "no request was made".into());
    expect(
        report.failed_requests == 0,
        format!("{} of {} requests failed", report.failed_requests, report.requests),
    );
    expect(
        report.serial_mismatches == 0,
        format!("{} pods or answers with an unexpected serial", report.serial_mismatches),
    );
    expect(
        report.acme_chain_ok,
        "customer's Route does not chain to the ACME root".into(),
    );
    expect(
        report.passthrough_sans_ok,
        "preference's Route does not show both names of the internal certificate".into(),
    );
    let once = checks
        .customer
        .as_ref()
        .is_some_and(|renewal| renewal.replica_sets.len() == 1 && renewal.served.is_some());
    expect(
        once,
        "customer's own renewal did not lead to exactly one rollout that serves it".into(),
    );
    expect(
        checks.customer_follows,
        "customer's destination CA or truststore did not follow".into(),
    );
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewal(sets: usize) -> Renewal {
        let replica_sets = (0..sets).map(|n| format!("set-{n}")).collect();
        Renewal {
            serial: "a".into(),
            issued: 1,
            keystore: Some(2),
            rollout: Some(3),
            served: Some(4),
            replica_sets,
            mismatches: 0,
        }
    }
    fn checks() -> Checks {
        let timeline_ms = Timeline {
            issued: Some(10),
            keystore: Some(20),
            route: Some(5),
            rollout: Some(30),
            served: Some(900),
        };
        Checks {
            acme_chain_ok: true,
            passthrough_sans_ok: true,
            customer: Some(renewal(1)),
            customer_follows: true,
            timeline_ms,
        }
    }

    #[test]
    fn json_has_exactly_the_promised_fields() {
        let report = build(
            &vec![renewal(1); 6],
            Traffic {
                requests: 1234,
                failed: 0,
                mismatches: 0,
            },
            &checks(),
        );
        let json = serde_json::to_string(&report).unwrap();
        let expected = concat!(
            r#"{"renewals":5,"rollouts":5,"requests":1234,"failed_requests":0,"serial_mismatches":0,"acme_chain_ok":true,"#,
            r#""passthrough_sans_ok":true,"timeline_ms":{"issued":10,"keystore":20,"route":5,"rollout":30,"served":900}}"#
        );
        assert_eq!(json, expected);
        assert_eq!(
            shortfalls(&report, &vec![renewal(1); 6], &checks()),
            Vec::<String>::new()
        );
    }

    type Spoil = fn(&mut Vec<Renewal>, &mut Traffic, &mut Checks);

    #[test]
    fn each_shortfall_is_named() {
        let good = || {
            (
                vec![renewal(1); 5],
                Traffic {
                    requests: 9,
                    ..Traffic::default()
                },
                checks(),
            )
        };
        let table: [(Spoil, &str); 9] = [
            (
                |renewals, _, _| renewals.truncate(4),
                "4 of 5 renewals of preference were served",
            ),
            (
                |renewals, _, _| renewals[2] = renewal(2),
                "renewal 3 made 2 ReplicaSets instead of one",
            ),
            (|_, traffic, _| traffic.requests = 0, "no request was made"),
            (|_, traffic, _| traffic.failed = 1, "1 of 9 requests failed"),
            (
                |renewals, _, _| renewals[0].mismatches = 1,
                "1 pods or answers with an unexpected serial",
            ),
            (
                |_, _, checks| checks.acme_chain_ok = false,
                "customer's Route does not chain to the ACME root",
            ),
            (
                |_, _, checks| checks.passthrough_sans_ok = false,
                "preference's Route does not show both names of the internal certificate",
            ),
            (
                |_, _, checks| checks.customer = None,
                "customer's own renewal did not lead to exactly one rollout that serves it",
            ),
            (
                |_, _, checks| checks.customer_follows = false,
                "customer's destination CA or truststore did not follow",
            ),
        ];
        for (spoil, expected) in table {
            let (mut renewals, mut traffic, mut checks) = good();
            spoil(&mut renewals, &mut traffic, &mut checks);
            let report = build(&renewals, traffic, &checks);
            assert_eq!(shortfalls(&report, &renewals, &checks), [expected]);
        }
    }
}
