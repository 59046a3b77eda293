//! Certificate authorities and leaf certificates of the test cluster (rcgen, P-256).
//!
//! They are valid from 1975 to 4096, so a test may set the clock.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use crate::error::{Error, Result};
use crate::paths;

/// A certificate with its private key, both PEM.
#[derive(Clone)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// The private key, PKCS#8.
    pub key: String,
}

impl std::fmt::Debug for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pair")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

/// Where a pair lies on disk.
#[derive(Debug, Clone)]
pub struct PairFiles {
    /// `NAME.crt`
    pub certificate: PathBuf,
    /// `NAME.key`
    pub key: PathBuf,
}

impl Pair {
    /// Writes `NAME.crt` and `NAME.key` into `dir`.
    pub fn write(&self, dir: &Path, name: &str) -> Result<PairFiles> {
        let files = PairFiles {
            certificate: dir.join(format!("{name}.crt")),
            key: dir.join(format!("{name}.key")),
        };
        paths::write(&files.certificate, &self.certificate)?;
        paths::write(&files.key, &self.key)?;
        Ok(files)
    }
}

/// A self-signed CA that signs leaves.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate and key.
    pub pair: Pair,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Authority")
            .field("pair", &self.pair)
            .finish_non_exhaustive()
    }
}

/// Who a leaf is for.
#[derive(Debug, Clone, Default)]
pub struct Subject<'a> {
    /// CN
    pub common_name: &'a str,
    /// O, for Kubernetes a group.
    pub organization: Option<&'a str>,
    /// DNS names and IP addresses.
    pub names: &'a [&'a str],
}

impl Authority {
    /// A new CA with this common name.
    pub fn new(common_name: &str) -> Result<Self> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = params(&Subject {
            common_name,
            ..Subject::default()
        })?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::KeyCertSign,
            KeyUsagePurpose::CrlSign,
            KeyUsagePurpose::DigitalSignature,
        ];
        let certificate = params.self_signed(&key).map_err(failed)?;
        let pair = Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        };
        Ok(Self {
            issuer: Issuer::new(params, key),
            pair,
        })
    }

    /// A leaf for servers and clients.
    pub fn leaf(&self, subject: &Subject<'_>) -> Result<Pair> {
        let key = KeyPair::generate().map_err(failed)?;
        let mut params = params(subject)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).map_err(failed)?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

/// An EC key pair as (private PEM, public PEM), for ServiceAccount tokens.
pub fn signing_key() -> Result<(String, String)> {
    let key = KeyPair::generate().map_err(failed)?;
    Ok((key.serialize_pem(), key.public_key_pem()))
}

fn params(subject: &Subject<'_>) -> Result<CertificateParams> {
    let names: Vec<String> = subject.names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).map_err(failed)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, subject.common_name);
    if let Some(organization) = subject.organization {
        params.distinguished_name.push(DnType::OrganizationName, organization);
    }
    Ok(params)
}

#[expect(clippy::needless_pass_by_value, reason = "shape of map_err")]
fn failed(error: rcgen::Error) -> Error {
    Error::Invalid(format!("make a certificate: {error}"))
}
