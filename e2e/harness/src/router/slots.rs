//! Which pod has which server of HAProxy: a pod keeps its slot, so that a change touches only what changed. Pure.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use super::plan::Backend;

/// Slots come in groups of this many; a further group needs a reload.
const GROUP: usize = 8;

/// Servers of every backend; `None` = free.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Slots {
    by_backend: BTreeMap<String, Vec<Option<SocketAddr>>>,
}

/// A server that gets another address, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub backend: String,
    pub slot: usize,
    pub address: Option<SocketAddr>,
}

impl Slots {
    /// Servers of a backend in their order.
    pub(super) fn of(&self, backend: &str) -> &[Option<SocketAddr>] {
        self.by_backend.get(backend).map_or(&[], Vec::as_slice)
    }

    /// The next state: who stays keeps the slot, who is new gets a free one.
    pub(super) fn next(&self, backends: &[Backend]) -> Self {
        let next = backends
            .iter()
            .map(|backend| (backend.name.clone(), assign(self.of(&backend.name), &backend.endpoints)));
        Self {
            by_backend: next.collect(),
        }
    }

    /// As many slots, all free.
    pub(super) fn emptied(&self) -> Self {
        let empty = |(name, servers): (&String, &Vec<_>)| (name.clone(), vec![None; servers.len()]);
        Self {
            by_backend: self.by_backend.iter().map(empty).collect(),
        }
    }

    /// Server by server, what is different in `next`. New addresses come first: a backend is never without servers in
    /// between.
    pub(super) fn changes(&self, next: &Self) -> Vec<Change> {
        let mut changes = Vec::new();
        for (backend, servers) in &next.by_backend {
            let old = self.of(backend);
            for (slot, address) in servers.iter().enumerate() {
                if old.get(slot) != Some(address) {
                    changes.push(Change {
                        backend: backend.clone(),
                        slot,
                        address: *address,
                    });
                }
            }
        }
        changes.sort_by_key(|change| change.address.is_none());
        changes
    }
}

fn assign(old: &[Option<SocketAddr>], wished: &[SocketAddr]) -> Vec<Option<SocketAddr>> {
    let size = wished.len().max(1).div_ceil(GROUP) * GROUP;
    let mut slots: Vec<_> = old
        .iter()
        .map(|slot| slot.filter(|address| wished.contains(address)))
        .collect();
    slots.resize(size.max(slots.len()), None);
    for address in wished {
        if slots.contains(&Some(*address)) {
            continue;
        }
        // A slot that was free before is taken first: its neighbour's connections are still being closed.
        let free = |taken_before: bool| {
            let is_free = |(at, slot): (usize, &Option<SocketAddr>)| {
                (slot.is_none() && (taken_before || old.get(at).copied().flatten().is_none())).then_some(at)
            };
            slots.iter().enumerate().find_map(is_free)
        };
        if let Some(slot) = free(false).or_else(|| free(true)).and_then(|at| slots.get_mut(at)) {
            *slot = Some(*address);
        }
    }
    slots
}

#[cfg(test)]
mod tests {
    use super::super::plan::{Insecure, Mode};
    use super::*;

    fn address(last: u8) -> SocketAddr {
        ([10, 244, 0, last], 8443).into()
    }

    fn backend(pods: &[u8]) -> Vec<Backend> {
        vec![Backend {
            name: "shop_web".into(),
            host: String::new(),
            path: String::new(),
            mode: Mode::Plain,
            insecure: Insecure::Allow,
            endpoints: pods.iter().map(|pod| address(*pod)).collect(),
        }]
    }

    #[test]
    fn a_pod_keeps_its_slot_and_a_new_one_gets_a_slot_that_was_free() {
        let first = Slots::default().next(&backend(&[1, 2]));
        assert_eq!(first.of("shop_web")[..3], [Some(address(1)), Some(address(2)), None]);
        let second = first.next(&backend(&[2, 3]));
        assert_eq!(second.of("shop_web")[..3], [None, Some(address(2)), Some(address(3))]);
        let change = |slot, address| Change {
            backend: "shop_web".into(),
            slot,
            address,
        };
        assert_eq!(first.changes(&second), [change(2, Some(address(3))), change(0, None)]);
    }

    #[test]
    fn more_pods_than_slots_make_more_slots_and_fewer_keep_them() {
        let pods: Vec<u8> = (1..=9).collect();
        let many = Slots::default().next(&backend(&pods));
        assert_eq!(many.of("shop_web").len(), 16);
        assert_eq!(many.next(&backend(&[1])).of("shop_web").len(), 16);
    }
}
