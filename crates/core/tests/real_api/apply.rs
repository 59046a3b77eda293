//! Writes: what succeeds, how failures are classed, and that nothing leaks.

use evercert_core::apply::{ErrorClass, Writer};
use evercert_core::testing::TestResult;
use evercert_core::testing::builders::{config_map, secret};
use evercert_core::testing::faults::{Fault, Verb, When};
use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::core::PartialObjectMeta;
use serde_json::json;

use super::world;

#[tokio::test]
async fn each_verb_does_what_it_says_and_names_its_field_manager() -> TestResult {
    let (ns, rt, _) = world("apply").await?;
    let (ns, writer) = (Some(ns.as_str()), Writer::new(rt.client.clone(), "tester"));
    let patch = json!({"data": {"a": "1"}});
    let made: ConfigMap = writer.apply(ns, "cm", &patch).await?;
    assert_eq!(
        made.metadata.managed_fields.unwrap()[0].manager.as_deref(),
        Some("tester")
    );
    writer
        .merge::<ConfigMap>(ns, "cm", &json!({"data": {"b": "2"}}))
        .await?;
    writer
        .strategic::<ConfigMap>(ns, "cm", &json!({"data": {"c": "3"}}))
        .await?;
    let operations = json!([{"op": "test", "path": "/data/a", "value": "1"}, {"op": "remove", "path": "/data/a"}]);
    let done: ConfigMap = writer.json(ns, "cm", &operations).await?;
    assert_eq!(
        done.data.unwrap().into_iter().collect::<Vec<_>>(),
        [("b".into(), "2".into()), ("c".into(), "3".into())]
    );
    let meta: PartialObjectMeta<ConfigMap> = writer.get(ns, "cm").await?.unwrap();
    assert_eq!(meta.metadata.uid, done.metadata.uid);
    let uid = done.metadata.uid.as_deref();
    let other = writer
        .delete::<ConfigMap>(ns, "cm", Some("00000000-0000-0000-0000-000000000000"))
        .await;
    assert_eq!(other.unwrap_err().class(), ErrorClass::Conflict);
    writer.delete::<ConfigMap>(ns, "cm", uid).await?;
    writer.delete::<ConfigMap>(ns, "cm", uid).await?;
    assert!(writer.get::<ConfigMap>(ns, "cm").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn failures_are_classed_and_never_show_what_was_to_be_written() -> TestResult {
    let (ns, rt, plan) = world("classes").await?;
    let (ns, writer) = (Some(ns.as_str()), Writer::new(rt.client.clone(), "tester"));
    let made = writer.create(ns, &config_map(ns.unwrap(), "cm", &[])).await?;
    let again = writer
        .create(ns, &config_map(ns.unwrap(), "cm", &[]))
        .await
        .unwrap_err();
    assert_eq!(
        (again.class(), again.to_string()),
        (ErrorClass::Conflict, format!("create ConfigMap {}/cm", ns.unwrap()))
    );
    writer
        .merge::<ConfigMap>(ns, "cm", &json!({"data": {"x": "y"}}))
        .await?;
    assert_eq!(
        writer.replace(&made).await.unwrap_err().class(),
        ErrorClass::Conflict,
        "an old resourceVersion"
    );
    let missing = writer.merge::<ConfigMap>(ns, "absent", &json!({})).await;
    assert_eq!(missing.unwrap_err().class(), ErrorClass::NotFound);
    for (code, class) in [
        (409, ErrorClass::Conflict),
        (410, ErrorClass::Transient),
        (429, ErrorClass::Transient),
        (500, ErrorClass::Transient),
    ] {
        plan.fail(1, Fault::Status(code), |call| call.verb == Verb::Patch);
        let failed = writer.merge::<ConfigMap>(ns, "cm", &json!({})).await;
        assert_eq!(failed.unwrap_err().class(), class, "{code}");
    }
    plan.fail(1, Fault::Error(When::After), |call| call.resource == "secrets");
    let lost = writer
        .create(ns, &secret(ns.unwrap(), "lost", &[("k", "hush-hush")]))
        .await
        .unwrap_err();
    assert_eq!(lost.class(), ErrorClass::Transient);
    let taken = writer.get::<Secret>(ns, "lost").await?;
    assert!(taken.is_some(), "it took effect all the same");
    let refused = |bad: serde_json::Value| {
        let writer = writer.clone();
        async move { writer.apply::<Secret>(ns, "bad", &bad).await.unwrap_err() }
    };
    let wrong_key = refused(json!({"stringData": {"bad key!": "hush-hush"}})).await;
    let wrong_type = refused(json!({"stringData": {"k": ["hush-hush"]}})).await;
    assert_eq!(
        (wrong_key.class(), wrong_type.class()),
        (ErrorClass::Invalid, ErrorClass::Invalid)
    );
    for error in [&lost, &wrong_key, &wrong_type] {
        assert!(
            !evercert_core::log::chain(error).contains("hush"),
            "{}",
            evercert_core::log::chain(error)
        );
    }
    Ok(())
}
