//! The Challenges that an Order needs, as specs. Pure; the Challenge controller checks Challenges against it.

use evercert_acme::dns01_value;
use evercert_api::acme::v1::{AcmeAuthorization, AcmeChallengeType, AcmeIssuer, ChallengeSpec, Order, State};

use super::super::solver::{Labels, challenge_type, pick, supported};

/// One spec (without `key`) for each authorization that is not valid yet, or in words why one cannot be solved.
pub fn wanted(order: &Order, issuer: &AcmeIssuer) -> Result<Vec<ChallengeSpec>, String> {
    let status = order.status.as_ref();
    let authorizations = status
        .map(|status| status.authorizations.as_slice())
        .unwrap_or_default();
    let labels = order.metadata.labels.clone().unwrap_or_default();
    let open = authorizations
        .iter()
        .filter(|authorization| authorization.initial_state != Some(State::Valid));
    open.map(|authorization| spec(order, issuer, authorization, &labels))
        .collect()
}

fn spec(
    order: &Order,
    issuer: &AcmeIssuer,
    authorization: &AcmeAuthorization,
    labels: &Labels,
) -> Result<ChallengeSpec, String> {
    let wildcard = authorization.wildcard.unwrap_or_default();
    let name = if wildcard {
        format!("*.{}", authorization.identifier)
    } else {
        authorization.identifier.clone()
    };
    let pick = pick(&name, &authorization.challenges, &issuer.solvers, labels)?;
    supported(pick.solver).map_err(|why| format!("{name}: {why}"))?;
    Ok(ChallengeSpec {
        url: pick.challenge.url.clone(),
        authorization_url: authorization.url.clone(),
        dns_name: authorization.identifier.clone(),
        wildcard,
        type_: challenge_type(pick.solver),
        token: pick.challenge.token.clone(),
        key: String::new(),
        solver: pick.solver.clone(),
        issuer_ref: order.spec.issuer_ref.clone(),
    })
}

/// What a Challenge presents: the key authorization for HTTP-01, its digest for DNS-01.
pub fn key_of(type_: &AcmeChallengeType, key_authorization: &str) -> String {
    match type_ {
        AcmeChallengeType::Dns01 => dns01_value(key_authorization),
        _ => key_authorization.to_owned(),
    }
}
