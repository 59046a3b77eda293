//! The pure half: may we hold this Lease, and what do we write into it?

use std::time::{Duration, Instant};

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};

/// Who competes for what, and how patiently; client-go's meaning of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElectionConfig {
    /// Name of the Lease.
    pub lease_name: String,
    /// Its namespace.
    pub namespace: String,
    /// This process; unique, also among restarts.
    pub identity: String,
    /// Name of the pod we run in: a holder `<pod>_…` is this pod's container before it was restarted, so it is dead.
    pub pod: Option<String>,
    /// A holder that has not renewed for this long has lost.
    pub lease_duration: Duration,
    /// We give up leading when we could not renew for this long. Less than `lease_duration`.
    pub renew_deadline: Duration,
    /// Between two tries. Less than `renew_deadline`.
    pub retry_period: Duration,
}

/// A Lease as last seen, and since when it has looked like that.
#[derive(Debug, Default)]
pub(super) struct Sighting {
    seen: Option<(Option<LeaseSpec>, Instant)>,
}

impl Sighting {
    /// Records what was read; the age starts anew when anything in it changed.
    pub fn update(&mut self, lease: &Lease, now: Instant) {
        if self.seen.as_ref().is_none_or(|(spec, _)| *spec != lease.spec) {
            self.seen = Some((lease.spec.clone(), now));
        }
    }

    /// True where we may write ourselves into the Lease as last seen.
    pub fn may_take(&self, config: &ElectionConfig, now: Instant) -> bool {
        let Some((Some(spec), since)) = &self.seen else {
            return true;
        };
        let holder = spec.holder_identity.as_deref().unwrap_or_default();
        if holder.is_empty() || holder == config.identity || is_predecessor(holder, config) {
            return true;
        }
        let promised = spec
            .lease_duration_seconds
            .and_then(|seconds| u64::try_from(seconds).ok());
        let promised = promised.map_or(config.lease_duration, Duration::from_secs);
        now.saturating_duration_since(*since) >= promised
    }
}

/// True where the holder was an earlier container of our own pod. The kubelet starts the next one only when it is dead, so nobody
/// has to wait for its Lease to run out.
fn is_predecessor(holder: &str, config: &ElectionConfig) -> bool {
    holder
        .rsplit_once('_')
        .is_some_and(|(pod, _)| !pod.is_empty() && config.pod.as_deref() == Some(pod))
}

/// True where nobody holds the Lease.
pub(super) fn is_free(lease: &Lease) -> bool {
    lease
        .spec
        .as_ref()
        .and_then(|spec| spec.holder_identity.as_deref())
        .unwrap_or_default()
        .is_empty()
}

/// The Lease with us as its holder: renewed if we held it, otherwise taken over.
pub(super) fn held(lease: &Lease, config: &ElectionConfig, now: Timestamp) -> Lease {
    let old = lease.spec.clone().unwrap_or_default();
    let ours = old.holder_identity.as_deref() == Some(&config.identity);
    let acquire_time = old.acquire_time.clone().filter(|_| ours).or(Some(MicroTime(now)));
    let transitions = old.lease_transitions.unwrap_or(0);
    let spec = LeaseSpec {
        holder_identity: Some(config.identity.clone()),
        lease_duration_seconds: i32::try_from(config.lease_duration.as_secs()).ok(),
        acquire_time,
        renew_time: Some(MicroTime(now)),
        lease_transitions: Some(if ours {
            transitions
        } else {
            transitions.saturating_add(1)
        }),
        ..old
    };
    Lease {
        spec: Some(spec),
        ..lease.clone()
    }
}

/// A first Lease, held by us.
pub(super) fn first(config: &ElectionConfig, now: Timestamp) -> Lease {
    let metadata = ObjectMeta {
        name: Some(config.lease_name.clone()),
        namespace: Some(config.namespace.clone()),
        ..ObjectMeta::default()
    };
    let mut lease = held(&Lease { metadata, spec: None }, config, now);
    if let Some(spec) = &mut lease.spec {
        spec.lease_transitions = Some(0);
    }
    lease
}

/// The Lease given back: no holder, and short-lived for those who do not know that an empty holder means free.
pub(super) fn released(lease: &Lease, now: Timestamp) -> Lease {
    let spec = LeaseSpec {
        holder_identity: Some(String::new()),
        lease_duration_seconds: Some(1),
        acquire_time: Some(MicroTime(now)),
        renew_time: Some(MicroTime(now)),
        ..lease.spec.clone().unwrap_or_default()
    };
    Lease {
        spec: Some(spec),
        ..lease.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(identity: &str) -> ElectionConfig {
        ElectionConfig {
            lease_name: "l".into(),
            namespace: "ns".into(),
            identity: identity.into(),
            pod: None,
            lease_duration: Duration::from_secs(15),
            renew_deadline: Duration::from_secs(10),
            retry_period: Duration::from_secs(2),
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn facts(lease: &Lease) -> (&str, i32, i64, i64, i32) {
        let spec = lease.spec.as_ref().unwrap();
        (
            spec.holder_identity.as_deref().unwrap(),
            spec.lease_duration_seconds.unwrap(),
            spec.acquire_time.as_ref().unwrap().0.as_second(),
            spec.renew_time.as_ref().unwrap().0.as_second(),
            spec.lease_transitions.unwrap(),
        )
    }

    #[test]
    fn record_tells_the_life_of_a_lease_as_client_go_writes_it() {
        let created = first(&config("a"), at(10));
        assert_eq!(facts(&created), ("a", 15, 10, 10, 0));
        let renewed = held(&created, &config("a"), at(12));
        assert_eq!(facts(&renewed), ("a", 15, 10, 12, 0));
        let free = released(&renewed, at(20));
        assert_eq!(facts(&free), ("", 1, 20, 20, 0));
        assert!(is_free(&free) && !is_free(&renewed));
        assert_eq!(facts(&held(&free, &config("b"), at(21))), ("b", 15, 21, 21, 1));
    }

    #[test]
    fn takes_only_what_is_free_ours_or_long_unchanged_whatever_its_clock_says() {
        let start = Instant::now();
        let at_second = |seconds| start + Duration::from_secs(seconds);
        // Renewed in the far future or long ago by the holder's clock: of no importance.
        for skewed in [at(4_000_000_000), at(0)] {
            let lease = first(&config("other"), skewed);
            let mut sighting = Sighting::default();
            sighting.update(&lease, start);
            assert!(!sighting.may_take(&config("me"), at_second(14)));
            assert!(sighting.may_take(&config("other"), at_second(1)), "ours");
            sighting.update(&lease, at_second(14));
            assert!(
                sighting.may_take(&config("me"), at_second(15)),
                "unchanged for its whole duration"
            );
            sighting.update(&held(&lease, &config("other"), at(1)), at_second(15));
            assert!(!sighting.may_take(&config("me"), at_second(16)), "it moved again");
            sighting.update(&released(&lease, at(1)), at_second(16));
            assert!(sighting.may_take(&config("me"), at_second(16)), "given back");
        }
        assert!(Sighting::default().may_take(&config("me"), start), "none yet");
    }

    #[test]
    fn a_restarted_container_takes_the_lease_of_its_own_pod_at_once_and_of_no_other() {
        let in_pod = |pod: Option<&str>| ElectionConfig {
            pod: pod.map(str::to_owned),
            ..config("issuer-1_new")
        };
        let table = [
            ("issuer-1_old", Some("issuer-1"), true),
            ("issuer-2_old", Some("issuer-1"), false),
            ("issuer-1", Some("issuer-1"), false),
            ("issuer-1_old", None, false),
            ("_old", Some(""), false),
        ];
        for (holder, pod, expected) in table {
            let mut sighting = Sighting::default();
            sighting.update(&first(&config(holder), at(0)), Instant::now());
            assert_eq!(
                sighting.may_take(&in_pod(pod), Instant::now()),
                expected,
                "{holder} {pod:?}"
            );
        }
    }
}
