//! The operator dies at every write, before and after its effect: nothing is lost, nothing happens twice.

mod support;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use evercert_core::runtime::Runtime;
use evercert_core::testing::driver::{Limits, Scenario, kill_at_every_write};
use evercert_core::testing::{TestError, TestResult};
use evercert_core::watch::Scope;
use evercert_harness::Plane;
use evercert_reloader::flags::Settings;
use evercert_reloader::operator;
use support::{Space, env, seen};

const AUTO: &str = "reloader.stakater.com/auto";
const SECRET: &str = "secret.reloader.stakater.com/reload";

/// Two workloads meet their sources, then all sources change.
struct Renewal {
    plane: &'static Plane,
}

/// What is left of each workload: variables, memory, number of restarts.
type End = BTreeMap<String, (Vec<Option<String>>, BTreeMap<String, String>, usize)>;

impl Scenario for Renewal {
    type World = Arc<Space>;
    type End = End;

    fn kubeconfig(&self) -> PathBuf {
        self.plane.kubeconfig()
    }

    async fn prepare(&self) -> TestResult<Arc<Space>> {
        let space = Space::new(self.plane).await;
        for name in ["a", "b"] {
            space.secret(name, &[("k", "1")]).await;
        }
        space.deployment("both", &[(AUTO, "true")], &["a", "b"]).await;
        space.deployment("one", &[(SECRET, "b")], &[]).await;
        Ok(Arc::new(space))
    }

    async fn operate(&self, rt: Runtime, space: Arc<Space>) {
        let settings = Settings {
            scope: Scope::Namespace(space.ns.clone()),
            ..Settings::default()
        };
        operator::start(rt, settings).await;
    }

    async fn end(&self, space: &Arc<Space>) -> TestResult<Option<End>> {
        let mut end = End::new();
        for (name, sources) in [("both", 2), ("one", 1)] {
            let now = space.deployments().get(name).await?;
            if seen(&now).len() < sources {
                return Ok(None);
            }
            let variables = ["STAKATER_A_SECRET", "STAKATER_B_SECRET"].map(|variable| env(&now, variable));
            end.insert(name.to_owned(), (variables.to_vec(), seen(&now), 0));
        }
        // Both have met their sources: from now on a change must reach them. Repeating it changes nothing.
        for name in ["a", "b"] {
            space.secret(name, &[("k", "2")]).await;
        }
        let set = |name: &str| {
            end.get(name)
                .map_or(0, |(variables, ..)| variables.iter().flatten().count())
        };
        if (set("both"), set("one")) != (2, 1) {
            return Ok(None);
        }
        for (name, (.., restarts)) in &mut end {
            *restarts = space.restarts(name).await;
        }
        // Two Secrets cannot change at one instant: the workload of both restarts once or twice, never more.
        let both = end.get_mut("both").ok_or(TestError::from("no workload"))?;
        assert!((1..=2).contains(&both.2), "{} restarts for two changes", both.2);
        both.2 = 1;
        Ok(Some(end))
    }
}

#[tokio::test]
async fn killed_at_every_write_each_change_restarts_its_workload_once() {
    let scenario = Arc::new(Renewal {
        plane: Plane::shared().await,
    });
    let report = kill_at_every_write(scenario, Limits::default()).await.unwrap();
    assert!(
        report.writes.len() >= 4 && report.kills == 2 * report.writes.len(),
        "{report:?}"
    );
}
