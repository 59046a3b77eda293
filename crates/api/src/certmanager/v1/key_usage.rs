//! Key usages and extended key usages by their names in the API.

use crate::string_enum::string_enum;

string_enum! {
    /// A key usage or extended key usage. `signing` means `digital signature`, `s/mime` means `email protection`.
    pub enum KeyUsage {
        /// Same as digital signature.
        Signing = "signing",
        /// digitalSignature.
        DigitalSignature = "digital signature",
        /// nonRepudiation.
        ContentCommitment = "content commitment",
        /// keyEncipherment.
        KeyEncipherment = "key encipherment",
        /// keyAgreement.
        KeyAgreement = "key agreement",
        /// dataEncipherment.
        DataEncipherment = "data encipherment",
        /// keyCertSign.
        CertSign = "cert sign",
        /// cRLSign.
        CrlSign = "crl sign",
        /// encipherOnly.
        EncipherOnly = "encipher only",
        /// decipherOnly.
        DecipherOnly = "decipher only",
        /// anyExtendedKeyUsage.
        Any = "any",
        /// serverAuth.
        ServerAuth = "server auth",
        /// clientAuth.
        ClientAuth = "client auth",
        /// codeSigning.
        CodeSigning = "code signing",
        /// emailProtection.
        EmailProtection = "email protection",
        /// Same as email protection.
        SMime = "s/mime",
        /// ipsecEndSystem.
        IpsecEndSystem = "ipsec end system",
        /// ipsecTunnel.
        IpsecTunnel = "ipsec tunnel",
        /// ipsecUser.
        IpsecUser = "ipsec user",
        /// timeStamping.
        Timestamping = "timestamping",
        /// OCSPSigning.
        OcspSigning = "ocsp signing",
        /// Microsoft server gated crypto.
        MicrosoftSgc = "microsoft sgc",
        /// Netscape server gated crypto.
        NetscapeSgc = "netscape sgc",
    }
}
