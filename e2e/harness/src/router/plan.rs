//! From Routes and EndpointSlices to backends and verdicts. Pure.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use evercert_api::route::v1::{Route, RouteTls, Termination};
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::validate::{self, Rejection};

/// Everything one decision needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Observed {
    pub routes: Vec<Arc<Route>>,
    pub slices: Vec<Arc<EndpointSlice>>,
}

/// What HAProxy is to do, and what the Routes are to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub backends: Vec<Backend>,
    pub verdicts: Vec<Verdict>,
}

/// How an admitted Route is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backend {
    /// `NAMESPACE_NAME`: neither part can hold an underscore.
    pub name: String,
    pub host: String,
    /// Path prefix; empty = all.
    pub path: String,
    pub mode: Mode,
    /// What happens to plain HTTP.
    pub insecure: Insecure,
    pub endpoints: Vec<SocketAddr>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// No TLS at all.
    Plain,
    /// TLS ends here. Key, certificate and chain as one PEM; `None` = the router's own.
    Edge(Option<String>),
    /// As edge, and TLS again to the backend, verified against this CA where there is one.
    Reencrypt(Option<String>, Option<String>),
    /// Not decrypted.
    Passthrough,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Insecure {
    Refuse,
    Allow,
    Redirect,
}

/// What a Route is told in `status.ingress`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub namespace: String,
    pub name: String,
    pub host: String,
    pub wildcard_policy: String,
    pub rejected: Option<Rejection>,
}

/// Older Routes win a host and path that two of them claim.
pub(super) fn plan(observed: &Observed) -> Plan {
    let mut routes = observed.routes.clone();
    routes.sort_by_key(|route| {
        let meta = &route.metadata;
        let born = meta.creation_timestamp.as_ref().map(|time| time.0);
        (born, meta.namespace.clone(), meta.name.clone())
    });
    let mut plan = Plan::default();
    let mut claimed: BTreeMap<(String, String), String> = BTreeMap::new();
    for route in &routes {
        let verdict = verdict(route);
        let place = (verdict.host.clone(), route.spec.path.clone());
        let rejected = verdict
            .rejected
            .clone()
            .or_else(|| claimed.get(&place).map(|by| Rejection::claimed(by)));
        if rejected.is_none() {
            claimed.insert(place, format!("{}/{}", verdict.namespace, verdict.name));
            plan.backends.push(backend(route, &verdict, &observed.slices));
        }
        plan.verdicts.push(Verdict { rejected, ..verdict });
    }
    plan
}

fn verdict(route: &Route) -> Verdict {
    let namespace = route.metadata.namespace.clone().unwrap_or_default();
    let name = route.metadata.name.clone().unwrap_or_default();
    let host = match route.spec.host.as_str() {
        "" => format!("{name}-{namespace}.apps.test"),
        host => host.to_lowercase(),
    };
    let wildcard_policy = match route.spec.wildcard_policy.as_str() {
        "" => "None".to_owned(),
        policy => policy.to_owned(),
    };
    let rejected = route.spec.tls.as_ref().and_then(|tls| validate::tls(tls).err());
    Verdict {
        namespace,
        name,
        host,
        wildcard_policy,
        rejected,
    }
}

fn backend(route: &Route, verdict: &Verdict, slices: &[Arc<EndpointSlice>]) -> Backend {
    let tls = route.spec.tls.as_ref();
    let policy = tls
        .and_then(|tls| tls.insecure_edge_termination_policy.as_deref())
        .unwrap_or_default();
    let insecure = match policy {
        _ if tls.is_none() => Insecure::Allow,
        "Allow" => Insecure::Allow,
        "Redirect" => Insecure::Redirect,
        _ => Insecure::Refuse,
    };
    Backend {
        name: format!("{}_{}", verdict.namespace, verdict.name),
        host: verdict.host.clone(),
        path: route.spec.path.clone(),
        mode: tls.map_or(Mode::Plain, mode),
        insecure,
        endpoints: endpoints(route, &verdict.namespace, slices),
    }
}

fn mode(tls: &RouteTls) -> Mode {
    match &tls.termination {
        Some(Termination::Passthrough) => Mode::Passthrough,
        Some(Termination::Reencrypt) => Mode::Reencrypt(served(tls), text(tls.destination_ca_certificate.as_ref())),
        _ => Mode::Edge(served(tls)),
    }
}

/// Key, certificate and chain in one PEM, as HAProxy reads them.
fn served(tls: &RouteTls) -> Option<String> {
    let certificate = text(tls.certificate.as_ref())?;
    let key = tls
        .key
        .as_ref()
        .map(|key| key.expose().trim().to_owned())
        .unwrap_or_default();
    let chain = text(tls.ca_certificate.as_ref()).unwrap_or_default();
    Some(format!("{key}\n{}\n{}\n", certificate.trim(), chain.trim()))
}

fn text(field: Option<&String>) -> Option<String> {
    field.filter(|text| !text.trim().is_empty()).cloned()
}

/// Ready endpoints of the Route's Services on its port, sorted.
fn endpoints(route: &Route, namespace: &str, slices: &[Arc<EndpointSlice>]) -> Vec<SocketAddr> {
    let wished = |target: &&evercert_api::route::v1::RouteTargetReference| target.weight != Some(0);
    let services: Vec<_> = route
        .spec
        .to
        .iter()
        .chain(&route.spec.alternate_backends)
        .filter(wished)
        .map(|target| &target.name)
        .collect();
    let port = route.spec.port.as_ref().map(|port| &port.target_port);
    let mut found = Vec::new();
    for slice in slices
        .iter()
        .filter(|slice| slice.metadata.namespace.as_deref() == Some(namespace))
    {
        let labels = slice.metadata.labels.as_ref();
        let service = labels.and_then(|labels| labels.get("kubernetes.io/service-name"));
        if !service.is_some_and(|service| services.contains(&service)) {
            continue;
        }
        let Some(number) = slice_port(slice, port) else {
            continue;
        };
        for endpoint in &slice.endpoints {
            let is_ready = endpoint
                .conditions
                .as_ref()
                .is_none_or(|conditions| conditions.ready != Some(false));
            let addresses = endpoint
                .addresses
                .iter()
                .filter(|_| is_ready)
                .filter_map(|text| text.parse().ok());
            found.extend(addresses.map(|ip| SocketAddr::new(ip, number)));
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The slice's port that the Route means: by name, by number, or the first.
fn slice_port(slice: &EndpointSlice, wished: Option<&IntOrString>) -> Option<u16> {
    let ports = slice.ports.as_deref().unwrap_or_default();
    let port = ports.iter().find(|port| match wished {
        None => true,
        Some(IntOrString::Int(number)) => port.port == Some(*number),
        Some(IntOrString::String(name)) => port.name.as_deref() == Some(name),
    })?;
    port.port.and_then(|number| u16::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn route(name: &str, born: u8, spec: &Value) -> Arc<Route> {
        let meta = json!({
            "name": name, "namespace": "shop", "creationTimestamp": format!("2026-01-01T00:00:{born:02}Z"),
        });
        Arc::new(serde_json::from_value(json!({"metadata": meta, "spec": spec})).unwrap())
    }

    fn slice() -> Arc<EndpointSlice> {
        let value = json!({
            "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "addressType": "IPv4",
            "ports": [{"name": "http", "port": 8080}, {"name": "https", "port": 8443}],
            "endpoints": [
                {"addresses": ["10.244.0.9"], "conditions": {"ready": true}},
                {"addresses": ["10.244.0.8"], "conditions": {"ready": false}},
                {"addresses": ["10.244.0.7"], "conditions": {}},
            ],
        });
        Arc::new(serde_json::from_value(value).unwrap())
    }

    #[test]
    fn ready_endpoints_of_the_named_port_serve_the_route() {
        let spec = json!({"host": "A.test", "to": {"name": "web"}, "port": {"targetPort": "https"},
            "tls": {"termination": "passthrough", "insecureEdgeTerminationPolicy": "Redirect"}});
        let plan = plan(&Observed {
            routes: vec![route("a", 0, &spec)],
            slices: vec![slice()],
        });
        let expected = Backend {
            name: "shop_a".into(),
            host: "a.test".into(),
            path: String::new(),
            mode: Mode::Passthrough,
            insecure: Insecure::Redirect,
            endpoints: vec![([10, 244, 0, 7], 8443).into(), ([10, 244, 0, 9], 8443).into()],
        };
        assert_eq!(plan.backends, vec![expected]);
        assert_eq!(plan.verdicts[0].rejected, None);
    }

    #[test]
    fn the_older_route_keeps_a_claimed_host_and_a_bad_one_is_dropped() {
        let to = json!({"name": "web"});
        let routes = vec![
            route("young", 9, &json!({"host": "a.test", "to": to})),
            route("old", 1, &json!({"host": "a.test", "to": to})),
            route(
                "bad",
                0,
                &json!({"host": "b.test", "to": to, "tls": {"termination": "edge", "certificate": "x"}}),
            ),
        ];
        let plan = plan(&Observed {
            routes,
            slices: Vec::new(),
        });
        let names: Vec<_> = plan.backends.iter().map(|backend| backend.name.as_str()).collect();
        assert_eq!(names, ["shop_old"]);
        let reasons: Vec<_> = plan
            .verdicts
            .iter()
            .map(|v| (v.name.as_str(), v.rejected.as_ref().map(|r| r.reason)))
            .collect();
        let expected = [
            ("bad", Some("ExtendedValidationFailed")),
            ("old", None),
            ("young", Some("HostAlreadyClaimed")),
        ];
        assert_eq!(reasons, expected);
    }
}
