//! Networks of every kind in this crate's own records.

use crate::common::{devices, floats};
use burn::module::Module;
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{
    Activation, Inference, SparseLinear, SparseMlp, SparseMlpConfig, SparseModule,
};
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

/// A network within a module that does not say its activation, or does.
#[derive(Module, Debug)]
struct Wrapper {
    net: SparseMlp,
    #[module(skip)]
    says: bool,
}

impl SparseModule for Wrapper {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        self.net.sparse_layers()
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        self.net.sparse_layers_mut()
    }

    fn activation(&self) -> Option<Activation> {
        self.says.then(|| self.net.activation())
    }
}

#[test]
fn a_module_that_says_no_activation_is_not_read_as_a_network_with_another() {
    let device = devices().remove(0);
    let wrapped = |says, sizes: &[usize]| {
        let config = SparseMlpConfig::new(sizes.to_vec()).with_activation(Activation::Gelu);
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let net = config.try_init(&device, &mut rng).unwrap();
        Wrapper { net, says }
    };
    let record = |module: &Wrapper| {
        let mut writer = RecordWriter::new();
        let trainer = NetworkTrainer::new(module.clone(), NetworkTrainerConfig::default());
        trainer.unwrap().save(&mut writer, "net");
        Record::from_bytes(writer.finish().unwrap()).unwrap()
    };
    let said = record(&wrapped(true, &[4, 12, 2]));
    let read = said.network("net", &device).unwrap();
    assert_eq!(read.activation(), Activation::Gelu);
    let silent = record(&wrapped(false, &[4, 12, 2]));
    let error = silent.network("net", &device).unwrap_err().to_string();
    assert!(error.contains("`net.activation` is none"), "{error}");
    // A module of its type takes it, one with an activation does not.
    let restored = |says| {
        let config = NetworkTrainerConfig::default();
        let mut trainer = NetworkTrainer::new(wrapped(says, &[4, 12, 2]), config).unwrap();
        trainer.restore(&silent, "net")
    };
    restored(false).unwrap();
    let error = restored(true).unwrap_err().to_string();
    assert!(error.contains("activation none: must be gelu"), "{error}");
    // Nothing follows the layer of one that has no other.
    let single = record(&wrapped(false, &[4, 2]));
    single.network("net", &device).unwrap();
}
