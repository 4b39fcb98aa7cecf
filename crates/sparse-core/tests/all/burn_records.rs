//! Burn's own records of modules with sparse layers: connections lie beside the values, and what cannot be loaded right is an
//! error.

use crate::common::{devices, floats, rows, uniform};
use burn::config::Config;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamGroup};
use burn::nn::{Linear, LinearConfig};
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::{DType, Device, Int, Tensor};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use sparse_core::nn::{
    Activation, Fans, InitialMask, Initializer, SparseLinear, SparseLinearConfig, SparseMlp,
    SparseMlpConfig, SparseModule, Storage,
};
use sparse_core::pattern::{Pattern, Structure};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig};

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

fn mlp(seed: u64, device: &Device) -> SparseMlp {
    let config = SparseMlpConfig::new(vec![6, 40, 30, 2]).with_sparsity(0.8);
    config.try_init(device, &mut rng(seed)).unwrap()
}

/// Sparse layers beside dense ones, as a user writes them.
#[derive(Module, Debug)]
struct Mixed {
    embed: Linear,
    body: SparseMlp,
    heads: Vec<SparseLinear>,
}

impl Mixed {
    fn new(seed: u64, device: &Device) -> Self {
        let head = |k| {
            let config = SparseLinearConfig::new(2, 3)
                .with_density(0.5)
                .with_bias(k == 0);
            config.try_init(device, &mut rng(seed + k)).unwrap()
        };
        let body = SparseMlpConfig::new(vec![6, 40, 2]).with_sparsity(0.7);
        let body = body.with_layer_norm(true).with_activation(Activation::Silu);
        Self {
            embed: LinearConfig::new(5, 6).init(device),
            body: body.try_init(device, &mut rng(seed)).unwrap(),
            heads: vec![head(0), head(1)],
        }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.body.forward(self.embed.forward(x));
        self.heads[0].forward(x.clone()) + self.heads[1].forward(x)
    }
}

/// Every way that Burn 0.22 keeps a module.
fn through_each_format<M: Module>(module: &M, check: impl Fn(ModuleRecord)) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("module.bpk");
    module.clone().save_file(&path).unwrap();
    check(ModuleRecord::load(&path).unwrap());
    let bytes = module.clone().into_record().into_bytes().unwrap();
    check(ModuleRecord::from_bytes(bytes).unwrap());
    check(module.clone().into_record());
    check(module.clone().into_record().cast_to_module_dtype());
}

#[test]
fn a_trained_network_comes_back_exactly() {
    for device in devices() {
        let x = rows(&uniform(&mut rng(1), 6 * 64), 6, &device);
        let y = rows(&uniform(&mut rng(2), 2 * 64), 2, &device);
        let loss =
            |net: &SparseMlp, x: Tensor<2>, y: Tensor<2>| (net.forward(x) - y).square().mean();
        let mut config = NetworkTrainerConfig::default();
        config.adam.learning_rate = 0.01;
        let mut trainer = NetworkTrainer::new(mlp(3, &device), config).unwrap();
        for _ in 0..200 {
            let lifted = [&x, &y].map(|t| Tensor::from_inner(t.clone()));
            let step = |net: &SparseMlp, [x, y]: [Tensor<2>; 2]| loss(net, x, y);
            trainer.minimise([lifted], step, &mut rng(0)).unwrap();
        }
        let of = |net: &SparseMlp| loss(net, x.clone(), y.clone()).into_scalar::<f32>();
        let trained = of(trainer.net());
        assert!(trained < 0.5 * of(&mlp(3, &device)), "{trained}");
        through_each_format(trainer.net(), |record| {
            // Other connections, as many of them.
            let fresh = mlp(4, &device);
            assert_ne!(of(&fresh).to_bits(), trained.to_bits());
            let loaded = fresh.load_record(record);
            assert_eq!(of(&loaded).to_bits(), trained.to_bits());
            for (a, b) in loaded
                .sparse_layers()
                .iter()
                .zip(trainer.net().sparse_layers())
            {
                assert_eq!(a.pattern(), b.pattern());
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("net.bpk");
        trainer.net().clone().save_file(&path).unwrap();
        assert_eq!(of(&mlp(5, &device).load_file(&path)), trained);
    }
}

#[test]
fn sparse_layers_lie_beside_dense_ones_in_a_record() {
    for device in devices() {
        let module = Mixed::new(10, &device);
        let x = rows(&uniform(&mut rng(1), 5 * 9), 5, &device);
        let expected = floats(module.forward(x.clone()));
        through_each_format(&module, |record| {
            let loaded = Mixed::new(20, &device).load_record(record);
            assert_eq!(floats(loaded.forward(x.clone())), expected);
        });
        let names = [
            "embed.weight",
            "embed.bias",
            "body.layers.0.weight.positions",
            "body.layers.0.weight.values",
            "body.layers.0.bias",
            "body.layers.0.norm.scale",
            "body.layers.0.norm.shift",
            "body.layers.1.weight.positions",
            "body.layers.1.weight.values",
            "body.layers.1.bias",
            "heads.0.weight.positions",
            "heads.0.weight.values",
            "heads.0.bias",
            "heads.1.weight.positions",
            "heads.1.weight.values",
        ];
        assert_eq!(Paths::of(&module), names);
        let trained = module.body.sparse_layers().into_iter().chain(&module.heads);
        let trained: usize = trained
            .map(|layer| {
                let per_unit = usize::from(layer.bias().is_some())
                    + 2 * usize::from(layer.layer_norm().is_some());
                layer.pattern().nnz() + per_unit * layer.pattern().outputs()
            })
            .sum();
        assert_eq!(module.num_params(), 5 * 6 + 6 + trained);
    }
}

/// Paths of a module's parameters.
#[derive(Default)]
struct Paths(Vec<String>, Vec<String>);

impl Paths {
    fn of(module: &impl Module) -> Vec<String> {
        let mut paths = Self::default();
        module.visit(&mut paths);
        paths.1
    }
}

impl ModuleVisitor for Paths {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.0.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.0.pop();
    }

    fn visit_float<const D: usize>(&mut self, _: &Param<Tensor<D>>) {
        self.1.push(self.0.join("."));
    }

    fn visit_int<const D: usize>(&mut self, _: &Param<Tensor<D, Int>>) {
        self.1.push(self.0.join("."));
    }
}

/// What Burn says of a record that it does not load.
fn refusal<M: Module>(module: M, record: ModuleRecord) -> String {
    match module.try_load_record(record) {
        Err(RecordError::Validation(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn another_number_of_connections_is_an_error_of_burns() {
    let device = Device::default();
    let layer = |nnz| {
        let config = SparseLinearConfig::new(6, 5).with_nnz(Some(nnz));
        config.try_init(&device, &mut rng(1)).unwrap()
    };
    through_each_format(&layer(9), |record| {
        let message = refusal(layer(10), record);
        for part in ["positions", "values"] {
            let expected =
                format!("weight.{part}: shape mismatch, expected Shape {{ dims: [10] }}");
            let found = message.contains(&format!("weight.{part}: shape mismatch"));
            assert!(found, "{expected}: {message}");
        }
    });
    let record = layer(9).into_record().validate(false);
    let kept = layer(10).try_load_record(record).unwrap();
    assert_eq!(kept.pattern(), layer(10).pattern());
    assert_eq!(floats(kept.values()), floats(layer(10).values()));
}

/// Changes every integer parameter to these numbers.
struct Positions(Vec<i64>);

impl ModuleMapper for Positions {
    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        let numbers = Tensor::<1, Int>::from_data(&self.0[..], (&param.val().device(), DType::I64));
        param.map(|old| numbers.reshape(old.dims()))
    }
}

/// Has the paths of a layer's parameters, and any numbers there.
#[derive(Module, Debug)]
struct Forged {
    weight: ForgedWeight,
    bias: Param<Tensor<1>>,
}

#[derive(Module, Debug)]
struct ForgedWeight {
    positions: Param<Tensor<1, Int>>,
    values: Param<Tensor<1>>,
}

#[test]
fn positions_that_are_no_connections_are_refused_and_never_loaded() {
    let device = Device::default();
    let config = SparseLinearConfig::new(3, 2).with_nnz(Some(3));
    let layer = config.try_init(&device, &mut rng(1)).unwrap();
    let forged = |positions: [i64; 3]| {
        let positions = Tensor::<1, Int>::from_data(positions, (&device, DType::I64));
        Forged {
            weight: ForgedWeight {
                positions: Param::initialized(Default::default(), positions),
                values: Param::from_data([7.0, 8.0, 9.0], &device),
            },
            bias: Param::from_data([1.0, 2.0], &device),
        }
    };
    let loaded = layer.clone().load_record(forged([1, 3, 5]).into_record());
    assert_eq!(loaded.pattern().positions().collect::<Vec<_>>(), [1, 3, 5]);
    let dense = floats(loaded.to_dense());
    assert_eq!(dense, [0.0, 7.0, 0.0, 8.0, 0.0, 9.0]);
    let faults = [
        ([1, 3, 6], "positions[2] = 6: must be below 6"),
        ([3, 1, 5], "positions[0] = 3 is followed by 1"),
        ([1, 1, 5], "positions[0] = 1 is followed by 1"),
        ([-1, 3, 5], "positions[0] = -1: no position"),
        ([1, 3, 1 << 40], "positions[2] = 1099511627776: no position"),
    ];
    for (positions, reason) in faults {
        // Not cast to the layer's u32: of a number that is none Burn makes a panic.
        let record = forged(positions).into_record();
        let bytes = record.clone().into_bytes().unwrap();
        for record in [record, ModuleRecord::from_bytes(bytes).unwrap()] {
            let message = refusal(layer.clone(), record.clone());
            assert!(message.contains(reason), "{reason}: {message}");
            // What may lack parts must not hold what is not loaded, and the other way round.
            let message = refusal(layer.clone(), record.clone().allow_partial(true));
            assert!(message.contains("weight.values"), "{message}");
            refusal(layer.clone(), record.clone().allow_unused(true));
            // And where Burn is told to say nothing, connections and values stay.
            let all = record.allow_partial(true).allow_unused(true);
            let kept = layer.clone().try_load_record(all).unwrap();
            assert_eq!(kept.pattern(), layer.pattern());
            assert_eq!(floats(kept.values()), floats(layer.values()));
        }
        let kept = layer.clone().map(&mut Positions(positions.to_vec()));
        assert_eq!(kept.pattern(), layer.pattern());
    }
    let moved = layer.clone().map(&mut Positions(vec![0, 2, 4]));
    assert_eq!(moved.pattern().positions().collect::<Vec<_>>(), [0, 2, 4]);
    assert_eq!(floats(moved.values()), floats(layer.values()));
}

#[test]
fn a_record_without_positions_is_refused_unless_it_is_told_to_be_partial() {
    let device = Device::default();
    let layer = mlp(1, &device).sparse_layers()[0].clone();
    let record = layer
        .clone()
        .into_record_group(ParamGroup::from_path("weight.values"));
    let message = refusal(layer.clone(), record.clone());
    assert!(message.contains("weight.positions"), "{message}");
    assert!(layer.try_load_record(record.allow_partial(true)).is_ok());
}

#[test]
fn other_forms_of_a_module_have_the_same_connections() {
    for device in devices() {
        let module = Mixed::new(30, &device);
        let x = rows(&uniform(&mut rng(1), 5 * 9), 5, &device);
        let expected = floats(module.forward(x.clone()));
        let lifted = Tensor::from_inner(x.clone());
        let trained = module.clone().train();
        assert_eq!(floats(trained.forward(lifted.clone()).inner()), expected);
        assert_eq!(floats(trained.valid().forward(x.clone())), expected);
        let plain = [
            module.clone().to_device(&device),
            module.clone().fork(&device),
            module.clone().no_grad(),
            module.clone().materialize(),
            trained.valid(),
        ];
        for form in plain {
            assert_eq!(floats(form.forward(x.clone())), expected);
            assert_eq!(form.num_params(), module.num_params());
            assert_eq!(form.devices(), module.devices());
            assert_eq!(Paths::of(&form), Paths::of(&module));
        }
        // A record of the one loads into the other.
        let loaded = Mixed::new(40, &device)
            .train()
            .load_record(module.clone().into_record());
        assert_eq!(floats(loaded.forward(lifted.clone()).inner()), expected);
        let loss = loaded.forward(lifted).square().mean();
        let gradients = loss.backward();
        let values = loaded.heads[1].values().grad(&gradients).unwrap();
        assert!(floats(values).iter().any(|g| *g != 0.0));
        let back = Mixed::new(50, &device).load_record(trained.into_record());
        assert_eq!(floats(back.forward(x)), expected);
    }
}

#[test]
fn frozen_layers_have_no_gradient() {
    let device = Device::default().autodiff();
    let net = mlp(1, &device).no_grad();
    let x = Tensor::<2>::ones([4, 6], &device).require_grad();
    let gradients = net.forward(x.clone()).sum().backward();
    assert!(x.grad(&gradients).is_some());
    for layer in net.sparse_layers() {
        assert!(!layer.values().is_require_grad());
        assert!(layer.values().grad(&gradients).is_none());
    }
}

#[test]
fn what_prints_names_sizes() {
    let layer = SparseLinearConfig::new(6, 5).with_nnz(Some(9));
    let layer = layer.try_init(&Device::default(), &mut rng(1)).unwrap();
    let text = format!("{layer}");
    for part in ["outputs: 5", "inputs: 6", "nnz: 9", "params: 14"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn configurations_are_burns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.json");
    let config = SparseMlpConfig::new(vec![6, 40, 2])
        .with_sparsity(0.7)
        .with_mask(InitialMask::Random)
        .with_structure(Structure::NOfM { n: 2, m: 4 })
        .with_activation(Activation::Elu)
        .with_initializer(Initializer::XavierNormal)
        .with_fans(Fans::Actual)
        .with_storage(Storage::Csr)
        .with_bias(false);
    config.save(&path).unwrap();
    let again = SparseMlpConfig::load(&path).unwrap();
    assert_eq!(again.to_string(), config.to_string());
    let [a, b] = [config, again].map(|c| c.try_init(&Device::default(), &mut rng(1)));
    let ([a, b], x) = (
        [a.unwrap(), b.unwrap()],
        Tensor::<2>::ones([1, 6], &Device::default()),
    );
    assert_eq!(floats(a.forward(x.clone())), floats(b.forward(x)));
    assert!(a.sparse_layers().iter().all(|layer| layer.bias().is_none()));
    let layer = SparseLinearConfig::new(3, 2).with_density(0.5);
    layer.save(&path).unwrap();
    assert_eq!(
        SparseLinearConfig::load(&path).unwrap().to_string(),
        layer.to_string()
    );
    let error = SparseLinearConfig::load_binary(b"{\"inputs\": 3}").unwrap_err();
    assert!(error.to_string().contains("outputs"), "{error}");
}

#[test]
fn layers_without_a_seed_are_refused_in_words() {
    let device = Device::default();
    let config = SparseLinearConfig::new(3, 0);
    assert!(
        config
            .try_init(&device, &mut rng(1))
            .unwrap_err()
            .to_string()
            .contains("nnz = 0")
    );
    let caught = std::panic::catch_unwind(|| config.init(&device)).unwrap_err();
    let message = caught.downcast_ref::<String>().unwrap();
    assert!(
        message.contains("SparseLinearConfig: ") && message.contains("nnz = 0"),
        "{message}"
    );
    for (density, said) in [
        (0.0, "density = 0: must be in (0, 1]"),
        (1.5, "density = 1.5: must be"),
        (f64::NAN, "density = NaN: must be"),
    ] {
        let config = SparseLinearConfig::new(3, 4).with_density(density);
        let error = config.try_init(&device, &mut rng(1)).unwrap_err();
        assert!(error.to_string().starts_with(said), "{error}");
    }
    assert_eq!(Pattern::full(2, 3).nnz(), 6);
}
