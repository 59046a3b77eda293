//! Every literal that clients of cert-manager depend on: annotations, labels, reasons, messages' fixed parts, metric names.
//!
//! Literals shared with the other operators live in `evercert_core::contract`; nothing here has behaviour.

/// Group of our own issuers; an empty group means the same.
pub const GROUP: &str = "cert-manager.io";
/// Default kind of an issuer reference.
pub const KIND_ISSUER: &str = "Issuer";
/// The cluster-scoped kind.
pub const KIND_CLUSTER_ISSUER: &str = "ClusterIssuer";
/// Kind of the requested object, as it stands in owner references.
pub const KIND_CERTIFICATE: &str = "Certificate";
/// API version of all kinds of [`GROUP`].
pub const API_VERSION: &str = "cert-manager.io/v1";

/// Field manager of target Secrets: the user-agent prefix of upstream's issuing controller.
pub const SECRET_MANAGER: &str = "cert-manager-certificates-issuing";
/// Lease of upstream's controller: whoever holds it acts, so that old and new never both do.
pub const LEASE: &str = "cert-manager-controller";
/// Where upstream's controller keeps it unless told otherwise.
pub const LEASE_NAMESPACE: &str = "kube-system";

/// Keys of annotations and labels.
pub mod annotations {
    /// Prefix that `secretTemplate` may not use.
    pub const PREFIX: &str = "cert-manager.io/";
    /// The one annotation under [`PREFIX`] that `secretTemplate` may set.
    pub const ALLOW_DIRECT_INJECTION: &str = "cert-manager.io/allow-direct-injection";
    /// Certificate a Secret or request belongs to.
    pub const CERTIFICATE_NAME: &str = "cert-manager.io/certificate-name";
    /// Revision that a request is for; a decimal of at least 1.
    pub const REVISION: &str = "cert-manager.io/certificate-revision";
    /// Secret with the private key that signed the CSR, in the request's namespace.
    pub const PRIVATE_KEY_SECRET: &str = "cert-manager.io/private-key-secret-name";
    /// Issuer that a Secret's certificate came from.
    pub const ISSUER_NAME: &str = "cert-manager.io/issuer-name";
    /// Its kind.
    pub const ISSUER_KIND: &str = "cert-manager.io/issuer-kind";
    /// Its group.
    pub const ISSUER_GROUP: &str = "cert-manager.io/issuer-group";
    /// Always written, empty where the certificate has none.
    pub const COMMON_NAME: &str = "cert-manager.io/common-name";
    /// Comma-separated DNS names.
    pub const ALT_NAMES: &str = "cert-manager.io/alt-names";
    /// Comma-separated IP addresses.
    pub const IP_SANS: &str = "cert-manager.io/ip-sans";
    /// Comma-separated URIs.
    pub const URI_SANS: &str = "cert-manager.io/uri-sans";
    /// Comma-separated mail addresses, only where there are some.
    pub const EMAIL_SANS: &str = "cert-manager.io/email-sans";
    /// Subject fields; the rest of the key is the field, for example `organizations`.
    pub const SUBJECT_PREFIX: &str = "cert-manager.io/subject-";
    /// Label of a Secret that holds a next private key.
    pub const NEXT_PRIVATE_KEY: &str = "cert-manager.io/next-private-key";
    /// Label that upstream puts on each Secret it keeps in its cache.
    pub const FAO: &str = "controller.cert-manager.io/fao";
}

/// Types of conditions.
pub mod conditions {
    /// The object does what it is for.
    pub const READY: &str = "Ready";
    /// A certificate is being issued, or the last attempt failed.
    pub const ISSUING: &str = "Issuing";
    /// Somebody allowed the request.
    pub const APPROVED: &str = "Approved";
    /// Somebody refused the request, for ever.
    pub const DENIED: &str = "Denied";
    /// The request can never be signed.
    pub const INVALID_REQUEST: &str = "InvalidRequest";
}

/// Reasons in conditions and events.
pub mod reasons {
    /// Condition Ready of a Certificate.
    pub const READY: &str = "Ready";
    /// The Secret is not there.
    pub const DOES_NOT_EXIST: &str = "DoesNotExist";
    /// Key or certificate is not in the Secret.
    pub const MISSING_DATA: &str = "MissingData";
    /// The key cannot be read, or belongs to another certificate.
    pub const INVALID_KEY_PAIR: &str = "InvalidKeyPair";
    /// The certificate cannot be read, or is of no use.
    pub const INVALID_CERTIFICATE: &str = "InvalidCertificate";
    /// The certificate came from another issuer.
    pub const INCORRECT_ISSUER: &str = "IncorrectIssuer";
    /// The Secret belongs to another Certificate.
    pub const INCORRECT_CERTIFICATE: &str = "IncorrectCertificate";
    /// What is in the Secret is not what is wished.
    pub const SECRET_MISMATCH: &str = "SecretMismatch";
    /// The current request's CSR cannot be read.
    pub const INVALID_CERTIFICATE_REQUEST: &str = "InvalidCertificateRequest";
    /// The wish is no longer what was requested.
    pub const REQUEST_CHANGED: &str = "RequestChanged";
    /// It is time.
    pub const RENEWING: &str = "Renewing";
    /// It was time, and nobody did it.
    pub const EXPIRED: &str = "Expired";
    /// Event at the start and at the end of an issuance.
    pub const ISSUING: &str = "Issuing";
    /// The kept key does not fit the wish.
    pub const CANNOT_REGENERATE_KEY: &str = "CannotRegenerateKey";
    /// The kept key cannot be read.
    pub const DECODE_FAILED: &str = "DecodeFailed";
    /// No request can be made from this Certificate.
    pub const REQUEST_FAILED: &str = "RequestFailed";
    /// A next private key was stored.
    pub const GENERATED: &str = "Generated";
    /// A request was made.
    pub const REQUESTED: &str = "Requested";
    /// The API server refuses the target Secret.
    pub const SECRET_NOT_WRITTEN: &str = "SecretNotWritten";
    /// A keystore is wished that this operator cannot make.
    pub const UNSUPPORTED: &str = "NotSupported";

    /// Condition Ready of a request.
    pub const PENDING: &str = "Pending";
    /// Terminal.
    pub const FAILED: &str = "Failed";
    /// Terminal, by a human or a policy.
    pub const DENIED: &str = "Denied";
    /// Terminal, the certificate is in the status.
    pub const ISSUED: &str = "Issued";
    /// Reason that the built-in approver writes.
    pub const APPROVED_BY: &str = "cert-manager.io";

    /// Events on requests.
    pub const WAITING_FOR_APPROVAL: &str = "WaitingForApproval";
    /// No such issuer.
    pub const ISSUER_NOT_FOUND: &str = "IssuerNotFound";
    /// The issuer has no type, or more than one.
    pub const ISSUER_TYPE_MISSING: &str = "IssuerTypeMissing";
    /// The issuer is not ready.
    pub const ISSUER_NOT_READY: &str = "IssuerNotReady";
    /// Self-signed: the request does not say where its key is.
    pub const MISSING_ANNOTATION: &str = "MissingAnnotation";
    /// Self-signed: that Secret is not there.
    pub const MISSING_SECRET: &str = "MissingSecret";
    /// Self-signed: the key in it cannot be read.
    pub const ERROR_PARSING_KEY: &str = "ErrorParsingKey";
    /// Self-signed: the key in it did not sign the CSR.
    pub const ERROR_KEY_MATCH: &str = "ErrorKeyMatch";
    /// Self-signed: the signature failed.
    pub const ERROR_SIGNING: &str = "ErrorSigning";
    /// CA: the CA Secret is not there.
    pub const SECRET_MISSING: &str = "SecretMissing";
    /// CA: what is in it is no CA.
    pub const SECRET_INVALID_DATA: &str = "SecretInvalidData";
    /// CA: the signature failed.
    pub const SIGNING_ERROR: &str = "SigningError";
    /// The CSR cannot be read.
    pub const DECODE_ERROR: &str = "DecodeError";
    /// The end of a request.
    pub const CERTIFICATE_ISSUED: &str = "CertificateIssued";

    /// Issuers: self-signed is always ready.
    pub const IS_READY: &str = "IsReady";
    /// CA issuers.
    pub const KEY_PAIR_VERIFIED: &str = "KeyPairVerified";
    /// The Secret, or a key of it, is not there.
    pub const ERR_GET_KEY_PAIR: &str = "ErrGetKeyPair";
    /// The Secret holds no usable CA.
    pub const ERR_INVALID_KEY_PAIR: &str = "ErrInvalidKeyPair";
    /// The set-up failed.
    pub const ERR_INIT_ISSUER: &str = "ErrInitIssuer";
}

/// Shortest duration of a certificate that the API accepts.
pub const MIN_DURATION: std::time::Duration = std::time::Duration::from_hours(1);
/// Duration where a Certificate names none: 90 days.
pub const DEFAULT_DURATION: std::time::Duration = std::time::Duration::from_hours(90 * 24);
