//! Events arrive as users see them, one for many, and never hold anything up.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use evercert_core::apply::Writer;
use evercert_core::events::reference;
use evercert_core::testing::TestResult;
use evercert_core::testing::builders::config_map;
use evercert_core::testing::faults::Fault;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::events::v1::Event;
use kube::Api;
use kube::api::ListParams;

use super::{SOON, world};

#[tokio::test]
async fn repeated_notes_are_one_event_and_other_notes_are_others() -> TestResult {
    let (ns, rt, _) = world("events").await?;
    let on = Writer::new(rt.client.clone(), "tester")
        .create(Some(&ns), &config_map(&ns, "cm", &[]))
        .await?;
    let on = reference::<ConfigMap>(&on);
    for _ in 0..50 {
        rt.events.normal(&on, "Issuing", "first");
    }
    rt.events
        .reporting_as("other-controller")
        .warning(&on, "Failed", "x".repeat(2000));
    rt.events.flush(SOON).await;
    let events = Api::<Event>::namespaced(rt.client.clone(), &ns)
        .list(&ListParams::default())
        .await?;
    let mut seen: Vec<_> = events
        .items
        .into_iter()
        .map(|event| {
            let note = event.note.unwrap_or_default();
            (
                event.type_.unwrap_or_default(),
                event.reason.unwrap_or_default(),
                note.len(),
                event.reporting_controller.unwrap_or_default(),
            )
        })
        .collect();
    seen.sort();
    let expected = [
        ("Normal".into(), "Issuing".into(), 5, "evercert-test".into()),
        ("Warning".into(), "Failed".into(), 1024, "other-controller".into()),
    ];
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test]
async fn publishing_never_waits_when_the_server_is_slow() -> TestResult {
    let (ns, rt, plan) = world("slow").await?;
    plan.fail(usize::MAX, Fault::Slow(Duration::from_mins(1)), |call| {
        call.resource == "events"
    });
    let on = reference(&config_map(&ns, "cm", &[]));
    let began = Instant::now();
    for n in 0..5_000 {
        rt.events.normal(&on, "Reason", n.to_string());
    }
    assert!(began.elapsed() < Duration::from_secs(2), "took {:?}", began.elapsed());
    rt.events.flush(Duration::from_millis(50)).await;
    Ok(())
}

#[tokio::test]
async fn a_burst_of_two_thousand_is_delivered_whole() -> TestResult {
    const BURST: usize = 2_000;
    let (ns, rt, _) = world("burst").await?;
    let on = |n: usize| reference(&config_map(&ns, &format!("cm-{}", n / 2), &[]));
    for n in 0..BURST {
        rt.events.normal(&on(n), "Burst", n.to_string());
    }
    let began = Instant::now();
    rt.events.flush(Duration::from_mins(1)).await;
    let events = Api::<Event>::namespaced(rt.client.clone(), &ns)
        .list(&ListParams::default())
        .await?;
    let names: HashSet<_> = events.iter().filter_map(|event| event.note.clone()).collect();
    assert_eq!(names.len(), BURST, "after {:?}", began.elapsed());
    Ok(())
}
