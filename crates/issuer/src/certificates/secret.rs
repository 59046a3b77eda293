//! The target Secret: what we put into it, and what of that can be told from the certificate alone (certificates.md 1.5).

use std::collections::BTreeMap;

use evercert_api::ByteString;
use evercert_api::certmanager::v1::{Certificate, CertificateOutputFormatType, CertificateSpec};
use evercert_core::contract::keys::{CA_CRT, TLS_CRT, TLS_KEY};
use evercert_pki::certificate::Certificate as X509;
use kube::ResourceExt;
use serde_json::{Value, json};

use super::metadata::{Section, Sum};
use super::request_match::issuer_ref;
use crate::names::{API_VERSION, KIND_CERTIFICATE, annotations};

/// Key of the DER form of the private key.
const KEY_DER: &str = "key.der";
/// Key of private key and chain in one.
const COMBINED: &str = "tls-combined.pem";
/// Type of a new Secret.
pub const TLS_TYPE: &str = "kubernetes.io/tls";

/// PEM texts of the target Secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Pems {
    /// `tls.key`.
    pub key: Vec<u8>,
    /// `tls.crt`: leaf and intermediates.
    pub chain: Vec<u8>,
    /// `ca.crt`, where the issuer named one.
    pub ca: Option<Vec<u8>>,
}

/// Everything that goes into the Secret, but for the PEM texts.
#[derive(Debug)]
pub struct Target<'a> {
    /// The Certificate it is for.
    pub certificate: &'a Certificate,
    /// The certificate in it.
    pub leaf: &'a X509,
    /// Type of the existing Secret, which cannot be changed.
    pub existing_type: Option<&'a str>,
    /// `--enable-certificate-owner-ref`.
    pub owned: bool,
}

/// The server-side apply patch.
pub fn render(target: &Target<'_>, pems: &Pems) -> Value {
    let certificate = target.certificate;
    let mut annotations = wished_annotations(certificate);
    annotations.extend(details(target.leaf));
    let mut metadata = json!({
        "name": certificate.spec.secret_name,
        "namespace": certificate.namespace(),
        "labels": wished_labels(&certificate.spec),
        "annotations": annotations,
    });
    if target.owned {
        metadata["ownerReferences"] = json!([owner_reference(certificate)]);
    }
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": metadata,
        "type": target.existing_type.unwrap_or(TLS_TYPE),
        "data": data(&certificate.spec, pems),
    })
}

fn data(spec: &CertificateSpec, pems: &Pems) -> BTreeMap<&'static str, ByteString> {
    let mut data = BTreeMap::from([(TLS_KEY, pems.key.clone()), (TLS_CRT, pems.chain.clone())]);
    data.extend(pems.ca.clone().map(|ca| (CA_CRT, ca)));
    for format in &spec.additional_output_formats {
        match format.type_ {
            CertificateOutputFormatType::Der => data.extend(der(&pems.key).map(|der| (KEY_DER, der))),
            CertificateOutputFormatType::CombinedPem => {
                data.insert(
                    COMBINED,
                    [
                        &*pems.key,
                        b"
",
                        &*pems.chain,
                    ]
                    .concat(),
                );
            }
            CertificateOutputFormatType::Other(_) => {}
        }
    }
    data.into_iter().map(|(key, bytes)| (key, ByteString(bytes))).collect()
}

/// The body of the first PEM block.
fn der(pem: &[u8]) -> Option<Vec<u8>> {
    evercert_pki::pem::blocks(pem)
        .ok()?
        .into_iter()
        .next()
        .map(|block| block.der)
}

/// What the Secret shall carry by the spec alone; together with [`details_sum`] it is all that we own beside the PEM texts.
pub fn wished_sum(certificate: &Certificate, owned: bool) -> Sum {
    let mut sum = Sum::default();
    sum.add_all(Section::Label, &wished_labels(&certificate.spec));
    sum.add_all(Section::Annotation, &wished_annotations(certificate));
    for format in &certificate.spec.additional_output_formats {
        match format.type_ {
            CertificateOutputFormatType::Der => sum.add(Section::Data, KEY_DER, ""),
            CertificateOutputFormatType::CombinedPem => sum.add(Section::Data, COMBINED, ""),
            CertificateOutputFormatType::Other(_) => {}
        }
    }
    if owned {
        sum.add(Section::Owner, &certificate.uid().unwrap_or_default(), "");
    }
    sum
}

/// What follows from the certificate.
pub fn details_sum(leaf: &X509) -> Sum {
    let mut sum = Sum::default();
    sum.add_all(Section::Annotation, &details(leaf));
    sum
}

fn wished_labels(spec: &CertificateSpec) -> BTreeMap<String, String> {
    let mut labels = spec
        .secret_template
        .as_ref()
        .map(|template| template.labels.clone())
        .unwrap_or_default();
    labels.insert(annotations::FAO.to_owned(), "true".to_owned());
    labels
}

fn wished_annotations(certificate: &Certificate) -> BTreeMap<String, String> {
    let template = certificate
        .spec
        .secret_template
        .as_ref()
        .map(|template| template.annotations.clone())
        .unwrap_or_default();
    let allowed = |key: &String| !key.starts_with(annotations::PREFIX) || key == annotations::ALLOW_DIRECT_INJECTION;
    let mut all: BTreeMap<_, _> = template.into_iter().filter(|(key, _)| allowed(key)).collect();
    let issuer = issuer_ref(&certificate.spec.issuer_ref);
    let fixed = [
        (annotations::CERTIFICATE_NAME, certificate.name_any()),
        (annotations::ISSUER_NAME, issuer.name),
        (annotations::ISSUER_KIND, issuer.kind),
        (annotations::ISSUER_GROUP, certificate.spec.issuer_ref.group.clone()),
    ];
    all.extend(fixed.map(|(key, value)| (key.to_owned(), value)));
    all
}

/// Annotations that describe the certificate: four always, the others where there is something to say.
fn details(leaf: &X509) -> BTreeMap<String, String> {
    let (subject, sans) = (leaf.subject().subject(), leaf.sans());
    let ips: Vec<_> = sans.ips.iter().map(ToString::to_string).collect();
    let always = [
        (
            annotations::COMMON_NAME.to_owned(),
            subject.common_name.clone().unwrap_or_default(),
        ),
        (annotations::ALT_NAMES.to_owned(), sans.dns.join(",")),
        (annotations::IP_SANS.to_owned(), ips.join(",")),
        (annotations::URI_SANS.to_owned(), sans.uris.join(",")),
    ];
    let serial: Vec<_> = subject.serial_number.into_iter().collect();
    let lists = [
        ("organizations", &subject.organizations),
        ("organizationalunits", &subject.organizational_units),
        ("countries", &subject.countries),
        ("provinces", &subject.provinces),
        ("localities", &subject.localities),
        ("postalcodes", &subject.postal_codes),
        ("streetaddresses", &subject.street_addresses),
        ("serialnumber", &serial),
    ];
    let lists = lists.map(|(field, values)| (format!("{}{field}", annotations::SUBJECT_PREFIX), csv(values)));
    let emails = (annotations::EMAIL_SANS.to_owned(), sans.emails.join(","));
    let optional = lists.into_iter().chain([emails]).filter(|(_, value)| !value.is_empty());
    always.into_iter().chain(optional).collect()
}

/// One line of CSV as Go writes it.
fn csv(values: &[String]) -> String {
    let field = |value: &String| {
        let quote = value == "\\." || value.starts_with(' ') || value.contains([',', '"', '\r', '\n']);
        if quote {
            format!("\"{}\"", value.replace('"', "\"\""))
        } else {
            value.clone()
        }
    };
    values.iter().map(field).collect::<Vec<_>>().join(",")
}

/// Owner reference of everything that goes with the Certificate.
pub fn owner_reference(certificate: &Certificate) -> Value {
    json!({
        "apiVersion": API_VERSION,
        "kind": KIND_CERTIFICATE,
        "name": certificate.name_any(),
        "uid": certificate.uid(),
        "controller": true,
        "blockOwnerDeletion": true,
    })
}

impl std::fmt::Debug for Pems {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pems").finish_non_exhaustive()
    }
}
