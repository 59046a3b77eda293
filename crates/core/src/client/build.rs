//! In-cluster or from a kubeconfig; kube's own layers below, our limits on top.

use std::path::PathBuf;

use http::header::{HeaderValue, USER_AGENT};
use http::{Request, Response};
use kube::client::{Body, ClientBuilder, DynBody};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tower::BoxError;
use tower::util::BoxService;

use super::limit::{CallLimit, CallLimitLayer};

/// kube's client stack as it comes (its own name for it is private).
pub type KubeService = BoxService<Request<Body>, Response<Box<DynBody>>, BoxError>;

/// Where the API server is and what we call ourselves.
#[derive(Debug, Clone, Default)]
pub struct ClientOptions {
    /// A kubeconfig file; `None`: in-cluster, otherwise as kubectl finds one.
    pub kubeconfig: Option<PathBuf>,
    /// `User-Agent`, which is what audit logs show.
    pub user_agent: String,
}

/// No client could be built.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The given kubeconfig is not usable.
    #[error("read kubeconfig {path}")]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    /// Neither in a cluster nor any kubeconfig.
    #[error("find the API server: not in a cluster, and no usable kubeconfig")]
    Infer(#[source] Box<kube::config::InferConfigError>),
    /// The configuration does not make a client.
    #[error("build the client")]
    Build(#[source] Box<kube::Error>),
    /// The user agent is not a header value.
    #[error("user agent {0:?} cannot be sent")]
    UserAgent(String),
}

/// A client as the options say.
pub async fn build(opts: &ClientOptions) -> Result<Client, ClientError> {
    from_config(config(opts).await?)
}

/// The configuration that [`build`] uses.
pub async fn config(opts: &ClientOptions) -> Result<Config, ClientError> {
    let mut config = match &opts.kubeconfig {
        Some(path) => from_file(path).await?,
        None => match Config::incluster() {
            Ok(mut config) => {
                // Within the cluster there is nothing to go through.
                config.proxy_url = None;
                config
            }
            Err(_) => Config::infer()
                .await
                .map_err(|error| ClientError::Infer(Box::new(error)))?,
        },
    };
    if !opts.user_agent.is_empty() {
        let agent = HeaderValue::from_str(&opts.user_agent);
        let agent = agent.map_err(|_| ClientError::UserAgent(opts.user_agent.clone()))?;
        config.headers.push((USER_AGENT, agent));
    }
    Ok(config)
}

async fn from_file(path: &PathBuf) -> Result<Config, ClientError> {
    let failed = |source| ClientError::Kubeconfig {
        path: path.clone(),
        source: Box::new(source),
    };
    let kubeconfig = Kubeconfig::read_from(path).map_err(failed)?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .map_err(failed)
}

/// A client for that configuration: kube's retries below, time-outs and request counts on top.
pub fn from_config(config: Config) -> Result<Client, ClientError> {
    Ok(builder(config)?.build())
}

/// As [`from_config`], for those who put a layer of their own on top.
pub fn builder(config: Config) -> Result<ClientBuilder<CallLimit<KubeService>>, ClientError> {
    let builder = ClientBuilder::try_from(config).map_err(|error| ClientError::Build(Box::new(error)))?;
    Ok(builder.with_layer(&CallLimitLayer::default()))
}
