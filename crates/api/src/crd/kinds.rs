//! The kinds that have a CRD, and what the derive says of each.

use kube::CustomResourceExt;
use serde_json::{Value, json};

use crate::acme::v1::{Challenge, Order};
use crate::certmanager::v1::{Certificate, CertificateRequest, Issuer};

/// One kind with a CRD.
pub struct Kind {
    pub name: &'static str,
    pub description: &'static str,
    /// The CRD as derived, before anything is added.
    pub crd: fn() -> Value,
}

pub const KINDS: &[Kind] = &[
    Kind {
        name: "CertificateRequest",
        description: "A request to an issuer for one certificate, and the issuer's answer.",
        crd: derived::<CertificateRequest>,
    },
    Kind {
        name: "Certificate",
        description: "A certificate that is issued into a Secret and renewed in time.",
        crd: derived::<Certificate>,
    },
    Kind {
        name: "Challenge",
        description: "A proof of control over one name, for an ACME server.",
        crd: derived::<Challenge>,
    },
    Kind {
        name: "ClusterIssuer",
        description: "A source of certificates for all namespaces.",
        crd: cluster_issuer,
    },
    Kind {
        name: "Issuer",
        description: "A source of certificates for one namespace.",
        crd: derived::<Issuer>,
    },
    Kind {
        name: "Order",
        description: "An order for one certificate at an ACME server.",
        crd: derived::<Order>,
    },
];

fn derived<K: CustomResourceExt>() -> Value {
    // A CustomResourceDefinition is plain data: it always serializes.
    serde_json::to_value(K::crd()).unwrap_or_default()
}

/// The CRD of Issuer under the other name: spec and status are the same types.
fn cluster_issuer() -> Value {
    let mut crd = derived::<Issuer>();
    crd["metadata"]["name"] = json!("clusterissuers.cert-manager.io");
    crd["spec"]["scope"] = json!("Cluster");
    crd["spec"]["names"]["kind"] = json!("ClusterIssuer");
    crd["spec"]["names"]["singular"] = json!("clusterissuer");
    crd["spec"]["names"]["plural"] = json!("clusterissuers");
    crd["spec"]["names"]["shortNames"] = json!(["ciss"]);
    crd
}
