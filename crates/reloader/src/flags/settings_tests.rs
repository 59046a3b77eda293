//! Flags as upstream's users write them.

use super::*;
use clap::Parser;

fn read(flags: &[&str]) -> Result<(Settings, Vec<String>), FlagError> {
    Settings::read(&Args::try_parse_from(std::iter::once("evercert-reloader").chain(flags.iter().copied())).unwrap())
}

#[test]
fn upstreams_spellings_are_understood() {
    let flags = [
        "--auto-reload-all=true",
        "--is-Argo-Rollouts=false",
        "--reload-on-create=false",
        "--reload-on-delete",
        "false",
        "--sync-after-restart",
        "--resources-to-ignore=configMaps",
        "--ignored-workload-types=jobs,cronjobs",
        "--namespaces-to-ignore=kube-system,a",
        "--resource-label-selector=a=b,c:d,e:*",
        "--enable-ha=false",
        "--log-format=json",
        "--log-level=debug",
        "--reload-strategy=default",
        "--secret-annotation=x.example/reload",
        "--settle-timeout=1m30s",
    ];
    let (settings, warnings) = read(&flags).unwrap();
    assert_eq!(warnings, Vec::<String>::new());
    assert!(settings.rules.auto_reload_all);
    assert_eq!(settings.rules.keys.secret, "x.example/reload");
    assert_eq!(settings.ignored_resources, [SourceKind::ConfigMap].into());
    assert_eq!(settings.source_selector, "a=b,c=d,e");
    assert_eq!(settings.settle_timeout, Duration::from_secs(90));
    assert_eq!((settings.covers("a"), settings.covers("b")), (false, true));
}

#[test]
fn shared_flags_follow_upstreams_words() {
    let common = |flags: &[&str]| {
        let args = Args::try_parse_from(std::iter::once("x").chain(flags.iter().copied()))
            .unwrap()
            .common();
        (args.leader_elect, args.log_level)
    };
    assert_eq!(
        common(&[]),
        (Some(false), "info".into()),
        "one replica acts without a Lease"
    );
    assert_eq!(
        common(&["--enable-ha", "--log-level=warning"]),
        (Some(true), "warn".into())
    );
    assert_eq!(common(&["--enable-ha=true", "--leader-elect=false"]).0, Some(false));
}

#[test]
fn defaults_are_upstreams() {
    let (settings, warnings) = read(&[]).unwrap();
    assert_eq!(
        (settings.rules, settings.scope, warnings),
        (Rules::default(), Scope::All, vec![])
    );
    assert_eq!(settings.settle_timeout, Duration::from_mins(1));
}

#[test]
fn namespaces_narrow_the_scope() {
    let (one, _) = read(&["--namespaces=a"]).unwrap();
    assert_eq!(
        (one.scope.clone(), one.covers("a"), one.covers("b")),
        (Scope::Namespace("a".into()), true, false)
    );
    let (two, warnings) = read(&["--namespaces=a,b"]).unwrap();
    assert_eq!(
        (two.scope.clone(), two.covers("b"), two.covers("c"), warnings.len()),
        (Scope::All, true, false, 1)
    );
}

#[test]
fn what_has_no_effect_is_said_and_what_makes_no_sense_is_refused() {
    let (_, warnings) = read(&[
        "--reload-strategy=annotations",
        "--reload-on-create=true",
        "--webhook-url=http://x",
    ])
    .unwrap();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    assert!(matches!(
        read(&["--resources-to-ignore=secrets,configmaps"]),
        Err(FlagError::ResourcesToIgnore(_))
    ));
    assert!(matches!(
        read(&["--resources-to-ignore=pods"]),
        Err(FlagError::ResourcesToIgnore(_))
    ));
    assert!(matches!(
        read(&["--reload-strategy=restart"]),
        Err(FlagError::ReloadStrategy(_))
    ));
}
