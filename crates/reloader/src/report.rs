//! What users are told: events on the workload, the log line that people alert on, metrics. Never content.

use std::time::Duration;

use evercert_core::apply::{ErrorClass, WriteError};
use evercert_core::events::Events;
use k8s_openapi::api::core::v1::ObjectReference;
use metrics::{counter, histogram};

use crate::decide::Plan;
use crate::names::{metrics as metric, reasons};
use crate::source::Source;
use crate::workloads::View;

/// Says things about one workload.
#[derive(Debug)]
pub struct Report<'a> {
    /// Where events go.
    pub events: &'a Events,
    /// The workload as events name it.
    pub on: &'a ObjectReference,
    /// The workload.
    pub workload: &'a View<'a>,
    /// `METRICS_COUNT_BY_NAMESPACE=enabled`.
    pub by_namespace: bool,
}

impl Report<'_> {
    /// A restart went out.
    pub fn reloaded(&self, plan: &Plan, took: Duration) {
        let (ns, name, kind) = (self.workload.namespace(), self.workload.name(), self.workload.kind);
        for source in plan.restart_for.keys() {
            let (source, source_kind) = (&source.name, source.kind.upper());
            tracing::info!(
                "Changes detected in '{source}' of type '{source_kind}' in namespace '{ns}'; updated '{name}' of type '{kind}' in namespace '{ns}'"
            );
        }
        let changed = list(plan.restart_for.keys());
        let note = format!(
            "Changes detected in {changed} in namespace '{ns}', Updated '{name}' of type '{kind}' in namespace '{ns}'"
        );
        self.reporter(plan).normal(self.on, reasons::RELOADED, note);
        for source in &plan.gave_up_on {
            let note = format!(
                "{} '{}' has been asking for derived data (keystores) that did not come in time; '{name}' was restarted without it. \
                 Is evercert-cert-utils running, and does the Secret have an event that says why not?",
                source.kind.upper(),
                source.name
            );
            self.events.warning(self.on, reasons::DERIVED_DATA_STALE, note);
        }
        self.count(true, took);
    }

    /// A restart was refused.
    pub fn failed(&self, plan: &Plan, error: &WriteError, took: Duration) {
        let why = error.message().unwrap_or("the API server could not be reached");
        let hint = match error.class() {
            ErrorClass::Forbidden => {
                " (does the ServiceAccount of evercert-reloader have the role that the chart installs?)"
            }
            _ => "",
        };
        let changed = list(plan.restart_for.keys());
        let note = format!("Changes detected in {changed}, but the update failed: {why}{hint}");
        self.reporter(plan).warning(self.on, reasons::RELOAD_FAIL, note);
        self.count(false, took);
        counter!(metric::ERRORS, "type" => "handler_error").increment(1);
    }

    /// Annotations that cannot be used.
    pub fn invalid(&self, plan: &Plan) {
        for invalid in &plan.invalid {
            let note = format!("'{}' in annotation {} {}", invalid.piece, invalid.key, invalid.problem);
            self.events.warning(self.on, reasons::INVALID_ANNOTATION, note);
        }
    }

    /// The memory is full.
    pub fn too_many(&self, left_out: usize) {
        let note = format!(
            "{left_out} sources are not remembered because the annotation evercert.dev/seen has no room for them; \
             their first change will be missed. Name fewer sources, or use more exact patterns"
        );
        self.events.warning(self.on, reasons::TOO_MANY_SOURCES, note);
    }

    /// Upstream reports as the watch that saw the change.
    fn reporter(&self, plan: &Plan) -> Events {
        let kind = plan.restart_for.keys().map(|source| source.kind).next_back();
        self.events
            .reporting_as(&kind.map_or_else(|| "reloader".to_owned(), |kind| format!("reloader-{}", kind.plural())))
    }

    fn count(&self, success: bool, took: Duration) {
        let result = if success { "success" } else { "error" };
        let label = if success { "true" } else { "false" };
        counter!(metric::RELOAD_EXECUTED, "success" => label).increment(1);
        if self.by_namespace {
            let ns = self.workload.namespace().to_owned();
            counter!(metric::RELOAD_EXECUTED_BY_NAMESPACE, "success" => label, "namespace" => ns).increment(1);
        }
        counter!(metric::ACTIONS, "workload_kind" => self.workload.kind, "result" => result).increment(1);
        histogram!(metric::ACTION_LATENCY, "workload_kind" => self.workload.kind).record(took.as_secs_f64());
    }
}

/// `'a' of type 'SECRET'`, several joined by `and`: upstream's words where there is one.
fn list<'a>(sources: impl Iterator<Item = &'a Source>) -> String {
    let words: Vec<_> = sources
        .map(|source| format!("'{}' of type '{}'", source.name, source.kind.upper()))
        .collect();
    words.join(" and ")
}
