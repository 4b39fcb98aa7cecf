//! NumPy's older generator, with which DeepMind's control suite begins its episodes.
//!
//! `numpy.random.RandomState(seed)`: the Mersenne Twister MT19937 of Matsumoto and Nishimura (1998), normal numbers by
//! the polar method of Marsaglia and Bray (1964).

/// Words of the generator's state, and how far ahead each is mixed with another.
const WORDS: usize = 624;
const AHEAD: usize = 397;

/// Numbers that a [`RandomState`] is written as.
pub(crate) const NUMBERS: usize = 5;

/// NumPy's `RandomState`. A clone goes on identically.
///
/// ```
/// // numpy.random.RandomState(0).uniform(-1, 1)
/// assert_eq!(envs::RandomState::new(0).uniform(-1.0, 1.0), 0.09762700785464951);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RandomState {
    seed: u64,
    /// Words drawn since the seed; they and the seed determine the rest.
    drawn: u64,
    words: [u32; WORDS],
    /// The other normal number of the last pair.
    spare: Option<f64>,
}

impl RandomState {
    /// The generator of `numpy.random.RandomState(seed)`. NumPy takes no seed of more than 32 bits; here such a one means
    /// `RandomState([seed % 2**32, seed // 2**32])`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let (low, high) = (seed as u32, (seed >> 32) as u32);
        Self {
            seed,
            drawn: 0,
            words: match high {
                0 => seeded(low),
                _ => seeded_by([low, high]),
            },
            spare: None,
        }
    }

    /// A word of 32 bits.
    fn word(&mut self) -> u32 {
        let at = (self.drawn % WORDS as u64) as usize;
        if at == 0 {
            self.twist();
        }
        self.drawn += 1;
        let mut word = self.words[at];
        word ^= word >> 11;
        word ^= word << 7 & 0x9d2c_5680;
        word ^= word << 15 & 0xefc6_0000;
        word ^ word >> 18
    }

    /// The next words of the state.
    fn twist(&mut self) {
        for i in 0..WORDS {
            let next = self.words[(i + 1) % WORDS];
            let mixed = self.words[i] & 0x8000_0000 | next & 0x7fff_ffff;
            let odd = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + AHEAD) % WORDS] ^ mixed >> 1 ^ odd;
        }
    }

    /// A number in [0, 1), as `random_sample` and `rand`.
    pub fn unit(&mut self) -> f64 {
        let (high, low) = (self.word() >> 5, self.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// A number in [low, high), as `uniform`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A number with mean 0 and variance 1, as `randn`.
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(spare) = self.spare.take() {
            return spare;
        }
        loop {
            let [x, y] = [(); 2].map(|()| 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square < 1.0 && square != 0.0 {
                let scale = (-2.0 * libm::log(square) / square).sqrt();
                self.spare = Some(scale * x);
                return scale * y;
            }
        }
    }

    /// A whole number below `end`, as `randint(end)`; 0 where `end` is 0.
    pub fn below(&mut self, end: u32) -> u32 {
        let most = end.saturating_sub(1);
        if most == 0 {
            return 0;
        }
        let mask = u32::MAX >> most.leading_zeros();
        loop {
            let drawn = self.word() & mask;
            if drawn <= most {
                return drawn;
            }
        }
    }

    /// Which of several things with these probabilities, as `choice(…, p=probabilities)`.
    pub fn choice(&mut self, probabilities: &[f64]) -> usize {
        let mut sum = 0.0;
        let bounds = probabilities.iter().map(|p| {
            sum += p;
            sum
        });
        let bounds: Vec<f64> = bounds.collect();
        let at = self.unit();
        bounds.iter().filter(|bound| **bound / sum <= at).count()
    }

    /// The generator as numbers, from which [`read`](Self::read) makes it again.
    pub(crate) fn numbers(&self) -> [f64; NUMBERS] {
        let (low, high) = (self.seed as u32, (self.seed >> 32) as u32);
        [
            f64::from(low),
            f64::from(high),
            self.drawn as f64,
            f64::from(u8::from(self.spare.is_some())),
            self.spare.unwrap_or_default(),
        ]
    }

    /// The generator that was written as these [`numbers`](Self::numbers).
    pub(crate) fn read([low, high, drawn, spared, spare]: [f64; NUMBERS]) -> Self {
        let mut generator = Self::new(u64::from(low as u32) | u64::from(high as u32) << 32);
        let drawn = drawn as u64;
        for _ in 0..drawn.div_ceil(WORDS as u64) {
            generator.twist();
        }
        generator.drawn = drawn;
        generator.spare = (spared != 0.0).then_some(spare);
        generator
    }
}

/// The state of a seed of 32 bits (`init_genrand`).
fn seeded(seed: u32) -> [u32; WORDS] {
    let mut words = [seed; WORDS];
    for i in 1..WORDS {
        let last = words[i - 1];
        words[i] = (last ^ last >> 30)
            .wrapping_mul(1_812_433_253)
            .wrapping_add(i as u32);
    }
    words
}

/// The state of a seed of two words (`init_by_array`).
fn seeded_by(key: [u32; 2]) -> [u32; WORDS] {
    let mut words = seeded(19_650_218);
    let mut at = 1;
    let mut mix = |factor: u32, add: u32, subtract: bool| {
        let last = words[at - 1];
        let mixed = words[at] ^ (last ^ last >> 30).wrapping_mul(factor);
        words[at] = if subtract {
            mixed.wrapping_sub(at as u32)
        } else {
            mixed.wrapping_add(add)
        };
        at += 1;
        if at == WORDS {
            words[0] = words[WORDS - 1];
            at = 1;
        }
    };
    for i in 0..WORDS {
        let j = i % key.len();
        mix(1_664_525, key[j].wrapping_add(j as u32), false);
    }
    for _ in 1..WORDS {
        mix(1_566_083_941, 0, true);
    }
    words[0] = 0x8000_0000;
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seed, `uniform(-0.1, 0.3)` thrice, `randn()` thrice, `randint(5)` and `choice(3, p=[0.1, 0.1, 0.8])` four times, the
    /// last of `random_sample(5000)`. NumPy 2.4.6; a seed of more than 32 bits as a list of two words.
    type Recorded = (u64, [f64; 3], [f64; 3], [u32; 4], [usize; 4], f64);

    #[rustfmt::skip]
    const RECORDED: [Recorded; 6] = [
        (0, [0.11952540157092992, 0.18607574654896777, 0.14110535042865754], [-2.268328201180374, 1.3335453816218967, -0.8427240538292873], [0, 0, 4, 2], [2, 2, 2, 2], 0.028646717135523803),
        (1, [0.06680880188102961, 0.18812979737686322, -0.09995425007306205], [-0.8021728386486427, -0.4488778077207725, -1.1059350760083153], [2, 4, 2, 4], [2, 2, 0, 2], 0.9720306709820733),
        (42, [0.049816047538945, 0.28028572256396644, 0.19279757672456202], [-1.1118801180469204, 0.31890218468938336, 0.2790412922001377], [2, 4, 1, 3], [2, 0, 2, 2], 0.5180771651975611),
        (4294967295, [-0.060947188402394485, 0.2649531381210487, 0.21561412074065597], [0.0813036681172692, 0.4096851233481656, 0.31595808265170017], [1, 1, 1, 4], [2, 2, 2, 2], 0.9767796682487315),
        (4294967301, [-0.03709104512484088, 0.01299465265847996, 0.14178161273993628], [-0.054930173034922855, 2.117117500095738, 1.2687138493966144], [0, 3, 0, 2], [2, 2, 2, 1], 0.8238548427136507),
        (18446744073709551615, [-0.09126972183949196, 0.03523813074455032, -0.015213005375671745], [0.7192834046490377, 0.19736403263657026, 1.3908420267690702], [3, 1, 0, 4], [2, 2, 2, 0], 0.4785243355119161),
    ];

    #[test]
    fn numbers_are_numpys() {
        for (seed, uniform, normal, below, choice, last) in RECORDED {
            let mut generator = RandomState::new(seed);
            assert_eq!(
                uniform.map(|_| generator.uniform(-0.1, 0.3)),
                uniform,
                "{seed}"
            );
            for expected in normal {
                // A logarithm's last bit may differ.
                approx::assert_relative_eq!(
                    generator.standard_normal(),
                    expected,
                    max_relative = 1e-15
                );
            }
            assert_eq!(below.map(|_| generator.below(5)), below, "{seed}");
            assert_eq!(
                choice.map(|_| generator.choice(&[0.1, 0.1, 0.8])),
                choice,
                "{seed}"
            );
            assert_eq!(
                (0..5000).map(|_| generator.unit()).last(),
                Some(last),
                "{seed}"
            );
        }
        assert_eq!(
            (RandomState::new(3).below(0), RandomState::new(3).below(1)),
            (0, 0)
        );
    }

    #[test]
    fn a_generator_read_back_goes_on() {
        for (seed, draws) in [(0, 0), (3, 1), (u64::MAX, 312), (7, 2000)] {
            let mut generator = RandomState::new(seed);
            for _ in 0..draws {
                generator.unit();
            }
            generator.standard_normal();
            let mut copy = RandomState::read(generator.numbers());
            assert_eq!(copy, generator);
            assert_eq!(copy.standard_normal(), generator.standard_normal());
            assert_eq!(copy.unit(), generator.unit());
        }
    }
}
