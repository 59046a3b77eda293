//! The command line, literally. Each flag can be given as an environment variable as well: `EVERCERT_` and its name.

use clap::Parser;
use evercert_api::GoDuration;
use evercert_core::flags::{CommonArgs, parse_bool, parse_duration};

/// Restarts workloads when a Secret or ConfigMap they use has changed.
#[derive(Debug, Clone, Parser)]
#[command(name = "evercert-reloader", version, about)]
pub struct Args {
    /// Flags that all operators share.
    #[command(flatten)]
    pub common: CommonArgs,

    /// Reload every workload that did not opt out.
    #[arg(long, env = "EVERCERT_AUTO_RELOAD_ALL", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub auto_reload_all: bool,
    /// How pods are replaced: env-vars or annotations.
    #[arg(long, env = "EVERCERT_RELOAD_STRATEGY", default_value = "env-vars")]
    pub reload_strategy: String,
    /// How long a Secret may keep workloads waiting for derived data (keystores) that it asks for.
    #[arg(long, env = "EVERCERT_SETTLE_TIMEOUT", default_value = "60s", value_parser = parse_duration)]
    pub settle_timeout: GoDuration,

    /// Kind of sources to ignore: configmaps or secrets.
    #[arg(long, env = "EVERCERT_RESOURCES_TO_IGNORE", value_delimiter = ',')]
    pub resources_to_ignore: Vec<String>,
    /// Kinds of workloads to ignore: jobs, cronjobs.
    #[arg(long, env = "EVERCERT_IGNORED_WORKLOAD_TYPES", value_delimiter = ',')]
    pub ignored_workload_types: Vec<String>,
    /// Namespaces to look at; all if empty.
    #[arg(long, env = "EVERCERT_NAMESPACES", value_delimiter = ',')]
    pub namespaces: Vec<String>,
    /// Namespaces to leave alone.
    #[arg(long, env = "EVERCERT_NAMESPACES_TO_IGNORE", value_delimiter = ',')]
    pub namespaces_to_ignore: Vec<String>,
    /// Label selectors of namespaces to look at.
    #[arg(long, env = "EVERCERT_NAMESPACE_SELECTOR", value_delimiter = ',')]
    pub namespace_selector: Vec<String>,
    /// Label selectors of Secrets and ConfigMaps to look at.
    #[arg(long, env = "EVERCERT_RESOURCE_LABEL_SELECTOR", value_delimiter = ',')]
    pub resource_label_selector: Vec<String>,
    /// The one namespace to look at, where `--namespaces` is not given.
    #[arg(long, hide = true, env = "KUBERNETES_NAMESPACE", default_value = "")]
    pub kubernetes_namespace: String,

    /// React to Argo Rollouts.
    #[arg(
        long = "is-Argo-Rollouts",
        env = "EVERCERT_IS_ARGO_ROLLOUTS",
        default_value = "false"
    )]
    pub is_argo_rollouts: String,
    /// Treat a new source as changed.
    #[arg(long, env = "EVERCERT_RELOAD_ON_CREATE", default_value = "false")]
    pub reload_on_create: String,
    /// Treat a deleted source as changed.
    #[arg(long, env = "EVERCERT_RELOAD_ON_DELETE", default_value = "false")]
    pub reload_on_delete: String,
    /// Accepted; changes made while the operator was down are always found.
    #[arg(long, env = "EVERCERT_SYNC_AFTER_RESTART", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub sync_after_restart: bool,
    /// POST here instead of reloading.
    #[arg(long, env = "EVERCERT_WEBHOOK_URL", default_value = "")]
    pub webhook_url: String,
    /// Reload on rotations of the Secrets Store CSI driver.
    #[arg(long, env = "EVERCERT_ENABLE_CSI_INTEGRATION", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub enable_csi_integration: bool,

    /// Run several replicas of which one acts.
    #[arg(long, env = "EVERCERT_ENABLE_HA", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub enable_ha: bool,
    /// Go profiling; does not exist here.
    #[arg(long, env = "EVERCERT_ENABLE_PPROF", default_value = "false", num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub enable_pprof: bool,
    /// Address of Go profiling; does not exist here.
    #[arg(long, env = "EVERCERT_PPROF_ADDR", default_value = ":6060")]
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

impl Args {
    /// The shared flags, with upstream's own words taken over: `--enable-ha`, and the level names of its logger.
    pub fn common(&self) -> CommonArgs {
        let mut common = self.common.clone();
        common.leader_elect.get_or_insert(self.enable_ha);
        match common.log_level.to_ascii_lowercase().as_str() {
            "warning" => "warn".clone_into(&mut common.log_level),
            "fatal" | "panic" => "error".clone_into(&mut common.log_level),
            _ => {}
        }
        common
    }
}

/// Flags that rename annotations.
#[derive(Debug, Clone, clap::Args)]
#[allow(clippy::struct_field_names, reason = "fields are named as the flags")]
pub struct KeyArgs {
    /// Key of automatic reload.
    #[arg(long, env = "EVERCERT_AUTO_ANNOTATION", default_value = "reloader.stakater.com/auto")]
    pub auto_annotation: String,
    /// Key of automatic reload for ConfigMaps.
    #[arg(
        long,
        env = "EVERCERT_CONFIGMAP_AUTO_ANNOTATION",
        default_value = "configmap.reloader.stakater.com/auto"
    )]
    pub configmap_auto_annotation: String,
    /// Key of automatic reload for Secrets.
    #[arg(
        long,
        env = "EVERCERT_SECRET_AUTO_ANNOTATION",
        default_value = "secret.reloader.stakater.com/auto"
    )]
    pub secret_auto_annotation: String,
    /// Key of the list of ConfigMaps.
    #[arg(
        long,
        env = "EVERCERT_CONFIGMAP_ANNOTATION",
        default_value = "configmap.reloader.stakater.com/reload"
    )]
    pub configmap_annotation: String,
    /// Key of the list of Secrets.
    #[arg(
        long,
        env = "EVERCERT_SECRET_ANNOTATION",
        default_value = "secret.reloader.stakater.com/reload"
    )]
    pub secret_annotation: String,
    /// Key of the search for marked sources.
    #[arg(
        long,
        env = "EVERCERT_AUTO_SEARCH_ANNOTATION",
        default_value = "reloader.stakater.com/search"
    )]
    pub auto_search_annotation: String,
    /// Key of the mark on sources.
    #[arg(
        long,
        env = "EVERCERT_SEARCH_MATCH_ANNOTATION",
        default_value = "reloader.stakater.com/match"
    )]
    pub search_match_annotation: String,
    /// Key on sources that never restart anything.
    #[arg(
        long,
        env = "EVERCERT_IGNORE_ANNOTATION",
        default_value = "reloader.stakater.com/ignore"
    )]
    pub ignore_annotation: String,
    /// Key of the pause after a reload.
    #[arg(
        long,
        env = "EVERCERT_PAUSE_DEPLOYMENT_ANNOTATION",
        default_value = "deployment.reloader.stakater.com/pause-period"
    )]
    pub pause_deployment_annotation: String,
    /// Key of the time of that pause.
    #[arg(
        long,
        env = "EVERCERT_PAUSE_DEPLOYMENT_TIME_ANNOTATION",
        default_value = "deployment.reloader.stakater.com/paused-at"
    )]
    pub pause_deployment_time_annotation: String,
}
