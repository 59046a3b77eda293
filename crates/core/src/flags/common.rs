//! Flags that every operator has. What is not given comes from the operator's own defaults, which are its upstream's.

use std::path::PathBuf;

use evercert_api::GoDuration;

use super::values::{Listen, parse_address, parse_bool, parse_duration};
use crate::log::Format;

/// To be flattened into an operator's flags.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Common")]
pub struct CommonArgs {
    /// Kubeconfig file; in-cluster configuration without it.
    #[arg(long, env = "EVERCERT_KUBECONFIG", value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Form of log lines: text or json.
    #[arg(
        long,
        env = "EVERCERT_LOG_FORMAT",
        value_enum,
        ignore_case = true,
        default_value = "text"
    )]
    pub log_format: Format,

    /// error, warn, info, debug or trace; directives per module as of tracing's EnvFilter.
    #[arg(long, env = "EVERCERT_LOG_LEVEL", default_value = "info")]
    pub log_level: String,

    /// Address of /metrics, for example 0.0.0.0:9402; 0 for none.
    #[arg(long, env = "EVERCERT_METRICS_LISTEN_ADDRESS", value_parser = parse_address, value_name = "ADDRESS",
          aliases = ["metrics-bind-address", "metrics-addr"])]
    pub metrics_listen_address: Option<Listen>,

    /// Address of /livez, /healthz and /readyz; 0 for none. May be that of the metrics.
    #[arg(long, env = "EVERCERT_HEALTHZ_LISTEN_ADDRESS", value_parser = parse_address, value_name = "ADDRESS",
          aliases = ["internal-healthz-listen-address", "health-probe-bind-address", "health-addr"])]
    pub healthz_listen_address: Option<Listen>,

    /// Whether replicas elect a leader, who alone writes.
    #[arg(long, env = "EVERCERT_LEADER_ELECT", num_args = 0..=1, require_equals = true, default_missing_value = "true",
          value_parser = parse_bool, value_name = "BOOL")]
    pub leader_elect: Option<bool>,

    /// Namespace of the Lease; the pod's own without it.
    #[arg(long, env = "EVERCERT_LEADER_ELECTION_NAMESPACE", value_name = "NAMESPACE")]
    pub leader_election_namespace: Option<String>,

    /// A leader that has not renewed for this long has lost.
    #[arg(long, env = "EVERCERT_LEADER_ELECTION_LEASE_DURATION", value_parser = parse_duration, value_name = "DURATION")]
    pub leader_election_lease_duration: Option<GoDuration>,

    /// A leader gives up when it could not renew for this long.
    #[arg(long, env = "EVERCERT_LEADER_ELECTION_RENEW_DEADLINE", value_parser = parse_duration, value_name = "DURATION")]
    pub leader_election_renew_deadline: Option<GoDuration>,

    /// Between two tries to lead or renew.
    #[arg(long, env = "EVERCERT_LEADER_ELECTION_RETRY_PERIOD", value_parser = parse_duration, value_name = "DURATION")]
    pub leader_election_retry_period: Option<GoDuration>,

    /// Name of this pod, from the downward API.
    #[arg(long, env = "POD_NAME", hide = true)]
    pub pod_name: Option<String>,

    /// Namespace of this pod, from the downward API.
    #[arg(long, env = "POD_NAMESPACE", hide = true)]
    pub pod_namespace: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        common: CommonArgs,
    }

    fn parse(args: &[&str]) -> Result<CommonArgs, clap::Error> {
        Cli::try_parse_from(std::iter::once(&"x").chain(args)).map(|cli| cli.common)
    }

    #[test]
    fn booleans_are_go_style_when_given_on_the_command_line() {
        let table = [
            (&[][..], None),
            (&["--leader-elect"], Some(true)),
            (&["--leader-elect=true"], Some(true)),
            (&["--leader-elect=false"], Some(false)),
            (&["--leader-elect=0"], Some(false)),
        ];
        for (args, expected) in table {
            assert_eq!(parse(args).unwrap().leader_elect, expected, "{args:?}");
        }
        assert!(
            parse(&["--leader-elect", "false"]).is_err(),
            "as in Go, a value needs ="
        );
    }

    #[test]
    fn durations_addresses_and_aliases_are_taken_when_written_as_upstream_writes_them() {
        let args = parse(&[
            "--leader-election-lease-duration=1m0s",
            "--metrics-addr=:9090",
            "--health-probe-bind-address",
            "0",
            "--log-format=JSON",
        ])
        .unwrap();
        assert_eq!(args.leader_election_lease_duration, Some(GoDuration::from_secs(60)));
        assert_eq!(
            args.metrics_listen_address.unwrap().0.unwrap().to_string(),
            "0.0.0.0:9090"
        );
        assert_eq!(
            (args.healthz_listen_address, args.log_format),
            (Some(Listen(None)), Format::Json)
        );
        assert!(parse(&["--leader-election-retry-period=2"]).is_err(), "Go wants a unit");
    }
}
