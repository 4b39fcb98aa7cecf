//! `cargo xtask report`: writes a report to a folder.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{Options, build};
use crate::args::figures::{ReportArgs, ReportFormat};
use crate::args::watch::WatchArgs;
use crate::charts::{self, plot};
use crate::export::{references, summary};
use crate::folder::output::{Kind, Output};
use crate::folder::places;
use crate::play::watch;
use crate::roster::StudyDir;
use crate::roster::paper::Paper;
use crate::runs::score::score;
use crate::runs::{Run, RunSet};
use crate::stats::Summary;
use crate::terminal::shell;
use crate::terminal::tell::{note, print_line, program};
use crate::version::version;

/// The folder of the figures.
const FIGURES: &str = "figures";

/// Names of all figures that a report may have.
const FIGURE_NAMES: [&str; 5] = ["curves", "aggregates", "together", "density", "q"];

/// What a report in Markdown shows of the figures.
const SHOWN: [&str; 2] = ["curves", "aggregates"];

/// The tables and, last, the page.
const HTML: [(&str, Kind); 3] = [
    ("scores.csv", Kind::Csv),
    ("evaluations.csv", Kind::Csv),
    ("index.html", Kind::Report),
];

/// The same in Markdown.
const MARKDOWN: [(&str, Kind); 2] = [("scores.csv", Kind::Csv), ("README.md", Kind::Markdown)];

/// The weights of the best evaluation, in a run's folder.
const BEST_POLICY: &str = "checkpoints/best.safetensors";

/// Length of the film (s).
const FILM_SECONDS: f64 = 5.0;

/// Makes the report. The page is written last, so a page that is there has its figures.
///
/// # Errors
/// When a run cannot be read, or something else is where the report is to be.
pub(crate) fn run(args: &ReportArgs) -> Result<()> {
    places::folder("--out", &args.out)?;
    let is_html = args.format == ReportFormat::Html;
    let names: &[(&str, Kind)] = if is_html { &HTML } else { &MARKDOWN };
    if args.out.is_dir() {
        for (name, kind) in names {
            Output::new("--out", &args.out.join(name), *kind)?;
        }
    }
    let summary = summary(&args.scoring)?;
    let set = RunSet::read(&args.runs)?;
    let film = match args.no_film || !is_html {
        true => None,
        false => film(&set)?,
    };
    let papers = args.runs.iter().map(|path| -> Result<Option<Paper>> {
        let paper = Paper::of(&StudyDir::at(path))?;
        Ok(paper.map(|paper| paper.calling(|method| set.called(path, method).to_owned())))
    });
    let papers: Vec<Option<Paper>> = papers.collect::<Result<_>>()?;
    let options = Options {
        title: args.title.clone(),
        summary,
        baseline: args.scoring.baseline.clone(),
        keeps: args.keeps,
        centre: plot::centre(args.line),
        made: [command(), format!("version {}", version())],
        papers: papers.into_iter().flatten().collect(),
        film,
        markdown: !is_html,
    };
    let report = build(&set, &options, &references)?;
    let figures = args.out.join(FIGURES);
    fs::create_dir_all(&figures).with_context(|| format!("--out {}", args.out.display()))?;
    let mut files: Vec<(PathBuf, Kind, Vec<u8>)> = Vec::new();
    for (name, figure) in &report.figures {
        let path = |end: &str| figures.join(format!("{name}.{end}"));
        if is_html || SHOWN.contains(name) {
            files.push((path("svg"), Kind::Svg, charts::svg(figure)?.into_bytes()));
        }
        if is_html {
            files.push((path("png"), Kind::Png, charts::png(figure)?));
        }
    }
    let texts = match is_html {
        true => vec![report.scores, report.evaluations, report.text],
        false => vec![report.scores, report.text],
    };
    for ((name, kind), text) in names.iter().zip(texts) {
        files.push((args.out.join(name), *kind, text.into_bytes()));
    }
    // Figures of an older report that this one has not.
    for name in FIGURE_NAMES {
        for (end, kind) in [("svg", Kind::Svg), ("png", Kind::Png)] {
            let path = figures.join(format!("{name}.{end}"));
            if path.is_file() && !files.iter().any(|(made, ..)| *made == path) {
                Output::new("--out", &path, kind)?;
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
            }
        }
    }
    let places = files
        .iter()
        .map(|(path, kind, _)| Output::new("--out", path, *kind));
    let places: Vec<Output> = places.collect::<Result<_>>()?;
    for (place, (.., bytes)) in places.into_iter().zip(&files) {
        place.write(bytes)?;
    }
    if let Some((page, ..)) = files.last() {
        print_line(&format!("{}", page.display()));
    }
    Ok(())
}

/// A film of the best policy: of the first run that reached the highest return of its task; none where no such run kept
/// its policy, or it cannot be filmed.
fn film(set: &RunSet) -> Result<Option<(Vec<u8>, String)>> {
    let best = |run: &Run| score(run, Summary::Best);
    let kept = |run: &&Run| run.path.join(BEST_POLICY).is_file();
    let of_task = |task: &str| {
        let runs = set.runs().iter().filter(|run| run.task == task);
        runs.filter_map(best).fold(f64::NEG_INFINITY, f64::max)
    };
    let is_best = |run: &&Run| best(run).is_some_and(|own| own >= of_task(&run.task));
    let Some(run) = set.runs().iter().filter(kept).find(is_best) else {
        return Ok(None);
    };
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("film.gif");
    match watch::film(&WatchArgs::of_best(&run.path, &path, FILM_SECONDS)) {
        Ok(Some(_)) => {}
        // Ctrl-C ended the film.
        Ok(None) => bail!("stopped while filming; nothing was written"),
        Err(error) => {
            note(&format!("note: no film: {error:#}"));
            return Ok(None);
        }
    }
    let words = format!(
        "The best policy of {} in {}, seed {}: {FILM_SECONDS:.0} s at most of an episode.",
        run.method, run.task, run.seed
    );
    Ok(Some((fs::read(&path)?, words)))
}

/// The words of this process, as one would type them.
fn command() -> String {
    let words = std::env::args_os().skip(1);
    let words = words.map(|word| shell::argument(&word));
    let words: Vec<String> = [program().to_owned()].into_iter().chain(words).collect();
    words.join(" ")
}
