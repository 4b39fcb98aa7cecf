//! Scores equal the papers' definitions, computed in float64 by PyTorch (`data/record.py`).

use burn::tensor::{Device, Tensor, TensorData};
use offline_prune::criteria::{Criterion, CriterionConfig, Force, IterativeSnip, SynFlow};
use offline_prune::prune::{Budget, Group, Loss, MinConnectivity, PerWeight};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use serde_json::Value;
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseLinear, SparseMlp, Storage};
use sparse_core::op::tanh;
use sparse_core::pattern::Pattern;

const STORAGES: [Storage; 2] = [Storage::Csr, Storage::Masked];

/// A recorded group: its networks, its losses, and what the definitions give.
struct Case {
    name: &'static str,
    recorded: Value,
    storage: Storage,
}

fn floats(value: &Value) -> Vec<f32> {
    let list = value.as_array().unwrap().iter();
    list.map(|x| x.as_f64().unwrap() as f32).collect()
}

fn rows(value: &Value, width: usize) -> Tensor<2> {
    let data = floats(value);
    let shape = [data.len() / width, width];
    Tensor::from_data(TensorData::new(data, shape), &Device::flex())
}

fn network(layers: &Value, storage: Storage) -> SparseMlp {
    let layers = layers.as_array().unwrap().iter().map(|layer| {
        let [weights, bias] = [0, 1].map(|k| floats(&layer[k]));
        let pattern = Pattern::full(bias.len(), weights.len() / bias.len());
        SparseLinear::from_parts(pattern, weights, bias, storage, &Device::flex()).unwrap()
    });
    SparseMlp::from_layers(layers.collect()).unwrap()
}

impl Case {
    fn all() -> Vec<Self> {
        let text = include_str!("../data/criteria.json");
        let recorded: Value = serde_json::from_str(text).unwrap();
        let names = ["critics", "actor", "deep"];
        let cases = names.iter().flat_map(|name| {
            STORAGES.map(|storage| Self {
                name,
                recorded: recorded[name].clone(),
                storage,
            })
        });
        cases.collect()
    }

    fn sparsity(&self) -> f64 {
        self.recorded["sparsity"].as_f64().unwrap()
    }

    fn rounds(&self, criterion: &str) -> usize {
        self.recorded["rounds"][criterion].as_u64().unwrap() as usize
    }

    fn networks(&self) -> Vec<SparseMlp> {
        let networks = self.recorded["networks"].as_array().unwrap().iter();
        networks.map(|net| network(net, self.storage)).collect()
    }

    fn losses(&self) -> Vec<Box<Loss<'static>>> {
        let sizes: Vec<u64> = serde_json::from_value(self.recorded["sizes"][0].clone()).unwrap();
        let [first, last] = [sizes[0], sizes[sizes.len() - 1]].map(|size| size as usize);
        let batches = self.recorded["batches"].as_array().unwrap().iter();
        let losses = batches.map(|batch| -> Box<Loss<'static>> {
            let (x, y) = (rows(&batch[0], first), rows(&batch[1], last));
            if self.name == "actor" {
                return Box::new(move |nets| actor_loss(nets, &x, &y));
            }
            Box::new(move |nets| squared_error(nets, &x, &y))
        });
        losses.collect()
    }

    fn budget(&self) -> Budget {
        Budget {
            sparsity: self.sparsity(),
            allocation: Allocation::Global,
            floor: MinConnectivity::NONE,
        }
    }

    fn expected(&self, criterion: &str) -> PerWeight {
        let layers = &self.recorded[criterion]["scores"];
        PerWeight::new(serde_json::from_value(layers.clone()).unwrap())
    }

    /// A criterion's scores, and the positions that it keeps of each layer.
    fn score(&self, criterion: CriterionConfig) -> (PerWeight, Vec<Vec<usize>>) {
        let (networks, losses) = (self.networks(), self.losses());
        let networks: Vec<&SparseMlp> = networks.iter().collect();
        let mut group = Group::new(&networks, &losses).unwrap();
        let critic = &self.recorded["critic"];
        if critic.as_array().is_some_and(|layers| !layers.is_empty()) {
            group = group.with_fixed(&[&network(critic, self.storage)]);
        }
        let rng = &mut ChaCha8Rng::seed_from_u64(0);
        let scores = criterion.scores(&group, &self.budget(), rng).unwrap();
        let selection = self.budget().select(group.layers(), &scores).unwrap();
        let kept = selection.kept.layers().iter();
        let positions = kept.map(|kept| (0..kept.len()).filter(|p| kept[*p]).collect());
        (scores, positions.collect())
    }
}

fn squared_error(nets: &[SparseMlp], x: &Tensor<2>, y: &Tensor<2>) -> Tensor<1> {
    let [x, y] = [x, y].map(|t| Tensor::from_inner(t.clone()));
    let errors = nets
        .iter()
        .map(|net| (net.forward(x.clone()) - y.clone()).square().mean());
    errors.reduce(|a, b| a + b).unwrap()
}

/// The critic comes behind the actor.
fn actor_loss(nets: &[SparseMlp], x: &Tensor<2>, y: &Tensor<2>) -> Tensor<1> {
    let [x, y] = [x, y].map(|t| Tensor::from_inner(t.clone()));
    let action = tanh(nets[0].forward(x.clone()));
    let distance = (action.clone() - y).square().mean();
    let value = nets[1].forward(Tensor::cat(vec![x, action], 1)).mean();
    distance * 2.0 - value
}

/// The largest difference, relative to the largest magnitude.
fn difference(found: &PerWeight, expected: &PerWeight) -> f64 {
    let largest = |x: &PerWeight| x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    largest(&found.zip(expected, |a, b| a - b)) / largest(expected)
}

#[test]
fn snip_is_the_definition() {
    for case in Case::all() {
        let (scores, _) = case.score(CriterionConfig::Snip);
        let difference = difference(&scores, &case.expected("snip"));
        println!("{} {:?}: {difference:e}", case.name, case.storage);
        assert!(difference < 1e-6, "{}: {difference}", case.name);
    }
}

#[test]
fn grasp_is_the_definition_with_its_sign() {
    for case in Case::all() {
        let (scores, _) = case.score(CriterionConfig::Grasp);
        // Recorded is S, of which the largest go; ours is its opposite, of which the largest stay.
        let kept = case.expected("grasp").map(|s| -s);
        let difference = difference(&scores, &kept);
        println!("{} {:?}: {difference:e}", case.name, case.storage);
        assert!(difference < 1e-5, "{}: {difference}", case.name);
    }
}

#[test]
fn iterative_criteria_are_the_definitions() {
    for case in Case::all() {
        let rounds = |name| case.rounds(name);
        let criteria = [
            CriterionConfig::SynFlow(SynFlow {
                rounds: rounds("synflow"),
            }),
            CriterionConfig::IterativeSnip(IterativeSnip {
                rounds: rounds("iterative-snip"),
            }),
            CriterionConfig::Force(Force {
                rounds: rounds("force"),
            }),
        ];
        for criterion in criteria {
            let name = criterion.name();
            let (mut scores, kept) = case.score(criterion);
            let mut expected = case.expected(name);
            if name != "force" {
                // What was removed has no score.
                let gone = |s: f64| s.max(0.0);
                let removed = expected.zip(&scores, |e, s| f64::from((e < 0.0) != s.is_infinite()));
                assert_eq!(removed.iter().sum::<f64>(), 0.0, "{} {name}", case.name);
                (scores, expected) = (scores.map(gone), expected.map(gone));
            }
            if name == "synflow" {
                // Ours are relative to the largest.
                let largest = expected.iter().fold(0.0, f64::max);
                expected = expected.map(|s| s / largest);
            }
            let difference = difference(&scores, &expected);
            println!("{} {:?} {name}: {difference:e}", case.name, case.storage);
            assert!(difference < 1e-5, "{} {name}: {difference}", case.name);
            let positions: Vec<Vec<usize>> =
                serde_json::from_value(case.recorded[name]["kept"].clone()).unwrap();
            assert_eq!(kept, positions, "{} {name}", case.name);
        }
    }
}
