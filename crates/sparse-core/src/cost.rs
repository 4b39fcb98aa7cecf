//! What a network costs at its connections: weights, bytes, and floating-point operations as the papers count
//! them.
//!
//! One multiplication and one addition per weight that exists make 2 FLOPs; biases, normalisation, activations and
//! the optimizer are not counted, which is how RigL (Evci et al. 2020, appendix H) and DS-TD3 (Sokar et al. 2022,
//! section 4.6) count. A backward pass costs twice a forward pass.

use std::fmt;

use crate::nn::{SparseLinear, SparseModule};

/// Bytes of an f32.
const FLOAT: usize = size_of::<f32>();

/// FLOPs per weight of a forward pass.
const FORWARD: f64 = 2.0;

/// FLOPs of forward and backward pass over those of the forward pass.
const TRAINING: f64 = 3.0;

/// What one layer costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LayerCost {
    /// Units of the layer.
    pub outputs: usize,
    /// Inputs of the layer.
    pub inputs: usize,
    /// Weights that the layer could have.
    pub weights: usize,
    /// Weights that exist.
    pub nnz: usize,
    /// Numbers that the units have for themselves: biases, and scales and shifts where the layer is normalised.
    pub per_unit: usize,
    /// Bytes of the index arrays that say which.
    pub index_bytes: usize,
}

impl LayerCost {
    /// A layer of this shape with `nnz` weights, and the index arrays of a [`Pattern`](crate::pattern::Pattern) but for where
    /// its blocks end, a few bytes per unit.
    #[must_use]
    pub fn new(outputs: usize, inputs: usize, nnz: usize) -> Self {
        Self {
            outputs,
            inputs,
            weights: outputs * inputs,
            nnz,
            per_unit: outputs,
            index_bytes: size_of::<u32>() * (outputs + inputs + 2 + 3 * nnz),
        }
    }

    /// What a layer of a network costs.
    #[must_use]
    pub fn of(layer: &SparseLinear) -> Self {
        let pattern = layer.pattern();
        Self {
            per_unit: layer.per_unit_names().len() * pattern.outputs(),
            index_bytes: pattern.bytes(),
            ..Self::new(pattern.outputs(), pattern.inputs(), pattern.nnz())
        }
    }

    /// Weights that exist as a share of all, in [0, 1]; 1 for a layer without any.
    #[must_use]
    pub fn density(&self) -> f64 {
        density(self.nnz, self.weights)
    }

    /// Bytes of values, biases, scales and shifts.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        FLOAT * (self.nnz + self.per_unit)
    }

    /// Bytes of Adam's two moments.
    #[must_use]
    pub fn optimizer_bytes(&self) -> usize {
        2 * self.parameter_bytes()
    }

    /// FLOPs of a forward pass, per sample.
    #[must_use]
    pub fn inference_flops(&self) -> f64 {
        FORWARD * self.nnz as f64
    }

    /// Mean FLOPs of a training step, per sample: see [`Cost::training_flops`].
    #[must_use]
    pub fn training_flops(&self, dense_gradient_every: Option<u64>) -> f64 {
        let dense = FORWARD * self.weights as f64;
        training(self.inference_flops(), dense, dense_gradient_every)
    }
}

/// What a network costs, layer by layer and in total; its `Display` is a table.
///
/// ```
/// use burn::tensor::Device;
/// use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
/// use sparse_core::{cost::Cost, nn::SparseMlpConfig};
///
/// let mut rng = ChaCha8Rng::seed_from_u64(0);
/// let net = SparseMlpConfig::new(vec![17, 256, 256, 6]).with_sparsity(0.9).try_init(&Device::flex(), &mut rng)?;
/// let cost = Cost::of(&net);
/// assert_eq!((cost.nnz(), cost.weights()), (7143, 71424));
/// assert_eq!(cost.inference_flops(), 2.0 * 7143.0);
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// The layers, in their order.
    pub layers: Vec<LayerCost>,
}

impl Cost {
    /// What a network costs now.
    #[must_use]
    pub fn of<N: SparseModule>(net: &N) -> Self {
        let layers = net.sparse_layers().into_iter().map(LayerCost::of);
        Self {
            layers: layers.collect(),
        }
    }

    /// This network and another, as the two critics of TD3.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.layers.extend(other.layers);
        self
    }

    /// Weights that the network could have.
    #[must_use]
    pub fn weights(&self) -> usize {
        self.layers.iter().map(|l| l.weights).sum()
    }

    /// Weights that exist.
    #[must_use]
    pub fn nnz(&self) -> usize {
        self.layers.iter().map(|l| l.nnz).sum()
    }

    /// Weights that exist as a share of all, in [0, 1].
    #[must_use]
    pub fn density(&self) -> f64 {
        density(self.nnz(), self.weights())
    }

    /// Bytes of values and biases.
    #[must_use]
    pub fn parameter_bytes(&self) -> usize {
        self.layers.iter().map(LayerCost::parameter_bytes).sum()
    }

    /// Bytes of Adam's two moments.
    #[must_use]
    pub fn optimizer_bytes(&self) -> usize {
        self.layers.iter().map(LayerCost::optimizer_bytes).sum()
    }

    /// Bytes of the index arrays.
    #[must_use]
    pub fn index_bytes(&self) -> usize {
        self.layers.iter().map(|l| l.index_bytes).sum()
    }

    /// FLOPs of a forward pass, per sample.
    #[must_use]
    pub fn inference_flops(&self) -> f64 {
        self.layers.iter().map(LayerCost::inference_flops).sum()
    }

    /// Mean FLOPs of a training step, per sample. `3 f_S` with `f_S` a forward pass of the sparse network; for a rule
    /// that needs the dense gradient once in ΔT updates and `f_D` a forward pass of the dense network
    /// `(3 f_S ΔT + 2 f_S + f_D) / (ΔT + 1)` (RigL, appendix H).
    #[must_use]
    pub fn training_flops(&self, dense_gradient_every: Option<u64>) -> f64 {
        let flops = |l: &LayerCost| l.training_flops(dense_gradient_every);
        self.layers.iter().map(flops).sum()
    }
}

fn density(nnz: usize, weights: usize) -> f64 {
    match weights {
        0 => 1.0,
        weights => nnz as f64 / weights as f64,
    }
}

/// RigL's mean cost of a training step from those of a sparse and of a dense forward pass.
fn training(sparse: f64, dense: f64, dense_gradient_every: Option<u64>) -> f64 {
    let Some(every) = dense_gradient_every else {
        return TRAINING * sparse;
    };
    let every = every as f64;
    (TRAINING * sparse * every + 2.0 * sparse + dense) / (every + 1.0)
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = [
            "weights",
            "exist",
            "density",
            "values B",
            "Adam B",
            "index B",
            "inference FLOP",
            "training FLOP",
        ];
        write!(f, "{:>12}", "layer")?;
        for column in columns {
            write!(f, "  {column:>14}")?;
        }
        let mut row = |name: &str, cost: &Self| {
            write!(f, "\n{name:>12}")?;
            for count in [cost.weights(), cost.nnz()] {
                write!(f, "  {count:>14}")?;
            }
            write!(f, "  {:>14.4}", cost.density())?;
            for bytes in [
                cost.parameter_bytes(),
                cost.optimizer_bytes(),
                cost.index_bytes(),
            ] {
                write!(f, "  {bytes:>14}")?;
            }
            let training = cost.training_flops(None);
            write!(f, "  {:>14.0}  {training:>14.0}", cost.inference_flops())
        };
        for layer in &self.layers {
            let name = format!("{}→{}", layer.inputs, layer.outputs);
            let layers = vec![*layer];
            row(&name, &Self { layers })?;
        }
        row("total", self)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};

    use super::*;
    use crate::nn::SparseMlpConfig;
    use crate::trainer::{NetworkTrainer, NetworkTrainerConfig};

    /// A network of the papers: hidden layers of 256 units, with these weights in each layer.
    fn mlp(inputs: usize, outputs: usize, nnz: [usize; 3]) -> Cost {
        let shapes = [(256, inputs), (256, 256), (outputs, 256)];
        let layers = shapes.into_iter().zip(nnz);
        let layers = layers.map(|((outputs, inputs), nnz)| LayerCost::new(outputs, inputs, nnz));
        Cost {
            layers: layers.collect(),
        }
    }

    /// A row of RLx2's Table 2: sizes of observation and action, weights of the actor and of each critic, and the
    /// published size, training and inference columns, as multiples of the dense network's.
    struct Row {
        task: (usize, usize),
        heads: usize,
        actor: [usize; 3],
        critic: [usize; 3],
        size: f64,
        training: f64,
        inference: f64,
    }

    /// Weights counted as the published sizes imply: online and target networks, but no target actor in SAC.
    fn size(actor: f64, critics: f64, heads: usize) -> f64 {
        match heads {
            1 => 2.0 * (actor + critics),
            _ => actor + 2.0 * critics,
        }
    }

    fn digits(found: f64, published: f64) {
        // Three digits are printed.
        assert!((found - published).abs() < 5.01e-4, "{found} {published}");
    }

    fn check(row: &Row) {
        let (observation, action) = row.task;
        let actor = mlp(observation, action * row.heads, row.actor);
        let critic = || mlp(observation + action, 1, row.critic);
        let critics = critic().and(critic());
        let ratio = |of: fn(&Cost) -> [usize; 2], join: &dyn Fn(f64, f64) -> f64| {
            let ([a, dense_a], [c, dense_c]) = (of(&actor), of(&critics));
            join(a as f64, c as f64) / join(dense_a as f64, dense_c as f64)
        };
        let weights = |cost: &Cost| [cost.nnz(), cost.weights()];
        digits(ratio(weights, &|a, c| size(a, c, row.heads)), row.size);
        let dense: f64 = actor.layers.iter().map(|l| 2.0 * l.weights as f64).sum();
        digits(actor.inference_flops() / dense, row.inference);
        if row.heads == 1 {
            // What the published training column implies for TD3: an update's forward and backward pass counted 2,
            // the target's forward pass 1, and the actor at half the critics' pace.
            digits(ratio(weights, &|a, c| 2.0 * a + 3.0 * c), row.training);
        }
    }

    #[test]
    fn rlx2_table_2_td3() {
        let row = |task, actor, critic, [size, training, inference]: [f64; 3]| {
            check(&Row {
                task,
                heads: 1,
                actor,
                critic,
                size,
                training,
                inference,
            });
        };
        row(
            (17, 6),
            [1950, 3657, 1536],
            [3703, 6794, 256],
            [0.133, 0.138, 0.100],
        );
        row(
            (11, 3),
            [356, 682, 345],
            [1110, 2104, 256],
            [0.040, 0.043, 0.020],
        );
        row(
            (17, 6),
            [559, 1048, 537],
            [1174, 2155, 256],
            [0.043, 0.045, 0.030],
        );
        row(
            (111, 8),
            [1233, 1721, 887],
            [4776, 6520, 256],
            [0.093, 0.100, 0.040],
        );
    }

    #[test]
    fn rlx2_table_2_sac() {
        let row = |task, actor, critic, [size, inference]: [f64; 2]| {
            check(&Row {
                task,
                heads: 2,
                actor,
                critic,
                size,
                training: f64::NAN,
                inference,
            });
        };
        row(
            (17, 6),
            [1892, 3548, 1857],
            [4967, 9114, 256],
            [0.180, 0.100],
        );
        row((11, 3), [359, 688, 352], [1110, 2104, 256], [0.044, 0.020]);
        row(
            (17, 6),
            [1892, 3548, 1857],
            [2438, 4475, 256],
            [0.100, 0.100],
        );
        row(
            (111, 8),
            [3127, 4362, 2318],
            [10066, 13743, 256],
            [0.220, 0.100],
        );
    }

    #[test]
    fn ds_td3_counts_a_training_of_dense_td3() {
        // A million steps of 100 samples: both critics, and the actor at half their pace (section 4.6).
        let actor = mlp(17, 6, [17 * 256, 256 * 256, 6 * 256]);
        let critic = mlp(23, 1, [23 * 256, 256 * 256, 256]);
        let critics = critic.clone().and(critic);
        let step = critics.training_flops(None) + actor.training_flops(None) / 2.0;
        assert_eq!(format!("{:.2e}", 1e6 * 100.0 * step), "1.07e14");
        assert_eq!(actor.weights() + critics.weights(), 214_784);
    }

    #[test]
    fn dense_gradients_cost_what_rigl_says() {
        let layer = LayerCost::new(10, 100, 100);
        let (sparse, dense) = (200.0, 2000.0);
        assert_eq!(layer.inference_flops(), sparse);
        assert_eq!(layer.training_flops(None), 3.0 * sparse);
        // Every update by the dense gradient: half of them are such steps.
        let every = (3.0 * sparse + 2.0 * sparse + dense) / 2.0;
        assert_eq!(layer.training_flops(Some(1)), every);
        let rare = (3.0 * sparse * 99.0 + 2.0 * sparse + dense) / 100.0;
        assert!((layer.training_flops(Some(99)) - rare).abs() < 1e-9);
        assert_eq!(layer.training_flops(Some(0)), 2.0 * sparse + dense);
    }

    #[test]
    fn normalised_layers_have_three_numbers_per_unit() {
        let config = SparseMlpConfig::new(vec![17, 256, 256, 6]).with_sparsity(0.9);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let device = crate::device::by_name(crate::device::available()[0]).unwrap();
        let net = config
            .with_layer_norm(true)
            .try_init(&device, &mut rng)
            .unwrap();
        let cost = Cost::of(&net);
        assert_eq!(cost.parameter_bytes(), 4 * (7143 + 3 * (256 + 256) + 6));
        assert_eq!(cost.inference_flops(), 2.0 * 7143.0);
        let learner = NetworkTrainer::new(net, NetworkTrainerConfig::default()).unwrap();
        assert_eq!(learner.memory().parameters, cost.parameter_bytes());
        assert_eq!(learner.memory().moments, cost.optimizer_bytes());
    }

    #[test]
    fn bytes_and_table_add_up() {
        let cost = mlp(17, 6, [1950, 3657, 1536]);
        assert_eq!(cost.parameter_bytes(), 4 * (7143 + 256 + 256 + 6));
        assert_eq!(cost.optimizer_bytes(), 2 * cost.parameter_bytes());
        let text = cost.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5);
        let words = |line: usize| lines[line].split_whitespace().collect::<Vec<&str>>();
        assert_eq!(words(1)[..4], ["17→256", "4352", "1950", "0.4481"]);
        assert_eq!(words(4)[..4], ["total", "71424", "7143", "0.1000"]);
        assert_eq!(words(4)[7..], ["14286", "42858"]);
        let width = |line: &&str| line.chars().count();
        assert!(lines.iter().all(|line| width(line) == width(&lines[0])));
    }
}
