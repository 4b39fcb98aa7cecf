//! `cargo xtask plot`: a column of runs over steps, a panel for each task.

use std::path::Path;

use anyhow::{Result, bail};

use crate::args::figures::{LineOf, PlotArgs};
use crate::charts::{self, learning};
use crate::folder::output::{Kind, Output};
use crate::runs::{RETURN, RunSet};
use crate::stats::Bootstrap;
use crate::stats::curve::Centre;
use crate::terminal::tell::{note, print_line};

/// Draws the runs into one picture.
///
/// # Errors
/// When a run cannot be read or the picture not be written.
pub(crate) fn run(args: &PlotArgs) -> Result<()> {
    let kind = kind(&args.out)?;
    let out = Output::new("--out", &args.out, kind)?;
    let (set, behind) = RunSet::read(&args.runs)?.level();
    for run in behind {
        note(&format!(
            "note: left out, as others of its method are longer: {run}"
        ));
    }
    let shown = learning::Shown {
        centre: centre(args.line),
        band: (!args.no_band).then(Bootstrap::default),
    };
    let title = args.title.as_deref().unwrap_or_default();
    let figure = learning::curves(&set, &args.column, shown, title)?;
    if figure.panels.is_empty() && args.column == RETURN {
        let runs: Vec<String> = args.runs.iter().map(|r| r.display().to_string()).collect();
        bail!("{}: a run without a task has no returns", runs.join(", "));
    }
    if figure.panels.is_empty() {
        let columns = set.columns().join(", ");
        bail!(
            "no run has a number in column `{}`; there are {columns}",
            args.column
        );
    }
    match kind {
        Kind::Png => out.write(&charts::png(&figure)?)?,
        _ => out.write(charts::svg(&figure)?.as_bytes())?,
    }
    print_line(&format!("{}", args.out.display()));
    Ok(())
}

/// What a line is, by the option's word.
pub(crate) fn centre(line: LineOf) -> Centre {
    match line {
        LineOf::Mean => Centre::Mean,
        LineOf::Iqm => Centre::Iqm,
    }
}

/// The kind of picture that a name ends on.
fn kind(out: &Path) -> Result<Kind> {
    let end = out.extension().unwrap_or_default().to_ascii_lowercase();
    match end.to_str() {
        Some("png") => Ok(Kind::Png),
        // As standard output has it.
        Some("svg" | "") => Ok(Kind::Svg),
        _ => bail!(
            "--out {}: a picture's name ends in .svg or .png",
            out.display()
        ),
    }
}
