//! TensorBoard's events of a run on a dataset: a point per evaluation, over updates.

use std::path::{Path, PathBuf};

use crate::observe::EventFile;
use offline_prune::train::Evaluation;
use rl_algos::Result;

/// Writes an event file; the points of an evaluation are on disk when it is over. A run that goes on gets a file of its
/// own beside the first, which TensorBoard reads as one run.
pub(super) struct Board {
    folder: PathBuf,
    /// Begun with the first evaluation.
    events: Option<EventFile>,
    /// Updates before the first of this session.
    before: u64,
}

impl Board {
    /// For the folder of a run that has made `before` updates.
    pub(super) fn new(folder: &Path, before: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            events: None,
            before,
        }
    }

    /// Adds the points of an evaluation, `seconds` after this session began.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn evaluated(&mut self, evaluation: &Evaluation, seconds: f64) -> Result<()> {
        let events = match &mut self.events {
            Some(events) => events,
            none => {
                let mut events = EventFile::create(&self.folder)?;
                events.start(self.before + 1)?;
                none.insert(events)
            }
        };
        let rate = (evaluation.update - self.before) as f64 / seconds;
        events.scalars(evaluation.update, &scalars(evaluation, rate))
    }
}

/// The table: a name and a number per line, in the order of the book's. What is no number is left out.
fn scalars(evaluation: &Evaluation, rate: f64) -> Vec<(String, f64)> {
    let returns = evaluation.returns.as_ref();
    let returns = returns.map_or([f64::NAN; 5], |r| [r.mean, r.std, r.min, r.max, r.length]);
    let [mean, std, min, max, length] = returns;
    let table = [
        ("eval/mean_reward", mean),
        ("eval/std_reward", std),
        ("eval/min_reward", min),
        ("eval/max_reward", max),
        ("eval/mean_ep_length", length),
        ("eval/score", evaluation.score.unwrap_or(f64::NAN)),
        ("time/updates_per_second", rate),
        ("train/n_updates", evaluation.update as f64),
    ];
    let loss = |(name, number): &(String, f64)| {
        let tag = match name.as_str() {
            "value_mean" => "losses/qf1_values".to_owned(),
            name => format!("train/{name}"),
        };
        (tag, *number)
    };
    let named = table.map(|(tag, value)| (tag.to_owned(), value));
    let all = named.into_iter().chain(evaluation.losses.iter().map(loss));
    all.filter(|(_, value)| !value.is_nan()).collect()
}

#[cfg(test)]
mod tests {
    use rl_algos::evaluate::Returns;

    use super::*;

    /// The table of the book has a row for each name, in the same order.
    #[test]
    fn the_book_names_them_all() {
        let losses = [
            "critic_loss",
            "value_mean",
            "value_loss",
            "vae_loss",
            "actor_loss",
        ];
        let evaluation = Evaluation {
            update: 5,
            returns: Some(Returns {
                mean: 1.0,
                std: 1.0,
                min: 1.0,
                max: 1.0,
                length: 1.0,
                episodes: vec![1.0],
            }),
            score: Some(1.0),
            losses: losses.map(|name| (name.to_owned(), 1.0)).into(),
        };
        let tags = |evaluation: &Evaluation| -> Vec<String> {
            let all = scalars(evaluation, 1.0);
            all.into_iter().map(|(tag, _)| tag).collect()
        };
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/offline.md");
        let page = std::fs::read_to_string(page).unwrap();
        let section = page.split("TensorBoard shows").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|row| row.strip_prefix("| `"));
        let rows: Vec<_> = rows.map(|row| row.split('`').next().unwrap()).collect();
        assert_eq!(rows, tags(&evaluation));
        let bare = Evaluation {
            returns: None,
            score: None,
            ..evaluation
        };
        assert_eq!(tags(&bare).len(), rows.len() - 6);
    }
}
