//! What papers claim of a method, and what our runs say.

use anyhow::{Context, Result, bail};

use super::words::{interval, text};
use super::{Options, RESAMPLES};
use crate::report::table::Table;
use crate::runs::RunSet;
use crate::runs::score::{Board, Method};
use crate::stats::aggregate::{iqm, mean};
use crate::stats::claim::{Claim, Verdict};
use crate::stats::{Bootstrap, Error, Scores, Summary, shares};

/// A claim and its table.
pub(super) struct Judged {
    /// What is claimed, as text of a page.
    pub(super) words: String,
    pub(super) table: Table,
}

/// What stands above the tables.
pub(super) const RULE: &str = "Reproduced: the share is there, and its 95 % interval ends at most 7 percent points below the claim. \
     Refuted: all of the interval is below the claim. Otherwise, and with fewer than three seeds of either, undecided. \
     Intervals: stratified bootstrap, in which the runs of both are drawn anew.";

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
        let board = Board::new(set, summary);
        let both = [&claim.method, &claim.of].map(|name| board.method(name).ok());
        let [Some(method), Some(other)] = both else {
            continue;
        };
        let share = Claim { share: claim.keeps };
        all.push(judge(&board, method, other, share, &by)?);
    }
    if let Some(share) = options.keeps {
        let Some(other) = baseline else {
            bail!("--keeps: there is no one dense method to keep a share of; --baseline names one");
        };
        for method in &board.methods {
            if method.name != other.name {
                all.push(judge(board, method, other, Claim { share }, &by)?);
            }
        }
    }
    Ok(all)
}

/// A task, and the scores of both methods in it.
type Both<'a> = (&'a str, Vec<f64>, Vec<f64>);

fn judge(
    board: &Board,
    method: &Method,
    other: &Method,
    claim: Claim,
    by: &Bootstrap,
) -> Result<Judged> {
    let scores = |runs: &[(u64, f64)]| -> Vec<f64> { runs.iter().map(|run| run.1).collect() };
    let mut tasks: Vec<Both> = Vec::new();
    for (task, (own, others)) in board
        .tasks
        .iter()
        .zip(method.tasks.iter().zip(&other.tasks))
    {
        if !own.is_empty() && !others.is_empty() {
            tasks.push((task, scores(own), scores(others)));
        }
    }
    let row = |name: String, tasks: &[Both]| -> Result<Vec<String>> {
        let runs = |of: fn(&Both) -> usize| tasks.iter().map(of).sum::<usize>();
        let seeds = format!(
            "{} and {}",
            runs(|task| task.1.len()),
            runs(|task| task.2.len())
        );
        let fewest = tasks
            .iter()
            .map(|(_, own, others)| own.len().min(others.len()));
        let own = Scores::new(tasks.iter().map(|task| task.1.clone()).collect())?;
        let others = Scores::new(tasks.iter().map(|task| task.2.clone()).collect())?;
        if let Err(Error::Baseline { mean, .. }) = shares(&own, &others) {
            let why = format!("no share of {mean:.1}");
            return Ok(vec![name, why.clone(), why, seeds, "–".to_owned()]);
        }
        let estimate = |statistic: fn(&Scores) -> f64| {
            by.of_two(&own, &others, |own, others| {
                shares(own, others).map_or(f64::NAN, |shares| statistic(&shares))
            })
        };
        let share = estimate(mean)?;
        let verdict = claim.judge(&share, fewest.min().unwrap_or(0));
        let verdict = match verdict {
            Verdict::Undecided => verdict.words().to_owned(),
            _ => format!("<b>{}</b>", verdict.words()),
        };
        let shown = [interval(&share), interval(&estimate(iqm)?)];
        let [share, middle] = shown;
        Ok(vec![name, share, middle, seeds, verdict])
    };
    let mut rows = Vec::new();
    for task in &tasks {
        rows.push(row(text(task.0), std::slice::from_ref(task))?);
    }
    if tasks.len() > 1 {
        rows.push(row("all".to_owned(), &tasks)?);
    }
    let head = [
        "task",
        "share, mean",
        "share, IQM",
        "runs of both",
        "the claim is",
    ];
    Ok(Judged {
        words: format!(
            "{} keeps {:.0} % of {} ({})",
            text(&method.name),
            100.0 * claim.share,
            text(&other.name),
            text(&board.summary.words())
        ),
        table: Table {
            head: head.map(str::to_owned).to_vec(),
            rows,
        },
    })
}
