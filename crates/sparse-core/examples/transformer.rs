//! A transformer block whose feed-forward network is sparse, trained by Burn's AdamW at 90 % sparsity with RigL. Two tokens of
//! a sequence are marked, and the class is their sum modulo eight; the score on other sequences is within two points of a
//! dense network's.
//!
//! `cargo run --release -p sparse-core --example transformer`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod training;

use burn::module::Module;
use burn::nn::attention::{MhaInput, MultiHeadAttention, MultiHeadAttentionConfig};
use burn::nn::{LayerNorm, LayerNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sparse_core::nn::{Activation, SparseLinear, SparseMlp, SparseMlpConfig, SparseModule};
use training::{Examples, Training, accuracy, compare};

const TOKENS: usize = 8;
const LENGTH: usize = 8;
const FEATURES: usize = TOKENS + 1;
const WIDTH: usize = 64;

#[derive(Module, Debug)]
struct Transformer {
    embedding: Linear,
    attention: MultiHeadAttention,
    norms: [LayerNorm; 2],
    feed_forward: SparseMlp,
    readout: SparseMlp,
}

impl Transformer {
    fn new(sparsity: f64, device: &Device, rng: &mut impl Rng) -> sparse_core::Result<Self> {
        let mut network = |sizes: Vec<usize>| {
            SparseMlpConfig::new(sizes)
                .with_sparsity(sparsity)
                .with_activation(Activation::Gelu)
                .try_init(device, rng)
        };
        let attention = MultiHeadAttentionConfig::new(WIDTH, 4).with_dropout(0.0);
        Ok(Self {
            embedding: LinearConfig::new(FEATURES, WIDTH).init(device),
            attention: attention.init(device),
            norms: [0; 2].map(|_| LayerNormConfig::new(WIDTH).init(device)),
            feed_forward: network(vec![WIDTH, 4 * WIDTH, WIDTH])?,
            readout: network(vec![WIDTH, 4 * WIDTH, TOKENS])?,
        })
    }

    /// `[batch, length, features]` to `[batch, classes]`.
    fn forward(&self, tokens: Tensor<3>) -> Tensor<2> {
        let x = self.embedding.forward(tokens);
        let input = MhaInput::self_attn(self.norms[0].forward(x.clone()));
        let x = x + self.attention.forward(input).context;
        let x = x.clone() + self.feed_forward.forward(self.norms[1].forward(x));
        self.readout.forward(x.mean_dim(1).squeeze_dim::<2>(1))
    }
}

impl SparseModule for Transformer {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        let networks = [&self.feed_forward, &self.readout].into_iter();
        networks.flat_map(SparseMlp::sparse_layers).collect()
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        let networks = [&mut self.feed_forward, &mut self.readout].into_iter();
        networks.flat_map(SparseMlp::sparse_layers_mut).collect()
    }
}

fn main() -> sparse_core::Result<()> {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let examples = draw(4000, &device, &mut rng);
    let unseen = draw(2000, &device, &mut rng);
    let mut score = |sparsity: f64| -> sparse_core::Result<f64> {
        device.seed(1);
        let net = Transformer::new(sparsity, &device.clone().autodiff(), &mut rng)?;
        let training = Training {
            steps: 600,
            batch: 64,
            rate: 2e-3,
        };
        let net = training.run(net, &examples, Transformer::forward, &mut rng)?;
        let logits = net.valid().forward(unseen.inputs.clone());
        Ok(accuracy(logits, unseen.classes.clone()))
    };
    compare(score(0.0)?, score(0.9)?);
    Ok(())
}

/// Sequences `[count, length, features]`: which token each is, and whether it is one of the two that count.
fn draw(count: usize, device: &Device, rng: &mut impl Rng) -> Examples<3> {
    let mut features = vec![0.0_f32; count * LENGTH * FEATURES];
    let mut classes = Vec::with_capacity(count);
    for sequence in features.chunks_exact_mut(LENGTH * FEATURES) {
        let first = rng.random_range(0..LENGTH);
        let second = (first + rng.random_range(1..LENGTH)) % LENGTH;
        let mut sum = 0;
        for (place, token) in sequence.chunks_exact_mut(FEATURES).enumerate() {
            let drawn = rng.random_range(0..TOKENS);
            token[drawn] = 1.0;
            if place == first || place == second {
                token[TOKENS] = 1.0;
                sum += drawn;
            }
        }
        classes.push((sum % TOKENS) as i32);
    }
    let features = TensorData::new(features, [count, LENGTH, FEATURES]);
    Examples {
        inputs: Tensor::from_data(features, device),
        classes: Tensor::from_data(TensorData::new(classes, [count]), device),
    }
}
