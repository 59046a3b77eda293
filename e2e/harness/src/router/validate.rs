//! What OpenShift's router checks of `spec.tls` before it serves a Route (openshift/router, `routeapihelpers`).

use evercert_api::route::v1::RouteTls;
use openssl::pkey::{Id, PKey, Private};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyFlags;
use openssl::x509::{X509, X509StoreContext};

/// Why a Route is not served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rejection {
    pub reason: &'static str,
    pub message: String,
}

impl Rejection {
    fn invalid(field: &str, why: &str) -> Self {
        Self {
            reason: "ExtendedValidationFailed",
            message: format!("spec.tls.{field}: Invalid value: {why}"),
        }
    }

    pub(super) fn claimed(by: &str) -> Self {
        Self {
            reason: "HostAlreadyClaimed",
            message: format!("route {by} already exposes this host and path"),
        }
    }
}

type Checked<T> = Result<T, Rejection>;

/// Block types that may stand in a PEM field.
const KNOWN_BLOCKS: [&str; 5] = [
    "CERTIFICATE",
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "EC PARAMETERS",
];

/// The first thing that is wrong. Expiry is tolerated, host names are not looked at.
pub(super) fn tls(tls: &RouteTls) -> Checked<()> {
    let text = |field: &Option<String>| field.clone().filter(|text| !text.trim().is_empty());
    if let Some(ca) = text(&tls.destination_ca_certificate) {
        certificates("destinationCACertificate", &ca)?;
    }
    let pool = text(&tls.ca_certificate)
        .map(|ca| certificates("caCertificate", &ca))
        .transpose()?;
    let key = tls
        .key
        .as_ref()
        .map(|key| key.expose().to_owned())
        .filter(|key| !key.trim().is_empty());
    let Some(certificate) = text(&tls.certificate) else {
        return Ok(());
    };
    let chain = certificates("certificate", &certificate)?;
    let leaf = chain
        .first()
        .ok_or_else(|| Rejection::invalid("certificate", "no certificate in it"))?;
    if let Some(pool) = pool {
        verify(leaf, &pool)?;
    }
    let key = key.ok_or_else(|| Rejection::invalid("key", "no key specified"))?;
    matches(leaf, &private_key(&key)?)
}

fn certificates(field: &str, pem: &str) -> Checked<Vec<X509>> {
    known_blocks(field, pem)?;
    let list = X509::stack_from_pem(pem.as_bytes()).map_err(|_| Rejection::invalid(field, "failed to parse PEM"))?;
    if list.is_empty() {
        return Err(Rejection::invalid(field, "no certificate in it"));
    }
    match list.iter().find(|certificate| is_signed_weakly(certificate)) {
        Some(_) => Err(Rejection::invalid(field, "certificate is signed with SHA-1 or MD5")),
        None => Ok(list),
    }
}

/// SHA-1 and MD5 on what a CA signed; a root's own signature means nothing.
fn is_signed_weakly(certificate: &X509) -> bool {
    let is_root = certificate.issued(certificate) == openssl::x509::X509VerifyResult::OK;
    let name = certificate.signature_algorithm().object().to_string().to_lowercase();
    !is_root && (name.contains("sha1") || name.contains("md5"))
}

fn private_key(pem: &str) -> Checked<PKey<Private>> {
    known_blocks("key", pem)?;
    let key =
        PKey::private_key_from_pem(pem.as_bytes()).map_err(|_| Rejection::invalid("key", "failed to parse PEM"))?;
    match key.id() {
        Id::RSA | Id::EC => Ok(key),
        _ => Err(Rejection::invalid(
            "key",
            "unknown private key type; RSA and EC keys are supported",
        )),
    }
}

fn known_blocks(field: &str, pem: &str) -> Checked<()> {
    for line in pem.lines() {
        let label = line
            .trim()
            .strip_prefix("-----BEGIN ")
            .and_then(|rest| rest.strip_suffix("-----"));
        if label.is_some_and(|label| !KNOWN_BLOCKS.contains(&label)) {
            return Err(Rejection::invalid(
                field,
                "it holds a PEM block that is neither certificate nor private key",
            ));
        }
    }
    Ok(())
}

/// The pool is all there is: intermediates that stand in `certificate` are not used.
fn verify(leaf: &X509, pool: &[X509]) -> Checked<()> {
    let verified = || -> Result<bool, openssl::error::ErrorStack> {
        let mut store = X509StoreBuilder::new()?;
        store.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::NO_CHECK_TIME)?;
        for certificate in pool {
            store.add_cert(certificate.clone())?;
        }
        let (store, untrusted) = (store.build(), Stack::new()?);
        X509StoreContext::new()?.init(
            &store,
            leaf,
            &untrusted,
            openssl::x509::X509StoreContextRef::verify_cert,
        )
    };
    if verified().unwrap_or(false) {
        return Ok(());
    }
    Err(Rejection::invalid(
        "certificate",
        "x509: certificate signed by unknown authority (caCertificate is the only pool)",
    ))
}

fn matches(leaf: &X509, key: &PKey<Private>) -> Checked<()> {
    match leaf.public_key() {
        Ok(public) if public.public_eq(key) => Ok(()),
        _ => Err(Rejection::invalid("key", "tls: private key does not match public key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificates::{Authority, Subject};

    #[test]
    fn each_rule_of_the_router_has_its_message() {
        let (ca, other) = (Authority::new("one").unwrap(), Authority::new("two").unwrap());
        let subject = Subject {
            common_name: "a",
            names: &["a.test"],
            ..Subject::default()
        };
        let (leaf, stranger) = (ca.leaf(&subject).unwrap(), other.leaf(&subject).unwrap());
        let ed25519 = PKey::generate_ed25519().unwrap().private_key_to_pem_pkcs8().unwrap();
        let ed25519 = String::from_utf8(ed25519).unwrap();
        let of = |certificate: &str, key: &str, ca: &str, destination: &str| RouteTls {
            certificate: Some(certificate.to_owned()),
            key: Some(key.into()),
            ca_certificate: Some(ca.to_owned()),
            destination_ca_certificate: Some(destination.to_owned()),
            ..RouteTls::default()
        };
        let (crt, key, root) = (
            leaf.certificate.as_str(),
            leaf.key.as_str(),
            ca.pair.certificate.as_str(),
        );
        let foreign = other.pair.certificate.as_str();
        let table = [
            (of(crt, key, root, root), None),
            (of("", "", "", ""), None),
            (of(crt, key, "", ""), None),
            (of(crt, key, foreign, ""), Some("certificate")),
            (of(crt, &stranger.key, "", ""), Some("key")),
            (of(crt, "", "", ""), Some("key")),
            (of(crt, &ed25519, "", ""), Some("key")),
            (of("garbage", key, "", ""), Some("certificate")),
            (of("", "", "garbage", ""), Some("caCertificate")),
            (of("", "", "", "garbage"), Some("destinationCACertificate")),
            (
                of(
                    &format!("{crt}-----BEGIN X509 CRL-----\n-----END X509 CRL-----\n"),
                    key,
                    "",
                    "",
                ),
                Some("certificate"),
            ),
        ];
        for (at, (spec, expected)) in table.into_iter().enumerate() {
            let field = tls(&spec).err().map(|rejection| rejection.message);
            let expected = expected.map(|field| format!("spec.tls.{field}: Invalid value: "));
            match (&field, &expected) {
                (Some(message), Some(start)) => assert!(message.starts_with(start.as_str()), "{at}: {message}"),
                _ => assert_eq!(field, expected, "{at}"),
            }
        }
    }
}
