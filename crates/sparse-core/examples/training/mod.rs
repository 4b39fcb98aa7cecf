//! Training a classifier by Burn's AdamW while a rule moves its connections.

use std::time::Instant;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Int, Tensor};
use rand::{Rng, RngExt};
use sparse_core::Result;
use sparse_core::nn::SparseModule;
use sparse_core::topology::{DropFraction, RigL, Schedule, Topology, TopologyUpdater};

/// Generated examples, on a device without autodiff.
pub(crate) struct Examples<const D: usize> {
    /// One for each class, in the first dimension.
    pub(crate) inputs: Tensor<D>,
    /// From 0, `[examples]`.
    pub(crate) classes: Tensor<1, Int>,
}

/// How long and how fast.
pub(crate) struct Training {
    /// Updates.
    pub(crate) steps: u64,
    /// Examples in each.
    pub(crate) batch: usize,
    /// Of AdamW.
    pub(crate) rate: f64,
}

impl Training {
    /// Trains a network, whose logits are `forward`'s. RigL moves connections until three quarters of the updates are over.
    pub(crate) fn run<N: SparseModule, const D: usize>(
        &self,
        mut net: N,
        examples: &Examples<D>,
        forward: impl Fn(&N, Tensor<D>) -> Tensor<2>,
        rng: &mut impl Rng,
    ) -> Result<N> {
        let schedule = Schedule {
            every: 20,
            until: 3 * self.steps / 4,
            fraction: DropFraction::Constant(0.2),
        };
        let mut updater = TopologyUpdater::new(&net, Topology::new(RigL::default(), schedule))?;
        let mut optimizer = AdamWConfig::new().init();
        let cross_entropy = CrossEntropyLossConfig::new().init(&net.devices()[0]);
        let (start, mut moved) = (Instant::now(), 0);
        for _ in 0..self.steps {
            let last = examples.classes.dims()[0] - self.batch;
            let first = rng.random_range(0..=last);
            let inputs = Tensor::from_inner(examples.inputs.clone().narrow(0, first, self.batch));
            let classes = Tensor::from_inner(examples.classes.clone().narrow(0, first, self.batch));
            let trace = updater.watch(&mut net);
            let loss = cross_entropy.forward(forward(&net, inputs), classes);
            let gradients = GradientsParams::from_grads(loss.backward(), &net);
            let change =
                updater.update(&mut net, &mut optimizer, self.rate, gradients, trace, rng)?;
            moved += change.map_or(0, |change| change.grown());
        }
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{} updates in {seconds:.1} s, {moved} connections moved",
            self.steps
        );
        Ok(net)
    }
}

/// The share of examples that the logits' largest is right about, in percent.
pub(crate) fn accuracy(logits: Tensor<2>, classes: Tensor<1, Int>) -> f64 {
    let count = classes.dims()[0] as f64;
    let right = logits.argmax(1).squeeze_dim::<1>(1).equal(classes).int();
    100.0 * right.sum().into_scalar::<i64>() as f64 / count
}

/// Ends the program unless the sparse score is within two points of the dense one.
pub(crate) fn compare(dense: f64, sparse: f64) {
    println!("test: dense {dense:.1} %, 90 % sparse {sparse:.1} %");
    assert!(dense > 90.0, "the dense network did not learn: {dense} %");
    assert!(
        sparse >= dense - 2.0,
        "sparse is more than two points worse"
    );
}
