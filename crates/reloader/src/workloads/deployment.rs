//! Deployments.

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::{NO_ANNOTATIONS, View, Workload, trim_meta, trim_pod};

impl Workload for Deployment {
    const KIND: &'static str = "Deployment";

    fn view(&self) -> Option<View<'_>> {
        let template = &self.spec.as_ref()?.template;
        let annotations = template.metadata.as_ref().and_then(|meta| meta.annotations.as_ref());
        Some(View {
            kind: Self::KIND,
            meta: &self.metadata,
            template_annotations: annotations.unwrap_or(&NO_ANNOTATIONS),
            pod: template.spec.as_ref()?,
        })
    }

    fn trim(&mut self) {
        trim_meta(&mut self.metadata);
        self.status = None;
        let Some(spec) = self.spec.take() else { return };
        let annotations = spec.template.metadata.and_then(|meta| meta.annotations);
        let mut pod = spec.template.spec;
        if let Some(pod) = &mut pod {
            trim_pod(pod);
        }
        let metadata = Some(ObjectMeta {
            annotations,
            ..ObjectMeta::default()
        });
        let template = PodTemplateSpec { metadata, spec: pod };
        self.spec = Some(DeploymentSpec {
            template,
            ..DeploymentSpec::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envvar;
    use crate::references::referenced;
    use crate::source::Source;
    use serde_json::json;

    #[test]
    fn trimming_keeps_what_decisions_read_and_drops_the_rest() {
        let mut full: Deployment = serde_json::from_value(json!({
            "metadata": {"name": "app", "namespace": "ns", "uid": "u", "resourceVersion": "7", "labels": {"a": "b"}, "annotations": {"k": "v"}},
            "spec": {
                "replicas": 3, "selector": {"matchLabels": {"a": "b"}},
                "template": {
                    "metadata": {"annotations": {"t": "v"}, "labels": {"a": "b"}},
                    "spec": {
                        "volumes": [{"name": "v", "secret": {"secretName": "tls"}}],
                        "containers": [{
                            "name": "c", "image": "i", "volumeMounts": [{"name": "v", "mountPath": "/v"}],
                            "env": [{"name": "PLAIN", "value": "hidden"}, {"name": "STAKATER_TLS_SECRET", "value": "h"}],
                            "envFrom": [{"configMapRef": {"name": "conf"}}],
                        }],
                    },
                },
            },
            "status": {"replicas": 3},
        }))
        .unwrap();
        full.trim();
        let text = serde_json::to_string(&full).unwrap();
        for dropped in ["hidden", "image", "matchLabels", "replicas"] {
            assert!(!text.contains(dropped), "{dropped} in {text}");
        }
        let view = full.view().unwrap();
        assert_eq!(
            (view.namespace(), view.name(), view.meta.uid.as_deref()),
            ("ns", "app", Some("u"))
        );
        assert_eq!(view.annotations()["k"], "v");
        assert_eq!(view.template_annotations["t"], "v");
        assert_eq!(
            referenced(view.pod),
            [Source::config_map("conf"), Source::secret("tls")].into()
        );
        assert_eq!(envvar::values(view.pod, "STAKATER_TLS_SECRET"), ["h".to_owned()].into());
    }
}
