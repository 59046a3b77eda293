//! Carries out a plan: the only place with writes. At most one write a pass, to the workload itself.

use std::collections::BTreeMap;

use evercert_core::apply::{WriteError, Writer};
use serde_json::{Value, json};

use crate::decide::{Observed, Plan};
use crate::names::keys;
use crate::seen::{self, Encoded, Seen};
use crate::strategies::Strategy;
use crate::workloads::{View, Workload};

/// The write that a plan asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Write {
    /// Strategic merge patch with new pod template; the pods are replaced.
    Restart(Value),
    /// Merge patch of the workload's metadata; restarts nothing.
    Remember(Value),
}

/// The write of a plan and how many sources its memory had no room for; no write where nothing is to be said.
///
/// The patch names the uid, so it never hits a successor of the same name. It names no resourceVersion: containers and
/// variables are merged by name and nobody else writes our annotation, so no update can be lost, while each status write
/// of the Deployment controller would make it fail. The memory goes along in the same patch.
pub fn write_for(workload: &View<'_>, observed: &Observed, plan: &Plan, strategy: Strategy) -> (Option<Write>, usize) {
    if plan.restart_for.is_empty() && plan.remember.is_empty() {
        return (None, 0);
    }
    let uid = workload.uid();
    let Encoded { text, left_out } = seen::encode(&memory_after(workload.seen(), observed, plan), uid);
    if !plan.restart_for.is_empty() {
        let template = strategy.template_patch(workload, &plan.restart_for);
        let metadata = json!({"uid": uid, "annotations": {keys::SEEN: text}});
        return (
            Some(Write::Restart(
                json!({"metadata": metadata, "spec": {"template": template}}),
            )),
            left_out,
        );
    }
    let said_already = workload.annotations().get(keys::SEEN) == Some(&text);
    let patch = json!({"metadata": {"uid": uid, "annotations": {keys::SEEN: text}}});
    ((!said_already).then_some(Write::Remember(patch)), left_out)
}

/// What is remembered from now on: nothing of sources that no longer concern the workload.
fn memory_after(mut memory: Seen, observed: &Observed, plan: &Plan) -> Seen {
    memory.retain(|source, _| observed.sources.contains_key(source));
    let news: BTreeMap<_, _> = plan
        .remember
        .iter()
        .chain(&plan.restart_for)
        .map(|(s, h)| (s.clone(), h.clone()))
        .collect();
    memory.extend(news);
    memory
}

/// Sends the write; returns the workload as it is now.
pub async fn send<W: Workload>(writer: &Writer, workload: &View<'_>, write: &Write) -> Result<W, WriteError> {
    let (ns, name) = (Some(workload.namespace()), workload.name());
    match write {
        Write::Restart(patch) => writer.strategic(ns, name, patch).await,
        Write::Remember(patch) => writer.merge(ns, name, patch).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Observation;
    use crate::source::Source;
    use k8s_openapi::api::apps::v1::Deployment;

    fn app(seen: Option<&str>) -> Deployment {
        let annotations = seen.map(|text| json!({keys::SEEN: text}));
        serde_json::from_value(json!({
            "metadata": {"name": "app", "namespace": "ns", "uid": "u", "resourceVersion": "7", "annotations": annotations},
            "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "c"}]}}},
        }))
        .unwrap()
    }
    fn hashes(entries: &[(&str, &str)]) -> BTreeMap<Source, String> {
        entries
            .iter()
            .map(|(name, hash)| (Source::secret(*name), (*hash).to_owned()))
            .collect()
    }

    #[test]
    fn one_write_says_all() {
        let observed = Observed {
            sources: ["a", "b"].map(|n| (Source::secret(n), Observation::default())).into(),
            invalid: vec![],
        };
        let restart = Plan {
            restart_for: hashes(&[("a", "2")]),
            remember: hashes(&[("b", "1")]),
            ..Plan::default()
        };
        let remember = Plan {
            remember: hashes(&[("b", "1")]),
            ..Plan::default()
        };
        let env =
            json!({"spec": {"containers": [{"name": "c", "env": [{"name": "STAKATER_A_SECRET", "value": "2"}]}]}});
        let table = [
            ("nothing to do", Some(r#"{"secret/a":"1"}"#), &Plan::default(), None),
            (
                "restart and memory in one, what no longer concerns is dropped",
                Some(r#"{"secret/a":"1","secret/gone":"x"}"#),
                &restart,
                Some(Write::Restart(json!({
                    "metadata": {"uid": "u", "annotations": {keys::SEEN: r#"{"of":"u","secret/a":"2","secret/b":"1"}"#}},
                    "spec": {"template": env},
                }))),
            ),
            (
                "memory only",
                None,
                &remember,
                Some(Write::Remember(
                    json!({"metadata": {"uid": "u", "annotations": {keys::SEEN: r#"{"of":"u","secret/b":"1"}"#}}}),
                )),
            ),
            ("said already", Some(r#"{"of":"u","secret/b":"1"}"#), &remember, None),
        ];
        for (case, seen, plan, expected) in table {
            let app = app(seen);
            let write = write_for(&app.view().unwrap(), &observed, plan, Strategy::EnvVars);
            assert_eq!(write, (expected, 0), "{case}");
        }
    }
}
