//! Leader election against a real Lease.

use std::time::{Duration, Instant};

use evercert_core::apply::Writer;
use evercert_core::election::{ElectionConfig, ElectionError, acquire};
use evercert_core::shutdown::Shutdown;
use evercert_core::testing::TestResult;
use evercert_core::testing::faults::Fault;
use k8s_openapi::api::coordination::v1::Lease;
use serde_json::json;

use super::{SOON, world};

fn config(namespace: &str, identity: &str) -> ElectionConfig {
    ElectionConfig {
        lease_name: "lease".into(),
        namespace: namespace.into(),
        identity: identity.into(),
        pod: None,
        lease_duration: Duration::from_secs(3),
        renew_deadline: Duration::from_secs(2),
        retry_period: Duration::from_millis(300),
    }
}

async fn holder(writer: &Writer, ns: &str) -> TestResult<String> {
    let lease: Option<Lease> = writer.get(Some(ns), "lease").await?;
    Ok(lease
        .and_then(|lease| lease.spec)
        .and_then(|spec| spec.holder_identity)
        .unwrap_or_default())
}

#[tokio::test]
async fn follower_takes_over_at_once_when_the_leader_gives_the_lease_back() -> TestResult {
    let (ns, rt, _) = world("election").await?;
    let writer = Writer::new(rt.client.clone(), "tester");
    let shutdown = Shutdown::manual();
    let first = acquire(&rt.client, config(&ns, "a"), &shutdown).await?;
    assert_eq!(holder(&writer, &ns).await?, "a");
    let patient = ElectionConfig {
        retry_period: Duration::from_secs(30),
        ..config(&ns, "b")
    };
    let patient = ElectionConfig {
        renew_deadline: Duration::from_secs(40),
        lease_duration: Duration::from_mins(1),
        ..patient
    };
    let follower = tokio::spawn({
        let (client, shutdown) = (rt.client.clone(), shutdown.clone());
        async move { acquire(&client, patient, &shutdown).await }
    });
    // Longer than the lease: the leader renews, so the follower must still wait.
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(!follower.is_finished());
    let released = Instant::now();
    first.release().await;
    let second = tokio::time::timeout(SOON, follower).await???;
    assert!(
        released.elapsed() < Duration::from_secs(2),
        "took {:?}",
        released.elapsed()
    );
    assert_eq!(holder(&writer, &ns).await?, "b");
    second.release().await;
    assert_eq!(holder(&writer, &ns).await?, "");
    Ok(())
}

#[tokio::test]
async fn leader_is_lost_when_another_holds_the_lease_or_it_cannot_renew() -> TestResult {
    let (ns, rt, plan) = world("lost").await?;
    let calm = world("calm").await?.1;
    let writer = Writer::new(calm.client.clone(), "tester");
    let shutdown = Shutdown::manual();
    let usurped = acquire(&rt.client, config(&ns, "a"), &shutdown).await?;
    let taken = json!({"spec": {"holderIdentity": "usurper", "leaseDurationSeconds": 3600}});
    writer.merge::<Lease>(Some(&ns), "lease", &taken).await?;
    tokio::time::timeout(SOON, usurped.lost()).await?;
    usurped.release().await;
    assert_eq!(
        holder(&writer, &ns).await?,
        "usurper",
        "nothing is given back that is not ours"
    );
    writer.delete::<Lease>(Some(&ns), "lease", None).await?;
    let cut_off = acquire(&rt.client, config(&ns, "a"), &shutdown).await?;
    plan.fail(usize::MAX, Fault::Status(500), |call| call.resource == "leases");
    tokio::time::timeout(SOON, cut_off.lost()).await?;
    Ok(())
}

#[tokio::test]
async fn stale_lease_is_taken_only_after_it_was_seen_unchanged_for_its_whole_duration() -> TestResult {
    let (ns, rt, _) = world("stale").await?;
    let writer = Writer::new(rt.client.clone(), "tester");
    // Renewed in the far future by the dead holder's clock.
    let dead = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "spec": {"holderIdentity": "dead", "leaseDurationSeconds": 2, "leaseTransitions": 4,
                 "renewTime": "2099-01-01T00:00:00.000000Z", "acquireTime": "2099-01-01T00:00:00.000000Z"},
    });
    writer.apply::<Lease>(Some(&ns), "lease", &dead).await?;
    let began = Instant::now();
    let leader = acquire(&rt.client, config(&ns, "heir"), &Shutdown::manual()).await?;
    assert!(
        began.elapsed() >= Duration::from_secs(2),
        "took over after {:?}",
        began.elapsed()
    );
    let spec = writer
        .get::<Lease>(Some(&ns), "lease")
        .await?
        .and_then(|lease| lease.spec)
        .unwrap_or_default();
    assert_eq!(
        (spec.holder_identity.as_deref(), spec.lease_transitions),
        (Some("heir"), Some(5))
    );
    leader.release().await;
    Ok(())
}

#[tokio::test]
async fn waiting_ends_when_asked_to_stop_and_odd_times_are_refused() -> TestResult {
    let (ns, rt, _) = world("stop").await?;
    let shutdown = Shutdown::manual();
    let _leader = acquire(&rt.client, config(&ns, "a"), &shutdown).await?;
    let waiting = acquire(&rt.client, config(&ns, "b"), &shutdown);
    let (ended, ()) = tokio::join!(waiting, async { shutdown.request() });
    assert_eq!(ended.unwrap_err(), ElectionError::ShutDown);
    let odd = ElectionConfig {
        renew_deadline: Duration::from_secs(3),
        ..config(&ns, "a")
    };
    assert_eq!(
        acquire(&rt.client, odd, &Shutdown::manual()).await.unwrap_err(),
        ElectionError::Durations
    );
    Ok(())
}
