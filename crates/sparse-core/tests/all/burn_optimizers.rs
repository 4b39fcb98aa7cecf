//! Sparse layers under Burn's own optimizers, alone and in a module beside dense layers and convolutions: as a dense network
//! whose missing weights are held at zero, at the cost of those that exist.

use crate::common::{Dense, Reference, assert_close, devices, floats, rows, uniform};
use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::store::ModuleRecord;
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{
    Activation, ActivityProbe, SparseLinear, SparseLinearConfig, SparseMlp, SparseMlpConfig,
    SparseModule, Storage,
};
use sparse_core::pattern::Pattern;
use sparse_core::topology::{
    DropFraction, ReDo, RigL, RuleConfig, Schedule, Set, Topology, TopologyUpdater,
};

const STEPS: usize = 50;
const RATE: f64 = 0.01;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// One step of an optimizer on numbers and their gradients, in f64; it keeps two vectors of state.
type Step = fn(usize, &mut [f64], &[f64], &mut [Vec<f64>; 2]);

/// Loshchilov & Hutter 2019, algorithm 2, with Burn's defaults.
fn adamw(step: usize, numbers: &mut [f64], gradient: &[f64], [first, second]: &mut [Vec<f64>; 2]) {
    let (beta1, beta2) = (f64::from(0.9_f32), f64::from(0.999_f32));
    let correction = |beta: f64| 1.0 - beta.powi(step as i32);
    for (k, g) in gradient.iter().enumerate() {
        first[k] = beta1 * first[k] + (1.0 - beta1) * g;
        second[k] = beta2 * second[k] + (1.0 - beta2) * g * g;
        let root = (second[k] / correction(beta2)).sqrt() + 1e-5;
        numbers[k] -= RATE * 0.01 * numbers[k] + RATE * (first[k] / correction(beta1)) / root;
    }
}

/// PyTorch's momentum of 0.9 without dampening.
fn sgd(step: usize, numbers: &mut [f64], gradient: &[f64], [velocity, _]: &mut [Vec<f64>; 2]) {
    for (k, g) in gradient.iter().enumerate() {
        velocity[k] = if step == 1 { *g } else { 0.9 * velocity[k] + g };
        numbers[k] -= RATE * velocity[k];
    }
}

fn optimizers() -> [(ModuleOptimizer, Step); 2] {
    let momentum = MomentumConfig::new().with_dampening(0.0);
    let momentum = SgdConfig::new().with_momentum(Some(momentum));
    let adam = AdamWConfig::new().with_weight_decay(0.01);
    [(adam.init(), adamw), (momentum.init(), sgd)]
}

/// What takes the place of a layer's connections or bias is trained as they were.
#[test]
fn other_connections_and_biases_are_trained() {
    for device in devices() {
        let device = device.autodiff();
        let config = SparseLinearConfig::new(4, 3).with_density(0.5);
        let layer = config.try_init(&device, &mut rng(1)).unwrap();
        let full = Pattern::full(3, 4);
        let layer = layer
            .with_connections(full, vec![0.5; 12], Storage::Csr)
            .unwrap();
        let layer = layer.with_bias(vec![0.25; 3]).unwrap();
        assert!(layer.with_bias(vec![0.25; 4]).unwrap_err().is_shape());
        let frozen = layer.clone().no_grad();
        let frozen = frozen.with_connections(Pattern::full(3, 4), vec![0.5; 12], Storage::Csr);
        for (layer, trains) in [(layer, true), (frozen.unwrap(), false)] {
            let x = Tensor::<2>::ones([2, 4], &device).require_grad();
            let gradients = layer.forward(x).square().mean().backward();
            let gradients = GradientsParams::from_grads(gradients, &layer);
            let layer = SgdConfig::new().init().step(RATE, layer, gradients);
            let moved = |numbers: Vec<f32>, from: f32| numbers.iter().all(|x| *x != from);
            assert_eq!(moved(floats(layer.values()), 0.5), trains);
            assert_eq!(moved(floats(layer.bias().unwrap()), 0.25), trains);
        }
    }
}

/// The weights that do not exist have no gradient there and start from 0: they stay 0.
fn follow(reference: &mut Reference, x: &[f64], weights: &[f64], optimizer: Step) {
    let zeros = |layer: &Dense| {
        let numbers = layer.numbers();
        [vec![0.0; numbers.len()], vec![0.0; numbers.len()]]
    };
    let mut states: Vec<_> = reference.0.iter().map(zeros).collect();
    for step in 1..=STEPS {
        let (gradients, _) = reference.gradients(x, weights);
        let layers = reference.0.iter_mut().zip(gradients).zip(&mut states);
        for ((layer, gradient), state) in layers {
            let mut numbers = layer.numbers();
            optimizer(step, &mut numbers, &gradient.numbers(), state);
            for (new, number) in numbers.into_iter().zip(layer.numbers_mut()) {
                *number = new;
            }
        }
    }
}

#[test]
fn a_network_follows_the_dense_masked_reference() {
    for device in devices() {
        for (storage, norm) in [
            (Storage::Csr, false),
            (Storage::Masked, false),
            (Storage::Auto, true),
        ] {
            for (mut optimizer, step) in optimizers() {
                let config = SparseMlpConfig::new(vec![5, 24, 16, 3]).with_sparsity(0.7);
                let config = config.with_storage(storage).with_layer_norm(norm);
                let mut net = config
                    .try_init(&device.clone().autodiff(), &mut rng(1))
                    .unwrap();
                let (x, weights) = (uniform(&mut rng(2), 5 * 40), uniform(&mut rng(3), 3 * 40));
                // Positive, so that the loss has a minimum.
                let weights: Vec<f32> = weights.iter().map(|w| w.abs() / 40.0).collect();
                let [wide_x, wide] =
                    [&x, &weights].map(|v| v.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
                let mut reference = Reference::of(&net.valid());
                let first = reference.loss(&wide_x, &wide);
                follow(&mut reference, &wide_x, &wide, step);
                assert!(reference.loss(&wide_x, &wide) < 0.5 * first);
                let patterns: Vec<_> = net
                    .sparse_layers()
                    .iter()
                    .map(|l| l.pattern().clone())
                    .collect();
                let x = Tensor::from_inner(rows(&x, 5, &device)).reshape([4, 10, 5]);
                let weights = Tensor::from_inner(rows(&weights, 3, &device)).reshape([4, 10, 3]);
                for _ in 0..STEPS {
                    let loss = (net.forward(x.clone()).square() * weights.clone()).sum();
                    let gradients = GradientsParams::from_grads(loss.backward(), &net);
                    net = optimizer.step(RATE, net, gradients);
                }
                let layers = net.sparse_layers().into_iter().zip(&reference.0);
                for ((layer, expected), pattern) in layers.zip(&patterns) {
                    assert!(layer.pattern().is_same(pattern));
                    let expected: Vec<f64> = expected.numbers();
                    let vectors = [layer.to_dense().reshape([-1]), layer.bias().unwrap()];
                    let norm = layer.layer_norm().into_iter().flatten();
                    let found: Vec<f32> =
                        vectors.into_iter().chain(norm).flat_map(floats).collect();
                    let what = format!("{storage:?} {norm:?}", norm = layer.layer_norm().is_some());
                    assert_close(&what, &found, &expected, 1e-3);
                }
            }
        }
    }
}

/// A user's own: a convolution, a sparse layer, a dense layer and a sparse network.
#[derive(Module, Debug)]
struct Classifier {
    convolution: Conv2d,
    sparse: SparseLinear,
    dense: Linear,
    head: SparseMlp,
}

/// A parameter of Burn's own layers with numbers from a generator of its own: Burn's is shared by all tests.
fn drawn<const D: usize>(param: Param<Tensor<D>>, seed: u64) -> Param<Tensor<D>> {
    param.map(|old| {
        let shape = old.shape();
        let mut numbers = uniform(&mut rng(seed), shape.num_elements());
        numbers.iter_mut().for_each(|number| *number *= 0.3);
        let drawn = Tensor::from_data(TensorData::new(numbers, shape), &old.inner().device());
        Tensor::from_inner(drawn).require_grad()
    })
}

impl Classifier {
    fn new(device: &Device) -> Self {
        let sparse = SparseLinearConfig::new(36, 20).with_density(0.2);
        let head = SparseMlpConfig::new(vec![8, 30, 3]).with_sparsity(0.6);
        let mut convolution = Conv2dConfig::new([1, 4], [3, 3])
            .with_stride([2, 2])
            .init(device);
        convolution.weight = drawn(convolution.weight, 3);
        convolution.bias = convolution.bias.map(|bias| drawn(bias, 4));
        let mut dense = LinearConfig::new(20, 8).init(device);
        dense.weight = drawn(dense.weight, 5);
        dense.bias = dense.bias.map(|bias| drawn(bias, 6));
        Self {
            convolution,
            sparse: sparse.try_init(device, &mut rng(1)).unwrap(),
            dense,
            head: head
                .with_activation(Activation::Gelu)
                .try_init(device, &mut rng(2))
                .unwrap(),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x: Tensor<2> = relu(self.convolution.forward(images)).flatten(1, 3);
        self.head
            .forward(relu(self.dense.forward(relu(self.sparse.forward(x)))))
    }
}

/// The same with dense layers and masks.
#[derive(Module, Debug)]
struct Masked {
    convolution: Conv2d,
    sparse: Linear,
    dense: Linear,
    head: Vec<Linear>,
    #[module(skip)]
    masks: Vec<Tensor<2>>,
}

impl Masked {
    fn of(net: &Classifier) -> Self {
        let twin = |layer: &SparseLinear| {
            let weight = layer.to_dense().transpose().inner();
            let mask = weight.clone().not_equal_elem(0.0).float();
            let layer = Linear {
                weight: Param::from_tensor(Tensor::from_inner(weight)),
                bias: layer
                    .bias()
                    .map(|bias| Param::from_tensor(Tensor::from_inner(bias.inner()))),
            };
            (layer, mask)
        };
        let (sparse, mask) = twin(&net.sparse);
        let (head, masks): (Vec<_>, Vec<_>) =
            net.head.sparse_layers().into_iter().map(twin).unzip();
        Self {
            convolution: net.convolution.clone(),
            sparse,
            dense: net.dense.clone(),
            head,
            masks: std::iter::once(mask).chain(masks).collect(),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x: Tensor<2> = relu(self.convolution.forward(images)).flatten(1, 3);
        let x = relu(self.dense.forward(relu(self.sparse.forward(x))));
        self.head[1].forward(Activation::Gelu.forward(self.head[0].forward(x)))
    }

    /// Puts the weights that do not exist back to zero.
    fn masked(mut self) -> Self {
        let masks = self.masks.clone();
        let layers = std::iter::once(&mut self.sparse).chain(&mut self.head);
        for (layer, mask) in layers.zip(masks) {
            let masked = |w: Tensor<2>| Tensor::from_inner(w.inner() * mask).require_grad();
            layer.weight = layer.weight.clone().map(masked);
        }
        self
    }
}

/// Every trained number of a module, by parameter.
#[derive(Default)]
struct Numbers(Vec<Vec<f32>>);

impl Numbers {
    fn of(module: &impl Module) -> Vec<Vec<f32>> {
        let mut numbers = Self::default();
        module.visit(&mut numbers);
        numbers.0
    }
}

impl ModuleVisitor for Numbers {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.push(floats(param.val()));
    }
}

#[test]
fn a_module_of_all_kinds_is_trained_as_its_dense_masked_twin() {
    for device in devices() {
        let images: Tensor<4> =
            Tensor::from_inner(rows(&uniform(&mut rng(4), 64 * 32), 64, &device))
                .reshape([32, 1, 8, 8]);
        let goals = Tensor::from_inner(rows(&uniform(&mut rng(5), 3 * 32), 3, &device));
        for (optimizer, _) in optimizers() {
            let mut net = Classifier::new(&device.clone().autodiff());
            let mut twin = Masked::of(&net);
            let before = Numbers::of(&net);
            let mut optimizers = [optimizer.clone(), optimizer];
            let error = |y: Tensor<2>| (y - goals.clone()).square().mean();
            let first = error(net.forward(images.clone())).into_scalar::<f32>();
            // Later a unit at a ReLU's edge falls to either side of it by rounding, which AdamW makes large.
            for _ in 0..20 {
                let loss = error(net.forward(images.clone()));
                let gradients = GradientsParams::from_grads(loss.backward(), &net);
                net = optimizers[0].step(RATE, net, gradients);
                let loss = error(twin.forward(images.clone()));
                let gradients = GradientsParams::from_grads(loss.backward(), &twin);
                twin = optimizers[1].step(RATE, twin, gradients).masked();
            }
            assert!(error(net.forward(images.clone())).into_scalar::<f32>() < first);
            for (k, (before, after)) in before.iter().zip(Numbers::of(&net)).enumerate() {
                let moved = before.iter().zip(&after).filter(|(a, b)| a != b).count();
                assert!(
                    2 * moved > before.len(),
                    "parameter {k}: {moved} of {}",
                    before.len()
                );
            }
            let pairs = std::iter::once((&net.sparse, &twin.sparse))
                .chain(net.head.sparse_layers().into_iter().zip(&twin.head));
            for (sparse, dense) in pairs {
                let wide = |t: Vec<f32>| t.into_iter().map(f64::from).collect::<Vec<_>>();
                let weight = wide(floats(dense.weight.val().transpose().reshape([-1])));
                assert_close("weight", &floats(sparse.to_dense()), &weight, 1e-5);
                let bias = wide(floats(dense.bias.as_ref().unwrap().val()));
                assert_close("bias", &floats(sparse.bias().unwrap()), &bias, 1e-5);
            }
        }
    }
}

#[test]
fn training_resumes_from_burns_records_bit_for_bit() {
    for device in devices() {
        let images: Tensor<4> =
            Tensor::from_inner(rows(&uniform(&mut rng(4), 64 * 8), 64, &device))
                .reshape([8, 1, 8, 8]);
        let step = |net: Classifier, optimizer: &mut ModuleOptimizer| {
            let loss = net.forward(images.clone()).square().mean();
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            optimizer.step(RATE, net, gradients)
        };
        for (mut optimizer, _) in optimizers() {
            let fresh = optimizer.clone();
            let mut net = Classifier::new(&device.clone().autodiff());
            for _ in 0..3 {
                net = step(net, &mut optimizer);
            }
            let bytes = net.clone().into_record().into_bytes().unwrap();
            let mut again = fresh.from_bytes(optimizer.into_bytes().unwrap()).unwrap();
            let other = Classifier::new(&device.clone().autodiff());
            let mut other = other.load_record(ModuleRecord::from_bytes(bytes).unwrap());
            for _ in 0..3 {
                net = step(net, &mut optimizer);
                other = step(other, &mut again);
            }
            assert_eq!(Numbers::of(&net), Numbers::of(&other));
        }
    }
}

#[test]
fn an_optimizers_state_is_as_small_as_the_connections_are_few() {
    let device = Device::default().autodiff();
    let config = SparseLinearConfig::new(1000, 1000)
        .with_density(0.01)
        .with_bias(false);
    let layer = config.try_init(&device, &mut rng(1)).unwrap();
    let mut optimizer = AdamWConfig::new().init();
    let loss = layer
        .forward(Tensor::<1>::ones([1000], &device))
        .square()
        .mean();
    let gradients = GradientsParams::from_grads(loss.backward(), &layer);
    let layer = optimizer.step(RATE, layer, gradients);
    let bytes = optimizer.into_bytes().unwrap().len();
    // Two moments of 10,000 connections, and the format's own.
    assert!((80_000..90_000).contains(&bytes), "{bytes}");
    assert_eq!(layer.num_params(), 10_000);
}

/// Two layers, of which a loss may use one alone.
#[derive(Module, Debug)]
struct Pair {
    first: SparseLinear,
    second: SparseLinear,
}

impl SparseModule for Pair {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.first, &self.second]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.first, &mut self.second]
    }

    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        vec![[0, 1]]
    }

    /// As a forward pass with an infinite input would tell.
    fn watch_activity(&mut self, probe: Option<ActivityProbe>) {
        if let Some(probe) = probe {
            probe.add(0, &[1.0, f32::INFINITY, 1.0, 0.0, 1.0]);
        }
    }
}

/// Replaces the first value of a layer.
fn spoil(layer: &mut SparseLinear, value: f32) {
    let mut values = floats(layer.values());
    values[0] = value;
    let device = layer.values().device();
    let bias = floats(layer.bias().unwrap());
    let pattern = layer.pattern().clone();
    *layer = SparseLinear::from_parts(pattern, values, bias, layer.storage(), &device).unwrap();
}

/// A rule that looks at such numbers would choose by them.
#[test]
fn connections_do_not_move_by_what_is_not_finite_or_not_there() {
    /// What is wrong in an update.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Wrong {
        Nothing,
        Weight(f32),
        /// Of an input without a connection: the loss is finite.
        Input(f32),
        Loss,
        Unreached,
    }
    use Wrong::{Input, Loss, Nothing, Unreached, Weight};

    let rigl = || RuleConfig::new(RigL::default());
    let (set, redo) = (
        RuleConfig::new(Set::default()),
        RuleConfig::new(ReDo::default()),
    );
    let gradient = "update 1: the dense gradient of layer 0 (`first`) is";
    let cases = [
        (rigl(), Loss, format!("{gradient} NaN")),
        (rigl(), Input(f32::INFINITY), format!("{gradient} ")),
        (rigl(), Input(f32::NAN), format!("{gradient} NaN")),
        (
            rigl(),
            Weight(f32::NAN),
            "update 1: the value of a connection of layer 1 (`second`) is NaN".into(),
        ),
        (
            set.clone(),
            Weight(f32::NEG_INFINITY),
            "update 1: the value of a connection of layer 1 (`second`) is -inf".into(),
        ),
        (
            redo,
            Nothing,
            "update 1: the activity of layer 0 (`first`) is inf".into(),
        ),
        (
            rigl(),
            Unreached,
            "loss = does not reach layer 1 (`second`): must be such that its backward pass".into(),
        ),
        // One that looks at no gradient needs none.
        (set, Unreached, String::new()),
        (rigl(), Nothing, String::new()),
    ];
    for device in devices() {
        let device = device.autodiff();
        for (rule, wrong, said) in &cases {
            let layer = |inputs, outputs, seed| {
                let config = SparseLinearConfig::new(inputs, outputs).with_density(0.5);
                config.try_init(&device, &mut rng(seed)).unwrap()
            };
            let mut net = Pair {
                first: layer(4, 5, 1),
                second: layer(5, 3, 2),
            };
            let positions: Vec<u32> = net.first.pattern().positions().collect();
            let kept: Vec<u32> = positions.iter().copied().filter(|p| p % 4 != 2).collect();
            // Nothing leads from input 2.
            let pattern = Pattern::from_positions(5, 4, &kept).unwrap();
            let values = vec![0.5; pattern.nnz()];
            net.first =
                SparseLinear::from_parts(pattern, values, vec![0.1; 5], Storage::Csr, &device)
                    .unwrap();
            let mut x = uniform(&mut rng(3), 6 * 4);
            match wrong {
                Weight(value) => spoil(&mut net.second, *value),
                Input(value) => x[2] = *value,
                _ => {}
            }
            let schedule = Schedule {
                every: 1,
                until: 10,
                fraction: DropFraction::Constant(0.4),
            };
            let mut updater =
                TopologyUpdater::new(&net, Topology::new(rule.clone(), schedule)).unwrap();
            let before = [net.first.pattern().clone(), net.second.pattern().clone()];
            let trace = updater.watch(&mut net);
            let hidden = net.first.forward(rows(&x, 4, &device));
            let loss = match wrong {
                Unreached => hidden.square().mean(),
                Loss => (net.second.forward(hidden) * f32::NAN).mean(),
                _ => net.second.forward(hidden).square().mean(),
            };
            drop(loss.backward());
            let step = updater.step(&mut net, trace, &mut rng(4));
            let same = [&net.first, &net.second]
                .map(SparseLinear::pattern)
                .into_iter()
                .eq(&before);
            match step {
                Err(error) => {
                    let error = error.to_string();
                    assert!(
                        !said.is_empty() && error.starts_with(said),
                        "{wrong:?}: {error}"
                    );
                    assert!(same && updater.updates() == 0, "{wrong:?}");
                }
                Ok(change) => {
                    assert!(said.is_empty(), "{rule:?} {wrong:?} moved");
                    assert!(!same && change.unwrap().grown() > 0, "{rule:?} {wrong:?}");
                }
            }
        }
    }
}
