//! The renewals: following those that come by themselves, and asking for the last two.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::certs;
use crate::journal::{Entry, Fact, Journal};
use crate::names::{CUSTOMER_HOST, CUSTOMER_SECRET, PREFERENCE_SECRET, RENEWALS, ROUTE_SECRET};
use crate::objects;
use crate::renewals::{self, Chain, Renewal};
use crate::report::{Checks, Timeline, Traffic};
use crate::say::Say;
use crate::steps::{self, Step};
use crate::story::Stage;
use crate::table;

/// preference: the Secret of its Certificate and the Deployment that uses it.
pub const PREFERENCE: Chain<'static> = Chain {
    secret: PREFERENCE_SECRET,
    deployment: "preference-v1",
};
/// customer likewise.
pub const CUSTOMER: Chain<'static> = Chain {
    secret: CUSTOMER_SECRET,
    deployment: "customer",
};

/// Longest wait for one renewal that is due every minute.
const EACH: Duration = Duration::from_mins(2);
/// Time after a rollout in which a second one would show.
const SECOND_ROLLOUT: Duration = Duration::from_secs(5);

/// Follows the renewals of preference, one line each; ends early where one does not come.
pub async fn follow(journal: &Journal, say: &Say, begun: u64, traffic: impl Fn() -> Traffic) {
    for number in 1..=RENEWALS {
        let served = |entries: &[Entry]| {
            renewals::since(entries, PREFERENCE, begun)
                .into_iter()
                .nth(number - 1)
                .filter(|one| one.served.is_some())
        };
        let Some(renewal) = journal.until(EACH, served).await else {
            say.check(
                false,
                &format!("renewal {number} was not served within {} s", EACH.as_secs()),
            );
            return;
        };
        let Traffic { requests, failed, .. } = traffic();
        let after = |ms: Option<u64>| ms.map_or("?".into(), |ms| ms.saturating_sub(renewal.issued).to_string());
        let text = format!(
            "renewal {number}/{RENEWALS}: serial {}, keystore +{} ms, rollout +{} ms, served +{} ms; {requests} requests, {failed} failed",
            table::short(&renewal.serial),
            after(renewal.keystore),
            after(renewal.rollout),
            after(renewal.served),
        );
        say.note(&text);
    }
}

async fn ask(stage: &Stage, say: &Say, step: &Step) -> Result<()> {
    say.step(step);
    for command in step.commands {
        stage.shell.run(command).await.with_context(|| step.title)?;
    }
    Ok(())
}

/// Renews customer's internal certificate; its pods, destination CA and truststore have to follow.
pub async fn customer(stage: &Stage, say: &Say, journal: &Arc<Journal>, checks: &mut Checks) -> Result<()> {
    let asked = journal.now_ms();
    ask(stage, say, &steps::RENEW_CUSTOMER).await?;
    let first = |entries: &[Entry]| renewals::since(entries, CUSTOMER, asked).into_iter().next();
    let route = watch_route(stage, journal, asked);
    let served = journal.until(EACH, |entries| first(entries).filter(|one| one.served.is_some()));
    let (served, route) = tokio::join!(served, route);
    let Some(Renewal { serial, .. }) = served else {
        say.check(false, "the new certificate was never served");
        return Ok(());
    };
    // A second rollout, were there one, has to get its chance.
    let _: Option<()> = journal.until(SECOND_ROLLOUT, |_| None).await;
    let renewal = first(&journal.entries()).context("the renewal vanished from the journal")?;
    checks.timeline_ms = timeline(&renewal, asked, route);
    checks.customer_follows = follows(stage, say, &serial).await?;
    say.check(
        renewal.replica_sets.len() == 1,
        &format!(
            "{} new ReplicaSet of customer; it serves {}",
            renewal.replica_sets.len(),
            table::short(&serial)
        ),
    );
    checks.customer = Some(renewal);
    Ok(())
}

fn timeline(renewal: &Renewal, asked: u64, route: Option<u64>) -> Timeline {
    let since = |ms: Option<u64>| ms.map(|ms| ms.saturating_sub(asked));
    Timeline {
        issued: since(Some(renewal.issued)),
        keystore: since(renewal.keystore),
        route: since(route),
        rollout: since(renewal.rollout),
        served: since(renewal.served),
    }
}

/// When, after the new certificate was issued, the Route's destination CA was seen to be that of the Secret.
async fn watch_route(stage: &Stage, journal: &Journal, asked: u64) -> Option<u64> {
    journal
        .until(EACH, |entries| {
            renewals::since(entries, CUSTOMER, asked).first().map(|one| one.issued)
        })
        .await?;
    let agrees = async {
        loop {
            let ca = objects::secret_key(&stage.client, CUSTOMER_SECRET, "ca.crt")
                .await
                .ok()
                .flatten();
            let demanded = objects::destination_ca(&stage.client, "customer").await.ok().flatten();
            if ca.is_some() && ca == demanded.map(String::into_bytes) {
                return journal.now_ms();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(EACH, agrees).await.ok()
}

/// True where keystore, truststore and destination CA are those of the certificate with this serial.
async fn follows(stage: &Stage, say: &Say, serial: &str) -> Result<bool> {
    let key = async |name: &str| {
        objects::secret_key(&stage.client, CUSTOMER_SECRET, name)
            .await
            .map(Option::unwrap_or_default)
    };
    let (leaf, ca) = (
        certs::first_of_pem(&key("tls.crt").await?),
        certs::first_of_pem(&key("ca.crt").await?),
    );
    let (keystore, truststore) = (key("keystore.jks").await?, key("truststore.jks").await?);
    let demanded = objects::destination_ca(&stage.client, "customer")
        .await?
        .unwrap_or_default();
    let leaf_in = leaf.is_some_and(|leaf| leaf.serial == serial && certs::keystore_holds(&keystore, &leaf));
    let ca_in = ca.as_ref().is_some_and(|ca| certs::keystore_holds(&truststore, ca));
    let same = ca.is_some() && ca == certs::first_of_pem(demanded.as_bytes());
    let checks = [
        (leaf_in, "keystore.jks holds the new certificate"),
        (ca_in, "truststore.jks holds its CA"),
        (same, "the Route demands that CA of its pods (destinationCACertificate)"),
    ];
    Ok(checks.map(|(ok, text)| say.check(ok, text)).into_iter().all(|ok| ok))
}

/// Renews the external certificate of customer's Route: the router has to show it, and nothing restarts.
pub async fn route(stage: &Stage, say: &Say, journal: &Arc<Journal>, checks: &mut Checks) -> Result<()> {
    let asked = journal.now_ms();
    ask(stage, say, &steps::RENEW_ROUTE).await?;
    let new = |entries: &[Entry]| {
        let issued = entries.iter().find(|entry| {
            entry.ms > asked && matches!(&entry.fact, Fact::Issued { secret, .. } if secret == ROUTE_SECRET)
        })?;
        let Fact::Issued { serial, .. } = &issued.fact else {
            return None;
        };
        let at = |wanted: &Fact| entries.iter().find(|entry| entry.fact == *wanted).map(|entry| entry.ms);
        let route = at(&Fact::Route {
            route: "customer".into(),
            serial: serial.clone(),
        })?;
        let shown = at(&Fact::RouterServed {
            host: CUSTOMER_HOST.into(),
            serial: serial.clone(),
        })?;
        Some((issued.ms, route, shown))
    };
    let found = journal.until(EACH, new).await;
    let text = found.map_or(
        "the router never showed the new certificate".into(),
        |(issued, route, shown)| {
            let (route, shown, issued) = (
                route.saturating_sub(issued),
                shown.saturating_sub(issued),
                issued.saturating_sub(asked),
            );
            format!("new order done in {issued} ms; in the Route +{route} ms, shown to clients +{shown} ms")
        },
    );
    checks.acme_chain_ok &= say.check(found.is_some(), &text);
    Ok(())
}
