//! Normal numbers with the same bits on every machine.

use std::array;
use std::sync::LazyLock;

use rand::distr::{Distribution, Open01};
use rand::{Rng, RngExt};

/// Layers of the ziggurat.
const LAYERS: usize = 256;

/// Where its tail begins, and the area of a layer.
const TAIL: f64 = 3.654_152_885_361_009;
const AREA: f64 = 4.928_673_233_990_11e-3;

/// Numbers with mean 0 and variance 1, by the ziggurat of Marsaglia & Tsang (2000) in the form of Doornik (2005, "An improved
/// ziggurat method to generate normal random samples").
///
/// `rand_distr`'s, which has the same form and takes the same numbers from a generator, asks the C library for `exp` and `ln`,
/// whose last bits depend on the CPU.
///
/// ```
/// use rand::{RngExt, SeedableRng, rngs::StdRng};
/// use sparse_core::math::StandardNormal;
///
/// let mut rng = StdRng::seed_from_u64(0);
/// let noise: Vec<f32> = (0..1000).map(|_| rng.sample(StandardNormal)).collect();
/// assert!(noise.iter().sum::<f32>().abs() < 100.0);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StandardNormal;

/// The right edges of the layers, from the widest on, and the density there, times √(2π).
struct Ziggurat {
    edges: [f64; LAYERS + 1],
    heights: [f64; LAYERS + 1],
}

static ZIGGURAT: LazyLock<Ziggurat> = LazyLock::new(|| {
    let mut edges = [0.0; LAYERS + 1];
    // The lowest layer goes on as the tail; as a box it would be this wide.
    edges[0] = AREA / height(TAIL);
    edges[1] = TAIL;
    for layer in 2..LAYERS {
        let before = edges[layer - 1];
        edges[layer] = (-2.0 * libm::log(AREA / before + height(before))).sqrt();
    }
    Ziggurat {
        heights: array::from_fn(|layer| height(edges[layer])),
        edges,
    }
});

fn height(x: f64) -> f64 {
    libm::exp(-0.5 * x * x)
}

impl Distribution<f64> for StandardNormal {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        let Ziggurat { edges, heights } = &*ZIGGURAT;
        loop {
            let bits = rng.next_u64();
            let layer = bits as usize % LAYERS;
            // In [-1, 1), from the upper 52 bits.
            let place = f64::from_bits((bits >> 12) | 0x4000_0000_0000_0000) - 3.0;
            let x = place * edges[layer];
            if x.abs() < edges[layer + 1] {
                return x;
            }
            if layer == 0 {
                return tail(rng).copysign(place);
            }
            let rise = heights[layer] - heights[layer + 1];
            if heights[layer + 1] + rise * rng.random::<f64>() < height(x) {
                return x;
            }
        }
    }
}

impl Distribution<f32> for StandardNormal {
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f32 {
        let x: f64 = self.sample(rng);
        x as f32
    }
}

/// A number beyond the layers (Marsaglia 1964).
fn tail<R: Rng + ?Sized>(rng: &mut R) -> f64 {
    loop {
        let beyond = -libm::log(rng.sample(Open01)) / TAIL;
        let y = -libm::log(rng.sample(Open01));
        if 2.0 * y >= beyond * beyond {
            return TAIL + beyond;
        }
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn numbers_are_those_of_rand_distr() {
        let [mut ours, mut theirs] = [(); 2].map(|()| ChaCha8Rng::seed_from_u64(7));
        // Enough for thousands in the tail and beside the layers.
        for _ in 0..2_000_000 {
            let found: f64 = StandardNormal.sample(&mut ours);
            let expected: f64 = rand_distr::StandardNormal.sample(&mut theirs);
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        assert_eq!(ours, theirs);
    }

    #[test]
    fn bits_are_known() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let numbers: Vec<f64> = (0..100_000).map(|_| rng.sample(StandardNormal)).collect();
        let hash = numbers.iter().fold(0u64, |hash, x| {
            (hash ^ x.to_bits()).wrapping_mul(0x0100_0000_01b3)
        });
        assert_eq!(hash, 2_274_953_163_231_981_915);
    }
}
