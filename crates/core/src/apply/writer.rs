//! The verbs, each one request.

use std::borrow::Cow;

use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::Request;
use kube::{Client, Resource, ResourceExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::{ErrorClass, Operation, WriteError};

/// Writes under one field manager; cheap to clone.
#[derive(Clone)]
pub struct Writer {
    /// Where to.
    pub client: Client,
    /// As whom: the owner of the fields that are written.
    pub manager: &'static str,
}

type HttpRequest = Result<http::Request<Vec<u8>>, kube::core::request::Error>;

impl Writer {
    /// A writer for that field manager.
    pub fn new(client: Client, manager: &'static str) -> Self {
        Self { client, manager }
    }

    /// Server-side apply; takes over fields that others own (`force`). Creates the object if it is absent. What names the
    /// object (`apiVersion`, `kind`, name, namespace) may be left out of the patch.
    pub async fn apply<K>(&self, ns: Option<&str>, name: &str, patch: &Value) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        self.patch("apply", ns, name, &Patch::Apply(&*named::<K>(ns, name, patch)))
            .await
    }

    /// JSON merge patch.
    pub async fn merge<K>(&self, ns: Option<&str>, name: &str, patch: &Value) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        self.patch("patch", ns, name, &Patch::Merge(patch)).await
    }

    /// Strategic merge patch; built-in kinds only.
    pub async fn strategic<K>(&self, ns: Option<&str>, name: &str, patch: &Value) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        self.patch("patch", ns, name, &Patch::Strategic(patch)).await
    }

    /// JSON patch (RFC 6902): `operations` is the array of operations. Begin it with `test` for a checked write.
    pub async fn json<K>(&self, ns: Option<&str>, name: &str, operations: &Value) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        match serde_json::from_value(operations.clone()) {
            Ok(operations) => self.patch("patch", ns, name, &Patch::<()>::Json(operations)).await,
            Err(error) => Err(failed::<K>("patch", ns, name, kube::Error::SerdeError(error))),
        }
    }

    /// Server-side apply on the status subresource.
    pub async fn apply_status<K>(&self, ns: Option<&str>, name: &str, patch: &Value) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let params = self.patch_params(true);
        let patch = named::<K>(ns, name, patch);
        let request = requests::<K>(ns).patch_subresource("status", name, &params, &Patch::Apply(&*patch));
        self.send("apply status", ns, name, request).await
    }

    /// JSON merge patch on the status subresource.
    pub async fn merge_status<K>(&self, ns: Option<&str>, name: &str, patch: &Value) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let params = self.patch_params(false);
        let request = requests::<K>(ns).patch_subresource("status", name, &params, &Patch::Merge(patch));
        self.send("patch status", ns, name, request).await
    }

    /// Creates `obj`; an existing one is [`ErrorClass::Conflict`]. With `generateName` the server chooses the name.
    pub async fn create<K>(&self, ns: Option<&str>, obj: &K) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Serialize,
    {
        let name = obj.name_any();
        let request = requests::<K>(ns).create(&self.post_params(), body::<K>("create", ns, obj)?);
        self.send("create", ns, &name, request).await
    }

    /// Replaces a whole object of a kind of our own; its `resourceVersion` must still be the newest.
    pub async fn replace<K>(&self, obj: &K) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Serialize,
    {
        let (ns, name) = (obj.namespace(), obj.name_any());
        let data = body::<K>("update", ns.as_deref(), obj)?;
        let request = requests::<K>(ns.as_deref()).replace(&name, &self.post_params(), data);
        self.send("update", ns.as_deref(), &name, request).await
    }

    /// Replaces the status of `obj`, whose `resourceVersion` must still be the newest: the cheapest write for our own kinds.
    pub async fn replace_status<K>(&self, obj: &K) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Serialize,
    {
        let (ns, name) = (obj.namespace(), obj.name_any());
        let data = body::<K>("update status", ns.as_deref(), obj)?;
        let request = requests::<K>(ns.as_deref()).replace_subresource("status", &name, &self.post_params(), data);
        self.send("update status", ns.as_deref(), &name, request).await
    }

    /// Deletes an object; only that very one if `uid` is given. One that is gone already is fine.
    pub async fn delete<K>(&self, ns: Option<&str>, name: &str, uid: Option<&str>) -> Result<(), WriteError>
    where
        K: Resource<DynamicType = ()>,
    {
        let preconditions = uid.map(|uid| Preconditions {
            uid: Some(uid.to_owned()),
            resource_version: None,
        });
        let params = DeleteParams {
            preconditions,
            ..DeleteParams::background()
        };
        let request = requests::<K>(ns).delete(name, &params);
        match self.send_text(request).await {
            Ok(_) => Ok(()),
            Err(error) if ErrorClass::of(&error) == ErrorClass::NotFound => Ok(()),
            Err(error) => Err(failed::<K>("delete", ns, name, error)),
        }
    }

    /// Reads one object from the server, past every cache; `None` where it does not exist.
    pub async fn get<K>(&self, ns: Option<&str>, name: &str) -> Result<Option<K>, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let params = kube::api::GetParams::default();
        let requests = requests::<K>(ns);
        let request = if K::metadata_api() {
            requests.get_metadata(name, &params)
        } else {
            requests.get(name, &params)
        };
        match self.send("get", ns, name, request).await {
            Err(error) if error.class() == ErrorClass::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    async fn patch<K, P>(
        &self,
        verb: &'static str,
        ns: Option<&str>,
        name: &str,
        patch: &Patch<P>,
    ) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
        P: Serialize,
    {
        let params = self.patch_params(matches!(patch, Patch::Apply(_)));
        let requests = requests::<K>(ns);
        let metadata = K::metadata_api();
        let request = if metadata {
            requests.patch_metadata(name, &params, patch)
        } else {
            requests.patch(name, &params, patch)
        };
        self.send(verb, ns, name, request).await
    }

    fn patch_params(&self, force: bool) -> PatchParams {
        PatchParams {
            force,
            field_manager: Some(self.manager.to_owned()),
            ..PatchParams::default()
        }
    }

    fn post_params(&self) -> PostParams {
        PostParams {
            field_manager: Some(self.manager.to_owned()),
            ..PostParams::default()
        }
    }

    async fn send<K>(
        &self,
        verb: &'static str,
        ns: Option<&str>,
        name: &str,
        request: HttpRequest,
    ) -> Result<K, WriteError>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        let answer = self.send_text(request).await.and_then(|text| {
            // serde's message may quote the content that it could not read; only its place is kept.
            serde_json::from_str(&text).map_err(|error| kube::Error::SerdeError(without_content(&error)))
        });
        answer.map_err(|error| failed::<K>(verb, ns, name, error))
    }

    async fn send_text(&self, request: HttpRequest) -> kube::Result<String> {
        self.client
            .request_text(request.map_err(kube::Error::BuildRequest)?)
            .await
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("manager", &self.manager)
            .finish_non_exhaustive()
    }
}

fn requests<K: Resource<DynamicType = ()>>(ns: Option<&str>) -> Request {
    Request::new(K::url_path(&(), ns))
}

/// The patch with what names its object, as apply demands.
fn named<'a, K>(ns: Option<&str>, name: &str, patch: &'a Value) -> Cow<'a, Value>
where
    K: Resource<DynamicType = ()>,
{
    let has = |path| patch.pointer(path).is_some();
    if has("/apiVersion") && has("/kind") && has("/metadata/name") {
        return Cow::Borrowed(patch);
    }
    let mut patch = patch.clone();
    if let Some(fields) = patch.as_object_mut() {
        fields.insert("apiVersion".into(), K::api_version(&()).into());
        fields.insert("kind".into(), K::kind(&()).into());
        let metadata = fields
            .entry("metadata")
            .or_insert_with(|| Value::Object(serde_json::Map::new()));
        if let Some(metadata) = metadata.as_object_mut() {
            metadata.insert("name".into(), name.into());
            metadata.extend(ns.map(|ns| ("namespace".into(), ns.into())));
        }
    }
    Cow::Owned(patch)
}

fn body<K>(verb: &'static str, ns: Option<&str>, obj: &K) -> Result<Vec<u8>, WriteError>
where
    K: Resource<DynamicType = ()> + Serialize,
{
    serde_json::to_vec(obj).map_err(|error| {
        failed::<K>(
            verb,
            ns,
            &obj.name_any(),
            kube::Error::SerdeError(without_content(&error)),
        )
    })
}

fn failed<K>(verb: &'static str, ns: Option<&str>, name: &str, source: kube::Error) -> WriteError
where
    K: Resource<DynamicType = ()>,
{
    let operation = Operation {
        verb,
        kind: K::kind(&()).into_owned(),
        namespace: ns.map(Into::into),
        name: name.to_owned(),
    };
    WriteError::new(operation, source)
}

fn without_content(error: &serde_json::Error) -> serde_json::Error {
    use serde::de::Error as _;
    serde_json::Error::custom(format!(
        "unreadable answer (line {}, column {})",
        error.line(),
        error.column()
    ))
}
