//! The columns of `metrics.csv`: of a run in a task, and of a run on a dataset.

use rl_algos::observe::{Evaluation, NetworkReport};
use rl_algos::{Error, Result};

/// Which columns a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Of a run in a task, with its seed.
    Task { seed: u64 },
    /// Of a run on a dataset.
    Data,
}

/// What a row tells of time.
pub(super) struct Time {
    /// Since the run began (s).
    pub(super) seconds: f64,
    /// Steps per second since the row before.
    pub(super) pace: f64,
}

/// The columns of a run in a task before the agent's own.
const FIRST: [&str; 10] = [
    "step",
    "updates",
    "episodes",
    "return_mean",
    "return_std",
    "return_min",
    "return_max",
    "length_mean",
    "train_return",
    "train_length",
];

/// Those after them.
const LAST: [&str; 14] = [
    "moved",
    "dropped",
    "grown",
    "recycled",
    "actor_density",
    "critic_density",
    "explored",
    "dormant",
    "replay_size",
    "policy_distance",
    "n_step",
    "seed",
    "seconds",
    "steps_per_second",
];

/// The columns of a run on a dataset before the agent's own.
const DATA: [&str; 6] = [
    "update",
    "seconds",
    "return_mean",
    "return_std",
    "episode_length",
    "score",
];

impl Layout {
    /// All columns, in order, for an agent with these metrics.
    pub(super) fn columns<'a>(self, metrics: &[&'a str]) -> Vec<&'a str> {
        match self {
            Self::Task { .. } => [&FIRST, metrics, &LAST].concat(),
            Self::Data => [&DATA, metrics].concat(),
        }
    }

    /// Refuses a metric that has another column's name, or that is no plain word.
    ///
    /// # Errors
    /// [`Error::Config`] with the metric.
    pub(super) fn check(self, metrics: &[&str]) -> Result<()> {
        let fixed = self.columns(&[]);
        for (index, name) in metrics.iter().enumerate() {
            let mut others = fixed.iter().chain(&metrics[..index]);
            if others.any(|other| other == name) {
                let allowed = "a name that no other column has";
                return Err(Error::config("metric", name, allowed));
            }
            if name.is_empty() || name.contains([',', '"', '\r', '\n']) {
                let allowed = "a name without commas, quotes and line breaks";
                return Err(Error::config("metric", format!("{name:?}"), allowed));
            }
        }
        Ok(())
    }

    /// The row of an evaluation.
    pub(super) fn row(self, evaluation: &Evaluation, time: &Time) -> Vec<String> {
        match self {
            Self::Task { seed } => of_task(evaluation, seed, time),
            Self::Data => of_data(evaluation, time),
        }
    }
}

fn of_task(evaluation: &Evaluation, seed: u64, time: &Time) -> Vec<String> {
    let (progress, networks) = (&evaluation.progress, &evaluation.networks);
    let mean = |of: fn(&NetworkReport) -> f64| {
        networks.iter().map(of).sum::<f64>() / networks.len() as f64
    };
    let returns = evaluation.returns.as_ref();
    let returns = returns.map_or([f64::NAN; 5], |r| [r.mean, r.std, r.min, r.max, r.length]);
    let [return_mean, return_std, return_min, return_max, length] = returns;
    let first: [String; FIRST.len()] = [
        progress.step.to_string(),
        progress.updates.to_string(),
        progress.episodes.to_string(),
        return_mean.to_string(),
        return_std.to_string(),
        return_min.to_string(),
        return_max.to_string(),
        length.to_string(),
        progress.train_return.to_string(),
        progress.train_length.to_string(),
    ];
    let last: [String; LAST.len()] = [
        progress.moved.to_string(),
        progress.dropped.to_string(),
        progress.grown.to_string(),
        progress.recycled.to_string(),
        progress.densities.actor.to_string(),
        progress.densities.critic.to_string(),
        mean(|network| network.explored).to_string(),
        mean(|network| network.dormant).to_string(),
        progress.replay_size.to_string(),
        progress.policy_distance.to_string(),
        progress.n_step.to_string(),
        seed.to_string(),
        format!("{:.1}", time.seconds),
        format!("{:.0}", time.pace),
    ];
    let metrics = evaluation.metrics.0.iter();
    let own = metrics.map(|(_, number)| number.to_string());
    first.into_iter().chain(own).chain(last).collect()
}

/// An empty cell where there is no number.
fn of_data(evaluation: &Evaluation, time: &Time) -> Vec<String> {
    let returns = evaluation.returns.as_ref();
    let returns = returns.map_or([f64::NAN; 3], |r| [r.mean, r.std, r.length]);
    let [return_mean, return_std, length] = returns;
    let cell = |number: f64| match number.is_nan() {
        true => String::new(),
        false => number.to_string(),
    };
    let first: [String; DATA.len()] = [
        evaluation.progress.step.to_string(),
        format!("{:.2}", time.seconds),
        cell(return_mean),
        cell(return_std),
        cell(length),
        cell(evaluation.score.unwrap_or(f64::NAN)),
    ];
    let metrics = evaluation.metrics.0.iter();
    let own = metrics.map(|(_, number)| cell(*number));
    first.into_iter().chain(own).collect()
}
