//! Which solver of an issuer proves control over a name (upstream's `solverpicker`). Pure.

use std::collections::BTreeMap;

use evercert_api::acme::v1::{
    AcmeChallenge, AcmeChallengeSolver, AcmeChallengeType, CertificateDnsNameSelector, Rfc2136,
};

/// Labels of a Certificate and so of its Order.
pub type Labels = BTreeMap<String, String>;

/// The chosen solver and the challenge it answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pick<'a> {
    /// The solver.
    pub solver: &'a AcmeChallengeSolver,
    /// What the server offers for it.
    pub challenge: &'a AcmeChallenge,
}

/// Rank of a match: exact name, labels of the longest zone, number of matched labels; higher is better.
type Rank = (bool, usize, usize);

/// The best solver for `name` (with its `*.`), or in words why there is none. Of equal ones the first in the list wins.
pub fn pick<'a>(
    name: &str,
    offered: &'a [AcmeChallenge],
    solvers: &'a [AcmeChallengeSolver],
    labels: &Labels,
) -> Result<Pick<'a>, String> {
    let mut best: Option<(Rank, Pick<'a>)> = None;
    let mut selected_but_not_offered = false;
    for solver in solvers {
        let Some(rank) = rank(solver.selector.as_ref(), name, labels) else {
            continue;
        };
        let Some(challenge) = offered_for(solver, name, offered) else {
            selected_but_not_offered = true;
            continue;
        };
        if best.as_ref().is_none_or(|(highest, _)| rank > *highest) {
            best = Some((rank, Pick { solver, challenge }));
        }
    }
    best.map(|(_, pick)| pick)
        .ok_or_else(|| explain(name, offered, solvers, selected_but_not_offered))
}

fn explain(name: &str, offered: &[AcmeChallenge], solvers: &[AcmeChallengeSolver], selected: bool) -> String {
    let types: Vec<_> = offered.iter().map(|challenge| challenge.type_.as_str()).collect();
    if solvers.is_empty() {
        return format!("the issuer has no solvers: add one that fits {name} to spec.acme.solvers");
    }
    if selected {
        return format!(
            "the solvers selected for {name} do not fit the challenges that the ACME server offers ({}); a wildcard needs dns01",
            types.join(", ")
        );
    }
    format!("no solver of the issuer selects {name}: check the selectors in spec.acme.solvers")
}

/// `None` where the selector does not match.
fn rank(selector: Option<&CertificateDnsNameSelector>, name: &str, labels: &Labels) -> Option<Rank> {
    let Some(selector) = selector else {
        return Some((false, 0, 0));
    };
    if !selector
        .match_labels
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
    {
        return None;
    }
    let exact = selector
        .dns_names
        .iter()
        .any(|wanted| wanted.eq_ignore_ascii_case(name));
    if !selector.dns_names.is_empty() && !exact {
        return None;
    }
    let zone = selector
        .dns_zones
        .iter()
        .filter(|zone| in_zone(name, zone))
        .map(|zone| zone.split('.').count())
        .max();
    if !selector.dns_zones.is_empty() && zone.is_none() {
        return None;
    }
    Some((exact, zone.unwrap_or_default(), selector.match_labels.len()))
}

fn in_zone(name: &str, zone: &str) -> bool {
    let (name, zone) = (
        name.to_ascii_lowercase(),
        zone.trim_end_matches('.').to_ascii_lowercase(),
    );
    !zone.is_empty() && (name == zone || name.strip_suffix(&zone).is_some_and(|rest| rest.ends_with('.')))
}

fn offered_for<'a>(
    solver: &AcmeChallengeSolver,
    name: &str,
    offered: &'a [AcmeChallenge],
) -> Option<&'a AcmeChallenge> {
    let type_ = match (&solver.dns01, &solver.http01) {
        (Some(_), _) => "dns-01",
        (None, Some(_)) if !name.starts_with("*.") => "http-01",
        _ => return None,
    };
    offered.iter().find(|challenge| challenge.type_ == type_)
}

/// Type of the challenge that a solver answers.
pub fn challenge_type(solver: &AcmeChallengeSolver) -> AcmeChallengeType {
    if solver.dns01.is_some() {
        AcmeChallengeType::Dns01
    } else {
        AcmeChallengeType::Http01
    }
}

/// The RFC 2136 settings of a solver, or in words why Evercert cannot use it.
pub fn supported(solver: &AcmeChallengeSolver) -> Result<&Rfc2136, String> {
    let Some(dns01) = &solver.dns01 else {
        return Err("HTTP-01 solvers are not supported yet: use dns01.rfc2136".into());
    };
    if let Some(rfc2136) = &dns01.rfc2136 {
        return Ok(rfc2136);
    }
    let named = [
        ("akamai", dns01.akamai.is_some()),
        ("cloudDNS", dns01.cloud_dns.is_some()),
        ("cloudflare", dns01.cloudflare.is_some()),
        ("route53", dns01.route53.is_some()),
        ("azureDNS", dns01.azure_dns.is_some()),
        ("digitalocean", dns01.digital_ocean.is_some()),
        ("acmeDNS", dns01.acme_dns.is_some()),
        ("webhook", dns01.webhook.is_some()),
    ];
    let provider = named
        .iter()
        .find(|(_, set)| *set)
        .map_or("without provider", |(name, _)| name);
    Err(format!(
        "the DNS-01 solver {provider} is not supported yet: use dns01.rfc2136"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use evercert_api::acme::v1::{AcmeChallengeSolverDns01, AcmeChallengeSolverHttp01};

    fn offered(types: &[&str]) -> Vec<AcmeChallenge> {
        types
            .iter()
            .map(|type_| AcmeChallenge {
                type_: (*type_).into(),
                ..AcmeChallenge::default()
            })
            .collect()
    }
    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }
    fn dns(selector: Option<CertificateDnsNameSelector>) -> AcmeChallengeSolver {
        AcmeChallengeSolver {
            selector,
            dns01: Some(AcmeChallengeSolverDns01::default()),
            ..AcmeChallengeSolver::default()
        }
    }
    fn http() -> AcmeChallengeSolver {
        AcmeChallengeSolver {
            http01: Some(AcmeChallengeSolverHttp01::default()),
            ..AcmeChallengeSolver::default()
        }
    }
    fn selecting(names: &[&str], zones: &[&str], labels: &[(&str, &str)]) -> AcmeChallengeSolver {
        let match_labels = labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        dns(Some(CertificateDnsNameSelector {
            match_labels,
            dns_names: list(names),
            dns_zones: list(zones),
        }))
    }

    #[test]
    #[allow(clippy::too_many_lines, reason = "one table")]
    fn picks_by_name_then_zone_then_labels_then_order() {
        let labels = Labels::from([("team".into(), "a".into()), ("env".into(), "prod".into())]);
        let team = [("team", "a")];
        let both = [("team", "a"), ("env", "prod")];
        let table = [
            ("first of equals", vec![dns(None), dns(None)], "a.example", Some(0)),
            (
                "zone beats none",
                vec![dns(None), selecting(&[], &["example"], &[])],
                "a.example",
                Some(1),
            ),
            (
                "longer zone",
                vec![selecting(&[], &["example"], &[]), selecting(&[], &["a.example"], &[])],
                "b.a.example",
                Some(1),
            ),
            (
                "longest by labels, not letters",
                vec![
                    selecting(&[], &["c.d", "verylongname"], &[]),
                    selecting(&[], &["b.c.d"], &[]),
                ],
                "a.b.c.d",
                Some(1),
            ),
            (
                "exact name beats zone",
                vec![selecting(&[], &["a.example"], &[]), selecting(&["a.example"], &[], &[])],
                "a.example",
                Some(1),
            ),
            (
                "more labels",
                vec![selecting(&[], &[], &team), selecting(&[], &[], &both)],
                "a.example",
                Some(1),
            ),
            (
                "zone beats labels",
                vec![selecting(&[], &[], &both), selecting(&[], &["example"], &[])],
                "a.example",
                Some(1),
            ),
            (
                "empty selector is no selector",
                vec![dns(Some(CertificateDnsNameSelector::default())), dns(None)],
                "a.example",
                Some(0),
            ),
            (
                "label differs",
                vec![selecting(&[], &[], &[("team", "b")])],
                "a.example",
                None,
            ),
            (
                "zones on whole labels",
                vec![selecting(&[], &["ample"], &[])],
                "a.example",
                None,
            ),
            (
                "all parts must match",
                vec![selecting(&["a.example"], &["other"], &[])],
                "a.example",
                None,
            ),
            (
                "exact name does not cover the wildcard",
                vec![selecting(&["a.example"], &[], &[])],
                "*.a.example",
                None,
            ),
            (
                "wildcard by its name",
                vec![selecting(&["*.a.example"], &[], &[])],
                "*.a.example",
                Some(0),
            ),
            (
                "wildcard in its zone",
                vec![selecting(&[], &["a.example"], &[])],
                "*.a.example",
                Some(0),
            ),
            (
                "wildcard never by http",
                vec![http(), dns(None)],
                "*.a.example",
                Some(1),
            ),
            ("http where it is first", vec![http(), dns(None)], "a.example", Some(0)),
            ("none", vec![], "a.example", None),
        ];
        let all = offered(&["http-01", "tls-alpn-01", "dns-01"]);
        for (case, solvers, name, expected) in table {
            let picked = pick(name, &all, &solvers, &labels).ok();
            let index = picked.map(|pick| {
                solvers
                    .iter()
                    .position(|solver| std::ptr::eq(solver, pick.solver))
                    .unwrap()
            });
            assert_eq!(index, expected, "{case}");
        }
    }

    #[test]
    fn a_failure_says_what_to_change() {
        let none = Labels::new();
        let table = [
            (vec![], &["dns-01"][..], "no solvers"),
            (vec![http()], &["dns-01"], "do not fit the challenges"),
            (
                vec![selecting(&[], &["other"], &[])],
                &["dns-01"],
                "check the selectors",
            ),
        ];
        for (solvers, types, words) in table {
            let error = pick("a.example", &offered(types), &solvers, &none).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }

    #[test]
    fn solvers_that_are_not_supported_are_named() {
        assert!(supported(&http()).unwrap_err().contains("HTTP-01"));
        assert!(supported(&dns(None)).unwrap_err().contains("without provider"));
        let mut route53 = dns(None);
        route53.dns01.as_mut().unwrap().route53 = Some(evercert_api::acme::v1::dns_providers::Route53::default());
        assert!(supported(&route53).unwrap_err().contains("route53"));
    }
}
