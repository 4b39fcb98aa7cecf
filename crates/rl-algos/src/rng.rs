//! Where randomness comes from: one stream per purpose, all from one seed.
//!
//! A purpose that draws more numbers than before shifts no other one, so a run with more frequent evaluation
//! explores as it did.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The streams of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// First weights and connections.
    pub init: ChaCha8Rng,
    /// Random actions and exploration noise.
    pub exploration: ChaCha8Rng,
    /// Which transitions are sampled.
    pub replay: ChaCha8Rng,
    /// Noise on the target policy's actions.
    pub target_noise: ChaCha8Rng,
    /// Growth of connections in the actor and in each critic.
    pub topology: [ChaCha8Rng; 3],
    /// Seeds of training episodes.
    pub environment: ChaCha8Rng,
    /// Seeds of evaluation episodes.
    pub evaluation: ChaCha8Rng,
}

impl Streams {
    /// The streams of `seed`; independent of each other.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let stream = |number: u64| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(number);
            rng
        };
        Self {
            init: stream(0),
            exploration: stream(1),
            replay: stream(2),
            target_noise: stream(3),
            topology: [stream(4), stream(5), stream(6)],
            environment: stream(7),
            evaluation: stream(8),
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn streams_repeat_with_their_seed_and_differ_from_each_other() {
        let draw = |mut rng: ChaCha8Rng| -> [u64; 4] { rng.random() };
        let (a, b, c) = (Streams::new(1), Streams::new(1), Streams::new(2));
        assert_eq!(a, b);
        assert_ne!(draw(a.replay.clone()), draw(c.replay));
        assert_ne!(draw(a.replay), draw(a.exploration));
    }
}
