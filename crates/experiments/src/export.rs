//! `cargo xtask export`: runs as tables that other programs read.

use anyhow::{Context, Result, bail};

use crate::args::figures::{ExportArgs, Scoring};
use crate::folder::output::{Kind, Output};
use crate::runs::score::Board;
use crate::runs::{self, RunSet, tables};
use crate::stats::Summary;
use crate::terminal::tell::{note, print_line};
use offline_prune::score::Reference;

/// Writes the tables.
///
/// # Errors
/// When a run cannot be read, a table cannot be made of the runs, or a file cannot be written.
pub(crate) fn run(args: &ExportArgs) -> Result<()> {
    let out = Output::new("--out", &args.out, Kind::Csv)?;
    let file = args.rliable.as_ref();
    let file = file.map(|path| Output::new("--rliable", path, Kind::Json));
    let file = file.transpose()?;
    if let Some(file) = &file
        && file.is_at(&out)?
    {
        bail!(
            "--rliable {}: --out is this file; choose another name",
            args.out.display()
        );
    }
    let summary = summary(&args.scoring)?;
    let set = RunSet::read(&args.runs)?;
    let long = tables::long(&set, args.metrics.as_deref())?;
    let (set, behind) = set.level();
    let scores = file.as_ref().map(|_| {
        for run in &behind {
            note(&format!(
                "note: not among the scores, as others of its method are longer: {run}"
            ));
        }
        let board = Board::new(&set, summary);
        tables::rliable(&set, &board, args.scoring.baseline.as_deref(), &references)
    });
    let scores = scores.transpose()?;
    out.write(long.as_bytes())?;
    print_line(&format!("{}", args.out.display()));
    if let (Some(file), Some(scores)) = (file, scores) {
        let path = file.path().display().to_string();
        file.write(scores.as_bytes())?;
        print_line(&path);
    }
    Ok(())
}

/// What a score is.
///
/// # Errors
/// When the word is none that says it.
pub(crate) fn summary(scoring: &Scoring) -> Result<Summary> {
    let said = || format!("--score {}", scoring.score);
    scoring.score.parse().with_context(said)
}

/// D4RL's references of a task.
pub(crate) fn references(task: &str) -> Option<[f64; 2]> {
    let reference = Reference::of(runs::env(task)).ok()?;
    Some([reference.min, reference.max])
}
