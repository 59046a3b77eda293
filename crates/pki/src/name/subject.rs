//! The subject as a Certificate's spec lists it.

use super::rdn::Attribute;
use crate::oids::{self, Oid};

/// Attributes of a subject. Each list becomes one RDN with several values.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[allow(missing_docs, reason = "the fields are the attributes they are named after")]
pub struct Subject {
    pub countries: Vec<String>,
    pub organizations: Vec<String>,
    pub organizational_units: Vec<String>,
    pub localities: Vec<String>,
    pub provinces: Vec<String>,
    pub street_addresses: Vec<String>,
    pub postal_codes: Vec<String>,
    pub common_name: Option<String>,
    pub serial_number: Option<String>,
}

impl Subject {
    /// One RDN for each kind that has values, in the order of Go's `pkix.Name`, which decides the bytes upstream asks for.
    pub(super) fn rdns(&self) -> Vec<Vec<Attribute>> {
        let one = |value: &Option<String>| {
            value
                .iter()
                .filter(|value| !value.is_empty())
                .cloned()
                .collect::<Vec<_>>()
        };
        let common_name = one(&self.common_name);
        let serial_number = one(&self.serial_number);
        let kinds: [(Oid, &[String]); 9] = [
            (oids::COUNTRY, &self.countries),
            (oids::ORGANIZATION, &self.organizations),
            (oids::ORGANIZATIONAL_UNIT, &self.organizational_units),
            (oids::LOCALITY, &self.localities),
            (oids::PROVINCE, &self.provinces),
            (oids::STREET_ADDRESS, &self.street_addresses),
            (oids::POSTAL_CODE, &self.postal_codes),
            (oids::COMMON_NAME, &common_name),
            (oids::SERIAL_NUMBER, &serial_number),
        ];
        let rdn = |(oid, values): (Oid, &[String])| {
            values
                .iter()
                .map(|value| Attribute {
                    oid,
                    value: value.clone(),
                })
                .collect::<Vec<_>>()
        };
        kinds.into_iter().map(rdn).filter(|rdn| !rdn.is_empty()).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::name::{Name, Subject};

    #[test]
    fn attributes_stand_in_the_order_of_go_whatever_their_number() {
        let list = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        let subject = Subject {
            countries: list(&["DE"]),
            organizations: list(&["Example", "Another"]),
            organizational_units: list(&["b", "a"]),
            localities: list(&["Köln"]),
            provinces: list(&["NW"]),
            street_addresses: list(&["Weg 1"]),
            postal_codes: list(&["50667"]),
            common_name: Some("a, b".into()),
            serial_number: Some("7".into()),
        };
        let name = Name::from_subject(&subject);
        let text =
            "SERIALNUMBER=7,CN=a\\, b,2.5.4.17=50667,STREET=Weg 1,ST=NW,L=Köln,OU=a+OU=b,O=Another+O=Example,C=DE";
        assert_eq!(name.to_string(), text);
        let sorted = Subject {
            organizations: list(&["Another", "Example"]),
            organizational_units: list(&["a", "b"]),
            ..subject
        };
        assert_eq!(
            name.subject(),
            sorted,
            "a SET is sorted, so the order inside one kind is not kept"
        );
    }

    #[test]
    fn an_empty_subject_is_an_empty_sequence() {
        let name = Name::from_subject(&Subject {
            common_name: Some(String::new()),
            ..Subject::default()
        });
        assert_eq!(
            (name.is_empty(), name.as_der(), name == Name::default()),
            (true, &[0x30, 0][..], true)
        );
    }
}
