//! Ctrl-C: the first ends a run after its step, the second ends the process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result};

use crate::note;

/// Status of a process that Ctrl-C ended.
pub(crate) const STATUS: u8 = 130;

/// Whether someone asked for the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Catches Ctrl-C from now on. The second ends the process wherever it is: files are written beside their place
    /// and moved there, so none is left half written.
    ///
    /// # Errors
    /// When it cannot be caught.
    pub(crate) fn catch() -> Result<Self> {
        let asked = Self::default();
        let flag = asked.clone();
        ctrlc::set_handler(move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(STATUS));
            }
            note("\nends after this step; Ctrl-C again ends it at once");
        })
        .context("Ctrl-C cannot be caught")?;
        Ok(asked)
    }

    /// Whether the end was asked for.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Asks for the end, as Ctrl-C does.
    #[cfg(test)]
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
