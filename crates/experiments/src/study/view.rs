//! What `study run` shows: one bar for the whole study, and a line for what happens to a run.

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::roster::follow::Followed;
use crate::roster::manifest::Planned;
use crate::roster::place::StudyDir;
use crate::roster::status::Status;
use crate::terminal::progress;
use crate::terminal::tell::note;

/// Two lines: the steps of all runs, and how many runs are how far.
const TEMPLATE: &str = "{bar:20.cyan/black} {human_pos}/{human_len}  {elapsed} so far\n{msg}";

/// How often the bar is drawn.
const EVERY: Duration = Duration::from_secs(1);

/// How often a line stands for the bar where there is no terminal.
const RARELY: Duration = Duration::from_secs(60);

/// Runs that nobody is known to make, of which so many are looked at in a second.
const OTHERS: f64 = 32.0;

pub(super) struct View {
    bar: Option<ProgressBar>,
    shown: Instant,
    followed: Followed,
}

impl View {
    pub(super) fn new(runs: &[Planned], status: &Status) -> Self {
        let length = runs.iter().map(|run| run.length).sum();
        let bar = stderr()
            .is_terminal()
            .then(|| progress::bar(length, TEMPLATE));
        let view = Self {
            bar,
            shown: Instant::now(),
            followed: Followed::new(status),
        };
        view.draw(status);
        view
    }

    /// Shows how far all is, now and then, where these runs are being made.
    pub(super) fn show(
        &mut self,
        study: &StudyDir,
        runs: &[Planned],
        making: impl Iterator<Item = usize>,
    ) {
        let every = if self.bar.is_some() { EVERY } else { RARELY };
        let passed = self.shown.elapsed();
        if passed < every {
            return;
        }
        self.shown = Instant::now();
        let others = (OTHERS * passed.as_secs_f64()) as usize;
        self.followed.look(study, runs, making, others);
        let status = self.followed.status(runs);
        self.draw(&status);
        if self.bar.is_none() {
            note(&status.to_string());
        }
    }

    fn draw(&self, status: &Status) {
        if let Some(bar) = &self.bar {
            bar.set_length(status.work.1);
            bar.set_position(status.work.0);
            bar.set_message(status.to_string());
        }
    }

    /// Says that a run may have changed.
    pub(super) fn changed(&mut self, run: usize) {
        self.followed.changed(run);
    }

    /// Says that a run is no longer in the study.
    pub(super) fn leave_out(&mut self, run: usize) {
        self.followed.leave_out(run);
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
