//! When a workload restarts: the pure decision over what it uses now and what it last saw.
//!
//! Nothing here is async, reads a clock, talks to Kubernetes or logs. `gather` builds an [`Observed`], `act` carries out the [`Plan`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::selection::Invalid;
use crate::source::Source;

/// Content of a source as the API server has it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Upstream's hash of its data.
    pub hash: String,
    /// Since when it has been asking for derived data that it does not hold; `None` where it is settled.
    pub unsettled_since: Option<Timestamp>,
}

/// One selected source, and what the workload knows of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observation {
    /// `None` where the source does not exist.
    pub now: Option<Content>,
    /// Values of the source's variable in the pod template; empty also where two sources share that variable.
    pub in_template: BTreeSet<String>,
    /// Its entry in `evercert.dev/seen`.
    pub remembered: Option<String>,
}

/// Everything one decision needs, read before it is taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Observed {
    /// The sources that concern this workload.
    pub sources: BTreeMap<Source, Observation>,
    /// Annotations that cannot be used.
    pub invalid: Vec<Invalid>,
}

/// How long an unsettled source may hold a workload back.
#[derive(Debug, Clone, Copy)]
pub struct Config {
    /// `--settle-timeout`.
    pub settle_timeout: Duration,
}

/// What to do, as data: compared whole in tests, carried out by `act`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// New hashes to put into the pod template, all in one patch; empty = no restart.
    pub restart_for: BTreeMap<Source, String>,
    /// To be remembered on the workload's metadata; restarts nothing.
    pub remember: BTreeMap<Source, String>,
    /// Sources whose derived data never came although the workload restarts; one Warning event for each.
    pub gave_up_on: Vec<Source>,
    /// Annotations to complain about; one Warning event for each.
    pub invalid: Vec<Invalid>,
    /// When to look again without being told.
    pub wake_at: Option<Timestamp>,
}

/// What a source that exists means to the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The workload never saw it: no restart, only memory.
    New,
    /// It is what the workload runs with.
    Known,
    /// Known through the pod template, while the memory is older (another reloader acted meanwhile).
    Refresh,
    /// Its content is not what the workload saw.
    Changed,
}

/// Restart for the sources whose content is not what the workload saw; wait for unsettled ones, but not for ever.
///
/// All changed sources go into one restart. While any source is unsettled nothing restarts, because a second restart would
/// follow as soon as it settles. A new source is remembered when it is settled, so that the arrival of its derived data
/// restarts nothing. A deleted source restarts nothing: pods keep running.
pub fn decide(observed: &Observed, config: Config, now: Timestamp) -> Plan {
    let present = || {
        observed
            .sources
            .iter()
            .filter_map(|(source, seen)| Some((source, seen.now.as_ref()?, seen.standing()?)))
    };
    let pending = |content: &Content| config.deadline(content).filter(|deadline| now < *deadline);
    let hash_of = |(source, content, _): (&Source, &Content, _)| (source.clone(), content.hash.clone());

    let remembered = present().filter(|(_, content, standing)| match standing {
        Standing::New => pending(content).is_none(),
        Standing::Refresh => true,
        Standing::Known | Standing::Changed => false,
    });
    let mut plan = Plan {
        remember: remembered.map(hash_of).collect(),
        invalid: observed.invalid.clone(),
        ..Plan::default()
    };

    let any_changed = present().any(|(.., standing)| standing == Standing::Changed);
    let waits_for = present().filter(|(.., standing)| any_changed || *standing == Standing::New);
    plan.wake_at = waits_for.filter_map(|(_, content, _)| pending(content)).min();
    if any_changed && plan.wake_at.is_none() {
        plan.restart_for = present()
            .filter(|(.., standing)| *standing == Standing::Changed)
            .map(hash_of)
            .collect();
        let unsettled = present().filter(|(_, content, _)| content.unsettled_since.is_some());
        plan.gave_up_on = unsettled.map(|(source, ..)| source.clone()).collect();
    }
    plan
}

impl Config {
    /// Until when an unsettled source is waited for.
    fn deadline(self, content: &Content) -> Option<Timestamp> {
        let timeout = SignedDuration::try_from(self.settle_timeout).unwrap_or(SignedDuration::MAX);
        Some(
            content
                .unsettled_since?
                .saturating_add(timeout)
                .unwrap_or(Timestamp::MAX),
        )
    }
}

impl Observation {
    /// `None` where the source does not exist.
    ///
    /// Template and memory may disagree: the template is newer if another reloader acted, older after `kubectl rollout
    /// undo` or where a manifest carries a value. The pods run with the present content if either of them says so.
    fn standing(&self) -> Option<Standing> {
        let hash = &self.now.as_ref()?.hash;
        let in_template = self.in_template.contains(hash);
        Some(match &self.remembered {
            Some(remembered) if remembered == hash => Standing::Known,
            Some(_) if in_template => Standing::Refresh,
            None if in_template => Standing::Known,
            None if self.in_template.is_empty() => Standing::New,
            Some(_) | None => Standing::Changed,
        })
    }
}

#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
