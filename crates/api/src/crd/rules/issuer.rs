//! Rules of Issuer and ClusterIssuer.

use super::{Rule, count_of, secret_set, set, solver};

pub fn rules() -> Vec<Rule> {
    let types = ["acme", "ca", "selfSigned", "vault", "venafi"];
    let mut rules = vec![Rule::new(
        "spec",
        format!("{} == 1", count_of(&types)),
        "exactly one issuer type is needed: acme, ca, selfSigned, vault or venafi",
    )];
    rules.extend(acme());
    rules.extend(ca());
    rules.extend(vault());
    rules.extend(venafi());
    rules.extend(solver::rules("spec.acme.solvers[]"));
    rules
}

fn acme() -> Vec<Rule> {
    let both = "has(self.caBundle) && size(self.caBundle) > 0 && has(self.skipTLSVerify) && self.skipTLSVerify";
    vec![
        Rule::new(
            "spec.acme",
            r"self.server.matches('^https?://[^/\\s]+')",
            "acme.server must be the https:// URL of an ACME directory",
        ),
        Rule::new(
            "spec.acme",
            "self.privateKeySecretRef.name != ''",
            "acme.privateKeySecretRef.name must name the Secret for the account key",
        ),
        Rule::new(
            "spec.acme",
            format!("!({both})"),
            "acme.caBundle and acme.skipTLSVerify cannot be combined",
        ),
        Rule::new(
            "spec.acme",
            "!has(self.preferredChain) || size(self.preferredChain) <= 64",
            "acme.preferredChain must be at most 64 characters long: it is a common name",
        ),
        Rule::new(
            "spec.acme.externalAccountBinding",
            "self.keyID != '' && self.keySecretRef.name != ''",
            "externalAccountBinding needs keyID and the name of a Secret in keySecretRef",
        ),
    ]
}

fn ca() -> Vec<Rule> {
    let each_set = |list: &str| format!("!has(self.{list}) || self.{list}.all(url, url != '')");
    vec![
        Rule::new(
            "spec.ca",
            "self.secretName != ''",
            "ca.secretName must name the Secret with the CA key pair",
        ),
        Rule::new(
            "spec.ca",
            each_set("ocspServers"),
            "ca.ocspServers must not contain an empty entry",
        ),
        Rule::new(
            "spec.ca",
            each_set("issuingCertificateURLs"),
            "ca.issuingCertificateURLs must not contain an empty entry",
        ),
    ]
}

fn vault() -> Vec<Rule> {
    let methods = ["tokenSecretRef", "appRole", "clientCertificate", "kubernetes", "aws"];
    let bundle = format!(
        "!(has(self.caBundle) && size(self.caBundle) > 0 && {})",
        secret_set("caBundleSecretRef")
    );
    let client = format!(
        "({}) == ({})",
        secret_set("clientCertSecretRef"),
        secret_set("clientKeySecretRef")
    );
    let source = format!(
        "({}) != ({})",
        secret_set("secretRef"),
        "has(self.serviceAccountRef) && self.serviceAccountRef.name != ''"
    );
    vec![
        Rule::new(
            "spec.vault",
            "self.server != '' && self.path != ''",
            "vault needs server and path",
        ),
        Rule::new(
            "spec.vault",
            r"!self.path.matches('(^|/)\\.\\.(/|$)')",
            "vault.path must not contain '..'",
        ),
        Rule::new(
            "spec.vault",
            bundle,
            "vault.caBundle and vault.caBundleSecretRef cannot be combined",
        ),
        Rule::new(
            "spec.vault",
            client,
            "vault.clientCertSecretRef and vault.clientKeySecretRef go together",
        ),
        Rule::new(
            "spec.vault.auth",
            format!("{} == 1", count_of(&methods)),
            "exactly one way of logging in to Vault is needed: tokenSecretRef, appRole, clientCertificate, kubernetes or aws",
        ),
        Rule::new(
            "spec.vault.auth.appRole",
            format!("self.roleId != '' && {}", secret_set("secretRef")),
            "vault appRole needs roleId and the name of a Secret in secretRef",
        ),
        Rule::new(
            "spec.vault.auth.kubernetes",
            "self.role != ''",
            "vault kubernetes needs role",
        ),
        Rule::new(
            "spec.vault.auth.kubernetes",
            source,
            "vault kubernetes needs exactly one of secretRef and serviceAccountRef",
        ),
    ]
}

fn venafi() -> Vec<Rule> {
    let bundle = format!(
        "!(has(self.caBundle) && size(self.caBundle) > 0 && {})",
        secret_set("caBundleSecretRef")
    );
    vec![
        Rule::new(
            "spec.venafi",
            format!("{} == 1", count_of(&["tpp", "cloud", "ngts"])),
            "exactly one of venafi.tpp, venafi.cloud and venafi.ngts is needed",
        ),
        Rule::new(
            "spec.venafi.tpp",
            bundle,
            "venafi.tpp.caBundle and venafi.tpp.caBundleSecretRef cannot be combined",
        ),
        Rule::new("spec.venafi.ngts", set("tsgID"), "venafi.ngts.tsgID must not be empty"),
    ]
}
