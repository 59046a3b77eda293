//! Every literal that users, dashboards and other tools depend on, once. Upstream's words are kept exactly.

/// Field manager of every write to a workload, as upstream's.
pub const FIELD_MANAGER: &str = "Reloader";
/// Lease that this operator and upstream's compete for, so that old and new never both act.
pub const LEASE: &str = "stakater-reloader-lock";
/// First part of each variable that the env-vars strategy sets.
pub const ENV_PREFIX: &str = "STAKATER_";

/// Annotation keys that no flag renames.
pub mod keys {
    /// What a workload last saw of each source, on the workload's own metadata.
    pub use evercert_core::contract::annotations::SEEN;
    /// Names of ConfigMaps that never restart this workload (note the plural).
    pub const CONFIGMAP_EXCLUDE: &str = "configmaps.exclude.reloader.stakater.com/reload";
    /// Names of Secrets that never restart this workload (note the plural).
    pub const SECRET_EXCLUDE: &str = "secrets.exclude.reloader.stakater.com/reload";
}

/// Reasons of the events on a workload.
pub mod reasons {
    /// Normal: the workload was restarted.
    pub const RELOADED: &str = "Reloaded";
    /// Warning: it should have been, but the write failed.
    pub const RELOAD_FAIL: &str = "ReloadFail";
    /// Warning: a Secret asked for derived data that did not come in time; the workload was restarted without it.
    pub const DERIVED_DATA_STALE: &str = "DerivedDataStale";
    /// Warning: an annotation holds something that cannot be used.
    pub const INVALID_ANNOTATION: &str = "InvalidAnnotation";
    /// Warning: more sources than the memory on the workload has room for.
    pub const TOO_MANY_SOURCES: &str = "TooManySources";
}

/// Names of metrics.
pub mod metrics {
    /// Counter by `success`.
    pub const RELOAD_EXECUTED: &str = "reloader_reload_executed_total";
    /// Counter by `success`, `namespace`.
    pub const RELOAD_EXECUTED_BY_NAMESPACE: &str = "reloader_reload_executed_total_by_namespace";
    /// Counter by `result`: success, error, skipped.
    pub const RECONCILES: &str = "reloader_reconcile_total";
    /// Histogram by `result`, seconds.
    pub const RECONCILE_DURATION: &str = "reloader_reconcile_duration_seconds";
    /// Counter by `workload_kind`, `result`.
    pub const ACTIONS: &str = "reloader_action_total";
    /// Histogram by `workload_kind`, seconds.
    pub const ACTION_LATENCY: &str = "reloader_action_latency_seconds";
    /// Counter by `reason`: ignored_or_not_selected, no_data_change, strategy_not_updated.
    pub const SKIPPED: &str = "reloader_skipped_total";
    /// Counter by `type`.
    pub const ERRORS: &str = "reloader_errors_total";
    /// Counter.
    pub const RETRIES: &str = "reloader_retries_total";
    /// Counter by `event_type`, `resource_type`.
    pub const EVENTS_RECEIVED: &str = "reloader_events_received_total";
    /// Counter by `kind`.
    pub const WORKLOADS_SCANNED: &str = "reloader_workloads_scanned_total";
    /// Counter by `kind`.
    pub const WORKLOADS_MATCHED: &str = "reloader_workloads_matched_total";

    /// Buckets in seconds; the others are counters.
    pub const HISTOGRAMS: [(&str, &[f64]); 2] = [
        (
            RECONCILE_DURATION,
            &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
        ),
        (
            ACTION_LATENCY,
            &[0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0],
        ),
    ];
}
