//! Networks of every kind in this crate's own records.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

mod common;

use burn::tensor::Tensor;
use common::{devices, floats};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{Activation, Inference, SparseMlp, SparseMlpConfig};
use sparse_core::record::{Record, RecordWriter, to_bytes};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

#[test]
fn every_kind_comes_back_and_acts_the_same() {
    for device in devices() {
        for activation in Activation::ALL {
            for (bias, norm) in [(true, false), (false, false), (false, true)] {
                let config = SparseMlpConfig::new(vec![4, 12, 9, 2]).with_sparsity(0.6);
                let config = config.with_activation(activation).with_bias(bias);
                let config = config.with_layer_norm(norm);
                let mut rng = ChaCha8Rng::seed_from_u64(3);
                let net = config.try_init(&device, &mut rng).unwrap();
                let record = Record::from_bytes(to_bytes(&[("net", &net)]).unwrap()).unwrap();
                let again: SparseMlp = record.network("net", &device).unwrap();
                assert_eq!(again.activation(), activation);
                let x = Tensor::<1>::from_data([0.3, -0.8, 1.5, 0.0], &device);
                let expected = floats(net.forward(x.clone()));
                assert_eq!(floats(again.forward(x)), expected);
                let mut one = Inference::of(&again);
                let found = one.forward(&[0.3, -0.8, 1.5, 0.0]).unwrap();
                for (found, expected) in found.iter().zip(expected) {
                    assert!((found - expected).abs() < 1e-5, "{activation:?}");
                }
            }
        }
    }
}

#[test]
fn a_trainer_takes_no_other_activation_or_bias_than_its_own() {
    let device = devices().remove(0);
    let trainer = |activation, bias| {
        let config = SparseMlpConfig::new(vec![4, 12, 2]).with_sparsity(0.6);
        let config = config.with_activation(activation).with_bias(bias);
        let net = config
            .try_init(&device, &mut ChaCha8Rng::seed_from_u64(3))
            .unwrap();
        NetworkTrainer::new(net, NetworkTrainerConfig::default()).unwrap()
    };
    let mut writer = RecordWriter::new();
    trainer(Activation::Tanh, false).save(&mut writer, "net");
    let record = Record::from_bytes(writer.finish().unwrap()).unwrap();
    trainer(Activation::Tanh, false)
        .restore(&record, "net")
        .unwrap();
    let refused = |activation, bias| {
        let error = trainer(activation, bias).restore(&record, "net");
        error.unwrap_err().to_string()
    };
    let message = refused(Activation::Relu, false);
    assert!(
        message.contains("activation tanh: must be relu"),
        "{message}"
    );
    let message = refused(Activation::Tanh, true);
    assert!(message.contains("without a bias: must be"), "{message}");
}
