//! Tables that other programs read.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::score::{Board, References, Scale};
use super::{RETURN, RunSet};
use crate::folder::names::{LONG, RLIABLE};
use crate::stats::curve::common_steps;

/// The columns that SimbaV2's and XQC's repositories publish their results in.
pub const COLUMNS: [&str; 6] = [LONG[0], LONG[1], LONG[2], "metric", "env_step", "value"];

/// What those call the mean return of an evaluation.
pub const RETURN_THERE: &str = "avg_return";

/// One row per run, metric and evaluation, as CSV. Runs on a dataset have updates for `env_step`. A number that is not
/// known, as a loss before the first update, has no row. `metrics` are names of columns; `None` takes all.
///
/// # Errors
/// When no run has one of the metrics.
pub fn long(set: &RunSet, metrics: Option<&[String]>) -> Result<String> {
    let all = set.columns();
    let own = |name: &str| match name {
        RETURN_THERE => RETURN.to_owned(),
        name => name.to_owned(),
    };
    let chosen: Vec<String> = match metrics {
        None => all.iter().map(|name| (*name).to_owned()).collect(),
        Some(names) => names.iter().map(|name| own(name)).collect(),
    };
    if let Some(unknown) = chosen.iter().find(|name| !all.contains(&name.as_str())) {
        bail!(
            "no run has a column `{unknown}`; there are {}",
            all.join(", ")
        );
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for run in set.runs() {
        let seed = run.seed.to_string();
        for name in &chosen {
            let told = match name.as_str() {
                RETURN => RETURN_THERE,
                name => name,
            };
            let values = run.column(name).unwrap_or_default();
            for (step, value) in run.steps.iter().zip(values) {
                if value.is_finite() {
                    let [step, value] = [step, value].map(ToString::to_string);
                    writer.write_record([&run.method, &run.task, &seed, told, &step, &value])?;
                }
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    String::from_utf8(bytes).context("the names of runs are no text")
}

/// What rliable reads, as JSON: `final` has for each method its scores `[runs][tasks]`, `curves` those of every common
/// evaluation, `[runs][tasks][evaluations]`; beside them `tasks`, `steps`, the `seeds` of each method's runs, and in words
/// what a score is. In Python, `{name: numpy.array(scores) for name, scores in file["final"].items()}` is a score
/// dictionary.
///
/// # Errors
/// When a method has not the same number of runs in every task, which rliable's tables need, or the runs have no common
/// step, or no scale takes all tasks together.
pub fn rliable(
    set: &RunSet,
    board: &Board,
    baseline: Option<&str>,
    references: References,
) -> Result<String> {
    let baseline = board.baseline(baseline)?;
    let scale = board.scale(baseline, references);
    let (scale, _) =
        scale.map_err(|why| anyhow::anyhow!("scores of several tasks need a scale: {why}"))?;
    let to_scale: Vec<(f64, f64)> = (0..board.tasks.len())
        .map(|task| board.to_scale(&scale, task))
        .collect::<Result<_>>()?;
    let scaled = |task: usize, value: f64| (value - to_scale[task].0) / to_scale[task].1;
    let curves = set.runs().iter().filter_map(|run| run.curve(RETURN));
    let curves: Vec<_> = curves.collect();
    let steps = common_steps(curves.iter());
    if steps.is_empty() {
        bail!("the runs have no step in common, so there are no curves for rliable");
    }
    let mut finals = BTreeMap::new();
    let mut along = BTreeMap::new();
    let mut seeds = BTreeMap::new();
    for method in &board.methods {
        let counts: Vec<usize> = method.tasks.iter().map(Vec::len).collect();
        if counts.iter().any(|count| *count != counts[0]) || counts[0] == 0 {
            let told = board.tasks.iter().zip(&counts);
            let told: Vec<String> = told.map(|(task, n)| format!("{n} in {task}")).collect();
            bail!(
                "{} has {} runs: rliable's tables need as many of every task; name runs so that it is so",
                method.name,
                told.join(", ")
            );
        }
        let runs: Vec<Vec<_>> = board
            .tasks
            .iter()
            .map(|task| set.of(task, &method.name))
            .map(|runs| runs.into_iter().filter(|run| run.curve(RETURN).is_some()))
            .map(Iterator::collect)
            .collect();
        let row = |run: usize| -> Vec<f64> {
            let tasks = method.tasks.iter().enumerate();
            tasks
                .map(|(task, runs)| scaled(task, runs[run].1))
                .collect()
        };
        let curve = |run: usize| -> Vec<Vec<f64>> {
            let tasks = runs.iter().enumerate();
            let of = |(task, runs): (usize, &Vec<&super::Run>)| {
                let curve = runs[run].curve(RETURN);
                let at = |step: &f64| curve.as_ref().map(|c| scaled(task, c.at(*step)));
                steps.iter().filter_map(at).collect()
            };
            tasks.map(of).collect()
        };
        let count = counts[0];
        finals.insert(method.name.clone(), (0..count).map(row).collect::<Vec<_>>());
        along.insert(
            method.name.clone(),
            (0..count).map(curve).collect::<Vec<_>>(),
        );
        let of_task = |runs: &Vec<(u64, f64)>| runs.iter().map(|run| run.0).collect::<Vec<u64>>();
        seeds.insert(
            method.name.clone(),
            method.tasks.iter().map(of_task).collect::<Vec<_>>(),
        );
    }
    let words = match &scale {
        Scale::Raw => "return".to_owned(),
        scale => scale.words(),
    };
    let file = json!({
        "score": board.summary.words(),
        "scale": words,
        "tasks": board.tasks,
        "steps": steps,
        "seeds": seeds,
        "final": finals,
        "curves": along,
    });
    Ok(format!("{RLIABLE}{}\n", &file.to_string()[1..]))
}
