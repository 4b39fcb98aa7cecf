//! The numbers of a paper beside ours.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};

use super::table::Table;
use super::words::{count, spread, text};
use crate::roster::paper::{Paper, PaperTable, Published};
use crate::runs::RunSet;
use crate::runs::score::score;
use crate::stats::{Summary, deviation_of, mean_of};
use crate::terminal::table::thousands;

/// The papers of which there are tables.
pub(super) fn with_tables(papers: &[Paper]) -> impl Iterator<Item = &Paper> {
    papers.iter().filter(|paper| !paper.tables.is_empty())
}

/// What stands above a paper's tables.
pub(super) fn words(paper: &Paper) -> String {
    format!(
        "{}. In each cell the paper's number, and below it ours: mean ± sample standard deviation over seeds.",
        text(&paper.source)
    )
}

/// A table of a paper with our numbers.
pub(super) struct Beside {
    pub(super) title: String,
    /// What a score is, and of what.
    pub(super) words: String,
    /// Why ours are not shown.
    pub(super) note: Option<String>,
    pub(super) table: Table,
}

/// A table of a paper: in each cell its number, and below it ours.
///
/// # Errors
/// When the table's score is none.
pub(super) fn beside(set: &RunSet, table: &PaperTable) -> Result<Beside> {
    let said = || format!("the paper's table `{}`", table.title);
    let summary: Summary = table.score.parse().with_context(said)?;
    let told: BTreeSet<&str> = table
        .rows
        .values()
        .flat_map(|row| row.keys().map(String::as_str))
        .collect();
    // Ours first, in the order of the runs.
    let ours = set.tasks();
    let mut tasks: Vec<(&str, Option<&str>)> = Vec::new();
    for task in &ours {
        tasks.extend(told.get(family(task)).map(|name| (*name, Some(*task))));
    }
    let missing = told
        .iter()
        .filter(|name| !ours.iter().any(|t| family(t) == **name));
    tasks.extend(missing.map(|name| (*name, None)));
    let dense = table.percent_of.as_deref();
    let unit = dense.map_or_else(String::new, |name| format!(", in percent of {name}"));
    let absent = dense.filter(|name| !set.methods().contains(name));
    let mut head = vec!["method".to_owned()];
    head.extend(tasks.iter().map(|(name, task)| text(task.unwrap_or(name))));
    let row = |(method, row): Row| {
        let mut cells = vec![text(method)];
        for (name, task) in &tasks {
            let paper = row.get(*name).map_or_else(
                || "–".to_owned(),
                |number| spread(number.mean(), number.deviation()),
            );
            let own = task.and_then(|task| cell(set, task, method, summary, dense));
            let own = own.unwrap_or_else(|| "–".to_owned());
            cells.push(format!("{paper}<br>{own}"));
        }
        cells
    };
    Ok(Beside {
        title: text(&table.title),
        words: format!(
            "Score of a run of ours: {}{}.",
            text(&summary.words()),
            text(&unit)
        ),
        note: absent.map(|name| {
            format!(
                "Ours are not shown: there is no run of {} here; name a study with such runs too.",
                text(name)
            )
        }),
        table: Table {
            head,
            rows: ordered(set, table).into_iter().map(row).collect(),
        },
    })
}

/// A method, and its numbers by task.
type Row<'a> = (&'a str, &'a BTreeMap<String, Published>);

/// The rows, those of methods that there are runs of first, in their order.
fn ordered<'a>(set: &RunSet, table: &'a PaperTable) -> Vec<Row<'a>> {
    let methods = set.methods();
    let place = |name: &str| methods.iter().position(|m| *m == name);
    let mut rows: Vec<_> = table
        .rows
        .iter()
        .map(|(name, row)| (name.as_str(), row))
        .collect();
    rows.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    rows
}

/// A task without its version.
fn family(task: &str) -> &str {
    task.split("-v").next().unwrap_or(task)
}

/// Our number in a cell; none without runs, or without those of which it is a share.
fn cell(
    set: &RunSet,
    task: &str,
    method: &str,
    summary: Summary,
    percent_of: Option<&str>,
) -> Option<String> {
    let scores = |method: &str| -> Vec<f64> {
        let runs = set.of(task, method);
        runs.iter().filter_map(|run| score(run, summary)).collect()
    };
    let own = scores(method);
    if own.is_empty() {
        return None;
    }
    let scale = match percent_of.map(scores) {
        None => 1.0,
        Some(dense) if dense.is_empty() || mean_of(&dense) <= 0.0 => return None,
        Some(dense) => 100.0 / mean_of(&dense),
    };
    let own: Vec<f64> = own.iter().map(|score| score * scale).collect();
    let steps = set
        .of(task, method)
        .iter()
        .filter_map(|run| run.steps.last().copied())
        .fold(0.0, f64::max);
    let deviation = match own.len() {
        1 => None,
        _ => Some(deviation_of(&own)),
    };
    Some(format!(
        "{} <small>({}, {} steps)</small>",
        spread(mean_of(&own), deviation),
        count(own.len(), "seed"),
        thousands(steps)
    ))
}
