//! Flags with upstream's spellings and defaults (certificates.md 8.1). Upstream's other flags are taken and said to be without effect,
//! so that swapping the image needs no change of arguments.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Parser;
use evercert_api::GoDuration;
use evercert_core::flags::{CommonArgs, parse_bool, parse_duration};

use crate::certificates::backoff::Bounds;
use crate::names::LEASE_NAMESPACE;

/// Command line of `evercert-issuer`.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "evercert-issuer",
    version,
    about = "Issues and renews certificates; a drop-in for cert-manager's controller"
)]
pub struct Cli {
    /// Flags of all operators.
    #[command(flatten)]
    pub common: CommonArgs,
    /// Flags of this one.
    #[command(flatten)]
    pub settings: Settings,
}

/// What users can set.
#[derive(Debug, Clone, clap::Args)]
pub struct Settings {
    /// Namespace of the Secrets that ClusterIssuers name.
    #[arg(long, env = "EVERCERT_CLUSTER_RESOURCE_NAMESPACE", default_value = "kube-system")]
    pub cluster_resource_namespace: String,

    /// Only this namespace is looked at, and no ClusterIssuer; all without it.
    #[arg(long, env = "EVERCERT_NAMESPACE", default_value = "")]
    pub namespace: String,

    /// Controllers to run: * for all, -name to leave one out, for example *,-certificaterequests-approver.
    #[arg(
        long,
        env = "EVERCERT_CONTROLLERS",
        value_delimiter = ',',
        default_value = "*",
        allow_hyphen_values = true
    )]
    pub controllers: Vec<String>,

    /// Whether target Secrets are owned by their Certificate, and so deleted with it.
    #[arg(long, env = "EVERCERT_ENABLE_CERTIFICATE_OWNER_REF", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub enable_certificate_owner_ref: bool,

    /// Prefixes of annotations that are copied from a Certificate to its requests: * for all, -prefix to leave some out.
    #[arg(
        long,
        env = "EVERCERT_COPIED_ANNOTATION_PREFIXES",
        value_delimiter = ',',
        allow_hyphen_values = true,
        default_value = "*,-kubectl.kubernetes.io/,-fluxcd.io/,-argocd.argoproj.io/"
    )]
    pub copied_annotation_prefixes: Vec<String>,

    /// Objects that one controller works at at the same time.
    #[arg(long, env = "EVERCERT_CONCURRENT_WORKERS", default_value_t = 16)]
    pub concurrent_workers: usize,

    /// Challenges that may be worked at at the same time.
    #[arg(long, env = "EVERCERT_MAX_CONCURRENT_CHALLENGES", default_value_t = 60)]
    pub max_concurrent_challenges: usize,

    /// Rest after the first failed issuance.
    #[arg(long, env = "EVERCERT_CERTIFICATE_REQUEST_MINIMUM_BACKOFF_DURATION", default_value = "1h", value_parser = parse_duration)]
    pub certificate_request_minimum_backoff_duration: GoDuration,

    /// Longest rest after failed issuances.
    #[arg(long, env = "EVERCERT_CERTIFICATE_REQUEST_MAXIMUM_BACKOFF_DURATION", default_value = "32h", value_parser = parse_duration)]
    pub certificate_request_maximum_backoff_duration: GoDuration,

    /// DNS servers that the DNS-01 self check asks, host:port; those of the system without it.
    #[arg(long, env = "EVERCERT_DNS01_RECURSIVE_NAMESERVERS", value_delimiter = ',')]
    pub dns01_recursive_nameservers: Vec<String>,

    /// Whether the self check asks only those servers instead of the authoritative ones.
    #[arg(long, env = "EVERCERT_DNS01_RECURSIVE_NAMESERVERS_ONLY", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub dns01_recursive_nameservers_only: bool,

    /// Time between two self checks of a challenge.
    #[arg(long, env = "EVERCERT_DNS01_CHECK_RETRY_PERIOD", default_value = "10s", value_parser = parse_duration)]
    pub dns01_check_retry_period: GoDuration,

    /// Whether Issuers may use credentials of the environment.
    #[arg(long, env = "EVERCERT_ISSUER_AMBIENT_CREDENTIALS", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "false", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub issuer_ambient_credentials: bool,

    /// Whether ClusterIssuers may use credentials of the environment.
    #[arg(long, env = "EVERCERT_CLUSTER_ISSUER_AMBIENT_CREDENTIALS", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          default_value = "true", value_parser = parse_bool, action = clap::ArgAction::Set)]
    pub cluster_issuer_ambient_credentials: bool,
}

/// Flags of upstream that have no effect here. All take a value, but the boolean ones also stand alone.
const IGNORED: &[&str] = &[
    "master",
    "kube-api-qps",
    "kube-api-burst",
    "config",
    "feature-gates",
    "vmodule",
    "v",
    "log-flush-frequency",
    "enable-profiling",
    "profiler-address",
    "default-issuer-name",
    "default-issuer-kind",
    "default-issuer-group",
    "auto-certificate-annotations",
    "extra-certificate-annotations",
    "enable-gateway-api",
    "enable-gateway-api-listenerset",
    "gateway-api-extra-protocols",
    "acme-http01-solver-image",
    "acme-http01-solver-resource-request-cpu",
    "acme-http01-solver-resource-request-memory",
    "acme-http01-solver-resource-limits-cpu",
    "acme-http01-solver-resource-limits-memory",
    "acme-http01-solver-run-as-non-root",
    "acme-http01-solver-nameservers",
    "acme-http01-solver-extra-labels",
    "acme-http01-solver-runtime-class-name",
    "max-certificate-size",
    "max-private-key-size",
    "max-certificate-chain-length",
    "max-certificate-bundle-size",
    "metrics-tls-cert-file",
    "metrics-tls-private-key-file",
    "metrics-tls-cipher-suites",
    "metrics-tls-min-version",
    "metrics-dynamic-serving-ca-secret-namespace",
    "metrics-dynamic-serving-ca-secret-name",
    "metrics-dynamic-serving-dns-names",
    "metrics-dynamic-serving-leaf-duration",
    "internal-healthz-leader-election-timeout",
    "dns01-self-check-nameservers",
];

impl Cli {
    /// Parses a command line; also returns the flags that were left out as without effect.
    pub fn from_args(args: impl IntoIterator<Item = String>) -> Result<(Self, Vec<String>), clap::Error> {
        let (known, ignored) = split(args);
        let mut cli = Self::try_parse_from(known)?;
        cli.common
            .leader_election_namespace
            .get_or_insert_with(|| LEASE_NAMESPACE.to_owned());
        Ok((cli, ignored))
    }
}

/// Takes the ignored flags out, with their values where these stand apart.
fn split(args: impl IntoIterator<Item = String>) -> (Vec<String>, Vec<String>) {
    let (mut known, mut ignored) = (vec![], vec![]);
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let (name, value) = arg
            .split_once('=')
            .map_or((arg.as_str(), None), |(name, value)| (name, Some(value)));
        let name = name.trim_start_matches('-').to_owned();
        if arg.starts_with('-') && name == "logging-format" {
            let value = value.map(str::to_owned).or_else(|| args.next()).unwrap_or_default();
            known.push(format!("--log-format={value}"));
        } else if arg.starts_with('-') && IGNORED.contains(&name.as_str()) {
            if value.is_none() && args.peek().is_some_and(|next| !next.starts_with('-')) {
                args.next();
            }
            ignored.push(name);
        } else {
            known.push(arg);
        }
    }
    (known, ignored)
}

impl Settings {
    /// Whether the controller of this name of upstream shall run. A list that only leaves some out means all others.
    pub fn runs(&self, controller: &str) -> bool {
        let set: BTreeSet<&str> = self.controllers.iter().map(|name| name.trim()).collect();
        let left_out = set.contains(&*format!("-{controller}"));
        let all = set.contains("*") || set.iter().all(|name| name.starts_with('-'));
        !left_out && (all || set.contains(controller))
    }

    /// Whether requests are approved without anybody asked.
    pub fn approves(&self) -> bool {
        self.runs("certificaterequests-approver")
    }

    /// Whether an annotation of a Certificate is copied to its requests.
    pub fn copies(&self, annotation: &str) -> bool {
        let matches = |prefix: &str| prefix == "*" || annotation.starts_with(prefix);
        let prefixes = || self.copied_annotation_prefixes.iter().map(|prefix| prefix.trim());
        let left_out = prefixes().filter_map(|prefix| prefix.strip_prefix('-')).any(matches);
        !left_out && prefixes().filter(|prefix| !prefix.starts_with('-')).any(matches)
    }

    /// Rest after failures. A zero counts as the default, as in upstream's configuration.
    pub fn backoff(&self) -> Bounds {
        let or = |duration: GoDuration, default: Duration| {
            Some(duration.to_std()).filter(|d| !d.is_zero()).unwrap_or(default)
        };
        let default = Bounds::default();
        let min = or(self.certificate_request_minimum_backoff_duration, default.min);
        Bounds {
            min,
            max: or(self.certificate_request_maximum_backoff_duration, default.max).max(min),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        // The defaults stand once, in the attributes above.
        #[allow(
            clippy::expect_used,
            reason = "an empty command line always parses; the first test run shows it"
        )]
        let cli = Cli::try_parse_from(["evercert-issuer"]).expect("defaults parse");
        cli.settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> (Cli, Vec<String>) {
        Cli::from_args(
            std::iter::once(&"evercert-issuer")
                .chain(args)
                .map(|arg| (*arg).to_owned()),
        )
        .unwrap()
    }

    #[test]
    fn the_arguments_of_upstreams_chart_are_taken() {
        let (cli, ignored) = parse(&[
            "--v=2",
            "--cluster-resource-namespace=cert-manager",
            "--leader-election-namespace=kube-system",
            "--acme-http01-solver-image=example/acmesolver:v1",
            "--max-concurrent-challenges=60",
            "--feature-gates",
            "ServerSideApply=true",
            "--enable-gateway-api",
            "--controllers=*,-certificaterequests-approver",
            "--logging-format=json",
        ]);
        assert_eq!(cli.settings.cluster_resource_namespace, "cert-manager");
        assert!(!cli.settings.approves() && cli.settings.runs("issuers"));
        assert_eq!(
            ignored,
            ["v", "acme-http01-solver-image", "feature-gates", "enable-gateway-api"]
        );
        assert!(Cli::from_args(["x", "--no-such-flag"].map(String::from)).is_err());
    }

    #[test]
    fn controllers_are_named_or_left_out() {
        let table = [
            (&["*"][..], true, true),
            (&["*", "-certificaterequests-approver"], false, true),
            (&["-certificaterequests-approver"], false, true),
            (&["issuers"], false, true),
            (&["orders"], false, false),
        ];
        for (controllers, approves, issuers) in table {
            let controllers = controllers.iter().map(|name| (*name).to_owned()).collect();
            let settings = Settings {
                controllers,
                ..Settings::default()
            };
            assert_eq!(
                (settings.approves(), settings.runs("issuers")),
                (approves, issuers),
                "{:?}",
                settings.controllers
            );
        }
    }

    #[test]
    fn annotations_are_copied_but_for_those_of_deployment_tools() {
        let settings = Settings::default();
        let table = [
            ("team", true),
            ("cert-manager.io/x", true),
            ("kubectl.kubernetes.io/last-applied-configuration", false),
            ("argocd.argoproj.io/x", false),
        ];
        for (annotation, copied) in table {
            assert_eq!(settings.copies(annotation), copied, "{annotation}");
        }
        let (cli, _) = parse(&["--copied-annotation-prefixes=a.example/"]);
        assert!(cli.settings.copies("a.example/x") && !cli.settings.copies("b.example/x"));
    }
}
