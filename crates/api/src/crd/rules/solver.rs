//! Rules of an ACME solver, which stands in issuers and in Challenges.

use super::{Rule, at_least, count_of, secret_set, set};

pub fn rules(base: &str) -> Vec<Rule> {
    let mut rules = vec![
        Rule::new(
            base,
            format!("{} == 1", count_of(&["http01", "dns01"])),
            "a solver needs exactly one of http01 and dns01",
        ),
        Rule::new(
            base,
            at_least("waitInsteadOfSelfCheck", "0s"),
            "waitInsteadOfSelfCheck must be a duration such as 30s, not below zero",
        ),
    ];
    rules.extend(http01(&format!("{base}.http01")));
    rules.extend(dns01(&format!("{base}.dns01")));
    rules
}

fn http01(base: &str) -> Vec<Rule> {
    let service_type = "!has(self.serviceType) || self.serviceType in ['', 'NodePort', 'ClusterIP']";
    let names = "(has(self.ingressClassName) ? 1 : 0) + (has(self.class) ? 1 : 0) + (has(self.name) && self.name != '' ? 1 : 0) <= 1";
    let mut rules = vec![
        Rule::new(
            base,
            format!("{} == 1", count_of(&["ingress", "gatewayHTTPRoute"])),
            "http01 needs exactly one of ingress and gatewayHTTPRoute",
        ),
        Rule::new(
            format!("{base}.ingress"),
            names,
            "at most one of ingressClassName, class and name can be set",
        ),
    ];
    for way in ["ingress", "gatewayHTTPRoute"] {
        rules.push(Rule::new(
            format!("{base}.{way}"),
            service_type,
            "serviceType must be NodePort or ClusterIP",
        ));
    }
    rules
}

fn dns01(base: &str) -> Vec<Rule> {
    let providers = [
        "acmeDNS",
        "akamai",
        "azureDNS",
        "cloudDNS",
        "cloudflare",
        "digitalocean",
        "rfc2136",
        "route53",
        "webhook",
    ];
    let mut rules = vec![Rule::new(
        base,
        format!("{} == 1", count_of(&providers)),
        "dns01 needs exactly one provider: acmeDNS, akamai, azureDNS, cloudDNS, cloudflare, digitalocean, rfc2136, route53 or webhook",
    )];
    rules.extend(rfc2136(&format!("{base}.rfc2136")));
    rules.extend(clouds(base));
    rules
}

fn rfc2136(base: &str) -> Vec<Rule> {
    let algorithms = "!has(self.tsigAlgorithm) || self.tsigAlgorithm.upperAscii() in ['', 'HMACMD5', 'HMACSHA1', 'HMACSHA256', 'HMACSHA512']";
    let pair = format!("({}) == ({})", set("tsigKeyName"), secret_set("tsigSecretSecretRef"));
    vec![
        Rule::new(
            base,
            r"self.nameserver.matches('^[^\\s/]+$')",
            "rfc2136.nameserver must be host or host:port, such as 192.0.2.1:53",
        ),
        Rule::new(
            base,
            pair,
            "rfc2136.tsigKeyName and rfc2136.tsigSecretSecretRef go together",
        ),
        Rule::new(
            base,
            algorithms,
            "rfc2136.tsigAlgorithm must be HMACMD5, HMACSHA1, HMACSHA256 or HMACSHA512",
        ),
    ]
}

fn clouds(base: &str) -> Vec<Rule> {
    let at = |provider: &str| format!("{base}.{provider}");
    let (key, token) = (secret_set("apiKeySecretRef"), secret_set("apiTokenSecretRef"));
    let principal = [set("clientID"), set("tenantID"), secret_set("clientSecretSecretRef")]
        .map(|field| format!("({field} ? 1 : 0)"))
        .join(" + ");
    vec![
        Rule::new(
            at("cloudflare"),
            format!("({key}) != ({token})"),
            "cloudflare needs exactly one of apiKeySecretRef and apiTokenSecretRef",
        ),
        Rule::new(
            at("cloudflare"),
            format!("!({key}) || {}", set("email")),
            "cloudflare.apiKeySecretRef needs email",
        ),
        Rule::new(
            at("azureDNS"),
            format!("has(self.managedIdentity) ? {principal} == 0 : {principal} in [0, 3]"),
            "azureDNS needs all of clientID, clientSecretSecretRef and tenantID, or none of them; none with managedIdentity",
        ),
        Rule::new(
            at("azureDNS.managedIdentity"),
            format!(
                "!({} && {}) && (!({}) || {})",
                set("clientID"),
                set("resourceID"),
                set("tenantID"),
                set("clientID")
            ),
            "azureDNS.managedIdentity takes clientID or resourceID, not both; tenantID needs clientID",
        ),
        Rule::new(
            at("cloudDNS"),
            "self.project != ''",
            "cloudDNS.project must not be empty",
        ),
        Rule::new(
            at("route53"),
            format!("!({} && {})", set("accessKeyID"), secret_set("accessKeyIDSecretRef")),
            "route53.accessKeyID and route53.accessKeyIDSecretRef cannot be combined",
        ),
        Rule::new(at("acmeDNS"), "self.host != ''", "acmeDNS.host must not be empty"),
        Rule::new(
            at("webhook"),
            "self.solverName != ''",
            "webhook.solverName must not be empty",
        ),
    ]
}
