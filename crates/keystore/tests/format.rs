//! The bytes of a store: fixed ones, round trips, damage.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail loudly"
)]

use evercert_keystore::Error;
use evercert_keystore::jks::{Entry, KeyEntry, Keystore, TrustedEntry, parse, render};
use jiff::Timestamp;
use proptest::prelude::*;

fn key(alias: &str, second: i64, key: &[u8], chain: &[&[u8]]) -> Entry {
    let created = Timestamp::from_second(second).unwrap();
    let chain = chain.iter().map(|der| der.to_vec()).collect();
    Entry::Key(KeyEntry {
        alias: alias.into(),
        created,
        key: key.to_vec(),
        chain,
    })
}

fn trusted(alias: &str, second: i64, certificate: &[u8]) -> Entry {
    let created = Timestamp::from_second(second).unwrap();
    Entry::Trusted(TrustedEntry {
        alias: alias.into(),
        created,
        certificate: certificate.to_vec(),
    })
}

fn store(entries: &[Entry]) -> Keystore {
    Keystore {
        entries: entries.to_vec(),
    }
}

#[test]
fn the_bytes_are_those_of_the_format_and_never_change() {
    let written = render(&store(&[trusted("Alias0", 1, b"ca")]), "changeme").unwrap();
    let mut expected = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0, 6];
    expected.extend(b"alias0\0\0\0\0\0\0\x03\xe8\0\x05X.509\0\0\0\x02ca");
    assert_eq!(written[..expected.len()], expected);
    assert_eq!(written.len(), expected.len() + 20);

    let written = render(&store(&[key("alias", 1, b"key", &[b"leaf"])]), "changeme").unwrap();
    let again = render(&store(&[key("alias", 1, b"key", &[b"leaf"])]), "changeme").unwrap();
    assert_eq!(written, again);
    let digest = openssl::bn::BigNum::from_slice(&openssl::sha::sha256(&written)).unwrap();
    let expected = "7C342124D3C705A57CA07BAAC8B9178DC6253A33233E4D51F6CE098CCFB31E73";
    assert_eq!(
        digest.to_hex_str().unwrap().to_string(),
        expected,
        "a change of these bytes restarts every workload once"
    );
}

#[test]
fn the_salt_follows_password_key_and_chain() {
    let salt = |password: &str, private: &[u8], chain: &[&[u8]]| {
        let written = render(&store(&[key("a", 1, private, chain)]), password).unwrap();
        written[12 + 4 + 3 + 8 + 4 + 2 + 16 + 2..][..20].to_vec()
    };
    let salts = [
        salt("changeme", b"key", &[b"leaf"]),
        salt("changeit", b"key", &[b"leaf"]),
        salt("changeme", b"yek", &[b"leaf"]),
        salt("changeme", b"key", &[b"fael"]),
        salt("changeme", b"key", &[b"le", b"af"]),
    ];
    assert_eq!(
        salts.iter().collect::<std::collections::BTreeSet<_>>().len(),
        salts.len()
    );
}

#[test]
fn stores_that_java_could_not_use_are_not_written() {
    let one = [key("a", 1, b"k", &[])];
    let table = [
        (render(&store(&one), ""), Error::EmptyPassword),
        (
            render(&store(&[trusted("a", 1, b""), trusted("A", 1, b"")]), "x"),
            Error::DoubleAlias("a".into()),
        ),
        (render(&store(&[trusted("a", -1, b"")]), "x"), Error::BadDate),
        (
            render(&store(&[trusted(&"a".repeat(70_000), 1, b"")]), "x"),
            Error::TooLong("an alias"),
        ),
    ];
    for (found, expected) in table {
        assert_eq!(found, Err(expected));
    }
}

#[test]
fn files_that_are_none_are_told_apart_from_a_wrong_password() {
    let good = render(&store(&[key("a", 1, b"k", &[b"c"])]), "changeme").unwrap();
    let mut tampered = good.clone();
    tampered[20] ^= 1;
    let table: [(&[u8], &str, Error); 6] = [
        (b"", "x", Error::NotJks),
        (&[0x30; 40], "x", Error::NotJks),
        (
            &[&[0xce, 0xce, 0xce, 0xce, 0, 0, 0, 2][..], &[0; 24]].concat(),
            "x",
            Error::NotJks,
        ),
        (&good, "changeit", Error::WrongPassword),
        (&tampered, "changeme", Error::WrongPassword),
        (&good[..good.len() - 1], "changeme", Error::WrongPassword),
    ];
    for (file, password, expected) in table {
        assert_eq!(parse(file, password), Err(expected));
    }
}

#[test]
fn the_same_content_in_another_order_or_at_another_time_is_the_same() {
    let original = store(&[
        key("alias", 10, b"k", &[b"c"]),
        trusted("alias0", 10, b"a"),
        trusted("alias1", 10, b"b"),
    ]);
    let table = [
        (vec![2, 0, 1], 10, true, true),
        (vec![0, 1, 2], 11, true, false),
        (vec![0, 1], 10, false, false),
    ];
    for (order, second, same, with_dates) in table {
        let all = [
            key("ALIAS", second, b"k", &[b"c"]),
            trusted("alias0", second, b"a"),
            trusted("alias1", second, b"b"),
        ];
        let other = store(&order.iter().map(|index| all[*index].clone()).collect::<Vec<_>>());
        assert_eq!(
            (original.same_content(&other), original.same_content_and_dates(&other)),
            (same, with_dates),
            "{order:?}"
        );
    }
    let different = [
        key("alias", 10, b"K", &[b"c"]),
        key("alias", 10, b"k", &[b"c", b"d"]),
        key("b", 10, b"k", &[b"c"]),
        trusted("alias", 10, b"c"),
    ];
    for entry in different {
        assert!(!store(&[key("alias", 10, b"k", &[b"c"])]).same_content(&store(&[entry])));
    }
}

prop_compose! {
    fn any_entry()(alias in "[a-z0-9ü😀 ]{1,12}", second in 0_i64..4_000_000_000, is_key: bool,
        bytes in prop::collection::vec(any::<u8>(), 0..90), chain in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4)) -> Entry {
        let chain: Vec<&[u8]> = chain.iter().map(Vec::as_slice).collect();
        if is_key { key(&alias, second, &bytes, &chain) } else { trusted(&alias, second, &bytes) }
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(mut entries in prop::collection::vec(any_entry(), 0..5), password in ".{1,12}") {
        let mut seen = std::collections::BTreeSet::new();
        entries.retain(|entry| seen.insert(entry.alias().to_owned()));
        let original = store(&entries);
        let file = render(&original, &password).unwrap();
        prop_assert_eq!(parse(&file, &password).unwrap(), original);
    }

    #[test]
    fn damage_is_found_and_never_panics(place in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut file = render(&store(&[key("a", 1, b"k", &[b"c"]), trusted("b", 1, b"c")]), "changeme").unwrap();
        let place = place.index(file.len());
        file[place] ^= 1 << bit;
        prop_assert!(parse(&file, "changeme").is_err());
        // Behind the digest too, where a liar may have made it fit.
        let body = file.len() - 20;
        let fitted = [&file[..body], &digest(&file[..body])].concat();
        let _ = parse(&fitted, "changeme");
    }
}

/// The digest as the format describes it, computed apart from the code under test.
fn digest(body: &[u8]) -> [u8; 20] {
    let password: Vec<u8> = "changeme".bytes().flat_map(|byte| [0, byte]).collect();
    openssl::sha::sha1(&[&password, &b"Mighty Aphrodite"[..], body].concat())
}
