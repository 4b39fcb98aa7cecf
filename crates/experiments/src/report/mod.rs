//! A report of a set of runs: one page that needs nothing else, and its figures as SVG and PNG.
//!
//! In reading order: this file, `finals` (scores and aggregates), `beside` (a paper's numbers), `claims` (what runs say of them), `run` (a
//! run by itself), `connections` (what is left of a first layer), `words` and `table` (numbers and tables as text), `page` (the page),
//! `markdown` (the same for a repository), `make` (the command).

use anyhow::{Context, Result};

use crate::charts::figure::Figure;
use crate::charts::{self, learning};
use crate::roster::paper::Paper;
use crate::runs::score::{Board, References};
use crate::runs::{RETURN, RunSet, tables};
use crate::stats::curve::Centre;
use crate::stats::{Bootstrap, Summary};

mod beside;
mod claims;
mod connections;
mod finals;
#[cfg(feature = "run")]
pub(crate) mod make;
mod markdown;
mod page;
mod run;
mod table;
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
    /// The share of the baseline's score that methods are to keep, if that is to be judged.
    pub keeps: Option<f64>,
    /// What a line is of the runs of a method.
    pub centre: Centre,
    /// The command that makes it, and the version of the program.
    pub made: [String; 2],
    /// What papers say of the same runs.
    pub papers: Vec<Paper>,
    /// A film (GIF) of a policy, and what it shows.
    pub film: Option<(Vec<u8>, String)>,
    /// Whether the text is Markdown with figures of the folder `figures` beside it, in the place of a page.
    pub markdown: bool,
}

/// A report.
#[derive(Debug)]
pub struct Report {
    /// The page, or its tables as Markdown.
    pub text: String,
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
/// When there is no method of the baseline's name or, with `keeps`, no baseline, or a run's networks are damaged.
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
    let contents = page::Contents {
        set,
        behind,
        board: &board,
        options,
        aggregates: &aggregates,
        figures: &figures,
        claims: &claims::judged(set, &board, baseline, options)?,
    };
    let text = match options.markdown {
        true => markdown::markdown(&contents)?,
        false => page::page(&contents)?,
    };
    Ok(Report {
        text,
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
