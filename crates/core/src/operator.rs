//! The life of an operator process: client, server, watches, election, controllers, and the way down, in this order.
//!
//! ```no_run
//! # use evercert_core::{flags::CommonArgs, operator::{self, LeaseTimes, OperatorInfo}, metrics::names, runtime::Runtime};
//! const INFO: OperatorInfo = OperatorInfo {
//!     name: "evercert-example",
//!     reporter: "example",
//!     lease: "example",
//!     lease_times: LeaseTimes::DEFAULT,
//!     leader_elect: true,
//!     metrics_address: "0.0.0.0:9402",
//!     healthz_address: "0.0.0.0:9403",
//!     live_paths: &[],
//!     names: &names::CORE,
//! };
//! # async fn main_(common: CommonArgs) -> Result<(), operator::OperatorError> {
//! operator::run(INFO, common, async |rt: Runtime| {
//!     // Start watches here: they stay warm in every replica. The future that is returned runs only while leading.
//!     Ok::<_, std::io::Error>(async move { rt.shutdown.requested().await })
//! })
//! .await
//! # }
//! ```

use std::error::Error;
use std::time::Duration;

use crate::client::{self, ClientError, ClientOptions};
use crate::clock::Clock;
use crate::election::{self, ElectionConfig, ElectionError, Leadership};
use crate::events::{Events, Reporter};
use crate::flags::CommonArgs;
use crate::metrics::names::{ControllerNames, LEADER};
use crate::metrics::{self, Collectors, MetricsError};
use crate::readiness::Readiness;
use crate::runtime::Runtime;
use crate::server::{self, Pages, ServerConfig, ServerError};
use crate::shutdown::Shutdown;

/// Time for runs in flight to finish after a request to stop.
const GRACE: Duration = Duration::from_secs(20);
/// Time for the last events to be written.
const FLUSH: Duration = Duration::from_secs(2);
/// Where a pod finds its namespace.
const NAMESPACE_FILE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// What is particular to one operator; addresses and times are defaults that flags override.
#[derive(Debug, Clone, Copy)]
pub struct OperatorInfo {
    /// Name of the binary; begins the user agent.
    pub name: &'static str,
    /// Controller that its events name.
    pub reporter: &'static str,
    /// Name of its Lease: upstream's, so that upstream and Evercert exclude each other.
    pub lease: &'static str,
    /// Times of the election.
    pub lease_times: LeaseTimes,
    /// Whether replicas elect a leader.
    pub leader_elect: bool,
    /// Address of `/metrics`.
    pub metrics_address: &'static str,
    /// Address of the health pages.
    pub healthz_address: &'static str,
    /// More paths that answer as `/livez` does.
    pub live_paths: &'static [&'static str],
    /// Names under which controllers count their runs.
    pub names: &'static ControllerNames,
}

/// Times of an election; see [`ElectionConfig`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeaseTimes {
    /// A leader that has not renewed for this long has lost.
    pub lease_duration: Duration,
    /// A leader gives up when it could not renew for this long.
    pub renew_deadline: Duration,
    /// Between two tries.
    pub retry_period: Duration,
}

impl LeaseTimes {
    /// client-go's usual times: 15 s, 10 s, 2 s.
    pub const DEFAULT: Self = Self {
        lease_duration: Duration::from_secs(15),
        renew_deadline: Duration::from_secs(10),
        retry_period: Duration::from_secs(2),
    };
    /// cert-manager's times: 60 s, 40 s, 15 s.
    pub const CERT_MANAGER: Self = Self {
        lease_duration: Duration::from_mins(1),
        renew_deadline: Duration::from_secs(40),
        retry_period: Duration::from_secs(15),
    };
}

/// Why an operator ended other than by request.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// No client.
    #[error("reach the Kubernetes API")]
    Client(#[from] ClientError),
    /// No server.
    #[error("serve health and metrics")]
    Server(#[from] ServerError),
    /// No metrics.
    #[error("set up metrics")]
    Metrics(#[from] MetricsError),
    /// No signals.
    #[error("handle signals")]
    Signals(#[source] std::io::Error),
    /// A flag or default does not fit.
    #[error("{0}")]
    Flags(String),
    /// The election cannot be held.
    #[error("elect a leader")]
    Election(#[source] ElectionError),
    /// The operator's own setup failed.
    #[error("set up controllers")]
    Setup(#[source] Box<dyn Error + Send + Sync>),
    /// Another replica may lead now; the process must end so that it writes nothing more.
    #[error("lost the leader lease")]
    LostLease,
    /// Controllers ended although nobody asked; a defect.
    #[error("controllers ended unasked")]
    Ended,
}

/// Runs an operator until a signal. `setup` starts the watches; the future it returns runs the controllers and ends with
/// the runtime's shutdown.
pub async fn run<S, C, E>(info: OperatorInfo, common: CommonArgs, setup: S) -> Result<(), OperatorError>
where
    S: AsyncFnOnce(Runtime) -> Result<C, E>,
    C: Future<Output = ()> + Send + 'static,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    crate::log::init(common.log_format, &common.log_level);
    // Fails only if one is installed already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let shutdown = Shutdown::on_signals().map_err(OperatorError::Signals)?;
    let rt = runtime(&info, &common, shutdown).await?;
    serve(&info, &common, &rt).await?;
    let controllers = setup(rt.clone())
        .await
        .map_err(|error| OperatorError::Setup(error.into()))?;
    let leadership = match lead(&info, &common, &rt).await {
        Ok(leadership) => leadership,
        Err(ElectionError::ShutDown) => return Ok(()),
        Err(error) => return Err(OperatorError::Election(error)),
    };
    metrics_leader(info.lease, true);
    let ended = work(&rt, controllers, leadership.as_ref()).await;
    metrics_leader(info.lease, false);
    // First of all, so that the next leader does not wait for our last events.
    if let Some(leadership) = leadership {
        leadership.release().await;
    }
    rt.events.flush(FLUSH).await;
    ended
}

async fn runtime(info: &OperatorInfo, common: &CommonArgs, shutdown: Shutdown) -> Result<Runtime, OperatorError> {
    let user_agent = format!("{}/{}", info.name, env!("CARGO_PKG_VERSION"));
    let client = client::build(&ClientOptions {
        kubeconfig: common.kubeconfig.clone(),
        user_agent,
    })
    .await?;
    let reporter = Reporter {
        controller: info.reporter.to_owned(),
        instance: host(common),
    };
    Ok(Runtime {
        events: Events::start(client.clone(), reporter),
        client,
        shutdown,
        readiness: Readiness::default(),
        clock: Clock::system(),
        collectors: Collectors::default(),
        names: info.names,
    })
}

async fn serve(info: &OperatorInfo, common: &CommonArgs, rt: &Runtime) -> Result<(), OperatorError> {
    let default = |address: &str| crate::flags::parse_address(address).map_err(OperatorError::Flags);
    let health = common
        .healthz_listen_address
        .map_or_else(|| default(info.healthz_address), Ok)?;
    let metrics = common
        .metrics_listen_address
        .map_or_else(|| default(info.metrics_address), Ok)?;
    let config = ServerConfig {
        health: health.0,
        metrics: metrics.0,
        live_paths: info.live_paths,
    };
    let pages = Pages {
        readiness: rt.readiness.clone(),
        collectors: rt.collectors.clone(),
        metrics: metrics::install()?,
    };
    server::start(&config, pages, &rt.shutdown).await?;
    Ok(())
}

async fn lead(info: &OperatorInfo, common: &CommonArgs, rt: &Runtime) -> Result<Option<Leadership>, ElectionError> {
    if !common.leader_elect.unwrap_or(info.leader_elect) {
        return Ok(None);
    }
    let time = |flag: Option<evercert_api::GoDuration>, default| flag.map_or(default, evercert_api::GoDuration::to_std);
    let times = info.lease_times;
    let config = ElectionConfig {
        lease_name: info.lease.to_owned(),
        namespace: common
            .leader_election_namespace
            .clone()
            .unwrap_or_else(|| namespace(common, &rt.client)),
        identity: format!("{}_{:016x}", host(common), unique()),
        pod: common.pod_name.clone(),
        lease_duration: time(common.leader_election_lease_duration, times.lease_duration),
        renew_deadline: time(common.leader_election_renew_deadline, times.renew_deadline),
        retry_period: time(common.leader_election_retry_period, times.retry_period),
    };
    metrics_leader(info.lease, false);
    election::acquire(&rt.client, config, &rt.shutdown).await.map(Some)
}

/// Runs the controllers until they end, the lease is lost, or the grace after a request to stop is over.
async fn work(
    rt: &Runtime,
    controllers: impl Future<Output = ()> + Send + 'static,
    leadership: Option<&Leadership>,
) -> Result<(), OperatorError> {
    let lost = async {
        match leadership {
            Some(leadership) => leadership.lost().await,
            None => std::future::pending().await,
        }
    };
    let overdue = async {
        rt.shutdown.requested().await;
        tokio::time::sleep(GRACE).await;
        tracing::warn!("runs in flight did not finish in time");
    };
    let stop = async {
        tokio::select! {
            () = lost => Err(OperatorError::LostLease),
            () = overdue => Ok(()),
        }
    };
    match until(controllers, stop).await {
        Some(stopped) => stopped,
        None if rt.shutdown.is_requested() => Ok(()),
        None => Err(OperatorError::Ended),
    }
}

/// Runs the controllers until they end, or `stop` does: then nothing of them goes on, for another replica may lead by now.
async fn until<T>(controllers: impl Future<Output = ()> + Send + 'static, stop: impl Future<Output = T>) -> Option<T> {
    let mut controllers = tokio::spawn(controllers);
    let stopped = tokio::select! {
        _ = &mut controllers => return None,
        stopped = stop => stopped,
    };
    controllers.abort();
    // Only says that it was aborted.
    let _ = controllers.await;
    Some(stopped)
}

fn metrics_leader(lease: &'static str, leading: bool) {
    ::metrics::gauge!(LEADER, "name" => lease).set(if leading { 1.0 } else { 0.0 });
}

fn host(common: &CommonArgs) -> String {
    let host = || {
        std::fs::read_to_string("/proc/sys/kernel/hostname")
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    common.pod_name.clone().unwrap_or_else(host)
}

fn namespace(common: &CommonArgs, client: &kube::Client) -> String {
    let file = || {
        std::fs::read_to_string(NAMESPACE_FILE)
            .ok()
            .map(|text| text.trim().to_owned())
    };
    common
        .pod_namespace
        .clone()
        .or_else(file)
        .unwrap_or_else(|| client.default_namespace().to_owned())
}

/// A number that no other process has; not a secret.
fn unique() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}

/// Address parsing happens once at start, so a bad default is a defect that the first test run shows.
#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn nothing_goes_on_once_the_controllers_were_stopped() {
        let work = Arc::new(AtomicUsize::new(0));
        let running = work.clone();
        let (begun, beginning) = tokio::sync::oneshot::channel();
        let controllers = async move {
            let _ = begun.send(());
            loop {
                running.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
            }
        };
        assert!(until(controllers, beginning).await.is_some_and(|begun| begun.is_ok()));
        let done = work.load(Ordering::SeqCst);
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert_eq!(work.load(Ordering::SeqCst), done);
        assert_eq!(until(async {}, std::future::pending::<()>()).await, None);
    }

    #[test]
    fn identities_differ_among_restarts() {
        assert_ne!(unique(), unique());
    }
}
