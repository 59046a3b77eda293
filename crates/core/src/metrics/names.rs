//! Names of the metrics that core counts, each once.

/// Counter: requests to the API server; labels `verb` and `code`.
pub const API_REQUESTS: &str = "evercert_api_requests_total";
/// Counter: errors of a watch; label `kind`.
pub const WATCH_ERRORS: &str = "evercert_watch_errors_total";
/// Counter: objects skipped because they do not fit their type; label `kind`.
pub const WATCH_MALFORMED: &str = "evercert_watch_malformed_objects_total";
/// Counter: events that found the queue full.
pub const EVENTS_DROPPED: &str = "evercert_events_dropped_total";
/// Counter: reconciles that panicked; label `controller`.
pub const RECONCILE_PANICS: &str = "evercert_reconcile_panics_total";
/// Gauge: 1 while this process leads, otherwise 0; label `name`. The name is client-go's.
pub const LEADER: &str = "leader_election_master_status";

/// Names under which a controller counts its runs; both have the label `controller`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControllerNames {
    /// Counter: runs.
    pub calls: &'static str,
    /// Counter: runs that failed.
    pub errors: &'static str,
}

/// Names for operators whose upstream has none.
pub const CORE: ControllerNames = ControllerNames {
    calls: "evercert_controller_sync_call_count",
    errors: "evercert_controller_sync_error_count",
};
/// cert-manager's names, for the issuer.
pub const CERT_MANAGER: ControllerNames = ControllerNames {
    calls: "certmanager_controller_sync_call_count",
    errors: "certmanager_controller_sync_error_count",
};
