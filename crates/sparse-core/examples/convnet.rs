//! A small convolutional network with a sparse head: Burn's convolutions beside sparse layers, trained by Burn's AdamW at
//! 90 % sparsity with RigL. Stamps of ten kinds lie anywhere in noisy pictures; the score on other pictures is within two
//! points of a dense head's.
//!
//! `cargo run --release -p sparse-core --example convnet`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

mod training;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::tensor::{Device, Tensor, TensorData, activation::relu};
use rand::{Rng, RngExt};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sparse_core::nn::{SparseLinear, SparseMlp, SparseMlpConfig, SparseModule};
use training::{Examples, Training, accuracy, compare};

/// Sides of a picture and of a stamp.
const SIDE: usize = 16;
const STAMP: usize = 5;
const CLASSES: usize = 10;

#[derive(Module, Debug)]
struct ConvNet {
    first: Conv2d,
    second: Conv2d,
    pool: MaxPool2d,
    head: SparseMlp,
}

impl ConvNet {
    fn new(sparsity: f64, device: &Device, rng: &mut impl Rng) -> sparse_core::Result<Self> {
        let head = SparseMlpConfig::new(vec![16 * 2 * 2, 256, CLASSES]).with_sparsity(sparsity);
        Ok(Self {
            first: Conv2dConfig::new([1, 8], [3, 3]).init(device),
            second: Conv2dConfig::new([8, 16], [3, 3]).init(device),
            pool: MaxPool2dConfig::new([2, 2]).init(),
            head: head.try_init(device, rng)?,
        })
    }

    /// `[batch, 1, 16, 16]` to `[batch, 10]`.
    fn forward(&self, pictures: Tensor<4>) -> Tensor<2> {
        let x = self.pool.forward(relu(self.first.forward(pictures)));
        let x = self.pool.forward(relu(self.second.forward(x)));
        self.head.forward(x.flatten::<2>(1, 3))
    }
}

impl SparseModule for ConvNet {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        self.head.sparse_layers()
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        self.head.sparse_layers_mut()
    }
}

fn main() -> sparse_core::Result<()> {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let stamps: Vec<f32> = (0..CLASSES * STAMP * STAMP)
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    let examples = draw(&stamps, 4000, &device, &mut rng);
    let unseen = draw(&stamps, 2000, &device, &mut rng);
    let mut score = |sparsity: f64| -> sparse_core::Result<f64> {
        device.seed(1);
        let net = ConvNet::new(sparsity, &device.clone().autodiff(), &mut rng)?;
        let training = Training {
            steps: 600,
            batch: 64,
            rate: 3e-3,
        };
        let net = training.run(net, &examples, ConvNet::forward, &mut rng)?;
        let logits = net.valid().forward(unseen.inputs.clone());
        Ok(accuracy(logits, unseen.classes.clone()))
    };
    compare(score(0.0)?, score(0.9)?);
    Ok(())
}

/// Pictures `[count, 1, 16, 16]` with one of these stamps each.
fn draw(stamps: &[f32], count: usize, device: &Device, rng: &mut impl Rng) -> Examples<4> {
    let (mut points, mut classes) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let class = rng.random_range(0..CLASSES);
        let [top, left] = [0; 2].map(|_| rng.random_range(0..=SIDE - STAMP));
        let mut picture: Vec<f32> = (0..SIDE * SIDE)
            .map(|_| rng.random_range(-0.3..0.3))
            .collect();
        for (k, stamp) in stamps[class * STAMP * STAMP..][..STAMP * STAMP]
            .iter()
            .enumerate()
        {
            picture[(top + k / STAMP) * SIDE + left + k % STAMP] += 2.0 * stamp;
        }
        classes.push(class as i32);
        points.extend(picture);
    }
    let points = TensorData::new(points, [count, 1, SIDE, SIDE]);
    Examples {
        inputs: Tensor::from_data(points, device),
        classes: Tensor::from_data(TensorData::new(classes, [count]), device),
    }
}
