//! Keeps the other thread awake during updates.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use rayon::Yield;

/// Times in a row that a thread may find nothing to do before it leaves.
const PATIENCE: u32 = 2_000;

/// Runs under way in this process.
static ACTIVE_RUNS: AtomicUsize = AtomicUsize::new(0);

/// A run that is under way, until this is dropped. Beside another one no thread is kept awake: it could take up the other
/// run as a whole.
#[derive(Debug)]
#[must_use]
pub struct ActiveRunGuard(());

impl ActiveRunGuard {
    /// Begins one. To be called before the run goes to a pool of threads.
    pub fn begin() -> Self {
        ACTIVE_RUNS.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for ActiveRunGuard {
    fn drop(&mut self) {
        ACTIVE_RUNS.fetch_sub(1, Ordering::AcqRel);
    }
}

fn alone() -> bool {
    ACTIVE_RUNS.load(Ordering::Acquire) < 2
}

/// Does some work, and keeps the other thread of a pool of two awake for its parts meanwhile. An update forks three or
/// four times for some 50 µs each; a thread that went to sleep in between would be woken for each, which takes a
/// twentieth of an RLx2 update. In a larger pool a fork wakes another thread all the same, so none is kept awake.
///
/// The other thread takes up whatever the pool has to do, so work of another kind belongs in another pool.
pub fn keep_workers_awake<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if rayon::current_num_threads() != 2 || !alone() {
        return work();
    }
    let over = AtomicBool::new(false);
    let work = || {
        let _over = Over(&over);
        work()
    };
    rayon::join(work, || take_up(&over)).0
}

/// Takes up what the other thread forks, until `over`.
fn take_up(over: &AtomicBool) {
    let mut idle = 0;
    while !over.load(Ordering::Acquire) && idle < PATIENCE && alone() {
        if rayon::yield_now() == Some(Yield::Executed) {
            idle = 0;
        } else {
            idle += 1;
            thread::yield_now();
        }
    }
}

/// Says that work is over, however it ended.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn works_nested_side_by_side_and_past_a_panic() {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build();
        let pool = pool.unwrap();
        let sum = |n: u64| -> u64 {
            keep_workers_awake(|| {
                let half = |from: u64| (from..from + n / 2).sum::<u64>();
                let (a, b) = rayon::join(|| half(0), || keep_workers_awake(|| half(n / 2)));
                a + b
            })
        };
        pool.scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|_| {
                    for n in 0..200 {
                        assert_eq!(sum(2 * n), (0..2 * n).sum::<u64>());
                    }
                });
            }
        });
        let panics = || pool.install(|| keep_workers_awake(|| panic!("as told")));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics));
        assert!(panicked.is_err());
        assert_eq!(pool.install(|| sum(10)), 45);
        let _trainings = [ActiveRunGuard::begin(), ActiveRunGuard::begin()];
        assert!(!alone());
        assert_eq!(pool.install(|| sum(10)), 45);
    }
}
