//! Renders the two stores in upstream's layout, or says what is wrong with the input.

use evercert_core::contract::annotations::{JAVA_KEYSTORE_PASSWORD, JAVA_KEYSTORES_CREATION_TIMESTAMP};
use evercert_core::contract::keys::{CA_CRT, KEYSTORE_JKS, TLS_CRT, TLS_KEY, TRUSTSTORE_JKS};
use evercert_keystore::jks::{self, Entry, KeyEntry, Keystore, TrustedEntry};
use evercert_pki::certificate::Certificate;
use evercert_pki::key::PrivateKey;
use evercert_pki::limits;
use jiff::Timestamp;
use k8s_openapi::ByteString;

use super::decide::Observed;
use crate::names::{DEFAULT_PASSWORD, KEY_ALIAS, TRUSTED_ALIAS_PREFIX};

/// What the input gives.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Made {
    /// A store.
    Store(ByteString),
    /// There is no input for one.
    Nothing,
}

/// `keystore.jks`: the key under alias `alias` with the chain in the order of `tls.crt`. Nothing without both.
pub(super) fn keystore(observed: &Observed) -> Result<Made, String> {
    let (crt, key) = match (observed.input(TLS_CRT), observed.input(TLS_KEY)) {
        (Some(crt), Some(key)) => (crt, key),
        (None, None) => return Ok(Made::Nothing),
        (Some(_), None) => return Err("tls.key is missing or empty".into()),
        (None, Some(_)) => return Err("tls.crt is missing or empty".into()),
    };
    let chain = Certificate::bundle_from_pem(crt, limits::CHAIN).map_err(|err| format!("tls.crt: {err}"))?;
    let key = PrivateKey::from_pem(key).map_err(|err| format!("tls.key: {err}"))?;
    let leaf = match chain.iter().position(|certificate| certificate.matches(&key)) {
        Some(0) => chain.first().ok_or("tls.crt holds no certificate")?,
        Some(place) => {
            return Err(format!(
                "the certificate of tls.key stands in place {} of tls.crt, it must be first",
                place + 1
            ));
        }
        None => return Err("tls.key does not belong to the certificate in tls.crt".into()),
    };
    let entry = KeyEntry {
        alias: KEY_ALIAS.into(),
        created: observed.created()?.unwrap_or(since_epoch(leaf)),
        key: key.to_pkcs8_der().map_err(|err| format!("tls.key: {err}"))?,
        chain: chain.iter().map(|certificate| certificate.der().to_vec()).collect(),
    };
    observed.render(
        KEYSTORE_JKS,
        &Keystore {
            entries: vec![Entry::Key(entry)],
        },
    )
}

/// `truststore.jks`: the certificates of `ca.crt` under `alias0`, `alias1` … in its order. Nothing without `ca.crt`.
pub(super) fn truststore(observed: &Observed) -> Result<Made, String> {
    let Some(ca) = observed.input(CA_CRT) else {
        return Ok(Made::Nothing);
    };
    let authorities = Certificate::bundle_from_pem(ca, limits::BUNDLE).map_err(|err| format!("ca.crt: {err}"))?;
    let given = observed.created()?;
    let entry = |(index, certificate): (usize, &Certificate)| {
        Entry::Trusted(TrustedEntry {
            alias: format!("{TRUSTED_ALIAS_PREFIX}{index}"),
            created: given.unwrap_or(since_epoch(certificate)),
            certificate: certificate.der().to_vec(),
        })
    };
    observed.render(
        TRUSTSTORE_JKS,
        &Keystore {
            entries: authorities.iter().enumerate().map(entry).collect(),
        },
    )
}

/// The format has no date before 1970.
fn since_epoch(certificate: &Certificate) -> Timestamp {
    certificate.not_before().max(Timestamp::UNIX_EPOCH)
}

impl Observed {
    /// An input that is there and not empty.
    fn input(&self, key: &str) -> Option<&[u8]> {
        self.data
            .get(key)
            .map(|bytes| bytes.0.as_slice())
            .filter(|bytes| !bytes.is_empty())
    }

    /// Date of all entries, where the annotation gives one.
    fn created(&self) -> Result<Option<Timestamp>, String> {
        let text = self
            .annotations
            .get(JAVA_KEYSTORES_CREATION_TIMESTAMP)
            .filter(|text| !text.is_empty());
        let parsed = text.map(|text| text.parse().ok().filter(|time| *time >= Timestamp::UNIX_EPOCH));
        match parsed {
            Some(None) => Err(format!(
                "annotation {JAVA_KEYSTORES_CREATION_TIMESTAMP} is not an RFC 3339 time since 1970"
            )),
            Some(Some(time)) => Ok(Some(time)),
            None => Ok(None),
        }
    }

    /// The bytes that are there if they hold the same, whoever made them; otherwise new ones.
    fn render(&self, key: &str, store: &Keystore) -> Result<Made, String> {
        let password = self
            .annotations
            .get(JAVA_KEYSTORE_PASSWORD)
            .filter(|password| !password.is_empty());
        let password = password.map_or(DEFAULT_PASSWORD, String::as_str);
        let dated = self.created()?.is_some();
        let same = |found: &Keystore| {
            if dated {
                found.same_content_and_dates(store)
            } else {
                found.same_content(store)
            }
        };
        let present = self.data.get(key);
        match present.filter(|bytes| jks::parse(&bytes.0, password).is_ok_and(|found| same(&found))) {
            Some(bytes) => Ok(Made::Store(bytes.clone())),
            None => jks::render(store, password)
                .map(|bytes| Made::Store(ByteString(bytes)))
                .map_err(|err| err.to_string()),
        }
    }
}
