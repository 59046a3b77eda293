//! The DNS side of a Challenge: its record at its server, as the solver in its spec says.

use evercert_api::acme::v1::dns_providers::Rfc2136Protocol;
use evercert_api::acme::v1::{AcmeChallengeSolverDns01, Challenge, CnameStrategy, Rfc2136 as Settings};
use evercert_dns::{Algorithm, Propagation, Protocol, Rfc2136, TsigKey, challenge_name};

use super::super::outcome::Error;
use super::super::solver::supported;
use super::super::state::DnsSettings;
use crate::context::Context;

/// A record that is to be made or removed.
#[derive(Debug)]
pub struct Record {
    /// Where.
    pub client: Rfc2136,
    /// Name after CNAMEs, where these are followed.
    pub name: String,
    /// Value.
    pub value: String,
}

/// Why a record cannot be worked on.
#[derive(Debug)]
pub enum Trouble {
    /// Something is missing or wrong in the solver; in words what to change. `gone`: a Secret is not there.
    Settings {
        /// In words.
        why: String,
        /// The credentials are not there.
        gone: bool,
    },
    /// The DNS said no, or nothing.
    Dns(evercert_dns::Error),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settings { why, .. } => f.write_str(why),
            Self::Dns(error) => error.fmt(f),
        }
    }
}

/// The record of a Challenge. Reads the TSIG secret from `namespace`, where the issuer's Secrets are.
pub async fn record(ctx: &Context, challenge: &Challenge, namespace: &str) -> Result<Result<Record, Trouble>, Error> {
    let settings = match supported(&challenge.spec.solver) {
        Ok(settings) => settings,
        Err(why) => return Ok(Err(Trouble::Settings { why, gone: true })),
    };
    let key = match tsig(ctx, settings, namespace).await? {
        Ok(key) => key,
        Err(trouble) => return Ok(Err(trouble)),
    };
    let protocol = if settings.protocol == Some(Rfc2136Protocol::Tcp) {
        Protocol::Tcp
    } else {
        Protocol::Udp
    };
    let client = match Rfc2136::new(&settings.nameserver, key, protocol) {
        Ok(client) => client,
        Err(error) => return Ok(Err(Trouble::Dns(error))),
    };
    let name = challenge_name(&challenge.spec.dns_name);
    let follow = dns01(challenge).is_some_and(|dns01| dns01.cname_strategy == Some(CnameStrategy::Follow));
    let name = if follow {
        propagation(&ctx.acme.dns, challenge).resolve_cname(&name).await
    } else {
        Ok(name)
    };
    Ok(name
        .map(|name| Record {
            client,
            name,
            value: challenge.spec.key.clone(),
        })
        .map_err(Trouble::Dns))
}

async fn tsig(ctx: &Context, settings: &Settings, namespace: &str) -> Result<Result<Option<TsigKey>, Trouble>, Error> {
    let trouble = |why: String, gone| Ok(Err(Trouble::Settings { why, gone }));
    let reference = settings
        .tsig_secret_secret_ref
        .as_ref()
        .filter(|reference| !reference.name.is_empty());
    let Some(reference) = reference else {
        if settings.tsig_key_name.is_empty() {
            return Ok(Ok(None));
        }
        return trouble(
            "tsigKeyName is set without tsigSecretSecretRef in the rfc2136 solver: set both or none".into(),
            false,
        );
    };
    let (name, key) = (&reference.name, reference.key.as_deref().unwrap_or_default());
    let Some(secret) = ctx.secret(namespace, name).await? else {
        return trouble(
            format!("Secret {namespace}/{name} with the TSIG secret is not there"),
            true,
        );
    };
    let Some(text) = secret.data.and_then(|mut data| data.remove(key)) else {
        return trouble(
            format!("Secret {namespace}/{name} has no key {key:?} with the TSIG secret"),
            true,
        );
    };
    let made = Algorithm::from_field(&settings.tsig_algorithm)
        .and_then(|algorithm| TsigKey::new(&settings.tsig_key_name, algorithm, &text.0));
    Ok(made.map(Some).map_err(Trouble::Dns))
}

fn dns01(challenge: &Challenge) -> Option<&AcmeChallengeSolverDns01> {
    challenge.spec.solver.dns01.as_ref()
}

/// How the record's visibility is checked; name servers of the solver go before those of the flags, and are believed.
pub fn propagation(dns: &DnsSettings, challenge: &Challenge) -> Propagation {
    let own = dns01(challenge)
        .map(|dns01| dns01.nameservers.as_slice())
        .unwrap_or_default();
    let own: Vec<String> = own
        .iter()
        .filter_map(|server| evercert_dns::rfc2136::host_port(server).ok())
        .collect();
    if own.is_empty() {
        return Propagation {
            recursive: dns.recursive.clone(),
            recursive_only: dns.recursive_only,
            port: dns.port,
        };
    }
    Propagation {
        recursive: own,
        recursive_only: true,
        port: dns.port,
    }
}
