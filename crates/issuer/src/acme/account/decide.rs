//! What to do about the account of an ACME issuer. Pure.

use evercert_api::acme::v1::{AcmeIssuer, AcmeIssuerStatus};

use super::super::names::issuer as reasons;

/// The account key in the issuer's Secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFacts {
    /// No such Secret.
    Missing,
    /// A Secret without a usable key; in words what is wrong.
    Unusable(String),
    /// A usable key.
    Present {
        /// Its checksum as upstream keeps it in the status.
        checksum: String,
    },
}

/// All that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// `spec.acme`.
    pub spec: AcmeIssuer,
    /// `status.acme`.
    pub status: AcmeIssuerStatus,
    /// The account key.
    pub key: KeyFacts,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// The settings cannot work: say so and wait for a change.
    Refuse {
        /// Reason of the condition.
        reason: &'static str,
        /// What to change.
        message: String,
    },
    /// Make a key, store it, register it.
    MakeKey,
    /// Find or make the account of the key.
    Register,
    /// The account is known, its contact changed.
    UpdateContact,
    /// Nothing: all is as registered.
    Keep,
}

/// The account is asked for only where server, key or contact differ from what the status says was registered.
pub fn decide(observed: &Observed) -> Plan {
    if let Some(refusal) = refuse(&observed.spec) {
        return refusal;
    }
    let checksum = match &observed.key {
        KeyFacts::Missing if observed.spec.disable_account_key_generation => {
            let name = &observed.spec.private_key_secret_ref.name;
            let message = format!(
                "Secret {name} with the ACME account key is not there, and disableAccountKeyGeneration forbids to make one"
            );
            return Plan::Refuse {
                reason: reasons::ERR_VERIFY,
                message,
            };
        }
        KeyFacts::Missing => return Plan::MakeKey,
        KeyFacts::Unusable(why) => {
            return Plan::Refuse {
                reason: reasons::ERR_VERIFY,
                message: why.clone(),
            };
        }
        KeyFacts::Present { checksum } => checksum,
    };
    let same_server = !observed.status.uri.is_empty() && host(&observed.status.uri) == host(&observed.spec.server);
    if !same_server || observed.status.last_private_key_hash != *checksum {
        return Plan::Register;
    }
    if observed.status.last_registered_email != observed.spec.email {
        return Plan::UpdateContact;
    }
    Plan::Keep
}

fn refuse(spec: &AcmeIssuer) -> Option<Plan> {
    let refusal = |reason, message: &str| {
        Some(Plan::Refuse {
            reason,
            message: message.to_owned(),
        })
    };
    let Some(host) = host(&spec.server) else {
        return refusal(
            reasons::INVALID_URL,
            "spec.acme.server must be the https URL of an ACME directory",
        );
    };
    if host.starts_with("acme-v01.api.letsencrypt.org") || host.starts_with("acme-staging.api.letsencrypt.org") {
        let message =
            "spec.acme.server is a retired ACME v1 endpoint: use https://acme-v02.api.letsencrypt.org/directory";
        return refusal(reasons::INVALID_CONFIG, message);
    }
    let bundle = spec.ca_bundle.as_ref().is_some_and(|bundle| !bundle.0.is_empty());
    if bundle && spec.skip_tls_verify {
        return refusal(
            reasons::INVALID_CONFIG,
            "spec.acme.caBundle and spec.acme.skipTLSVerify exclude each other: remove one",
        );
    }
    if spec.private_key_secret_ref.name.is_empty() {
        return refusal(
            reasons::INVALID_CONFIG,
            "spec.acme.privateKeySecretRef.name must name the Secret for the account key",
        );
    }
    None
}

/// Host and port of an absolute http(s) URL.
fn host(url: &str) -> Option<String> {
    evercert_acme::transport::parse(url)
        .ok()
        .map(|url| evercert_acme::transport::host_of(&url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_api::ByteString;
    use evercert_api::meta::v1::SecretKeySelector;

    fn observed() -> Observed {
        let spec = AcmeIssuer {
            server: "https://ca.example:14000/dir".into(),
            email: "a@example.com".into(),
            private_key_secret_ref: SecretKeySelector {
                name: "account".into(),
                key: None,
            },
            ..AcmeIssuer::default()
        };
        let status = AcmeIssuerStatus {
            uri: "https://ca.example:14000/account/1".into(),
            last_registered_email: "a@example.com".into(),
            last_private_key_hash: "sum".into(),
        };
        Observed {
            spec,
            status,
            key: KeyFacts::Present { checksum: "sum".into() },
        }
    }

    fn refusal(plan: &Plan) -> Option<&'static str> {
        match plan {
            Plan::Refuse { reason, .. } => Some(reason),
            _ => None,
        }
    }

    #[test]
    fn the_server_is_asked_only_where_something_changed() {
        type Edit = fn(&mut Observed);
        let table: [(&str, Edit, Plan); 8] = [
            ("settled", |_| {}, Plan::Keep),
            ("fresh", |o| o.status = AcmeIssuerStatus::default(), Plan::Register),
            ("no key", |o| o.key = KeyFacts::Missing, Plan::MakeKey),
            (
                "another key",
                |o| {
                    o.key = KeyFacts::Present {
                        checksum: "other".into(),
                    }
                },
                Plan::Register,
            ),
            (
                "another server",
                |o| o.spec.server = "https://other.example/dir".into(),
                Plan::Register,
            ),
            (
                "another port",
                |o| o.spec.server = "https://ca.example:15000/dir".into(),
                Plan::Register,
            ),
            (
                "another path of the same server",
                |o| o.spec.server = "https://ca.example:14000/directory".into(),
                Plan::Keep,
            ),
            ("another contact", |o| o.spec.email = String::new(), Plan::UpdateContact),
        ];
        for (case, edit, expected) in table {
            let mut observed = observed();
            edit(&mut observed);
            assert_eq!(decide(&observed), expected, "{case}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused() {
        type Edit = fn(&mut Observed);
        let table: [(&str, Edit, &str); 7] = [
            ("no URL", |o| o.spec.server = "ca.example".into(), reasons::INVALID_URL),
            ("empty", |o| o.spec.server = String::new(), reasons::INVALID_URL),
            (
                "v1",
                |o| o.spec.server = "https://acme-v01.api.letsencrypt.org/directory".into(),
                reasons::INVALID_CONFIG,
            ),
            (
                "bundle and no verification",
                |o| (o.spec.skip_tls_verify, o.spec.ca_bundle) = (true, Some(ByteString(vec![1]))),
                reasons::INVALID_CONFIG,
            ),
            (
                "no Secret named",
                |o| o.spec.private_key_secret_ref.name = String::new(),
                reasons::INVALID_CONFIG,
            ),
            (
                "bad key",
                |o| o.key = KeyFacts::Unusable("is not PEM".into()),
                reasons::ERR_VERIFY,
            ),
            (
                "no key and none to be made",
                |o| (o.key, o.spec.disable_account_key_generation) = (KeyFacts::Missing, true),
                reasons::ERR_VERIFY,
            ),
        ];
        for (case, edit, reason) in table {
            let mut observed = observed();
            edit(&mut observed);
            assert_eq!(refusal(&decide(&observed)), Some(reason), "{case}");
        }
    }
}
