//! A layer's first weights: which distribution, how wide, and which connections.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::math::StandardNormal;
use crate::pattern::Pattern;

/// How a layer's first connections are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InitialMask {
    /// The largest of a dense random initialisation, so the survivors are larger than average
    /// (RLx2's released code).
    #[default]
    Magnitude,
    /// Uniformly at random.
    Random,
}

/// The distribution of a layer's first weights. Fans are those that [`Fans`] says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Initializer {
    /// Weights and biases uniform in ±1/√fan-in: PyTorch's `Linear`, which the reproduced papers use, and
    /// `burn::nn::Linear`.
    #[default]
    Pytorch,
    /// Uniform in ±√(6 / fan-in) (He et al., arXiv 1502.01852). Biases are 0 with this one and all below.
    KaimingUniform,
    /// Normal with variance 2 / fan-in (He et al., arXiv 1502.01852).
    KaimingNormal,
    /// Uniform in ±√(6 / (fan-in + fan-out)) (Glorot & Bengio 2010).
    XavierUniform,
    /// Normal with variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010).
    XavierNormal,
    /// Uniform in ±√(3 / fan-in) (LeCun et al. 1998, Efficient BackProp).
    LecunUniform,
    /// Normal with variance 1 / fan-in (LeCun et al. 1998, Efficient BackProp).
    LecunNormal,
    /// The entries of a dense matrix with orthonormal rows, or columns where these are fewer (Saxe et al.,
    /// arXiv 1312.6120), at the connections. Dropping the others leaves rows that are nearly orthogonal and, at density
    /// d, √d long. The dense matrix is made first: cubic in the layer's size.
    Orthogonal,
    /// Weights and biases of 0; the connections are drawn as with [`Pytorch`](Self::Pytorch).
    Zeros,
}

/// What counts as the fan-in and fan-out of a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fans {
    /// Inputs and outputs of the layer, as if it were dense: what pruning at the start leaves of a dense layer, and what
    /// RLx2, RigL and SET begin with.
    #[default]
    Dense,
    /// The connections that the weight's output unit and its input have, so that sums are as wide as in a dense layer
    /// (Evci et al. 2022, "Gradient Flow in Sparse Neural Networks and How Lottery Tickets Win", arXiv 2010.03533).
    /// [`Orthogonal`](Initializer::Orthogonal) and [`Zeros`](Initializer::Zeros) have no fans.
    Actual,
}

/// Numbers that weights are drawn from, symmetric about 0.
#[derive(Clone, Copy)]
enum Distribution {
    /// In ± this bound.
    Uniform(f32),
    /// With this standard deviation.
    Normal(f32),
}

impl Distribution {
    fn draw(self, rng: &mut impl Rng) -> f32 {
        match self {
            Self::Uniform(bound) => rng.random_range(-bound..bound),
            Self::Normal(deviation) => rng.sample::<f32, _>(StandardNormal) * deviation,
        }
    }

    fn draw_magnitude(self, rng: &mut impl Rng) -> f32 {
        match self {
            Self::Uniform(bound) => rng.random_range(0.0..bound),
            Self::Normal(_) => self.draw(rng).abs(),
        }
    }
}

impl Initializer {
    /// The distribution of a weight with these fans.
    fn distribution(self, fan_in: usize, fan_out: usize) -> Distribution {
        let (of_in, of_both) = (fan_in as f32, (fan_in + fan_out) as f32);
        match self {
            Self::Pytorch | Self::Orthogonal | Self::Zeros => {
                Distribution::Uniform(1.0 / of_in.sqrt())
            }
            Self::KaimingUniform => Distribution::Uniform((6.0 / of_in).sqrt()),
            Self::KaimingNormal => Distribution::Normal((2.0 / of_in).sqrt()),
            Self::XavierUniform => Distribution::Uniform((6.0 / of_both).sqrt()),
            Self::XavierNormal => Distribution::Normal((2.0 / of_both).sqrt()),
            Self::LecunUniform => Distribution::Uniform((3.0 / of_in).sqrt()),
            Self::LecunNormal => Distribution::Normal((1.0 / of_in).sqrt()),
        }
    }

    /// `nnz` connections of a layer, 1 or more and no more than fit, and their values.
    pub(super) fn draw(
        self,
        [outputs, inputs]: [usize; 2],
        nnz: usize,
        mask: InitialMask,
        rng: &mut impl Rng,
    ) -> Result<(Pattern, Vec<f32>)> {
        if self == Self::Orthogonal {
            return draw_orthogonal([outputs, inputs], nnz, mask, rng);
        }
        let distribution = self.distribution(inputs, outputs);
        let (pattern, mut values) = match mask {
            _ if nnz == inputs * outputs => {
                let values = (0..nnz).map(|_| distribution.draw(rng)).collect();
                (Pattern::full(outputs, inputs), values)
            }
            InitialMask::Magnitude => {
                // Magnitudes one by one, so that a wide sparse layer is never held densely; signs for those that stay.
                let magnitudes = std::iter::repeat_with(|| distribution.draw_magnitude(rng));
                let (pattern, mut values) = Pattern::of_largest(outputs, inputs, magnitudes, nnz)?;
                let negative = values.iter_mut().filter(|_| rng.random());
                negative.for_each(|value| *value = -*value);
                (pattern, values)
            }
            InitialMask::Random => {
                let values = (0..nnz).map(|_| distribution.draw(rng)).collect();
                (Pattern::random(outputs, inputs, nnz, rng)?, values)
            }
        };
        if self == Self::Zeros {
            values.fill(0.0);
        }
        Ok((pattern, values))
    }

    /// The biases of a layer of these sizes, `[outputs]`.
    pub(super) fn draw_bias(self, [outputs, inputs]: [usize; 2], rng: &mut impl Rng) -> Vec<f32> {
        if self != Self::Pytorch {
            return vec![0.0; outputs];
        }
        let distribution = self.distribution(inputs, outputs);
        (0..outputs).map(|_| distribution.draw(rng)).collect()
    }

    /// Scales values that were drawn with the fans of a dense layer to those that `fans` says.
    pub(super) fn rescale(self, fans: Fans, pattern: &Pattern, values: &mut [f32]) {
        if fans == Fans::Dense || matches!(self, Self::Orthogonal | Self::Zeros) {
            return;
        }
        let width = |fan_in, fan_out| match self.distribution(fan_in, fan_out) {
            Distribution::Uniform(width) | Distribution::Normal(width) => width,
        };
        let dense = width(pattern.inputs(), pattern.outputs());
        let counts = |input: u32| {
            let input = input as usize;
            (pattern.t_ptr()[input + 1] - pattern.t_ptr()[input]) as usize
        };
        let fans = pattern
            .rows()
            .flat_map(|row| row.iter().map(|input| (row.len(), counts(*input))));
        for (value, (fan_in, fan_out)) in values.iter_mut().zip(fans) {
            *value *= width(fan_in, fan_out) / dense;
        }
    }
}

/// Connections of an orthogonal matrix and their values.
fn draw_orthogonal(
    [outputs, inputs]: [usize; 2],
    nnz: usize,
    mask: InitialMask,
    rng: &mut impl Rng,
) -> Result<(Pattern, Vec<f32>)> {
    let weights = orthogonal(outputs, inputs, rng);
    let pattern = match mask {
        _ if nnz == weights.len() => Pattern::full(outputs, inputs),
        InitialMask::Magnitude => {
            let magnitudes: Vec<f32> = weights.iter().map(|weight| weight.abs()).collect();
            Pattern::from_scores(outputs, inputs, &magnitudes, nnz)?
        }
        InitialMask::Random => Pattern::random(outputs, inputs, nnz, rng)?,
    };
    let values = pattern.positions().map(|p| weights[p as usize]).collect();
    Ok((pattern, values))
}

/// A matrix `[outputs, inputs]`, row-major, whose rows are orthonormal, or its columns where these are fewer: normal
/// numbers made so by Gram and Schmidt, twice, in f64.
fn orthogonal(outputs: usize, inputs: usize, rng: &mut impl Rng) -> Vec<f32> {
    let (count, length) = (outputs.min(inputs), outputs.max(inputs));
    let mut vectors: Vec<Vec<f64>> = Vec::with_capacity(count);
    while vectors.len() < count {
        let mut vector: Vec<f64> = (0..length).map(|_| rng.sample(StandardNormal)).collect();
        for other in vectors.iter().chain(&vectors) {
            let along = dot(&vector, other);
            let pairs = vector.iter_mut().zip(other);
            pairs.for_each(|(x, other)| *x -= along * other);
        }
        let norm = dot(&vector, &vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= norm);
        vectors.push(vector);
    }
    let entry = |output: usize, input: usize| match outputs <= inputs {
        true => vectors[output][input] as f32,
        false => vectors[input][output] as f32,
    };
    let positions = (0..outputs).flat_map(|output| (0..inputs).map(move |input| (output, input)));
    positions
        .map(|(output, input)| entry(output, input))
        .collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn rng() -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(5)
    }

    /// Mean and mean square.
    fn moments(values: &[f32]) -> [f64; 2] {
        let count = values.len() as f64;
        let sum = |f: &dyn Fn(f64) -> f64| values.iter().map(|v| f(f64::from(*v))).sum::<f64>();
        [sum(&|v| v) / count, sum(&|v| v * v) / count]
    }

    #[test]
    fn variances_are_the_papers() {
        let (outputs, inputs) = (150, 200);
        let cases = [
            (Initializer::Pytorch, 1.0 / (3.0 * 200.0)),
            (Initializer::KaimingUniform, 2.0 / 200.0),
            (Initializer::KaimingNormal, 2.0 / 200.0),
            (Initializer::XavierUniform, 2.0 / 350.0),
            (Initializer::XavierNormal, 2.0 / 350.0),
            (Initializer::LecunUniform, 1.0 / 200.0),
            (Initializer::LecunNormal, 1.0 / 200.0),
            (Initializer::Zeros, 0.0),
        ];
        for (initializer, variance) in cases {
            for nnz in [30_000, 15_000] {
                let draw =
                    initializer.draw([outputs, inputs], nnz, InitialMask::Random, &mut rng());
                let (pattern, values) = draw.unwrap();
                assert_eq!((pattern.nnz(), values.len()), (nnz, nnz));
                let [mean, square] = moments(&values);
                assert!(
                    mean.abs() < 0.03 * f64::sqrt(variance) + 1e-12,
                    "{initializer:?}"
                );
                assert!(
                    (square - variance).abs() <= 0.04 * variance,
                    "{initializer:?}"
                );
            }
        }
    }

    #[test]
    fn actual_fans_keep_the_width_of_every_sum() {
        let (outputs, inputs) = (40, 4000);
        // Units with 10, 20, .. 400 connections.
        let positions: Vec<u32> = (0..outputs)
            .flat_map(|output| (0..10 * (output + 1)).map(move |k| output * 4000 + 3 * k))
            .collect();
        let pattern = Pattern::from_positions(40, inputs, &positions).unwrap();
        let initializer = Initializer::KaimingNormal;
        let [mut dense, mut actual] = [0.0; 2];
        for seed in 0..50 {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let distribution = initializer.distribution(inputs, outputs as usize);
            let mut values: Vec<f32> = positions
                .iter()
                .map(|_| distribution.draw(&mut rng))
                .collect();
            let first_unit = |values: &[f32]| moments(&values[..10])[1] * 10.0;
            dense += first_unit(&values) / 50.0;
            initializer.rescale(Fans::Actual, &pattern, &mut values);
            actual += first_unit(&values) / 50.0;
        }
        // Of inputs of variance 1 a unit's sum has variance 2, where its fan-in is its own.
        assert!((actual - 2.0).abs() < 0.3, "{actual}");
        assert!(dense < 0.01, "{dense}");
    }

    #[test]
    fn xavier_counts_both_sides() {
        let pattern = Pattern::from_positions(2, 3, &[0, 1, 3]).unwrap();
        let mut values = vec![1.0; 3];
        let initializer = Initializer::XavierNormal;
        initializer.rescale(Fans::Actual, &pattern, &mut values);
        let expected = [4.0, 3.0, 3.0].map(|fans: f32| (5.0 / fans).sqrt());
        for (found, expected) in values.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{values:?}");
        }
    }

    #[test]
    fn orthogonal_rows_or_columns() {
        for (outputs, inputs) in [(7, 20), (20, 7), (6, 6), (1, 3)] {
            let weights = orthogonal(outputs, inputs, &mut rng());
            let entry = |a: usize, b: usize| f64::from(weights[a * inputs + b]);
            let few = outputs.min(inputs);
            for i in 0..few {
                for j in 0..few {
                    let product: f64 = match outputs <= inputs {
                        true => (0..inputs).map(|k| entry(i, k) * entry(j, k)).sum(),
                        false => (0..outputs).map(|k| entry(k, i) * entry(k, j)).sum(),
                    };
                    let expected = f64::from(u8::from(i == j));
                    assert!((product - expected).abs() < 1e-6, "{product}");
                }
            }
        }
        for mask in [InitialMask::Magnitude, InitialMask::Random] {
            let drawn = Initializer::Orthogonal.draw([7, 20], 30, mask, &mut rng());
            let (pattern, values) = drawn.unwrap();
            let dense = orthogonal(7, 20, &mut rng());
            let kept: Vec<f32> = pattern.positions().map(|p| dense[p as usize]).collect();
            assert_eq!(values, kept);
        }
    }

    #[test]
    fn magnitude_keeps_the_largest_of_any_distribution() {
        for initializer in [Initializer::KaimingNormal, Initializer::LecunUniform] {
            let draw = |mask| {
                let drawn = initializer.draw([50, 80], 400, mask, &mut rng());
                moments(&drawn.unwrap().1)
            };
            let [mean, largest] = draw(InitialMask::Magnitude);
            let [_, random] = draw(InitialMask::Random);
            assert!(largest > 2.0 * random, "{largest} {random}");
            assert!(mean.abs() < 0.2 * largest.sqrt(), "{mean}");
        }
    }
}
