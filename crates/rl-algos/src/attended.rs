//! Updates whose parts find another thread awake.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rayon::Yield;

/// A thread that has found nothing to do so often leaves: after about a millisecond.
const PATIENCE: u32 = 2_000;

/// Does some work, and keeps another thread of the pool awake for its parts meanwhile, if there is one. An update forks
/// three or four times for some 50 µs each; a thread that went to sleep in between would be woken for each, which takes
/// a tenth of an RLx2 update.
pub fn attended<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if rayon::current_num_threads() < 2 {
        return work();
    }
    let over = AtomicBool::new(false);
    let work = || {
        let _over = Over(&over);
        work()
    };
    rayon::join(work, || attend(&over)).0
}

/// Takes up what others fork, until `over`.
fn attend(over: &AtomicBool) {
    let mut idle = 0;
    while !over.load(Ordering::Acquire) {
        if rayon::yield_now() == Some(Yield::Executed) {
            idle = 0;
        } else if idle == PATIENCE {
            // Whoever attends may have work of its own below on its stack, which may be what the other waits for.
            break;
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
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build();
        let pool = pool.unwrap();
        let sum = |n: u64| -> u64 {
            attended(|| {
                let half = |from: u64| (from..from + n / 2).sum::<u64>();
                let (a, b) = rayon::join(|| half(0), || attended(|| half(n / 2)));
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
        let panics = || pool.install(|| attended(|| panic!("as told")));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics));
        assert!(panicked.is_err());
        assert_eq!(pool.install(|| sum(10)), 45);
    }
}
