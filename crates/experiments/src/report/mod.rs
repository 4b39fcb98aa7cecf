//! A report of a set of runs: one page that needs nothing else, and its figures as SVG and PNG.
//!
//! In reading order: this file, `finals` (scores and aggregates), `beside` (a paper's numbers), `run` (a run by itself), `connections` (what is left
//! of a first layer), `words` (numbers as text), `page` (the page), `make` (the command).

use anyhow::{Context, Result};

use crate::charts::figure::Figure;
use crate::charts::{self, learning};
use crate::roster::paper::Paper;
use crate::runs::score::{Board, References};
use crate::runs::{RETURN, RunSet, tables};
use crate::stats::curve::Centre;
use crate::stats::{Bootstrap, Summary};

mod beside;
mod connections;
mod finals;
#[cfg(feature = "run")]
pub(crate) mod make;
mod page;
mod run;
mod words;

/// Resamples of an interval of aggregates, and of one along a line.
const RESAMPLES: [usize; 2] = [10_000, 2_000];

/// How a report is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// Above the page.
    pub title: String,
    /// What a run's score is.
    pub summary: Summary,
    /// The method that others are compared with; `None` takes the only dense one, if there is one.
    pub baseline: Option<String>,
    /// What a line is of the runs of a method.
    pub centre: Centre,
    /// The command that makes it, and the version of the program.
    pub made: [String; 2],
    /// What papers say of the same runs.
    pub papers: Vec<Paper>,
    /// A film (GIF) of a policy, and what it shows.
    pub film: Option<(Vec<u8>, String)>,
}

/// A report.
#[derive(Debug)]
pub struct Report {
    /// The page.
    pub page: String,
    /// Figures by the name of their file.
    pub figures: Vec<(&'static str, Figure)>,
    /// All evaluations in the long layout.
    pub evaluations: String,
    /// Scores of all runs.
    pub scores: String,
}

/// Makes a report.
///
/// # Errors
/// When there is no method of the baseline's name, or a run's networks are damaged.
pub fn build(set: &RunSet, options: &Options, references: References) -> Result<Report> {
    let evaluations = tables::long(set, None)?;
    let (set, behind) = &set.clone().level();
    let along = Bootstrap::new(RESAMPLES[1], 0.95, 0)?;
    let board = Board::new(set, options.summary);
    let baseline = board.baseline(options.baseline.as_deref())?;
    let shown = learning::Shown {
        centre: options.centre,
        band: Some(along),
    };
    let curves = learning::curves(set, RETURN, shown, "")?;
    let mut figures = vec![("curves", curves)];
    let aggregates = finals::Aggregates::of(set, &board, baseline, references, RESAMPLES)?;
    if let Ok(aggregates) = &aggregates {
        figures.extend(aggregates.figures(set, &board, options.centre, &along)?);
    }
    for (name, column) in [("density", "actor_density"), ("q", "value_mean")] {
        let figure = learning::curves(set, column, shown, "")?;
        if !figure.panels.is_empty() {
            figures.push((name, figure));
        }
    }
    let page = page::page(&page::Contents {
        set,
        behind,
        board: &board,
        options,
        aggregates: &aggregates,
        figures: &figures,
    })?;
    Ok(Report {
        page,
        figures,
        evaluations,
        scores: finals::csv(&board)?,
    })
}

/// A figure as SVG text.
fn svg(figure: &Figure) -> Result<String> {
    charts::svg(figure).with_context(|| format!("the figure {}", figure.title))
}

#[cfg(test)]
mod tests;
