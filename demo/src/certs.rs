//! What the demo reads in a certificate: serial, names, and whether a file contains it. Bytes in, plain data out.

use openssl::x509::X509;

/// A certificate as the demo looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// Lower-case hexadecimal without leading zeros, as Java and `openssl x509 -serial | tr` print it.
    pub serial: String,
    /// DNS names in the order of the certificate.
    pub dns_names: Vec<String>,
    /// Common name of the issuer; empty where it has none.
    pub issuer: String,
    /// The certificate itself.
    pub der: Vec<u8>,
}

/// Reads one DER certificate; `None` where it is none.
pub fn from_der(der: &[u8]) -> Option<Leaf> {
    let certificate = X509::from_der(der).ok()?;
    let serial = certificate
        .serial_number()
        .to_bn()
        .and_then(|number| number.to_hex_str().map(|hex| hex.to_string()))
        .ok()?;
    let names = certificate.subject_alt_names();
    let dns_names = names
        .iter()
        .flatten()
        .filter_map(|name| name.dnsname().map(str::to_owned))
        .collect();
    let issuer = certificate
        .issuer_name()
        .entries_by_nid(openssl::nid::Nid::COMMONNAME)
        .next();
    let issuer = issuer
        .map(|entry| String::from_utf8_lossy(entry.data().as_slice()).into_owned())
        .unwrap_or_default();
    let serial = serial.to_lowercase().trim_start_matches('0').to_owned();
    Some(Leaf {
        serial,
        dns_names,
        issuer,
        der: der.to_vec(),
    })
}

/// Reads the first certificate of a PEM file.
pub fn first_of_pem(pem: &[u8]) -> Option<Leaf> {
    let der = X509::stack_from_pem(pem).ok()?.first()?.to_der().ok()?;
    from_der(&der)
}

/// True where a keystore holds this certificate. JKS stores certificates as plain DER, so no password is needed to look.
pub fn keystore_holds(keystore: &[u8], leaf: &Leaf) -> bool {
    !leaf.der.is_empty() && keystore.windows(leaf.der.len()).any(|window| window == leaf.der)
}

#[cfg(test)]
mod tests {
    use openssl::{asn1::Asn1Time, bn::BigNum, ec, hash::MessageDigest, nid::Nid, pkey::PKey, x509};

    use super::*;

    /// A self-signed certificate with this serial and these names.
    fn certificate(serial: u32, names: &[&str]) -> X509 {
        let group = ec::EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(ec::EcKey::generate(&group).unwrap()).unwrap();
        let mut builder = X509::builder().unwrap();
        let mut subject = x509::X509Name::builder().unwrap();
        subject.append_entry_by_text("CN", "the CA").unwrap();
        let subject = subject.build();
        builder.set_subject_name(&subject).unwrap();
        builder.set_issuer_name(&subject).unwrap();
        builder
            .set_serial_number(&BigNum::from_u32(serial).unwrap().to_asn1_integer().unwrap())
            .unwrap();
        builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        let mut san = x509::extension::SubjectAlternativeName::new();
        for name in names {
            san.dns(name);
        }
        let san = san.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(san).unwrap();
        builder.sign(&key, MessageDigest::sha256()).unwrap();
        builder.build()
    }

    #[test]
    fn serial_is_written_as_java_writes_it() {
        for (serial, expected) in [(0x0a_bc_u32, "abc"), (0xab_cd, "abcd"), (0x01, "1")] {
            let pem = certificate(serial, &["a.test", "b.test"]).to_pem().unwrap();
            let leaf = first_of_pem(&pem).unwrap();
            assert_eq!((leaf.serial.as_str(), leaf.issuer.as_str()), (expected, "the CA"));
            assert_eq!(leaf.dns_names, ["a.test", "b.test"]);
        }
    }

    #[test]
    fn a_keystore_holds_only_what_is_in_it() {
        let [one, two] = [1, 2].map(|serial| from_der(&certificate(serial, &["a.test"]).to_der().unwrap()).unwrap());
        let keystore = [b"\xfe\xed\xfe\xed".as_slice(), &one.der, b"end"].concat();
        assert_eq!(
            [keystore_holds(&keystore, &one), keystore_holds(&keystore, &two)],
            [true, false]
        );
    }

    #[test]
    fn garbage_is_no_certificate() {
        assert_eq!(
            (from_der(b"garbage"), first_of_pem(b"garbage"), first_of_pem(b"")),
            (None, None, None)
        );
    }
}
