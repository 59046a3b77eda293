//! Which workloads a source may concern: keys of the workload store's secondary index. A superset is fine, a gap is not.

use std::collections::BTreeSet;

use crate::references::referenced;
use crate::selection::{Rules, Wishes};
use crate::source::SourceKind;
use crate::workloads::View;

/// Name of the index.
pub const BY_SOURCE: &str = "source";

/// Under what a workload is filed: each source it names or follows, and one key per kind if it has patterns.
pub fn keys_of(workload: &View<'_>, rules: &Rules) -> Vec<String> {
    let ns = workload.namespace();
    let mut keys = BTreeSet::new();
    for kind in SourceKind::ALL {
        let wishes = Wishes::read(rules, workload.annotations(), workload.template_annotations, kind);
        keys.extend(wishes.literal_sources(kind).map(|source| exact(ns, kind, &source.name)));
        if wishes.follows_references() {
            let used = referenced(workload.pod)
                .into_iter()
                .filter(|source| source.kind == kind);
            keys.extend(used.map(|source| exact(ns, kind, &source.name)));
        }
        if !wishes.named.patterns.is_empty() {
            keys.insert(any(ns, kind));
        }
    }
    keys.into_iter().collect()
}

/// Where to look when this source changed.
pub fn keys_for(namespace: &str, kind: SourceKind, name: &str) -> [String; 2] {
    [exact(namespace, kind, name), any(namespace, kind)]
}

fn exact(namespace: &str, kind: SourceKind, name: &str) -> String {
    format!("{namespace}/{}/{name}", kind.lower())
}

/// No object is named `*`.
fn any(namespace: &str, kind: SourceKind) -> String {
    exact(namespace, kind, "*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::Workload;
    use k8s_openapi::api::apps::v1::Deployment;
    use serde_json::json;

    #[test]
    fn workloads_are_filed_under_what_may_concern_them() {
        let table = [
            (json!({}), vec![]),
            (
                json!({"reloader.stakater.com/auto": "true"}),
                vec!["ns/configmap/conf", "ns/secret/tls"],
            ),
            (
                json!({"secret.reloader.stakater.com/auto": "true"}),
                vec!["ns/secret/tls"],
            ),
            (
                json!({"reloader.stakater.com/search": "true"}),
                vec!["ns/configmap/conf", "ns/secret/tls"],
            ),
            (
                json!({"secret.reloader.stakater.com/reload": "a,b-.*"}),
                vec!["ns/secret/*", "ns/secret/a"],
            ),
            (json!({"configmap.reloader.stakater.com/reload": "(x"}), vec![]),
        ];
        for (annotations, expected) in table {
            let app: Deployment = serde_json::from_value(json!({
                "metadata": {"name": "app", "namespace": "ns", "annotations": annotations},
                "spec": {"selector": {}, "template": {"spec": {"containers": [
                    {"name": "c", "envFrom": [{"secretRef": {"name": "tls"}}, {"configMapRef": {"name": "conf"}}]},
                ]}}},
            }))
            .unwrap();
            assert_eq!(
                keys_of(&app.view().unwrap(), &Rules::default()),
                expected,
                "{annotations}"
            );
        }
        assert_eq!(
            keys_for("ns", SourceKind::Secret, "tls"),
            ["ns/secret/tls", "ns/secret/*"]
        );
    }
}
