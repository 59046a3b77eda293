//! TSIG (RFC 8945) with the four algorithms of upstream's `rfc2136` solver, over encoded messages. No I/O, no clock.
//!
//! Written by hand because the DNS library signs neither HMAC-MD5, upstream's default, nor HMAC-SHA-1.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hickory_proto::rr::Name;
use hickory_proto::serialize::binary::BinEncodable as _;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use crate::error::Error;
use crate::wire::{self, TsigRecord};

/// Seconds that the clocks may differ (RFC 8945 section 10 recommends 300).
const FUDGE: u16 = 300;

/// MAC algorithm of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Algorithm {
    /// Upstream's default.
    #[default]
    HmacMd5,
    /// HMAC-SHA-1.
    HmacSha1,
    /// HMAC-SHA-256.
    HmacSha256,
    /// HMAC-SHA-512.
    HmacSha512,
}

impl Algorithm {
    /// From the spelling of the `tsigAlgorithm` field; empty is the default.
    pub fn from_field(text: &str) -> Result<Self, Error> {
        match text.to_ascii_uppercase().as_str() {
            "" | "HMACMD5" => Ok(Self::HmacMd5),
            "HMACSHA1" => Ok(Self::HmacSha1),
            "HMACSHA256" => Ok(Self::HmacSha256),
            "HMACSHA512" => Ok(Self::HmacSha512),
            _ => Err(Error::Config {
                what: "tsigAlgorithm must be one of HMACMD5, HMACSHA1, HMACSHA256, HMACSHA512".into(),
            }),
        }
    }

    /// Spelling of the `tsigAlgorithm` field.
    pub fn field(self) -> &'static str {
        match self {
            Self::HmacMd5 => "HMACMD5",
            Self::HmacSha1 => "HMACSHA1",
            Self::HmacSha256 => "HMACSHA256",
            Self::HmacSha512 => "HMACSHA512",
        }
    }

    /// Name on the wire (RFC 8945 section 6).
    fn dns_name(self) -> &'static str {
        match self {
            Self::HmacMd5 => "hmac-md5.sig-alg.reg.int.",
            Self::HmacSha1 => "hmac-sha1.",
            Self::HmacSha256 => "hmac-sha256.",
            Self::HmacSha512 => "hmac-sha512.",
        }
    }

    fn digest(self) -> MessageDigest {
        match self {
            Self::HmacMd5 => MessageDigest::md5(),
            Self::HmacSha1 => MessageDigest::sha1(),
            Self::HmacSha256 => MessageDigest::sha256(),
            Self::HmacSha512 => MessageDigest::sha512(),
        }
    }
}

/// A shared secret. Debug shows its name and algorithm only.
#[derive(Clone, PartialEq, Eq)]
pub struct TsigKey {
    name: Name,
    algorithm: Algorithm,
    secret: Vec<u8>,
}

impl fmt::Debug for TsigKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TsigKey")
            .field("name", &self.label())
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

impl TsigKey {
    /// From the key's name and its base64 text, as BIND's key files and upstream's Secrets have it.
    ///
    /// # Errors
    /// [`Error::Config`] that never shows the secret.
    pub fn new(name: &str, algorithm: Algorithm, secret: &[u8]) -> Result<Self, Error> {
        let bad = |what: &str| Error::Config { what: what.to_owned() };
        let name = Name::from_ascii(name.trim()).map_err(|_| bad("tsigKeyName is not a DNS name"))?;
        let text: Vec<u8> = secret
            .iter()
            .copied()
            .filter(|byte| !byte.is_ascii_whitespace())
            .collect();
        let secret = STANDARD
            .decode(text)
            .map_err(|_| bad("the TSIG secret is not base64 text"))?;
        if secret.is_empty() {
            return Err(bad("the TSIG secret is empty"));
        }
        let mut name = name.to_lowercase();
        name.set_fqdn(true);
        Ok(Self {
            name,
            algorithm,
            secret,
        })
    }

    /// The key's name for messages.
    pub fn label(&self) -> String {
        self.name.to_ascii()
    }

    /// Signs an encoded message; returns it with the TSIG record, and the MAC that the answer's signature builds on.
    pub fn sign(&self, message: &[u8], unix_time: u64) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let algorithm_name = name_bytes(self.algorithm.dns_name());
        let mut input = message.to_vec();
        input.extend(self.variables(&Variables {
            algorithm: &algorithm_name,
            time: unix_time,
            fudge: FUDGE,
            error: 0,
            other: &[],
        }));
        let mac = self.mac(&input)?;
        let id = message.get(..2).unwrap_or_default().to_vec();
        let record = TsigRecord {
            algorithm: algorithm_name,
            time: unix_time,
            fudge: FUDGE,
            mac: mac.clone(),
            id,
            error: 0,
            other: vec![],
        };
        Ok((wire::append_tsig(message, &encoded(&self.name), &record), mac))
    }

    /// Checks the signature of an answer to a request whose MAC was `request_mac`.
    ///
    /// # Errors
    /// What the server found wrong with our signature, or that its own does not verify.
    pub fn verify(&self, answer: &[u8], request_mac: &[u8], server: &str) -> Result<(), Error> {
        let failed = |hint| Error::Tsig {
            server: server.to_owned(),
            key: self.label(),
            hint,
        };
        let Some((unsigned, record)) = wire::split_tsig(answer) else {
            return Ok(()); // Some servers do not sign; what they claim is confirmed by the propagation check.
        };
        match record.error {
            0 => {}
            16 => {
                return Err(failed(
                    "the signature does not fit (BADSIG): tsigSecretSecretRef or tsigAlgorithm is not what the server has",
                ));
            }
            17 => {
                return Err(failed(
                    "the server does not know the key (BADKEY): check tsigKeyName and tsigAlgorithm",
                ));
            }
            18 => {
                return Err(failed(
                    "the clocks of this machine and the server differ too much (BADTIME): synchronise them",
                ));
            }
            22 => return Err(failed("the server wants a longer signature (BADTRUNC)")),
            _ => return Err(failed("the server reports an unknown TSIG error")),
        }
        let mut input = u16::try_from(request_mac.len())
            .unwrap_or_default()
            .to_be_bytes()
            .to_vec();
        input.extend_from_slice(request_mac);
        input.extend(unsigned);
        input.extend(self.variables(&Variables {
            algorithm: &record.algorithm,
            time: record.time,
            fudge: record.fudge,
            error: record.error,
            other: &record.other,
        }));
        let expected = self.mac(&input)?;
        let equal = expected.len() == record.mac.len() && openssl::memcmp::eq(&expected, &record.mac);
        if equal {
            Ok(())
        } else {
            Err(failed(
                "the server's own signature does not verify; the answer may be forged",
            ))
        }
    }

    /// RFC 8945 section 4.3.3.
    fn variables(&self, variables: &Variables<'_>) -> Vec<u8> {
        let mut out = encoded(&self.name);
        out.extend([0, 255, 0, 0, 0, 0]); // class ANY, TTL 0
        out.extend(variables.algorithm);
        out.extend(variables.time.to_be_bytes().get(2..).unwrap_or_default());
        out.extend(variables.fudge.to_be_bytes());
        out.extend(variables.error.to_be_bytes());
        out.extend(u16::try_from(variables.other.len()).unwrap_or_default().to_be_bytes());
        out.extend(variables.other);
        out
    }

    fn mac(&self, input: &[u8]) -> Result<Vec<u8>, Error> {
        let key = PKey::hmac(&self.secret);
        let mac = key.and_then(|key| Signer::new(self.algorithm.digest(), &key)?.sign_oneshot_to_vec(input));
        mac.map_err(|_| Error::Crypto {
            algorithm: self.algorithm.field(),
        })
    }
}

struct Variables<'a> {
    algorithm: &'a [u8],
    time: u64,
    fudge: u16,
    error: u16,
    other: &'a [u8],
}

fn encoded(name: &Name) -> Vec<u8> {
    name.to_bytes().unwrap_or_default()
}

fn name_bytes(name: &str) -> Vec<u8> {
    Name::from_ascii(name).map(|name| encoded(&name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: [u8; 12] = [0x12, 0x34, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    fn key(algorithm: Algorithm, secret: &[u8]) -> TsigKey {
        TsigKey::new("Key.Example", algorithm, secret).unwrap()
    }

    #[test]
    fn what_is_signed_verifies_and_what_is_changed_does_not() {
        for algorithm in [
            Algorithm::HmacMd5,
            Algorithm::HmacSha1,
            Algorithm::HmacSha256,
            Algorithm::HmacSha512,
        ] {
            let ours = key(algorithm, b"c2VjcmV0");
            let (signed, mac) = ours.sign(&MESSAGE, 1_700_000_000).unwrap();
            let (unsigned, record) = wire::split_tsig(&signed).unwrap();
            assert_eq!(
                (unsigned.as_slice(), &record.mac, record.time),
                (&MESSAGE[..], &mac, 1_700_000_000)
            );
            // An answer is signed over the request's MAC too, so our own request is no valid answer to itself.
            assert!(
                matches!(ours.verify(&signed, &mac, "ns"), Err(Error::Tsig { .. })),
                "{algorithm:?}"
            );
        }
    }

    #[test]
    fn the_secret_is_read_as_written_in_key_files_and_never_shown() {
        for good in ["c2VjcmV0", " c2Vj\ncmV0\n"] {
            assert_eq!(key(Algorithm::HmacMd5, good.as_bytes()).secret, b"secret");
        }
        for bad in ["", "   ", "not base64!", "c2VjcmV"] {
            let error = TsigKey::new("k", Algorithm::HmacMd5, bad.as_bytes())
                .unwrap_err()
                .to_string();
            assert!(error.contains("TSIG secret"), "{error}");
        }
        let shown = format!("{:?}", key(Algorithm::HmacSha256, b"c2VjcmV0"));
        assert!(shown.contains("key.example.") && !shown.contains("115"), "{shown}");
    }

    #[test]
    fn algorithm_fields_are_upstreams() {
        for field in ["HMACMD5", "HMACSHA1", "HMACSHA256", "HMACSHA512"] {
            assert_eq!(Algorithm::from_field(field).unwrap().field(), field);
        }
        assert_eq!(Algorithm::from_field("").unwrap(), Algorithm::HmacMd5);
        assert!(Algorithm::from_field("HMACSHA3").is_err());
    }
}
