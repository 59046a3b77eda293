//! Flattened JWS as ACME uses it (RFC 8555 section 6.2): pure functions from plain data to the body of a request.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::{Value, json};

use crate::error::Error;
use crate::key::AccountKey;

/// Who signs: a key that the server does not know yet, or an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity<'a> {
    /// By public key: newAccount, and revocation by certificate key.
    Key,
    /// By account URL: everything else.
    Account(&'a str),
}

/// Where a signed request goes and which nonce it spends.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// URL of the request.
    pub url: &'a str,
    /// Replay-Nonce to use up.
    pub nonce: &'a str,
}

/// The signed body; `payload` is JSON text, or empty for POST-as-GET (RFC 8555 section 6.3).
pub fn signed(key: &AccountKey, identity: Identity<'_>, target: Target<'_>, payload: &str) -> Result<String, Error> {
    let mut header = json!({"alg": key.algorithm().name(), "nonce": target.nonce, "url": target.url});
    match identity {
        Identity::Key => header["jwk"] = jwk_value(key),
        Identity::Account(url) => header["kid"] = Value::from(url),
    }
    let input = signing_input(&header, payload);
    let signature = key.sign(input.as_bytes())?;
    Ok(flattened(&input, &signature))
}

/// Credentials that tie a new ACME account to an account at the CA (RFC 8555 section 7.3.4). Debug shows the key id only.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// Key id the CA gave.
    pub key_id: String,
    /// HMAC key, decoded.
    pub hmac_key: Vec<u8>,
}

impl fmt::Debug for ExternalAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalAccount")
            .field("key_id", &self.key_id)
            .finish_non_exhaustive()
    }
}

impl ExternalAccount {
    /// From the text a CA hands out: base64url, padding and surrounding white space forgiven.
    ///
    /// # Errors
    /// [`Error::Config`] where it is something else or empty.
    pub fn new(key_id: &str, encoded_key: &[u8]) -> Result<Self, Error> {
        let text = encoded_key.trim_ascii();
        let text = text
            .iter()
            .rposition(|byte| *byte != b'=')
            .map_or(&text[..0], |last| &text[..=last]);
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(hmac_key) if !hmac_key.is_empty() => Ok(Self {
                key_id: key_id.to_owned(),
                hmac_key,
            }),
            _ => Err(Error::Config {
                what: "the external account binding key is not base64url text as the CA hands it out".into(),
            }),
        }
    }

    /// The `externalAccountBinding` member: the account's public key signed with HS256.
    pub fn binding(&self, key: &AccountKey, new_account_url: &str) -> Result<Value, Error> {
        let header = json!({"alg": "HS256", "kid": self.key_id, "url": new_account_url});
        let input = signing_input(&header, key.jwk());
        let mac = PKey::hmac(&self.hmac_key)
            .and_then(|hmac| Signer::new(MessageDigest::sha256(), &hmac)?.sign_oneshot_to_vec(input.as_bytes()));
        let mac = mac.map_err(|source| Error::Crypto {
            operation: "signing the external account binding",
            source,
        })?;
        Ok(serde_json::from_str(&flattened(&input, &mac)).unwrap_or_default())
    }
}

fn jwk_value(key: &AccountKey) -> Value {
    serde_json::from_str(key.jwk()).unwrap_or_default()
}

fn signing_input(header: &Value, payload: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

fn flattened(input: &str, signature: &[u8]) -> String {
    let (protected, payload) = input.split_once('.').unwrap_or((input, ""));
    json!({"protected": protected, "payload": payload, "signature": URL_SAFE_NO_PAD.encode(signature)}).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(part: &Value) -> String {
        String::from_utf8(URL_SAFE_NO_PAD.decode(part.as_str().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn header_names_the_key_or_the_account_and_never_both() {
        let key = AccountKey::generate_p256().unwrap();
        let target = Target {
            url: "https://ca/x",
            nonce: "n1",
        };
        for (identity, has_jwk) in [(Identity::Key, true), (Identity::Account("https://ca/acct/1"), false)] {
            let body: Value = serde_json::from_str(&signed(&key, identity, target, r#"{"a":1}"#).unwrap()).unwrap();
            let header: Value = serde_json::from_str(&decoded(&body["protected"])).unwrap();
            assert_eq!(
                (header["alg"].as_str(), header["nonce"].as_str()),
                (Some("ES256"), Some("n1"))
            );
            assert_eq!(header["url"], "https://ca/x");
            assert_eq!(
                (header.get("jwk").is_some(), header.get("kid").is_some()),
                (has_jwk, !has_jwk)
            );
            assert_eq!(decoded(&body["payload"]), r#"{"a":1}"#);
        }
    }

    #[test]
    fn post_as_get_has_an_empty_payload() {
        let key = AccountKey::generate_p256().unwrap();
        let body = signed(&key, Identity::Account("k"), Target { url: "u", nonce: "n" }, "").unwrap();
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["payload"], "");
    }

    #[test]
    fn external_account_key_is_read_as_cas_write_it() {
        let table: [(&[u8], Option<&[u8]>); 6] = [
            (b"aGVsbG8", Some(b"hello")),
            (b" aGVsbG8=\n", Some(b"hello")),
            (b"_-8", Some(&[0xff, 0xef])),
            (b"", None),
            (b"===", None),
            (b"not base64!", None),
        ];
        for (text, key) in table {
            assert_eq!(
                ExternalAccount::new("kid", text)
                    .ok()
                    .map(|eab| eab.hmac_key)
                    .as_deref(),
                key
            );
        }
        let eab = ExternalAccount::new("kid", b"aGVsbG8").unwrap();
        assert!(!format!("{eab:?}").contains("104"), "the key must not show");
    }

    #[test]
    fn binding_is_hs256_over_the_account_key() {
        let key = AccountKey::generate_p256().unwrap();
        let eab = ExternalAccount::new("kid-1", b"aGVsbG8").unwrap();
        let binding = eab.binding(&key, "https://ca/new-acct").unwrap();
        assert_eq!(decoded(&binding["payload"]), key.jwk());
        let input = format!(
            "{}.{}",
            binding["protected"].as_str().unwrap(),
            binding["payload"].as_str().unwrap()
        );
        let hmac = PKey::hmac(b"hello").unwrap();
        let mac = Signer::new(MessageDigest::sha256(), &hmac)
            .unwrap()
            .sign_oneshot_to_vec(input.as_bytes())
            .unwrap();
        assert_eq!(binding["signature"], URL_SAFE_NO_PAD.encode(mac));
    }
}
