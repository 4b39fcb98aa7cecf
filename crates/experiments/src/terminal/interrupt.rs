//! Who asks for the end: Ctrl-C, a scheduler (SIGTERM), a terminal that closes (SIGHUP). Each ends a run after its step;
//! Ctrl-C where the end was asked for already ends the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};

use crate::terminal::tell::note;

/// Status of a process that a signal ended.
pub(crate) const STATUS: u8 = 130;

/// What this process caught, once it did.
static CAUGHT: Mutex<Option<Interrupt>> = Mutex::new(None);

/// Whether someone asked for the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Catches Ctrl-C and, on Unix, SIGTERM and SIGHUP from now on. The second Ctrl-C ends the process wherever it is: files
    /// are written beside their place and moved there, so none is left half written. The others may come twice, as when
    /// both a terminal that closes and its shell tell. A process catches them once; the next call gives the same.
    ///
    /// # Errors
    /// When they cannot be caught.
    pub(crate) fn catch() -> Result<Self> {
        let mut caught = CAUGHT.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asked) = &*caught {
            return Ok(asked.clone());
        }
        let asked = Self::default();
        let flag = asked.clone();
        ctrlc::set_handler(move || flag.ask(true)).context("Ctrl-C cannot be caught")?;
        #[cfg(unix)]
        asked.catch_others().context("SIGTERM cannot be caught")?;
        *caught = Some(asked.clone());
        Ok(asked)
    }

    /// Catches what a scheduler sends, and a terminal that closes.
    #[cfg(unix)]
    fn catch_others(&self) -> Result<()> {
        use signal_hook::consts::{SIGHUP, SIGTERM};
        // Under `nohup` a run outlives its terminal.
        let mut caught = vec![SIGTERM, SIGHUP];
        caught.retain(|signal| *signal == SIGTERM || !is_ignored(*signal));
        let mut signals = signal_hook::iterator::Signals::new(caught)?;
        let flag = self.clone();
        let thread = std::thread::Builder::new().name("signals".to_owned());
        thread.spawn(move || signals.forever().for_each(|_| flag.ask(false)))?;
        Ok(())
    }

    /// What Ctrl-C does, or another signal.
    fn ask(&self, is_key: bool) {
        match self.0.swap(true, Ordering::Relaxed) {
            true if is_key => std::process::exit(i32::from(STATUS)),
            true => return,
            false => {}
        }
        note("\nends after this step; Ctrl-C again ends it at once");
    }

    /// Whether the end was asked for.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for the end, as a signal does.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whether the parent process made this one ignore a signal; known on Linux only.
#[cfg(unix)]
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
