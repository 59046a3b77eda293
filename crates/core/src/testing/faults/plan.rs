//! What is to fail, and what was called so far.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::body::Control;
use super::call::Call;

/// Relative to the call's effect on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// The server never sees the call.
    Before,
    /// The server has done it, but the answer is lost.
    After,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The connection breaks.
    Error(When),
    /// The server seems to answer this code: 409, 410, 429, 500. It never sees the call.
    Status(u16),
    /// The call starts only after this time.
    Slow(Duration),
}

/// Shared by a client's layer and the test; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct FaultPlan {
    state: Arc<Mutex<State>>,
    killed: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    rules: Vec<Rule>,
    writes: Vec<Call>,
    calls: u64,
    kill: Option<(usize, When)>,
    silent: bool,
    watches: Vec<Weak<Control>>,
}

struct Rule {
    matches: Box<dyn Fn(&Call) -> bool + Send>,
    fault: Fault,
    times: usize,
}

/// What the layer is to do with one call.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Fail(Fault),
    Die(When),
    Dead,
}

impl FaultPlan {
    /// The next `times` calls that match fail that way. Rules are tried in the order they were given.
    pub fn fail(&self, times: usize, fault: Fault, matches: impl Fn(&Call) -> bool + Send + 'static) -> &Self {
        self.lock().rules.push(Rule {
            matches: Box::new(matches),
            fault,
            times,
        });
        self
    }

    /// The process dies at write `n` (the first is 1): from then on no call is answered, and [`FaultPlan::killed`] resolves.
    pub fn kill_at(&self, n: usize, when: When) {
        self.lock().kill = Some((n, when));
    }

    /// Resolves when the process died as planned.
    pub async fn killed(&self) {
        self.killed.cancelled().await;
    }

    /// Breaks the connection of every open watch.
    pub fn cut_watches(&self) {
        self.lock()
            .watches
            .drain(..)
            .filter_map(|watch| watch.upgrade())
            .for_each(|watch| watch.cut());
    }

    /// While on, open and new watches say nothing more, though their connections stay.
    pub fn silence_watches(&self, on: bool) {
        let mut state = self.lock();
        state.silent = on;
        state
            .watches
            .retain(|watch| watch.upgrade().inspect(|watch| watch.silence(on)).is_some());
    }

    /// Leaves open watches as they are, whatever is asked from here on.
    pub fn forget_watches(&self) {
        self.lock().watches.clear();
    }

    /// How many writes reached the server or were to; events and leases do not count.
    pub fn writes(&self) -> usize {
        self.lock().writes.len()
    }

    /// These writes, in order.
    pub fn written(&self) -> Vec<Call> {
        self.lock().writes.clone()
    }

    /// Calls of any kind.
    pub fn calls(&self) -> u64 {
        self.lock().calls
    }

    pub(super) fn judge(&self, call: &Call) -> Verdict {
        if self.killed.is_cancelled() {
            return Verdict::Dead;
        }
        let mut state = self.lock();
        state.calls += 1;
        if call.is_write() {
            state.writes.push(call.clone());
            let writes = state.writes.len();
            if let Some((_, when)) = state.kill.filter(|(n, _)| *n == writes) {
                return Verdict::Die(when);
            }
        }
        let Some(rule) = state
            .rules
            .iter_mut()
            .find(|rule| rule.times > 0 && (rule.matches)(call))
        else {
            return Verdict::Pass;
        };
        rule.times -= 1;
        Verdict::Fail(rule.fault.clone())
    }

    pub(super) fn die(&self) {
        self.killed.cancel();
    }

    pub(super) fn watch_opened(&self) -> Arc<Control> {
        let mut state = self.lock();
        let control = Arc::new(Control::default());
        control.silence(state.silent);
        state.watches.retain(|watch| watch.strong_count() > 0);
        state.watches.push(Arc::downgrade(&control));
        control
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rule")
            .field("fault", &self.fault)
            .field("times", &self.times)
            .finish_non_exhaustive()
    }
}
