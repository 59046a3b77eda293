//! A real JVM as judge: keytool lists our stores, and two sockets shake hands with them. Needs a JDK (11 or later).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail loudly"
)]

use std::path::Path;
use std::process::Command;

use evercert_keystore::jks::{Entry, KeyEntry, Keystore, TrustedEntry, parse, render};
use evercert_pki::certificate::Certificate;
use evercert_pki::csr::{self, Csr, CsrTemplate};
use evercert_pki::key::{Curve, KeyAlgorithm, PrivateKey};
use evercert_pki::name::Name;
use evercert_pki::san::SubjectAltNames;
use evercert_pki::sign::{Signer, SigningTemplate, sign};
use evercert_pki::usage::Usages;
use jiff::{Timestamp, ToSpan};

const PASSWORD: &str = "changeme";

fn issue(name: &str, is_ca: bool, key: &PrivateKey, ca: Option<(&Certificate, &PrivateKey)>) -> Certificate {
    let mut sans = SubjectAltNames {
        dns: vec!["localhost".into()],
        ..SubjectAltNames::default()
    };
    sans.push_ip("127.0.0.1").unwrap();
    let subject = Name::from_literal(&format!("CN={name}")).unwrap();
    let request = csr::build(
        &CsrTemplate {
            subject,
            sans,
            ..CsrTemplate::default()
        },
        key,
    )
    .unwrap();
    let now = Timestamp::now();
    let template = SigningTemplate {
        csr: &Csr::from_pem(request.as_bytes()).unwrap(),
        usages: &Usages::from_names(&["digital signature", "key encipherment", "server auth"], is_ca).unwrap(),
        is_ca,
        serial: [name.len().try_into().unwrap(); 16],
        not_before: now - 1.hour(),
        not_after: now + 24.hours(),
        crl_distribution_points: &[],
        ocsp_servers: &[],
        issuing_certificate_urls: &[],
    };
    let signer = match ca {
        Some((certificate, key)) => Signer::Ca { certificate, key },
        None => Signer::SelfSigned(key),
    };
    sign(&template, &signer).unwrap()
}

fn run(command: &mut Command) -> String {
    let output = command
        .output()
        .expect("a JDK in PATH (Debian: openjdk-17-jdk-headless)");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

fn keytool(path: &Path, password: &str) -> String {
    let mut keytool = Command::new("keytool");
    keytool.args([
        "-J-Duser.language=en",
        "-list",
        "-v",
        "-storetype",
        "JKS",
        "-storepass",
        password,
        "-keystore",
    ]);
    run(keytool.arg(path))
}

fn trusted(certificates: &[&Certificate]) -> Keystore {
    let entry = |(index, certificate): (usize, &&Certificate)| {
        let (alias, created) = (format!("alias{index}"), certificate.not_before());
        Entry::Trusted(TrustedEntry {
            alias,
            created,
            certificate: certificate.der().to_vec(),
        })
    };
    Keystore {
        entries: certificates.iter().enumerate().map(entry).collect(),
    }
}

#[test]
fn keytool_lists_what_we_wrote_and_a_jvm_serves_with_it() {
    let root_key = PrivateKey::generate(KeyAlgorithm::Ecdsa(Curve::P256)).unwrap();
    let root = issue("root", true, &root_key, None);
    let middle_key = PrivateKey::generate(KeyAlgorithm::Rsa(2048)).unwrap();
    let middle = issue("middle", true, &middle_key, Some((&root, &root_key)));
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, store: &Keystore| {
        let path = directory.path().join(name);
        std::fs::write(&path, render(store, PASSWORD).unwrap()).unwrap();
        path
    };
    let truststore = write("truststore.jks", &trusted(&[&root, &middle]));
    let listed = keytool(&truststore, PASSWORD);
    assert!(listed.contains("Your keystore contains 2 entries"), "{listed}");
    assert!(
        listed.find("Alias name: alias0") < listed.find("Alias name: alias1"),
        "{listed}"
    );
    assert_eq!(listed.matches("Entry type: trustedCertEntry").count(), 2);

    let mut java = Command::new("java");
    java.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/Handshake.java"))
        .arg(PASSWORD)
        .arg(&truststore);
    for algorithm in [
        KeyAlgorithm::Rsa(2048),
        KeyAlgorithm::Ecdsa(Curve::P384),
        KeyAlgorithm::Ed25519,
    ] {
        let key = PrivateKey::generate(algorithm).unwrap();
        let leaf = issue("leaf", false, &key, Some((&middle, &middle_key)));
        let chain = vec![leaf.der().to_vec(), middle.der().to_vec()];
        let entry = KeyEntry {
            alias: "Alias".into(),
            created: leaf.not_before(),
            key: key.to_pkcs8_der().unwrap(),
            chain,
        };
        let path = write(
            &format!("{algorithm}.jks"),
            &Keystore {
                entries: vec![Entry::Key(entry)],
            },
        );
        let listed = keytool(&path, PASSWORD);
        for part in [
            "Alias name: alias\n",
            "Entry type: PrivateKeyEntry",
            "Certificate chain length: 2",
            "Owner: CN=leaf",
        ] {
            assert!(listed.contains(part), "{part} not in {listed}");
        }
        java.arg(path);
    }
    assert_eq!(run(&mut java), "RSA CN=leaf\nEC CN=leaf\nEdDSA CN=leaf\n");
}

#[test]
fn what_keytool_writes_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("foreign.jks");
    let mut keytool = Command::new("keytool");
    keytool.args([
        "-genkeypair",
        "-storetype",
        "JKS",
        "-alias",
        "Foreign",
        "-keyalg",
        "RSA",
        "-dname",
        "CN=foreign",
    ]);
    run(keytool
        .args(["-storepass", "geheimß", "-keypass", "geheimß", "-keystore"])
        .arg(&path));
    let store = parse(&std::fs::read(&path).unwrap(), "geheimß").unwrap();
    let [Entry::Key(entry)] = store.entries.as_slice() else {
        panic!("{store:?}")
    };
    let certificate = Certificate::from_der(&entry.chain[0]).unwrap();
    assert_eq!(
        (entry.alias.as_str(), certificate.subject().to_string().as_str()),
        ("foreign", "CN=foreign")
    );

    // And back: the same content with our own salt opens with keytool under the same password.
    std::fs::write(&path, render(&store, "geheimß").unwrap()).unwrap();
    assert!(self::keytool(&path, "geheimß").contains("Entry type: PrivateKeyEntry"));
}
