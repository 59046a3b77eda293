//! Named gates that must open before `/readyz` says yes, and notes that say what is waited for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// All gates of a process; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Readiness {
    gates: Arc<Mutex<BTreeMap<String, State>>>,
}

#[derive(Debug, Clone, Default)]
struct State {
    open: bool,
    note: Option<String>,
}

/// One thing that is waited for.
#[derive(Debug, Clone)]
pub struct Gate {
    name: String,
    all: Readiness,
}

impl Readiness {
    /// A closed gate of that name. A name in use gets a number after it.
    pub fn gate(&self, name: &str) -> Gate {
        let mut gates = self.lock();
        let name = (1..).map(|n| if n == 1 { name.to_owned() } else { format!("{name}-{n}") });
        let name = name
            .into_iter()
            .find(|name| !gates.contains_key(name))
            .unwrap_or_default();
        gates.insert(name.clone(), State::default());
        Gate {
            name,
            all: self.clone(),
        }
    }

    /// True when every gate is open.
    pub fn is_ready(&self) -> bool {
        self.lock().values().all(|gate| gate.open)
    }

    /// One line per gate as `/readyz` prints them: `[+]name ok`, `[-]name waiting: note`.
    pub fn report(&self) -> String {
        let gates = self.lock();
        let mut text = String::new();
        for (name, gate) in gates.iter() {
            let (sign, state) = if gate.open { ('+', "ok") } else { ('-', "waiting") };
            let note = gate.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            let _ = writeln!(text, "[{sign}]{name} {state}{note}");
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, State>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut State)) {
        if let Some(gate) = self.lock().get_mut(name) {
            change(gate);
        }
    }
}

impl Gate {
    /// Lets readiness through, and drops the note.
    pub fn open(&self) {
        self.all
            .change(&self.name, |gate| *gate = State { open: true, note: None });
    }

    /// Lets readiness through, but keeps saying what is missing (an optional API).
    pub fn open_with_note(&self, note: impl Into<String>) {
        let note = Some(note.into());
        self.all.change(&self.name, |gate| *gate = State { open: true, note });
    }

    /// Says what is waited for, open or closed.
    pub fn note(&self, note: impl Into<String>) {
        let note = Some(note.into());
        self.all.change(&self.name, |gate| gate.note = note);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_only_when_all_gates_are_open_and_says_which_are_not() {
        let readiness = Readiness::default();
        assert!(readiness.is_ready());
        let (secrets, routes, again) = (
            readiness.gate("secrets"),
            readiness.gate("routes"),
            readiness.gate("secrets"),
        );
        secrets.note("first list");
        again.open();
        assert!(!readiness.is_ready());
        assert_eq!(
            readiness.report(),
            "[-]routes waiting\n[-]secrets waiting: first list\n[+]secrets-2 ok\n"
        );
        secrets.open();
        routes.open_with_note("API absent");
        assert!(readiness.is_ready());
        assert_eq!(
            readiness.report(),
            "[+]routes ok: API absent\n[+]secrets ok\n[+]secrets-2 ok\n"
        );
    }
}
