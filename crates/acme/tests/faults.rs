//! Every call of the signed-request engine against a server that misbehaves in a scripted way.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod server;

use std::time::{Duration, Instant};

use evercert_acme::{
    AccountKey, AcmeClient, Class, ExternalAccount, Identifier, NewOrder, Registration, RetryAfter, SignedClient,
    Status, Transport, TransportOptions,
};
use server::{Fault, Script};

fn client(directory: &str, account: Option<String>) -> SignedClient {
    let options = TransportOptions {
        user_agent: "evercert-issuer/test".into(),
        ..TransportOptions::default()
    };
    let key = AccountKey::generate_p256().unwrap();
    SignedClient::new(Transport::new(&options).unwrap(), directory, key, account).unwrap()
}

async fn with_account() -> (std::sync::Arc<Script>, SignedClient, String) {
    let (script, directory) = Script::start().await;
    let base = directory.trim_end_matches("/dir").to_owned();
    let client = client(&directory, Some(format!("{base}/account/1")));
    (script, client, base)
}

fn wish() -> NewOrder {
    NewOrder {
        identifiers: vec![Identifier::dns("a.example")],
        ..NewOrder::default()
    }
}

#[tokio::test]
async fn registers_with_binding_then_signs_by_account_url() {
    let (script, directory) = Script::start().await;
    let client = client(&directory, None);
    assert!(client.directory().await.unwrap().meta.external_account_required);
    let external_account = Some(ExternalAccount::new("kid-1", b"aGVsbG8").unwrap());
    let registration = Registration {
        contact: vec!["mailto:a@example.com".into()],
        external_account,
        only_existing: false,
    };
    let account = client.register(registration).await.unwrap();
    assert!(account.url.ends_with("/account/1") && account.status == Status::Valid);
    let order = client
        .new_order(NewOrder {
            profile: Some("short".into()),
            ..wish()
        })
        .await
        .unwrap();
    assert!(order.url.ends_with("/order/1"));
    let authorization = client.authorization(&order.authorizations[0]).await.unwrap();
    client.accept(&authorization.challenges[0].url).await.unwrap();

    let seen = script.signed_requests();
    assert!(seen[0].1["jwk"].is_object() && seen[0].2["externalAccountBinding"].is_object());
    assert_eq!(seen[1].1["kid"], account.url);
    assert_eq!(
        (seen[1].2["profile"].as_str(), seen[1].2.get("notAfter")),
        (Some("short"), None)
    );
    let nonces: std::collections::BTreeSet<_> = seen.iter().map(|(_, header, _)| header["nonce"].to_string()).collect();
    assert_eq!(nonces.len(), seen.len(), "a nonce is spent once");
}

#[tokio::test]
async fn a_refused_nonce_is_replaced_four_times_and_no_more() {
    for (refusals, succeeds) in [(1, true), (4, true), (5, false)] {
        let (script, client, _) = with_account().await;
        for _ in 0..refusals {
            script.refuse("/order", 400, "badNonce", &[]);
        }
        let outcome = client.new_order(wish()).await;
        assert_eq!(outcome.is_ok(), succeeds, "{refusals} refusals");
        if let Err(error) = outcome {
            assert_eq!(error.class(), Class::Transient { retry_after: None });
        }
    }
}

#[tokio::test]
async fn refusals_are_classified_and_keep_the_servers_words() {
    let seven = Some(RetryAfter::After(Duration::from_secs(7)));
    let table = [
        (429, "rateLimited", Class::RateLimited { retry_after: seven }),
        (503, "serverInternal", Class::Transient { retry_after: seven }),
        (400, "rejectedIdentifier", Class::Terminal),
        (403, "unauthorized", Class::Terminal),
    ];
    for (status, kind, class) in table {
        let (script, client, _) = with_account().await;
        script.refuse("/order", status, kind, &[("retry-after", "7")]);
        let error = client.new_order(wish()).await.unwrap_err();
        assert_eq!(error.class(), class, "{error}");
        assert!(error.to_string().contains(&format!("scripted {kind}")), "{error}");
    }
}

#[tokio::test]
async fn what_is_not_acme_is_transient_and_never_echoed() {
    let html = Fault {
        path: "/dir",
        status: 200,
        body: b"<html>SECRET-PAGE</html>".to_vec(),
        ..Fault::default()
    };
    let table = [
        html.clone(),
        Fault {
            status: 404,
            ..html.clone()
        },
        Fault {
            body: b"{}".to_vec(),
            ..html.clone()
        },
        Fault {
            status: 302,
            headers: vec![("location", "https://other.example/dir".into())],
            ..html.clone()
        },
        Fault {
            path: "/order",
            body: b"{\"status\":\"pending\"}".to_vec(),
            ..html.clone()
        },
        Fault {
            path: "/order",
            status: 502,
            ..html
        },
    ];
    for fault in table {
        let (script, client, _) = with_account().await;
        script.then(fault.clone());
        let error = client.new_order(wish()).await.unwrap_err();
        assert_eq!(error.class(), Class::Transient { retry_after: None }, "{error}");
        assert!(!error.to_string().contains("SECRET-PAGE"), "{error}");
        if fault.status == 302 {
            assert!(error.to_string().contains("other.example"), "{error}");
        }
    }
}

#[tokio::test]
async fn endless_bodies_end_at_the_limit() {
    for status in [200, 500] {
        let (script, client, base) = with_account().await;
        script.then(Fault {
            path: "/order/1",
            status,
            body: vec![b' '; 1 << 20],
            endless: true,
            ..Fault::default()
        });
        let began = Instant::now();
        let error = client.order(&format!("{base}/order/1")).await.unwrap_err();
        assert!(error.to_string().contains("larger than 16 MiB"), "{error}");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
}

#[tokio::test]
async fn nobody_at_home_is_a_network_error() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client(&format!("http://{address}/dir"), None)
        .directory()
        .await
        .unwrap_err();
    assert_eq!(error.class(), Class::Transient { retry_after: None });
    assert!(error.to_string().contains(&address.to_string()), "{error}");
}

#[tokio::test]
async fn a_preferred_chain_is_found_among_the_alternates() {
    let (script, client, base) = with_account().await;
    let pem = |issuer: &str| certificate(issuer);
    let link = format!("<{base}/cert/1/1>;rel=\"alternate\"");
    let table = [(None, "Root A"), (Some("Root B"), "Root B"), (Some("Root C"), "Root A")];
    for (preferred, expected) in table {
        let headers = vec![("link", link.clone())];
        script.then(Fault {
            path: "/cert/1",
            status: 200,
            headers,
            body: pem("Root A"),
            endless: false,
        });
        script.then(Fault {
            path: "/cert/1/1",
            status: 200,
            body: pem("Root B"),
            ..Fault::default()
        });
        let got = evercert_acme::chain::fetch(&client, &format!("{base}/cert/1"), preferred)
            .await
            .unwrap();
        let issuer = openssl::x509::X509::from_pem(got.as_bytes()).unwrap();
        let issuer = issuer
            .issuer_name()
            .entries()
            .next()
            .unwrap()
            .data()
            .as_slice()
            .to_vec();
        assert_eq!(issuer, expected.as_bytes(), "{preferred:?}");
    }
}

/// A self-signed certificate of this name.
fn certificate(name: &str) -> Vec<u8> {
    use openssl::{asn1::Asn1Time, hash::MessageDigest, pkey::PKey, x509::X509Builder, x509::X509NameBuilder};
    let key = PKey::generate_ed25519().unwrap();
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_issuer_name(&subject).unwrap();
    builder.set_pubkey(&key).unwrap();
    builder.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
    builder.sign(&key, MessageDigest::null()).unwrap();
    builder.build().to_pem().unwrap()
}
