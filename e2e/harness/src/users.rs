//! Who talks to the API server: clients from kubeconfigs, one kubeconfig a ServiceAccount.

use std::path::{Path, PathBuf};

use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{ObjectMeta, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

use crate::control_plane::ControlPlane;
use crate::error::{During, Error, Result};
use crate::kubeconfig::Server;
use crate::paths;

/// Validity of the tokens we ask for, seconds; longer than any run.
const TOKEN_SECONDS: i64 = 24 * 3600;

/// A client of the user of this kubeconfig.
pub async fn client(kubeconfig: &Path) -> Result<Client> {
    let config = config(kubeconfig).await?;
    Client::try_from(config).during(format_args!("build a client from {}", kubeconfig.display()))
}

/// The client configuration of this kubeconfig; environment proxies are not used.
pub async fn config(kubeconfig: &Path) -> Result<Config> {
    let failed = |error: kube::config::KubeconfigError| Error::Call {
        action: format!("read {}", kubeconfig.display()),
        source: Box::new(error),
    };
    let file = Kubeconfig::read_from(kubeconfig).map_err(failed)?;
    let mut config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default())
        .await
        .map_err(failed)?;
    config.proxy_url = None;
    Ok(config)
}

/// True where the API server says that it is ready.
pub async fn api_answers(client: &Client) -> bool {
    let Ok(request) = http::Request::get("/readyz").body(Vec::new()) else {
        return false;
    };
    client.request_text(request).await.is_ok()
}

/// Writes the kubeconfig of a ServiceAccount, which is made if missing.
pub async fn kubeconfig_for(admin: &Client, control: &ControlPlane, namespace: &str, name: &str) -> Result<PathBuf> {
    let accounts: Api<ServiceAccount> = Api::namespaced(admin.clone(), namespace);
    let account = ServiceAccount {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        },
        ..ServiceAccount::default()
    };
    match accounts.create(&PostParams::default(), &account).await {
        Err(kube::Error::Api(status)) if status.code == 409 => {}
        created => drop(created.during(format_args!("create ServiceAccount {namespace}/{name}"))?),
    }
    let wish = TokenRequest {
        spec: TokenRequestSpec {
            expiration_seconds: Some(TOKEN_SECONDS),
            ..TokenRequestSpec::default()
        },
        ..TokenRequest::default()
    };
    let request = accounts.create_token_request(name, &PostParams::default(), &wish).await;
    let request = request.during(format_args!("request a token for ServiceAccount {namespace}/{name}"))?;
    let token = request.status.map(|status| status.token).unwrap_or_default();
    let ca = control.ca();
    let config = Server {
        url: &control.url(),
        ca: &ca,
    }
    .with_token(name, &token);
    let path = control.kubeconfig(&format!("{namespace}.{name}"));
    paths::write(&path, config.to_string())?;
    Ok(path)
}
