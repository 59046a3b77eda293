//! The three operators as they are installed.

/// One operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operator {
    /// Name of chart, image and binary.
    pub name: &'static str,
    /// Name of the Helm release.
    pub release: &'static str,
    /// Namespace of the release.
    pub namespace: &'static str,
    /// Values that make it two replicas with an election.
    pub two_replicas: &'static [&'static str],
    /// Values with which a killed leader is succeeded after seconds: nobody can release its Lease.
    pub short_lease: &'static [&'static str],
}

/// Certificates.
pub const ISSUER: Operator = Operator {
    name: "evercert-issuer",
    release: "evercert-issuer",
    namespace: "cert-manager",
    two_replicas: &["replicaCount=2"],
    short_lease: &[
        "global.leaderElection.leaseDuration=4s",
        "global.leaderElection.renewDeadline=3s",
        "global.leaderElection.retryPeriod=1s",
    ],
};
/// Keystores and Routes.
pub const CERT_UTILS: Operator = Operator {
    name: "evercert-cert-utils",
    release: "evercert-cert-utils",
    namespace: "cert-utils-operator",
    two_replicas: &["replicaCount=2"],
    short_lease: &[
        "extraArgs={--leader-election-lease-duration=4s,--leader-election-renew-deadline=3s,--leader-election-retry-period=1s}",
    ],
};
/// Restarts.
pub const RELOADER: Operator = Operator {
    name: "evercert-reloader",
    release: "evercert",
    namespace: "reloader",
    two_replicas: &["reloader.enableHA=true", "reloader.deployment.replicas=2"],
    short_lease: &[],
};
/// In the order of the chain.
pub const ALL: [Operator; 3] = [ISSUER, CERT_UTILS, RELOADER];

impl Operator {
    /// The kernel's name of its process: at most 15 bytes.
    pub fn process_name(&self) -> &'static str {
        self.name.get(..15).unwrap_or(self.name)
    }
}
