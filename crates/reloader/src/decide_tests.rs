//! The table of `decide`.

#![allow(clippy::too_many_lines, reason = "tables")]
#![allow(clippy::unnecessary_wraps, reason = "contents read as the field they are put into")]

use super::*;

const CONFIG: Config = Config {
    settle_timeout: Duration::from_mins(1),
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
fn settled(hash: &str) -> Option<Content> {
    Some(Content {
        hash: hash.into(),
        unsettled_since: None,
    })
}
fn unsettled(hash: &str, since: i64) -> Option<Content> {
    Some(Content {
        hash: hash.into(),
        unsettled_since: Some(at(since)),
    })
}
/// Template values and memory of one source; `""` is none.
fn observation(now: Option<Content>, in_template: &str, remembered: &str) -> Observation {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    Observation {
        now,
        in_template: some(in_template).into_iter().collect(),
        remembered: some(remembered),
    }
}
fn hashes(entries: &[(&str, &str)]) -> BTreeMap<Source, String> {
    entries
        .iter()
        .map(|(name, hash)| (Source::secret(*name), (*hash).to_owned()))
        .collect()
}
fn restart(entries: &[(&str, &str)]) -> Plan {
    Plan {
        restart_for: hashes(entries),
        ..Plan::default()
    }
}
fn remember(entries: &[(&str, &str)]) -> Plan {
    Plan {
        remember: hashes(entries),
        ..Plan::default()
    }
}
fn wait(second: i64) -> Plan {
    Plan {
        wake_at: Some(at(second)),
        ..Plan::default()
    }
}

/// Decides at second 1,000.
fn plan(sources: &[(&str, Observation)]) -> Plan {
    let sources = sources
        .iter()
        .map(|(name, seen)| (Source::secret(*name), seen.clone()))
        .collect();
    decide(
        &Observed {
            sources,
            invalid: vec![],
        },
        CONFIG,
        at(1_000),
    )
}

#[test]
fn one_source_is_judged_by_template_and_memory() {
    let table = [
        (
            "first sight is remembered, not restarted",
            observation(settled("a"), "", ""),
            remember(&[("tls", "a")]),
        ),
        (
            "template says it runs with it: nothing is written",
            observation(settled("a"), "a", ""),
            Plan::default(),
        ),
        ("memory says so", observation(settled("a"), "", "a"), Plan::default()),
        ("both say so", observation(settled("a"), "a", "a"), Plan::default()),
        (
            "changed against the template",
            observation(settled("b"), "a", ""),
            restart(&[("tls", "b")]),
        ),
        (
            "changed against the memory",
            observation(settled("b"), "", "a"),
            restart(&[("tls", "b")]),
        ),
        (
            "changed against both",
            observation(settled("b"), "a", "a"),
            restart(&[("tls", "b")]),
        ),
        (
            "rollout undo: the old value came back",
            observation(settled("b"), "a", "b"),
            Plan::default(),
        ),
        (
            "another reloader acted: memory follows",
            observation(settled("b"), "b", "a"),
            remember(&[("tls", "b")]),
        ),
        (
            "deleted: its pods keep running",
            observation(None, "a", "a"),
            Plan::default(),
        ),
        ("never existed", observation(None, "", ""), Plan::default()),
        (
            "recreated with other content",
            observation(settled("c"), "b", "b"),
            restart(&[("tls", "c")]),
        ),
    ];
    for (case, seen, expected) in table {
        assert_eq!(plan(&[("tls", seen)]), expected, "{case}");
    }
}

#[test]
fn restarts_once_for_all_that_changed_and_never_before_it_is_settled() {
    let changed = |now| observation(now, "", "old");
    let known = |now| observation(now, "", "same");
    let gave_up = |plan: Plan, name: &str| Plan {
        gave_up_on: vec![Source::secret(name)],
        ..plan
    };
    let table = [
        (
            "two changes, one restart",
            changed(settled("b")),
            changed(settled("y")),
            restart(&[("conf", "y"), ("tls", "b")]),
        ),
        (
            "one unsettled change holds all back",
            changed(unsettled("b", 990)),
            changed(settled("y")),
            wait(1_050),
        ),
        (
            "but not for ever",
            changed(unsettled("b", 940)),
            changed(settled("y")),
            gave_up(restart(&[("conf", "y"), ("tls", "b")]), "tls"),
        ),
        (
            "the earliest deadline wakes",
            changed(unsettled("b", 990)),
            changed(unsettled("y", 980)),
            wait(1_040),
        ),
        (
            "one deadline is over, the other not",
            changed(unsettled("b", 900)),
            changed(unsettled("y", 980)),
            wait(1_040),
        ),
        (
            "an unsettled source without a change holds too: it will change",
            known(unsettled("same", 990)),
            changed(settled("y")),
            wait(1_050),
        ),
        (
            "unsettled, nothing changed: nothing to wait for",
            known(unsettled("same", 990)),
            known(settled("same")),
            Plan::default(),
        ),
        (
            "a new source beside a changed one",
            observation(settled("n"), "", ""),
            changed(settled("y")),
            Plan {
                remember: hashes(&[("tls", "n")]),
                ..restart(&[("conf", "y")])
            },
        ),
        (
            "a new source is remembered while another is waited for",
            observation(settled("n"), "", ""),
            changed(unsettled("y", 990)),
            Plan {
                remember: hashes(&[("tls", "n")]),
                ..wait(1_050)
            },
        ),
    ];
    for (case, tls, conf, expected) in table {
        assert_eq!(plan(&[("tls", tls), ("conf", conf)]), expected, "{case}");
    }
}

#[test]
fn new_source_is_remembered_when_it_is_settled() {
    assert_eq!(
        plan(&[("tls", observation(unsettled("a", 990), "", ""))]),
        wait(1_050),
        "waited for"
    );
    assert_eq!(
        plan(&[("tls", observation(unsettled("a", 940), "", ""))]),
        remember(&[("tls", "a")]),
        "not for ever"
    );
}

#[test]
fn several_containers_may_hold_the_variable() {
    let mut seen = observation(settled("b"), "", "");
    seen.in_template = ["a".to_owned(), "b".to_owned()].into();
    assert_eq!(plan(&[("tls", seen)]), Plan::default());
}
