//! `route.openshift.io/v1`: Route, for reading and for partial apply.

#[allow(clippy::module_inception)] // the noun of the group is the group's own name
mod route;
mod status;
mod tls;

pub use route::{Route, RoutePort, RouteSpec, RouteStatus, RouteTargetReference};
pub use status::RouteIngress;
pub use tls::{ExternalCertificate, RouteTls, Termination};
