//! Options of `plot`, `report` and `export`, which read runs that are there.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::values;

/// What a line is of the runs of a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LineOf {
    /// Their mean
    #[default]
    Mean,
    /// Their interquartile mean
    Iqm,
}

/// What a report is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// index.html, which opens without a network, its figures as SVG and PNG, scores and evaluations as CSV
    #[default]
    Html,
    /// README.md for a repository, with two figures as SVG, and scores as CSV
    Markdown,
}

/// Options of `cargo xtask plot`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "A panel for each task, a line for each method. Runs of one recipe that differ in a setting are methods of their own.

Examples:
  cargo xtask plot runs/halfcheetah-v5-rlx2-td3-s0 runs/baseline --out curve.svg
  cargo xtask plot runs/ --out curves.png --line iqm
  cargo xtask plot runs/ --column replay_size --out replay.svg"
)]
pub struct PlotArgs {
    /// Runs, folders that hold runs, studies, or `metrics.csv` files
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,

    /// Picture to write (SVG, or PNG by its ending); takes the place of an older picture, and of nothing else
    #[arg(long, value_name = "FILE", default_value = "learning-curve.svg")]
    pub out: PathBuf,

    /// Title of the picture [default: none]
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,

    /// Column of metrics.csv to draw
    #[arg(long, value_name = "COLUMN", default_value = "return_mean")]
    pub column: String,

    /// What a line is of the seeds of a method
    #[arg(long, value_name = "WHAT", value_enum, default_value = "mean")]
    pub line: LineOf,

    /// Leave out the bands (95 % intervals over seeds, by the bootstrap)
    #[arg(long)]
    pub no_band: bool,
}

/// Options of `cargo xtask report`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  cargo xtask report runs/ --out report/
  cargo xtask report runs/ --out report/ --score last-30 --baseline dense-td3 --line mean
  cargo xtask report runs/ --out results/ --format markdown --keeps 0.97")]
pub struct ReportArgs {
    /// Runs, folders that hold runs, or studies
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,

    /// Folder for the report; an older report's page, tables and figures in it are replaced, and nothing else
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,

    /// Title of the page
    #[arg(long, value_name = "TEXT", default_value = "Report of runs")]
    pub title: String,

    /// What scores are.
    #[command(flatten)]
    pub scoring: Scoring,

    /// Judge whether methods keep this share of the baseline's score, such as 0.97: reproduced, refuted or undecided
    #[arg(long, value_name = "SHARE", value_parser = values::kept, allow_hyphen_values = true)]
    pub keeps: Option<f64>,

    /// What a line is of the seeds of a method
    #[arg(long, value_name = "WHAT", value_enum, default_value = "iqm")]
    pub line: LineOf,

    /// What is written
    #[arg(long, value_name = "FORMAT", value_enum, default_value = "html")]
    pub format: ReportFormat,

    /// Leave out the film of the run with the best evaluation
    #[arg(long)]
    pub no_film: bool,
}

/// Options of `cargo xtask export`.
#[derive(Args, Clone, Debug)]
#[command(
    after_help = "Columns: exp_name, env_name, seed, metric, env_step, value, as SimbaV2's and XQC's repositories publish results.

Examples:
  cargo xtask export runs/ --out evaluations.csv
  cargo xtask export runs/ --out returns.csv --metrics avg_return --rliable scores.json"
)]
pub struct ExportArgs {
    /// Runs, folders that hold runs, studies, or `metrics.csv` files
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,

    /// Table to write (CSV), a row for each evaluation and metric; takes the place of an older one, and of nothing else
    #[arg(long, value_name = "FILE", default_value = "evaluations.csv")]
    pub out: PathBuf,

    /// Metrics to write, columns of metrics.csv; avg_return is return_mean [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub metrics: Option<Vec<String>>,

    /// Also write the scores that rliable reads (JSON), on the scale of a report
    #[arg(long, value_name = "FILE")]
    pub rliable: Option<PathBuf>,

    /// What scores are.
    #[command(flatten)]
    pub scoring: Scoring,
}

/// What scores are.
#[derive(Args, Clone, Debug)]
pub struct Scoring {
    /// Score of a run: last, last-N, last-tenth, best or area. RLx2: last-30; DS-TD3: last-10 and area (its LCA)
    #[arg(long, value_name = "SCORE", default_value = "last-10")]
    pub score: String,

    /// Method that others are shares of [default: the dense one, where there is one]
    #[arg(long, value_name = "METHOD")]
    pub baseline: Option<String>,
}
