//! A wrapper's random numbers: as many generators as are asked for, from a seed and a count.

use crate::numpy_rng::NumpyRng;

/// Increment and factors of SplitMix64 (Steele, Lea and Flood 2014).
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const FACTORS: [u64; 2] = [0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb];

/// Half of a seed.
const HALF: u64 = 1 << 32;

/// Where a wrapper's random numbers are.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    /// Differs between wrappers, so that their numbers do.
    stream: u64,
    seed: u64,
    /// Generators that were given since the seed.
    count: u64,
}

impl Draws {
    /// Numbers as it holds.
    pub(super) const NUMBERS: usize = 3;

    pub(super) fn new(stream: u64) -> Self {
        Self {
            stream,
            seed: 0,
            count: 0,
        }
    }

    /// Begins anew where there is a seed.
    pub(super) fn begin(&mut self, seed: Option<u64>) {
        if let Some(seed) = seed {
            (self.seed, self.count) = (seed, 0);
        }
    }

    /// The next generator.
    pub(super) fn next(&mut self) -> NumpyRng {
        self.count += 1;
        let stream = mixed(self.seed ^ mixed(self.stream));
        NumpyRng::new(mixed(stream.wrapping_add(self.count.wrapping_mul(GOLDEN))))
    }

    pub(super) fn state(&self) -> [f64; Self::NUMBERS] {
        [self.seed / HALF, self.seed % HALF, self.count].map(|half| half as f64)
    }

    pub(super) fn set_state(&mut self, numbers: &[f64]) {
        if let [high, low, count] = *numbers {
            self.seed = (high as u64).wrapping_mul(HALF).wrapping_add(low as u64);
            self.count = count as u64;
        }
    }
}

/// SplitMix64's finaliser: each bit of the result depends on each bit of the number.
fn mixed(number: u64) -> u64 {
    let [first, second] = FACTORS;
    let number = (number ^ number >> 30).wrapping_mul(first);
    let number = (number ^ number >> 27).wrapping_mul(second);
    number ^ number >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_seed_survives_its_state() {
        for seed in [0, 1, u64::MAX, 1 << 53 | 1, 0x0123_4567_89ab_cdef] {
            let mut draws = Draws::new(7);
            draws.begin(Some(seed));
            assert_ne!(draws.next(), draws.next());
            let mut other = Draws::new(7);
            other.set_state(&draws.state());
            assert_eq!(draws.next(), other.next());
            // Other streams, and the numbers of the reset, are others.
            assert_ne!(draws.next(), Draws::new(8).next());
            assert_ne!(draws.next(), NumpyRng::new(seed));
        }
    }
}
