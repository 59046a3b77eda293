//! Annotation and label literals that the operators share; the literal is upstream's where upstream has one.

/// Digest of the inputs that the derived keys of a Secret were made from; written together with those keys.
pub const DERIVED_FROM: &str = "evercert.dev/derived-from";
/// Comma-separated keys of a Secret that cert-utils owns, so that removing the wish removes exactly those.
pub const DERIVED_KEYS: &str = "evercert.dev/derived-keys";
/// What a workload last saw of each of its sources; on the workload's own metadata, never in its pod template.
pub const SEEN: &str = "evercert.dev/seen";

/// Name of the Certificate that a Secret was issued for.
pub const CERTIFICATE_NAME: &str = "cert-manager.io/certificate-name";
/// Name of the issuer that signed it.
pub const ISSUER_NAME: &str = "cert-manager.io/issuer-name";
/// Kind of the issuer that signed it.
pub const ISSUER_KIND: &str = "cert-manager.io/issuer-kind";
/// API group of the issuer that signed it.
pub const ISSUER_GROUP: &str = "cert-manager.io/issuer-group";
/// Common name in the certificate.
pub const COMMON_NAME: &str = "cert-manager.io/common-name";
/// DNS names in the certificate, comma-separated.
pub const ALT_NAMES: &str = "cert-manager.io/alt-names";
/// IP addresses in the certificate, comma-separated.
pub const IP_SANS: &str = "cert-manager.io/ip-sans";
/// URIs in the certificate, comma-separated.
pub const URI_SANS: &str = "cert-manager.io/uri-sans";

/// `"true"`: this Secret wishes `keystore.jks` and `truststore.jks`.
pub const GENERATE_JAVA_KEYSTORES: &str = "cert-utils-operator.redhat-cop.io/generate-java-keystores";
/// Password of those keystores; upstream's default applies where it is absent.
pub const JAVA_KEYSTORE_PASSWORD: &str = "cert-utils-operator.redhat-cop.io/java-keystore-password";
/// Creation time written into the entries of those keystores.
pub const JAVA_KEYSTORES_CREATION_TIMESTAMP: &str =
    "cert-utils-operator.redhat-cop.io/java-keystores-creation-timestamp";
/// On a Route: the Secret whose certificate and key it serves.
pub const CERTS_FROM_SECRET: &str = "cert-utils-operator.redhat-cop.io/certs-from-secret";
/// On a Route: the Secret whose `ca.crt` it trusts behind itself.
pub const DESTINATION_CA_FROM_SECRET: &str = "cert-utils-operator.redhat-cop.io/destinationCA-from-secret";
/// On a Route: whether the CA certificate is injected beside the certificate.
pub const INJECT_CA: &str = "cert-utils-operator.redhat-cop.io/inject-CA";
