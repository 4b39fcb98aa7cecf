//! Random streams: one per purpose, all from one seed.
//!
//! A purpose that draws more numbers shifts no other one, so a run with more frequent evaluation explores as before.

use std::collections::BTreeMap;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// The streams of one run. Streams of every run are fields; an agent's other streams have [names](Self::named).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// The seed of all.
    pub seed: u64,
    /// First weights and connections.
    pub init: ChaCha8Rng,
    /// Random actions and exploration noise.
    pub exploration: ChaCha8Rng,
    /// Which transitions are sampled.
    pub replay: ChaCha8Rng,
    /// Noise on the target policy's actions.
    pub target_noise: ChaCha8Rng,
    /// Seeds of training episodes.
    pub environment: ChaCha8Rng,
    /// Seeds of evaluation episodes.
    pub evaluation: ChaCha8Rng,
    /// The named streams used so far.
    pub named: BTreeMap<String, ChaCha8Rng>,
}

/// Names of streams with a number of their own; the fields of [`Streams`] have 0 to 3, 7 and 8.
const NUMBERED: [(&str, u64); 3] = [
    ("topology/actor", 4),
    ("topology/critic_1", 5),
    ("topology/critic_2", 6),
];

/// Numbers of named streams are this or more.
const FIRST_NAMED: u64 = 1 << 32;

/// Stream `number` of `seed`; independent of the others.
fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// The number of the stream of this name: FNV-1a, folded so that it meets no number given by hand.
fn number_of(name: &str) -> u64 {
    if let Some((_, number)) = NUMBERED.iter().find(|(own, _)| *own == name) {
        return *number;
    }
    let fold = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    name.bytes().fold(0xcbf2_9ce4_8422_2325, fold) | FIRST_NAMED
}

impl Streams {
    /// The streams of `seed`; independent of each other.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            init: stream(seed, 0),
            exploration: stream(seed, 1),
            replay: stream(seed, 2),
            target_noise: stream(seed, 3),
            environment: stream(seed, 7),
            evaluation: stream(seed, 8),
            named: BTreeMap::new(),
        }
    }

    /// The stream of your own purpose, such as `minibatch`; begun when it is first used.
    pub fn named(&mut self, name: &str) -> &mut ChaCha8Rng {
        let seed = self.seed;
        let named = self.named.entry(name.to_owned());
        named.or_insert_with(|| stream(seed, number_of(name)))
    }

    /// The stream by which the connections of a network grow.
    pub fn topology(&mut self, network: &str) -> &mut ChaCha8Rng {
        self.named(&format!("topology/{network}"))
    }

    /// Those of several networks, in their order, at the same time. Names must be distinct: of equal ones only the
    /// first gets the stream.
    pub fn topologies(&mut self, networks: &[String]) -> Vec<&mut ChaCha8Rng> {
        for network in networks {
            self.topology(network);
        }
        let place = |name: &str| {
            let name = name.strip_prefix("topology/")?;
            networks.iter().position(|network| network == name)
        };
        let streams = self.named.iter_mut();
        let mut streams: Vec<_> = streams
            .filter_map(|(name, rng)| Some((place(name)?, rng)))
            .collect();
        streams.sort_by_key(|(place, _)| *place);
        streams.into_iter().map(|(_, rng)| rng).collect()
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

    #[test]
    fn names_that_had_a_number_keep_it_and_all_others_differ() {
        let mut streams = Streams::new(5);
        for (network, number) in [("actor", 4), ("critic_1", 5), ("critic_2", 6)] {
            assert_eq!(*streams.topology(network), stream(5, number));
        }
        let names: Vec<String> = (1..=200).map(|i| format!("critic_{i}")).collect();
        let mut numbers: Vec<u64> = streams
            .topologies(&names)
            .into_iter()
            .map(|rng| rng.get_stream())
            .collect();
        assert_eq!(numbers[..2], [5, 6]);
        assert_eq!(numbers.len(), names.len());
        numbers.extend((0..9).filter(|n| !numbers.contains(n)).collect::<Vec<_>>());
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), names.len() + 7);
        let before = streams.named("minibatch").clone();
        streams.named("minibatch").random::<u64>();
        assert_ne!(*streams.named("minibatch"), before);
    }
}
