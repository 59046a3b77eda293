//! The article's steps, as data: what is done, why, and the commands a person repeats by hand on a cluster of their own.
//!
//! Commands use `kubectl` and `helm` only. Variables in them are printed by the demo before the first command.

/// One step of the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub title: &'static str,
    /// What to look for, or why.
    pub why: &'static str,
    /// Shell lines, in order.
    pub commands: &'static [&'static str],
}

/// The three operators, each with its own namespace and rights.
pub const OPERATORS: Step = Step {
    title: "Install the three operators",
    why: "Each is useful alone; together they are the chain certificate → keystore and Route → restart.",
    commands: &[
        "helm upgrade -i evercert charts/evercert-issuer -n cert-manager --create-namespace --hide-notes \\\n  \
         --set image.repository=localhost/evercert-issuer,image.tag=1,image.pullPolicy=Never \\\n  \
         --set dns01RecursiveNameservers=$NAMESERVER,dns01RecursiveNameserversOnly=true",
        "helm upgrade -i evercert charts/evercert-cert-utils -n cert-utils-operator --create-namespace --hide-notes \\\n  \
         --set image.repository=localhost/evercert-cert-utils,image.tag=1,image.pullPolicy=Never",
        "helm upgrade -i evercert charts/evercert-reloader -n reloader --create-namespace --hide-notes \\\n  \
         --set image.repository=localhost/evercert-reloader,image.tag=1,image.pullPolicy=Never",
        "kubectl wait -n cert-manager --for=condition=Available deployment --all --timeout=180s",
        "kubectl wait -n cert-utils-operator --for=condition=Available deployment --all --timeout=180s",
        "kubectl wait -n reloader --for=condition=Available deployment --all --timeout=180s",
    ],
};

/// Services without certificates.
pub const SERVICES: Step = Step {
    title: "Deploy customer, preference and recommendation",
    why: "Nothing about certificates exists yet, so each ends at once and says what it misses.",
    commands: &[
        "kubectl create namespace demo",
        "kubectl apply -n demo -f demo/manifests/01-services.yaml",
    ],
};

/// What the services say meanwhile; run once each has tried to start.
pub const COMPLAINT: Step = Step {
    title: "They fail for want of keystores",
    why: "This is the state that the rest repairs.",
    commands: &[
        "kubectl get pods -n demo",
        "kubectl logs -n demo deployment/customer --previous --tail=1",
    ],
};

/// Both CAs.
pub const ISSUERS: Step = Step {
    title: "Set up the internal CA and the ACME issuer",
    why: "internal-issuer signs with its own root; acme proves names by DNS-01 with signed updates.",
    commands: &[
        "kubectl apply -n cert-manager -f demo/manifests/02-internal-issuer.yaml",
        "kubectl create secret generic dns-tsig -n cert-manager --from-literal=secret=\"$TSIG_SECRET\"",
        "sed \"s|\\${ACME_DIRECTORY}|$ACME_DIRECTORY|; s|\\${ACME_CA}|$ACME_CA|; s|\\${NAMESERVER}|$NAMESERVER|; \
         s|\\${TSIG_NAME}|$TSIG_NAME|\" \\\n  demo/manifests/02-acme-issuer.yaml | kubectl apply -f -",
        "kubectl wait --for=condition=Ready clusterissuer/internal-issuer clusterissuer/acme --timeout=180s",
    ],
};

/// Routes without certificates.
pub const ROUTES: Step = Step {
    title: "Make the Routes",
    why: "customer: re-encrypt. preference: passthrough.",
    commands: &["kubectl apply -n demo -f demo/manifests/03-routes.yaml"],
};

/// Four Certificates.
pub const CERTIFICATES: Step = Step {
    title: "Order the certificates",
    why: "One by ACME for customer's Route, three from the internal CA for the pods.",
    commands: &[
        "kubectl apply -n demo -f demo/manifests/04-certificates.yaml",
        "kubectl wait -n demo --for=condition=Ready certificate --all --timeout=180s",
        "kubectl get certificate -n demo",
    ],
};

/// Keystores and Route certificates by annotation.
pub const ANNOTATIONS: Step = Step {
    title: "Ask for keystores, and for the Route's certificates",
    why: "cert-utils adds keystore.jks and truststore.jks to the Secrets and fills the Route.",
    commands: &[
        "kubectl annotate secret -n demo service-customer route-service-preference service-recommendation \\\n  \
         cert-utils-operator.redhat-cop.io/generate-java-keystores=true",
        "kubectl wait -n demo --for=jsonpath='{.data.keystore\\.jks}' --timeout=60s \\\n  \
         secret/service-customer secret/route-service-preference secret/service-recommendation",
        "kubectl annotate route -n demo customer cert-utils-operator.redhat-cop.io/certs-from-secret=route-customer \\\n  \
         cert-utils-operator.redhat-cop.io/destinationCA-from-secret=service-customer",
        "kubectl wait -n demo --for=jsonpath='{.spec.tls.destinationCACertificate}' route/customer --timeout=60s",
    ],
};

/// Keystores become files.
pub const VOLUMES: Step = Step {
    title: "Mount the keystores",
    why: "A rollout of its own for each service; from here on they run.",
    commands: &[
        "kubectl patch deployment -n demo recommendation-v1 --patch-file demo/manifests/06-volume-recommendation.yaml",
        "kubectl patch deployment -n demo preference-v1 --patch-file demo/manifests/06-volume-preference.yaml",
        "kubectl patch deployment -n demo customer --patch-file demo/manifests/06-volume-customer.yaml",
        "kubectl rollout status -n demo deployment/recommendation-v1 --timeout=180s",
        "kubectl rollout status -n demo deployment/preference-v1 --timeout=180s",
        "kubectl rollout status -n demo deployment/customer --timeout=180s",
    ],
};

/// Restarts at renewal.
pub const RELOAD: Step = Step {
    title: "Restart each service when its Secret changes",
    why: "An annotation on the Deployment, not in its pod template: by itself it restarts nothing.",
    commands: &[
        "kubectl annotate deployment -n demo customer secret.reloader.stakater.com/reload=service-customer",
        "kubectl annotate deployment -n demo preference-v1 secret.reloader.stakater.com/reload=route-service-preference",
        "kubectl annotate deployment -n demo recommendation-v1 secret.reloader.stakater.com/reload=service-recommendation",
    ],
};

/// A renewal a minute.
pub const FREQUENT: Step = Step {
    title: "Renew preference every minute",
    why: "61 minutes of life, renewed 60 minutes before its end. The Secret is deleted so that a new one begins at once.",
    commands: &[
        "kubectl patch certificate -n demo preference --type=merge --patch-file demo/manifests/08-frequent-renewals.yaml",
        "kubectl delete secret -n demo route-service-preference",
    ],
};

/// customer's internal certificate, now.
pub const RENEW_CUSTOMER: Step = Step {
    title: "Renew customer's internal certificate by hand",
    why: "The same condition that `cmctl renew` sets.",
    commands: &[
        "sed \"s|\\${NOW}|$(date -u +%Y-%m-%dT%H:%M:%SZ)|\" demo/manifests/09-renew-now.json > \"$SCRATCH/renew.json\" && \\\n  \
         kubectl patch certificate -n demo customer --subresource=status --type=json --patch-file \"$SCRATCH/renew.json\"",
    ],
};

/// customer's external certificate, now.
pub const RENEW_ROUTE: Step = Step {
    title: "Renew the external certificate of customer's Route by hand",
    why: "A new ACME order; the Route takes it over, and no pod restarts.",
    commands: &[
        "kubectl patch certificate -n demo route-customer --subresource=status --type=json --patch-file \"$SCRATCH/renew.json\"",
    ],
};

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    const ALL: [Step; 12] = [
        OPERATORS,
        SERVICES,
        COMPLAINT,
        ISSUERS,
        ROUTES,
        CERTIFICATES,
        ANNOTATIONS,
        VOLUMES,
        RELOAD,
        FREQUENT,
        RENEW_CUSTOMER,
        RENEW_ROUTE,
    ];

    #[test]
    fn commands_name_exactly_the_files_that_there_are() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        let words = ALL
            .iter()
            .flat_map(|step| step.commands)
            .flat_map(|line| line.split_whitespace());
        let named: BTreeSet<&str> = words.filter_map(|word| word.strip_prefix("demo/manifests/")).collect();
        let files = std::fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<String> = files.collect();
        assert_eq!(named, files.iter().map(String::as_str).collect());
    }

    #[test]
    fn commands_are_kubectl_and_helm_only() {
        for line in ALL.iter().flat_map(|step| step.commands) {
            let first = line.split_whitespace().next().unwrap_or_default();
            assert!(["kubectl", "helm", "sed"].contains(&first), "{line}");
        }
    }
}
