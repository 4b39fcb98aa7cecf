//! Runs the tests: all targets, even after a failure, and one line at the end.

use std::env;
use std::io::{self, BufRead, BufReader, IsTerminal};
use std::path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use experiments::args::values::Device;
use experiments::terminal::tell::pass_on;
use xtask::chores::TestArgs;

use crate::launch;

/// Name a folder of recordings for the tests against them, and a page for their tables.
const PLACES: [&str; 2] = ["PARITY_DATA", "PARITY_TABLE"];

/// The tests against recordings of MuJoCo, which print what they measure.
const AGREEMENT: [&str; 2] = ["parity", "extended"];

/// Runs the workspace's tests, in release: physics and training at speed, and Burn's build shared with training.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn run(args: &TestArgs) -> Result<ExitCode> {
    let mut command = launch::cargo(&launch::root()?, "test");
    command.args(launch::selection(Device::default()));
    command.arg("--no-fail-fast");
    // Tests run in their package's folder, so a relative one would be another.
    for name in PLACES {
        if let Some(place) = env::var_os(name) {
            let place = path::absolute(&place).with_context(|| place.display().to_string())?;
            command.env(name, place);
        }
    }
    let mut words = args.which.as_slice();
    let agreement = words
        .first()
        .filter(|word| AGREEMENT.contains(&word.as_str()));
    if let Some(test) = agreement {
        words = &words[1..];
        command.args(["--test", test]);
    }
    command.arg("--").args(words);
    if agreement.is_some() {
        command.args(["--nocapture", "--test-threads", "1"]);
    }
    if args.long {
        command.arg("--include-ignored");
    }
    if io::stdout().is_terminal() {
        command.args(["--color", "always"]);
    }
    watch(&mut command)
}

/// Runs `command`, passes on what it prints and sums it up.
fn watch(command: &mut Command) -> Result<ExitCode> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    let mut tally = Tally::default();
    if let Some(printed) = child.stdout.take() {
        let mut printed = BufReader::new(printed);
        let mut line = Vec::new();
        while printed.read_until(b'\n', &mut line).unwrap_or(0) > 0 {
            pass_on(&line);
            tally.add(&String::from_utf8_lossy(&line));
            line.clear();
        }
    }
    let status = child.wait().context("cargo's end cannot be waited for")?;
    pass_on(format!("\n{}\n", tally.told(status.success())).as_bytes());
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// What the targets said of themselves.
#[derive(Debug, Default, PartialEq)]
struct Tally {
    targets: usize,
    passed: usize,
    ignored: usize,
    failed: Vec<String>,
    /// What the list of failures of a target names so far. It is printed twice: with what the tests said, then bare.
    listed: Option<Vec<String>>,
}

impl Tally {
    /// Takes in a line of a test target, as libtest prints it.
    fn add(&mut self, line: &str) {
        let line = plain(line);
        let line = line.trim_end();
        match (line, line.strip_prefix("    "), &mut self.listed) {
            ("failures:", ..) => self.listed = Some(Vec::new()),
            (_, Some(name), Some(listed)) => listed.push(name.to_owned()),
            _ => {}
        }
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        self.targets += 1;
        self.failed.extend(self.listed.take().unwrap_or_default());
        let count = |what: &str| {
            let before = result.split(what).next().filter(|b| b.len() < result.len());
            let number = before.and_then(|before| before.rsplit(' ').next());
            number.and_then(|n| n.parse::<usize>().ok()).unwrap_or(0)
        };
        self.passed += count(" passed");
        self.ignored += count(" ignored");
    }

    /// One line: how it ended.
    fn told(&self, ended_well: bool) -> String {
        let Self {
            targets,
            passed,
            ignored,
            failed,
            ..
        } = self;
        let ran = format!("{passed} passed and {ignored} skipped in {targets} targets");
        match (ended_well, failed.as_slice()) {
            (true, _) => format!("tests: all green, {ran}"),
            (false, []) => format!("tests: RED, not by a test: see above; {ran}"),
            (false, failed) => {
                let names = failed.join(", ");
                format!("tests: RED, {} failed ({names}), {ran}", failed.len())
            }
        }
    }
}

/// A line without the sequences that colour it.
fn plain(line: &str) -> String {
    let mut parts = line.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &str) -> Tally {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.add(line));
        tally
    }

    #[test]
    fn the_last_line_names_the_failures_of_all_targets() {
        let tally = tally(concat!(
            "running 2 tests\n",
            "test rows_are_even ... ok\n",
            "test nn::bias ... \u{1b}[31mFAILED\u{1b}[m\n",
            "failures:\n---- nn::bias stdout ----\n    far off\n\nfailures:\n    nn::bias\n\n",
            "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n",
            "test src/lib.rs - f (line 7) ... printed by the test\nFAILED\n",
            "failures:\n    src/lib.rs - f (line 7)\n\n",
            "test result: \u{1b}[31mFAILED\u{1b}[m. 20 passed; 1 failed; 3 ignored; 0 measured\n",
        ));
        assert_eq!((tally.targets, tally.passed, tally.ignored), (2, 21, 3));
        assert_eq!(
            tally.told(false),
            "tests: RED, 2 failed (nn::bias, src/lib.rs - f (line 7)), 21 passed and 3 skipped in 2 targets"
        );
    }

    #[test]
    fn a_build_that_fails_is_no_green() {
        let tally = tally("nothing of a test\n");
        assert_eq!(
            tally.told(false),
            "tests: RED, not by a test: see above; 0 passed and 0 skipped in 0 targets"
        );
        assert!(tally.told(true).starts_with("tests: all green"));
    }
}
