//! Builds the request that a Certificate asks for.

use super::LABEL;
use crate::asn1::{bit_string, context_constructed, object_id, sequence, set_of, tlv, unsigned};
use crate::extension::Extension;
use crate::key::PrivateKey;
use crate::name::Name;
use crate::name_constraints::NameConstraints;
use crate::san::SubjectAltNames;
use crate::signature::SignatureAlgorithm;
use crate::usage::Usages;
use crate::{Error, oids, pem};

/// What to ask for.
#[derive(Debug, Clone, Default)]
pub struct CsrTemplate {
    /// Subject, may be empty.
    pub subject: Name,
    /// Alternative names; the extension is critical exactly if the subject is empty.
    pub sans: SubjectAltNames,
    /// Usages to write into the request; `None` leaves both extensions out.
    pub usages: Option<Usages>,
    /// CA flag to write into the request; `None` leaves basicConstraints out, as upstream does by default.
    pub is_ca: Option<bool>,
    /// Name constraints of a CA.
    pub name_constraints: Option<NameConstraints>,
    /// Signature of the request; `None` takes the default of the key.
    pub signature: Option<SignatureAlgorithm>,
}

/// The request, signed by `key`, as PEM. Errors: a name that cannot be encoded, a signature that does not fit the key.
pub fn build(template: &CsrTemplate, key: &PrivateKey) -> Result<String, Error> {
    let extensions = extensions(template)?;
    let attributes = if extensions.is_empty() {
        Vec::new()
    } else {
        let values = set_of(vec![Extension::list_to_der(&extensions)]);
        sequence(&[&object_id(&oids::EXTENSION_REQUEST), &values])
    };
    let info = sequence(&[
        &unsigned(&[0]),
        template.subject.as_der(),
        key.public_key().spki_der(),
        &tlv(context_constructed(0), &attributes),
    ]);
    let algorithm = template
        .signature
        .unwrap_or(SignatureAlgorithm::default_for(key.algorithm()));
    let signature = key.sign(algorithm, &info)?;
    Ok(pem::encode(
        LABEL,
        &sequence(&[&info, &algorithm.identifier(), &bit_string(&signature)]),
    ))
}

fn extensions(template: &CsrTemplate) -> Result<Vec<Extension>, Error> {
    let mut extensions = Vec::new();
    if !template.sans.is_empty() {
        let (oid, critical) = (oids::SUBJECT_ALT_NAME, template.subject.is_empty());
        extensions.push(Extension {
            oid,
            critical,
            value: template.sans.to_der()?,
        });
    }
    extensions.extend(template.usages.iter().flat_map(Usages::to_extensions));
    extensions.extend(template.is_ca.map(Extension::basic_constraints));
    if let Some(constraints) = &template.name_constraints {
        extensions.push(constraints.to_extension()?);
    }
    Ok(extensions)
}
