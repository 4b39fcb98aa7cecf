//! Tests that another program reads what is written here, where there is a `python3` with what they need.
#![allow(clippy::print_stderr, reason = "says why tests are skipped")]

use std::process::{Command, ExitCode};

use libtest_mimic::{Arguments, Trial};

/// Runs `tests` as `main` of a test without harness; where Python cannot do what they `need` they are listed as ignored,
/// with the reason on top.
#[must_use]
pub fn run_tests(need: &str, tests: &[(&str, fn())]) -> ExitCode {
    let missing = say(&["-c", need]).err();
    if let Some(reason) = &missing {
        eprintln!("skipped: python3 cannot `{need}`: {reason}");
    }
    let trials = tests.iter().map(|&(name, test)| {
        let trial = Trial::test(name, move || {
            test();
            Ok(())
        });
        trial.with_ignored_flag(missing.is_some())
    });
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

/// What `python3` says to these arguments.
///
/// # Errors
/// The last line of its errors, when it fails.
pub fn say(words: &[&str]) -> Result<String, String> {
    let output = Command::new("python3").args(words).output();
    let output = output.map_err(|error| error.to_string())?;
    let (said, errors) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    if !output.status.success() {
        return Err(errors.lines().last().unwrap_or_default().to_owned());
    }
    String::from_utf8(said).map_err(|error| error.to_string())
}
