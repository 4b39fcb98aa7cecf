//! `cargo xtask plot`: the learning curves of runs, read from their `metrics.csv`.

use std::path::Path;

use crate::args::jobs::PlotArgs;
use anyhow::{Context, Result, anyhow, bail};
use toml::{Table, Value};

use crate::charts::chart::{Axes, Curve, draw};
use crate::folder::output::{Kind, Output};
use crate::folder::places;
use crate::terminal::tell::print_line;

/// Draws the runs into one picture.
///
/// # Errors
/// When a run cannot be read or the picture not be written.
pub(crate) fn run(args: &PlotArgs) -> Result<()> {
    let out = Output::new("--out", &args.out, Kind::Svg)?;
    let runs = args.runs.iter().map(|path| read(path));
    let runs = runs.collect::<Result<Vec<Run>>>()?;
    let title = args
        .title
        .clone()
        .or_else(|| runs[0].env.clone())
        .unwrap_or_default();
    out.write(draw(&Axes::learning(&title), &curves(runs))?.as_bytes())?;
    print_line(&format!("{}", args.out.display()));
    Ok(())
}

/// What a picture needs of a run.
struct Run {
    /// Of its folder.
    name: String,
    /// As it was typed.
    path: String,
    env: Option<String>,
    recipe: String,
    seed: Option<u64>,
    points: Vec<(f64, f64)>,
}

impl Run {
    /// Named by its configuration, else by its path.
    fn new(config: &Table, path: &Path, points: Vec<(f64, f64)>) -> Self {
        let folder = if path.is_file() {
            path.parent()
        } else {
            Some(path)
        };
        let name = folder.and_then(Path::file_name).unwrap_or(path.as_os_str());
        let name = name.to_string_lossy().into_owned();
        let word = |key: &str| config.get(key).and_then(Value::as_str).map(str::to_owned);
        let seed = config.get("seed").and_then(Value::as_integer);
        Self {
            recipe: word("recipe").unwrap_or_else(|| name.clone()),
            name,
            path: path.display().to_string(),
            seed: seed.and_then(|seed| u64::try_from(seed).ok()),
            env: word("env"),
            points,
        }
    }

    /// What a run may be called, the simplest first.
    fn labels(&self) -> [String; 4] {
        let seed = self
            .seed
            .map(|seed| format!("{}, seed {seed}", self.recipe));
        let seed = seed.unwrap_or_else(|| self.recipe.clone());
        [
            self.recipe.clone(),
            seed,
            self.name.clone(),
            self.path.clone(),
        ]
    }
}

/// Each run labelled by its recipe, or where others share that, by its seed too, by its folder, or by its path.
fn curves(runs: Vec<Run>) -> Vec<Curve> {
    let labels: Vec<[String; 4]> = runs.iter().map(Run::labels).collect();
    let alone = |label: &str, at: usize| labels.iter().filter(|l| l[at] == label).count() == 1;
    let label = |own: &[String; 4]| {
        let at = (0..3).find(|&at| alone(&own[at], at)).unwrap_or(3);
        own[at].clone()
    };
    let labels = labels.iter().map(label).collect::<Vec<String>>();
    let curve = |(label, run): (String, Run)| Curve {
        label,
        points: run.points,
    };
    labels.into_iter().zip(runs).map(curve).collect()
}

/// Reads a folder of a run, or a `metrics.csv` alone. Of the configuration only the labels count, so runs of earlier
/// versions can be drawn too.
fn read(path: &Path) -> Result<Run> {
    if path.is_file() {
        return Ok(Run::new(&Table::new(), path, points(path)?));
    }
    places::run(path)?;
    let config = path.join("config.toml");
    let place = || config.display().to_string();
    let text = std::fs::read_to_string(&config).with_context(place)?;
    let labels =
        toml::from_str(&text).map_err(|error: toml::de::Error| anyhow!("{}", error.message()));
    let metrics = path.join("metrics.csv");
    if !metrics.exists() {
        bail!("{}: no evaluation yet", path.display());
    }
    let points = points(&metrics)?;
    Ok(Run::new(&labels.with_context(place)?, path, points))
}

/// Control steps and mean returns of the evaluations.
pub(crate) fn points(path: &Path) -> Result<Vec<(f64, f64)>> {
    let place = || path.display().to_string();
    let mut reader = csv::Reader::from_path(path).with_context(place)?;
    let headers = reader.headers().with_context(place)?.clone();
    let column = |name: &str| {
        let at = headers.iter().position(|header| header == name);
        at.ok_or_else(|| anyhow!("{}: no column `{name}`", path.display()))
    };
    // Runs from a dataset count updates.
    let step = column("step").or_else(|_| column("update"))?;
    let mean = column("return_mean")?;
    let mut points = Vec::new();
    for record in reader.records() {
        let record = record.with_context(place)?;
        let number = |column: usize| -> Result<f64> {
            let word = record.get(column).unwrap_or("");
            let line = record.position().map_or(0, csv::Position::line);
            let number = word.parse::<f64>().ok().filter(|n| n.is_finite());
            number.with_context(|| format!("{}:{line}: `{word}` is no number", path.display()))
        };
        if record.get(mean) == Some("") {
            bail!("{}: a run without a task has no returns", path.display());
        }
        points.push((number(step)?, number(mean)?));
    }
    if points.is_empty() {
        bail!("{}: no evaluation yet", path.display());
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_told_apart_by_their_seed_or_their_folder() {
        let run = |name: &str, recipe: &str, seed: u64| Run {
            name: Path::new(name)
                .file_name()
                .unwrap()
                .to_string_lossy()
                .into_owned(),
            path: name.to_owned(),
            env: None,
            recipe: recipe.to_owned(),
            seed: Some(seed),
            points: Vec::new(),
        };
        let runs = vec![
            run("a", "rlx2", 3),
            run("b", "dense", 3),
            run("c", "rlx2", 4),
            run("d-0.003", "rlx2", 4),
            run("e/s0", "set", 0),
            run("f/s0", "set", 0),
        ];
        let labels = curves(runs).into_iter().map(|curve| curve.label);
        let labels: Vec<String> = labels.collect();
        let expected = ["rlx2, seed 3", "dense", "c", "d-0.003", "e/s0", "f/s0"];
        assert_eq!(labels, expected);
    }

    /// Runs that earlier versions wrote, with other keys than today's.
    #[test]
    fn published_runs_can_be_drawn() {
        let runs = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/results/halfcheetah-v5-200k"
        );
        let run = read(&Path::new(runs).join("rlx2-s0")).unwrap();
        let env = run.env.as_deref();
        assert_eq!(
            (run.recipe.as_str(), env, run.seed),
            ("rlx2", Some("HalfCheetah-v5"), Some(0))
        );
        assert_eq!(run.points.len(), 40);
    }

    #[test]
    fn metrics_are_read_by_the_names_of_columns() {
        let path = std::env::temp_dir().join(format!("metrics-{}.csv", std::process::id()));
        let parse = |text: &str| {
            std::fs::write(&path, text).unwrap();
            points(&path)
        };
        let read = parse("seed,step,return_mean\n0,5000,-12.5\n0,10000,40\n").unwrap();
        assert_eq!(read, [(5000.0, -12.5), (10000.0, 40.0)]);
        for bad in [
            "step,return\n1,2\n",
            "step,return_mean\n1,x\n",
            "step,return_mean\n1,inf\n",
            "step,return_mean\nNaN,1\n",
            "step,return_mean\n",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
        std::fs::remove_file(&path).unwrap();
    }
}
