//! One network being trained: backward pass, then the optimizer or a change of connections, then the target.
//!
//! An algorithm passes a loss and never sees a pattern, an index or a moment.

mod backward;
mod descend;
mod state;
mod target;

use burn::tensor::Tensor;
use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::nn::{SparseLinear, SparseModule, frozen};
use crate::op::DenseGradient;
use crate::optim::{Adam, AdamConfig};
use crate::pattern::Pattern;
use crate::topology::{ExplorationRate, Signal, Topology, TopologyUpdater, check_all_sparse};
use crate::{Error, Result};
use backward::{Backward, Forward, is_taped};
pub use descend::LossRows;
pub use target::{TargetConfig, TargetConnections};

/// Settings of a network's training. Formats that say what they hold (TOML, JSON) store them, as a [`Topology`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkTrainerConfig {
    /// The optimizer.
    pub adam: AdamConfig,
    /// The rule that moves connections; `None` leaves them where they are.
    pub topology: Option<Topology>,
    /// The target network; `None` keeps none.
    pub target: Option<TargetConfig>,
}

impl NetworkTrainerConfig {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        self.adam.validate().map_err(|error| error.within("adam"))?;
        self.target.map_or(Ok(()), |target| target.validate())?;
        let topology = self.topology.as_ref().map_or(Ok(()), Topology::validate);
        topology.map_err(|error| error.within("topology"))
    }
}

/// What one step of a [`NetworkTrainer`] did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct StepReport<A = ()> {
    /// The loss before the step.
    pub loss: f32,
    /// Euclidean norm of the gradient at the sparse layers' values, biases, scales and shifts.
    pub gradient_norm: f32,
    /// Connections moved, when this step changed connections instead of weights: the larger of the numbers dropped and
    /// grown.
    pub moved: Option<usize>,
    /// Connections that went.
    pub dropped: usize,
    /// Connections grown; 0 for rules that only prune.
    pub grown: usize,
    /// Hidden units that were drawn anew.
    pub recycled: usize,
    /// For each part of the batch, in their order, what the loss returned beside itself, or the means of its terms where it is
    /// given [row by row](NetworkTrainer::descend).
    pub aux: Vec<A>,
}

impl StepReport {
    /// The report with other numbers beside it.
    fn with<A>(self, aux: Vec<A>) -> StepReport<A> {
        StepReport {
            loss: self.loss,
            gradient_norm: self.gradient_norm,
            moved: self.moved,
            dropped: self.dropped,
            grown: self.grown,
            recycled: self.recycled,
            aux,
        }
    }
}

/// What the loss of [`NetworkTrainer::minimise`] may return: the loss `[1]`, or the loss and other numbers beside it.
pub trait Loss: Send {
    /// What is beside the loss.
    type Aux: Send;

    /// Both, apart.
    fn into_parts(self) -> (Tensor<1>, Self::Aux);
}

impl Loss for Tensor<1> {
    type Aux = ();

    fn into_parts(self) -> (Tensor<1>, ()) {
        (self, ())
    }
}

impl<A: Send> Loss for (Tensor<1>, A) {
    type Aux = A;

    fn into_parts(self) -> (Tensor<1>, A) {
        self
    }
}

/// The weight of each of `parts` parts in their mean.
fn share_of(parts: usize) -> Result<f32> {
    match parts {
        0 => Err(Error::config("parts", 0, "at least one")),
        parts => Ok(1.0 / parts as f32),
    }
}

/// The result of `work` for each part, in their order, in parallel where threads are free. A single part stays on its
/// thread.
fn in_parallel<P: Send, R: Send>(parts: Vec<P>, work: impl Fn(P) -> R + Sync) -> Vec<R> {
    match parts.len() {
        1 => parts.into_iter().map(work).collect(),
        _ => parts.into_par_iter().map(&work).collect(),
    }
}

/// Bytes that a learner holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Values, biases, and scales and shifts of normalised layers.
    pub parameters: usize,
    /// Both moments of the optimizer.
    pub moments: usize,
    /// The same of the target network.
    pub target: usize,
    /// Index arrays of the connections, and of the target's where they are not the same.
    pub pattern: usize,
    /// One bit per possible connection, where connections move and what was tried is recorded.
    pub explored: usize,
    /// A number per possible connection while the gradient of [another loss](NetworkTrainer::add_to_signal) waits for the
    /// rule.
    pub signal: usize,
}

/// A network with its optimizer, its topology rule and its target network.
#[derive(Debug)]
pub struct NetworkTrainer<N> {
    /// The weights, outside autodiff.
    net: N,
    target: Option<N>,
    adam: Adam,
    config: NetworkTrainerConfig,
    updates: u64,
    /// Where a rule acts.
    updater: Option<TopologyUpdater>,
    /// What [`is_taped`] says of the network.
    taped: bool,
    /// What the rule looks at beside the gradient of its own loss when it acts next, a layer each, `[outputs × inputs]`.
    held: Option<Vec<Vec<f32>>>,
}

impl<N: SparseModule> NetworkTrainer<N> {
    /// Starts from `net`, which lies on a device without autodiff; the target starts as its copy.
    ///
    /// # Errors
    /// As [`NetworkTrainerConfig::validate`]; [`Error::Budget`] when the rule would leave a layer without connections;
    /// [`Error::Module`] when the network has a parameter to be trained that belongs to none of its sparse layers, or a
    /// sparse layer that it does not list.
    pub fn new(net: N, config: NetworkTrainerConfig) -> Result<Self> {
        config.validate()?;
        check_all_sparse(&net)?;
        let adam = Adam::new(config.adam, &net.sparse_layers());
        let target = config.target.map(|_| net.clone());
        let taped = is_taped(&net);
        let topology = config.topology.clone();
        let updater = topology.map(|topology| TopologyUpdater::new(&net, topology));
        Ok(Self {
            updater: updater.transpose()?,
            net,
            target,
            adam,
            config,
            updates: 0,
            taped,
            held: None,
        })
    }

    /// The network, outside autodiff: for acting, for targets, and as a constant in another one's loss.
    #[must_use]
    pub fn net(&self) -> &N {
        &self.net
    }

    /// The target network; the network itself when none is kept.
    #[must_use]
    pub fn target(&self) -> &N {
        self.target.as_ref().unwrap_or(&self.net)
    }

    /// Steps taken, of either kind.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// The optimizer's state.
    #[must_use]
    pub fn adam(&self) -> &Adam {
        &self.adam
    }

    /// Density of each layer, in (0, 1], in the order of layers.
    #[must_use]
    pub fn densities(&self) -> Vec<f64> {
        let layers = self.net.sparse_layers().into_iter();
        layers.map(|layer| layer.pattern().density()).collect()
    }

    /// Which connections were ever active since training began; `None` without a rule that moves them.
    #[must_use]
    pub fn explored(&self) -> Option<&ExplorationRate> {
        self.updater.as_ref().and_then(TopologyUpdater::exploration)
    }

    /// Takes one step down a loss. `loss` computes it from the network under autodiff and one of `parts` of a batch:
    /// what the layers give is tracked, and what [`valid`](burn::module::Module::valid) makes of the network is a
    /// constant. The loss of the step is the mean over the parts. Parts run in parallel where threads are free; the
    /// result does not depend on the number of threads. Beside the loss, `loss` may return other numbers of the forward
    /// pass, which come back in [`StepReport::aux`].
    ///
    /// When the topology's schedule is due, the rule acts instead: connections move, go, or are drawn anew.
    ///
    /// ```
    /// # use burn::tensor::{Device, Tensor};
    /// # use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
    /// # use sparse_core::{trainer::NetworkTrainer, nn::{SparseMlp, SparseMlpConfig}};
    /// # let (device, mut rng) = (Device::flex(), ChaCha8Rng::seed_from_u64(0));
    /// # let net = SparseMlpConfig::new(vec![3, 64, 1]).try_init(&device, &mut rng)?;
    /// # let mut trainer = NetworkTrainer::new(net, Default::default())?;
    /// let x = Tensor::<2>::ones([8, 3], &device);
    /// // One part, and the mean output beside the loss.
    /// let report = trainer.minimise([x], |net: &SparseMlp, x| {
    ///     let outputs = net.forward(x);
    ///     let mean = outputs.clone().inner().mean().into_scalar::<f32>();
    ///     ((outputs - 1.0).square().mean(), mean)
    /// }, &mut rng)?;
    /// assert!(report.aux[0].is_finite());
    /// # Ok::<(), sparse_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Shape`] when the loss is not one number, [`Error::Diverged`] when it or the gradient is NaN or infinite;
    /// [`Error::Budget`] when pruning would leave a layer without connections; [`Error::Config`] when there are no parts,
    /// when the loss is a constant, when a rule that looks at gradients is to act and the loss has not reached a layer that
    /// lacks connections, when units are to be recycled and the network names no hidden layers, or when the drop fraction is
    /// outside [0, 1]. Nothing has changed then.
    pub fn minimise<P: Send, L: Loss>(
        &mut self,
        parts: impl IntoIterator<Item = P>,
        loss: impl Fn(&N, P) -> L + Sync,
        rng: &mut impl Rng,
    ) -> Result<StepReport<L::Aux>>
    where
        N: Send + Sync,
    {
        let parts: Vec<P> = parts.into_iter().collect();
        let (net, signal, taped) = (&self.net, self.signal(), self.taped);
        let share = share_of(parts.len())?;
        let passes = in_parallel(parts, |part| {
            let forward = Forward::of(net, signal, taped, |net| loss(net, part));
            forward.backward(share, |made| made)
        });
        self.step_by_mean(passes, rng)
    }

    /// As [`minimise`](Self::minimise), for a loss that needs a number of the whole batch, such as TD3+BC's λ:
    /// `forward` computes what the loss of a part needs, `couple` sees the results of all parts, and `loss` takes its
    /// result as a constant. The forward passes are done before the first backward pass begins, which is why this is
    /// not a case of `minimise`.
    ///
    /// # Errors
    /// As [`minimise`](Self::minimise).
    pub fn minimise_coupled<P: Send, M: Send + Sync, S: Sync, L: Loss>(
        &mut self,
        parts: impl IntoIterator<Item = P>,
        forward: impl Fn(&N, P) -> M + Sync,
        couple: impl FnOnce(&[&M]) -> S,
        loss: impl Fn(M, &S) -> L + Sync,
        rng: &mut impl Rng,
    ) -> Result<StepReport<L::Aux>>
    where
        N: Send + Sync,
    {
        let parts: Vec<P> = parts.into_iter().collect();
        let (net, signal, taped) = (&self.net, self.signal(), self.taped);
        let share = share_of(parts.len())?;
        let passes = in_parallel(parts, |part| {
            Forward::of(net, signal, taped, |net| forward(net, part))
        });
        let made: Vec<&M> = passes.iter().map(Forward::made).collect();
        let coupled = couple(&made);
        let passes = in_parallel(passes, |pass| {
            pass.backward(share, |made| loss(made, &coupled))
        });
        self.step_by_mean(passes, rng)
    }

    /// Whether a rule acts in the next update and looks at the gradient then.
    #[must_use]
    pub fn wants_gradient(&self) -> bool {
        self.due().is_some() && self.signal() == Signal::DenseGradient
    }

    /// Adds the gradient of another loss to what the rule looks at in the next update; nothing unless it [looks at
    /// one](Self::wants_gradient). Until the rule has acted it is held densely, `outputs × inputs` numbers a layer
    /// ([`Memory::signal`]). RLx2's released code for SAC grows a critic's connections by the gradient of its own loss
    /// and that of the actor's loss of the update before, because the hook that collects both is not emptied in between.
    ///
    /// # Errors
    /// As [`minimise`](Self::minimise). Nothing has changed then.
    pub fn add_to_signal<P: Send, L: Loss>(
        &mut self,
        parts: impl IntoIterator<Item = P>,
        loss: impl Fn(&N, P) -> L + Sync,
    ) -> Result<()>
    where
        N: Send + Sync,
    {
        if !self.wants_gradient() {
            return Ok(());
        }
        let parts: Vec<P> = parts.into_iter().collect();
        let (net, taped) = (&self.net, self.taped);
        let share = share_of(parts.len())?;
        let passes = in_parallel(parts, |part| {
            let forward = Forward::of(net, Signal::DenseGradient, taped, |net| loss(net, part));
            forward.backward(share, |made| made)
        });
        let mut sums = self.held.clone().unwrap_or_default();
        for pass in passes {
            let (backward, _) = pass?;
            let dense = backward.layers.into_iter().filter_map(|layer| layer.dense);
            for (index, dense) in dense.enumerate() {
                let rows = dense.rows(0..dense.outputs());
                match sums.get_mut(index) {
                    Some(sum) => sum.iter_mut().zip(rows).for_each(|(sum, row)| *sum += row),
                    None => sums.push(rows),
                }
            }
        }
        self.held = Some(sums);
        Ok(())
    }

    /// The step by the passes of all parts.
    fn step_by_mean<A>(
        &mut self,
        passes: Vec<Result<(Backward, A)>>,
        rng: &mut impl Rng,
    ) -> Result<StepReport<A>> {
        let passes: Vec<(Backward, A)> = passes.into_iter().collect::<Result<_>>()?;
        let (passes, aux): (Vec<Backward>, Vec<A>) = passes.into_iter().unzip();
        match passes.into_iter().reduce(Backward::plus) {
            Some(backward) => Ok(self.step(backward, rng)?.with(aux)),
            None => unreachable!("there are parts"),
        }
    }

    /// The signals that the next update needs beside the gradient.
    fn signal(&self) -> Signal {
        let updater = self.updater.as_ref();
        updater.map_or(Signal::None, TopologyUpdater::signal)
    }

    /// The share of connections that the next update moves, if the rule acts then.
    fn due(&self) -> Option<f64> {
        let topology = self.config.topology.as_ref();
        topology.and_then(|t| t.due(self.updates + 1))
    }

    /// Follows the gradient, or moves connections, and then the target.
    fn step(&mut self, backward: Backward, rng: &mut impl Rng) -> Result<StepReport> {
        let update = self.updates + 1;
        let loss = backward.loss;
        let norm = backward.norm();
        for (what, value) in [("loss", f64::from(loss)), ("norm of the gradient", norm)] {
            if !value.is_finite() {
                return Err(Error::Diverged {
                    update,
                    what: what.into(),
                    value,
                });
            }
        }
        let mut report = StepReport {
            loss,
            gradient_norm: norm as f32,
            moved: None,
            dropped: 0,
            grown: 0,
            recycled: 0,
            aux: Vec::new(),
        };
        match self.due() {
            Some(fraction) => self.restructure(backward, fraction, &mut report, rng)?,
            None => {
                let kept = self.kept();
                let layers = &mut self.net.sparse_layers_mut();
                self.adam.step(layers, backward.layers);
                if !kept.is_empty() {
                    let mut kept = kept.into_iter();
                    for layer in layers {
                        layer.update(|new| kept.next().flatten().unwrap_or(new));
                    }
                }
            }
        }
        self.updates = update;
        if let Some(updater) = &mut self.updater {
            updater.count();
        }
        self.follow()?;
        Ok(report)
    }

    /// The trainable vectors that are frozen and yet would decay, among all; empty where none would.
    fn kept(&self) -> Vec<Option<Tensor<1>>> {
        if self.taped || self.config.adam.weight_decay == 0.0 {
            return Vec::new();
        }
        let vectors = self.net.sparse_layers().into_iter();
        let vectors = vectors.flat_map(SparseLinear::vectors);
        let frozen = frozen(&self.net).concat().into_iter();
        frozen
            .zip(vectors)
            .map(|(frozen, vector)| frozen.then_some(vector))
            .collect()
    }

    /// Lets the rule act on the whole network, and moves with the connections everything that is kept per connection:
    /// values, moments and target values. Either all layers change or, on an error, none.
    fn restructure(
        &mut self,
        backward: Backward,
        fraction: f64,
        report: &mut StepReport,
        rng: &mut impl Rng,
    ) -> Result<()> {
        let Some(updater) = &mut self.updater else {
            return Ok(());
        };
        let mut gradients: Vec<_> = backward
            .layers
            .into_iter()
            .map(|layer| layer.dense)
            .collect();
        for (gradient, held) in gradients.iter_mut().zip(self.held.iter().flatten()) {
            // Another loss does not stand for one that has missed the layer.
            if let Some(gradient) = gradient.as_mut().filter(|gradient| !gradient.is_empty()) {
                let (outputs, inputs) = (gradient.outputs(), gradient.inputs());
                gradient.add(DenseGradient::from_dense(outputs, inputs, held.clone())?);
            }
        }
        let change = updater.act(&mut self.net, gradients, backward.activity, fraction, rng)?;
        self.held = None;
        change.carry(&mut self.adam)?;
        let shared = self.config.target.is_some_and(TargetConfig::shares_pattern);
        if let Some(target) = self.target.as_mut().filter(|_| shared) {
            change.carry(target)?;
        }
        report.dropped = change.dropped();
        report.grown = change.grown();
        report.recycled = change.recycled();
        report.moved = Some(report.dropped.max(report.grown));
        Ok(())
    }

    /// Moves the target towards the network when it is due.
    fn follow(&mut self) -> Result<()> {
        let (Some(target), Some(config)) = (&mut self.target, self.config.target) else {
            return Ok(());
        };
        if !self.updates.is_multiple_of(config.every.max(1)) {
            return Ok(());
        }
        let online = self.net.sparse_layers();
        let mut layers = target.sparse_layers_mut();
        if config.step_at_once(&mut layers, &online) {
            return Ok(());
        }
        let pairs = layers.into_iter().zip(online);
        pairs
            .into_iter()
            .try_for_each(|(target, online)| config.step(target, online))
    }

    /// Bytes of the index arrays, each counted once.
    fn pattern_bytes(&self) -> usize {
        let layers = self.net.sparse_layers().into_iter().enumerate();
        let target = self.target.as_ref().map(SparseModule::sparse_layers);
        let layer = |(index, layer): (usize, &SparseLinear)| {
            let pattern = layer.pattern();
            let other = target.as_ref().map(|target| target[index].pattern());
            let other = other.filter(|other| !other.is_same(pattern));
            pattern.bytes() + other.map_or(0, Pattern::bytes)
        };
        layers.map(layer).sum()
    }

    /// Bytes held, counted from the tensors.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let layers = self.net.sparse_layers();
        let parameters = |layers: &[&SparseLinear]| -> usize {
            let numbers = layers.iter().map(|l| l.parameters().count());
            4 * numbers.sum::<usize>()
        };
        Memory {
            parameters: parameters(&layers),
            moments: self.adam.bytes(),
            target: self
                .target
                .as_ref()
                .map_or(0, |t| parameters(&t.sparse_layers())),
            pattern: self.pattern_bytes(),
            explored: self.explored().map_or(0, ExplorationRate::bytes),
            signal: 4 * self.held.iter().flatten().map(Vec::len).sum::<usize>(),
        }
    }
}
