//! Stores, clients and memories of the ACME part, shared by its controllers.

use std::sync::Arc;
use std::time::Duration;

use evercert_api::acme::v1::{Challenge, Order};
use evercert_core::apply::Writer;
use evercert_core::runtime::Runtime;
use evercert_core::watch::{Key, Scope, Watched};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::clients::Clients;
use super::memory::Memory;
use super::names::MANAGER;
use super::triggers::owners;
use crate::certificates::request_match::issuer_ref;
use crate::flags::Settings;
use crate::issuers::object::index_key;
use crate::names::GROUP;

/// Index of Orders and Challenges that are not done, by their issuer.
pub const BY_ISSUER: &str = "issuer";
/// Index of Challenges by the uid of their Order.
pub const BY_ORDER: &str = "order";
/// Index of Orders by the uid of their CertificateRequest.
pub const BY_REQUEST: &str = "request";
/// Index of Challenges that are being worked on.
pub const ACTIVE: &str = "active";
/// The only value of [`ACTIVE`].
pub const YES: &str = "yes";

/// Shared by all that speaks ACME.
#[derive(Clone)]
pub struct State {
    /// Orders, by issuer while they are open.
    pub orders: Watched<Order>,
    /// Challenges, by issuer while they are open, and by their Order.
    pub challenges: Watched<Challenge>,
    /// One client per issuer.
    pub clients: Arc<Clients>,
    /// Waits and failures of Orders.
    pub order_memory: Arc<Memory>,
    /// Waits and failures of Challenges.
    pub challenge_memory: Arc<Memory>,
    /// Waits and failures of issuers' set-ups.
    pub issuer_memory: Arc<Memory>,
    /// Writes Orders, Challenges and account key Secrets.
    pub writer: Writer,
    /// How the visibility of a record is checked.
    pub dns: DnsSettings,
}

/// Settings of the propagation check.
#[derive(Debug, Clone)]
pub struct DnsSettings {
    /// Recursive servers, host:port.
    pub recursive: Vec<String>,
    /// Believe them, do not ask the authoritative ones.
    pub recursive_only: bool,
    /// Longest wait between two checks.
    pub retry_period: Duration,
    /// Port of authoritative servers; 53 outside tests.
    pub port: u16,
}

impl DnsSettings {
    fn new(settings: &Settings) -> Self {
        let flags = settings
            .dns01_recursive_nameservers
            .iter()
            .map(|server| server.trim())
            .filter(|server| !server.is_empty());
        let mut recursive: Vec<String> = flags
            .filter_map(|server| evercert_dns::rfc2136::host_port(server).ok())
            .collect();
        if recursive.is_empty() {
            let text = std::fs::read_to_string(evercert_dns::resolv_conf::PATH).unwrap_or_default();
            recursive = evercert_dns::resolv_conf::parse(&text);
        }
        Self {
            recursive,
            recursive_only: settings.dns01_recursive_nameservers_only,
            retry_period: settings.dns01_check_retry_period.to_std(),
            port: 53,
        }
    }
}

impl State {
    /// Starts the watches.
    pub fn start(rt: &Runtime, settings: &Settings) -> Self {
        let scope = Scope::of(Some(&settings.namespace));
        let orders = Watched::builder(rt.client.clone(), scope.clone())
            .index(BY_ISSUER, open_order)
            .index(BY_REQUEST, |order: &Order| {
                controller(&order.metadata, "CertificateRequest", GROUP)
                    .map(|(_, uid)| uid)
                    .into_iter()
                    .collect()
            })
            .start(rt);
        let challenges = Watched::builder(rt.client.clone(), scope)
            .index(BY_ISSUER, open_challenge)
            .index(BY_ORDER, |challenge: &Challenge| {
                order_of(&challenge.metadata).map(|(_, uid)| uid).into_iter().collect()
            })
            .index(ACTIVE, active)
            .start(rt);
        Self {
            orders,
            challenges,
            clients: Arc::default(),
            order_memory: Arc::default(),
            challenge_memory: Arc::default(),
            issuer_memory: Arc::default(),
            writer: Writer::new(rt.client.clone(), MANAGER),
            dns: DnsSettings::new(settings),
        }
    }

    /// Resolves when the stores hold what the API server holds.
    pub async fn synced(&self) {
        self.orders.synced().await;
        self.challenges.synced().await;
    }

    /// Keys of the CertificateRequests whose Order changed.
    pub fn request_triggers(&self) -> Vec<BoxStream<'static, Key>> {
        let orders = self.orders.clone();
        let owner = move |key: &Key| {
            let order = orders.get_key(key)?;
            let request = controller(&order.metadata, "CertificateRequest", GROUP)?;
            Some(Key::new(order.metadata.namespace.as_deref(), &request.0))
        };
        vec![owners(self.orders.subscribe(), owner).boxed()]
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("dns", &self.dns).finish_non_exhaustive()
    }
}

/// Name and uid of the controlling owner of that kind and group.
pub fn controller(metadata: &ObjectMeta, kind: &str, group: &str) -> Option<(String, String)> {
    let references = metadata.owner_references.as_deref().unwrap_or_default();
    let owner = references.iter().find(|owner| {
        owner.controller == Some(true) && owner.kind == kind && owner.api_version.split('/').next() == Some(group)
    })?;
    Some((owner.name.clone(), owner.uid.clone()))
}

/// Name and uid of the Order that a Challenge belongs to.
pub fn order_of(metadata: &ObjectMeta) -> Option<(String, String)> {
    controller(metadata, "Order", "acme.cert-manager.io")
}

/// Value of the index `issuer`.
pub fn issuer_index(metadata: &ObjectMeta, reference: &evercert_api::meta::v1::IssuerReference) -> String {
    let issuer = issuer_ref(reference);
    index_key(
        &issuer.kind,
        metadata.namespace.as_deref().unwrap_or_default(),
        &issuer.name,
    )
}

fn open_order(order: &Order) -> Vec<String> {
    let done = order
        .status
        .as_ref()
        .and_then(|status| status.state.as_ref())
        .is_some_and(evercert_api::acme::v1::State::is_final);
    if done {
        vec![]
    } else {
        vec![issuer_index(&order.metadata, &order.spec.issuer_ref)]
    }
}

/// One that is being deleted still has to be cleaned up, so it counts as open.
fn open_challenge(challenge: &Challenge) -> Vec<String> {
    let done = is_final(challenge) && challenge.metadata.deletion_timestamp.is_none();
    if done {
        vec![]
    } else {
        vec![issuer_index(&challenge.metadata, &challenge.spec.issuer_ref)]
    }
}

fn active(challenge: &Challenge) -> Vec<String> {
    let working = challenge.status.as_ref().is_some_and(|status| status.processing) && !is_final(challenge);
    if working { vec![YES.to_owned()] } else { vec![] }
}

fn is_final(challenge: &Challenge) -> bool {
    challenge
        .status
        .as_ref()
        .and_then(|status| status.state.as_ref())
        .is_some_and(evercert_api::acme::v1::State::is_final)
}
