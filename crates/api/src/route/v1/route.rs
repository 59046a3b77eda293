//! Route of OpenShift: the fields that Evercert reads or applies. Unknown fields are dropped, so never replace a Route: patch it.

use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use kube::CustomResource;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::route::v1::{RouteIngress, RouteTls};

/// Which host and path lead to which Service, and how TLS is treated.
#[derive(CustomResource, Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[kube(
    group = "route.openshift.io",
    version = "v1",
    kind = "Route",
    namespaced,
    status = "RouteStatus",
    derive = "Default",
    derive = "PartialEq"
)]
#[serde(rename_all = "camelCase")]
pub struct RouteSpec {
    /// Host name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Host name without the router's domain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subdomain: String,
    /// Path prefix.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Service that gets the traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<RouteTargetReference>,
    /// Further Services that share the traffic.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternate_backends: Vec<RouteTargetReference>,
    /// Port of the Service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<RoutePort>,
    /// How TLS is treated; plain HTTP when unset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<RouteTls>,
    /// None or Subdomain.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wildcard_policy: String,
    /// Changes to HTTP headers; not interpreted here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_headers: Option<serde_json::Value>,
}

/// A Service that gets traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteTargetReference {
    /// Kind: Service.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Name.
    pub name: String,
    /// Share of the traffic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<i32>,
}

/// Port of the Service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoutePort {
    /// Name or number.
    pub target_port: IntOrString,
}

/// What the routers made of the Route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteStatus {
    /// One entry for each router that knows the Route.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<RouteIngress>,
}
