//! The command line, literally. Each flag can be given as an environment variable as well.

use clap::Parser;
use evercert_api::GoDuration;

/// Restarts workloads when a Secret or ConfigMap they use has changed.
#[derive(Debug, Clone, Parser)]
#[command(name = "evercert-reloader", version, about)]
pub struct Args {
    #[arg(long, default_value = "")]
    pub log_format: String,
    #[arg(long, default_value = "")]
    pub log_level: String,

    /// Reload every workload that did not opt out.
    #[arg(long, env = "AUTO_RELOAD_ALL", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub auto_reload_all: bool,
    /// How pods are replaced: env-vars or annotations.
    #[arg(long, env = "RELOAD_STRATEGY", default_value = "env-vars")]
    pub reload_strategy: String,
    /// How long a Secret may keep workloads waiting for derived data (keystores) that it asks for.
    #[arg(long, env = "SETTLE_TIMEOUT", default_value = "60s")]
    pub settle_timeout: GoDuration,

    /// Kind of sources to ignore: configmaps or secrets.
    #[arg(long, env = "RESOURCES_TO_IGNORE", value_delimiter = ',')]
    pub resources_to_ignore: Vec<String>,
    /// Kinds of workloads to ignore: jobs, cronjobs.
    #[arg(long, env = "IGNORED_WORKLOAD_TYPES", value_delimiter = ',')]
    pub ignored_workload_types: Vec<String>,
    /// Namespaces to look at; all if empty.
    #[arg(long, env = "NAMESPACES", value_delimiter = ',')]
    pub namespaces: Vec<String>,
    /// Namespaces to leave alone.
    #[arg(long, env = "NAMESPACES_TO_IGNORE", value_delimiter = ',')]
    pub namespaces_to_ignore: Vec<String>,
    /// Label selectors of namespaces to look at.
    #[arg(long, env = "NAMESPACE_SELECTOR", value_delimiter = ',')]
    pub namespace_selector: Vec<String>,
    /// Label selectors of Secrets and ConfigMaps to look at.
    #[arg(long, env = "RESOURCE_LABEL_SELECTOR", value_delimiter = ',')]
    pub resource_label_selector: Vec<String>,
    /// The one namespace to look at, where `--namespaces` is not given.
    #[arg(long, hide = true, env = "KUBERNETES_NAMESPACE", default_value = "")]
    pub kubernetes_namespace: String,

    /// React to Argo Rollouts.
    #[arg(long = "is-Argo-Rollouts", env = "IS_ARGO_ROLLOUTS", default_value = "false")]
    pub is_argo_rollouts: String,
    /// Treat a new source as changed.
    #[arg(long, env = "RELOAD_ON_CREATE", default_value = "false")]
    pub reload_on_create: String,
    /// Treat a deleted source as changed.
    #[arg(long, env = "RELOAD_ON_DELETE", default_value = "false")]
    pub reload_on_delete: String,
    /// Accepted; changes made while the operator was down are always found.
    #[arg(long, env = "SYNC_AFTER_RESTART", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub sync_after_restart: bool,
    /// POST here instead of reloading.
    #[arg(long, env = "WEBHOOK_URL", default_value = "")]
    pub webhook_url: String,
    /// Reload on rotations of the Secrets Store CSI driver.
    #[arg(long, env = "ENABLE_CSI_INTEGRATION", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub enable_csi_integration: bool,

    /// Run several replicas of which one acts.
    #[arg(long, env = "ENABLE_HA", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub enable_ha: bool,
    /// Go profiling; does not exist here.
    #[arg(long, env = "ENABLE_PPROF", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub enable_pprof: bool,
    /// Address of Go profiling; does not exist here.
    #[arg(long, env = "PPROF_ADDR", default_value = ":6060")]
    pub pprof_addr: String,

    /// Counts reloads per namespace if `enabled`.
    #[arg(long, hide = true, env = "METRICS_COUNT_BY_NAMESPACE", default_value = "")]
    pub metrics_count_by_namespace: String,
    /// Alerts on each reload if `true`.
    #[arg(long, hide = true, env = "ALERT_ON_RELOAD", default_value = "")]
    pub alert_on_reload: String,

    /// Renamed annotation keys.
    #[command(flatten)]
    pub keys: KeyArgs,
}

/// Flags that rename annotations.
#[derive(Debug, Clone, clap::Args)]
pub struct KeyArgs {
    /// Key of automatic reload.
    #[arg(long, env = "AUTO_ANNOTATION", default_value = "reloader.stakater.com/auto")]
    pub auto_annotation: String,
    /// Key of automatic reload for ConfigMaps.
    #[arg(
        long,
        env = "CONFIGMAP_AUTO_ANNOTATION",
        default_value = "configmap.reloader.stakater.com/auto"
    )]
    pub configmap_auto_annotation: String,
    /// Key of automatic reload for Secrets.
    #[arg(
        long,
        env = "SECRET_AUTO_ANNOTATION",
        default_value = "secret.reloader.stakater.com/auto"
    )]
    pub secret_auto_annotation: String,
    /// Key of the list of ConfigMaps.
    #[arg(
        long,
        env = "CONFIGMAP_ANNOTATION",
        default_value = "configmap.reloader.stakater.com/reload"
    )]
    pub configmap_annotation: String,
    /// Key of the list of Secrets.
    #[arg(
        long,
        env = "SECRET_ANNOTATION",
        default_value = "secret.reloader.stakater.com/reload"
    )]
    pub secret_annotation: String,
    /// Key of the search for marked sources.
    #[arg(long, env = "AUTO_SEARCH_ANNOTATION", default_value = "reloader.stakater.com/search")]
    pub auto_search_annotation: String,
    /// Key of the mark on sources.
    #[arg(long, env = "SEARCH_MATCH_ANNOTATION", default_value = "reloader.stakater.com/match")]
    pub search_match_annotation: String,
    /// Key on sources that never restart anything.
    #[arg(long, env = "IGNORE_ANNOTATION", default_value = "reloader.stakater.com/ignore")]
    pub ignore_annotation: String,
    /// Key of the pause after a reload.
    #[arg(
        long,
        env = "PAUSE_DEPLOYMENT_ANNOTATION",
        default_value = "deployment.reloader.stakater.com/pause-period"
    )]
    pub pause_deployment_annotation: String,
    /// Key of the time of that pause.
    #[arg(
        long,
        env = "PAUSE_DEPLOYMENT_TIME_ANNOTATION",
        default_value = "deployment.reloader.stakater.com/paused-at"
    )]
    pub pause_deployment_time_annotation: String,
}

fn go_bool(text: &str) -> Result<bool, String> {
    crate::annotations::parse_go_bool(text).ok_or_else(|| "not a boolean".to_owned())
}
