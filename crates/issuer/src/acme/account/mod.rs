//! The set-up of an ACME issuer: its account is registered once and used again ever after. Never writes the issuer.

mod act;
mod decide;
mod gather;

pub use act::setup_issuer;

use evercert_api::acme::v1::{AcmeChallengeSolver, AcmeIssuer};

/// Names of the Secrets that an ACME issuer reads: a change of one wakes the issuer.
pub fn issuer_secrets(acme: &AcmeIssuer) -> Vec<String> {
    let binding = acme
        .external_account_binding
        .iter()
        .map(|binding| &binding.key_secret_ref.name);
    let solvers = acme.solvers.iter().filter_map(tsig_secret);
    let mut names: Vec<String> = std::iter::once(&acme.private_key_secret_ref.name)
        .chain(binding)
        .chain(solvers)
        .cloned()
        .collect();
    names.retain(|name| !name.is_empty());
    names.sort();
    names.dedup();
    names
}

fn tsig_secret(solver: &AcmeChallengeSolver) -> Option<&String> {
    Some(
        &solver
            .dns01
            .as_ref()?
            .rfc2136
            .as_ref()?
            .tsig_secret_secret_ref
            .as_ref()?
            .name,
    )
}
