//! One pass over one workload: gather, decide, act. It is safe to run at any time, any number of times.

use std::sync::Arc;
use std::time::Instant;

use evercert_core::apply::{ErrorClass, WriteError, Writer};
use evercert_core::clock::Clock;
use evercert_core::controller::Next;
use evercert_core::events::{self, Events};
use evercert_core::watch::{Key, Watched};
use metrics::{counter, histogram};

use crate::act;
use crate::contents::Contents;
use crate::decide::{Config, Observed, Plan, decide};
use crate::flags::Settings;
use crate::gather::{gather, select};
use crate::names::metrics as metric;
use crate::report::Report;
use crate::stores::Stores;
use crate::workloads::{View, Workload};

/// How often a pass starts over because the workload is not what it was.
const ATTEMPTS: usize = 5;

/// Everything that passes over one kind of workload share.
#[derive(Debug)]
pub struct Passes<W: Workload> {
    /// The workloads.
    pub workloads: Watched<W>,
    /// What they may use.
    pub stores: Stores,
    /// Hashes of what they use.
    pub contents: Arc<Contents>,
    /// Flags.
    pub settings: Arc<Settings>,
    /// Writes under upstream's field manager.
    pub writer: Writer,
    /// Events go here.
    pub events: Events,
    /// The one clock.
    pub clock: Clock,
}

/// How a pass ended.
enum Outcome<W> {
    /// Nothing was written.
    Nothing,
    /// The workload as it is now.
    Written(W),
}

impl<W: Workload> Passes<W> {
    /// Runs the pass for the workload of this key; says when to look again.
    pub async fn run(&self, key: Key) -> Result<Next, WriteError> {
        let began = Instant::now();
        let result = self.attempts(&key).await;
        let label = match &result {
            Ok((_, true)) => "success",
            Ok((_, false)) => "skipped",
            Err(_) => "error",
        };
        counter!(metric::RECONCILES, "result" => label).increment(1);
        histogram!(metric::RECONCILE_DURATION, "result" => label).record(began.elapsed().as_secs_f64());
        result.map(|(next, _)| next)
    }

    /// A conflict means that the decision was taken on an old state: look at the new one and decide again.
    async fn attempts(&self, key: &Key) -> Result<(Next, bool), WriteError> {
        let covered = self.settings.covers(key.namespace.as_deref().unwrap_or_default());
        let Some(mut workload) = self.workloads.get_key(key).filter(|_| covered) else {
            return Ok((Next::Done, false));
        };
        for attempt in 1.. {
            match self.once(&workload).await {
                Err(error) if error.class() == ErrorClass::Conflict && attempt < ATTEMPTS => {
                    counter!(metric::RETRIES).increment(1);
                }
                Err(error) if error.class() == ErrorClass::NotFound => break,
                other => return other,
            }
            let Some(mut newer) = self.writer.get::<W>(key.namespace.as_deref(), &key.name).await? else {
                break;
            };
            newer.trim();
            workload = Arc::new(newer);
        }
        Ok((Next::Done, false))
    }

    async fn once(&self, workload: &W) -> Result<(Next, bool), WriteError> {
        let living = workload.view().filter(|view| view.meta.deletion_timestamp.is_none());
        let Some(view) = living else {
            return Ok((Next::Done, false));
        };
        counter!(metric::WORKLOADS_SCANNED, "kind" => W::KIND).increment(1);
        let selected = select(&view, &self.settings.rules, &self.stores);
        if selected.sources.is_empty() && selected.invalid.is_empty() {
            counter!(metric::SKIPPED, "reason" => "ignored_or_not_selected").increment(1);
            return Ok((Next::Done, false));
        }
        counter!(metric::WORKLOADS_MATCHED, "kind" => W::KIND).increment(1);
        let observed = gather(&view, selected, &self.contents, self.clock.now()).await?;
        let plan = decide(
            &observed,
            Config {
                settle_timeout: self.settings.settle_timeout,
            },
            self.clock.now(),
        );
        let restarted = !plan.restart_for.is_empty();
        if let Outcome::Written(written) = self.carry_out(workload, &view, &observed, &plan).await? {
            self.workloads.written(written);
        }
        Ok((plan.wake_at.map_or(Next::Done, Next::At), restarted))
    }

    async fn carry_out(
        &self,
        workload: &W,
        view: &View<'_>,
        observed: &Observed,
        plan: &Plan,
    ) -> Result<Outcome<W>, WriteError> {
        let (began, on) = (Instant::now(), events::reference(workload));
        let by_namespace = self.settings.metrics_by_namespace;
        let report = Report {
            events: &self.events,
            on: &on,
            workload: view,
            by_namespace,
        };
        report.invalid(plan);
        let (write, left_out) = act::write_for(view, observed, plan, self.settings.strategy);
        if left_out > 0 {
            report.too_many(left_out);
        }
        let Some(write) = write else {
            counter!(metric::SKIPPED, "reason" => "no_data_change").increment(1);
            return Ok(Outcome::Nothing);
        };
        match act::send::<W>(&self.writer, view, &write).await {
            Ok(written) => {
                if !plan.restart_for.is_empty() {
                    report.reloaded(plan, began.elapsed());
                }
                Ok(Outcome::Written(written))
            }
            Err(error) => {
                let expected = matches!(error.class(), ErrorClass::Conflict | ErrorClass::NotFound);
                if !plan.restart_for.is_empty() && !expected {
                    report.failed(plan, &error, began.elapsed());
                }
                Err(error)
            }
        }
    }
}
