//! What papers claim of a method, and what our runs say.

use anyhow::{Context, Result, bail};

use super::table::Table;
use super::words::{interval, text, value};
use super::{Options, RESAMPLES};
use crate::runs::score::{Board, Method};
use crate::runs::{Run, RunSet};
use crate::stats::aggregate::{iqm, mean};
use crate::stats::claim::{Claim, Verdict};
use crate::stats::{Bootstrap, Error, Scores, Summary, shares};
use crate::terminal::table::thousands;

/// A claim and its table.
pub(super) struct Judged {
    /// What is claimed, as text of a page.
    pub(super) words: String,
    /// What is not in the table, and why.
    pub(super) notes: Vec<String>,
    /// A row for each task that both methods have runs of, and one for all.
    pub(super) table: Option<Table>,
}

/// What stands above the tables.
pub(super) fn rule() -> String {
    format!(
        "Reproduced: the mean share is at least what is claimed, and the lower end of its 95 % interval is at most {} below that. \
         Refuted: the upper end is below what is claimed. Undecided: all else, fewer than {} runs of either method in a task, \
         and runs of different lengths. Intervals: stratified bootstrap, in which the runs of both are drawn anew; with three \
         runs of each they hold the true share in about 78 of 100 cases, with five in 89.",
        Claim::SLACK,
        Claim::LEAST_SEEDS
    )
}

/// All claims: those of the papers, and that of the options for all methods but the baseline.
///
/// # Errors
/// When a claim's score is none, or there is no baseline for that of the options.
pub(super) fn judged(
    set: &RunSet,
    board: &Board,
    baseline: Option<&Method>,
    options: &Options,
) -> Result<Vec<Judged>> {
    let by = Bootstrap::new(RESAMPLES[0], 0.95, 0)?;
    let mut all = Vec::new();
    for claim in options.papers.iter().flat_map(|paper| &paper.claims) {
        let summary: Summary = claim
            .score
            .parse()
            .with_context(|| format!("the paper's claim of `{}`", claim.method))?;
        let names = [claim.method.as_str(), &claim.of];
        let share = Claim { share: claim.keeps };
        all.push(judge(set, &Board::new(set, summary), names, share, &by)?);
    }
    if let Some(share) = options.keeps {
        let Some(other) = baseline else {
            bail!("--keeps: there is no one dense method to keep a share of; --baseline names one");
        };
        for method in board.methods.iter().filter(|m| m.name != other.name) {
            let names = [method.name.as_str(), &other.name];
            all.push(judge(set, board, names, Claim { share }, &by)?);
        }
    }
    Ok(all)
}

/// The runs of both methods in a task.
struct Both<'a> {
    task: &'a str,
    /// Scores.
    scores: [Vec<f64>; 2],
    /// Steps of the longest run of each.
    steps: [f64; 2],
    /// Whether these are the same, to an evaluation.
    level: bool,
}

impl<'a> Both<'a> {
    /// Of a task; `None` where one method has no run of it.
    fn of(set: &RunSet, board: &'a Board, at: usize, methods: [&Method; 2]) -> Option<Self> {
        let task = board.tasks[at].as_str();
        let scores = methods
            .map(|method| -> Vec<f64> { method.tasks[at].iter().map(|run| run.1).collect() });
        if scores.iter().any(Vec::is_empty) {
            return None;
        }
        // The last step of the longest run, and how far apart evaluations are.
        let length = |method: &Method| {
            let runs = set.of(task, &method.name).into_iter();
            let longest = runs.max_by(|a, b| end(a).total_cmp(&end(b)))?;
            let before = longest.steps.iter().rev().nth(1).copied().unwrap_or(0.0);
            Some((end(longest), end(longest) - before))
        };
        let [own, other] = methods.map(|method| length(method).unwrap_or((0.0, 0.0)));
        Some(Self {
            task,
            scores,
            steps: [own.0, other.0],
            level: (own.0 - other.0).abs() <= own.1.max(other.1),
        })
    }
}

/// The last step of a run.
fn end(run: &Run) -> f64 {
    run.steps.last().copied().unwrap_or(0.0)
}

fn judge(
    set: &RunSet,
    board: &Board,
    names: [&str; 2],
    claim: Claim,
    by: &Bootstrap,
) -> Result<Judged> {
    let mut judged = Judged {
        words: format!(
            "{} keeps {} of {} ({})",
            text(names[0]),
            claim.share,
            text(names[1]),
            text(&board.summary.words())
        ),
        notes: Vec::new(),
        table: None,
    };
    let found = names.map(|name| board.method(name).ok());
    for (name, found) in names.iter().zip(&found) {
        if found.is_none() {
            let note = format!("Not judged: there is no run of {} here.", text(name));
            judged.notes.push(note);
        }
    }
    let [Some(method), Some(other)] = found else {
        return Ok(judged);
    };
    let mut tasks = Vec::new();
    for (at, task) in board.tasks.iter().enumerate() {
        match Both::of(set, board, at, [method, other]) {
            Some(both) => tasks.push(both),
            None => {
                let note = format!("Not judged in {}: not both have runs of it.", text(task));
                judged.notes.push(note);
            }
        }
    }
    let mut rows = Vec::new();
    for task in &tasks {
        rows.push(row(task.task, std::slice::from_ref(task), claim, by)?);
    }
    if tasks.len() > 1 {
        let name = match judged.notes.len() {
            0 => "all".to_owned(),
            _ => format!("these {}", tasks.len()),
        };
        rows.push(row(&name, &tasks, claim, by)?);
    }
    let head = [
        "task",
        "share, mean",
        "share, IQM",
        "runs of both",
        "the claim is",
    ];
    judged.table = (!rows.is_empty()).then(|| Table {
        head: head.map(str::to_owned).to_vec(),
        rows,
    });
    Ok(judged)
}

/// What the runs of some tasks say.
fn row(name: &str, tasks: &[Both], claim: Claim, by: &Bootstrap) -> Result<Vec<String>> {
    let count = |i: usize| tasks.iter().map(|both| both.scores[i].len()).sum::<usize>();
    let mut runs = format!("{} and {}", count(0), count(1));
    if let Some(both) = tasks.iter().find(|both| !both.level) {
        let [own, other] = both.steps.map(thousands);
        runs += &format!("<br><small>of {own} and {other} steps</small>");
    }
    let [own, others] = [0, 1].map(|i| -> Result<Scores, Error> {
        Scores::new(tasks.iter().map(|both| both.scores[i].clone()).collect())
    });
    let (own, others) = (own?, others?);
    let undecided = Verdict::Undecided.words().to_owned();
    if let Err(Error::Baseline { task, mean }) = shares(&own, &others) {
        let why = format!("its mean in {} is {}", text(tasks[task].task), value(mean));
        return Ok(vec![text(name), why, "–".to_owned(), runs, undecided]);
    }
    let estimate = |statistic: fn(&Scores) -> f64| {
        by.of_two(&own, &others, |own, others| {
            shares(own, others).map_or(f64::NAN, |shares| statistic(&shares))
        })
    };
    let share = estimate(mean)?;
    let fewest = tasks
        .iter()
        .flat_map(|both| both.scores.each_ref().map(Vec::len));
    let verdict = match tasks.iter().all(|both| both.level) {
        true => claim.judge(&share, fewest.min().unwrap_or(0)),
        false => Verdict::Undecided,
    };
    let verdict = match verdict {
        Verdict::Undecided => undecided,
        _ => format!("<b>{}</b>", verdict.words()),
    };
    let middle = estimate(iqm)?;
    // Of single runs there is no interval.
    let single = tasks
        .iter()
        .all(|both| both.scores.iter().all(|runs| runs.len() == 1));
    let [share, middle] = [share, middle].map(|estimate| match single {
        true => value(estimate.value),
        false => interval(&estimate),
    });
    Ok(vec![text(name), share, middle, runs, verdict])
}
