//! Final scores: of each method in each task, and of all tasks together.

use anyhow::Result;

use super::RESAMPLES;
use super::table::Table;
use super::words::{interval, spread, text, value};
use crate::charts::figure::{Axis, Content, Figure, Line, Panel};
use crate::charts::learning::of_band;
use crate::folder::names::LONG;
use crate::runs::score::{Board, Method, References, Scale};
use crate::runs::{RETURN, Run, RunSet};
use crate::stats::aggregate::{iqm, mean, median, optimality_gap};
use crate::stats::curve::{Centre, sample_efficiency};
use crate::stats::profile::with_intervals;
use crate::stats::{Bootstrap, Estimate, Scores, deviation_of, paired, probability_of_improvement};
use crate::terminal::table::thousands;

/// Thresholds of a profile.
const THRESHOLDS: u32 = 100;

/// Names of aggregates, in the order of [`Row::values`].
const NAMES: [&str; 4] = ["IQM", "median", "mean", "optimality gap"];

/// The aggregates of a method.
pub(super) struct Row {
    /// Its place among the methods.
    pub(super) look: usize,
    pub(super) name: String,
    /// See `NAMES`.
    pub(super) values: [Estimate; 4],
    /// How probable it is to be better than the baseline.
    pub(super) improvement: Option<Estimate>,
    /// Mean difference to the baseline by seed, where they have the same seeds.
    pub(super) difference: Option<Estimate>,
    scores: Scores,
}

/// All methods that were run in every task.
pub(super) struct Aggregates {
    pub(super) scale: Scale,
    /// Why it is not shares of a baseline.
    pub(super) why: Option<String>,
    pub(super) baseline: Option<String>,
    pub(super) rows: Vec<Row>,
    /// Methods without a run in some task.
    pub(super) left_out: Vec<String>,
}

impl Aggregates {
    /// Of a board; the inner error says why there is no scale for all tasks.
    pub(super) fn of(
        set: &RunSet,
        board: &Board,
        baseline: Option<&Method>,
        references: References,
        resamples: [usize; 2],
    ) -> Result<std::result::Result<Self, String>> {
        let (scale, why) = match board.scale(baseline, references) {
            Ok(scale) => scale,
            Err(why) => return Ok(Err(why)),
        };
        let by = Bootstrap::new(resamples[0], 0.95, 0)?;
        let (mut rows, mut left_out) = (Vec::new(), Vec::new());
        let methods = set.methods();
        for method in &board.methods {
            if method.scores().is_none() {
                left_out.push(method.name.clone());
                continue;
            }
            let look = methods.iter().position(|name| *name == method.name);
            let of = |statistic: fn(&Scores) -> f64| board.estimate(method, &scale, &by, statistic);
            let other = baseline.filter(|other| other.name != method.name);
            rows.push(Row {
                look: look.unwrap_or(0),
                name: method.name.clone(),
                values: [
                    of(iqm)?,
                    of(median)?,
                    of(mean)?,
                    of(|scores| optimality_gap(scores, 1.0))?,
                ],
                improvement: other.and_then(|other| improvement(method, other, &by)),
                difference: other.and_then(|other| difference(board, method, other, &scale, &by)),
                scores: board.scaled(method, &scale)?,
            });
        }
        Ok(Ok(Self {
            scale,
            why,
            baseline: baseline.map(|method| method.name.clone()),
            rows,
            left_out,
        }))
    }

    /// What the scores and intervals of the table are.
    pub(super) fn words(&self) -> String {
        let drawn = match &self.scale {
            Scale::Share(name) => format!(" The runs of {name} are drawn anew as well."),
            _ => String::new(),
        };
        format!(
            "Score: {}. Intervals: 95 %, stratified bootstrap, {} resamples.{} A lower optimality gap is better.",
            text(&self.scale.words()),
            thousands(RESAMPLES[0] as f64),
            text(&drawn)
        )
    }

    /// Why scores are not shares, what is not in the table, and whose intervals say little.
    pub(super) fn notes(&self) -> Vec<String> {
        let why = self.why.as_ref();
        let mut notes: Vec<String> = why
            .map(|why| format!("Not shares: {}.", text(why)))
            .into_iter()
            .collect();
        if !self.left_out.is_empty() {
            let names = text(&self.left_out.join(", "));
            notes.push(format!("Without a run in some task: {names}."));
        }
        let fewest = |row: &&Row| row.scores.counts().into_iter().min().unwrap_or(0);
        for (runs, words) in [
            (
                1..=1,
                "one run in some task, so that intervals are too narrow, or none",
            ),
            (
                2..=3,
                "two or three runs in some task, so that intervals are too narrow",
            ),
        ] {
            let few = self.rows.iter().filter(|row| runs.contains(&fewest(row)));
            let names: Vec<&str> = few.map(|row| row.name.as_str()).collect();
            if !names.is_empty() {
                notes.push(format!("With {words}: {}.", text(&names.join(", "))));
            }
        }
        notes
    }

    pub(super) fn table(&self) -> Table {
        let mut head = vec!["method".to_owned()];
        head.extend(NAMES.map(str::to_owned));
        if let Some(baseline) = &self.baseline {
            head.push(format!("P(better than {})", text(baseline)));
            head.push("difference by seed".to_owned());
        }
        let row = |row: &Row| {
            let mut cells = vec![text(&row.name)];
            cells.extend(row.values.iter().map(interval));
            if self.baseline.is_some() {
                let said = [&row.improvement, &row.difference];
                cells.extend(said.map(|e| e.as_ref().map_or_else(|| "–".to_owned(), interval)));
            }
            cells
        };
        Table {
            head,
            rows: self.rows.iter().map(row).collect(),
        }
    }

    /// Bars of the aggregates, the profile of scores, and the curve over all tasks.
    pub(super) fn figures(
        &self,
        set: &RunSet,
        board: &Board,
        centre: Centre,
        by: &Bootstrap,
    ) -> Result<Vec<(&'static str, Figure)>> {
        let legend: Vec<String> = set.methods().into_iter().map(str::to_owned).collect();
        let figure = |panels, columns| Figure {
            legend: legend.clone(),
            panels,
            columns,
            ..Figure::default()
        };
        let bars = |at: usize| {
            let bar = |row: &Row| {
                let Estimate { value, low, high } = row.values[at];
                (row.look, [low, value, high])
            };
            let finite = |(_, values): &(usize, [f64; 3])| values.iter().all(|v| v.is_finite());
            Panel {
                title: NAMES[at].to_owned(),
                x: Axis::named(""),
                y: Axis::named(""),
                content: Content::Bars(self.rows.iter().map(bar).filter(finite).collect()),
            }
        };
        let aggregates = figure((0..NAMES.len()).map(bars).collect(), NAMES.len());
        let together = figure(
            vec![self.profile(by), self.efficiency(set, board, centre, by)?],
            2,
        );
        Ok(vec![("aggregates", aggregates), ("together", together)])
    }

    /// The share of runs above each score.
    fn profile(&self, by: &Bootstrap) -> Panel {
        let all = || self.rows.iter().flat_map(|row| row.scores.all());
        let (low, high) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
        let thresholds = (0..=THRESHOLDS).map(|at| f64::from(at) / f64::from(THRESHOLDS));
        let thresholds: Vec<f64> = thresholds.map(|t| low + t * (high - low)).collect();
        let line = |row: &Row| {
            let shares = with_intervals(&row.scores, &thresholds, by);
            let points = || thresholds.iter().zip(&shares);
            Line {
                look: row.look,
                points: points().map(|(at, e)| (*at, e.value)).collect(),
                band: points().map(|(at, e)| (*at, e.low, e.high)).collect(),
            }
        };
        Panel {
            title: "performance profile".to_owned(),
            x: Axis::named(&format!("score: {}", self.scale.words())),
            y: Axis {
                range: Some([0.0, 1.02]),
                ..Axis::named("share of runs with a higher score")
            },
            content: Content::Lines(self.rows.iter().map(line).collect()),
        }
    }

    /// The centre of all scores along training.
    fn efficiency(
        &self,
        set: &RunSet,
        board: &Board,
        centre: Centre,
        by: &Bootstrap,
    ) -> Result<Panel> {
        let mut lines = Vec::new();
        for row in &self.rows {
            let mut tasks = Vec::new();
            for (at, task) in board.tasks.iter().enumerate() {
                let (zero, one) = board.to_scale(&self.scale, at)?;
                let runs = set.of(task, &row.name);
                let curves = runs.iter().filter_map(|run| run.curve(RETURN));
                tasks.push(curves.map(|c| c.map(|v| (v - zero) / one)).collect());
            }
            // Tasks of which one was cut off before another's first evaluation have no curve together.
            if let Ok(band) = sample_efficiency(&tasks, centre, by) {
                lines.push(of_band(row.look, &band, true));
            }
        }
        Ok(Panel {
            title: "scores along training".to_owned(),
            x: Axis::from_zero("steps"),
            y: Axis::from_zero(match centre {
                Centre::Mean => "mean score",
                Centre::Iqm => "IQM of scores",
            }),
            content: Content::Lines(lines),
        })
    }
}

/// What the cells of [`in_each_task`] hold.
pub(super) fn cells(board: &Board) -> String {
    let mut counts = board.methods.iter().flat_map(|m| &m.tasks).map(Vec::len);
    // All draws are the lowest run in one of 4 cases with two runs and in one of 27 with three: more than 2.5 %. The true
    // median is above all runs or below all in 2 of 4 and 2 of 8.
    let few = match counts.any(|runs| runs == 2 || runs == 3) {
        true => {
            " Of two or three seeds the interquartile mean is the mean, and the interval is their range. That is too narrow: \
             of scores that are distributed symmetrically it holds the true mean in 50 of 100 cases with two seeds and in 75 \
             with three, of skewed ones in fewer."
        }
        false => "",
    };
    format!(
        "Score of a run: {}. Each cell: mean ± sample standard deviation over seeds, the interquartile mean with its \
         95 % interval by the bootstrap, and the seeds.{few}",
        text(&board.summary.words())
    )
}

/// Scores of each method in each task; `seed` is how a run is named by its seed.
pub(super) fn in_each_task(
    set: &RunSet,
    board: &Board,
    seed: impl Fn(&Run) -> String,
) -> Result<Table> {
    let by = Bootstrap::new(RESAMPLES[0], 0.95, 0)?;
    let mut head = vec!["method".to_owned()];
    head.extend(board.tasks.iter().map(|task| text(task)));
    let mut rows = Vec::new();
    for method in &board.methods {
        let mut row = vec![text(&method.name)];
        for (task, runs) in board.tasks.iter().zip(&method.tasks) {
            let values: Vec<f64> = runs.iter().map(|run| run.1).collect();
            let runs = set.of(task, &method.name).into_iter();
            let seeds: Vec<String> = runs.map(&seed).collect();
            let seeds = seeds.join(" ");
            row.push(match Scores::new(vec![values]) {
                Err(_) => "–".to_owned(),
                Ok(scores) if scores.tasks()[0].len() == 1 => format!(
                    "{}<br><small>one seed, {seeds}</small>",
                    value(scores.means()[0])
                ),
                Ok(scores) => format!(
                    "{}<br><small>IQM {}<br>seeds {seeds}</small>",
                    spread(scores.means()[0], Some(deviation_of(&scores.tasks()[0]))),
                    interval(&by.of(&scores, iqm)),
                ),
            });
        }
        rows.push(row);
    }
    Ok(Table { head, rows })
}

fn improvement(method: &Method, other: &Method, by: &Bootstrap) -> Option<Estimate> {
    let better = |x: &Scores, y: &Scores| probability_of_improvement(x, y).unwrap_or(f64::NAN);
    by.of_two(&method.scores()?, &other.scores()?, better).ok()
}

fn difference(
    board: &Board,
    method: &Method,
    other: &Method,
    scale: &Scale,
    by: &Bootstrap,
) -> Option<Estimate> {
    if !method.pairs_with(other) {
        return None;
    }
    let scaled = |method: &Method| -> Option<Vec<Vec<(u64, f64)>>> {
        let tasks = method.tasks.iter().enumerate();
        let task = |(at, runs): (usize, &Vec<(u64, f64)>)| {
            let (zero, one) = board.to_scale(scale, at).ok()?;
            Some(
                runs.iter()
                    .map(|(seed, v)| (*seed, (v - zero) / one))
                    .collect(),
            )
        };
        tasks.map(task).collect()
    };
    let [x, y] = paired(&scaled(method)?, &scaled(other)?).ok()?;
    by.of_pairs(&x, &y, |x, y| mean(x) - mean(y)).ok()
}

/// The score of each run, as CSV.
pub(super) fn csv(board: &Board) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([LONG[0], LONG[1], LONG[2], &board.summary.to_string()])?;
    for method in &board.methods {
        for (task, runs) in board.tasks.iter().zip(&method.tasks) {
            for (seed, score) in runs {
                let [seed, score] = [seed.to_string(), score.to_string()];
                writer.write_record([&method.name, task, &seed, &score])?;
            }
        }
    }
    let bytes = writer.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8(bytes)?)
}
