//! The objects of the scene.

use evercert_harness::certificates::Pair;
use serde_json::{Value, json};

/// Secret, Deployment and Service as one List cannot be applied server-side, so: three YAML documents in one text.
pub struct Documents(Vec<Value>);

impl std::fmt::Display for Documents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|document| writeln!(f, "---\n{document}"))
    }
}

/// Two pods that serve HTTPS on 8443 and HTTP on 8080.
pub fn workload(namespace: &str, pair: &Pair) -> Documents {
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "web-tls", "namespace": namespace},
        "stringData": {"tls.crt": pair.certificate, "tls.key": pair.key},
    });
    let container = json!({
        "name": "web", "image": "localhost/web:1", "imagePullPolicy": "Never",
        "ports": [{"name": "https", "containerPort": 8443}, {"name": "http", "containerPort": 8080}],
        "readinessProbe": {"tcpSocket": {"port": 8443}, "periodSeconds": 1},
        "lifecycle": {"preStop": {"sleep": {"seconds": 2}}},
        "resources": {"requests": {"cpu": "10m"}},
        "volumeMounts": [{"name": "tls", "mountPath": "/tls"}],
    });
    let deployment = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [container], "volumes": [{"name": "tls", "secret": {"secretName": "web-tls"}}]},
            },
        },
    });
    let ports = json!([{"name": "https", "port": 8443}, {"name": "http", "port": 8080}]);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": ports},
    });
    Documents(vec![secret, deployment, service])
}

/// A Route of that name to the pods; an edge Route goes to their plain port.
pub fn route(namespace: &str, name: &str, tls: &Value) -> Value {
    let port = if tls["termination"] == "edge" { "http" } else { "https" };
    json!({
        "apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "host": format!("{name}.demo.test"), "to": {"kind": "Service", "name": "web"},
            "port": {"targetPort": port}, "tls": tls,
        },
    })
}
