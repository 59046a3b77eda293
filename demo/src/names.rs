//! Every name the demo's manifests and its driver share, once.

/// Namespace of the three services.
pub const NAMESPACE: &str = "demo";
/// Host of the re-encrypt Route.
pub const CUSTOMER_HOST: &str = "customer.apps.evercert.test";
/// Host of the passthrough Route.
pub const PREFERENCE_HOST: &str = "preference.apps.evercert.test";
/// Name by which the other services call preference; the second name that its certificate has to carry.
pub const PREFERENCE_SERVICE: &str = "preference.demo.svc";
/// Secret of the external certificate of customer's Route.
pub const ROUTE_SECRET: &str = "route-customer";
/// Secret of customer's internal certificate and keystores.
pub const CUSTOMER_SECRET: &str = "service-customer";
/// Secret of preference's certificate and keystores.
pub const PREFERENCE_SECRET: &str = "route-service-preference";
/// Secret of recommendation's certificate and keystores.
pub const RECOMMENDATION_SECRET: &str = "service-recommendation";
/// The Deployments of the three services.
pub const DEPLOYMENTS: [&str; 3] = ["customer", "preference-v1", "recommendation-v1"];
/// Body of a whole answer of customer, and of preference.
pub const CUSTOMER_ANSWER: &str = "customer => preference => recommendation";
/// See [`CUSTOMER_ANSWER`].
pub const PREFERENCE_ANSWER: &str = "preference => recommendation";
/// Image of the three services.
pub const JAVA_IMAGE: &str = "localhost/evercert-demo-java:1";
/// How many renewals under load are counted.
pub const RENEWALS: usize = 5;
