//! Object identifiers that certificates are made of.

pub use const_oid::ObjectIdentifier as Oid;

macro_rules! oids {
    ($($name:ident = $text:literal;)*) => { $(#[doc = $text] pub const $name: Oid = Oid::new_unwrap($text);)* };
}

oids! {
    // Attributes of names, X.520.
    COMMON_NAME = "2.5.4.3";
    SERIAL_NUMBER = "2.5.4.5";
    COUNTRY = "2.5.4.6";
    LOCALITY = "2.5.4.7";
    PROVINCE = "2.5.4.8";
    STREET_ADDRESS = "2.5.4.9";
    ORGANIZATION = "2.5.4.10";
    ORGANIZATIONAL_UNIT = "2.5.4.11";
    POSTAL_CODE = "2.5.4.17";
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25";
    USER_ID = "0.9.2342.19200300.100.1.1";
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";
    // Extensions, RFC 5280 section 4.2.
    SUBJECT_KEY_ID = "2.5.29.14";
    KEY_USAGE = "2.5.29.15";
    SUBJECT_ALT_NAME = "2.5.29.17";
    BASIC_CONSTRAINTS = "2.5.29.19";
    NAME_CONSTRAINTS = "2.5.29.30";
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    AUTHORITY_KEY_ID = "2.5.29.35";
    EXT_KEY_USAGE = "2.5.29.37";
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    AIA_OCSP = "1.3.6.1.5.5.7.48.1";
    AIA_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    // PKCS #9.
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    // Signatures.
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
    ED25519 = "1.3.101.112";
    MD5_WITH_RSA = "1.2.840.113549.1.1.4";
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1";
}
