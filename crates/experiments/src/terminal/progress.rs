//! Progress of a training: a bar on a terminal, plain lines elsewhere.

use std::fmt::Display;
use std::io::{IsTerminal, stderr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::table::{span, thousands};
use crate::terminal::tell::note;

/// Two lines, each of which fits 80 columns.
const TEMPLATE: &str =
    "{bar:10.cyan/black} {human_pos}/{human_len}  {msg}\n{prefix}  {elapsed} so far";

/// One line for each of several runs.
const LINE: &str = "{prefix} {bar:10.cyan/black} {human_pos}/{human_len}  {msg}";

/// What a training counts: steps in its task.
const STEP: &str = "step";

/// What learning from a dataset counts.
const UPDATE: &str = "update";

/// Steps between two moves of the bar.
const STRIDE: u64 = 32;

/// Shortest time over which the bar's rates are measured.
const WINDOW: Duration = Duration::from_secs(2);

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
    /// Updates so far.
    pub(crate) updates: u64,
    /// Whether the run learns from a dataset, of whose last evaluation these are the score and the losses.
    pub(crate) of_data: bool,
    pub(crate) score: Option<f64>,
    pub(crate) losses: String,
}

/// The bar, or the lines that stand for it.
pub(crate) struct Progress {
    /// `None` where there is no terminal.
    bar: Option<ProgressBar>,
    /// What every line begins with, and the bar; empty for a run alone.
    label: String,
    /// What is counted.
    unit: &'static str,
    total: u64,
    started: Instant,
    /// The last evaluation.
    evaluation: Mutex<Mark>,
    /// What the bar's rates are measured from, and the rates.
    window: Mutex<(Mark, Rates)>,
}

/// A point of a run.
#[derive(Clone, Copy, Debug)]
struct Mark {
    at: Instant,
    step: u64,
    updates: u64,
}

/// Steps and updates per second.
#[derive(Clone, Copy, Debug, Default)]
struct Rates {
    steps: f64,
    updates: f64,
}

impl Mark {
    fn now(step: u64, updates: u64) -> Self {
        Self {
            at: Instant::now(),
            step,
            updates,
        }
    }

    /// The rates from here to there.
    fn rates(self, to: Self) -> Rates {
        let seconds = (to.at - self.at).as_secs_f64();
        Rates {
            steps: to.step.saturating_sub(self.step) as f64 / seconds,
            updates: to.updates.saturating_sub(self.updates) as f64 / seconds,
        }
    }
}

impl Rates {
    /// The rates, and how long `left` steps take at them.
    fn said(self, left: u64, unit: &str) -> String {
        let left = Duration::try_from_secs_f64(left as f64 / self.steps);
        let left = left.map_or_else(|_| "-".to_owned(), span);
        let [steps, updates] = [self.steps, self.updates].map(thousands);
        match unit {
            UPDATE => format!("{updates} updates/s  {left} left"),
            _ => format!("{steps} steps/s  {updates} updates/s  {left} left"),
        }
    }
}

impl Progress {
    /// Of a run alone with `total` steps; a bar if standard error is a terminal.
    pub(crate) fn start(total: u64) -> Self {
        let bar = stderr().is_terminal().then(|| bar(total, TEMPLATE));
        Self::new(total, bar, String::new())
    }

    /// Of one run of several, whose bars stand below each other.
    pub(crate) fn of_several(total: u64, name: &str, bars: &MultiProgress) -> Self {
        let label = format!("{name} ");
        let bar = stderr().is_terminal().then(|| bars.add(bar(total, LINE)));
        if let Some(bar) = &bar {
            bar.set_prefix(label.trim_end().to_owned());
        }
        Self::new(total, bar, label)
    }

    /// The same, counting updates.
    pub(crate) fn of_updates(self) -> Self {
        Self {
            unit: UPDATE,
            ..self
        }
    }

    fn new(total: u64, bar: Option<ProgressBar>, label: String) -> Self {
        let start = Mark::now(0, 0);
        if let Some(bar) = &bar {
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Self {
            bar,
            label,
            unit: STEP,
            total,
            started: start.at,
            evaluation: Mutex::new(start),
            window: Mutex::new((start, Rates::default())),
        }
    }

    /// The run begins after `step` steps, of which it may have some behind it.
    pub(crate) fn begin(&self, step: u64, updates: u64) {
        let mark = Mark::now(step, updates);
        *lock(&self.evaluation) = mark;
        *lock(&self.window) = (mark, Rates::default());
    }

    /// Whether the bar is to be moved at this step; not at each, for the training loop's sake.
    pub(crate) fn is_due(&self, step: u64) -> bool {
        self.bar.is_some() && step.is_multiple_of(STRIDE)
    }

    /// Moves the bar.
    pub(crate) fn step(&self, step: u64, updates: u64, now: &dyn Display) {
        if let Some(bar) = &self.bar {
            let rates = self.window(Mark::now(step, updates));
            bar.set_message(rates.said(self.total.saturating_sub(step), self.unit));
            if self.label.is_empty() {
                bar.set_prefix(now.to_string());
            }
            bar.set_position(step);
        }
    }

    /// The rates of the last whole window.
    fn window(&self, here: Mark) -> Rates {
        let mut window = lock(&self.window);
        let (from, rates) = *window;
        let first = rates.steps == 0.0;
        if here.at - from.at < WINDOW {
            return if first { from.rates(here) } else { rates };
        }
        let rates = from.rates(here);
        *window = (here, rates);
        rates
    }

    /// Prints a line on an evaluation after `step` steps.
    pub(crate) fn evaluated(&self, step: u64, updates: u64, now: &dyn Display) {
        let count = thousands(step as f64);
        let mut line = format!("{} {count:>9}  {now}", self.unit);
        let here = Mark::now(step, updates);
        let before = std::mem::replace(&mut *lock(&self.evaluation), here);
        if self.bar.is_none() {
            let left = self.total.saturating_sub(step);
            line += &format!("  {}", before.rates(here).said(left, self.unit));
        }
        self.line(&line);
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(format!("{}{line}", self.label)),
            None => note(&format!("{}{line}", self.label)),
        }
    }

    /// Removes the bar and returns how long it was shown.
    pub(crate) fn finish(&self) -> Duration {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        self.started.elapsed()
    }
}

/// A bar on standard error.
pub(crate) fn bar(total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr_with_hz(5));
    // Templates are constants; where one does not parse, the default one serves.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// The contents of a lock, even if its holder panicked.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Display for Now {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.of_data {
            let Some(mean) = self.evaluation else {
                return f.write_str(match self.losses.as_str() {
                    "" => "no evaluation yet",
                    losses => losses,
                });
            };
            write!(f, "return {:>6}", thousands(mean))?;
            return match self.score {
                Some(score) => write!(f, "  score {score:>5.1}"),
                None => Ok(()),
            };
        }
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), thousands);
        write!(
            f,
            "return {:>6}  training {:>6}",
            number(self.evaluation),
            number(self.training)
        )?;
        // Of networks that are there.
        let (actor, critic) = self.densities;
        match [actor, critic].map(f64::is_nan) {
            [true, true] => {}
            [false, true] => write!(f, "  density {actor:.2}")?,
            [true, false] => write!(f, "  density {critic:.2}")?,
            [false, false] => write!(f, "  density {actor:.2}/{critic:.2}")?,
        }
        write!(f, "  replay {}", thousands(self.replay as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_between_two_points() {
        let from = Mark::now(1_000, 500);
        let to = Mark {
            at: from.at + Duration::from_secs(2),
            step: 5_000,
            updates: 3_500,
        };
        let said = from.rates(to).said(120_000, STEP);
        assert_eq!(said, "2,000 steps/s  1,500 updates/s  1 min 00 s left");
        let said = from.rates(to).said(120_000, UPDATE);
        assert_eq!(said, "1,500 updates/s  1 min 00 s left");
        assert!(Rates::default().said(5, STEP).ends_with("  - left"));
    }

    #[test]
    fn a_run_on_a_dataset_tells_its_score_or_its_losses() {
        let mut now = Now {
            of_data: true,
            ..Now::default()
        };
        assert_eq!(now.to_string(), "no evaluation yet");
        now.losses = "actor loss 0.1000".to_owned();
        assert_eq!(now.to_string(), "actor loss 0.1000");
        now.evaluation = Some(1_234.0);
        assert_eq!(now.to_string(), "return  1,234");
        now.score = Some(38.7);
        assert_eq!(now.to_string(), "return  1,234  score  38.7");
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
        let now = Now {
            densities: (f64::NAN, f64::NAN),
            ..now
        };
        let shown = now.to_string();
        assert_eq!(shown, "return      -  training      -  replay 25,000");
    }
}
