//! Status of a Route as routers write it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::meta::v1::Condition;

/// A router's view of the Route.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouteIngress {
    /// Host name it serves.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub host: String,
    /// Name of the router.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub router_name: String,
    /// Name that DNS entries should point to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub router_canonical_hostname: String,
    /// Wildcard policy in force.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub wildcard_policy: String,
    /// `Admitted`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
}
