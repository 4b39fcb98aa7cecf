//! A stored trainer continues as if it had never stopped, and damage is found.

use std::collections::HashMap;

use crate::common::{devices, floats, rows, uniform};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use safetensors::tensor::{SafeTensors, TensorView};
use sparse_core::Error;
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule, Storage};
use sparse_core::record::{Record, RecordWriter};
use sparse_core::topology::{
    DropFraction, GradualMagnitude, GrownMoments, GrownValue, ReDo, RigL, RuleConfig, Schedule,
    Set, Topology,
};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, TargetConfig, TargetConnections};

const SIZES: [usize; 4] = [4, 24, 24, 2];

fn config(rule: Option<RuleConfig>) -> NetworkTrainerConfig {
    let schedule = Schedule {
        every: 7,
        until: 1000,
        fraction: DropFraction::Constant(0.3),
    };
    NetworkTrainerConfig {
        topology: rule.map(|rule| Topology::new(rule, schedule)),
        target: Some(TargetConfig::new(0.1, 2)),
        ..NetworkTrainerConfig::default()
    }
}

/// The same with a target that has connections of its own.
fn own_target(rule: Option<RuleConfig>) -> NetworkTrainerConfig {
    let mut config = config(rule);
    let target = config.target.as_mut().unwrap();
    target.connections = TargetConnections::Magnitude;
    config
}

/// RigL that gives grown connections the moments that they had.
fn keeping() -> RuleConfig {
    RuleConfig::new(RigL {
        grown_moments: GrownMoments::Keep,
        ..RigL::default()
    })
}

fn rules() -> Vec<Option<RuleConfig>> {
    let pruning = GradualMagnitude {
        begin: 1,
        end: 60,
        initial_sparsity: 0.7,
        final_sparsity: 0.9,
        allocation: Allocation::Uniform,
    };
    let random = Set {
        grown_value: GrownValue::Random,
        ..Set::default()
    };
    vec![
        Some(keeping()),
        Some(RuleConfig::new(RigL::default())),
        Some(RuleConfig::new(random)),
        Some(RuleConfig::new(pruning)),
        Some(RuleConfig::new(ReDo { threshold: 0.5 })),
        None,
    ]
}

fn learner(
    config: NetworkTrainerConfig,
    storage: Storage,
    device: &Device,
) -> NetworkTrainer<SparseMlp> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    // Everything that a layer can have.
    let net = SparseMlpConfig::new(SIZES.to_vec())
        .with_sparsity(0.7)
        .with_layer_norm(true);
    let net = net
        .with_storage(storage)
        .try_init(device, &mut rng)
        .unwrap();
    NetworkTrainer::new(net, config).unwrap()
}

/// Takes some updates on data that follows from their count.
fn train(
    learner: &mut NetworkTrainer<SparseMlp>,
    updates: usize,
    rng: &mut ChaCha8Rng,
    device: &Device,
) {
    for _ in 0..updates {
        let x = uniform(&mut ChaCha8Rng::seed_from_u64(learner.updates()), 32 * 4);
        let y: Vec<f32> = x.chunks(4).flat_map(|x| [x[0] * x[1], x[3]]).collect();
        let (x, y) = (rows(&x, 4, device), rows(&y, 2, device));
        let loss =
            |net: &SparseMlp, (x, y): (Tensor<2>, Tensor<2>)| (net.forward(x) - y).square().mean();
        learner.minimise([(x, y)], loss, rng).unwrap();
    }
}

fn store(learner: &NetworkTrainer<SparseMlp>) -> Vec<u8> {
    let mut writer = RecordWriter::new();
    learner.save(&mut writer, "net");
    writer.finish().unwrap()
}

fn load(
    bytes: &[u8],
    config: NetworkTrainerConfig,
    device: &Device,
) -> Result<NetworkTrainer<SparseMlp>, Error> {
    NetworkTrainer::load(&Record::from_bytes(bytes.to_vec())?, "net", config, device)
}

/// The bits of a network.
fn bits(net: &SparseMlp) -> Vec<Vec<u32>> {
    let bits = |x: Vec<f32>| x.into_iter().map(f32::to_bits).collect();
    let layer = |l: &sparse_core::nn::SparseLinear| {
        let positions = l.pattern().positions().collect();
        let norm = l.layer_norm().into_iter().flatten();
        let vectors = [l.values(), l.bias().unwrap()].into_iter().chain(norm);
        let vectors = vectors.map(|v| bits(floats(v)));
        std::iter::once(positions)
            .chain(vectors)
            .collect::<Vec<_>>()
    };
    net.sparse_layers().into_iter().flat_map(layer).collect()
}

fn assert_same(
    found: &NetworkTrainer<SparseMlp>,
    expected: &NetworkTrainer<SparseMlp>,
    what: &str,
) {
    assert_eq!(bits(found.net()), bits(expected.net()), "{what}");
    assert_eq!(bits(found.target()), bits(expected.target()), "{what}");
    assert_eq!(found.updates(), expected.updates(), "{what}");
    assert_eq!(found.memory(), expected.memory(), "{what}");
    let explored = |l: &NetworkTrainer<SparseMlp>| l.explored().map(|e| e.layer_rates());
    assert_eq!(explored(found), explored(expected), "{what}");
    // Equal bytes say the same of the moments.
    assert!(store(found) == store(expected), "{what}");
}

#[test]
fn training_goes_on_bit_for_bit() {
    for device in devices() {
        for rule in rules() {
            for storage in [Storage::Csr, Storage::Masked, Storage::Auto] {
                goes_on(&config(rule.clone()), storage, &device);
                goes_on(&own_target(rule.clone()), storage, &device);
            }
        }
    }
}

/// Neither weight decay, nor a rule, nor a resume moves what is frozen.
#[test]
fn frozen_layers_stay_as_they_are() {
    for device in devices() {
        for rule in rules() {
            stays(config(rule), &device);
        }
    }
}

fn stays(mut config: NetworkTrainerConfig, device: &Device) {
    let what = format!("{:?}", config.topology);
    config.adam.weight_decay = 0.1;
    let begin = || {
        let mut net = learner(config.clone(), Storage::Csr, device).net().clone();
        for (index, layer) in net.sparse_layers_mut().into_iter().enumerate() {
            if index == 0 {
                *layer = layer.clone().no_grad();
            }
        }
        NetworkTrainer::new(net, config.clone()).unwrap()
    };
    let mut whole = begin();
    let before = bits(whole.net());
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    train(&mut whole, 8, &mut rng, device);
    let mut resumed = begin();
    let record = Record::from_bytes(store(&whole)).unwrap();
    resumed.restore(&record, "net").unwrap();
    for learner in [&mut whole, &mut resumed] {
        train(learner, 8, &mut rng.clone(), device);
        let after = bits(learner.net());
        // Positions and four vectors of each layer.
        assert_eq!(after[..5], before[..5], "{what}");
        let changed = |layer: usize| after[layer + 1] != before[layer + 1];
        assert!((5..15).step_by(5).all(changed), "{what}");
    }
    assert_same(&resumed, &whole, &what);
}

fn goes_on(config: &NetworkTrainerConfig, storage: Storage, device: &Device) {
    let what = format!("{config:?} {storage:?}");
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut whole = learner(config.clone(), storage, device);
    // Between two steps of the rule, and between two of the target.
    train(&mut whole, 31, &mut rng, device);
    let bytes = store(&whole);
    let mut resumed = load(&bytes, config.clone(), device).unwrap();
    assert_same(&resumed, &whole, &what);
    let mut again = rng.clone();
    train(&mut whole, 40, &mut rng, device);
    train(&mut resumed, 40, &mut again, device);
    assert_same(&resumed, &whole, &what);
    assert!(store(&whole) != bytes, "{what}");
}

#[test]
fn what_was_dropped_is_remembered_across_a_restart() {
    let device = &devices()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut learner = learner(config(Some(keeping())), Storage::Csr, device);
    let before = store(&learner).len();
    // The seventh update drops connections.
    train(&mut learner, 9, &mut rng, device);
    let bytes = store(&learner);
    let record = SafeTensors::deserialize(&bytes).unwrap();
    // The third layer has every connection.
    for layer in 0..2 {
        let name = format!("net.{layer}.dropped.positions");
        assert!(record.tensor(&name).unwrap().shape()[0] > 0);
    }
    assert!(bytes.len() > before);
}

/// A file's tensors and metadata, to be spoilt: of the version without a checksum, which would tell before all else.
struct Parts {
    tensors: Vec<(String, safetensors::Dtype, Vec<u8>)>,
    metadata: HashMap<String, String>,
}

impl Parts {
    fn of(bytes: &[u8]) -> Self {
        let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
        let tensors = SafeTensors::deserialize(bytes).unwrap().tensors();
        let tensor =
            |(name, view): (String, TensorView<'_>)| (name, view.dtype(), view.data().to_vec());
        let mut metadata = header.metadata().clone().unwrap();
        metadata.remove("crc32").unwrap();
        metadata.insert("format".to_owned(), "sparse-core 2".to_owned());
        Self {
            tensors: tensors.into_iter().map(tensor).collect(),
            metadata,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, dtype, bytes)| {
            let length = 8 * bytes.len() / dtype.bitsize();
            let view = TensorView::new(*dtype, vec![length], bytes).unwrap();
            (name.as_str(), view)
        });
        safetensors::serialize(views, Some(self.metadata.clone())).unwrap()
    }
}

/// Asserts that a spoilt file is refused with a message that names `part`.
fn refused(parts: &Parts, config: &NetworkTrainerConfig, part: &str) {
    let error = load(&parts.bytes(), config.clone(), &devices()[0]).unwrap_err();
    assert!(error.is_record(), "{part}: {error}");
    assert!(error.to_string().contains(part), "{part}: {error}");
}

/// The bytes of a learner that has everything that a learner can have.
fn stored() -> (Vec<u8>, NetworkTrainerConfig) {
    let (device, config) = (&devices()[0], config(Some(keeping())));
    let mut learner = learner(config.clone(), Storage::Csr, device);
    train(&mut learner, 9, &mut ChaCha8Rng::seed_from_u64(3), device);
    (store(&learner), config)
}

#[test]
fn nothing_may_be_missing() {
    let (bytes, config) = stored();
    let count = Parts::of(&bytes).tensors.len();
    // Values, positions, bias, four moments, what was explored and the target's three. Two layers have dropped
    // connections, in three vectors, and have scale and shift, each with two moments and one more in the target.
    assert_eq!(count, 3 * (3 + 4 + 1 + 3) + 2 * (3 + 2 * 4));
    for index in 0..count {
        let mut parts = Parts::of(&bytes);
        let (name, ..) = parts.tensors.remove(index);
        refused(&parts, &config, &format!("`{name}` is missing"));
    }
    for key in Parts::of(&bytes).metadata.keys() {
        // A file without a count of layers is an old one.
        if !["format", "net.layers", "net_target.layers"].contains(&key.as_str()) {
            let mut parts = Parts::of(&bytes);
            parts.metadata.remove(key);
            refused(&parts, &config, &format!("`{key}` is missing"));
        }
    }
}

#[test]
fn nothing_may_be_of_another_length_or_type() {
    let (bytes, config) = stored();
    for index in 0..Parts::of(&bytes).tensors.len() {
        let mut parts = Parts::of(&bytes);
        let (name, dtype, data) = &mut parts.tensors[index];
        data.truncate(data.len() - dtype.bitsize() / 8);
        // Positions and what lies at them disagree; the message names the layer.
        let layer: Vec<&str> = name.split('.').take(2).collect();
        let layer = layer.join(".");
        refused(&parts, &config, &layer);

        let mut parts = Parts::of(&bytes);
        let (name, dtype, data) = &mut parts.tensors[index];
        (*dtype, *data) = (safetensors::Dtype::U8, vec![0; 8]);
        let name = format!("`{name}` is of type U8");
        refused(&parts, &config, &name);
    }
}

#[test]
fn numbers_that_cannot_be_are_refused() {
    let (bytes, config) = stored();
    for (key, value) in [
        ("net.steps", "-1"),
        ("net.updates", "many"),
        ("net.layers", "2"),
        ("net.layers", "4"),
        ("net.1.dropped.at", "1000"),
        ("net.1.dropped.at", "-1"),
        ("net.1.inputs", "25"),
    ] {
        let mut parts = Parts::of(&bytes);
        parts.metadata.insert(key.into(), value.into());
        // Layers that do not fit together are named by their network.
        let whole = ["net.layers", "net.1.inputs"].contains(&key);
        refused(&parts, &config, if whole { "`net" } else { key });
    }
    let set = |name: &str, word: usize, to: u32| {
        let mut parts = Parts::of(&bytes);
        let tensor = parts.tensors.iter_mut().find(|t| t.0 == name).unwrap();
        tensor.2[4 * word..4 * word + 4].copy_from_slice(&to.to_le_bytes());
        parts
    };
    let dropped = "net.0.dropped.positions";
    refused(&set(dropped, 0, 95), &config, dropped);
    // Layer 0 has 96 possible connections, in two words of 64 bits.
    let explored = "net.0.explored";
    refused(&set(explored, 3, u32::MAX), &config, explored);
    refused(&set(explored, 0, 0), &config, explored);
}

#[test]
fn another_configuration_or_architecture_is_refused() {
    let (bytes, full) = stored();
    let device = &devices()[0];
    let record = Record::from_bytes(bytes).unwrap();
    let message = |config| {
        let error = NetworkTrainer::load(&record, "net", config, device).unwrap_err();
        assert!(error.is_record());
        error.to_string()
    };
    let (mut no_target, mut no_rule) = (full.clone(), full.clone());
    no_target.target = None;
    no_rule.topology = None;
    assert!(message(no_target).contains("`net_target` is stored"));
    assert!(message(no_rule).contains("`net.0.explored` is stored"));
    // A target of other connections is one of its own.
    let own = own_target(Some(keeping()));
    let mut apart = learner(own.clone(), Storage::Csr, device);
    train(&mut apart, 9, &mut ChaCha8Rng::seed_from_u64(3), device);
    let bytes = store(&apart);
    assert!(load(&bytes, own, device).is_ok());
    refused(&Parts::of(&bytes), &full, "`net_target.0.positions`");
    let error = NetworkTrainer::load(&record, "other", full.clone(), device).unwrap_err();
    assert!(error.to_string().contains("`other`"), "{error}");

    for (sizes, expected) in [
        (&[4, 24, 2][..], "`net` is stored with 3 layers: must be 2"),
        (
            &[4, 24, 25, 2],
            "`net.1` is a layer [24×24] with a layer norm: must be [25×24] with a layer norm",
        ),
    ] {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let net = SparseMlpConfig::new(sizes.to_vec()).with_layer_norm(true);
        let net = net.try_init(device, &mut rng).unwrap();
        let mut learner = NetworkTrainer::new(net, full.clone()).unwrap();
        let before = bits(learner.net());
        let error = learner.restore(&record, "net").unwrap_err();
        assert!(
            error.is_record() && error.to_string().contains(expected),
            "{error}"
        );
        assert_eq!((bits(learner.net()), learner.updates()), (before, 0));
    }
}

#[test]
fn a_name_is_given_once() {
    let device = &devices()[0];
    let learner = learner(config(None), Storage::Csr, device);
    let mut writer = RecordWriter::new();
    learner.save(&mut writer, "net");
    writer.network("net_target", learner.net());
    let error = writer.finish().unwrap_err();
    assert!(
        error.is_record() && error.to_string().contains("net_target"),
        "{error}"
    );
}
