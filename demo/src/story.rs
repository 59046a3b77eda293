//! The story of the demo, in order: set-up by commands, the proofs, the renewals under load, the verdict.
//! It drives and looks; all evaluation is in `renewals` and `report`.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use kube::Client;

use crate::https::{Answer, Site};
use crate::journal::Journal;
use crate::load::{Load, Target};
use crate::names::{
    CUSTOMER_ANSWER, CUSTOMER_HOST, DEPLOYMENTS, PREFERENCE_ANSWER, PREFERENCE_HOST, PREFERENCE_SECRET,
    PREFERENCE_SERVICE, RENEWALS,
};
use crate::report::{self, Checks, Report};
use crate::say::Say;
use crate::shell::Shell;
use crate::steps::{self, Step};
use crate::{objects, renew, renewals, table, watches};

/// What the story needs to be told: a cluster with router and ACME CA, and a shell that reaches it.
#[derive(Clone)]
pub struct Stage {
    /// Runs commands against the cluster.
    pub shell: Shell,
    /// Looks at the cluster.
    pub client: Client,
    /// Where the router answers HTTPS.
    pub router: SocketAddr,
    /// PEM of the root that the ACME CA's certificates chain to.
    pub acme_root: Vec<u8>,
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stage")
            .field("router", &self.router)
            .finish_non_exhaustive()
    }
}

/// The result of a whole story.
#[derive(Debug)]
pub struct Verdict {
    /// For `report.json`.
    pub report: Report,
    /// What fell short; empty = proven.
    pub shortfalls: Vec<String>,
}

/// Tells the whole story.
pub async fn tell(stage: &Stage, say: &Say) -> Result<Verdict> {
    let journal = Arc::new(Journal::default());
    set_up(stage, say).await?;
    let _watches = watches::start(&stage.client, &journal);
    let (targets, mut checks) = prove_routes(stage, say).await?;
    begin_renewals(stage, say, &journal).await?;

    say.heading(&format!("{RENEWALS} renewals of preference under load, one a minute"));
    let begun = journal.now_ms();
    let load = Load::start(&targets, &journal);
    renew::follow(&journal, say, begun, || load.traffic()).await;
    renew::customer(stage, say, &journal, &mut checks).await?;
    renew::route(stage, say, &journal, &mut checks).await?;
    let (traffic, failures) = load.stop().await;

    let seen = renewals::since(&journal.entries(), renew::PREFERENCE, begun);
    let report = report::build(&seen, traffic, &checks);
    let mut shortfalls = report::shortfalls(&report, &seen, &checks);
    shortfalls.extend(failures);
    say.heading("Result");
    println!("\n  Renewals of preference (times since the new certificate was in its Secret)\n");
    print!(
        "{}",
        table::renewals(seen.get(..RENEWALS.min(seen.len())).unwrap_or_default())
    );
    println!("\n  The last renewal: customer's (milliseconds since it was asked for)\n");
    print!(
        "{}\n{}",
        table::timeline(&report.timeline_ms),
        table::numbers(&report, say.seconds())
    );
    Ok(Verdict { report, shortfalls })
}

async fn run(stage: &Stage, say: &Say, step: &Step) -> Result<()> {
    say.step(step);
    for command in step.commands {
        stage.shell.run(command).await.with_context(|| step.title)?;
    }
    Ok(())
}

/// The article's steps up to a settled chain.
async fn set_up(stage: &Stage, say: &Say) -> Result<()> {
    run(stage, say, &steps::OPERATORS).await?;
    run(stage, say, &steps::SERVICES).await?;
    let ended = || async { Ok(objects::pods_that_ended(&stage.client).await? == DEPLOYMENTS.len()) };
    eventually("every service to try once", Duration::from_mins(2), ended).await?;
    run(stage, say, &steps::COMPLAINT).await?;
    for step in [
        steps::ISSUERS,
        steps::ROUTES,
        steps::CERTIFICATES,
        steps::ANNOTATIONS,
        steps::VOLUMES,
        steps::RELOAD,
    ] {
        run(stage, say, &step).await?;
    }
    Ok(())
}

/// The two Routes as clients see them.
async fn prove_routes(stage: &Stage, say: &Say) -> Result<(Vec<Target>, Checks)> {
    say.heading("What clients see through the router");
    let customer = Site::new(stage.router, CUSTOMER_HOST, &stage.acme_root)?;
    let answer = first_answer(&customer, CUSTOMER_ANSWER).await?;
    let whole = say.check(
        answer.body == CUSTOMER_ANSWER,
        &format!("https://{CUSTOMER_HOST}/ answers: {}", answer.body),
    );
    let issuer = &answer.leaf.issuer;
    let acme_chain_ok = say.check(
        true,
        &format!("re-encrypt: certificate by {issuer:?}, verified up to the ACME root"),
    ) && whole;

    let ca = objects::secret_key(&stage.client, PREFERENCE_SECRET, "ca.crt")
        .await?
        .context("the Secret of preference has no ca.crt")?;
    let preference = Site::new(stage.router, PREFERENCE_HOST, &ca)?;
    let answer = first_answer(&preference, PREFERENCE_ANSWER).await?;
    say.check(
        answer.body == PREFERENCE_ANSWER,
        &format!("https://{PREFERENCE_HOST}/ answers: {}", answer.body),
    );
    let names = &answer.leaf.dns_names;
    let both = [PREFERENCE_SERVICE, PREFERENCE_HOST]
        .iter()
        .all(|name| names.iter().any(|other| other == name));
    let text = format!(
        "passthrough: the pod's own certificate by {:?}, names {}",
        answer.leaf.issuer,
        names.join(", ")
    );
    let passthrough_sans_ok = say.check(both, &text) && answer.body == PREFERENCE_ANSWER;

    let target = |site, answer, shows_pod| Target {
        site,
        answer,
        shows_pod,
    };
    let targets = vec![
        target(customer, CUSTOMER_ANSWER, false),
        target(preference, PREFERENCE_ANSWER, true),
    ];
    Ok((
        targets,
        Checks {
            acme_chain_ok,
            passthrough_sans_ok,
            ..Checks::default()
        },
    ))
}

/// Asks until the whole answer comes: router and endpoints need a moment after the last rollout.
async fn first_answer(site: &Site, wanted: &str) -> Result<Answer> {
    let mut last = String::new();
    for _ in 0..120 {
        match site.get().await {
            Ok(answer) if answer.status == 200 && answer.body == wanted => return Ok(answer),
            Ok(answer) => last = format!("{} {}", answer.status, answer.body),
            Err(error) => last = format!("{:#}", anyhow::Error::new(error)),
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    bail!("https://{}/ never answered {wanted:?}; last: {last}", site.host())
}

/// Puts preference on one-minute renewals and waits until the first certificate of that kind is served.
async fn begin_renewals(stage: &Stage, say: &Say, journal: &Arc<Journal>) -> Result<()> {
    let before = journal.now_ms();
    run(stage, say, &steps::FREQUENT).await?;
    let base = journal.until(Duration::from_mins(2), |entries| {
        let seen = renewals::since(entries, renew::PREFERENCE, before);
        seen.into_iter()
            .next()
            .filter(|renewal| renewal.keystore.is_some() && renewal.rollout.is_some())
    });
    let base = base
        .await
        .context("no new Secret, keystore and rollout within 2 minutes of the Secret's deletion")?;
    stage
        .shell
        .run("kubectl rollout status -n demo deployment/preference-v1 --timeout=120s")
        .await?;
    say.note(&format!(
        "begun with serial {}: the Secret is new, its keystores came with it",
        table::short(&base.serial)
    ));
    Ok(())
}

/// Polls a claim that no watch covers until it holds.
async fn eventually<F, Fut>(what: &str, limit: Duration, claim: F) -> Result<()>
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    let wait = async {
        while !claim().await? {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        Ok(())
    };
    tokio::time::timeout(limit, wait)
        .await
        .with_context(|| format!("waited {} s for {what}", limit.as_secs()))?
}
