//! The operator running in a namespace of a real API server.

use std::path::PathBuf;
use std::time::Duration;

use evercert_api::route::v1::Route;
use evercert_cert_utils::operator;
use evercert_core::testing::faults::FaultPlan;
use evercert_core::testing::wait::{until, until_quiet};
use evercert_core::testing::{Process, TestResult, plane};
use evercert_core::watch::Scope;
use evercert_harness::{Plane, router::ROUTE_CRD};
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::events::v1::Event;
use kube::api::{ApiResource, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_secs(30);
const REST: Duration = Duration::from_millis(700);

pub struct World {
    pub namespace: String,
    pub faults: FaultPlan,
    pub secrets: Api<Secret>,
    pub routes: Api<Route>,
    events: Api<Event>,
    kubeconfig: PathBuf,
    operator: Option<Process>,
}

impl World {
    /// A fresh namespace with the operator in it; the Route CRD is there.
    pub async fn start() -> TestResult<Self> {
        let mut world = Self::prepare().await?;
        world.restart()?;
        Ok(world)
    }

    /// The same without the operator.
    pub async fn prepare() -> TestResult<Self> {
        let plane = Plane::shared().await;
        plane.apply(ROUTE_CRD).await?;
        let namespace = plane.namespace("cert-utils").await?;
        Ok(Self::at(plane.client().await?, plane.kubeconfig(), namespace))
    }

    pub fn at(client: Client, kubeconfig: PathBuf, namespace: String) -> Self {
        Self {
            faults: FaultPlan::default(),
            secrets: Api::namespaced(client.clone(), &namespace),
            routes: Api::namespaced(client.clone(), &namespace),
            events: Api::namespaced(client, &namespace),
            namespace,
            kubeconfig,
            operator: None,
        }
    }

    /// Kills the operator if it runs, and starts it with nothing counted.
    pub fn restart(&mut self) -> TestResult {
        self.operator = None;
        self.faults = FaultPlan::default();
        self.operator = Some(operate(
            self.kubeconfig.clone(),
            self.namespace.clone(),
            self.faults.clone(),
        )?);
        Ok(())
    }

    pub fn kill(&mut self) {
        self.operator = None;
    }

    /// Creates a Secret with that data; of type TLS where both keys are given.
    pub async fn create_secret(&self, name: &str, annotations: Value, data: &[(&str, &str)]) -> TestResult {
        let string_data: serde_json::Map<_, _> = data
            .iter()
            .map(|(key, text)| ((*key).to_owned(), Value::from(*text)))
            .collect();
        let metadata = json!({"name": name, "annotations": annotations});
        let secret = serde_json::from_value(json!({"metadata": metadata, "stringData": string_data}))?;
        self.secrets.create(&PostParams::default(), &secret).await?;
        Ok(())
    }

    /// With all fields that are given, known to our types or not.
    pub async fn create_route(&self, name: &str, annotations: Value, spec: Value) -> TestResult {
        let metadata = json!({"name": name, "annotations": annotations});
        let route = json!({"apiVersion": "route.openshift.io/v1", "kind": "Route", "metadata": metadata, "spec": spec});
        self.raw_routes()
            .create(&PostParams::default(), &serde_json::from_value(route)?)
            .await?;
        Ok(())
    }

    /// A change by hand, as `kubectl patch` makes it.
    pub async fn patch_secret(&self, name: &str, patch: Value) -> TestResult<Secret> {
        Ok(self
            .secrets
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await?)
    }

    pub async fn patch_route(&self, name: &str, patch: Value) -> TestResult<Route> {
        Ok(self
            .routes
            .patch(name, &PatchParams::default(), &Patch::Merge(patch))
            .await?)
    }

    pub async fn until_secret(&self, name: &str, what: &str, is: impl Fn(&Secret) -> bool) -> TestResult<Secret> {
        until(what, LIMIT, async || {
            Ok(self.secrets.get_opt(name).await?.filter(|secret| is(secret)))
        })
        .await
    }

    pub async fn until_route(&self, name: &str, what: &str, is: impl Fn(&Route) -> bool) -> TestResult<Route> {
        until(what, LIMIT, async || {
            Ok(self.routes.get_opt(name).await?.filter(|route| is(route)))
        })
        .await
    }

    /// Waits for a warning on that object which holds this text.
    pub async fn until_warned(&self, name: &str, text: &str) -> TestResult {
        until(&format!("a warning on {name}: {text}"), LIMIT, async || {
            let found = self.warnings(name).await?.iter().any(|note| note.contains(text));
            Ok(found.then_some(()))
        })
        .await
    }

    pub async fn warnings(&self, name: &str) -> TestResult<Vec<String>> {
        let events = self.events.list(&ListParams::default()).await?;
        let about = |event: &Event| event.regarding.as_ref().and_then(|on| on.name.clone()) == Some(name.to_owned());
        let warnings = events
            .into_iter()
            .filter(|event| about(event) && event.reason.as_deref() == Some("ProcessingError"));
        Ok(warnings.filter_map(|event| event.note).collect())
    }

    /// The Route with the fields that our types do not know.
    pub async fn raw_route(&self, name: &str) -> TestResult<Value> {
        Ok(self.raw_routes().get(name).await?.data)
    }

    fn raw_routes(&self) -> Api<DynamicObject> {
        let resource = ApiResource::erase::<Route>(&());
        Api::namespaced_with(self.routes.clone().into_client(), &self.namespace, &resource)
    }

    /// All writes of the operator once it has come to rest: after it has listed and watched both kinds.
    pub async fn writes(&self) -> TestResult<Vec<String>> {
        until("lists and watches", LIMIT, async || {
            Ok((self.faults.calls() >= 4).then_some(()))
        })
        .await?;
        until_quiet("no more writes", REST, LIMIT, || self.faults.writes()).await?;
        Ok(self.faults.written().iter().map(ToString::to_string).collect())
    }
}

/// The operator of one namespace on threads of its own.
pub fn operate(kubeconfig: PathBuf, namespace: String, faults: FaultPlan) -> TestResult<Process> {
    Process::start(move || async move {
        let rt = plane::runtime(&kubeconfig, &faults).await.unwrap();
        operator::start(&rt, &Scope::Namespace(namespace)).await;
    })
}

pub fn data(secret: &Secret, key: &str) -> Option<Vec<u8>> {
    secret
        .data
        .as_ref()
        .and_then(|data| data.get(key))
        .map(|bytes| bytes.0.clone())
}

pub fn annotation(object: &impl ResourceExt, name: &str) -> Option<String> {
    object.annotations().get(name).cloned()
}
