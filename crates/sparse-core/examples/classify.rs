//! Dense against 95 % sparse, outside of reinforcement learning: ten classes of pictures of 28 × 28 points, drawn as
//! noisy prototypes, and the time that each network takes.
//!
//! `cargo run --release -p sparse-core --example classify`
#![allow(clippy::print_stdout, reason = "an example talks to its reader")]

use std::time::Instant;

use burn::tensor::activation::log_softmax;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sparse_core::nn::{SparseMlp, SparseMlpConfig};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

#[global_allocator]
static MEMORY: sparse_core::memory::CachingAllocator = sparse_core::memory::CachingAllocator::new();

fn main() -> Result<(), sparse_core::Error> {
    let device = Device::flex();
    for sparsity in [0.0, 0.95] {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let pictures = Pictures::new(&mut rng);
        let net = SparseMlpConfig::new(vec![784, 1024, 1024, 10]).with_sparsity(sparsity);
        let mut learner = NetworkTrainer::new(
            net.try_init(&device, &mut rng)?,
            NetworkTrainerConfig::default(),
        )?;
        let start = Instant::now();
        for _ in 0..300 {
            let (x, labels) = pictures.draw(256, &device, &mut rng);
            let labels = Tensor::from_inner(labels);
            let loss = |net: &SparseMlp, (x, labels)| {
                let log = log_softmax(net.forward(Tensor::from_inner(x)), 1);
                log.gather(1, labels).mean().neg()
            };
            learner.minimise([(x, labels)], loss, &mut rng)?;
        }
        let seconds = start.elapsed().as_secs_f64();
        let (x, labels) = pictures.draw(2000, &device, &mut rng);
        let right = learner.net().forward(x).argmax(1).equal(labels).int().sum();
        let share = f64::from(right.into_scalar::<i32>()) / 20.0;
        println!(
            "{:>3.0} % sparse: {seconds:5.1} s, {share:.1} % right",
            100.0 * sparsity
        );
    }
    Ok(())
}

/// One picture per class, of which every example is a noisy copy.
struct Pictures(Vec<Vec<f32>>);

impl Pictures {
    fn new(rng: &mut impl Rng) -> Self {
        let mut picture = |_| (0..784).map(|_| rng.random_range(0.0..1.0)).collect();
        Self((0..10).map(&mut picture).collect())
    }

    /// `[count, 784]` and their classes `[count, 1]`.
    fn draw(
        &self,
        count: usize,
        device: &Device,
        rng: &mut impl Rng,
    ) -> (Tensor<2>, Tensor<2, Int>) {
        let (mut points, mut classes) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let class = rng.random_range(0..10);
            classes.push(class as i32);
            points.extend(
                self.0[class]
                    .iter()
                    .map(|p| p + rng.random_range(-2.0..2.0)),
            );
        }
        let points = TensorData::new(points, [count, 784]);
        let classes = TensorData::new(classes, [count, 1]);
        (
            Tensor::from_data(points, device),
            Tensor::from_data(classes, device),
        )
    }
}
