//! Rules of Certificate.

use super::{Rule, at_least, issuer_reference, secret_set, set};

pub fn rules() -> Vec<Rule> {
    let mut rules = Vec::new();
    rules.extend(names());
    rules.extend(lifetime());
    rules.extend(renewal());
    rules.extend(key());
    rules.extend(output());
    rules.extend(constraints());
    rules.extend(issuer_reference());
    rules
}

/// A common name inside `literalSubject`, as CEL.
const LITERAL_COMMON_NAME: &str =
    r"has(self.literalSubject) && self.literalSubject.matches('(?i)(^|[,+;])\\s*(CN|2\\.5\\.4\\.3)\\s*=')";

fn names() -> Vec<Rule> {
    let lists = ["dnsNames", "uris", "emailAddresses", "ipAddresses", "otherNames"];
    let lists = lists
        .map(|list| format!("has(self.{list}) && size(self.{list}) > 0"))
        .join(" || ");
    vec![
        Rule::new(
            "spec",
            format!("{} || {LITERAL_COMMON_NAME} || {lists}", set("commonName")),
            "at least one name is needed: commonName (or a CN in literalSubject), dnsNames, uris, emailAddresses, ipAddresses or otherNames",
        ),
        Rule::new(
            "spec",
            "!has(self.commonName) || size(self.commonName) <= 64",
            "commonName must be at most 64 characters long (RFC 5280); longer names belong into dnsNames",
        ),
        Rule::new(
            "spec",
            format!(
                "!({}) || !has(self.subject) && !({})",
                set("literalSubject"),
                set("commonName")
            ),
            "literalSubject is the whole subject: it cannot be combined with subject or commonName",
        ),
        Rule::new(
            "spec",
            "!has(self.ipAddresses) || self.ipAddresses.all(ip, isIP(ip))",
            "ipAddresses must be IP addresses such as 10.0.0.1 or 2001:db8::1",
        ),
        Rule::new(
            "spec",
            r"!has(self.emailAddresses) || self.emailAddresses.all(e, e.matches('^[^@<>,\\s]+@[^@<>,\\s]+$'))",
            "emailAddresses must be bare addresses such as jane@example.com, without a display name",
        ),
        Rule::new(
            "spec.otherNames[]",
            r"has(self.oid) && self.oid.matches('^[0-2](\\.[0-9]+)+$')",
            "oid must be an object identifier in dotted form such as 1.3.6.1.4.1.311.20.2.3",
        ),
        Rule::new("spec.otherNames[]", set("utf8Value"), "utf8Value must not be empty"),
    ]
}

fn lifetime() -> Vec<Rule> {
    // Unset, the lifetime is 90 days.
    let duration = "(has(self.duration) ? duration(self.duration) : duration('2160h'))";
    vec![
        Rule::new(
            "spec",
            at_least("duration", "1h"),
            "duration must be at least 1h, written as hours, minutes and seconds such as 2160h or 1h30m",
        ),
        Rule::new(
            "spec",
            at_least("renewBefore", "5m"),
            "renewBefore must be at least 5m, written as hours, minutes and seconds such as 360h or 1h30m",
        ),
        Rule::new(
            "spec",
            format!("!has(self.renewBefore) || duration(self.renewBefore) < {duration}"),
            "renewBefore must be less than duration (2160h when unset)",
        ),
        Rule::new(
            "spec",
            "!has(self.renewBefore) || !has(self.renewBeforePercentage)",
            "renewBefore and renewBeforePercentage cannot be combined",
        ),
        Rule::new(
            "spec",
            "!has(self.renewBeforePercentage) || self.renewBeforePercentage >= 1 && self.renewBeforePercentage <= 99",
            "renewBeforePercentage must be between 1 and 99",
        ),
        Rule::new(
            "spec",
            format!(
                "!has(self.renewBeforePercentage) || {duration}.getSeconds() * self.renewBeforePercentage / 100 >= 300"
            ),
            "renewBeforePercentage of duration must be at least 5m",
        ),
        Rule::new(
            "spec",
            "!has(self.revisionHistoryLimit) || self.revisionHistoryLimit >= 1",
            "revisionHistoryLimit must be at least 1",
        ),
    ]
}

fn renewal() -> Vec<Rule> {
    vec![
        Rule::new(
            "spec.renewal",
            "has(self.policy)",
            "renewal.policy is needed: RenewBefore or Disabled",
        ),
        Rule::new(
            "spec.renewal",
            "!has(self.policy) || self.policy != 'Disabled' || !has(self.windows) || size(self.windows) == 0",
            "renewal.windows cannot be combined with policy Disabled",
        ),
        Rule::new(
            "spec.renewal.windows[]",
            r"self.cron.matches('^\\s*\\S+(\\s+\\S+){4}\\s*$')",
            "cron must have five fields: minute, hour, day of month, month, day of week",
        ),
        Rule::new(
            "spec.renewal.windows[]",
            r"self.windowDuration.matches('^([0-9]+(\\.[0-9]+)?[hms])+$')",
            "windowDuration must be written in hours, minutes and seconds such as 2h30m",
        ),
    ]
}

fn key() -> Vec<Rule> {
    let algorithm = "(has(self.privateKey) && has(self.privateKey.algorithm) ? self.privateKey.algorithm : 'RSA')";
    vec![
        Rule::new(
            "spec.privateKey",
            "has(self.algorithm) && self.algorithm != 'RSA' || !has(self.size) || self.size == 0 || self.size >= 2048 && self.size <= 8192",
            "size of an RSA key must be between 2048 and 8192",
        ),
        Rule::new(
            "spec.privateKey",
            "!has(self.algorithm) || self.algorithm != 'ECDSA' || !has(self.size) || self.size in [0, 256, 384, 521]",
            "size of an ECDSA key must be 256, 384 or 521",
        ),
        Rule::new(
            "spec",
            format!(
                "!has(self.signatureAlgorithm) || ({algorithm} == 'RSA' ? self.signatureAlgorithm.endsWith('WithRSA') : {algorithm} == 'ECDSA' ? self.signatureAlgorithm.startsWith('ECDSAWith') : self.signatureAlgorithm == 'PureEd25519')"
            ),
            "signatureAlgorithm must fit privateKey.algorithm (RSA when unset)",
        ),
    ]
}

fn output() -> Vec<Rule> {
    let mut rules = vec![
        Rule::new(
            "spec",
            r"self.secretName.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",
            "secretName must be a name that a Secret can have: lower-case letters, digits, '-' and '.'",
        ),
        Rule::new(
            "spec.secretTemplate",
            "!has(self.annotations) || self.annotations.all(key, !key.startsWith('cert-manager.io/') || key == 'cert-manager.io/allow-direct-injection')",
            "secretTemplate.annotations must not start with cert-manager.io/ (cert-manager.io/allow-direct-injection excepted)",
        ),
        Rule::new(
            "spec.additionalOutputFormats",
            "self.all(one, self.exists_one(other, other.type == one.type))",
            "additionalOutputFormats must not name a type twice",
        ),
    ];
    for keystore in ["jks", "pkcs12"] {
        let sources = format!("({}) != ({})", secret_set("passwordSecretRef"), set("password"));
        rules.push(Rule::new(
            format!("spec.keystores.{keystore}"),
            format!("!self.create || {sources}"),
            "exactly one password source is needed: passwordSecretRef or password",
        ));
    }
    rules
}

fn constraints() -> Vec<Rule> {
    let mut rules = vec![
        Rule::new(
            "spec",
            "!has(self.nameConstraints) || has(self.isCA) && self.isCA",
            "nameConstraints needs isCA: true",
        ),
        Rule::new(
            "spec.nameConstraints",
            "has(self.permitted) || has(self.excluded)",
            "nameConstraints needs permitted or excluded",
        ),
    ];
    for side in ["permitted", "excluded"] {
        rules.push(Rule::new(
            format!("spec.nameConstraints.{side}"),
            "!has(self.ipRanges) || self.ipRanges.all(range, isCIDR(range))",
            "ipRanges must be in CIDR form such as 10.0.0.0/8",
        ));
    }
    rules
}
