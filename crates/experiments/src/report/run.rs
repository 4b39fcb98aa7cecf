//! A run by itself: what it measured, in small panels.

use std::fs;

use crate::charts::figure::{Axis, Content, Figure, Line, Panel};
use crate::charts::learning::words;
use crate::runs::{RETURN, Run};

/// Panels in a row.
const COLUMNS: usize = 4;

/// Columns with a panel, where a run has them.
const SHOWN: [&str; 11] = [
    "critic_loss",
    "actor_loss",
    "dormant",
    "replay_size",
    "policy_distance",
    "n_step",
    "actor_density",
    "critic_density",
    "moved",
    "explored",
    "train_return",
];

/// What the two lines are.
const LEGEND: [&str; 2] = ["measured", "discounted return that evaluations show"];

/// The panels of a run.
pub(super) fn figure(run: &Run) -> Figure {
    let mut panels: Vec<Panel> = panel(run, RETURN).into_iter().collect();
    panels.extend(values(run));
    panels.extend(SHOWN.iter().filter_map(|column| panel(run, column)));
    Figure {
        legend: LEGEND.iter().map(|&name| name.to_owned()).collect(),
        panels,
        columns: COLUMNS,
        height: Some(220),
        ..Figure::default()
    }
}

/// A panel of one column; none where it has no number.
fn panel(run: &Run, column: &str) -> Option<Panel> {
    Some(small(words(column), vec![line(run, column)?]))
}

fn small(title: &str, lines: Vec<Line>) -> Panel {
    Panel {
        title: title.to_owned(),
        x: Axis::from_zero(""),
        y: Axis::named(""),
        content: Content::Lines(lines),
    }
}

fn line(run: &Run, column: &str) -> Option<Line> {
    let curve = run.curve(column)?;
    let points = curve
        .steps()
        .iter()
        .copied()
        .zip(curve.values().iter().copied());
    Some(Line {
        look: 0,
        points: points.collect(),
        band: Vec::new(),
    })
}

/// The critic's values of batches, beside the discounted returns that they predict.
fn values(run: &Run) -> Option<Panel> {
    let own = line(run, "value_mean")?;
    let mut lines = vec![own];
    lines.extend(predicted(run));
    Some(small(words("value_mean"), lines))
}

/// The discounted return from a state of an evaluation, by its mean reward per step: a band from one whose episode ends
/// for good where it ended, on the mean over its states, to one that would go on for ever; the line is the former. A
/// critic far above the band overestimates.
fn predicted(run: &Run) -> Option<Line> {
    let gamma: f64 = run.setting("learning.gamma")?.parse().ok()?;
    if !(gamma > 0.0 && gamma < 1.0) {
        return None;
    }
    let length = run
        .column("length_mean")
        .or_else(|| run.column("episode_length"))?;
    let returns = run.column(RETURN)?;
    let mut points = Vec::new();
    let mut band = Vec::new();
    for ((step, total), length) in run.steps.iter().zip(returns).zip(length) {
        let horizon = horizon(gamma, *length);
        let [ends, goes_on] = horizon.map(|horizon| total / length * horizon);
        if ends.is_finite() && goes_on.is_finite() {
            points.push((*step, ends));
            band.push((*step, ends.min(goes_on), ends.max(goes_on)));
        }
    }
    (!points.is_empty()).then_some(Line {
        look: 1,
        points,
        band,
    })
}

/// The sum of the weights of rewards that follow a state: on the mean over the states of an episode of `length` steps that
/// ends for good, and of one without an end.
fn horizon(gamma: f64, length: f64) -> [f64; 2] {
    let whole = 1.0 / (1.0 - gamma);
    let missed = gamma * (1.0 - gamma.powf(length)) * whole / length;
    [whole * (1.0 - missed), whole]
}

/// The version of the program that made a run.
pub(super) fn version(run: &Run) -> Option<String> {
    let text = fs::read_to_string(run.path.join("checkpoints/latest.json")).ok()?;
    let info: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(info["version"].as_str()?.to_owned())
}

/// The backend that computed a run.
pub(super) fn backend(run: &Run) -> Option<String> {
    let text = fs::read_to_string(run.path.join("device")).ok()?;
    Some(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horizons_are_sums_over_an_episode() {
        let (gamma, length) = (0.9_f64, 7);
        let from = |state: i32| (0..length - state).map(|k| gamma.powi(k)).sum::<f64>();
        let expected = (0..length).map(from).sum::<f64>() / f64::from(length);
        let [ends, goes_on] = horizon(gamma, f64::from(length));
        assert!((ends - expected).abs() < 1e-12 && (goes_on - 10.0).abs() < 1e-12);
    }
}
