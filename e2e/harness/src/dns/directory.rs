//! Names of Services, from stores that follow the API server.

use std::net::Ipv4Addr;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::{Endpoint, EndpointSlice};
use kube::runtime::reflector::{ObjectRef, Store, store};
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client};

use super::wire::Reply;

/// Domain of the cluster.
const DOMAIN: &str = "cluster.local";
/// Label of an EndpointSlice that names its Service.
const SERVICE_LABEL: &str = "kubernetes.io/service-name";

/// Services and their endpoints, as last seen: it goes on answering while the API server is down.
#[derive(Debug, Clone)]
pub(super) struct Directory {
    services: Store<Service>,
    slices: Store<EndpointSlice>,
}

impl Directory {
    /// Follows the API server in tasks of this runtime.
    pub(super) fn follow(client: &Client) -> Self {
        let (services, service_writer) = store();
        let (slices, slice_writer) = store();
        let all = || watcher::Config::default();
        let service_events = watcher(Api::<Service>::all(client.clone()), all()).default_backoff();
        let slice_events = watcher(Api::<EndpointSlice>::all(client.clone()), all()).default_backoff();
        tokio::spawn(reflector(service_writer, service_events).for_each(async |_| ()));
        tokio::spawn(reflector(slice_writer, slice_events).for_each(async |_| ()));
        Self { services, slices }
    }

    /// The answer for a name of the cluster domain; `None` where it is of another.
    pub(super) fn lookup(&self, name: &str) -> Option<Reply> {
        let inside = name
            .strip_suffix(DOMAIN)?
            .strip_suffix('.')
            .or((name == DOMAIN).then_some(""))?;
        let labels: Vec<_> = inside.split('.').collect();
        let addresses = match labels.as_slice() {
            [service, namespace, "svc"] => self.service(namespace, service),
            [host, service, namespace, "svc"] => self.host(namespace, service, host),
            ["" | "svc"] => Some(Vec::new()),
            _ => None,
        };
        Some(addresses.map_or(Reply::NoSuchName, Reply::Addresses))
    }

    fn service(&self, namespace: &str, name: &str) -> Option<Vec<Ipv4Addr>> {
        let service = self.services.get(&ObjectRef::new(name).within(namespace))?;
        let address = service
            .spec
            .as_ref()
            .and_then(|spec| spec.cluster_ip.as_deref())
            .unwrap_or_default();
        match address.parse() {
            Ok(address) => Some(vec![address]),
            Err(_) => Some(self.endpoints(namespace, name, |_| true)),
        }
    }

    fn host(&self, namespace: &str, service: &str, host: &str) -> Option<Vec<Ipv4Addr>> {
        let found = self.endpoints(namespace, service, |endpoint| {
            endpoint.hostname.as_deref() == Some(host)
        });
        (!found.is_empty()).then_some(found)
    }

    fn endpoints(&self, namespace: &str, service: &str, wanted: impl Fn(&Endpoint) -> bool) -> Vec<Ipv4Addr> {
        let mut addresses = Vec::new();
        for slice in self.slices.state() {
            let labels = slice.metadata.labels.as_ref();
            let belongs = labels
                .and_then(|labels| labels.get(SERVICE_LABEL))
                .is_some_and(|name| name == service);
            if !belongs || slice.metadata.namespace.as_deref() != Some(namespace) {
                continue;
            }
            let is_ready = |endpoint: &&Endpoint| endpoint.conditions.as_ref().is_none_or(|c| c.ready != Some(false));
            for endpoint in slice
                .endpoints
                .iter()
                .filter(is_ready)
                .filter(|endpoint| wanted(endpoint))
            {
                addresses.extend(
                    endpoint
                        .addresses
                        .iter()
                        .filter_map(|text| text.parse::<Ipv4Addr>().ok()),
                );
            }
        }
        addresses.sort_unstable();
        addresses.dedup();
        addresses
    }
}

#[cfg(test)]
mod tests {
    use kube::runtime::watcher::Event;
    use serde_json::json;

    use super::*;

    fn directory() -> Directory {
        let (services, mut service_writer) = store();
        let (slices, mut slice_writer) = store();
        for (name, address) in [("web", "10.96.0.7"), ("db", "None")] {
            let object = json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"clusterIP": address}});
            service_writer.apply_watcher_event(&Event::Apply(serde_json::from_value(object).unwrap()));
        }
        let slice = json!({
            "metadata": {"name": "db-1", "namespace": "shop", "labels": {SERVICE_LABEL: "db"}},
            "addressType": "IPv4",
            "endpoints": [
                {"addresses": ["10.244.0.9"], "conditions": {"ready": true}, "hostname": "db-0"},
                {"addresses": ["10.244.0.10"], "conditions": {"ready": false}, "hostname": "db-1"},
            ],
        });
        slice_writer.apply_watcher_event(&Event::Apply(serde_json::from_value(slice).unwrap()));
        Directory { services, slices }
    }

    #[test]
    fn names_of_services_and_of_ready_endpoints_have_addresses() {
        let directory = directory();
        let found = |address: [u8; 4]| Some(Reply::Addresses(vec![address.into()]));
        let table = [
            ("web.shop.svc.cluster.local", found([10, 96, 0, 7])),
            ("db.shop.svc.cluster.local", found([10, 244, 0, 9])),
            ("db-0.db.shop.svc.cluster.local", found([10, 244, 0, 9])),
            ("db-1.db.shop.svc.cluster.local", Some(Reply::NoSuchName)),
            ("web.other.svc.cluster.local", Some(Reply::NoSuchName)),
            ("web.shop.svc.shop.svc.cluster.local", Some(Reply::NoSuchName)),
            ("svc.cluster.local", Some(Reply::Addresses(Vec::new()))),
            ("web.demo.test", None),
        ];
        for (name, expected) in table {
            assert_eq!(directory.lookup(name), expected, "{name}");
        }
    }
}
