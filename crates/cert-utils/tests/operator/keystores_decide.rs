//! Which Secret gets which stores.

use std::collections::BTreeMap;

use evercert_cert_utils::keystores::{Observed, Plan, Write, decide};
use evercert_cert_utils::ownership::Owner;
use evercert_core::contract::annotations::{
    DERIVED_FROM, DERIVED_KEYS, GENERATE_JAVA_KEYSTORES, JAVA_KEYSTORE_PASSWORD, JAVA_KEYSTORES_CREATION_TIMESTAMP,
};
use evercert_core::contract::derived_digest;
use evercert_core::contract::keys::{CA_CRT, KEYSTORE_JKS, TLS_CRT, TLS_KEY, TRUSTSTORE_JKS};
use evercert_keystore::jks::{Entry, Keystore, TrustedEntry, parse, render};
use evercert_pki::key::{KeyAlgorithm, PrivateKey};
use k8s_openapi::ByteString;

use crate::fixtures::{Authority, Leaf, NOT_BEFORE, authority};

const BOTH: &str = "keystore.jks,truststore.jks";

fn wished(leaf: &Leaf, ca: &Authority) -> Observed {
    let data = [
        (TLS_CRT, leaf.crt.clone()),
        (TLS_KEY, leaf.key.clone()),
        (CA_CRT, ca.pem()),
        ("mine", "x".into()),
    ];
    Observed {
        annotations: [(GENERATE_JAVA_KEYSTORES.to_owned(), "true".to_owned())].into(),
        data: data
            .into_iter()
            .map(|(key, text)| (key.to_owned(), bytes(&text)))
            .collect(),
        owners: BTreeMap::new(),
    }
}

fn bytes(text: &str) -> ByteString {
    ByteString(text.as_bytes().to_vec())
}

/// The Secret after the plan was carried out.
fn after(observed: &Observed, plan: &Plan) -> Observed {
    let mut next = observed.clone();
    let write = plan.write.clone().unwrap();
    for key in [KEYSTORE_JKS, TRUSTSTORE_JKS] {
        if write.remove.contains(key) {
            next.data.remove(key);
        }
        if let Some(bytes) = write.hold.get(key) {
            next.data.insert(key.into(), bytes.clone());
            next.owners.insert(key, Owner::Ours);
        }
    }
    for (name, value) in [(DERIVED_FROM, write.derived_from), (DERIVED_KEYS, write.derived_keys)] {
        next.annotations.remove(name);
        next.annotations.extend(value.map(|value| (name.to_owned(), value)));
    }
    next
}

fn settled(leaf: &Leaf, ca: &Authority) -> Observed {
    let observed = wished(leaf, ca);
    after(&observed, &decide(&observed))
}

fn digest(observed: &Observed) -> Option<String> {
    derived_digest(&observed.annotations, &observed.data)
}

/// Aliases of a store, the dates of its entries, how many certificates each has.
fn listed(file: &ByteString, password: &str) -> Vec<(String, String, usize)> {
    let list = parse(&file.0, password).unwrap().entries;
    let row = |entry: Entry| match entry {
        Entry::Key(entry) => (entry.alias, entry.created.to_string(), entry.chain.len()),
        Entry::Trusted(entry) => (entry.alias, entry.created.to_string(), 1),
    };
    list.into_iter().map(row).collect()
}

#[test]
fn stores_have_upstreams_layout_and_are_made_once() {
    let root = authority("root");
    let middle = root.authority("middle");
    let leaf = middle.leaf("leaf").with_chain(&[&middle]);
    let mut observed = wished(&leaf, &root);
    let two = root.pem() + &middle.pem();
    observed.data.insert(CA_CRT.into(), bytes(&two));
    let plan = decide(&observed);
    let write = plan.write.clone().unwrap();
    assert_eq!(
        (&plan.warnings, &write.derived_from, write.derived_keys.as_deref()),
        (&vec![], &digest(&observed), Some(BOTH))
    );
    let row = |alias: &str, count| (alias.to_owned(), NOT_BEFORE.to_owned(), count);
    assert_eq!(listed(&write.hold[KEYSTORE_JKS], "changeme"), [row("alias", 2)]);
    assert_eq!(
        listed(&write.hold[TRUSTSTORE_JKS], "changeme"),
        [row("alias0", 1), row("alias1", 1)]
    );
    assert_eq!(decide(&observed), plan, "the same input gives the same bytes");
    assert_eq!(decide(&after(&observed, &plan)), Plan::default(), "and is written once");
}

#[test]
fn a_settled_secret_is_written_again_only_when_something_changes() {
    let (root, other) = (authority("root"), authority("other"));
    let leaf = root.leaf("leaf");
    let start = settled(&leaf, &root);
    let change = |change: &dyn Fn(&mut Observed)| {
        let mut next = start.clone();
        change(&mut next);
        let plan = decide(&next);
        let done = plan.write.as_ref().map(|_| after(&next, &plan));
        if let Some(done) = &done {
            assert_eq!(decide(done), Plan::default(), "one pass is enough");
        }
        done
    };
    let annotate = |name: &'static str, value: &'static str| {
        change(&|next| _ = next.annotations.insert(name.into(), value.into()))
    };
    let set = |key: &'static str, text: &str| change(&|next| _ = next.data.insert(key.into(), bytes(text)));

    assert_eq!(set("mine", "y"), None, "a key of others");
    assert_eq!(annotate("unrelated", "x"), None);
    assert_eq!(set(KEYSTORE_JKS, "tampered").unwrap().data, start.data);
    assert_eq!(set(TRUSTSTORE_JKS, "").unwrap().data, start.data);
    assert_eq!(
        change(&|next| _ = next.data.remove(KEYSTORE_JKS)).unwrap().data,
        start.data,
        "deleted"
    );
    assert_eq!(
        change(&|next| _ = next.annotations.remove(DERIVED_FROM)).unwrap(),
        start
    );

    let password = annotate(JAVA_KEYSTORE_PASSWORD, "geheim").unwrap();
    assert_eq!(listed(&password.data[KEYSTORE_JKS], "geheim").len(), 1);
    let empty = annotate(JAVA_KEYSTORE_PASSWORD, "").unwrap();
    assert_eq!(
        empty.data, start.data,
        "an empty password is the default one, as upstream has it"
    );
    let dated = annotate(JAVA_KEYSTORES_CREATION_TIMESTAMP, "2020-02-02T02:02:02Z").unwrap();
    for key in [KEYSTORE_JKS, TRUSTSTORE_JKS] {
        assert_eq!(listed(&dated.data[key], "changeme")[0].1, "2020-02-02T02:02:02Z");
    }
    let trusted = set(CA_CRT, &other.pem()).unwrap();
    assert_eq!(trusted.data[KEYSTORE_JKS], start.data[KEYSTORE_JKS]);
    assert_ne!(trusted.data[TRUSTSTORE_JKS], start.data[TRUSTSTORE_JKS]);
    let renewed = root.leaf("leaf");
    let renewed = change(&|next| {
        next.data.insert(TLS_CRT.into(), bytes(&renewed.crt));
        next.data.insert(TLS_KEY.into(), bytes(&renewed.key));
    });
    assert_ne!(renewed.unwrap().data[KEYSTORE_JKS], start.data[KEYSTORE_JKS]);
}

#[test]
fn what_is_no_longer_wished_goes_and_nothing_else() {
    let root = authority("root");
    let start = settled(&root.leaf("leaf"), &root);
    let cut = |change: &dyn Fn(&mut Observed)| {
        let mut next = start.clone();
        change(&mut next);
        decide(&next)
            .write
            .map(|write| (write.remove.into_iter().collect::<Vec<_>>(), write.derived_keys))
    };
    let off = |next: &mut Observed| _ = next.annotations.insert(GENERATE_JAVA_KEYSTORES.into(), "True".into());
    assert_eq!(
        cut(&|next| _ = next.data.remove(CA_CRT)),
        Some((vec![TRUSTSTORE_JKS], Some(KEYSTORE_JKS.into())))
    );
    assert_eq!(
        cut(&off),
        Some((vec![KEYSTORE_JKS, TRUSTSTORE_JKS], None)),
        "only exactly true is a wish"
    );
    let lies = |next: &mut Observed| {
        off(next);
        next.annotations
            .insert(DERIVED_KEYS.into(), "tls.key,mine,truststore.jks".into());
    };
    assert_eq!(
        cut(&lies),
        Some((vec![TRUSTSTORE_JKS], None)),
        "an annotation cannot make us remove other keys"
    );
    let taken_over = |next: &mut Observed| {
        off(next);
        next.owners
            .insert(KEYSTORE_JKS, Owner::Applier("cert-manager-certificates-issuing".into()));
    };
    assert_eq!(cut(&taken_over), Some((vec![TRUSTSTORE_JKS], None)));
    let never = |next: &mut Observed| {
        off(next);
        next.annotations.remove(DERIVED_FROM);
        next.annotations.remove(DERIVED_KEYS);
    };
    assert_eq!(cut(&never), None, "stores that others made stay");
}

#[test]
fn input_that_makes_no_store_leaves_the_present_one_and_says_why() {
    let root = authority("root");
    let leaf = root.leaf("leaf");
    let start = settled(&leaf, &root);
    let stranger = root.leaf("stranger");
    let encrypted = openssl_encrypted(&leaf.key);
    let reason = |reason: &str| format!("keystore.jks is not made, one that exists is kept: {reason}");
    let behind = root.pem() + &leaf.crt;
    let table = [
        (
            TLS_CRT,
            "\u{fffd} garbage",
            "tls.crt: no PEM block with a certificate found",
        ),
        (TLS_CRT, "", "tls.crt is missing or empty"),
        (TLS_KEY, "", "tls.key is missing or empty"),
        (TLS_KEY, "garbage", "tls.key: no PEM block with a private key found"),
        (
            TLS_KEY,
            &stranger.key,
            "tls.key does not belong to the certificate in tls.crt",
        ),
        (
            TLS_KEY,
            &encrypted,
            "tls.key: the private key is encrypted; encrypted keys are not supported",
        ),
        (
            TLS_CRT,
            &behind,
            "the certificate of tls.key stands in place 2 of tls.crt, it must be first",
        ),
    ];
    for (key, text, expected) in table {
        let mut next = start.clone();
        next.data.insert(key.into(), bytes(text));
        assert_eq!(
            decide(&next),
            Plan {
                write: None,
                warnings: vec![reason(expected)]
            },
            "{expected}"
        );
    }
    let mut next = start.clone();
    next.annotations
        .insert(JAVA_KEYSTORES_CREATION_TIMESTAMP.into(), "yesterday".into());
    let plan = decide(&next);
    assert_eq!((plan.write, plan.warnings.len()), (None, 2));
    assert!(plan.warnings[0].ends_with("java-keystores-creation-timestamp is not an RFC 3339 time since 1970"));
}

fn openssl_encrypted(key: &str) -> String {
    let key = openssl::pkey::PKey::private_key_from_pem(key.as_bytes()).unwrap();
    let pem = key
        .private_key_to_pem_pkcs8_passphrase(openssl::symm::Cipher::aes_256_cbc(), b"secret")
        .unwrap();
    String::from_utf8(pem).unwrap()
}

#[test]
fn a_bad_key_does_not_hold_back_the_truststore() {
    let (root, other) = (authority("root"), authority("other"));
    let mut next = settled(&root.leaf("leaf"), &root);
    let old = next.clone();
    next.data.insert(TLS_KEY.into(), bytes("garbage"));
    next.data.insert(CA_CRT.into(), bytes(&other.pem()));
    let plan = decide(&next);
    let done = after(&next, &plan);
    assert_eq!(done.data[KEYSTORE_JKS], old.data[KEYSTORE_JKS]);
    assert_ne!(done.data[TRUSTSTORE_JKS], old.data[TRUSTSTORE_JKS]);
    assert_eq!(
        done.annotations[DERIVED_FROM], old.annotations[DERIVED_FROM],
        "not settled: the keystore is stale"
    );
    assert_eq!(
        decide(&done),
        Plan {
            write: None,
            warnings: plan.warnings
        },
        "and no write follows"
    );
}

#[test]
fn stores_of_another_applier_are_left_to_it() {
    let root = authority("root");
    let mut next = wished(&root.leaf("leaf"), &root);
    next.data.insert(KEYSTORE_JKS.into(), bytes("theirs"));
    next.owners
        .insert(KEYSTORE_JKS, Owner::Applier("cert-manager-certificates-issuing".into()));
    let plan = decide(&next);
    let write = plan.write.clone().unwrap();
    assert_eq!(
        (
            write.hold.keys().copied().collect::<Vec<_>>(),
            write.derived_keys.as_deref()
        ),
        (vec![TRUSTSTORE_JKS], Some(TRUSTSTORE_JKS))
    );
    assert_eq!(write.derived_from, digest(&next), "settled: what is ours is done");
    assert!(plan.warnings[0].starts_with("keystore.jks is applied by \"cert-manager-certificates-issuing\""));
    assert_eq!(
        decide(&after(&next, &plan)),
        Plan {
            write: None,
            warnings: plan.warnings
        }
    );
}

#[test]
fn a_store_with_the_same_content_that_upstream_made_is_kept() {
    let (root, other) = (authority("root"), authority("other"));
    let mut next = wished(&root.leaf("leaf"), &root);
    next.data.insert(CA_CRT.into(), bytes(&(root.pem() + &other.pem())));
    let entry = |alias: &str, authority: &Authority| {
        let certificate = authority.certificate.der().to_vec();
        Entry::Trusted(TrustedEntry {
            alias: alias.into(),
            created: "2024-05-05T05:05:05.123Z".parse().unwrap(),
            certificate,
        })
    };
    let theirs = Keystore {
        entries: vec![entry("alias1", &other), entry("alias0", &root)],
    };
    let theirs = ByteString(render(&theirs, "changeme").unwrap());
    next.data.insert(TRUSTSTORE_JKS.into(), theirs.clone());
    assert_eq!(decide(&next).write.unwrap().hold[TRUSTSTORE_JKS], theirs);
}

#[test]
fn a_secret_with_a_ca_only_gets_a_truststore_only() {
    let root = authority("root");
    let mut next = wished(&root.leaf("leaf"), &root);
    next.data.remove(TLS_CRT);
    next.data.remove(TLS_KEY);
    let plan = decide(&next);
    assert_eq!(
        (plan.write.unwrap().derived_keys.as_deref(), plan.warnings),
        (Some(TRUSTSTORE_JKS), vec![])
    );
    next.data.remove(CA_CRT);
    let nothing = Write {
        derived_from: digest(&next),
        ..Write::default()
    };
    assert_eq!(
        decide(&next),
        Plan {
            write: Some(nothing),
            warnings: vec![]
        },
        "nothing to make: settled"
    );
}

#[test]
fn each_kind_of_key_is_stored_as_pkcs8() {
    let root = authority("root");
    for algorithm in [KeyAlgorithm::Rsa(2048), crate::fixtures::P256, KeyAlgorithm::Ed25519] {
        let leaf = root.leaf_with("leaf", algorithm);
        let store = settled(&leaf, &root).data[KEYSTORE_JKS].clone();
        let Some(Entry::Key(entry)) = parse(&store.0, "changeme").unwrap().entries.pop() else {
            panic!("no key")
        };
        let pem = evercert_pki::pem::encode("PRIVATE KEY", &entry.key);
        let key = PrivateKey::from_pem(pem.as_bytes()).unwrap();
        assert!(openssl::pkey::PKey::private_key_from_pkcs8(&entry.key).is_ok() && leaf.certificate.matches(&key));
    }
}

#[test]
fn nothing_secret_is_shown() {
    let root = authority("root");
    let observed = wished(&root.leaf("leaf"), &root);
    let text = format!("{observed:?} {:?}", decide(&observed));
    assert!(text.len() < 700 && !text.contains("BEGIN"), "{text}");
}

proptest::proptest! {
    #[test]
    fn arbitrary_annotations_and_bytes_never_panic_and_never_touch_other_keys(
        values in proptest::collection::vec(".{0,20}", 4), blobs in proptest::collection::vec(proptest::collection::vec(proptest::num::u8::ANY, 0..60), 5)
    ) {
        let names = [JAVA_KEYSTORE_PASSWORD, JAVA_KEYSTORES_CREATION_TIMESTAMP, DERIVED_FROM, DERIVED_KEYS];
        let mut annotations: BTreeMap<_, _> = names.iter().map(|name| (*name).to_owned()).zip(values).collect();
        annotations.insert(GENERATE_JAVA_KEYSTORES.into(), "true".into());
        let keys = [TLS_CRT, TLS_KEY, CA_CRT, KEYSTORE_JKS, TRUSTSTORE_JKS];
        let data = keys.iter().map(|key| (*key).to_owned()).zip(blobs.into_iter().map(ByteString)).collect();
        let plan = decide(&Observed { annotations, data, owners: BTreeMap::new() });
        proptest::prop_assert!(plan.write.is_none_or(|write| write.hold.is_empty()));
    }
}
