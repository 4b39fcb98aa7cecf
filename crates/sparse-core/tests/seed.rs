//! Layers drawn from a device's generator. A test for itself: the generator is shared by all threads of a process.

use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{SparseLinear, SparseLinearConfig, SparseMlpConfig, SparseModule};

#[test]
fn a_devices_seed_decides_what_init_draws_and_nothing_that_try_init_does() {
    let device = Device::default();
    let config = SparseLinearConfig::new(20, 10).with_density(0.3);
    let network = SparseMlpConfig::new(vec![20, 10]).with_sparsity(0.7);
    let numbers = |layer: &SparseLinear| -> (Vec<u32>, Vec<f32>) {
        let vectors = [Some(layer.values()), layer.bias()].into_iter().flatten();
        let numbers =
            vectors.flat_map(|vector: Tensor<1>| vector.into_data().iter().collect::<Vec<_>>());
        (layer.pattern().positions().collect(), numbers.collect())
    };
    let draw = |seed: u64| {
        device.seed(seed);
        let first = numbers(&config.init(&device));
        let second = numbers(&config.init(&device));
        let third = numbers(network.init(&device.clone().autodiff()).sparse_layers()[0]);
        [first, second, third]
    };
    let drawn = draw(1);
    assert_eq!(drawn, draw(1));
    assert_ne!(drawn[0], drawn[1]);
    assert_ne!(drawn[0], draw(2)[0]);
    let explicit = |device_seed| {
        device.seed(device_seed);
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        numbers(&config.try_init(&device, &mut rng).unwrap())
    };
    assert_eq!(explicit(1), explicit(2));
}
