//! GraSP on networks of the size that is used, against a Hessian-vector product in f64.

use burn::tensor::{Device, Tensor, TensorData};
use offline_prune::criteria::{Criterion, Grasp};
use offline_prune::prune::{Budget, Group, Loss, MinConnectivity, PerWeight};
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sparse_core::budget::Allocation;
use sparse_core::nn::{SparseMlp, SparseMlpConfig, SparseModule};

const SIZES: [usize; 4] = [23, 256, 256, 1];
const ROWS: usize = 256;

fn floats(tensor: Tensor<1>) -> Vec<f64> {
    let data = tensor.into_data();
    data.iter::<f32>().map(f64::from).collect()
}

/// A matrix `[rows, columns]` in f64.
#[derive(Clone)]
struct Matrix {
    columns: usize,
    data: Vec<f64>,
}

impl Matrix {
    /// `x Wᵀ`: `[batch, inputs]` by `[outputs, inputs]`.
    fn times_transposed(&self, w: &Matrix) -> Matrix {
        let dot = |x: &[f64], w: &[f64]| x.iter().zip(w).map(|(x, w)| x * w).sum::<f64>();
        let rows = self.data.chunks(self.columns);
        let data = rows.flat_map(|x| w.data.chunks(w.columns).map(move |w| dot(x, w)));
        Matrix {
            columns: w.data.len() / w.columns,
            data: data.collect(),
        }
    }

    /// `x W`.
    fn times(&self, w: &Matrix) -> Matrix {
        self.times_transposed(&w.transposed())
    }

    fn transposed(&self) -> Matrix {
        let rows = self.data.len() / self.columns;
        let element = |k: usize| self.data[(k % rows) * self.columns + k / rows];
        Matrix {
            columns: rows,
            data: (0..self.data.len()).map(element).collect(),
        }
    }

    fn zip(&self, other: &Matrix, f: impl Fn(f64, f64) -> f64) -> Matrix {
        let pairs = self.data.iter().zip(&other.data);
        Matrix {
            columns: self.columns,
            data: pairs.map(|(a, b)| f(*a, *b)).collect(),
        }
    }
}

/// The mean squared error of a network on a batch, in f64.
struct Reference {
    weights: Vec<Matrix>,
    biases: Vec<Vec<f64>>,
    x: Matrix,
    y: Matrix,
}

impl Reference {
    /// The gradient with respect to the weights, and its derivative as the weights move along `along` with every ReLU
    /// as it is (Pearlmutter 1994).
    fn gradient(&self, along: &[Matrix]) -> [Vec<Vec<f64>>; 2] {
        let last = self.weights.len() - 1;
        // Layers' inputs, their derivatives, and the gates behind each layer.
        let mut inputs = vec![self.x.clone()];
        let mut moved = vec![self.x.zip(&self.x, |_, _| 0.0)];
        let mut gates = Vec::new();
        for (l, w) in self.weights.iter().enumerate() {
            let mut z = inputs[l].times_transposed(w);
            for row in z.data.chunks_mut(z.columns) {
                row.iter_mut()
                    .zip(&self.biases[l])
                    .for_each(|(z, b)| *z += b);
            }
            let dz = inputs[l].times_transposed(&along[l]);
            let dz = dz.zip(&moved[l].times_transposed(w), |a, b| a + b);
            let gate = z.zip(&z, |z, _| f64::from(z > 0.0 || l == last));
            inputs.push(z.zip(&gate, |z, g| z * g));
            moved.push(dz.zip(&gate, |z, g| z * g));
            gates.push(gate);
        }
        let count = self.y.data.len() as f64;
        let mut delta = inputs[last + 1].zip(&self.y, |q, y| 2.0 * (q - y) / count);
        let mut delta_moved = moved[last + 1].zip(&self.y, |q, _| 2.0 * q / count);
        let [mut gradient, mut product] = [Vec::new(), Vec::new()];
        for l in (0..=last).rev() {
            let outer = |d: &Matrix, x: &Matrix| d.transposed().times(x);
            gradient.push(outer(&delta, &inputs[l]).data);
            let parts = [outer(&delta_moved, &inputs[l]), outer(&delta, &moved[l])];
            product.push(parts[0].zip(&parts[1], |a, b| a + b).data);
            if l > 0 {
                let back = delta_moved.times(&self.weights[l]);
                delta_moved = back
                    .zip(&delta.times(&along[l]), |a, b| a + b)
                    .zip(&gates[l - 1], |d, g| d * g);
                delta = delta
                    .times(&self.weights[l])
                    .zip(&gates[l - 1], |d, g| d * g);
            }
        }
        [gradient, product].map(|layers| layers.into_iter().rev().collect())
    }

    fn shaped(&self, layers: Vec<Vec<f64>>) -> Vec<Matrix> {
        let pairs = layers.into_iter().zip(&self.weights);
        let matrix = |(data, w): (Vec<f64>, &Matrix)| Matrix {
            columns: w.columns,
            data,
        };
        pairs.map(matrix).collect()
    }
}

fn reference(net: &SparseMlp, x: &[f32], y: &[f32]) -> Reference {
    let matrix = |data: &[f32], columns| Matrix {
        columns,
        data: data.iter().map(|x| f64::from(*x)).collect(),
    };
    let layers = net.sparse_layers();
    let weights = layers.iter().map(|layer| Matrix {
        columns: layer.pattern().inputs(),
        data: floats(layer.values()),
    });
    Reference {
        weights: weights.collect(),
        biases: layers
            .iter()
            .map(|layer| floats(layer.bias().unwrap()))
            .collect(),
        x: matrix(x, SIZES[0]),
        y: matrix(y, 1),
    }
}

#[test]
fn scores_of_a_critic_are_those_of_f64() {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let net = SparseMlpConfig::new(SIZES.to_vec())
        .try_init(&device, &mut rng)
        .unwrap();
    let mut draw = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-1.5..1.5)).collect() };
    let (x, y) = (draw(ROWS * SIZES[0]), draw(ROWS));

    let reference = reference(&net, &x, &y);
    let none = reference.shaped(
        reference
            .weights
            .iter()
            .map(|w| vec![0.0; w.data.len()])
            .collect(),
    );
    let [gradient, _] = reference.gradient(&none);
    let [_, product] = reference.gradient(&reference.shaped(gradient));
    let weights = reference.weights.iter().map(|w| w.data.clone());
    let expected = PerWeight::new(weights.collect()).zip(&PerWeight::new(product), |w, h| w * h);

    let rows = |data: Vec<f32>, width: usize| {
        Tensor::<2>::from_data(TensorData::new(data, [ROWS, width]), &device)
    };
    let (x, y) = (rows(x, SIZES[0]), rows(y, 1));
    let loss: Box<Loss> = Box::new(move |nets: &[SparseMlp]| {
        let [x, y] = [&x, &y].map(|t| Tensor::from_inner(t.clone()));
        (nets[0].forward(x) - y).square().mean()
    });
    let losses = [loss];
    let group = Group::new(&[&net], &losses).unwrap();
    let budget = Budget {
        sparsity: 0.95,
        allocation: Allocation::Global,
        floor: MinConnectivity::NONE,
    };
    let scores = Grasp.scores(&group, &budget, &mut rng).unwrap();

    let largest = |x: &PerWeight| x.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let difference = scores.zip(&expected, |a, b| a - b);
    let worst = largest(&difference) / largest(&expected);
    let norm = difference.norm() / expected.norm();
    let [ours, theirs] = [&scores, &expected].map(|scores| {
        let kept = budget.select(group.layers(), scores).unwrap().kept;
        kept.layers().concat()
    });
    let kept = theirs.iter().filter(|kept| **kept).count();
    let same = ours.iter().zip(&theirs).filter(|(a, b)| **a && **b).count();
    println!("worst {worst:e}, norm {norm:e}, same {same} of {kept}");
    assert!(
        worst < 1e-5 && norm < 1e-5,
        "worst {worst:e}, norm {norm:e}"
    );
    assert!(same as f64 > 0.999 * kept as f64, "{same} of {kept}");
}
