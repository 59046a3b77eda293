//! `acme.cert-manager.io/v1`: Order, Challenge, and the ACME issuer's options.

mod challenge;
mod dns01;
pub mod dns_providers;
mod http01;
mod issuer;
mod order;
mod pod_template;
mod solver;
mod state;

pub use challenge::{AcmeChallengeType, Challenge, ChallengeSpec, ChallengeStatus};
pub use dns_providers::Rfc2136;
pub use dns01::{AcmeChallengeSolverDns01, CnameStrategy};
pub use http01::{
    AcmeChallengeSolverHttp01, Http01GatewayHttpRoute, Http01Ingress, IngressTemplate, ParentReference,
    TemplateMetadata,
};
pub use issuer::{
    AcmeExternalAccountBinding, AcmeIssuer, AcmeIssuerStatus, HmacKeyAlgorithm, RenewalInformationSource,
};
pub use order::{AcmeAuthorization, AcmeChallenge, Order, OrderSpec, OrderStatus};
pub use pod_template::{PodResources, PodSecurityContext, PodSpec, PodTemplate};
pub use solver::{AcmeChallengeSolver, CertificateDnsNameSelector};
pub use state::State;
