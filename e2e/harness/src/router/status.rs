//! `status.ingress`: our entry, written only when it says something new.

use evercert_api::meta::v1::{Condition, ConditionStatus};
use evercert_api::route::v1::{Route, RouteIngress};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;

use super::NAME;
use super::plan::Verdict;

/// The Route's whole `status.ingress` with our entry as the verdict has it; `None` where it is so already.
pub(super) fn ingress(route: &Route, verdict: &Verdict, now: Timestamp) -> Option<Vec<RouteIngress>> {
    let present = route
        .status
        .as_ref()
        .map(|status| status.ingress.clone())
        .unwrap_or_default();
    let ours = present.iter().find(|entry| entry.router_name == NAME);
    let before = ours.and_then(|entry| entry.conditions.iter().find(|condition| condition.type_ == "Admitted"));
    let wished = wished(verdict, before, now);
    if ours == Some(&wished) {
        return None;
    }
    let mut all = present;
    all.retain(|entry| entry.router_name != NAME);
    all.push(wished);
    Some(all)
}

fn wished(verdict: &Verdict, before: Option<&Condition>, now: Timestamp) -> RouteIngress {
    let status = if verdict.rejected.is_none() {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    let since = before
        .filter(|condition| condition.status == status)
        .and_then(|c| c.last_transition_time.clone());
    // The API keeps whole seconds; with fractions every status would look new.
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let rejected = verdict.rejected.as_ref();
    let condition = Condition {
        type_: "Admitted".into(),
        status,
        reason: rejected.map_or("", |rejection| rejection.reason).to_owned(),
        message: rejected.map(|rejection| rejection.message.clone()).unwrap_or_default(),
        last_transition_time: since.or(Some(Time(now))),
        observed_generation: None,
    };
    RouteIngress {
        host: verdict.host.clone(),
        router_name: NAME.into(),
        router_canonical_hostname: "router.apps.test".into(),
        wildcard_policy: verdict.wildcard_policy.clone(),
        conditions: vec![condition],
    }
}

/// Writes it. A failure is told in the log; the Route's next change tries again.
pub(super) async fn write(client: &Client, verdict: &Verdict, ingress: &[RouteIngress]) {
    let routes: Api<Route> = Api::namespaced(client.clone(), &verdict.namespace);
    let patch = Patch::Merge(json!({"status": {"ingress": ingress}}));
    if let Err(error) = routes
        .patch_status(&verdict.name, &PatchParams::default(), &patch)
        .await
    {
        crate::say(&format!(
            "status of Route {}/{}: {error}",
            verdict.namespace, verdict.name
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::validate::Rejection;
    use super::*;

    #[test]
    fn a_verdict_is_written_once_and_keeps_its_time() {
        let (t1, t2) = (
            Timestamp::from_second(1_000).unwrap(),
            Timestamp::from_second(2_000).unwrap(),
        );
        let good = Verdict {
            namespace: "shop".into(),
            name: "web".into(),
            host: "a.test".into(),
            wildcard_policy: "None".into(),
            rejected: None,
        };
        let mut route: Route = serde_json::from_value(json!({"metadata": {"name": "web"}, "spec": {}})).unwrap();
        let mut after = |verdict: &Verdict, now| {
            let ingress = ingress(&route, verdict, now)?;
            route.status = Some(evercert_api::route::v1::RouteStatus {
                ingress: ingress.clone(),
            });
            let condition = ingress[0].conditions[0].clone();
            Some((
                condition.status,
                condition.reason,
                condition.last_transition_time.map(|time| time.0),
            ))
        };
        assert_eq!(after(&good, t1), Some((ConditionStatus::True, String::new(), Some(t1))));
        assert_eq!(after(&good, t2), None);
        let bad = Verdict {
            rejected: Some(Rejection::claimed("shop/old")),
            ..good.clone()
        };
        assert_eq!(
            after(&bad, t2),
            Some((ConditionStatus::False, "HostAlreadyClaimed".into(), Some(t2)))
        );
    }
}
