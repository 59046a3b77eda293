//! From the journal to renewals: which ReplicaSets each caused, and which certificate their pods served.
//! Pure: a list in, a list out. Nothing is judged here; that is `report`'s.

use crate::journal::{Entry, Fact};

/// What one new certificate in a Secret led to. Times are the journal's milliseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal {
    /// Serial of the new leaf.
    pub serial: String,
    /// When the Secret held it.
    pub issued: u64,
    /// When the Secret's keystore held it.
    pub keystore: Option<u64>,
    /// When the first new ReplicaSet was there.
    pub rollout: Option<u64>,
    /// When the first client got an answer from a pod that serves it.
    pub served: Option<u64>,
    /// ReplicaSets made between this certificate and the next one.
    pub replica_sets: Vec<String>,
    /// New ReplicaSets of which a pod served another serial, or none at all.
    pub mismatches: usize,
}

/// A workload and the Secret it takes its certificate from.
#[derive(Debug, Clone, Copy)]
pub struct Chain<'a> {
    /// Name of the Secret.
    pub secret: &'a str,
    /// Name of the Deployment.
    pub deployment: &'a str,
}

/// The renewals of a workload that began after `since`, oldest first. What was there before is the base they are counted from.
pub fn since(entries: &[Entry], chain: Chain<'_>, since: u64) -> Vec<Renewal> {
    let issued: Vec<(u64, &str)> = entries
        .iter()
        .filter(|entry| entry.ms > since)
        .filter_map(|entry| issued(entry, chain))
        .collect();
    let ends = issued.iter().skip(1).map(|(ms, _)| *ms).chain([u64::MAX]);
    issued
        .iter()
        .zip(ends)
        .map(|((begin, serial), end)| renewal(entries, chain, serial, *begin..end))
        .collect()
}

fn issued<'a>(entry: &'a Entry, chain: Chain<'_>) -> Option<(u64, &'a str)> {
    match &entry.fact {
        Fact::Issued { secret, serial } if secret == chain.secret => Some((entry.ms, serial)),
        _ => None,
    }
}

fn renewal(entries: &[Entry], chain: Chain<'_>, serial: &str, window: std::ops::Range<u64>) -> Renewal {
    let made =
        |entry: &&Entry| matches!(&entry.fact, Fact::ReplicaSet { deployment, .. } if deployment == chain.deployment);
    let made: Vec<&Entry> = entries
        .iter()
        .filter(|entry| window.contains(&entry.ms))
        .filter(made)
        .collect();
    let replica_sets: Vec<String> = made.iter().filter_map(|entry| replica_set(&entry.fact)).collect();
    Renewal {
        serial: serial.to_owned(),
        issued: window.start,
        keystore: first(
            entries,
            |fact| matches!(fact, Fact::Keystore { secret, serial: held } if secret == chain.secret && held == serial),
        ),
        rollout: made.first().map(|entry| entry.ms),
        served: first(entries, |fact| {
            served_by(fact, &replica_sets).is_some_and(|served| served == serial)
        }),
        mismatches: replica_sets
            .iter()
            .filter(|name| !serves_only(entries, name, serial))
            .count(),
        replica_sets,
    }
}

fn replica_set(fact: &Fact) -> Option<String> {
    match fact {
        Fact::ReplicaSet { name, .. } => Some(name.clone()),
        _ => None,
    }
}

fn first(entries: &[Entry], wanted: impl Fn(&Fact) -> bool) -> Option<u64> {
    entries.iter().find(|entry| wanted(&entry.fact)).map(|entry| entry.ms)
}

/// The serial that a pod of one of these ReplicaSets served.
fn served_by<'a>(fact: &'a Fact, replica_sets: &[String]) -> Option<&'a str> {
    match fact {
        Fact::Served { pod, serial } if replica_sets.iter().any(|name| is_pod_of(pod, name)) => Some(serial),
        _ => None,
    }
}

/// True where pods of the ReplicaSet answered, and all of them with this serial.
fn serves_only(entries: &[Entry], replica_set: &str, serial: &str) -> bool {
    let names = [replica_set.to_owned()];
    let mut served = entries
        .iter()
        .filter_map(|entry| served_by(&entry.fact, &names))
        .peekable();
    served.peek().is_some() && served.all(|other| other == serial)
}

/// A pod's name is its ReplicaSet's, a dash, and five characters.
fn is_pod_of(pod: &str, replica_set: &str) -> bool {
    pod.strip_prefix(replica_set)
        .and_then(|rest| rest.strip_prefix('-'))
        .is_some_and(|suffix| !suffix.contains('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHAIN: Chain<'static> = Chain {
        secret: "s",
        deployment: "d",
    };

    fn issued(ms: u64, serial: &str) -> Entry {
        Entry {
            ms,
            fact: Fact::Issued {
                secret: "s".into(),
                serial: serial.into(),
            },
        }
    }
    fn keystore(ms: u64, serial: &str) -> Entry {
        Entry {
            ms,
            fact: Fact::Keystore {
                secret: "s".into(),
                serial: serial.into(),
            },
        }
    }
    fn made(ms: u64, name: &str) -> Entry {
        Entry {
            ms,
            fact: Fact::ReplicaSet {
                deployment: "d".into(),
                name: name.into(),
            },
        }
    }
    fn served(ms: u64, pod: &str, serial: &str) -> Entry {
        Entry {
            ms,
            fact: Fact::Served {
                pod: pod.into(),
                serial: serial.into(),
            },
        }
    }
    fn foreign(ms: u64) -> [Entry; 2] {
        let other = |fact| Entry { ms, fact };
        [
            other(Fact::Issued {
                secret: "other".into(),
                serial: "x".into(),
            }),
            other(Fact::ReplicaSet {
                deployment: "other".into(),
                name: "other-1".into(),
            }),
        ]
    }

    fn good(serial: &str, begin: u64, set: &str) -> Renewal {
        let replica_sets = vec![set.into()];
        let [keystore, rollout, served] = [1, 2, 3].map(|after| Some(begin + after));
        Renewal {
            serial: serial.into(),
            issued: begin,
            keystore,
            rollout,
            served,
            replica_sets,
            mismatches: 0,
        }
    }
    fn base() -> Vec<Entry> {
        vec![
            issued(1, "a"),
            keystore(2, "a"),
            made(3, "d-0"),
            served(4, "d-0-x", "a"),
        ]
    }
    fn round(begin: u64, serial: &str, set: &str) -> Vec<Entry> {
        let pod = format!("{set}-x");
        vec![
            issued(begin, serial),
            keystore(begin + 1, serial),
            made(begin + 2, set),
            served(begin + 3, &pod, serial),
        ]
    }
    fn nothing_else(renewal: Renewal) -> Renewal {
        Renewal {
            keystore: None,
            rollout: None,
            served: None,
            replica_sets: vec![],
            ..renewal
        }
    }

    #[test]
    fn each_renewal_gets_the_rollouts_that_followed_it() {
        let two = || {
            [
                base(),
                round(20, "b", "d-1"),
                foreign(25).to_vec(),
                round(30, "c", "d-2"),
            ]
            .concat()
        };
        let table = [
            ("what was there before is no renewal", base(), vec![]),
            (
                "others are left out",
                two(),
                vec![good("b", 20, "d-1"), good("c", 30, "d-2")],
            ),
            (
                "nobody followed",
                [base(), vec![issued(20, "b")]].concat(),
                vec![nothing_else(good("b", 20, ""))],
            ),
        ];
        for (case, entries, expected) in table {
            assert_eq!(since(&entries, CHAIN, 10), expected, "{case}");
        }
    }

    #[test]
    fn a_pod_with_another_certificate_or_none_is_a_mismatch() {
        let old_first = [
            base(),
            round(20, "b", "d-2"),
            vec![made(21, "d-1"), served(26, "d-1-x", "a")],
        ]
        .concat();
        let sets = vec!["d-2".into(), "d-1".into()];
        let twice = Renewal {
            mismatches: 1,
            replica_sets: sets,
            ..good("b", 20, "d-2")
        };
        // The pod of d-10 is not one of d-1.
        let silent = [
            issued(20, "b"),
            keystore(21, "b"),
            made(22, "d-1"),
            served(23, "d-10-x", "b"),
        ];
        let never = Renewal {
            served: None,
            mismatches: 1,
            ..good("b", 20, "d-1")
        };
        let table = [
            ("second rollout", old_first, twice),
            ("silent pod", [base(), silent.to_vec()].concat(), never),
        ];
        for (case, entries, expected) in table {
            assert_eq!(since(&entries, CHAIN, 10), [expected], "{case}");
        }
    }
}
