//! What a person sees while an agent trains: a bar on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::table::thousands;

/// Two lines, each of which fits 80 columns.
const TEMPLATE: &str =
    "{bar:20.cyan/black} {human_pos}/{human_len}  {msg}  {elapsed} so far, {eta} left\n{prefix}";

/// Steps between two moves of the bar.
const STRIDE: u64 = 32;

/// What is known at a step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Now {
    /// Mean return of the last evaluation.
    pub(crate) evaluation: Option<f64>,
    /// Return of the last finished training episode.
    pub(crate) training: Option<f64>,
    /// Shares of the weights that exist, of the actor and of the critics, in (0, 1].
    pub(crate) densities: (f64, f64),
    /// Transitions in the replay buffer.
    pub(crate) replay: usize,
}

/// The bar, or the lines that stand for it.
pub(crate) struct Progress {
    /// `None` where there is no terminal.
    bar: Option<ProgressBar>,
    total: u64,
    started: Instant,
    /// When the last evaluation was over, and after how many steps.
    last: Mutex<(Instant, u64)>,
}

impl Progress {
    /// Starts at step 0 of `total`; a bar if standard error is a terminal.
    pub(crate) fn start(total: u64) -> Self {
        let started = Instant::now();
        Self {
            bar: stderr().is_terminal().then(|| bar(total)),
            total,
            started,
            last: Mutex::new((started, 0)),
        }
    }

    /// Whether the bar is to be moved at this step; not at each, for the training loop's sake.
    pub(crate) fn is_due(&self, step: u64) -> bool {
        self.bar.is_some() && step.is_multiple_of(STRIDE)
    }

    /// Moves the bar.
    pub(crate) fn step(&self, step: u64, now: &Now) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{:.0} steps/s", bar.per_sec()));
            bar.set_prefix(now.to_string());
            bar.set_position(step);
        }
    }

    /// Prints a line on an evaluation after `step` steps.
    pub(crate) fn evaluated(&self, step: u64, spread: f64, now: &Now) {
        let count = thousands(step as f64);
        let mut line = format!("step {count:>9}  {now}  spread {spread:.0}");
        let rate = self.rate(step);
        if self.bar.is_none() {
            let left = self.total.saturating_sub(step) as f64 / rate;
            let left = span(Duration::try_from_secs_f64(left).unwrap_or_default());
            line += &format!("  {rate:.0} steps/s  {left} left");
        }
        self.line(&line);
    }

    /// Steps per second since the evaluation before.
    fn rate(&self, step: u64) -> f64 {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (then, before) = std::mem::replace(&mut *last, (Instant::now(), step));
        step.saturating_sub(before) as f64 / then.elapsed().as_secs_f64()
    }

    /// Prints a line above the bar.
    #[allow(clippy::print_stderr, reason = "this is what the person watches")]
    pub(crate) fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    /// Takes the bar away and tells how long it stood.
    pub(crate) fn finish(&self) -> Duration {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.started.elapsed()
    }
}

fn bar(total: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
    // The template is a constant; where it does not parse, the default one serves.
    if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(250));
    bar
}

impl std::fmt::Display for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), thousands);
        write!(
            f,
            "return {:>6}  training {:>6}  density {:.2}/{:.2}  replay {}",
            number(self.evaluation),
            number(self.training),
            self.densities.0,
            self.densities.1,
            thousands(self.replay as f64)
        )
    }
}

/// A length of time as people say it.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_short() {
        let said = [7, 61, 3_600, 90_061].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(said, ["7 s", "1 min 01 s", "1 h 00 min", "25 h 01 min"]);
    }

    #[test]
    fn what_is_not_known_yet_is_a_dash() {
        let now = Now {
            densities: (0.02, 0.05),
            replay: 25_000,
            ..Now::default()
        };
        let shown = now.to_string();
        assert_eq!(
            shown,
            "return      -  training      -  density 0.02/0.05  replay 25,000"
        );
    }
}
