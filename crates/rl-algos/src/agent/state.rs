//! The state that an agent resumes from: its networks' trainers as a record, and the numbers beside them.

use serde::{Deserialize, Serialize};
use sparse_core::nn::SparseModule;
use sparse_core::record::{Record, RecordWriter};
use sparse_core::trainer::NetworkTrainer;

use super::Agent;
use crate::Result;

/// An agent that can be stored between two updates.
pub trait Resumable {
    /// Everything that acting and later updates depend on and that neither the configuration nor the seed determines.
    fn parts(&mut self) -> Parts<'_>;
}

/// The state of an agent, to be saved and restored; always in the same order.
#[derive(Default)]
pub struct Parts<'a> {
    /// Its learners, each under a name of its own.
    pub learners: Vec<(String, &'a mut dyn Part)>,
    /// What it counts.
    pub counters: Vec<&'a mut u64>,
    /// Other numbers.
    pub numbers: Vec<&'a mut f64>,
}

impl<'a> Parts<'a> {
    /// With a learner.
    #[must_use]
    pub fn learner(mut self, name: &str, learner: &'a mut dyn Part) -> Self {
        self.learners.push((name.to_owned(), learner));
        self
    }

    /// With a counter.
    #[must_use]
    pub fn counter(mut self, counter: &'a mut u64) -> Self {
        self.counters.push(counter);
        self
    }

    /// With numbers.
    #[must_use]
    pub fn numbers(mut self, numbers: impl IntoIterator<Item = &'a mut f64>) -> Self {
        self.numbers.extend(numbers);
        self
    }
}

/// A part that a record can hold: the trainer of any network, or whatever is your own.
///
/// ```
/// use rl_algos::agent::Part;
/// use sparse_core::record::{Record, RecordWriter};
///
/// /// The mean of each number of an observation.
/// struct Means(Vec<f32>);
///
/// impl Part for Means {
///     fn save(&self, record: &mut RecordWriter, name: &str) {
///         record.floats(name, &self.0); // or `bytes`, for a Burn record
///     }
///
///     fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
///         self.0 = record.floats(name)?;
///         Ok(())
///     }
/// }
///
/// let mut record = RecordWriter::new();
/// Means(vec![0.5, -1.0]).save(&mut record, "means");
/// let mut means = Means(Vec::new());
/// means.restore(&Record::from_bytes(record.finish()?)?, "means")?;
/// assert_eq!(means.0, [0.5, -1.0]);
/// # Ok::<(), sparse_core::Error>(())
/// ```
pub trait Part {
    /// Adds everything that later updates depend on, under `name`.
    fn save(&self, record: &mut RecordWriter, name: &str);

    /// Becomes what was saved under `name`.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when a part is missing, damaged, or of another shape.
    fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()>;

    /// Adds to a checkpoint what acting depends on, under `name`. Default: everything, as [`save`](Self::save).
    fn save_weights(&self, record: &mut RecordWriter, name: &str) {
        self.save(record, name);
    }

    /// Becomes what [`save_weights`](Self::save_weights) stored under `name`, to act. Default: as
    /// [`restore`](Self::restore).
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when it is missing, damaged, or of another shape.
    fn restore_weights(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
        self.restore(record, name)
    }

    /// Begins with the network that is stored under `name`; whether there is one and this can.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when it is damaged, or of another shape.
    fn adopt(&mut self, _record: &Record, _name: &str) -> sparse_core::Result<bool> {
        Ok(false)
    }
}

/// Lets an agent begin with the networks of a record, under their names: connections, values, and targets that are their
/// copies. Optimizers begin anew. Returns the names of the networks that the record does not have.
///
/// # Errors
/// [`sparse_core::Error::Record`] when one is damaged or of another shape.
pub fn adopt(agent: &mut (impl Resumable + ?Sized), record: &Record) -> Result<Vec<String>> {
    let mut own = Vec::new();
    for (name, learner) in agent.parts().learners {
        if !learner.adopt(record, &name)? {
            own.push(name);
        }
    }
    Ok(own)
}

impl<N: SparseModule> Part for NetworkTrainer<N> {
    fn save_weights(&self, record: &mut RecordWriter, name: &str) {
        record.network(name, self.net());
    }

    fn restore_weights(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
        match self.adopt(record, name)? {
            true => Ok(()),
            false => Err(sparse_core::Error::Record {
                reason: format!("no network called `{name}`"),
            }),
        }
    }

    fn adopt(&mut self, record: &Record, name: &str) -> sparse_core::Result<bool> {
        NetworkTrainer::adopt(self, record, name)
    }

    fn save(&self, record: &mut RecordWriter, name: &str) {
        NetworkTrainer::save(self, record, name);
    }

    fn restore(&mut self, record: &Record, name: &str) -> sparse_core::Result<()> {
        NetworkTrainer::restore(self, record, name)
    }
}

/// Where a checkpoint has the counters and the numbers of an agent.
const COUNTERS: &str = "agent.counters";
const NUMBERS: &str = "agent.numbers";

impl dyn Agent + '_ {
    /// The bytes of a safetensors file with everything that acting depends on: the weights of all
    /// [parts](Resumable::parts), the networks that are no part by themselves, counters and numbers.
    /// `restore_checkpoint` reads it, and of an agent with a network called `actor`
    /// [`Policy::open`](crate::algos::Policy::open).
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold them.
    pub fn checkpoint(&mut self) -> Result<Vec<u8>> {
        let mut record = RecordWriter::new();
        let parts = self.parts();
        let names: Vec<String> = parts
            .learners
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        for (name, learner) in &parts.learners {
            learner.save_weights(&mut record, name);
        }
        let counters = parts.counters.iter().flat_map(|n| n.to_le_bytes());
        record.bytes(COUNTERS, &counters.collect::<Vec<u8>>());
        let numbers = parts.numbers.iter().flat_map(|n| n.to_le_bytes());
        record.bytes(NUMBERS, &numbers.collect::<Vec<u8>>());
        for network in self.networks() {
            if !names.iter().any(|name| name == network.name) {
                network.record(&mut record);
            }
        }
        Ok(record.finish()?)
    }

    /// Acts from now on as the agent whose `checkpoint` this is; built from the same configuration.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when a part is missing, damaged, or of another shape, or when there are more or
    /// fewer numbers.
    pub fn restore_checkpoint(&mut self, record: &Record) -> Result<()> {
        let parts = self.parts();
        for (name, learner) in parts.learners {
            learner.restore_weights(record, &name)?;
        }
        let words = |name: &str, own: usize| -> Result<Vec<[u8; 8]>> {
            let bytes = record.bytes(name)?;
            let (words, rest) = bytes.as_chunks::<8>();
            if words.len() != own || !rest.is_empty() {
                let reason = format!("`{name}` has {} bytes: must be {}", bytes.len(), 8 * own);
                return Err(sparse_core::Error::Record { reason }.into());
            }
            Ok(words.to_vec())
        };
        let stored = words(COUNTERS, parts.counters.len())?;
        for (counter, stored) in parts.counters.into_iter().zip(stored) {
            *counter = u64::from_le_bytes(stored);
        }
        let stored = words(NUMBERS, parts.numbers.len())?;
        for (number, stored) in parts.numbers.into_iter().zip(stored) {
            *number = f64::from_le_bytes(stored);
        }
        Ok(())
    }
}

/// An agent between two updates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentState {
    /// Learners, in the format of [`sparse_core::record`].
    pub record: Vec<u8>,
    /// [`Parts::counters`].
    pub counters: Vec<u64>,
    /// [`Parts::numbers`].
    pub numbers: Vec<f64>,
}

impl AgentState {
    /// The state that the agent resumes from.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold it.
    pub fn of(agent: &mut (impl Resumable + ?Sized)) -> Result<Self> {
        let mut record = RecordWriter::new();
        let Parts {
            learners,
            counters,
            numbers,
        } = agent.parts();
        for (name, learner) in learners {
            learner.save(&mut record, &name);
        }
        Ok(Self {
            counters: counters.into_iter().map(|counter| *counter).collect(),
            numbers: numbers.into_iter().map(|number| *number).collect(),
            record: record.finish()?,
        })
    }

    /// Makes `agent`, which must have been built from the same configuration, go on from here.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when a part is missing, damaged, or of another shape, or when there are more or
    /// fewer numbers.
    pub fn restore(self, agent: &mut (impl Resumable + ?Sized)) -> Result<()> {
        let record = Record::from_bytes(self.record)?;
        let Parts {
            learners,
            counters,
            numbers,
        } = agent.parts();
        for (what, stored, own) in [
            ("counters", self.counters.len(), counters.len()),
            ("numbers", self.numbers.len(), numbers.len()),
        ] {
            if stored != own {
                let reason =
                    format!("{stored} {what} are stored beside the networks: must be {own}");
                return Err(sparse_core::Error::Record { reason }.into());
            }
        }
        for (name, learner) in learners {
            learner.restore(&record, &name)?;
        }
        for (counter, stored) in counters.into_iter().zip(self.counters) {
            *counter = stored;
        }
        for (number, stored) in numbers.into_iter().zip(self.numbers) {
            *number = stored;
        }
        Ok(())
    }
}
