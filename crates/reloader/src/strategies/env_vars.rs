//! The env-vars strategy: `STAKATER_<NAME>_<KIND>` with upstream's hash, in the container that uses the source.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::envvar;
use crate::references::container_using;
use crate::source::Source;
use crate::workloads::View;

/// Sets one variable a source; a source that no container uses goes to the first.
pub fn template_patch(workload: &View<'_>, changed: &BTreeMap<Source, String>) -> Value {
    let mut containers: BTreeMap<&str, BTreeMap<String, &str>> = BTreeMap::new();
    for (source, hash) in changed {
        let index = container_using(workload.pod, source).unwrap_or(0);
        if let Some(container) = workload.pod.containers.get(index) {
            containers
                .entry(&container.name)
                .or_default()
                .insert(envvar::name(source), hash);
        }
    }
    let patched = containers.into_iter().map(|(name, variables)| {
        let env: Vec<Value> = variables
            .into_iter()
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
        json!({"name": name, "env": env})
    });
    json!({"spec": {"containers": patched.collect::<Vec<Value>>()}})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::Workload;
    use k8s_openapi::api::apps::v1::Deployment;

    #[test]
    fn each_source_goes_to_its_container_in_one_patch() {
        let app: Deployment = serde_json::from_value(json!({
            "metadata": {"name": "app"},
            "spec": {"selector": {}, "template": {"spec": {
                "volumes": [{"name": "v", "secret": {"secretName": "tls"}}],
                "containers": [
                    {"name": "first"},
                    {"name": "web", "volumeMounts": [{"name": "v", "mountPath": "/v"}], "envFrom": [{"configMapRef": {"name": "conf"}}]},
                ],
            }}},
        }))
        .unwrap();
        let changed = [
            (Source::secret("tls"), "a".to_owned()),
            (Source::config_map("conf"), "b".to_owned()),
            (Source::secret("only-named"), "c".to_owned()),
        ];
        let expected = json!({"spec": {"containers": [
            {"name": "first", "env": [{"name": "STAKATER_ONLY_NAMED_SECRET", "value": "c"}]},
            {"name": "web", "env": [
                {"name": "STAKATER_CONF_CONFIGMAP", "value": "b"},
                {"name": "STAKATER_TLS_SECRET", "value": "a"},
            ]},
        ]}});
        assert_eq!(template_patch(&app.view().unwrap(), &changed.into()), expected);
    }
}
