//! What commands say: results and how it goes on standard output, what went wrong on standard error.
//!
//! No failure to tell ends or harms a job. Whoever reads may stop reading, as `head` does. What could not be said for
//! another reason, such as a full disk, is kept, so that a command whose product is what it says can fail at its end.

use std::io::{self, ErrorKind, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result};

/// Why a line did not come out on standard output, of the first that did not.
static UNSAID: Mutex<Option<io::Error>> = Mutex::new(None);

/// What this process is called in commands that are printed.
static PROGRAM: OnceLock<String> = OnceLock::new();

/// What a command begins with that is printed for a person to type, such as `cargo xtask`.
#[must_use]
pub fn program() -> &'static str {
    PROGRAM.get().map_or("cargo xtask", String::as_str)
}

/// Calls this process so from now on; the first name stays.
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

/// Whether all that was said on standard output came out, or nobody wanted to read on.
///
/// # Errors
/// What kept the first line back that did not come out.
pub fn said() -> Result<()> {
    let unsaid = UNSAID.lock().unwrap_or_else(PoisonError::into_inner).take();
    match unsaid {
        Some(error) => Err(error).context("standard output"),
        None => Ok(()),
    }
}

/// Keeps the first failure that is not a reader's who went away.
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
