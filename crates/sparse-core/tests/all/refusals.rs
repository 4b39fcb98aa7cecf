//! Plans that cannot be carried out, and modules of which something would be left out.

use std::collections::BTreeMap;

use crate::common::{devices, floats, rows, uniform};
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use rand::Rng;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};
use sparse_core::Result;
use sparse_core::nn::{
    ActivityProbe, SparseLinear, SparseLinearConfig, SparseMlp, SparseMlpConfig, SparseModule,
};
use sparse_core::topology::{
    DropFraction, LayerChange, NamedRule, NetworkState, ReDo, RigL, Rule, Schedule, Signal,
    Topology, TopologyUpdater, Update,
};
use sparse_core::trainer::{NetworkTrainer, NetworkTrainerConfig, StepReport};

/// Lists its layers in two orders.
#[derive(Module, Debug)]
struct Swapped {
    first: SparseLinear,
    second: SparseLinear,
}

impl SparseModule for Swapped {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.first, &self.second]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.second, &mut self.first]
    }
}

/// A sparse layer beside a dense one.
#[derive(Module, Debug)]
struct Net {
    sparse: SparseLinear,
    dense: Linear,
}

impl SparseModule for Net {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.sparse]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.sparse]
    }
}

fn net(device: &Device) -> Net {
    let config = SparseLinearConfig::new(7, 6).with_density(0.4);
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    Net {
        sparse: config.try_init(device, &mut rng).unwrap(),
        dense: LinearConfig::new(7, 6).init(device),
    }
}

fn every(every: u64) -> Schedule {
    Schedule {
        every,
        until: 1000,
        fraction: DropFraction::Constant(0.4),
    }
}

/// A sparse layer that is not listed, one that is listed twice, and a dense one where only sparse ones are trained.
#[test]
fn parameters_that_would_be_left_out_are_named() {
    #[derive(Module, Debug)]
    struct Forgetful {
        first: SparseLinear,
        second: SparseLinear,
    }

    impl SparseModule for Forgetful {
        fn sparse_layers(&self) -> Vec<&SparseLinear> {
            vec![&self.first]
        }

        fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
            vec![&mut self.first]
        }
    }

    #[derive(Module, Debug)]
    struct Twice {
        only: SparseLinear,
    }

    impl SparseModule for Twice {
        fn sparse_layers(&self) -> Vec<&SparseLinear> {
            vec![&self.only; 2]
        }

        fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
            vec![&mut self.only]
        }
    }

    let device = &devices()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let mut layer = || {
        SparseLinearConfig::new(4, 4)
            .with_density(0.5)
            .try_init(device, &mut rng)
            .unwrap()
    };
    let mut module = Forgetful {
        first: layer(),
        second: layer(),
    };
    let topology = || Topology::new(RigL::default(), every(2));
    let error = TopologyUpdater::new(&module, topology()).unwrap_err();
    assert!(error.is_module(), "{error}");
    assert!(
        error
            .to_string()
            .starts_with("parameter `second.weight.values`: of a sparse layer that"),
        "{error}"
    );
    assert!(
        NetworkTrainer::new(module.clone(), NetworkTrainerConfig::default())
            .unwrap_err()
            .is_module()
    );
    module.second = module.first.clone();
    let error = TopologyUpdater::new(&module, topology()).unwrap_err();
    assert!(error.to_string().contains("in two places"), "{error}");

    let swapped = Swapped {
        first: layer(),
        second: layer(),
    };
    let error = TopologyUpdater::new(&swapped, topology()).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("parameter `first.weight.values`: of a layer that `sparse_layers_mut`"),
        "{error}"
    );

    let twice = Twice { only: module.first };
    let error = TopologyUpdater::new(&twice, topology()).unwrap_err();
    assert!(error.to_string().contains("lists twice"), "{error}");

    let error = NetworkTrainer::new(net(device), NetworkTrainerConfig::default()).unwrap_err();
    assert!(error.is_module(), "{error}");
    let said = error.to_string();
    assert!(
        said.starts_with("parameter `dense.weight`: of no sparse layer"),
        "{said}"
    );
    assert!(said.contains("TopologyUpdater"), "{said}");
    let frozen = Net {
        dense: net(device).dense.no_grad(),
        ..net(device)
    };
    assert!(NetworkTrainer::new(frozen, NetworkTrainerConfig::default()).is_ok());
}

/// Plans what it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rogue {
    layers: usize,
    dropped: Vec<u32>,
    grown: Vec<u32>,
    grown_values: Vec<f32>,
    reset: Vec<(u32, f32)>,
    reset_units: Vec<usize>,
}

impl Rule for Rogue {
    fn signal(&self, _: u64) -> Option<Signal> {
        Some(Signal::None)
    }

    fn plan(&self, _: &NetworkState, _: Update, _: &mut dyn Rng) -> Result<Vec<LayerChange>> {
        let change = LayerChange {
            dropped: self.dropped.clone(),
            grown: self.grown.clone(),
            grown_values: self.grown_values.clone(),
            reset: self.reset.clone(),
            reset_units: self.reset_units.clone(),
            ..LayerChange::default()
        };
        Ok(vec![change; self.layers])
    }
}

impl NamedRule for Rogue {
    const NAME: &'static str = "rogue";
    const ABOUT: &'static str = "Plans what it is told";
}

/// One update with this rule.
fn attempt(
    net: &SparseMlp,
    rule: Rogue,
    x: &Tensor<2>,
    rng: &mut ChaCha8Rng,
) -> (NetworkTrainer<SparseMlp>, Result<StepReport>) {
    let config = NetworkTrainerConfig {
        topology: Some(Topology::new(rule, every(1))),
        ..NetworkTrainerConfig::default()
    };
    let mut trainer = NetworkTrainer::new(net.clone(), config).unwrap();
    let report = trainer.minimise([x], |net, x| net.forward(x.clone()).square().mean(), rng);
    (trainer, report)
}

#[test]
fn a_plan_that_cannot_be_carried_out_changes_nothing() {
    let device = &devices()[0];
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let config = SparseMlpConfig::new(vec![4, 3]).with_sparsity(0.5);
    let net = config.try_init(device, &mut rng).unwrap();
    let there: Vec<u32> = net.sparse_layers()[0].pattern().positions().collect();
    let free: Vec<u32> = (0..12).filter(|p| !there.contains(p)).collect();
    let good = Rogue {
        layers: 1,
        dropped: vec![there[1], there[0]],
        grown: vec![free[1], free[0]],
        grown_values: vec![1.0, 2.0],
        reset: vec![(3, 0.5)],
        reset_units: vec![2],
    };
    let bad = |change: &dyn Fn(&mut Rogue)| {
        let mut rule = good.clone();
        change(&mut rule);
        rule
    };
    let x = rows(&uniform(&mut rng, 12), 4, device);
    for (rule, reason) in [
        (
            bad(&|r| r.layers = 2),
            "layer 1: changes of 2 layers: must be 1",
        ),
        (
            bad(&|r| r.layers = 0),
            "layer 0: changes of 0 layers: must be 1",
        ),
        (bad(&|r| r.dropped = vec![there[0]; 2]), "drops position"),
        (
            bad(&|r| r.dropped = vec![free[2]]),
            "where no connection is",
        ),
        (
            bad(&|r| r.dropped = vec![77]),
            "drops position 77, where no connection is",
        ),
        (bad(&|r| r.grown = vec![free[0]; 2]), "twice"),
        (
            bad(&|r| r.grown = vec![free[0], there[3]]),
            "where a connection is",
        ),
        (
            bad(&|r| r.grown = vec![free[0], 12]),
            "grows position 12: must be below 12",
        ),
        (
            bad(&|r| r.grown_values = vec![1.0]),
            "1 grown values: must be none or 2",
        ),
        (
            bad(&|r| r.grown_values = vec![1.0, f32::NAN]),
            "a grown value is NaN",
        ),
        (
            bad(&|r| r.reset = vec![(6, 0.0)]),
            "resets value 6: must be below 6",
        ),
        (
            bad(&|r| r.reset_units = vec![3]),
            "resets unit 3: must be below 3",
        ),
        (
            bad(&|r| {
                r.dropped = there.clone();
                (r.grown, r.grown_values) = (Vec::new(), Vec::new());
            }),
            "leaves no connections",
        ),
    ] {
        let (trainer, report) = attempt(&net, rule, &x, &mut rng);
        let error = report.unwrap_err();
        assert!(
            error.is_plan() && error.to_string().contains(reason),
            "{error}"
        );
        assert!(
            error.to_string().starts_with("rule `rogue`, layer "),
            "{error}"
        );
        let [before, after] = [&net, trainer.net()].map(|net| net.sparse_layers()[0]);
        assert!(after.pattern().is_same(before.pattern()), "{error}");
        assert_eq!(floats(after.values()), floats(before.values()));
        assert_eq!(trainer.updates(), 0);
    }
    let (trainer, report) = attempt(&net, good.clone(), &x, &mut rng);
    let report = report.unwrap();
    assert_eq!((report.dropped, report.grown, report.recycled), (2, 2, 1));
    let layer = trainer.net().sparse_layers()[0];
    let values: BTreeMap<u32, f32> = layer
        .pattern()
        .positions()
        .zip(floats(layer.values()))
        .collect();
    assert_eq!(
        (values[&free[1]], values[&free[0]], values[&there[3]]),
        (1.0, 2.0, 0.5)
    );
    assert_eq!(floats(layer.bias().unwrap())[2], 0.0);
    // What is dropped and grown in one step stays.
    let same = bad(&|r| {
        r.grown = r.dropped.clone();
        r.grown_values = vec![9.0, 9.0];
        (r.reset, r.reset_units) = (Vec::new(), Vec::new());
    });
    let (trainer, report) = attempt(&net, same, &x, &mut rng);
    assert_eq!(report.unwrap().moved, Some(0));
    assert!(
        trainer.net().sparse_layers()[0]
            .pattern()
            .positions()
            .eq(there)
    );
}

/// Names hidden units, and does not tell how active they are.
#[derive(Module, Debug)]
struct Quiet {
    first: SparseLinear,
    second: SparseLinear,
    #[module(skip)]
    hidden: [usize; 2],
}

impl SparseModule for Quiet {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        vec![&self.first, &self.second]
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        vec![&mut self.first, &mut self.second]
    }

    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        vec![self.hidden]
    }
}

#[test]
fn hidden_units_that_are_none_or_say_nothing_are_refused() {
    let device = devices()[0].clone().autodiff();
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let mut layer = |inputs, outputs| {
        let config = SparseLinearConfig::new(inputs, outputs).with_density(0.7);
        config.try_init(&device, &mut rng).unwrap()
    };
    let mut net = Quiet {
        first: layer(4, 6),
        second: layer(6, 2),
        hidden: [0, 1],
    };
    let topology = || Topology::new(ReDo::default(), every(1));
    let mut updater = TopologyUpdater::new(&net, topology()).unwrap();
    let trace = updater.watch(&mut net);
    let x = Tensor::<2>::ones([3, 4], &device);
    drop(net.second.forward(net.first.forward(x)).mean().backward());
    let error = updater.step(&mut net, trace, &mut rng).unwrap_err();
    assert!(
        error.to_string().contains("`SparseModule::watch_activity`"),
        "{error}"
    );
    for hidden in [[0, 2], [1, 0]] {
        net.hidden = hidden;
        let error = TopologyUpdater::new(&net, topology()).unwrap_err();
        let said = format!("hidden_layers = {hidden:?}: must be places in a list of 2 layers");
        assert!(error.to_string().starts_with(&said), "{error}");
    }
}

/// Two networks, of which the second tells from its place on, or not.
#[derive(Module, Debug)]
struct Twins {
    first: SparseMlp,
    second: SparseMlp,
    #[module(skip)]
    from: usize,
}

impl SparseModule for Twins {
    fn sparse_layers(&self) -> Vec<&SparseLinear> {
        [&self.first, &self.second]
            .into_iter()
            .flat_map(SparseModule::sparse_layers)
            .collect()
    }

    fn sparse_layers_mut(&mut self) -> Vec<&mut SparseLinear> {
        [&mut self.first, &mut self.second]
            .into_iter()
            .flat_map(SparseModule::sparse_layers_mut)
            .collect()
    }

    fn hidden_layers(&self) -> Vec<[usize; 2]> {
        vec![[0, 1], [2, 3]]
    }

    fn watch_activity(&mut self, probe: Option<ActivityProbe>) {
        let from = self.from;
        self.second
            .watch_activity(probe.as_ref().map(|probe| probe.from_layer(from)));
        self.first.watch_activity(probe);
    }
}

/// Units of one network are not judged by those of another.
#[test]
fn units_are_told_by_the_place_of_their_layer() {
    let device = devices()[0].clone().autodiff();
    for (units, from, said) in [
        ([6, 6], 0, "not of the units of layer 2"),
        ([6, 9], 0, "not of the units of layer 0"),
        ([9, 6], 0, "not of the units of layer 0"),
        ([6, 9], 2, ""),
    ] {
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut net = |units: usize| {
            let config = SparseMlpConfig::new(vec![4, units, 2]).with_sparsity(0.3);
            config.try_init(&device, &mut rng).unwrap()
        };
        let mut net = Twins {
            first: net(units[0]),
            second: net(units[1]),
            from,
        };
        let topology = Topology::new(ReDo { threshold: 0.5 }, every(1));
        let mut updater = TopologyUpdater::new(&net, topology).unwrap();
        let trace = updater.watch(&mut net);
        let x = Tensor::<2>::random([8, 4], Distribution::Default, &device);
        let y = net.first.forward(x.clone()) + net.second.forward(x);
        drop(y.mean().backward());
        match updater.step(&mut net, trace, &mut rng) {
            Ok(change) => assert!(said.is_empty() && change.is_some()),
            Err(error) => {
                let error = error.to_string();
                assert!(!said.is_empty() && error.contains(said), "{error}");
            }
        }
    }
}
