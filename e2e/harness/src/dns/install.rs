//! The Service through which pods reach cluster DNS.

use std::path::Path;

use kube::Client;
use serde_json::json;

use super::Zones;
use crate::control_plane::NODE_IP;
use crate::error::Result;
use crate::node::DNS_SERVICE_IP;
use crate::objects;

/// Makes Service `kube-dns` without a selector and the EndpointSlice that names the node's address.
pub async fn install(client: &Client, dir: &Path) -> Result<()> {
    Zones::default().save(dir)?;
    let ports =
        json!([{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "dns-tcp", "port": 53, "protocol": "TCP"}]);
    let service = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "kube-dns", "namespace": "kube-system"},
        "spec": {"clusterIP": DNS_SERVICE_IP, "ports": ports},
    });
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": "kube-dns-node", "namespace": "kube-system", "labels": {"kubernetes.io/service-name": "kube-dns"},
        },
        "endpoints": [{"addresses": [NODE_IP], "conditions": {"ready": true}}], "ports": ports,
    });
    objects::apply_one(client, service).await?;
    objects::apply_one(client, slice).await
}
