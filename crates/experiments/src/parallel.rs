//! Threads, and several runs in one command, up to one per thread at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::terminal::interrupt::Interrupt;

/// Sets how many threads compute, and returns their number.
///
/// # Errors
/// When they cannot be started.
pub fn threads(asked: Option<u64>) -> Result<usize> {
    let threads = thread_count(asked)?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build_global()
        .context("the threads cannot be started")?;
    Ok(threads)
}

/// The requested number of threads; else the number of cores.
///
/// # Errors
/// When the number does not fit.
pub(crate) fn thread_count(asked: Option<u64>) -> Result<usize> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    Ok(asked.map_or(Ok(cores), usize::try_from)?)
}

/// How many runs are made at a time, and with how many threads each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) at_once: usize,
    pub(crate) threads: usize,
}

impl Share {
    /// Of so many threads for so many runs.
    pub(crate) fn of(threads: usize, runs: usize) -> Self {
        let at_once = runs.clamp(1, threads.max(1));
        Self {
            at_once,
            threads: (threads / at_once).max(1),
        }
    }
}

/// Makes `runs` runs, and returns the result of each, in order; `None` for those that were not begun. The number of
/// threads changes no result. After an interrupt it begins no further run.
///
/// # Errors
/// When threads cannot be started.
pub(crate) fn all<T: Send>(
    runs: usize,
    share: Share,
    interrupt: &Interrupt,
    run: impl Fn(usize) -> T + Sync,
) -> Result<Vec<Option<T>>> {
    let outcomes = Mutex::new((0..runs).map(|_| None).collect::<Vec<_>>());
    let next = AtomicUsize::new(0);
    let worker = || -> Result<()> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(share.threads);
        let pool = pool.build().context("the threads cannot be started")?;
        while !interrupt.is_set() {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= runs {
                break;
            }
            let outcome = pool.install(|| run(index));
            let mut outcomes = outcomes.lock().unwrap_or_else(PoisonError::into_inner);
            outcomes[index] = Some(outcome);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..share.at_once).map(|_| scope.spawn(worker)).collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => done?,
                Err(_) => bail!("a run ended with a panic, which is a bug"),
            }
        }
        Ok(())
    })?;
    Ok(outcomes
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_stand_in_the_order_of_runs() {
        let share = Share::of(3, 8);
        assert_eq!((share.at_once, share.threads), (3, 1));
        let done = all(8, share, &Interrupt::default(), |index| index * index).unwrap();
        let squares: Vec<_> = (0..8).map(|index| Some(index * index)).collect();
        assert_eq!(done, squares);
    }

    #[test]
    fn after_an_interrupt_none_is_begun() {
        let interrupt = Interrupt::default();
        let begin = |index| {
            if index == 1 {
                interrupt.set();
            }
            index
        };
        let done = all(4, Share::of(1, 4), &interrupt, begin).unwrap();
        assert_eq!(done, [Some(0), Some(1), None, None]);
        assert_eq!(
            Share::of(5, 2),
            Share {
                at_once: 2,
                threads: 2
            }
        );
    }
}
