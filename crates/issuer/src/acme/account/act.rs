//! Carries out the plan: makes and stores a key, registers, changes the contact. What the server says becomes the outcome.

use std::time::Duration;

use evercert_acme::{Account, AccountKey, AcmeClient, Class, ExternalAccount, Registration, SignedClient, Status};
use evercert_api::acme::v1::{AcmeIssuer, AcmeIssuerStatus};
use evercert_core::apply::ErrorClass;
use evercert_core::backoff::Backoff;
use evercert_core::controller::Next;
use evercert_core::watch::Key;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::super::clients::options;
use super::super::names::{ACCOUNT_KEY, MANAGED_BY, issuer as reasons};
use super::super::outcome::{Error, IssuerOutcome};
use super::decide::{KeyFacts, Plan, decide};
use super::gather::{binding_key, gather, registered};
use crate::context::Context;
use crate::issuers::object::IssuerObject;

/// Message of a ready issuer.
const READY: &str = "The ACME account was registered with the ACME server";

/// A failed step: reason of the condition, and what happened.
type Failure = (&'static str, Trouble);

enum Trouble {
    /// The settings or credentials are wrong; in words what to change.
    Words(String),
    /// The server or the way to it.
    Acme(evercert_acme::Error),
}

/// Registers the account of an ACME issuer, or finds that all is well.
pub async fn setup_issuer(ctx: &Context, issuer: &IssuerObject) -> Result<IssuerOutcome, Error> {
    let acme = issuer.spec().acme.clone().unwrap_or_default();
    let memory = memory_key(ctx, issuer, &acme);
    let (mut observed, mut key) = gather(ctx, issuer, &acme).await?;
    let mut plan = decide(&observed);
    if plan == Plan::MakeKey {
        let made = make_key(ctx, issuer, &acme).await?;
        let checksum = made.as_ref().and_then(|key| key.checksum().ok());
        let facts = |checksum| KeyFacts::Present { checksum };
        observed.key = checksum.map_or(KeyFacts::Unusable("the account key could not be made".into()), facts);
        key = made;
        plan = decide(&observed);
    }
    let status = observed.status.clone();
    let (Some(key), KeyFacts::Present { checksum }) = (key, observed.key) else {
        return Ok(refused(plan, status));
    };
    let outcome = match plan {
        Plan::Keep => return Ok(ready(status)),
        Plan::Refuse { .. } | Plan::MakeKey => return Ok(refused(plan, status)),
        Plan::Register | Plan::UpdateContact => {
            let facts = ctx.acme.issuer_memory.of(&memory);
            if let Some(until) = facts.hold.filter(|until| ctx.rt.clock.now() < *until) {
                return Ok(held(issuer, status, until));
            }
            let known = (plan == Plan::UpdateContact).then(|| status.uri.clone());
            register(ctx, issuer, &acme, key, known).await?
        }
    };
    Ok(match outcome {
        Ok(account) => {
            ctx.acme.issuer_memory.forget(&memory);
            ready(registered(account.url, &acme, checksum))
        }
        Err(failure) => failed(ctx, &memory, status, failure),
    })
}

/// A failure is held against these settings and Secrets only: where the user changes one, the next attempt is at once.
fn memory_key(ctx: &Context, issuer: &IssuerObject, acme: &AcmeIssuer) -> Key {
    let namespace = issuer.secret_namespace(&ctx.settings);
    let seen = super::issuer_secrets(acme)
        .into_iter()
        .filter_map(|name| ctx.secrets.get(Some(&namespace), &name));
    let versions: Vec<String> = seen
        .filter_map(|secret| secret.metadata.resource_version.clone())
        .collect();
    Key::new(
        None,
        &format!("{}/{}/{}", issuer.uid(), issuer.generation(), versions.join("/")),
    )
}

/// A new account key in the issuer's Secret; `None` where another process was faster and the next pass will read its key.
async fn make_key(ctx: &Context, issuer: &IssuerObject, acme: &AcmeIssuer) -> Result<Option<AccountKey>, Error> {
    let made = tokio::task::spawn_blocking(AccountKey::generate_rsa).await;
    let Ok(Ok(key)) = made else { return Ok(None) };
    let Ok(pem) = key.to_pem() else { return Ok(None) };
    let namespace = issuer.secret_namespace(&ctx.settings);
    let entry = acme
        .private_key_secret_ref
        .key
        .clone()
        .filter(|key| !key.is_empty())
        .unwrap_or_else(|| ACCOUNT_KEY.to_owned());
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(acme.private_key_secret_ref.name.clone()),
            namespace: Some(namespace.clone()),
            labels: Some([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())].into()),
            ..ObjectMeta::default()
        },
        data: Some([(entry, ByteString(pem))].into()),
        ..Secret::default()
    };
    match ctx.acme.writer.create(Some(&namespace), &secret).await {
        Ok(_) => Ok(Some(key)),
        Err(error) if error.class() == ErrorClass::Conflict => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Finds the account of the key or makes it, and sees to its contact. `known` is the account's URL if only that changed.
async fn register(
    ctx: &Context,
    issuer: &IssuerObject,
    acme: &AcmeIssuer,
    key: AccountKey,
    known: Option<String>,
) -> Result<Result<Account, Failure>, Error> {
    let client = match client(ctx, acme, key, known.clone()) {
        Ok(client) => client,
        Err(error) => return Ok(Err((reasons::ERR_REGISTER, Trouble::Acme(error)))),
    };
    if known.is_some() {
        let updated = client.update_account(contact(acme)).await;
        return Ok(updated.map_err(|error| (reasons::ERR_UPDATE, Trouble::Acme(error))));
    }
    let existing = client
        .register(Registration {
            only_existing: true,
            ..Registration::default()
        })
        .await;
    match existing {
        Ok(account) => Ok(adopt(&client, acme, account).await),
        Err(error) if error.is("accountDoesNotExist") => match external_account(ctx, issuer, acme).await? {
            Ok(external_account) => Ok(create(&client, acme, external_account).await),
            Err(why) => Ok(Err((reasons::ERR_REGISTER, Trouble::Words(why)))),
        },
        Err(error) => Ok(Err((reasons::ERR_REGISTER, Trouble::Acme(error)))),
    }
}

fn client(
    ctx: &Context,
    acme: &AcmeIssuer,
    key: AccountKey,
    account: Option<String>,
) -> Result<SignedClient, evercert_acme::Error> {
    let transport = ctx.acme.clients.transport(&options(acme))?;
    SignedClient::new(transport, &acme.server, key, account)
}

/// An account that exists already, e.g. because the Secret came from another cluster.
async fn adopt(client: &SignedClient, acme: &AcmeIssuer, account: Account) -> Result<Account, Failure> {
    if matches!(account.status, Status::Deactivated | Status::Revoked) {
        let why = "the ACME account of this key is deactivated: delete the key's Secret to register a new one";
        return Err((reasons::ERR_VERIFY, Trouble::Words(why.into())));
    }
    let wanted = contact(acme);
    if wanted.is_empty() || account.contact == wanted {
        return Ok(account);
    }
    client
        .update_account(wanted)
        .await
        .map_err(|error| (reasons::ERR_UPDATE, Trouble::Acme(error)))
}

async fn create(
    client: &SignedClient,
    acme: &AcmeIssuer,
    external_account: Option<ExternalAccount>,
) -> Result<Account, Failure> {
    let directory = client
        .directory()
        .await
        .map_err(|error| (reasons::ERR_REGISTER, Trouble::Acme(error)))?;
    if directory.meta.external_account_required && external_account.is_none() {
        let why = "the ACME server accepts only accounts that are bound to one of its own: set spec.acme.externalAccountBinding";
        return Err((reasons::ERR_REGISTER, Trouble::Words(why.into())));
    }
    let registration = Registration {
        contact: contact(acme),
        external_account,
        only_existing: false,
    };
    client
        .register(registration)
        .await
        .map_err(|error| (reasons::ERR_REGISTER, Trouble::Acme(error)))
}

async fn external_account(
    ctx: &Context,
    issuer: &IssuerObject,
    acme: &AcmeIssuer,
) -> Result<Result<Option<ExternalAccount>, String>, Error> {
    let Some(found) = binding_key(ctx, issuer, acme).await? else {
        return Ok(Ok(None));
    };
    let key_id = acme
        .external_account_binding
        .as_ref()
        .map(|binding| binding.key_id.as_str())
        .unwrap_or_default();
    Ok(found.and_then(|key| {
        ExternalAccount::new(key_id, &key)
            .map(Some)
            .map_err(|error| error.to_string())
    }))
}

fn contact(acme: &AcmeIssuer) -> Vec<String> {
    if acme.email.is_empty() {
        vec![]
    } else {
        vec![format!("mailto:{}", acme.email)]
    }
}

fn ready(acme: AcmeIssuerStatus) -> IssuerOutcome {
    IssuerOutcome {
        ready: true,
        reason: reasons::REGISTERED.into(),
        message: READY.into(),
        acme: Some(acme),
        next: Next::Done,
    }
}

fn refused(plan: Plan, status: AcmeIssuerStatus) -> IssuerOutcome {
    let (reason, message) = match plan {
        Plan::Refuse { reason, message } => (reason, message),
        _ => (
            reasons::ERR_REGISTER,
            "the account key was just made by somebody else".to_owned(),
        ),
    };
    // A Secret in the way or made meanwhile tells of itself; a refused setting waits for the user.
    let next = if reason == reasons::ERR_REGISTER {
        Next::After(Duration::from_secs(1))
    } else {
        Next::Done
    };
    IssuerOutcome {
        ready: false,
        reason: reason.into(),
        message,
        acme: known(status),
        next,
    }
}

/// The last failure stands until its wait is over, whatever woke the issuer.
fn held(issuer: &IssuerObject, status: AcmeIssuerStatus, until: jiff::Timestamp) -> IssuerOutcome {
    let condition = issuer
        .status()
        .and_then(|status| evercert_core::conditions::find(&status.conditions, crate::names::conditions::READY));
    let (reason, message) = condition
        .map(|ready| (ready.reason.clone(), ready.message.clone()))
        .unwrap_or_default();
    IssuerOutcome {
        ready: false,
        reason,
        message,
        acme: known(status),
        next: Next::At(until),
    }
}

fn failed(ctx: &Context, memory: &Key, status: AcmeIssuerStatus, (reason, trouble): Failure) -> IssuerOutcome {
    let now = ctx.rt.clock.now();
    let (asked_for, limited) = match &trouble {
        Trouble::Words(_) => (None, false),
        Trouble::Acme(error) => match error.class() {
            Class::RateLimited { retry_after } => (retry_after.map(|after| after.wait(now)), true),
            Class::Transient { retry_after } => (retry_after.map(|after| after.wait(now)), false),
            Class::Terminal => (None, false),
        },
    };
    let until = ctx.acme.issuer_memory.failed(memory, now, Backoff::ACME, asked_for);
    let mut message = match trouble {
        Trouble::Words(why) => why,
        Trouble::Acme(error) => error.to_string(),
    };
    if limited {
        message = format!("{message}; the next attempt is at {}", super::super::at(until));
    }
    IssuerOutcome {
        ready: false,
        reason: reason.into(),
        message,
        acme: known(status),
        next: Next::At(until),
    }
}

fn known(status: AcmeIssuerStatus) -> Option<AcmeIssuerStatus> {
    (status != AcmeIssuerStatus::default()).then_some(status)
}
