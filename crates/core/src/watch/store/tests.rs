//! The store's promises, step by step.

use super::*;
use k8s_openapi::api::core::v1::ConfigMap;

fn object(name: &str, version: u64, team: &str) -> ConfigMap {
    let labels = (!team.is_empty()).then(|| [("team".to_owned(), team.to_owned())].into());
    let metadata = ObjectMeta {
        name: Some(name.into()),
        namespace: Some("ns".into()),
        uid: Some(format!("uid-{name}")),
        resource_version: Some(version.to_string()),
        labels,
        ..ObjectMeta::default()
    };
    ConfigMap {
        metadata,
        ..ConfigMap::default()
    }
}

fn reborn(name: &str, version: u64) -> ConfigMap {
    let mut obj = object(name, version, "");
    obj.metadata.uid = Some("uid-reborn".into());
    obj
}

fn store() -> Store<ConfigMap> {
    let team: IndexFn<ConfigMap> = Box::new(|obj| {
        obj.metadata
            .labels
            .iter()
            .flatten()
            .map(|(_, team)| team.clone())
            .collect()
    });
    Store::new(vec![("team", team)])
}

fn list(store: &mut Store<ConfigMap>, objects: Vec<ConfigMap>) -> Vec<String> {
    store.list_begins();
    let mut told: Vec<_> = objects
        .into_iter()
        .filter_map(|obj| store.observed(obj, Instant::now()))
        .collect();
    told.extend(store.list_done());
    let mut told: Vec<_> = told.iter().map(|key| key.name.clone()).collect();
    told.sort();
    told
}

fn version_of(store: &Store<ConfigMap>, name: &str) -> Option<u64> {
    store
        .get(&Key::namespaced("ns", name))
        .and_then(|obj| version(&obj.metadata))
}

fn team(store: &Store<ConfigMap>, team: &str) -> Vec<String> {
    store
        .by_index("team", team)
        .iter()
        .filter_map(|obj| obj.metadata.name.clone())
        .collect()
}

#[test]
fn tells_what_vanished_changed_or_is_new_when_listed_again() {
    let mut store = store();
    assert_eq!(
        list(
            &mut store,
            vec![object("a", 1, "x"), object("b", 2, ""), object("c", 3, "x")]
        ),
        ["a", "b", "c"]
    );
    assert_eq!(
        list(
            &mut store,
            vec![object("a", 1, "x"), object("c", 9, "y"), object("d", 8, "x")]
        ),
        ["b", "c", "d"]
    );
    assert_eq!(
        (team(&store, "x"), team(&store, "y")),
        (vec!["a".into(), "d".into()], vec!["c".into()])
    );
    assert_eq!(version_of(&store, "b"), None);
}

#[test]
fn keeps_the_last_readable_version_when_the_list_names_an_unreadable_one() {
    let mut store = store();
    list(&mut store, vec![object("a", 1, "")]);
    store.list_begins();
    store.unreadable(&object("a", 2, "").metadata);
    assert_eq!(store.list_done(), []);
    assert_eq!(version_of(&store, "a"), Some(1));
}

#[test]
fn indexes_follow_when_objects_change_and_go() {
    let mut store = store();
    list(&mut store, vec![object("a", 1, "x"), object("b", 2, "x")]);
    store.observed(object("a", 3, "y"), Instant::now());
    assert_eq!(
        (team(&store, "x"), team(&store, "y")),
        (vec!["b".into()], vec!["a".into()])
    );
    store.vanished(&object("b", 4, "").metadata);
    assert_eq!(team(&store, "x"), Vec::<String>::new());
}

#[test]
fn own_write_holds_until_the_watch_has_caught_up_and_is_told_once() {
    let (mut store, now) = (store(), Instant::now());
    list(&mut store, vec![object("a", 1, "")]);
    assert!(store.written(object("a", 5, "x")).is_some());
    assert_eq!(team(&store, "x"), ["a"]);
    assert!(
        store.observed(object("a", 3, ""), now).is_none(),
        "older than our write"
    );
    assert_eq!(version_of(&store, "a"), Some(5));
    assert!(
        store.observed(object("a", 5, "x"), now).is_none(),
        "our write, told already"
    );
    assert!(store.observed(object("a", 6, ""), now).is_some());
    assert!(store.written(object("a", 5, "x")).is_none(), "the watch was faster");
    assert_eq!(version_of(&store, "a"), Some(6));
}

#[test]
fn own_create_survives_a_list_that_began_before_it_but_not_a_later_one() {
    let mut store = store();
    store.list_begins();
    store.written(object("a", 5, ""));
    assert_eq!(store.list_done(), []);
    assert_eq!(version_of(&store, "a"), Some(5));
    assert_eq!(list(&mut store, vec![]), ["a"]);
}

#[test]
fn own_delete_hides_the_object_until_the_watch_knows() {
    let (mut store, now) = (store(), Instant::now());
    let key = Key::namespaced("ns", "a");
    list(&mut store, vec![object("a", 1, "")]);
    assert!(
        store.deleted(&key, "other", now).is_none(),
        "another object of that name"
    );
    assert!(store.deleted(&key, "uid-a", now).is_some());
    assert!(
        store.observed(object("a", 2, ""), now).is_none(),
        "a change from before our delete"
    );
    assert_eq!(version_of(&store, "a"), None);
    assert!(store.vanished(&object("a", 3, "").metadata).is_none(), "told already");
    assert!(store.observed(reborn("a", 4), now).is_some());
}

#[test]
fn own_delete_is_given_up_when_it_did_not_happen() {
    let (mut store, now) = (store(), Instant::now());
    let key = Key::namespaced("ns", "a");
    let gone = |store: &mut Store<ConfigMap>| {
        list(store, vec![object("a", 1, "")]);
        store.deleted(&key, "uid-a", now).unwrap();
    };
    gone(&mut store);
    assert!(
        store.observed(object("a", 2, ""), now + TRUST_OWN_DELETE).is_some(),
        "long ago"
    );
    gone(&mut store);
    assert_eq!(
        list(&mut store, vec![object("a", 2, "")]),
        ["a"],
        "a later list still has it"
    );
    gone(&mut store);
    let mut finalizing = object("a", 3, "");
    finalizing.metadata.deletion_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(
        jiff::Timestamp::UNIX_EPOCH,
    ));
    assert!(store.observed(finalizing, now).is_some(), "waits for a finalizer");
}

#[test]
fn late_delete_of_an_older_object_does_not_hit_the_one_we_created_since() {
    let mut store = store();
    list(&mut store, vec![object("a", 1, "")]);
    store.written(reborn("a", 7));
    assert!(store.vanished(&object("a", 5, "").metadata).is_none());
    assert_eq!(version_of(&store, "a"), Some(7));
    assert!(store.vanished(&reborn("a", 8).metadata).is_some());
}
