//! Networks that judge actions.

use std::slice;

use burn::tensor::Tensor;
use rayon::prelude::*;
use sparse_core::nn::{Blocks, SparseMlp, block_width};
use sparse_core::trainer::{LossRows, NetworkTrainer, NetworkTrainerConfig, StepReport};

use super::spec::{NetworkSpec, network};
use super::{BatchShape, to_vec};
use crate::agent::{Network, Parts, Role};
use crate::config::TrainConfig;
use crate::rng::Streams;
use crate::scale::CriticUnits;
use crate::{Error, Result};

/// Critics, each with its target: any number, 1 or more.
#[derive(Debug)]
pub struct Critics {
    /// `critic_1`, `critic_2` and so on.
    names: Vec<String>,
    learners: Vec<NetworkTrainer<SparseMlp>>,
    units: CriticUnits,
}

impl Critics {
    /// Draws `count` critics, 1 or more.
    ///
    /// # Errors
    /// As [`from_networks`](Self::from_networks) and [`CriticUnits::of`], and the networks' own, such as when a layer would
    /// have no inputs.
    pub fn new(
        count: usize,
        config: &TrainConfig,
        rows: &BatchShape,
        streams: &mut Streams,
    ) -> Result<Self> {
        let spec = NetworkSpec::critic(config, [rows.obs_dim, rows.act_dim]);
        let nets = (0..count).map(|_| network(config, &spec, &rows.device, streams));
        let nets: Vec<SparseMlp> = nets.collect::<Result<_>>()?;
        let critics = Self::from_networks(nets, &spec.settings)?;
        Ok(critics.reading(CriticUnits::of(config)?))
    }

    /// Critics with these networks, which are trained by these settings and read actions in [-1, 1].
    ///
    /// # Errors
    /// [`Error::Config`] when there are none; as [`NetworkTrainer::new`].
    pub fn from_networks(
        nets: impl IntoIterator<Item = SparseMlp>,
        settings: &NetworkTrainerConfig,
    ) -> Result<Self> {
        let nets = nets.into_iter();
        let learners = nets.map(|net| NetworkTrainer::new(net, settings.clone()));
        let learners: Vec<_> = learners.collect::<sparse_core::Result<_>>()?;
        if learners.is_empty() {
            return Err(Error::config("critics", 0, "1 or more"));
        }
        Ok(Self {
            names: (1..=learners.len())
                .map(|i| format!("critic_{i}"))
                .collect(),
            learners,
            units: CriticUnits::default(),
        })
    }

    /// The same, which read actions so.
    #[must_use]
    pub fn reading(self, units: CriticUnits) -> Self {
        Self { units, ..self }
    }

    /// How they read actions.
    #[must_use]
    pub fn units(&self) -> &CriticUnits {
        &self.units
    }

    /// What is trained.
    #[must_use]
    pub fn learners(&self) -> &[NetworkTrainer<SparseMlp>] {
        &self.learners
    }

    /// The networks.
    #[must_use]
    pub fn nets(&self) -> Vec<&SparseMlp> {
        self.learners.iter().map(NetworkTrainer::net).collect()
    }

    /// The network of the first.
    #[must_use]
    pub fn first(&self) -> &SparseMlp {
        self.learners[0].net()
    }

    /// The networks by name.
    #[must_use]
    pub fn networks(&self) -> Vec<Network<'_>> {
        let all = self.names.iter().zip(&self.learners);
        all.map(|(name, learner)| Network::of(name, Role::Critic, learner).with_units(&self.units))
            .collect()
    }

    /// The parts of an agent, with these.
    #[must_use]
    pub fn add_to<'a>(&'a mut self, parts: Parts<'a>) -> Parts<'a> {
        let all = self.names.iter().zip(&mut self.learners);
        all.fold(parts, |parts, (name, learner)| parts.learner(name, learner))
    }

    /// The smallest target value of each row of `input` `[rows, obs_dim + act_dim]`.
    #[must_use]
    pub fn target_values(&self, input: &Tensor<2>) -> Vec<f32> {
        least(self.learners.iter().map(NetworkTrainer::target), input)
    }

    /// Whether the rule of one acts in the next update and looks at the gradient.
    #[must_use]
    pub fn want_gradient(&self) -> bool {
        self.learners.iter().any(NetworkTrainer::wants_gradient)
    }

    /// Lets the rules that act in the next update look at the gradient of the mean of `-min Qᵢ` over the rows of `input`
    /// `[rows, obs_dim + act_dim]` too.
    ///
    /// # Errors
    /// As [`NetworkTrainer::add_to_signal`].
    pub fn add_value_to_signal(&mut self, input: &Tensor<2>) -> Result<()> {
        let values = self
            .learners
            .par_iter()
            .map(|critic| critic.net().forward(input.clone()));
        let values: Vec<Tensor<2>> = values.collect();
        let learners = self.learners.par_iter_mut().enumerate();
        let added = learners.map(|(index, critic)| {
            let others = values
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != index);
            let others = others
                .map(|(_, values)| values.clone())
                .reduce(Tensor::min_pair);
            critic.add_to_signal([input.clone()], |critic: &SparseMlp, input| {
                let own = critic.forward(input);
                let least = match &others {
                    Some(others) => own.min_pair(Tensor::from_inner(others.clone())),
                    None => own,
                };
                least.mean().neg()
            })
        });
        Ok(added.collect::<sparse_core::Result<_>>()?)
    }

    /// The target networks.
    pub fn targets(&self) -> impl Iterator<Item = &SparseMlp> {
        self.learners.iter().map(NetworkTrainer::target)
    }

    /// One step of each on its mean squared error from `targets`, a number for each row, in parallel. `input` are the rows'
    /// observations and actions as critics read them, `[rows, obs_dim]` and `[rows, act_dim]`.
    ///
    /// # Errors
    /// As [`NetworkTrainer::descend`].
    ///
    /// # Panics
    /// When there are not as many rows as targets.
    pub fn update(
        &mut self,
        shape: &BatchShape,
        [observations, actions]: [&[f32]; 2],
        targets: &[f32],
        streams: &mut Streams,
    ) -> Result<Vec<CriticStep>> {
        let nets: Vec<(&SparseMlp, bool)> = self
            .learners
            .iter()
            .map(|critic| (critic.net(), true))
            .collect();
        let rows = 0..targets.len();
        assert_eq!(
            observations.len(),
            rows.len() * shape.obs_dim,
            "observations"
        );
        assert_eq!(actions.len(), rows.len() * shape.act_dim, "actions");
        let input = Blocks::new(
            &[(observations, shape.obs_dim), (actions, shape.act_dim)],
            rows.clone(),
            block_width(&nets, rows.len()),
        );
        let loss = |block: LossRows<'_, 2>| {
            let [losses, values] = block.terms;
            for (column, target) in targets[block.rows].iter().enumerate() {
                let value = block.outputs[column];
                let error = value - target;
                (losses[column], values[column]) = (error * error, value);
                block.slopes[column] = 2.0 * error;
            }
        };
        let rngs = streams.topologies(&self.names);
        let steps = self.learners.par_iter_mut().zip(rngs);
        let steps = steps.map(|(critic, rng)| critic.descend(slice::from_ref(&input), loss, rng));
        Ok(steps.collect::<sparse_core::Result<_>>()?)
    }
}

/// What a step of a critic did; its terms are the loss and the value of a row.
pub type CriticStep = StepReport<[f32; 2]>;

/// The mean value of the rows before the first critic's step.
#[must_use]
pub fn value_mean(steps: &[CriticStep]) -> f32 {
    steps.first().map_or(f32::NAN, |step| step.aux[0][1])
}

/// The smallest value of several critics for each row of `input`.
#[must_use]
pub fn least<'a>(critics: impl IntoIterator<Item = &'a SparseMlp>, input: &Tensor<2>) -> Vec<f32> {
    let values = critics.into_iter();
    let values = values.map(|critic| to_vec(critic.forward(input.clone())));
    least_values(values)
}

/// The smallest number in each place.
pub(super) fn least_values(values: impl Iterator<Item = Vec<f32>>) -> Vec<f32> {
    let least = values.reduce(|mut least, values| {
        for (least, value) in least.iter_mut().zip(values) {
            *least = least.min(value);
        }
        least
    });
    least.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_first_critic_or_an_error() {
        let critics = Critics::from_networks([], &NetworkTrainerConfig::default());
        let error = critics.unwrap_err().to_string();
        assert_eq!(error, "critics = 0: must be 1 or more");
    }
}
