//! What an agent goes on from: its learners as a record, and the numbers that it trains beside them.

use rl_algos::algos::parts::TwinCritic;
use serde::{Deserialize, Serialize};
use sparse_core::nn::SparseModule;
use sparse_core::record::{Record, RecordWriter};
use sparse_core::trainer::NetworkTrainer;

use crate::{Error, Result};

/// An agent that can be stored between two updates.
pub trait Resumable {
    /// Everything that later updates depend on and the configuration does not say.
    fn parts(&mut self) -> Parts<'_>;
}

/// What an agent trains.
pub struct Parts<'a> {
    /// Its learners, each under a name of its own.
    pub learners: Vec<(&'static str, &'a mut dyn Part)>,
    /// Numbers that are trained beside them, always in the same order.
    pub numbers: Vec<&'a mut f64>,
}

impl<'a> Parts<'a> {
    /// One learner, without numbers.
    pub(crate) fn of(name: &'static str, learner: &'a mut dyn Part) -> Self {
        Self {
            learners: vec![(name, learner)],
            numbers: Vec::new(),
        }
    }

    /// With both critics.
    pub(crate) fn and(mut self, critics: &'a mut TwinCritic) -> Self {
        let [first, second] = critics.learners_mut();
        self.learners.push(("critic_1", first));
        self.learners.push(("critic_2", second));
        self
    }
}

/// A learner, whatever network it trains.
pub trait Part {
    /// As [`NetworkTrainer::save`].
    fn save(&self, record: &mut RecordWriter, name: &str);

    /// As [`NetworkTrainer::restore`].
    ///
    /// # Errors
    /// As [`NetworkTrainer::restore`].
    fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()>;
}

impl<N: SparseModule> Part for NetworkTrainer<N> {
    fn save(&self, record: &mut RecordWriter, name: &str) {
        NetworkTrainer::save(self, record, name);
    }

    fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
        NetworkTrainer::restore(self, record, name)
    }
}

/// An agent between two updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentState {
    record: Vec<u8>,
    numbers: Vec<f64>,
}

impl AgentState {
    /// What the agent goes on from.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold it.
    pub fn of(agent: &mut (impl Resumable + ?Sized)) -> Result<Self> {
        let mut record = RecordWriter::new();
        let Parts { learners, numbers } = agent.parts();
        for (name, learner) in learners {
            learner.save(&mut record, name);
        }
        Ok(Self {
            numbers: numbers.into_iter().map(|number| *number).collect(),
            record: record.finish()?,
        })
    }

    /// Makes `agent`, which must have been built from the same configuration, go on from here.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when a part is missing, damaged, or of another shape; [`Error::Resume`] when
    /// there are more or fewer numbers.
    pub fn restore(&self, agent: &mut (impl Resumable + ?Sized)) -> Result<()> {
        let record = Record::from_bytes(self.record.clone())?;
        let Parts { learners, numbers } = agent.parts();
        if numbers.len() != self.numbers.len() {
            let what = format!(
                "{} numbers are stored beside the networks: must be {}",
                self.numbers.len(),
                numbers.len()
            );
            return Err(Error::Resume { what });
        }
        for (name, learner) in learners {
            learner.restore(&record, name)?;
        }
        for (number, stored) in numbers.into_iter().zip(&self.numbers) {
            *number = *stored;
        }
        Ok(())
    }
}
