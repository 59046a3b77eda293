//! The signed-request path of our own: every call of [`AcmeClient`] for every kind of account key.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::action::Action;
use crate::client::{AcmeClient, Call, Registration};
use crate::error::Error;
use crate::jws::{self, Identity, Target};
use crate::key::AccountKey;
use crate::nonce::NoncePool;
use crate::problem::Problem;
use crate::resources::{Account, Authorization, Chain, Directory, NewOrder, Order};
use crate::transport::{Answer, Transport, host_of, parse};
use crate::wire;

/// Attempts of one call that end in `badNonce` before it fails (upstream: 5 to 6).
const NONCE_ATTEMPTS: usize = 5;
/// Longest certificate chain in bytes that is taken.
const CHAIN_LIMIT: usize = 1 << 20;

/// One account key at one ACME server.
pub struct SignedClient {
    transport: Transport,
    directory_url: String,
    key: AccountKey,
    account_url: OnceCell<String>,
    directory: OnceCell<Arc<Directory>>,
    nonces: NoncePool,
}

impl fmt::Debug for SignedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedClient")
            .field("directory", &self.directory_url)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl SignedClient {
    /// A client for the server at `directory_url`; with `account_url` where the account is known already.
    ///
    /// # Errors
    /// [`Error::Config`] where the address is no URL.
    pub fn new(
        transport: Transport,
        directory_url: &str,
        key: AccountKey,
        account_url: Option<String>,
    ) -> Result<Self, Error> {
        parse(directory_url)?;
        Ok(Self {
            transport,
            directory_url: directory_url.to_owned(),
            key,
            account_url: OnceCell::new_with(account_url),
            directory: OnceCell::new(),
            nonces: NoncePool::default(),
        })
    }

    async fn load_directory(&self) -> Result<Arc<Directory>, Error> {
        let load = || async {
            let answer = self
                .transport
                .fetch(Action::Directory, Method::GET, &self.directory_url)
                .await?;
            let answer = accepted(Action::Directory, answer)?;
            let directory: Option<Directory> = serde_json::from_slice(&answer.body).ok();
            let complete = |d: &Directory| {
                ![&d.new_nonce, &d.new_account, &d.new_order]
                    .iter()
                    .any(|url| url.is_empty())
            };
            let directory = directory
                .filter(complete)
                .ok_or_else(|| self.not_acme(Action::Directory, "no directory object"))?;
            Ok(Arc::new(directory))
        };
        self.directory.get_or_try_init(load).await.cloned()
    }

    async fn nonce(&self) -> Result<String, Error> {
        if let Some(nonce) = self.nonces.take() {
            return Ok(nonce);
        }
        let url = &self.load_directory().await?.new_nonce;
        let answer = self.transport.fetch(Action::Nonce, Method::HEAD, url).await?;
        let answer = accepted(Action::Nonce, answer)?;
        self.keep_nonce(&answer);
        self.nonces
            .take()
            .ok_or_else(|| self.not_acme(Action::Nonce, "no Replay-Nonce header"))
    }

    fn keep_nonce(&self, answer: &Answer) {
        if let Some(nonce) = answer.header("replay-nonce") {
            self.nonces.put(nonce);
        }
    }

    /// Signs and sends; a refused nonce is replaced by the one that came with the refusal.
    async fn send(&self, action: Action, identity: Identity<'_>, url: &str, payload: &str) -> Result<Answer, Error> {
        for _ in 1..NONCE_ATTEMPTS {
            match self.send_once(action, identity, url, payload).await {
                Err(error) if error.is("badNonce") => {}
                outcome => return outcome,
            }
        }
        self.send_once(action, identity, url, payload).await
    }

    async fn send_once(
        &self,
        action: Action,
        identity: Identity<'_>,
        url: &str,
        payload: &str,
    ) -> Result<Answer, Error> {
        let nonce = self.nonce().await?;
        let body = jws::signed(&self.key, identity, Target { url, nonce: &nonce }, payload)?;
        let answer = self.transport.post(action, url, body).await?;
        let nonce = answer.header("replay-nonce").map(str::to_owned);
        let outcome = accepted(action, answer);
        if outcome.as_ref().is_err_and(|error| error.is("badNonce")) {
            self.nonces.clear();
        }
        if let Some(nonce) = nonce {
            self.nonces.put(&nonce);
        }
        outcome
    }

    async fn as_account(&self, action: Action, url: &str, payload: &str) -> Result<Answer, Error> {
        let unknown = || Error::Config {
            what: "the ACME account is not registered yet".into(),
        };
        let account = self.account_url.get().ok_or_else(unknown)?;
        self.send(action, Identity::Account(account), url, payload).await
    }

    async fn do_register(&self, registration: Registration) -> Result<Account, Error> {
        let directory = self.load_directory().await?;
        let mut payload = json!({"termsOfServiceAgreed": true});
        if registration.only_existing {
            payload = json!({"onlyReturnExisting": true});
        } else if !registration.contact.is_empty() {
            payload["contact"] = json!(registration.contact);
        }
        if let Some(external) = &registration.external_account {
            payload["externalAccountBinding"] = external.binding(&self.key, &directory.new_account)?;
        }
        let answer = self
            .send(
                Action::Register,
                Identity::Key,
                &directory.new_account,
                &payload.to_string(),
            )
            .await?;
        let url = absolute(&directory.new_account, answer.header("location").unwrap_or_default());
        let account =
            wire::account(&url, &answer.body).ok_or_else(|| self.not_acme(Action::Register, "no account object"))?;
        let _ = self.account_url.set(url);
        Ok(account)
    }

    fn read_order(&self, action: Action, answer: &Answer, url: &str) -> Result<Order, Error> {
        wire::order(url, &answer.headers, &answer.body).ok_or_else(|| self.not_acme(action, "no order object"))
    }

    fn not_acme(&self, action: Action, detail: &str) -> Error {
        let host = parse(&self.directory_url).map(|url| host_of(&url)).unwrap_or_default();
        Error::NotAcme {
            action,
            host,
            detail: format!("{detail} in its answer"),
        }
    }
}

/// A `Location` resolved against the URL of the request; empty where there is none.
fn absolute(base: &str, location: &str) -> String {
    if location.is_empty() {
        return String::new();
    }
    reqwest::Url::parse(base)
        .and_then(|base| base.join(location))
        .map(String::from)
        .unwrap_or_default()
}

/// The answer if it is a success, otherwise the refusal it tells.
fn accepted(action: Action, answer: Answer) -> Result<Answer, Error> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let mut problem = Problem::from_response(answer.status.as_u16(), &answer.body);
    if answer.status.is_redirection() {
        let to = answer.header("location").unwrap_or("elsewhere");
        problem.detail = crate::problem::clip(&format!("the server redirects to {to}; use that address"), 300);
    }
    Err(Error::Refused {
        action,
        problem,
        retry_after: wire::retry_after(&answer.headers),
    })
}

impl AcmeClient for SignedClient {
    fn directory(&self) -> Call<'_, Arc<Directory>> {
        Box::pin(self.load_directory())
    }

    fn register(&self, registration: Registration) -> Call<'_, Account> {
        Box::pin(self.do_register(registration))
    }

    fn update_account(&self, contact: Vec<String>) -> Call<'_, Account> {
        Box::pin(async move {
            let url = self.account_url.get().cloned().unwrap_or_default();
            let answer = self
                .as_account(Action::UpdateAccount, &url, &json!({"contact": contact}).to_string())
                .await?;
            wire::account(&url, &answer.body).ok_or_else(|| self.not_acme(Action::UpdateAccount, "no account object"))
        })
    }

    fn new_order(&self, wish: NewOrder) -> Call<'_, Order> {
        Box::pin(async move {
            let directory = self.load_directory().await?;
            let payload = serde_json::to_value(&wish).unwrap_or(Value::Null).to_string();
            let answer = self
                .as_account(Action::NewOrder, &directory.new_order, &payload)
                .await?;
            let url = absolute(&directory.new_order, answer.header("location").unwrap_or_default());
            self.read_order(Action::NewOrder, &answer, &url)
        })
    }

    fn order<'a>(&'a self, url: &'a str) -> Call<'a, Order> {
        Box::pin(async move {
            let answer = self.as_account(Action::GetOrder, url, "").await?;
            self.read_order(Action::GetOrder, &answer, url)
        })
    }

    fn authorization<'a>(&'a self, url: &'a str) -> Call<'a, Authorization> {
        Box::pin(async move {
            let answer = self.as_account(Action::GetAuthorization, url, "").await?;
            let missing = || self.not_acme(Action::GetAuthorization, "no authorization object");
            wire::authorization(&answer.headers, &answer.body).ok_or_else(missing)
        })
    }

    fn accept<'a>(&'a self, url: &'a str) -> Call<'a, ()> {
        Box::pin(async move { self.as_account(Action::Accept, url, "{}").await.map(drop) })
    }

    fn finalize<'a>(&'a self, order_url: &'a str, finalize_url: &'a str, csr_der: &'a [u8]) -> Call<'a, Order> {
        Box::pin(async move {
            let payload = json!({"csr": URL_SAFE_NO_PAD.encode(csr_der)}).to_string();
            let answer = self.as_account(Action::Finalize, finalize_url, &payload).await?;
            self.read_order(Action::Finalize, &answer, order_url)
        })
    }

    fn certificate<'a>(&'a self, url: &'a str) -> Call<'a, Chain> {
        Box::pin(async move {
            let answer = self.as_account(Action::Certificate, url, "").await?;
            let alternates = wire::alternates(url, &answer.headers);
            let pem = String::from_utf8(answer.body.to_vec()).ok();
            let pem = pem.filter(|pem| pem.len() <= CHAIN_LIMIT && pem.contains("-----BEGIN CERTIFICATE-----"));
            let pem = pem.ok_or_else(|| self.not_acme(Action::Certificate, "no certificate"))?;
            Ok(Chain { pem, alternates })
        })
    }

    fn revoke<'a>(&'a self, certificate_der: &'a [u8], reason: Option<u8>) -> Call<'a, ()> {
        Box::pin(async move {
            let directory = self.load_directory().await?;
            let mut payload = json!({"certificate": URL_SAFE_NO_PAD.encode(certificate_der)});
            if let Some(reason) = reason {
                payload["reason"] = json!(reason);
            }
            self.as_account(Action::Revoke, &directory.revoke_cert, &payload.to_string())
                .await
                .map(drop)
        })
    }

    fn key_authorization(&self, token: &str) -> String {
        self.key.key_authorization(token)
    }
}
