//! What `study run` shows: one bar for the whole study, and a line for what happens to a run.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::roster::manifest::Planned;
use crate::roster::place::StudyDir;
use crate::roster::status::Status;
use crate::terminal::progress;
use crate::terminal::tell::note;

/// Two lines: the steps of all runs, and how many runs are how far.
const TEMPLATE: &str = "{bar:20.cyan/black} {human_pos}/{human_len}  {elapsed} so far\n{msg}";

/// How often all runs are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// How often a line stands for the bar where there is no terminal.
const RARELY: Duration = Duration::from_secs(60);

pub(super) struct View {
    bar: Option<ProgressBar>,
    shown: Instant,
}

impl View {
    pub(super) fn new(study: &StudyDir, runs: &[Planned]) -> Self {
        let length = runs.iter().map(|run| run.length).sum();
        let bar = stderr()
            .is_terminal()
            .then(|| progress::bar(length, TEMPLATE));
        let view = Self {
            bar,
            shown: Instant::now(),
        };
        view.draw(study, runs);
        view
    }

    /// Shows how far all is, now and then.
    pub(super) fn show(&mut self, study: &StudyDir, runs: &[Planned]) {
        let every = if self.bar.is_some() { EVERY } else { RARELY };
        if self.shown.elapsed() >= every {
            self.shown = Instant::now();
            self.draw(study, runs);
            if self.bar.is_none() {
                note(&Status::of(study, runs).to_string());
            }
        }
    }

    fn draw(&self, study: &StudyDir, runs: &[Planned]) {
        if let Some(bar) = &self.bar {
            let status = Status::of(study, runs);
            bar.set_position(status.work.0);
            bar.set_message(status.to_string());
        }
    }

    /// A line above the bar.
    pub(super) fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => note(line),
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
