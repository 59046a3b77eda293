//! Does a Challenge belong to an Order that wants it? Pure.
//!
//! Credentials of an issuer, a ClusterIssuer's above all, are used only for Challenges that an Order of ours asked for:
//! whoever may create Challenges could otherwise choose the server that they are sent to (GHSA-8rvj-mm4h-c258).

use evercert_api::acme::v1::{AcmeIssuer, Challenge, Order};

use super::super::orders::{key_of, wanted};
use super::super::state::order_of;

/// Whether work may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The Order wants exactly this Challenge.
    Sound,
    /// The Order does not want it; in words what differs.
    Refused(String),
}

/// Compares owner and whole spec; `key_authorization` gives the account's answer to a token.
pub fn check(
    challenge: &Challenge,
    order: Option<&Order>,
    issuer: &AcmeIssuer,
    key_authorization: impl Fn(&str) -> String,
) -> Claim {
    let refused = |why: &str| Claim::Refused(format!("Refusing to work on this Challenge: {why}"));
    let Some((name, uid)) = order_of(&challenge.metadata) else {
        return refused("it belongs to no Order; Challenges are made by Orders only");
    };
    let Some(order) =
        order.filter(|order| order.metadata.name.as_ref() == Some(&name) && order.metadata.uid.as_ref() == Some(&uid))
    else {
        return refused("the Order it says it belongs to does not exist");
    };
    let Ok(wanted) = wanted(order, issuer) else {
        return refused("its Order wants no Challenge that can be solved");
    };
    let equal = wanted.into_iter().any(|mut spec| {
        spec.key = key_of(&spec.type_, &key_authorization(&spec.token));
        spec == challenge.spec
    });
    if equal {
        Claim::Sound
    } else {
        refused("it is not what its Order asks for")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_acme::dns01_value;
    use evercert_api::acme::v1::{
        AcmeAuthorization, AcmeChallenge, AcmeChallengeSolver, AcmeChallengeSolverDns01, OrderSpec, OrderStatus,
        Rfc2136, State,
    };
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;

    fn thumb(token: &str) -> String {
        format!("{token}.thumb")
    }

    fn issuer() -> AcmeIssuer {
        let rfc2136 = Some(Rfc2136 {
            nameserver: "192.0.2.53".into(),
            ..Rfc2136::default()
        });
        let dns01 = Some(AcmeChallengeSolverDns01 {
            rfc2136,
            ..AcmeChallengeSolverDns01::default()
        });
        AcmeIssuer {
            solvers: vec![AcmeChallengeSolver {
                dns01,
                ..AcmeChallengeSolver::default()
            }],
            ..AcmeIssuer::default()
        }
    }

    fn order() -> Order {
        let mut order = Order::new("web-1", OrderSpec::default());
        order.metadata.uid = Some("uid".into());
        let offered = AcmeChallenge {
            url: "https://ca/c".into(),
            token: "tok".into(),
            type_: "dns-01".into(),
        };
        let authorization = AcmeAuthorization {
            url: "https://ca/a".into(),
            identifier: "a.example".into(),
            wildcard: Some(false),
            initial_state: Some(State::Pending),
            challenges: vec![offered],
        };
        order.status = Some(OrderStatus {
            authorizations: vec![authorization],
            ..OrderStatus::default()
        });
        order
    }

    fn challenge() -> Challenge {
        let mut spec = wanted(&order(), &issuer()).unwrap().remove(0);
        spec.key = dns01_value("tok.thumb");
        let mut challenge = Challenge::new("web-1-1", spec);
        challenge.metadata.owner_references = Some(vec![OwnerReference {
            api_version: "acme.cert-manager.io/v1".into(),
            kind: "Order".into(),
            name: "web-1".into(),
            uid: "uid".into(),
            controller: Some(true),
            ..OwnerReference::default()
        }]);
        challenge
    }

    #[test]
    fn only_what_an_order_asked_for_is_worked_on() {
        type Edit = fn(&mut Challenge);
        let table: [(&str, Edit, &str); 9] = [
            ("as asked for", |_| {}, ""),
            ("no owner", |c| c.metadata.owner_references = None, "no Order"),
            (
                "owner not in control",
                |c| c.metadata.owner_references.as_mut().unwrap()[0].controller = None,
                "no Order",
            ),
            (
                "another uid",
                |c| c.metadata.owner_references.as_mut().unwrap()[0].uid = "old".into(),
                "does not exist",
            ),
            (
                "another name",
                |c| c.metadata.owner_references.as_mut().unwrap()[0].name = "x".into(),
                "does not exist",
            ),
            (
                "a server of the attacker's",
                |c| {
                    c.spec
                        .solver
                        .dns01
                        .as_mut()
                        .unwrap()
                        .rfc2136
                        .as_mut()
                        .unwrap()
                        .nameserver = "198.51.100.1".into();
                },
                "not what its Order",
            ),
            (
                "another name to prove",
                |c| c.spec.dns_name = "b.example".into(),
                "not what its Order",
            ),
            (
                "a key of another account",
                |c| c.spec.key = "other".into(),
                "not what its Order",
            ),
            (
                "another issuer",
                |c| c.spec.issuer_ref.name = "other".into(),
                "not what its Order",
            ),
        ];
        for (case, edit, words) in table {
            let mut challenge = challenge();
            edit(&mut challenge);
            match check(&challenge, Some(&order()), &issuer(), thumb) {
                Claim::Sound => assert_eq!(words, "", "{case}"),
                Claim::Refused(why) => assert!(!words.is_empty() && why.contains(words), "{case}: {why}"),
            }
        }
        assert!(matches!(check(&challenge(), None, &issuer(), thumb), Claim::Refused(_)));
    }
}
