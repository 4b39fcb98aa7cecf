//! `events.out.tfevents.*`: what TensorBoard shows, a point per evaluation.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::event_file::EventFile;
use super::scalars::{Seen, scalars};
use offline_prune::config::OfflineConfig;
use rl_algos::Result;
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Evaluation, Observer, Progress, Start};

/// Writes an event file; the points of an evaluation are on disk when it is over.
///
/// A resumed run gets another file beside the first, which TensorBoard reads as one run. A file whose last record is
/// torn loses that record and no other.
#[derive(Debug)]
pub struct TensorBoard {
    folder: PathBuf,
    /// Begun with the first evaluation.
    events: Option<EventFile>,
    start: Instant,
    /// The first step that was seen.
    first: Option<u64>,
    /// Of the actor and the critics.
    learning_rates: (f64, f64),
    /// Whether the run learns from a dataset.
    of_data: bool,
}

impl TensorBoard {
    /// For the folder of a run with these settings, where it begins a file with the first evaluation.
    #[must_use]
    pub fn new(folder: &Path, config: &TrainConfig) -> Self {
        let learning = &config.learning;
        Self::with(
            folder,
            (learning.actor_learning_rate, learning.critic_learning_rate),
        )
    }

    /// The same for a run on a dataset.
    #[must_use]
    pub fn offline(folder: &Path, config: &OfflineConfig) -> Self {
        let learning = &config.learning;
        Self::with(
            folder,
            (learning.actor_learning_rate, learning.critic_learning_rate),
        )
    }

    fn with(folder: &Path, learning_rates: (f64, f64)) -> Self {
        Self {
            folder: folder.to_owned(),
            events: None,
            start: Instant::now(),
            first: None,
            learning_rates,
            of_data: false,
        }
    }
}

impl Observer for TensorBoard {
    fn on_start(&mut self, start: &mut Start<'_>) -> Result<()> {
        self.start = Instant::now();
        self.of_data = start.is_offline;
        Ok(())
    }

    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        self.first.get_or_insert(progress.step);
        ControlFlow::Continue(())
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let step = evaluation.progress.step;
        let first = self.first.unwrap_or(step);
        let events = match &mut self.events {
            Some(events) => events,
            none => {
                let mut events = EventFile::create(&self.folder)?;
                events.start(first)?;
                none.insert(events)
            }
        };
        let seen = Seen {
            evaluation,
            rate: (step + 1 - first) as f64 / self.start.elapsed().as_secs_f64(),
            learning_rates: self.learning_rates,
            of_data: self.of_data,
        };
        events.scalars(step, &scalars(&seen))
    }
}

#[cfg(test)]
mod tests {
    use super::super::event_file::tests::messages;
    use super::*;
    use rl_algos::evaluate::Returns;
    use rl_algos::observe::TrainMetrics;
    use rl_algos::recipes;

    fn evaluation(step: u64) -> Evaluation {
        let progress = Progress {
            step,
            ..Progress::default()
        };
        let returns = Returns {
            mean: step as f64,
            std: 0.0,
            min: 0.0,
            max: 0.0,
            length: 1.0,
            episodes: vec![],
        };
        let metrics = TrainMetrics(vec![("critic_loss".to_owned(), f64::NAN)]);
        Evaluation {
            progress,
            metrics,
            networks: Vec::new(),
            returns: Some(returns),
            score: None,
        }
    }

    fn board(folder: &Path) -> TensorBoard {
        TensorBoard::new(folder, &recipes::named("rlx2", "Hopper-v5").unwrap())
    }

    fn only_file(folder: &Path) -> PathBuf {
        let mut files = std::fs::read_dir(folder).unwrap();
        let file = files.next().unwrap().unwrap().path();
        assert!(files.next().is_none());
        file
    }

    #[test]
    fn each_evaluation_is_on_disk_as_one_whole_record() {
        let folder = tempfile::tempdir().unwrap();
        let mut board = board(folder.path());
        for count in 1..=3 {
            let flow = board.on_step(&evaluation(count * 300).progress);
            assert_eq!(flow, ControlFlow::Continue(()));
            board.on_evaluation(&evaluation(count * 300)).unwrap();
            let bytes = std::fs::read(only_file(folder.path())).unwrap();
            let (messages, rest) = messages(&bytes);
            // The version and the start of the session come first.
            assert_eq!(messages.len() as u64, 2 + count);
            assert!(rest.is_empty());
            let last = String::from_utf8_lossy(messages.last().unwrap()).into_owned();
            assert!(last.contains("eval/mean_reward"), "{last}");
            assert!(!last.contains("train/critic_loss"), "{last}");
        }
    }

    #[test]
    fn a_torn_end_costs_its_record_only() {
        let folder = tempfile::tempdir().unwrap();
        let mut board = board(folder.path());
        board.on_evaluation(&evaluation(300)).unwrap();
        let file = only_file(folder.path());
        let whole = std::fs::read(&file).unwrap().len();
        board.on_evaluation(&evaluation(600)).unwrap();
        let bytes = std::fs::read(&file).unwrap();
        for torn in [whole + 1, whole + 12, whole + 40, bytes.len() - 1] {
            let (messages, rest) = messages(&bytes[..torn]);
            assert_eq!((messages.len(), rest.len()), (3, torn - whole));
        }
    }
}
