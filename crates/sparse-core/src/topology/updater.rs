//! A rule that acts on a module's connections, independent of the optimizer of its weights.

use std::ops::Deref;

use burn::module::{ModuleVisitor, Param, ParamId};
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::{ExplorationRate, LayerState, NetworkState, Signal, Topology, TopologyChange, Trace};
use crate::nn::{Activity, SPARSE_WEIGHT, SparseLinear, SparseModule, frozen};
use crate::op::{DenseGradient, to_vec};
use crate::{Error, Result};

/// Moves the connections of any module that has sparse layers, beside any optimizer.
///
/// In each update, [`watch`](Self::watch) comes before the forward pass and [`update`](Self::update) after the backward
/// pass. When the rule acts, it does so instead of the optimizer, and its change is carried to everything that is kept
/// per connection: by `update` to the state of an optimizer of Burn's. With an optimizer of your own, [`step`](Self::step)
/// takes its place, and its state must follow the change ([`FollowsConnections`](super::FollowsConnections)).
///
/// ```
/// use burn::module::Module;
/// use burn::nn::{Linear, LinearConfig};
/// use burn::optim::{AdamWConfig, GradientsParams};
/// use burn::tensor::{Device, Tensor, activation::relu};
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// use sparse_core::nn::{SparseLinear, SparseLinearConfig, SparseModule};
/// use sparse_core::topology::{DropFraction, RigL, Schedule, Topology, TopologyUpdater};
///
/// /// A dense layer beside a sparse one.
/// #[derive(Module, Debug)]
/// struct Net {
///     first: Linear,
///     second: SparseLinear,
/// }
///
/// impl SparseModule for Net {
///     fn sparse_layers(&self) -> Vec<&SparseLinear> {
///         vec![&self.second]
///     }
///
///     fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
///         vec![&mut self.second]
///     }
/// }
///
/// let device = Device::flex().autodiff();
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let mut net = Net {
///     first: LinearConfig::new(3, 32).init(&device),
///     second: SparseLinearConfig::new(32, 1).with_density(0.25).try_init(&device, &mut rng)?,
/// };
/// let schedule = Schedule { every: 5, until: 100, fraction: DropFraction::Constant(0.3) };
/// let mut updater = TopologyUpdater::new(&net, Topology::new(RigL::default(), schedule))?;
/// let mut optimizer = AdamWConfig::new().init();
///
/// let x = Tensor::<2>::ones([8, 3], &device);
/// let mut moved = 0;
/// for _ in 0..20 {
///     let trace = updater.watch(&mut net);
///     let loss = (net.second.forward(relu(net.first.forward(x.clone()))) - 1.0).square().mean();
///     let gradients = GradientsParams::from_grads(loss.backward(), &net);
///     let change = updater.update(&mut net, &mut optimizer, 1e-2, gradients, trace, &mut rng)?;
///     moved += change.map_or(0, |change| change.grown());
/// }
/// assert!(moved > 0 && net.second.pattern().nnz() == 8);
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TopologyUpdater {
    topology: Topology,
    updates: u64,
    /// Kept where connections come.
    exploration: Option<ExplorationRate>,
}

/// State that later updates depend on beside the module: see [`TopologyUpdater::state`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopologyState {
    updates: u64,
    explored: Option<Vec<Vec<u64>>>,
}

impl TopologyUpdater {
    /// An updater before the first update of this module.
    ///
    /// # Errors
    /// As [`Topology::fits`]; [`Error::Config`] when [`hidden_layers`](SparseModule::hidden_layers) names layers that do
    /// not follow each other; [`Error::Module`] when the module has a sparse layer that it does not list, lists one
    /// twice, or lists them in another order in `sparse_layers_mut`.
    pub fn new<N: SparseModule>(module: &N, topology: Topology) -> Result<Self> {
        check_listing(module)?;
        check_hidden(module)?;
        let layers = module.sparse_layers();
        let patterns = || layers.iter().map(|layer| layer.pattern());
        let shapes: Vec<_> = patterns().map(|p| (p.outputs(), p.inputs())).collect();
        topology.fits(&shapes)?;
        Ok(Self {
            updates: 0,
            exploration: topology
                .rule
                .grows()
                .then(|| ExplorationRate::new(patterns())),
            topology,
        })
    }

    /// The rule and its schedule.
    #[must_use]
    pub fn topology(&self) -> &Topology {
        &self.topology
    }

    /// Updates so far, of either kind.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Which connections were ever active; `None` with a rule that grows none.
    #[must_use]
    pub fn exploration(&self) -> Option<&ExplorationRate> {
        self.exploration.as_ref()
    }

    /// The signals that the next update needs beside the gradient.
    pub(crate) fn signal(&self) -> Signal {
        self.topology.signal(self.updates + 1)
    }

    /// Makes the module collect what the rule needs of the next update: nothing unless it acts then.
    #[must_use = "the step after the backward pass takes it"]
    pub fn watch<N: SparseModule>(&self, module: &mut N) -> Trace {
        Trace::of(module, self.signal(), self.updates + 1)
    }

    /// Ends an update of a module that one of Burn's optimizers trains: the optimizer steps, or the rule acts and the
    /// optimizer's state follows. Anything else that is kept per connection follows through the change.
    ///
    /// # Errors
    /// As [`step`](Self::step) and [`carry_optimizer`](TopologyChange::carry_optimizer). Nothing has changed then.
    pub fn update<N: SparseModule>(
        &mut self,
        module: &mut N,
        optimizer: &mut ModuleOptimizer,
        learning_rate: f64,
        gradients: GradientsParams,
        trace: Trace,
        rng: &mut impl Rng,
    ) -> Result<Option<TopologyChange>> {
        let acts = self.topology.due(self.updates + 1).is_some();
        let before = acts.then(|| (self.clone(), module.clone()));
        let change = self.step(module, trace, rng)?;
        match (&change, before) {
            (Some(change), before) => match change.carry_optimizer(optimizer.clone()) {
                Ok(carried) => *optimizer = carried,
                Err(error) => {
                    if let Some(before) = before {
                        (*self, *module) = before;
                        Trace::default().end(module, self.signal());
                    }
                    return Err(error);
                }
            },
            (None, _) => *module = optimizer.step(learning_rate, module.clone(), gradients),
        }
        Ok(change)
    }

    /// Ends an update before the optimizer's step. If the rule acts now, the module's connections change and the optimizer must not step: its state
    /// and everything else that is kept per connection follow through the change. `None` when the optimizer should
    /// step.
    ///
    /// # Errors
    /// [`Error::Config`] when the trace is of another update, when a rule that looks at gradients is to act and the
    /// backward pass has not reached a sparse layer that lacks connections, or no forward pass has told how active the units
    /// of a hidden layer were; [`Error::Diverged`] when a weight, or what the rule looks at, is NaN or infinite;
    /// [`Error::Plan`] when the rule's plan cannot be carried out; or the rule's own error. Nothing has changed then.
    pub fn step<N: SparseModule>(
        &mut self,
        module: &mut N,
        trace: Trace,
        rng: &mut impl Rng,
    ) -> Result<Option<TopologyChange>> {
        let step = self.updates + 1;
        trace.end(module, self.signal());
        if trace.step != step {
            let allowed = format!("of update {step}: call `watch` before each forward pass");
            return Err(Error::config(
                "trace",
                format!("of update {}", trace.step),
                &allowed,
            ));
        }
        let Some(fraction) = self.topology.due(step) else {
            self.updates = step;
            return Ok(None);
        };
        let layers = module.sparse_layers().into_iter().enumerate();
        let dense = layers.map(|(index, layer)| trace.dense_gradient(index, layer.pattern()));
        let dense: Vec<_> = dense.collect();
        let change = self.act(module, dense, trace.activity(), fraction, rng)?;
        self.updates = step;
        Ok(Some(change))
    }

    /// Lets the rule act on the module in the next update. What it plans of layers whose values are frozen is left out.
    pub(crate) fn act<N: SparseModule>(
        &mut self,
        module: &mut N,
        gradients: impl IntoIterator<Item = Option<DenseGradient>>,
        activity: Activity,
        fraction: f64,
        rng: &mut impl Rng,
    ) -> Result<TopologyChange> {
        let frozen: Vec<bool> = frozen(module).iter().map(|vectors| vectors[0]).collect();
        let mut hidden = module.hidden_layers();
        hidden.retain(|pair| !pair.iter().any(|layer| frozen[*layer]));
        let layers = module.sparse_layers().into_iter().zip(gradients);
        let mut layers: Vec<LayerState> = layers
            .map(|(layer, gradient)| LayerState {
                pattern: layer.pattern().clone(),
                values: to_vec(layer.values()),
                gradient,
            })
            .collect();
        if self.signal() == Signal::Activation {
            let told = |layer: &usize| {
                let sums = activity.sums(*layer).map_or(0, <[f64]>::len);
                sums == layers[*layer].pattern.outputs()
            };
            if let Some(untold) = hidden.iter().map(|pair| pair[0]).find(|layer| !told(layer)) {
                let found = format!("not of the units of {}", name_of(module, untold));
                let allowed = "what `SparseModule::watch_activity` makes a forward pass report: a number for each unit of \
                               every hidden layer, by its place in `sparse_layers` (`ActivityProbe::from_layer`)";
                return Err(Error::config("activity", found, allowed));
            }
        }
        let missed = |(layer, frozen): (&LayerState, &bool)| {
            let gradient = layer.gradient.as_ref();
            !frozen && !layer.pattern.is_full() && gradient.is_some_and(DenseGradient::is_empty)
        };
        if let Some(missed) = layers.iter().zip(&frozen).position(missed) {
            let found = format!("does not reach {}", name_of(module, missed));
            let allowed = "such that its backward pass reaches every sparse layer that lacks connections when a rule looks \
                           at gradients, in the module that was watched";
            return Err(Error::config("loss", found, allowed));
        }
        // A rule finds a gradient at every layer.
        for (layer, frozen) in layers.iter_mut().zip(&frozen) {
            let gradient = layer.gradient.as_ref();
            if *frozen && gradient.is_some_and(DenseGradient::is_empty) {
                let (outputs, inputs) = (layer.pattern.outputs(), layer.pattern.inputs());
                let zeros = vec![0.0; outputs * inputs];
                layer.gradient = Some(DenseGradient::from_dense(outputs, inputs, zeros)?);
            }
        }
        let state = NetworkState {
            layers,
            hidden,
            activity,
        };
        let update = self.updates + 1;
        let not_finite = |found: Option<(usize, &str, f64)>| match found {
            None => Ok(()),
            Some((layer, what, value)) => Err(Error::Diverged {
                update,
                what: format!("{what} of {}", name_of(module, layer)).into(),
                value,
            }),
        };
        not_finite(state.not_finite())?;
        let mut plan = self.topology.plan(update, fraction, &state, rng)?;
        not_finite(state.gradient_not_finite())?;
        drop(state);
        for (change, frozen) in plan.iter_mut().zip(frozen) {
            if frozen {
                *change = None;
            }
        }
        let change = TopologyChange::apply(module, plan)?;
        if let Some(exploration) = &mut self.exploration {
            change.carry(exploration)?;
        }
        Ok(change)
    }

    /// Continues after `updates` updates, with this record of the explored connections.
    pub(crate) fn resume(&mut self, updates: u64, exploration: Option<ExplorationRate>) {
        self.updates = updates;
        self.exploration = exploration;
    }

    /// Counts an update in which the rule does not act, or did.
    pub(crate) fn count(&mut self) {
        self.updates += 1;
    }

    /// The state that later updates depend on beside the module, the optimizer and the random numbers.
    #[must_use]
    pub fn state(&self) -> TopologyState {
        TopologyState {
            updates: self.updates,
            explored: self.exploration.as_ref().map(ExplorationRate::words),
        }
    }

    /// Continues as the updater whose [`state`](Self::state) this is, with the module as it was then.
    ///
    /// # Errors
    /// [`Error::Record`] when what was explored is not of this module, or only one of both rules grows connections. Nothing
    /// has changed then.
    pub fn set_state<N: SparseModule>(&mut self, state: TopologyState, module: &N) -> Result<()> {
        let layers = module.sparse_layers();
        let patterns = layers.iter().map(|layer| layer.pattern());
        let exploration = match (state.explored, self.topology.rule.grows()) {
            (Some(words), true) => Some(ExplorationRate::from_words(words, patterns)?),
            (None, false) => None,
            (stored, _) => {
                let stored = if stored.is_some() {
                    "stored"
                } else {
                    "missing"
                };
                let reason = format!("what was explored is {stored}, and the rule is another");
                return Err(Error::Record { reason });
            }
        };
        self.resume(state.updates, exploration);
        Ok(())
    }
}

/// Collects a module's parameters, each with its path.
#[derive(Default)]
struct Parameters {
    path: Vec<String>,
    containers: Vec<String>,
    /// Those that are differentiated.
    trained: Vec<(ParamId, String)>,
    /// Values of sparse layers.
    values: Vec<(ParamId, String)>,
}

impl ModuleVisitor for Parameters {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.push(name.to_owned());
        self.containers.push(container.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
        self.containers.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        if self
            .containers
            .last()
            .is_some_and(|container| container == SPARSE_WEIGHT)
        {
            self.values.push((param.id, path.clone()));
        }
        if param.val().is_require_grad() {
            self.trained.push((param.id, path));
        }
    }
}

/// Checks that a module lists each of its sparse layers once, and in both lists at the same place.
fn check_listing<N: SparseModule>(module: &N) -> Result<()> {
    let mut found = Parameters::default();
    module.visit(&mut found);
    let mut listed = values_of(module.sparse_layers());
    let error = |parameter: &String, reason: &str| Error::Module {
        parameter: parameter.clone(),
        reason: reason.to_owned(),
    };
    for (at, (id, path)) in found.values.iter().enumerate() {
        if found.values[..at].iter().any(|(earlier, _)| earlier == id) {
            return Err(error(
                path,
                "of a sparse layer in two places: each must have its own",
            ));
        }
        match listed.iter().position(|listed| listed == id) {
            Some(at) => drop(listed.swap_remove(at)),
            None => {
                return Err(error(
                    path,
                    "of a sparse layer that `sparse_layers` does not list",
                ));
            }
        }
    }
    let path_of = |id: &ParamId| {
        let path = found.values.iter().find(|(found, _)| found == id);
        path.map_or_else(|| id.to_string(), |(_, path)| path.clone())
    };
    if let Some(id) = listed.first() {
        let reason =
            "of a layer that `sparse_layers` lists twice, or that is no part of the module";
        return Err(error(&path_of(id), reason));
    }
    let mut module = module.clone();
    let shared = values_of(module.sparse_layers());
    let exclusive = values_of(module.sparse_layers_mut());
    if let Some(at) =
        (0..shared.len().max(exclusive.len())).find(|k| shared.get(*k) != exclusive.get(*k))
    {
        let id = shared.get(at).or(exclusive.get(at));
        let reason = "of a layer that `sparse_layers_mut` has at another place than `sparse_layers`: both must list \
                      the same layers in the same order";
        return Err(error(&id.map_or_else(String::new, path_of), reason));
    }
    Ok(())
}

/// Checks that the pairs of layers with hidden units between them are such.
fn check_hidden<N: SparseModule>(module: &N) -> Result<()> {
    let layers = module.sparse_layers();
    for [first, second] in module.hidden_layers() {
        let fit = match (layers.get(first), layers.get(second)) {
            (Some(first), Some(second)) => first.pattern().outputs() == second.pattern().inputs(),
            _ => false,
        };
        if !fit {
            let count = layers.len();
            let allowed = format!(
                "places in a list of {count} layers, the second with as many inputs as the first has outputs"
            );
            let pair = format!("[{first}, {second}]");
            return Err(Error::config("hidden_layers", pair, &allowed));
        }
    }
    Ok(())
}

/// The layer of this index in `sparse_layers`, for errors: its number, and its path in the module.
fn name_of<N: SparseModule>(module: &N, index: usize) -> String {
    let mut found = Parameters::default();
    module.visit(&mut found);
    let id = module.sparse_layers()[index].values_param().id;
    let path = found.values.iter().find(|(found, _)| *found == id);
    // Without the two last parts, which are the layer's own.
    let path = path.and_then(|(_, path)| path.rsplit_once('.')?.0.rsplit_once('.'));
    match path {
        Some((path, _)) => format!("layer {index} (`{path}`)"),
        None => format!("layer {index}"),
    }
}

/// The ids of the values of some layers.
fn values_of<'a>(layers: Vec<impl Deref<Target = SparseLinear> + 'a>) -> Vec<ParamId> {
    let layers = layers.into_iter();
    layers.map(|layer| layer.values_param().id).collect()
}

/// Checks that a module lists each of its sparse layers once, and has no parameter beside theirs that is to be trained.
pub(crate) fn check_all_sparse<N: SparseModule>(module: &N) -> Result<()> {
    check_listing(module)?;
    let mut found = Parameters::default();
    module.clone().train().visit(&mut found);
    let layers = module.sparse_layers().into_iter();
    let listed: Vec<ParamId> = layers.flat_map(|layer| layer.parameter_ids()).collect();
    match found
        .trained
        .into_iter()
        .find(|(id, _)| !listed.contains(id))
    {
        None => Ok(()),
        Some((_, parameter)) => {
            let reason = "of no sparse layer, and a NetworkTrainer trains no other: train the module by an optimizer of \
                          Burn's with a TopologyUpdater, or freeze the parameter"
                .to_owned();
            Err(Error::Module { parameter, reason })
        }
    }
}
