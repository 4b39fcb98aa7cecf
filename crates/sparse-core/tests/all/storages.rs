//! Compressed rows and masked matrices are two ways to compute the same training.

use crate::common::{devices, floats, layer, rows, uniform};
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::optim::AdamConfig;
use sparse_core::topology::{DropFraction, RigL, RuleConfig, Schedule, Topology};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig};

const STORAGES: [Storage; 3] = [Storage::Csr, Storage::Masked, Storage::Auto];
const BATCH: usize = 100;

/// Widths and densities of a network in which `Auto` takes rows for the outer layers and a matrix for the wide one between.
const MIXED: ([usize; 4], [f64; 3]) = ([9, 150, 150, 2], [0.3, 0.7, 0.3]);

/// As sparse as networks are that move their connections: rows everywhere.
const SPARSE: ([usize; 4], [f64; 3]) = ([9, 60, 60, 2], [0.5, 0.15, 0.5]);

/// One training with one storage.
struct Training {
    learner: NetworkTrainer<SparseMlp>,
    x: Tensor<2>,
    y: Tensor<2>,
    rng: ChaCha8Rng,
}

impl Training {
    fn new(
        (sizes, densities): ([usize; 4], [f64; 3]),
        storage: Storage,
        topology: Option<Topology>,
        device: &Device,
    ) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(7);
        let config = SparseMlpConfig::new(sizes.to_vec())
            .with_sparsity(0.5)
            .with_allocation(Allocation::PerLayer(densities.to_vec()))
            .with_storage(storage);
        let net = config.try_init(device, &mut rng).unwrap();
        let config = NetworkTrainerConfig {
            adam: AdamConfig {
                learning_rate: 3e-3,
                ..AdamConfig::default()
            },
            topology,
            target: Some(TargetConfig::new(0.01, 2)),
        };
        Self {
            learner: NetworkTrainer::new(net, config).unwrap(),
            x: rows(&uniform(&mut rng, BATCH * sizes[0]), sizes[0], device),
            y: rows(&uniform(&mut rng, BATCH * sizes[3]), sizes[3], device),
            rng,
        }
    }

    fn step(&mut self) -> f32 {
        let (x, y) = (self.x.clone(), self.y.clone());
        let loss = |net: &SparseMlp, (x, y)| {
            (net.forward(Tensor::from_inner(x)) - Tensor::from_inner(y))
                .square()
                .mean()
        };
        let report = self.learner.minimise([(x, y)], loss, &mut self.rng);
        report.unwrap().loss
    }

    fn weights(&self) -> Vec<f32> {
        let nets = [self.learner.net(), self.learner.target()];
        let layers = nets.into_iter().flat_map(|net| net.sparse_layers());
        layers
            .flat_map(|layer| [floats(layer.values()), floats(layer.bias().unwrap())].concat())
            .collect()
    }

    fn masks(&self) -> Vec<Vec<bool>> {
        let layers = self.learner.net().sparse_layers().into_iter();
        layers.map(|layer| layer.pattern().to_mask()).collect()
    }
}

/// Both storages sum in orders of their own, which the last bits tell.
#[test]
fn auto_takes_rows_for_few_connections_and_a_matrix_for_many() {
    for device in devices() {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for (density, taken, other) in [
            (0.05, Storage::Csr, Storage::Masked),
            (0.95, Storage::Masked, Storage::Csr),
        ] {
            let layer = layer([150, 150], density, &device, &mut rng);
            let x = rows(&uniform(&mut rng, BATCH * 150), 150, &device);
            let forward = |storage| floats(layer.clone().with_storage(storage).forward(x.clone()));
            assert_eq!(forward(Storage::Auto), forward(taken), "density {density}");
            assert_ne!(forward(Storage::Auto), forward(other), "density {density}");
        }
    }
}

#[test]
fn a_hundred_steps_are_the_same_to_float_noise() {
    for device in devices() {
        let runs = STORAGES.map(|storage| {
            let mut training = Training::new(MIXED, storage, None, &device);
            let losses: Vec<f32> = (0..100).map(|_| training.step()).collect();
            (losses, training.weights())
        });
        let [(losses, weights), others @ ..] = runs;
        // Sums in another order end in other bits, so each storage did compute in its own way.
        assert!(others.iter().all(|other| other.1 != weights) && others[0].1 != others[1].1);
        assert!(losses[99] < 0.9 * losses[0], "it learns: {losses:?}");
        for (other_losses, other_weights) in others {
            for (a, b) in losses.iter().zip(&other_losses) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
            // Adam's first steps turn the smallest gradients into whole steps, so noise shows most there.
            for (a, b) in weights.iter().zip(&other_weights) {
                assert!((a - b).abs() < 1e-4, "{a} {b}");
            }
        }
    }
}

#[test]
fn rigl_chooses_the_same_masks_twenty_times() {
    let schedule = Schedule {
        every: 5,
        until: 1000,
        fraction: DropFraction::Constant(0.3),
    };
    let topology = Topology::new(RuleConfig::new(RigL::default()), schedule);
    for device in devices() {
        let mut runs =
            STORAGES.map(|storage| Training::new(SPARSE, storage, Some(topology.clone()), &device));
        let mut before = runs[0].masks();
        for rewire in 0..20 {
            for _ in 0..5 {
                for training in &mut runs {
                    training.step();
                }
            }
            let masks = runs.each_ref().map(Training::masks);
            assert!(masks[0] != before, "rewire {rewire} moves something");
            assert!(
                masks[0] == masks[1],
                "rewire {rewire}: compressed rows and masked"
            );
            assert!(
                masks[0] == masks[2],
                "rewire {rewire}: compressed rows and automatic"
            );
            before = masks[0].clone();
        }
    }
}
