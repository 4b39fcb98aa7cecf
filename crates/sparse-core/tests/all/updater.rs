//! Connections that move under Burn's optimizers, beside dense reference computations in double precision.

use std::collections::BTreeMap;

use crate::common::{devices, floats, rows, uniform};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::nn::{Linear, LinearConfig};
use burn::optim::{
    AdamConfig, AdamWConfig, GradientsParams, LearningRate, ModuleOptimizer, Optimizer,
    RecordState, SgdConfig, StateSink, StateSource, momentum::MomentumConfig,
};
use burn::tensor::{Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{ActivityProbe, SparseLinear, SparseLinearConfig, SparseModule};
use sparse_core::topology::{
    AppliedChange, DropFraction, FollowsConnections, GrownMoments, ReDo, RigL, Schedule, Set,
    Topology, TopologyChange, TopologyUpdater,
};
use sparse_core::{Error, Result};

const INPUTS: usize = 7;
const OUTPUTS: usize = 6;
const RATE: f64 = 0.05;

/// A sparse layer beside a dense one.
#[derive(Module, Debug)]
struct Net {
    sparse: SparseLinear,
    dense: Linear,
}

impl SparseModule for Net {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.sparse]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.sparse]
    }
}

fn net(device: &Device) -> Net {
    let config = SparseLinearConfig::new(INPUTS, OUTPUTS).with_density(0.4);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    Net {
        sparse: config.try_init(device, &mut rng).unwrap(),
        dense: LinearConfig::new(INPUTS, OUTPUTS).init(device),
    }
}

fn every(every: u64) -> Schedule {
    Schedule {
        every,
        until: 1000,
        fraction: DropFraction::Constant(0.4),
    }
}

/// Inputs and the slopes of the loss along the outputs, both constant: so are the gradients.
struct Problem {
    x: Tensor<2>,
    slopes: Tensor<2>,
    /// Of each weight, `[OUTPUTS, INPUTS]`, and of each bias.
    weights: Vec<f64>,
    biases: Vec<f64>,
}

fn problem(device: &Device) -> Problem {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let (x, slopes) = (
        uniform(&mut rng, 5 * INPUTS),
        uniform(&mut rng, 5 * OUTPUTS),
    );
    let sum = |of: &dyn Fn(usize) -> f64| (0..5).map(of).sum::<f64>();
    let slope = |row: usize, output: usize| f64::from(slopes[row * OUTPUTS + output]);
    let weight = |p: usize| {
        let (output, input) = (p / INPUTS, p % INPUTS);
        sum(&|row| slope(row, output) * f64::from(x[row * INPUTS + input]))
    };
    Problem {
        weights: (0..OUTPUTS * INPUTS).map(weight).collect(),
        biases: (0..OUTPUTS)
            .map(|output| sum(&|row| slope(row, output)))
            .collect(),
        x: rows(&x, INPUTS, device),
        slopes: rows(&slopes, OUTPUTS, device),
    }
}

fn gradients(net: &Net, problem: &Problem) -> GradientsParams {
    let both = net.sparse.forward(problem.x.clone()) + net.dense.forward(problem.x.clone());
    let loss = (both * problem.slopes.clone()).sum();
    GradientsParams::from_grads(loss.backward(), net)
}

/// One update of an optimizer's own; `None` where connections moved.
fn update(
    net: Net,
    updater: &mut TopologyUpdater,
    optimizer: &mut ModuleOptimizer,
    problem: &Problem,
    rng: &mut ChaCha8Rng,
) -> Result<(Net, Option<TopologyChange>)> {
    let mut net = net;
    let trace = updater.watch(&mut net);
    let gradients = gradients(&net, problem);
    let change = updater.update(&mut net, optimizer, RATE, gradients, trace, rng)?;
    Ok((net, change))
}

/// What an optimizer keeps of a weight, and its step by its definition: weight, state, gradient, count of steps.
type Step = fn(f64, &mut [f64; 2], f64, i32) -> f64;

fn adam_delta(state: &mut [f64; 2], gradient: f64, step: i32) -> f64 {
    state[0] = 0.9 * state[0] + 0.1 * gradient;
    state[1] = 0.999 * state[1] + 0.001 * gradient * gradient;
    let first = state[0] / (1.0 - 0.9f64.powi(step));
    let second = state[1] / (1.0 - 0.999f64.powi(step));
    RATE * first / (second.sqrt() + 1e-5)
}

fn optimizers() -> [(&'static str, ModuleOptimizer, Step); 3] {
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.1);
    let sgd = SgdConfig::new().with_momentum(Some(momentum));
    [
        ("adam", AdamConfig::new().init(), |w, state, g, step| {
            w - adam_delta(state, g, step)
        }),
        (
            "adamw",
            AdamWConfig::new().with_weight_decay(0.1).init(),
            |w, state, g, step| w * (1.0 - RATE * 0.1) - adam_delta(state, g, step),
        ),
        ("sgd", sgd.init(), |w, state, g, step| {
            // Its first velocity is the gradient.
            let kept = if step == 1 {
                g
            } else {
                0.9 * state[0] + 0.9 * g
            };
            state[0] = kept;
            w - RATE * kept
        }),
    ]
}

/// A masked dense layer, as an optimizer sees it: a weight for each position that exists, and biases.
struct Reference {
    weights: BTreeMap<u32, (f64, [f64; 2])>,
    biases: Vec<(f64, [f64; 2])>,
}

impl Reference {
    fn of(net: &Net) -> Self {
        let number = |number: f32| (f64::from(number), [0.0; 2]);
        let values = floats(net.sparse.values()).into_iter().map(number);
        let biases = floats(net.sparse.bias().unwrap()).into_iter().map(number);
        Self {
            weights: net.sparse.pattern().positions().zip(values).collect(),
            biases: biases.collect(),
        }
    }

    fn step(&mut self, problem: &Problem, count: i32, step: Step) {
        for (position, (weight, state)) in &mut self.weights {
            *weight = step(*weight, state, problem.weights[*position as usize], count);
        }
        for ((bias, state), gradient) in self.biases.iter_mut().zip(&problem.biases) {
            *bias = step(*bias, state, *gradient, count);
        }
    }

    /// What is grown starts from nothing.
    fn carry(&mut self, change: &TopologyChange) {
        for (_, change) in change.layers() {
            let rewire = change.rewire().unwrap();
            self.weights
                .retain(|position, _| !rewire.dropped().contains(position));
            self.weights.extend(
                rewire
                    .grown()
                    .iter()
                    .map(|position| (*position, (0.0, [0.0; 2]))),
            );
        }
    }

    fn compare(&self, net: &Net, what: &str) {
        let positions = net.sparse.pattern().positions();
        assert!(positions.eq(self.weights.keys().copied()), "{what}");
        let expected = self
            .weights
            .values()
            .chain(&self.biases)
            .map(|(number, _)| number);
        let found = floats(net.sparse.values())
            .into_iter()
            .chain(floats(net.sparse.bias().unwrap()));
        for (found, expected) in found.zip(expected) {
            let error = (f64::from(found) - expected).abs();
            assert!(
                error < 1e-4 * (1.0 + expected.abs()),
                "{what}: {found} {expected}"
            );
        }
    }
}

#[test]
fn moments_follow_connections_as_in_a_masked_dense_layer() {
    for device in devices() {
        let device = device.autodiff();
        for (name, mut optimizer, step) in optimizers() {
            let (mut net, problem) = (net(&device), problem(&device));
            let topology = Topology::new(
                RigL {
                    allow_regrow: false,
                    ..RigL::default()
                },
                every(4),
            );
            let mut updater = TopologyUpdater::new(&net, topology).unwrap();
            let mut reference = Reference::of(&net);
            let mut rng = ChaCha8Rng::seed_from_u64(3);
            let dense = floats(net.dense.weight.val().reshape([INPUTS * OUTPUTS]));
            let (mut count, mut grown) = (0, 0);
            for round in 1..=30 {
                let (next, change) =
                    update(net, &mut updater, &mut optimizer, &problem, &mut rng).unwrap();
                net = next;
                match change {
                    Some(change) => {
                        reference.carry(&change);
                        grown += change.grown();
                        assert_eq!(change.dropped(), change.grown());
                    }
                    None => {
                        count += 1;
                        reference.step(&problem, count, step);
                    }
                }
                reference.compare(&net, &format!("{name}, update {round}"));
            }
            assert_eq!(updater.updates(), 30);
            assert!(grown >= 7, "{grown}");
            assert!(updater.exploration().unwrap().rate() > net.sparse.pattern().density());
            // What lies beside learns, too.
            assert_ne!(
                floats(net.dense.weight.val().reshape([INPUTS * OUTPUTS])),
                dense
            );
        }
    }
}

/// The state of an optimizer and of the updater, in memory and out of it.
#[test]
fn updates_go_on_where_they_stopped() {
    let device = devices()[0].clone().autodiff();
    let problem = problem(&device);
    let topology = || Topology::new(Set::default(), every(3));
    let start = net(&device);
    let run = |resumed: bool| {
        let mut net = start.clone();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut updater = TopologyUpdater::new(&net, topology()).unwrap();
        let mut optimizer = AdamWConfig::new().init();
        for round in 0..20 {
            if resumed && round == 10 {
                let state = serde_json::to_string(&updater.state()).unwrap();
                updater = TopologyUpdater::new(&net, topology()).unwrap();
                updater
                    .set_state(serde_json::from_str(&state).unwrap(), &net)
                    .unwrap();
                let bytes = optimizer.into_bytes().unwrap();
                optimizer = AdamWConfig::new().init().from_bytes(bytes).unwrap();
            }
            net = update(net, &mut updater, &mut optimizer, &problem, &mut rng)
                .unwrap()
                .0;
        }
        let positions: Vec<u32> = net.sparse.pattern().positions().collect();
        (positions, floats(net.sparse.values()), updater.state())
    };
    assert_eq!(run(true), run(false));
    let net = net(&device);
    let other = Topology::new(ReDo::default(), every(3));
    let mut other = TopologyUpdater::new(&net, other).unwrap();
    let state = TopologyUpdater::new(&net, topology()).unwrap().state();
    assert!(other.set_state(state, &net).unwrap_err().is_record());
}

/// A user's own number per weight, and a copy of the network.
#[test]
fn whatever_is_kept_per_connection_follows() {
    struct Own(Vec<f32>);

    impl FollowsConnections for Own {
        fn carry(&mut self, _: usize, change: &AppliedChange) -> Result<()> {
            self.0 = change.carry(std::mem::take(&mut self.0))?;
            Ok(())
        }
    }

    let device = devices()[0].clone().autodiff();
    let (mut net, problem) = (net(&device), problem(&device));
    let mut target = net.valid();
    let topology = Topology::new(RigL::default(), every(1));
    let mut updater = TopologyUpdater::new(&net, topology).unwrap();
    let before: Vec<u32> = net.sparse.pattern().positions().collect();
    // Each weight's own number is its position, and one.
    let mut own = Own(before.iter().map(|p| *p as f32 + 1.0).collect());
    let trace = updater.watch(&mut net);
    drop(gradients(&net, &problem));
    let change = updater
        .step(&mut net, trace, &mut ChaCha8Rng::seed_from_u64(0))
        .unwrap()
        .unwrap();
    change.carry(&mut own).unwrap();
    change.carry(&mut target).unwrap();
    assert!(change.grown() > 0);
    for (position, number) in net.sparse.pattern().positions().zip(&own.0) {
        let kept = before.contains(&position);
        assert_eq!(*number, if kept { position as f32 + 1.0 } else { 0.0 });
    }
    assert_eq!(target.sparse.pattern(), net.sparse.pattern());
    assert_eq!(floats(target.sparse.values()), floats(net.sparse.values()));
    // A network with as many connections at other places.
    let other = SparseLinearConfig::new(INPUTS, OUTPUTS).with_density(0.4);
    let mut other = Net {
        sparse: other
            .try_init(&device, &mut ChaCha8Rng::seed_from_u64(2))
            .unwrap(),
        dense: net.dense.clone(),
    };
    let untouched = floats(other.sparse.values());
    let error = change.carry(&mut other).unwrap_err().to_string();
    assert!(
        error.contains("layer 0 of the follower has other connections"),
        "{error}"
    );
    assert_eq!(floats(other.sparse.values()), untouched);
    // Numbers of other connections.
    assert!(change.carry(&mut Own(vec![0.0; 3])).unwrap_err().is_shape());
}

/// Two layers with hidden units between them.
#[derive(Module, Debug)]
struct Two {
    first: SparseLinear,
    second: SparseLinear,
    #[module(skip)]
    dead: Vec<usize>,
}

impl SparseModule for Two {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.first, &self.second]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.first, &mut self.second]
    }

    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        vec![[0, 1]]
    }

    /// Unit 2 of six never fires.
    fn watch_activity(&mut self, probe: Option<ActivityProbe>) {
        if let Some(probe) = probe {
            let units: Vec<f32> = (0..6)
                .map(|u| f32::from(u8::from(!self.dead.contains(&u))))
                .collect();
            probe.add(0, &units);
        }
    }
}

/// The parameter of the first layer that is so long.
fn vector_id(net: &Two, length: usize) -> ParamId {
    struct Find(usize, Option<ParamId>);
    impl ModuleVisitor for Find {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.val().dims().as_slice() == [self.0] {
                self.1 = Some(param.id);
            }
        }
    }
    let mut find = Find(length, None);
    net.first.visit(&mut find);
    find.1.unwrap()
}

/// Moments of units that start anew are zero under Burn's Adam, as their biases are.
#[test]
fn units_that_start_anew_have_no_moments() {
    let device = devices()[0].clone().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let layer = |inputs, outputs, rng: &mut ChaCha8Rng| {
        let config = SparseLinearConfig::new(inputs, outputs).with_density(0.7);
        config.try_init(&device, rng).unwrap()
    };
    let mut net = Two {
        first: layer(INPUTS, 6, &mut rng),
        second: layer(6, 2, &mut rng),
        dead: vec![2],
    };
    let mut updater =
        TopologyUpdater::new(&net, Topology::new(ReDo { threshold: 0.0 }, every(3))).unwrap();
    let mut optimizer = AdamConfig::new().init();
    let x = problem(&device).x;
    for round in 1..=4 {
        let trace = updater.watch(&mut net);
        let loss = net
            .second
            .forward(net.first.forward(x.clone()))
            .square()
            .mean();
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        match updater.step(&mut net, trace, &mut rng).unwrap() {
            Some(change) => {
                assert_eq!((round, change.recycled(), change.grown()), (3, 1, 0));
                optimizer = change.carry_optimizer(optimizer).unwrap();
                assert_eq!(floats(net.first.bias().unwrap())[2], 0.0);
            }
            None if round == 4 => {
                // With zero moments, a step of Adam after two others.
                let row = net.first.pattern().row_ptr()[2] as usize;
                let of = |net: &Two, length| match length {
                    6 => floats(net.first.bias().unwrap())[2],
                    _ => floats(net.first.values())[row],
                };
                let cases = [6, net.first.pattern().nnz()].map(|length| {
                    let gradient = gradients.get::<1>(vector_id(&net, length)).unwrap();
                    let place = if length == 6 { 2 } else { row };
                    let g = f64::from(floats(gradient)[place]);
                    let before = f64::from(of(&net, length));
                    (length, before - adam_delta(&mut [0.0; 2], g, 3))
                });
                net = optimizer.step(RATE, net, gradients);
                for (length, expected) in cases {
                    let found = f64::from(of(&net, length));
                    assert!(
                        (found - expected).abs() < 1e-6,
                        "{length}: {found} {expected}"
                    );
                }
            }
            None => net = optimizer.step(RATE, net, gradients),
        }
    }
}

/// One that keeps the sum of a parameter's gradients.
#[derive(Clone)]
struct Total;

#[derive(Clone)]
struct Sum(Tensor<1>);

impl RecordState for Sum {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "sum", self.0.to_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        source
            .take_tensor(prefix, "sum")
            .map(|data: TensorData| Self(Tensor::from_data(data, device)))
    }
}

impl Optimizer for Total {
    type State<const D: usize> = Sum;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        tensor: Tensor<D>,
        gradient: Tensor<D>,
        _: Option<Sum>,
    ) -> (Tensor<D>, Option<Sum>) {
        let sum = Sum(gradient.clone().sum());
        (tensor - gradient * rate, Some(sum))
    }

    fn to_device<const D: usize>(state: Sum, device: &Device) -> Sum {
        Sum(state.0.to_device(device))
    }
}

#[test]
fn optimizers_that_cannot_follow_are_refused() {
    let device = devices()[0].clone().autodiff();
    let problem = problem(&device);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let state = |net: &Net| -> Vec<(Vec<u32>, Vec<f32>)> {
        let layers = net.sparse_layers().into_iter();
        let layer = |layer: &SparseLinear| {
            (
                layer.pattern().positions().collect(),
                floats(layer.values()),
            )
        };
        layers.map(layer).collect()
    };
    let mut refused = |mut optimizer: ModuleOptimizer, rule: RigL| -> Error {
        let mut net = net(&device);
        let mut updater = TopologyUpdater::new(&net, Topology::new(rule, every(2))).unwrap();
        for round in 0..2 {
            let trace = updater.watch(&mut net);
            let gradients = gradients(&net, &problem);
            let before = state(&net);
            let rate = RATE;
            match updater.update(&mut net, &mut optimizer, rate, gradients, trace, &mut rng) {
                Ok(change) => assert!(change.is_none()),
                Err(error) => {
                    assert_eq!((state(&net), updater.updates()), (before, round));
                    return error;
                }
            }
        }
        panic!("not refused")
    };
    let error = refused(Total.into(), RigL::default());
    let expected = "the optimizer keeps `sum` of a sparse layer, F32 [1]: must be f32 [17], one number per weight";
    assert_eq!(error.to_string(), expected);
    let keeping = RigL {
        grown_moments: GrownMoments::Keep,
        ..RigL::default()
    };
    let error = refused(AdamWConfig::new().init(), keeping);
    assert!(
        error.is_optimizer() && error.to_string().contains("grown_moments"),
        "{error}"
    );
}

#[test]
fn a_step_without_its_passes_is_refused() {
    let device = devices()[0].clone().autodiff();
    let (mut net, problem) = (net(&device), problem(&device));
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut updater = TopologyUpdater::new(&net, Topology::new(RigL::default(), every(2))).unwrap();
    let early = updater.watch(&mut net);
    let trace = updater.watch(&mut net);
    assert_eq!(updater.step(&mut net, trace, &mut rng).unwrap(), None);
    let error = updater.step(&mut net, early, &mut rng).unwrap_err();
    assert_eq!(
        error.to_string(),
        "trace = of update 1: must be of update 2: call `watch` before each forward pass"
    );
    let before = net.sparse.pattern().clone();
    let trace = updater.watch(&mut net);
    let error = updater.step(&mut net, trace, &mut rng).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("loss = does not reach layer 0"),
        "{error}"
    );
    assert!(net.sparse.pattern().is_same(&before) && updater.updates() == 1);
    let trace = updater.watch(&mut net);
    drop(gradients(&net, &problem));
    assert!(updater.step(&mut net, trace, &mut rng).unwrap().is_some());
}
