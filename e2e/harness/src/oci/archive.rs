//! An image of layers, and its archive.

use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Builder, Header};

use super::Layer;
use crate::error::{During, Error, Result};

/// User and group of images that need no root.
pub const NONROOT: &str = "65532:65532";

const MEDIA: &str = "application/vnd.oci.image";

/// What `docker run` would need to know.
#[derive(Debug, Clone, Default)]
pub struct Image {
    /// Full name with tag: `localhost/evercert-issuer:1`.
    pub name: String,
    /// Program and fixed arguments.
    pub entrypoint: Vec<String>,
    /// Default arguments.
    pub cmd: Vec<String>,
    /// `UID:GID`; empty = root.
    pub user: String,
    /// `KEY=value`
    pub env: Vec<String>,
    /// Labels, e.g. `org.opencontainers.image.source`.
    pub labels: Vec<(String, String)>,
    /// Bottom first.
    pub layers: Vec<Layer>,
}

struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = crate::hex(&Sha256::digest(&bytes));
        Self { digest, bytes }
    }

    fn json(value: &Value) -> Self {
        Self::new(value.to_string().into_bytes())
    }

    fn descriptor(&self, media: &str) -> Value {
        json!({"mediaType": media, "digest": format!("sha256:{}", self.digest), "size": self.bytes.len()})
    }
}

impl Image {
    /// Writes the archive; `ctr images import`, `podman load` and `skopeo copy oci-archive:` read it.
    pub fn write(&self, path: &Path) -> Result<()> {
        let action = || format!("write image {} to {}", self.name, path.display());
        let (_, tag) = self
            .name
            .rsplit_once(':')
            .filter(|(_, tag)| !tag.contains('/'))
            .ok_or_else(|| {
                Error::Invalid(format!(
                    "image name {:?} has no tag; give it one, such as localhost/app:1",
                    self.name
                ))
            })?;
        let layers = self
            .layers
            .iter()
            .map(|layer| layer.tar().map(Blob::new))
            .collect::<Result<Vec<_>>>()?;
        let config = Blob::json(&self.config(&layers));
        let manifest = Blob::json(&manifest(&config, &layers));
        let mut entry = manifest.descriptor(&format!("{MEDIA}.manifest.v1+json"));
        // containerd takes the first annotation as the name; the second alone would name it by the date of import.
        entry["annotations"] = json!({
            "io.containerd.image.name": self.name, "org.opencontainers.image.ref.name": tag,
        });
        entry["platform"] = json!({"architecture": architecture(), "os": "linux"});
        let index = json!({"schemaVersion": 2, "mediaType": format!("{MEDIA}.index.v1+json"), "manifests": [entry]});

        let mut tar = Builder::new(File::create(path).during(action())?);
        add(&mut tar, "oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#).during(action())?;
        add(&mut tar, "index.json", index.to_string().as_bytes()).during(action())?;
        for blob in layers.iter().chain([&config, &manifest]) {
            add(&mut tar, &format!("blobs/sha256/{}", blob.digest), &blob.bytes).during(action())?;
        }
        tar.into_inner().during(action())?.sync_data().during(action())
    }

    fn config(&self, layers: &[Blob]) -> Value {
        let diff_ids: Vec<_> = layers.iter().map(|layer| format!("sha256:{}", layer.digest)).collect();
        let labels: serde_json::Map<_, _> = self.labels.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
        json!({
            "created": "1970-01-01T00:00:00Z", "architecture": architecture(), "os": "linux",
            "config": {
                "User": self.user, "Env": self.env, "Entrypoint": self.entrypoint, "Cmd": self.cmd,
                "WorkingDir": "/", "Labels": labels,
            },
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        })
    }
}

fn manifest(config: &Blob, layers: &[Blob]) -> Value {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| layer.descriptor(&format!("{MEDIA}.layer.v1.tar")))
        .collect();
    json!({
        "schemaVersion": 2, "mediaType": format!("{MEDIA}.manifest.v1+json"),
        "config": config.descriptor(&format!("{MEDIA}.config.v1+json")), "layers": layers,
    })
}

fn add(tar: &mut Builder<File>, path: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, path, bytes)
}

/// The architecture of this program in Go's words.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
