//! Output of commands: results and progress on standard output, errors on standard error.
//!
//! A failure to print never ends or harms a job. A reader may stop reading, as `head` does. Any other failure, such as
//! a full disk, is kept, so that a command whose result is its output can fail at its end.

use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};

/// The error of the first line that could not be written to standard output.
static UNSAID: Mutex<Option<io::Error>> = Mutex::new(None);

/// The name of this program in printed commands.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// The beginning of printed commands, such as `cargo xtask`.
#[must_use]
pub fn program() -> &'static str {
    PROGRAM.get().map_or("cargo xtask", String::as_str)
}

/// Sets the name of this program; the first one stays.
pub fn call_program(name: &str) {
    PROGRAM.get_or_init(|| name.to_owned());
}

/// Prints a line on standard output.
pub fn print_line(line: &str) {
    pass_on(format!("{line}\n").as_bytes());
}

/// Prints bytes on standard output as they are.
pub fn pass_on(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    keep(out.write_all(bytes).and_then(|()| out.flush()));
}

/// Prints a line on standard error.
pub fn note(line: &str) {
    // There is nobody left to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Checks that all output was written, or that the reader had gone away.
///
/// # Errors
/// The error of the first line that could not be written.
pub fn said() -> Result<()> {
    let unsaid = UNSAID.lock().unwrap_or_else(PoisonError::into_inner).take();
    match unsaid {
        Some(error) => Err(error).context("standard output"),
        None => Ok(()),
    }
}

/// Keeps the first failure, unless the reader has gone away.
pub(crate) fn keep(said: io::Result<()>) {
    if let Err(error) = said
        && error.kind() != ErrorKind::BrokenPipe
    {
        let mut unsaid = UNSAID.lock().unwrap_or_else(PoisonError::into_inner);
        unsaid.get_or_insert(error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_who_went_away_is_no_failure_and_a_full_disk_is() {
        keep(Err(ErrorKind::BrokenPipe.into()));
        assert!(said().is_ok());
        keep(Err(ErrorKind::StorageFull.into()));
        keep(Err(ErrorKind::PermissionDenied.into()));
        let error = format!("{:#}", said().unwrap_err());
        assert_eq!(error, "standard output: no storage space");
        assert!(said().is_ok());
    }
}
