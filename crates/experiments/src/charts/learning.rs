//! Figures of sets of runs.

use anyhow::Result;

use super::figure::{Axis, Content, Figure, Line, Panel};
use crate::runs::{RETURN, RunSet};
use crate::stats::curve::{Band, Centre, sample_efficiency};
use crate::stats::{Bootstrap, Curve};

/// Panels in a row.
const COLUMNS: usize = 3;

/// What a line and its band are of the runs of a method.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The line.
    pub centre: Centre,
    /// The band; `None` draws none.
    pub band: Option<Bootstrap>,
}

/// A panel for each task, and a line for each method in it: a column of its runs over steps.
///
/// # Errors
/// When the runs of a method have no step in common.
pub fn curves(set: &RunSet, column: &str, shown: Shown, title: &str) -> Result<Figure> {
    let methods = set.methods();
    let look = |method: &str| methods.iter().position(|name| *name == method).unwrap_or(0);
    let offline = set.runs().iter().all(|run| run.offline);
    let steps = if offline { "updates" } else { "control steps" };
    let mut panels = Vec::new();
    for task in set.tasks() {
        let mut lines = Vec::new();
        for (method, curves) in set.curves(task, column) {
            lines.push(line(look(method), curves, shown)?);
        }
        if !lines.is_empty() {
            panels.push(Panel {
                title: task.to_owned(),
                x: Axis::from_zero(steps),
                y: match column {
                    RETURN | "actor_density" | "critic_density" => Axis::from_zero(words(column)),
                    column => Axis::named(words(column)),
                },
                content: Content::Lines(lines),
            });
        }
    }
    Ok(Figure {
        title: title.to_owned(),
        legend: methods.into_iter().map(str::to_owned).collect(),
        panels,
        columns: COLUMNS,
        height: None,
    })
}

/// The line of some runs, with its band where there are several.
fn line(look: usize, curves: Vec<Curve>, shown: Shown) -> Result<Line> {
    let several = curves.len() > 1;
    let by = shown.band.unwrap_or_default();
    let band = sample_efficiency(&[curves], shown.centre, &by)?;
    Ok(of_band(look, &band, several && shown.band.is_some()))
}

/// A line of a centre, with or without the band about it.
#[must_use]
pub fn of_band(look: usize, band: &Band, shown: bool) -> Line {
    let points = || band.steps.iter().zip(&band.estimates);
    Line {
        look,
        points: points().map(|(step, e)| (*step, e.value)).collect(),
        band: match shown {
            true => points().map(|(step, e)| (*step, e.low, e.high)).collect(),
            false => Vec::new(),
        },
    }
}

/// What a column of numbers is called.
#[must_use]
pub fn words(column: &str) -> &str {
    match column {
        RETURN => "mean return of an evaluation",
        "value_mean" => "mean Q of a batch",
        "target_mean" => "mean target of a batch",
        "critic_loss" => "critic loss",
        "actor_loss" => "actor loss",
        "dormant" => "share of dormant units",
        "replay_size" => "transitions in the replay",
        "policy_distance" => "policy distance",
        "actor_density" => "density of the actor",
        "critic_density" => "density of the critics",
        "explored" => "share of connections ever used",
        "moved" => "connections moved so far",
        "n_step" => "steps of a target",
        "train_return" => "mean return of training",
        other => other,
    }
}
