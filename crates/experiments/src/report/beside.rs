//! The numbers of a paper beside ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use anyhow::{Context, Result};

use super::words::{count, text, value};
use crate::roster::paper::{Paper, PaperTable, Published};
use crate::runs::RunSet;
use crate::runs::score::score;
use crate::stats::{Summary, deviation_of, mean_of};
use crate::terminal::table::thousands;

/// Adds a section for each paper.
///
/// # Errors
/// When a table's score is none.
pub(super) fn papers(page: &mut String, set: &RunSet, papers: &[Paper]) -> Result<()> {
    for paper in papers {
        let _ = writeln!(
            page,
            "<h2>Beside the paper</h2>\n<p>{}. In each cell the paper's number, and below it ours: mean ± standard \
             deviation over seeds.</p>",
            text(&paper.source)
        );
        for table in &paper.tables {
            add(page, set, table)?;
        }
        if !paper.not_comparable.is_empty() {
            *page += "<p>Not comparable:</p>\n<ul>\n";
            for line in &paper.not_comparable {
                let _ = writeln!(page, "<li>{}</li>", text(line));
            }
            *page += "</ul>\n";
        }
    }
    Ok(())
}

fn add(page: &mut String, set: &RunSet, table: &PaperTable) -> Result<()> {
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
    let unit = match dense {
        Some(name) => format!(", in percent of {name}"),
        None => String::new(),
    };
    let _ = writeln!(
        page,
        "<h3>{}</h3>\n<p>Score of a run of ours: {}{}.</p>",
        text(&table.title),
        text(&summary.words()),
        text(&unit)
    );
    if let Some(name) = dense.filter(|name| !set.methods().contains(name)) {
        let _ = writeln!(
            page,
            "<p class=\"note\">Ours are not shown: there is no run of {} here; name a study with such runs too.</p>",
            text(name)
        );
    }
    *page += "<table><tr><th>method</th>";
    for (name, task) in &tasks {
        let _ = write!(page, "<th>{}</th>", text(task.unwrap_or(name)));
    }
    *page += "</tr>\n";
    for (method, row) in ordered(set, table) {
        let _ = write!(page, "<tr><th>{}</th>", text(method));
        for (name, task) in &tasks {
            let paper = row.get(*name).map_or_else(
                || "–".to_owned(),
                |number| match number.deviation() {
                    Some(spread) => format!("{} ± {}", value(number.mean()), value(spread)),
                    None => value(number.mean()),
                },
            );
            let own = task.and_then(|task| cell(set, task, method, summary, dense));
            let own = own.unwrap_or_else(|| "–".to_owned());
            let _ = write!(page, "<td>{paper}<br>{own}</td>");
        }
        *page += "</tr>\n";
    }
    *page += "</table>\n";
    Ok(())
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
    let spread = match own.len() {
        1 => String::new(),
        _ => format!(" ± {}", value(deviation_of(&own))),
    };
    Some(format!(
        "{}{spread} <small>({}, {} steps)</small>",
        value(mean_of(&own)),
        count(own.len(), "seed"),
        thousands(steps)
    ))
}
