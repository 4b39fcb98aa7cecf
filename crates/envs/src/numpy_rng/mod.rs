//! Random numbers as NumPy draws them, so that a seed begins the episode that it begins in Gymnasium.
//!
//! `numpy.random.Generator(PCG64(SeedSequence(seed)))`: O'Neill's permuted congruential generator (2014), seeded
//! by hashing; normal numbers by the ziggurat of Marsaglia and Tsang (2000).

mod random_state;
mod tables;

pub(crate) use random_state::NUMBERS;
pub use random_state::RandomState;

use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;
use serde::{Deserialize, Serialize};
use tables::{HEIGHT, INSIDE, WIDTH};

/// Where the tail of the ziggurat begins, and one over it.
const TAIL: [f64; 2] = [3.654_152_885_361_009, 0.273_661_237_329_758_3];

/// NumPy's default generator. A clone, or one read back from its serialized form, goes on identically.
///
/// ```
/// // numpy.random.default_rng(0).uniform(-1, 1)
/// assert_eq!(envs::NumpyRng::new(0).uniform(-1.0, 1.0), 0.2739233746429086);
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NumpyRng(Pcg64);

impl NumpyRng {
    /// The generator of `numpy.random.default_rng(seed)`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let [a, b, c, d] = seed_words(seed).map(u128::from);
        Self(Pcg64::new(a << 64 | b, c << 64 | d))
    }

    /// A number in [0, 1).
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// A number in [low, high), as `Generator.uniform`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A number with mean 0 and variance 1, as `Generator.standard_normal`.
    pub fn standard_normal(&mut self) -> f64 {
        loop {
            let bits = self.0.next_u64();
            let layer = (bits & 0xff) as usize;
            let negative = bits >> 8 & 1 == 1;
            let mantissa = bits >> 9 & 0x000f_ffff_ffff_ffff;
            let size = mantissa as f64 * WIDTH[layer];
            let x = if negative { -size } else { size };
            if mantissa < INSIDE[layer] {
                return x;
            }
            if layer == 0 {
                let far = self.tail();
                return if mantissa >> 8 & 1 == 1 { -far } else { far };
            }
            let rise = HEIGHT[layer - 1] - HEIGHT[layer];
            if rise * self.unit() + HEIGHT[layer] < libm::exp(-0.5 * x * x) {
                return x;
            }
        }
    }

    /// Adds uniform noise in ±`scale` to every number.
    pub fn add_uniform_noise(&mut self, values: &mut [f64], scale: f64) {
        for value in values {
            *value += self.uniform(-scale, scale);
        }
    }

    /// Adds normal noise of standard deviation `scale` to every number.
    pub fn add_normal_noise(&mut self, values: &mut [f64], scale: f64) {
        for value in values {
            *value += scale * self.standard_normal();
        }
    }

    /// A number beyond the ziggurat.
    fn tail(&mut self) -> f64 {
        loop {
            let beyond = -TAIL[1] * libm::log1p(-self.unit());
            let y = -libm::log1p(-self.unit());
            if y + y > beyond * beyond {
                return TAIL[0] + beyond;
            }
        }
    }
}

/// `SeedSequence(seed).generate_state(4, uint64)`: NumPy's hash of a seed. NumPy documentation, "Seeding and
/// entropy".
fn seed_words(seed: u64) -> [u64; 4] {
    let mut hash = 0x43b0_d7e5_u32;
    let mut hashed = |value: u32| {
        let value = value ^ hash;
        hash = hash.wrapping_mul(0x931e_8875);
        let value = value.wrapping_mul(hash);
        value ^ value >> 16
    };
    let mix = |x: u32, y: u32| {
        let mixed = x
            .wrapping_mul(0xca01_f9dd)
            .wrapping_sub(y.wrapping_mul(0x4973_f715));
        mixed ^ mixed >> 16
    };
    let mut pool = [seed as u32, (seed >> 32) as u32, 0, 0].map(&mut hashed);
    for source in 0..4 {
        for target in (0..4).filter(|target| *target != source) {
            pool[target] = mix(pool[target], hashed(pool[source]));
        }
    }
    let mut hash = 0x8b51_f9dd_u32;
    let words: [u32; 8] = std::array::from_fn(|i| {
        let value = pool[i % 4] ^ hash;
        hash = hash.wrapping_mul(0x58f3_8ded);
        let value = value.wrapping_mul(hash);
        value ^ value >> 16
    });
    std::array::from_fn(|i| u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32)
}

#[cfg(test)]
mod tests;
