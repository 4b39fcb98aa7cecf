//! A run between two updates, to be continued or stored.

use envs::VecEnv;
use rl_algos::agent::AgentState;
use rl_algos::evaluate::{Returns, evaluate};
use rl_algos::rng::Streams;
use sparse_core::record;

use super::averages::Averages;
use super::batches::Batches;
use super::state::State;
use super::{Evaluation, Trained, Watcher, reference};
use crate::Result;
use crate::algos::OfflineAgent;
use crate::config::OfflineConfig;
use crate::dataset::Dataset;
use crate::export::fold_normaliser;

/// Everything that a run is made of.
pub struct Run<'a> {
    config: &'a OfflineConfig,
    dataset: &'a Dataset,
    envs: Option<VecEnv>,
    streams: Streams,
    agent: Box<dyn OfflineAgent>,
    batches: Batches<'a>,
    averages: Averages,
    updates: u64,
    evaluations: Vec<Evaluation>,
    /// The digest of the dataset, once it was needed.
    data: Option<String>,
}

impl<'a> Run<'a> {
    /// A run before its first update.
    pub(super) fn begin(
        config: &'a OfflineConfig,
        dataset: &'a Dataset,
        envs: Option<VecEnv>,
        streams: Streams,
        agent: Box<dyn OfflineAgent>,
    ) -> Self {
        Self {
            config,
            dataset,
            envs,
            agent,
            batches: Batches::new(config, dataset, &streams),
            streams,
            averages: Averages::default(),
            updates: 0,
            evaluations: Vec::new(),
            data: None,
        }
    }

    /// A run that was stored, with its [agent](State::agent).
    pub(super) fn restore(
        config: &'a OfflineConfig,
        dataset: &'a Dataset,
        envs: Option<VecEnv>,
        agent: Box<dyn OfflineAgent>,
        state: State,
    ) -> Self {
        Self {
            config,
            dataset,
            envs,
            agent,
            batches: Batches::from(config, dataset, state.batches),
            streams: state.streams,
            averages: state.averages,
            updates: state.updates,
            evaluations: state.evaluations,
            data: Some(state.data),
        }
    }

    /// Updates so far.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// All evaluations so far, in order.
    #[must_use]
    pub fn evaluations(&self) -> &[Evaluation] {
        &self.evaluations
    }

    /// The evaluation that was made after the last update, if one was.
    #[must_use]
    pub fn evaluated(&self) -> Option<&Evaluation> {
        let last = self.evaluations.last();
        last.filter(|last| last.update == self.updates)
    }

    /// Whether the policy is the one whose evaluation is the highest so far.
    #[must_use]
    pub fn is_best(&self) -> bool {
        let mean = |evaluation: &Evaluation| Some(evaluation.returns.as_ref()?.mean);
        let before = &self.evaluations[..self.evaluations.len().saturating_sub(1)];
        let now = self.evaluated().and_then(mean);
        now.is_some_and(|now| before.iter().filter_map(mean).all(|earlier| now > earlier))
    }

    /// The agent.
    #[must_use]
    pub fn agent(&self) -> &dyn OfflineAgent {
        &*self.agent
    }

    /// As [`Trained::policy`].
    ///
    /// # Errors
    /// As [`Trained::policy`].
    pub fn policy(&self) -> Result<Vec<u8>> {
        policy(&*self.agent, self.dataset)
    }

    /// The state that [`resume`](super::resume) continues from.
    ///
    /// # Errors
    /// [`sparse_core::Error::Record`] when the format cannot hold it.
    pub fn state(&mut self) -> Result<State> {
        Ok(State {
            config: self.config.resolved(self.dataset).to_toml()?,
            data: self
                .data
                .get_or_insert_with(|| self.dataset.digest())
                .clone(),
            updates: self.updates,
            streams: self.streams.clone(),
            batches: self.batches.state().clone(),
            averages: self.averages.clone(),
            evaluations: self.evaluations.clone(),
            agent: AgentState::of(&mut *self.agent)?,
        })
    }

    /// Goes on to the last update, or until the watcher ends it.
    pub(super) fn go_on(mut self, watcher: &mut dyn Watcher) -> Result<Trained> {
        let (last, every) = (self.config.updates, self.config.evaluation.every);
        let mut stopped = false;
        while self.updates < last && !stopped {
            self.updates += 1;
            let told = self.batches.update(&mut *self.agent, &mut self.streams)?;
            self.averages.add(&told);
            stopped = watcher.on_update(self.updates).is_break();
            if self.updates == last || self.updates.is_multiple_of(every) {
                let evaluation = self.evaluate()?;
                watcher.on_evaluation(&evaluation)?;
                self.evaluations.push(evaluation);
                watcher.on_checkpoint(&mut self)?;
            } else if stopped {
                watcher.on_checkpoint(&mut self)?;
            }
        }
        Ok(Trained {
            agent: self.agent,
            updates: self.updates,
            evaluations: self.evaluations,
            stopped,
        })
    }

    fn evaluate(&mut self) -> Result<Evaluation> {
        let returns = match &mut self.envs {
            Some(envs) => Some(play(
                &mut *self.agent,
                self.dataset,
                envs,
                &mut self.streams,
            )?),
            None => None,
        };
        let mean = returns.as_ref().map(|returns| returns.mean);
        let reference = reference(self.config, self.dataset);
        Ok(Evaluation {
            update: self.updates,
            score: reference.zip(mean).map(|(r, mean)| r.normalised(mean)),
            returns,
            losses: self.averages.take(),
        })
    }
}

/// Deterministic episodes.
fn play(
    agent: &mut dyn OfflineAgent,
    dataset: &Dataset,
    envs: &mut VecEnv,
    streams: &mut Streams,
) -> Result<Returns> {
    let mut seen = Vec::new();
    let policy = |observation: &[f32], action: &mut [f32]| {
        seen.clear();
        seen.extend_from_slice(observation);
        if let Some(normaliser) = dataset.normaliser() {
            normaliser.apply(&mut seen);
        }
        agent.act(&seen, action);
    };
    Ok(evaluate(envs, &mut streams.evaluation, policy)?)
}

/// The bytes of a policy's file.
pub(super) fn policy(agent: &dyn OfflineAgent, dataset: &Dataset) -> Result<Vec<u8>> {
    let policy = fold_normaliser(agent.policy()?, dataset.normaliser())?;
    Ok(record::to_bytes(&[("actor", &policy)])?)
}
