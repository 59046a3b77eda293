//! What the flags mean, checked once at start.

use std::collections::BTreeSet;
use std::time::Duration;

use evercert_core::watch::Scope;

use super::args::{Args, KeyArgs};
use crate::annotations::Keys;
use crate::selection::Rules;
use crate::source::SourceKind;
use crate::strategies::Strategy;

/// Everything that passes and watches need to know of the flags.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How sources are selected.
    pub rules: Rules,
    /// How pods are replaced.
    pub strategy: Strategy,
    /// How long an unsettled source holds workloads back.
    pub settle_timeout: Duration,
    /// Kinds of sources that are not watched.
    pub ignored_resources: BTreeSet<SourceKind>,
    /// Where to watch.
    pub scope: Scope,
    /// Within the scope: only these namespaces, if any.
    pub namespaces: BTreeSet<String>,
    /// Within the scope: never these namespaces.
    pub ignored_namespaces: BTreeSet<String>,
    /// Label selector of sources; empty for all.
    pub source_selector: String,
    /// Count reloads per namespace.
    pub metrics_by_namespace: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            strategy: Strategy::default(),
            settle_timeout: Duration::from_mins(1),
            ignored_resources: BTreeSet::new(),
            scope: Scope::All,
            namespaces: BTreeSet::new(),
            ignored_namespaces: BTreeSet::new(),
            source_selector: String::new(),
            metrics_by_namespace: false,
        }
    }
}

/// Flags that contradict each other or make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlagError {
    /// Upstream refuses this too.
    #[error("--resources-to-ignore takes configmaps or secrets, not both and nothing else: {0:?}")]
    ResourcesToIgnore(Vec<String>),
    /// Neither of upstream's strategies.
    #[error("--reload-strategy takes env-vars or annotations: {0:?}")]
    ReloadStrategy(String),
}

impl Settings {
    /// Reads the flags; also returns a warning for each one that has no effect yet.
    pub fn read(args: &Args) -> Result<(Self, Vec<String>), FlagError> {
        if !matches!(
            args.reload_strategy.as_str(),
            "env-vars" | "annotations" | "default" | ""
        ) {
            return Err(FlagError::ReloadStrategy(args.reload_strategy.clone()));
        }
        let (scope, namespaces) = scope(args);
        let settings = Self {
            rules: Rules {
                keys: keys(&args.keys),
                auto_reload_all: args.auto_reload_all,
            },
            strategy: Strategy::EnvVars,
            settle_timeout: args.settle_timeout.to_std(),
            ignored_resources: ignored_resources(&args.resources_to_ignore)?,
            scope,
            namespaces,
            ignored_namespaces: names(&args.namespaces_to_ignore),
            source_selector: label_selector(&args.resource_label_selector),
            metrics_by_namespace: args.metrics_count_by_namespace == "enabled",
        };
        Ok((settings, without_effect(args)))
    }

    /// Whether workloads of this namespace are looked at.
    pub fn covers(&self, namespace: &str) -> bool {
        (self.namespaces.is_empty() || self.namespaces.contains(namespace))
            && !self.ignored_namespaces.contains(namespace)
    }
}

fn names(list: &[String]) -> BTreeSet<String> {
    list.iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

/// One namespace is watched alone; several are picked from a watch of the cluster.
fn scope(args: &Args) -> (Scope, BTreeSet<String>) {
    let mut namespaces = names(&args.namespaces);
    if namespaces.is_empty() {
        namespaces = names(std::slice::from_ref(&args.kubernetes_namespace));
    }
    let only = if namespaces.len() == 1 {
        namespaces.first().cloned()
    } else {
        None
    };
    (Scope::of(only.as_deref()), namespaces)
}

fn ignored_resources(list: &[String]) -> Result<BTreeSet<SourceKind>, FlagError> {
    let refused = || FlagError::ResourcesToIgnore(list.to_vec());
    let kind = |name: &String| {
        SourceKind::ALL
            .into_iter()
            .find(|kind| kind.plural() == name.to_lowercase())
    };
    let given = list
        .iter()
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty());
    let kinds = given
        .map(|name| kind(&name).ok_or_else(refused))
        .collect::<Result<BTreeSet<_>, _>>()?;
    if kinds.len() > 1 { Err(refused()) } else { Ok(kinds) }
}

/// Selectors are joined by "and"; upstream's old forms `key:value`, `key:*` and `key=*` are understood.
fn label_selector(list: &[String]) -> String {
    let modern = |selector: &str| match selector.split_once(':').or_else(|| selector.split_once('=')) {
        Some((key, "*")) => key.to_owned(),
        Some(_) => selector.replacen(':', "=", 1),
        None => selector.to_owned(),
    };
    let all: Vec<_> = list
        .iter()
        .map(|s| s.trim())
        .filter(|s| !s.is_empty())
        .map(modern)
        .collect();
    all.join(",")
}

fn keys(args: &KeyArgs) -> Keys {
    Keys {
        auto: args.auto_annotation.clone(),
        configmap_auto: args.configmap_auto_annotation.clone(),
        secret_auto: args.secret_auto_annotation.clone(),
        configmap: args.configmap_annotation.clone(),
        secret: args.secret_annotation.clone(),
        search: args.auto_search_annotation.clone(),
        matches: args.search_match_annotation.clone(),
        ignore: args.ignore_annotation.clone(),
    }
}

/// One sentence for each flag that is understood but does nothing yet.
fn without_effect(args: &Args) -> Vec<String> {
    let table = [
        (
            args.reload_strategy == "annotations",
            "--reload-strategy=annotations is not available yet: env-vars is used",
        ),
        (
            !args.namespace_selector.is_empty(),
            "--namespace-selector is not available yet: all namespaces are looked at",
        ),
        (
            args.namespaces.len() > 1,
            "--namespaces with several names needs the permissions of a cluster-wide watch",
        ),
        (
            args.is_argo_rollouts == "true",
            "--is-Argo-Rollouts is not available yet: Rollouts are not restarted",
        ),
        (
            args.reload_on_create == "true",
            "--reload-on-create is not available yet: a new source is remembered, not acted on",
        ),
        (
            args.reload_on_delete == "true",
            "--reload-on-delete is not available yet: a deleted source restarts nothing",
        ),
        (
            !args.webhook_url.is_empty(),
            "--webhook-url is not available yet: workloads are restarted, nothing is posted",
        ),
        (
            args.enable_csi_integration,
            "--enable-csi-integration is not available yet: CSI rotations restart nothing",
        ),
        (
            args.alert_on_reload == "true",
            "alerts (ALERT_ON_RELOAD) are not available yet: nothing is sent",
        ),
        (
            args.enable_pprof,
            "--enable-pprof has no effect: there is no Go runtime to profile",
        ),
    ];
    table
        .into_iter()
        .filter(|(given, _)| *given)
        .map(|(_, text)| text.to_owned())
        .collect()
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
