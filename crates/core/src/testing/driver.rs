//! Kills an operator at every write of a scenario, before and after the write's effect, and checks that the next
//! process brings the same end as an undisturbed one.

use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::faults::{FaultPlan, When};
use super::process::Process;
use super::wait::{until, until_quiet};
use super::{TestError, TestResult, plane};
use crate::runtime::Runtime;

/// A story with an end that can be compared.
pub trait Scenario: Send + Sync + 'static {
    /// One world to play in, usually a namespace.
    type World: Clone + Send + Sync + 'static;
    /// The end, free of what differs between worlds: names of namespaces, uids, times.
    type End: PartialEq + Debug + Send;

    /// Where the API server is.
    fn kubeconfig(&self) -> PathBuf;
    /// A fresh world with everything in it that the operator is to find.
    fn prepare(&self) -> impl Future<Output = TestResult<Self::World>>;
    /// The operator; runs until it is killed. It must look at this world only.
    fn operate(&self, rt: Runtime, world: Self::World) -> impl Future<Output = ()>;
    /// The end, once it is reached.
    fn end(&self, world: &Self::World) -> impl Future<Output = TestResult<Option<Self::End>>>;
}

/// Limits of one drive.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For each way to the end.
    pub end: Duration,
    /// Without a write, the end counts as reached for good.
    pub quiet: Duration,
    /// Most writes at which to kill; a scenario with more is refused, so that nothing is left out unnoticed.
    pub writes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            end: Duration::from_secs(30),
            quiet: Duration::from_secs(1),
            writes: 40,
        }
    }
}

/// What a drive has seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Writes of the undisturbed run.
    pub writes: Vec<String>,
    /// Deaths that were survived.
    pub kills: usize,
}

/// Plays the scenario undisturbed, then once for each write and [`When`] with a death there.
///
/// # Errors
/// The first end that is missing or differs, with the write at which the process died.
pub async fn kill_at_every_write<S: Scenario>(scenario: Arc<S>, limits: Limits) -> TestResult<Report> {
    let plan = FaultPlan::default();
    let world = scenario.prepare().await?;
    let process = start(&scenario, &plan, &world)?;
    let expected = settle(&*scenario, &plan, &world, limits).await?;
    process.kill();
    let writes: Vec<_> = plan.written().iter().map(ToString::to_string).collect();
    if writes.is_empty() || writes.len() > limits.writes {
        return Err(format!("{} writes, the limit is {}: {writes:?}", writes.len(), limits.writes).into());
    }
    let mut kills = 0;
    for (n, write) in writes.iter().enumerate() {
        for when in [When::Before, When::After] {
            let end = die_at(&scenario, n + 1, when, limits).await;
            let end = end.map_err(|error| format!("killed {when:?} write {} ({write}): {error}", n + 1))?;
            if end != expected {
                let place = format!("killed {when:?} write {} ({write})", n + 1);
                return Err(format!("{place}: the end is {end:#?} instead of {expected:#?}").into());
            }
            kills += 1;
        }
    }
    Ok(Report { writes, kills })
}

async fn die_at<S: Scenario>(scenario: &Arc<S>, n: usize, when: When, limits: Limits) -> TestResult<S::End> {
    let world = scenario.prepare().await?;
    let plan = FaultPlan::default();
    plan.kill_at(n, when);
    let process = start(scenario, &plan, &world)?;
    tokio::select! {
        () = plan.killed() => {}
        // Fewer writes this time (coalesced, or another order): the end is what counts.
        end = settle(&**scenario, &plan, &world, limits) => return end,
    }
    process.kill();
    let plan = FaultPlan::default();
    let _process = start(scenario, &plan, &world)?;
    settle(&**scenario, &plan, &world, limits).await
}

fn start<S: Scenario>(scenario: &Arc<S>, plan: &FaultPlan, world: &S::World) -> TestResult<Process> {
    let (scenario, plan, world) = (scenario.clone(), plan.clone(), world.clone());
    Process::start(move || async move {
        match plane::runtime(&scenario.kubeconfig(), &plan).await {
            Ok(rt) => scenario.operate(rt, world).await,
            Err(error) => tracing::error!(error, "no runtime for the operator under test"),
        }
    })
}

/// Waits for the end, then until no more is written, and reads the end again.
async fn settle<S: Scenario>(scenario: &S, plan: &FaultPlan, world: &S::World, limits: Limits) -> TestResult<S::End> {
    until("the end of the scenario", limits.end, async || {
        scenario.end(world).await
    })
    .await?;
    until_quiet("no more writes", limits.quiet, limits.end, || plan.writes()).await?;
    scenario
        .end(world)
        .await?
        .ok_or_else(|| TestError::from("the end was reached and left again"))
}
