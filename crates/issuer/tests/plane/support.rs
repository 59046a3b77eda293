//! A namespace with an operator of its own, and short ways to make and await objects in it.

use std::fmt::Debug;
use std::time::Duration;

use evercert_api::certmanager::v1::{Certificate, CertificateRequest, Issuer};
use evercert_api::meta::v1::{Condition, ConditionStatus};
use evercert_core::conditions;
use evercert_core::testing::faults::FaultPlan;
use evercert_core::testing::wait::{until, until_quiet};
use evercert_core::testing::{Process, plane};
use evercert_harness::Plane;
use evercert_issuer::flags::Settings;
use evercert_issuer::operator;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

pub const LIMIT: Duration = Duration::from_secs(30);

/// A namespace, and an operator that looks at nothing else.
pub struct World {
    pub ns: String,
    pub client: Client,
    pub plan: FaultPlan,
    operator: Option<Process>,
    settings: Settings,
}

static CRDS: OnceCell<()> = OnceCell::const_new();

/// The shared API server with our CRDs.
pub async fn server() -> &'static Plane {
    let plane = Plane::shared().await;
    CRDS.get_or_init(|| async { plane.apply_crds(evercert_api::crd::all()).await.unwrap() })
        .await;
    plane
}

impl World {
    pub async fn new(prefix: &str) -> Self {
        Self::with(prefix, |_| {}).await
    }

    pub async fn with(prefix: &str, change: impl FnOnce(&mut Settings)) -> Self {
        let plane = server().await;
        let ns = plane.namespace(prefix).await.unwrap();
        let mut settings = Settings {
            namespace: ns.clone(),
            ..Settings::default()
        };
        change(&mut settings);
        let client = plane.client().await.unwrap();
        let mut world = Self {
            ns,
            client,
            plan: FaultPlan::default(),
            operator: None,
            settings,
        };
        world.start();
        world
    }

    pub fn start(&mut self) {
        self.plan = FaultPlan::default();
        self.operator = Some(operate(self.plan.clone(), self.settings.clone()));
    }

    pub fn stop(&mut self) {
        self.operator = None;
    }

    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), &self.ns)
    }

    pub async fn create<K>(&self, object: K) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Serialize + Debug,
    {
        self.api().create(&PostParams::default(), &object).await.unwrap()
    }

    pub async fn merge<K>(&self, name: &str, patch: Value) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        self.api()
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await
            .unwrap()
    }

    pub async fn get<K>(&self, name: &str) -> Option<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        self.api().get_opt(name).await.unwrap()
    }

    /// Waits until an object of that name passes.
    pub async fn wait<K>(&self, name: &str, what: &str, passes: impl Fn(&K) -> bool) -> K
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + DeserializeOwned + Debug,
    {
        let found = until(what, LIMIT, async || {
            Ok(self.get::<K>(name).await.filter(|object| passes(object)))
        })
        .await;
        match found {
            Ok(found) => found,
            Err(error) => panic!(
                "{error}; last: {:?}; writes: {:?}",
                self.get::<K>(name).await,
                self.writes()
            ),
        }
    }

    pub async fn ready(&self, name: &str) -> Certificate {
        self.wait(name, &format!("Certificate {name} Ready"), |certificate| {
            is(certificate, "Ready", true)
                && certificate
                    .status
                    .as_ref()
                    .is_some_and(|status| status.revision.is_some())
        })
        .await
    }

    pub async fn revision(&self, name: &str, revision: i64) -> Certificate {
        self.wait(
            name,
            &format!("revision {revision} of {name}"),
            |certificate: &Certificate| {
                certificate
                    .status
                    .as_ref()
                    .is_some_and(|status| status.revision == Some(revision))
                    && is(certificate, "Ready", true)
            },
        )
        .await
    }

    pub async fn issuer_ready(&self, name: &str) -> Issuer {
        self.wait(name, &format!("Issuer {name} Ready"), |issuer: &Issuer| {
            issuer
                .status
                .as_ref()
                .is_some_and(|status| conditions::is_true(&status.conditions, "Ready"))
        })
        .await
    }

    pub async fn secret(&self, name: &str) -> Secret {
        self.get(name).await.unwrap_or_else(|| panic!("no Secret {name}"))
    }

    /// Writes of the operator so far: verb, resource.
    pub fn writes(&self) -> Vec<String> {
        self.plan
            .written()
            .iter()
            .map(|call| format!("{} {}", format!("{:?}", call.verb).to_lowercase(), call.resource))
            .collect()
    }

    /// Waits until the operator writes nothing for half a second.
    pub async fn quiet(&self) -> usize {
        until_quiet("no more writes", Duration::from_millis(500), LIMIT, || {
            self.plan.writes()
        })
        .await
        .unwrap()
    }
}

fn operate(plan: FaultPlan, settings: Settings) -> Process {
    Process::start(move || async move {
        let plane = Plane::shared().await;
        let rt = plane::runtime(&plane.kubeconfig(), &plan).await.unwrap();
        operator::start(rt, settings).await;
    })
    .unwrap()
}

/// Whether a condition has that status.
pub fn is(certificate: &Certificate, type_: &str, status: bool) -> bool {
    let wanted = if status {
        ConditionStatus::True
    } else {
        ConditionStatus::False
    };
    condition(certificate, type_).is_some_and(|condition| condition.status == wanted)
}

pub fn condition<'a>(certificate: &'a Certificate, type_: &str) -> Option<&'a Condition> {
    conditions::find(&certificate.status.as_ref()?.conditions, type_)
}

pub fn request_condition<'a>(request: &'a CertificateRequest, type_: &str) -> Option<&'a Condition> {
    conditions::find(&request.status.as_ref()?.conditions, type_)
}

pub fn text<'a>(secret: &'a Secret, key: &str) -> &'a str {
    let bytes = secret
        .data
        .as_ref()
        .and_then(|data| data.get(key))
        .unwrap_or_else(|| panic!("no {key}"));
    std::str::from_utf8(&bytes.0).unwrap()
}
