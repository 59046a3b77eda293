//! Judges certificates as OpenShift's router does (its extended validation), before they are written.

use evercert_pki::certificate::Certificate;
use evercert_pki::key::{KeyAlgorithm, PrivateKey};
use evercert_pki::{chain, limits};

use super::decide::SecretData;

/// A certificate and key that a router takes.
pub(super) struct Serving {
    pub(super) certificate: String,
    pub(super) key: String,
    pub(super) leaf: Certificate,
    /// Something that a router takes and clients may not.
    pub(super) remark: Option<String>,
}

/// `tls.crt` and `tls.key`. Refused: one missing, unreadable, an Ed25519 key, leaf not first or not of the key, SHA-1.
pub(super) fn serving(secret: &SecretData) -> Result<Serving, String> {
    let name = &secret.name;
    let (certificate, key) = (
        text(secret, "tls.crt", secret.tls_crt.as_ref())?,
        text(secret, "tls.key", secret.tls_key.as_ref())?,
    );
    let certificates = Certificate::bundle_from_pem(certificate.as_bytes(), limits::CHAIN);
    let certificates = certificates.map_err(|err| format!("tls.crt of Secret {name}: {err}"))?;
    let private = PrivateKey::from_pem(key.as_bytes()).map_err(|err| format!("tls.key of Secret {name}: {err}"))?;
    if private.algorithm() == KeyAlgorithm::Ed25519 {
        return Err(format!(
            "tls.key of Secret {name} is an Ed25519 key, routers take only RSA and ECDSA keys"
        ));
    }
    let leaf = match certificates
        .iter()
        .position(|certificate| certificate.matches(&private))
    {
        Some(0) => certificates
            .first()
            .cloned()
            .ok_or_else(|| format!("tls.crt of Secret {name} is empty"))?,
        Some(place) => {
            let place = place + 1;
            return Err(format!(
                "tls.crt of Secret {name}: the certificate of tls.key stands in place {place}, it must be first"
            ));
        }
        None => {
            return Err(format!(
                "Secret {name}: tls.key does not belong to the certificate in tls.crt"
            ));
        }
    };
    refuse_weak(&certificates, &format!("tls.crt of Secret {name}"))?;
    let remark = chain::verify_links(&certificates)
        .err()
        .map(|err| format!("tls.crt of Secret {name}: {err}"));
    Ok(Serving {
        certificate,
        key,
        leaf,
        remark,
    })
}

/// `ca.crt`, readable and without weak signatures.
pub(super) fn authorities(secret: &SecretData) -> Result<String, String> {
    let text = text(secret, "ca.crt", secret.ca_crt.as_ref())?;
    let what = format!("ca.crt of Secret {}", secret.name);
    let certificates =
        Certificate::bundle_from_pem(text.as_bytes(), limits::BUNDLE).map_err(|err| format!("{what}: {err}"))?;
    refuse_weak(&certificates, &what)?;
    Ok(text)
}

/// True where a router that has this `caCertificate` takes this leaf: the pool is all it looks into, intermediates that
/// are served beside the leaf do not count.
pub(super) fn pool_verifies(pool: &str, leaf: &Certificate) -> bool {
    let pool = Certificate::bundle_from_pem(pool.as_bytes(), limits::BUNDLE).unwrap_or_default();
    pool.iter()
        .any(|authority| authority == leaf || leaf.is_signed_by(authority))
}

fn text(secret: &SecretData, key: &str, bytes: Option<&Vec<u8>>) -> Result<String, String> {
    let name = &secret.name;
    let bytes = bytes.filter(|bytes| !bytes.is_empty());
    let bytes = bytes.ok_or_else(|| format!("Secret {name} has no {key}"))?;
    String::from_utf8(bytes.clone()).map_err(|_| format!("{key} of Secret {name} is not text"))
}

fn refuse_weak(certificates: &[Certificate], what: &str) -> Result<(), String> {
    let weak = certificates
        .iter()
        .find(|certificate| certificate.has_weak_signature() && certificate.issuer() != certificate.subject());
    match weak {
        Some(weak) => Err(format!(
            "{what}: the certificate of {} has an MD5 or SHA-1 signature, routers refuse it",
            weak.subject()
        )),
        None => Ok(()),
    }
}
