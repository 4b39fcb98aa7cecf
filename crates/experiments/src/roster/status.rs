//! How far a study is, from its folder alone.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use super::manifest::Planned;
use super::place::StudyDir;
pub use super::state::{Done, Failed, State, keep};
use crate::terminal::table::{Cell, Table, span};

/// How many runs of a study are how far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// Each run, in the manifest's order.
    pub states: Vec<State>,
    /// Runs that are whole.
    pub done: usize,
    /// Runs that are being made.
    pub going: usize,
    /// Runs that failed.
    pub failed: usize,
    /// Runs that were begun, and that nobody makes.
    pub cut_off: usize,
    /// Runs of which nothing is there.
    pub missing: usize,
    /// Steps and updates behind all runs, and those of all whole runs.
    pub work: (u64, u64),
    /// Time that is left at the pace of the runs that are being made; `None` where none is.
    pub left: Option<Duration>,
}

impl Status {
    /// Of the runs of a study.
    #[must_use]
    pub fn of(study: &StudyDir, runs: &[Planned]) -> Self {
        Self::sum(runs.iter().map(|run| (run, State::of(study, run))))
    }

    /// Of runs that are so far.
    pub fn sum<'a>(runs: impl IntoIterator<Item = (&'a Planned, State)>) -> Self {
        let mut status = Self::default();
        let (mut pace, mut open) = (0.0, 0);
        for (run, state) in runs {
            let (count, made) = match &state {
                State::Missing => (&mut status.missing, 0),
                State::CutOff(step) => (&mut status.cut_off, *step),
                State::Failed(_) => (&mut status.failed, 0),
                State::Done(_) => (&mut status.done, run.length),
                State::Going(beat) => {
                    pace += beat.pace;
                    (&mut status.going, beat.step)
                }
            };
            *count += 1;
            let made = made.min(run.length);
            status.work.0 += made;
            status.work.1 += run.length;
            if !matches!(state, State::Failed(_)) {
                open += run.length - made;
            }
            status.states.push(state);
        }
        let left = Duration::try_from_secs_f64(open as f64 / pace);
        status.left = left.ok().filter(|_| pace > 0.0);
        status
    }

    /// Whether nothing is left to be made.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.going + self.cut_off + self.missing == 0
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (made, all) = self.work;
        let percent = 100.0 * made as f64 / all.max(1) as f64;
        write!(
            f,
            "{} of {} runs done, {} going",
            self.done,
            self.states.len(),
            self.going
        )?;
        for (count, what) in [
            (self.cut_off, "cut off"),
            (self.missing, "not begun"),
            (self.failed, "failed"),
        ] {
            if count > 0 {
                write!(f, ", {count} {what}")?;
            }
        }
        write!(f, "; {percent:.0} % of the steps")?;
        match self.left {
            Some(left) if !self.is_over() => write!(f, "; {} left", span(left)),
            _ => Ok(()),
        }
    }
}

/// A row for each task, or dataset, and method: how many of its runs are how far.
#[must_use]
pub fn table(runs: &[Planned], status: &Status) -> Table {
    let mut groups: Vec<(&str, &str, [usize; 5])> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for (run, state) in runs.iter().zip(&status.states) {
        let column = match state {
            State::Done(_) => 0,
            State::Going(_) => 1,
            State::CutOff(_) => 2,
            State::Missing => 3,
            State::Failed(_) => 4,
        };
        let task = run.learns_from();
        let place = *places.entry((task, &run.method)).or_insert(groups.len());
        if place == groups.len() {
            groups.push((task, &run.method, [0; 5]));
        }
        groups[place].2[column] += 1;
    }
    let mut table = Table::new(&[
        "task", "method", "done", "going", "cut_off", "missing", "failed",
    ]);
    for (task, method, counts) in groups {
        let mut row = vec![Cell::text(task), Cell::text(method)];
        row.extend(counts.map(|count| Cell::Number(count as f64, 0)));
        table.push(row);
    }
    table
}

/// A line for each run that failed.
#[must_use]
pub fn failures(study: &StudyDir, runs: &[Planned], status: &Status) -> Vec<String> {
    let line = |(run, state): (&Planned, &State)| match state {
        // It could not begin, so it said nothing.
        State::Failed(Failed { tries: 0, error }) => {
            Some(format!("failed   {}: {error}", run.name))
        }
        State::Failed(Failed { tries, error }) => Some(format!(
            "failed   {} after {tries} tries: {error}; all that it said: {}",
            run.name,
            study.log_path(&run.name).display()
        )),
        _ => None,
    };
    runs.iter().zip(&status.states).filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::claim::{Beat, Claim};
    use super::super::manifest::tests::planned;
    use super::*;

    fn begin(study: &StudyDir, name: &str, metrics: &str) {
        let folder = study.run_path(name);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), "").unwrap();
        fs::write(folder.join("metrics.csv"), metrics).unwrap();
    }

    #[test]
    fn every_state_of_a_run_is_read_from_its_files() {
        let folder = tempfile::tempdir().unwrap();
        let study = StudyDir::at(folder.path());
        let names = ["whole", "going", "cut", "failed", "missing", "gone"];
        let runs: Vec<Planned> = names.iter().map(|name| planned(name, 0)).collect();
        let done = Done {
            length: 100,
            seconds: 2.5,
        };
        // A mark without its run is of one that somebody removed.
        for name in ["whole", "gone"] {
            keep(&study.done_path(name), &done).unwrap();
        }
        let failed = Failed {
            tries: 2,
            error: "error: it diverged".to_owned(),
        };
        keep(&study.failed_path("failed"), &failed).unwrap();
        begin(&study, "whole", "step,a\n100,1\n");
        begin(&study, "cut", "step,a\n20,1\n40,1\n60,");
        let mut claim = Claim::take(&study, "going").unwrap().unwrap();
        let beat = Beat {
            step: 30,
            pace: 5.0,
            ..Beat::here()
        };
        claim.beat(&beat).unwrap();
        let status = Status::of(&study, &runs);
        let expected = [
            State::Done(done),
            State::Going(beat),
            State::CutOff(40),
            State::Failed(failed),
            State::Missing,
            State::Missing,
        ];
        assert_eq!(status.states, expected);
        assert_eq!(status.work, (170, 600));
        // 70 + 60 + 100 + 100 steps at 5 a second.
        assert_eq!(status.left, Some(Duration::from_secs(66)));
        let said = status.to_string();
        let line = "1 of 6 runs done, 1 going, 1 cut off, 2 not begun, 1 failed; 28 % of the steps; 1 min 06 s left";
        assert_eq!(said, line);
        let lines = failures(&study, &runs, &status);
        assert!(
            lines[0].contains("failed after 2 tries: error: it diverged"),
            "{lines:?}"
        );
        let failed = Failed {
            tries: 0,
            error: "its source failed".to_owned(),
        };
        keep(&study.failed_path("missing"), &failed).unwrap();
        let status = Status::of(&study, &runs);
        let lines = failures(&study, &runs, &status);
        assert_eq!(lines[1], "failed   missing: its source failed");
        let text = table(&runs, &status).text();
        assert!(text.lines().nth(1).unwrap().contains("rlx2-td3"), "{text}");
        assert!(!status.is_over());
    }
}
