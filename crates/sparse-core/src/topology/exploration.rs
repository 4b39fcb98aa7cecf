//! The share of all possible connections that training has tried: ITOP's exploration rate (Liu et al. 2021, "Do We
//! Actually Need Dense Over-Parameterization?", arXiv 2102.02887, section 3.2).

use super::{AppliedChange, FollowsConnections};
use crate::Result;
use crate::pattern::Pattern;
use crate::record::{Record, RecordWriter, malformed};

/// The connections of a network that were ever active, one bit for each possible one.
#[derive(Clone, Debug)]
pub struct ExplorationRate {
    layers: Vec<Bits>,
}

#[derive(Clone, Debug)]
struct Bits {
    possible: usize,
    seen: usize,
    words: Vec<u64>,
}

impl ExplorationRate {
    /// Starts with the connections of these layers.
    pub(crate) fn new<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Self {
        let layer = |pattern: &Pattern| {
            let possible = pattern.outputs() * pattern.inputs();
            let mut bits = Bits {
                possible,
                seen: 0,
                words: vec![0; possible.div_ceil(64)],
            };
            bits.add(pattern.positions());
            bits
        };
        Self {
            layers: patterns.map(layer).collect(),
        }
    }

    /// Adds connections that came to a layer.
    fn add(&mut self, layer: usize, positions: &[u32]) {
        self.layers[layer].add(positions.iter().copied());
    }

    /// Share of the possible connections of the whole network that were ever active, in [0, 1].
    #[must_use]
    pub fn rate(&self) -> f64 {
        let sum = |of: fn(&Bits) -> usize| self.layers.iter().map(of).sum::<usize>();
        share(sum(|b| b.seen), sum(|b| b.possible))
    }

    /// The same for each layer.
    #[must_use]
    pub fn layer_rates(&self) -> Vec<f64> {
        let rate = |bits: &Bits| share(bits.seen, bits.possible);
        self.layers.iter().map(rate).collect()
    }

    /// The name under which a record holds the explored connections of a layer of the network called `name`.
    pub(crate) fn key(name: &str, layer: usize) -> String {
        format!("{name}.{layer}.explored")
    }

    /// Adds the bits to a record.
    pub(crate) fn save(&self, record: &mut RecordWriter, name: &str) {
        for (layer, bits) in self.layers.iter().enumerate() {
            record.long_words(&Self::key(name, layer), &bits.words);
        }
    }

    /// The bits of each layer.
    pub(super) fn words(&self) -> Vec<Vec<u64>> {
        self.layers.iter().map(|bits| bits.words.clone()).collect()
    }

    /// As [`load`](Self::load), from the bits of each layer.
    pub(super) fn from_words<'a>(
        words: Vec<Vec<u64>>,
        patterns: impl Iterator<Item = &'a Pattern>,
    ) -> Result<Self> {
        let mut words = words.into_iter();
        let layer = |(layer, pattern)| {
            let key = Self::key("state", layer);
            let words = words.next().ok_or_else(|| malformed(&key, "missing"))?;
            Bits::of(words, &key, pattern)
        };
        let layers = patterns.enumerate().map(layer).collect::<Result<_>>()?;
        match words.next() {
            None => Ok(Self { layers }),
            Some(_) => Err(malformed("state.explored", "of more layers than there are")),
        }
    }

    /// The bits that [`save`](Self::save) added, for layers with these connections.
    pub(crate) fn load<'a>(
        record: &Record,
        name: &str,
        patterns: impl Iterator<Item = &'a Pattern>,
    ) -> Result<Self> {
        let layer = |(layer, pattern)| {
            let key = Self::key(name, layer);
            Bits::of(record.long_words(&key)?, &key, pattern)
        };
        Ok(Self {
            layers: patterns.enumerate().map(layer).collect::<Result<_>>()?,
        })
    }

    /// Bytes held: an eighth of one per possible connection.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.layers.iter().map(|bits| 8 * bits.words.len()).sum()
    }
}

impl FollowsConnections for ExplorationRate {
    fn carry(&mut self, layer: usize, change: &AppliedChange) -> Result<()> {
        if let Some(rewire) = change.rewire() {
            self.add(layer, rewire.grown());
        }
        Ok(())
    }
}

impl Bits {
    /// The bits of a layer that has the connections `pattern` now.
    fn of(words: Vec<u64>, key: &str, pattern: &Pattern) -> Result<Self> {
        let possible = pattern.outputs() * pattern.inputs();
        let length = possible.div_ceil(64);
        if words.len() != length {
            let value = format!("{} words long: must be {length}", words.len());
            return Err(malformed(key, &value));
        }
        let rest = possible % 64;
        let beyond = |last: &u64| rest > 0 && last >> rest > 0;
        if words.last().is_some_and(beyond) {
            let value = format!("set beyond the {possible} possible connections");
            return Err(malformed(key, &value));
        }
        let unseen = |p: &u32| words[*p as usize / 64] >> (p % 64) & 1 == 0;
        if let Some(position) = pattern.positions().find(unseen) {
            let value = format!("not set at the connection {position}, which exists");
            return Err(malformed(key, &value));
        }
        let seen = words.iter().map(|word| word.count_ones() as usize).sum();
        Ok(Self {
            possible,
            seen,
            words,
        })
    }

    fn add(&mut self, positions: impl Iterator<Item = u32>) {
        for position in positions {
            let (word, bit) = (position as usize / 64, 1 << (position % 64));
            self.seen += usize::from(self.words[word] & bit == 0);
            self.words[word] |= bit;
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_counts_once() {
        let patterns = [
            Pattern::from_positions(10, 10, &[0, 63, 64, 99]).unwrap(),
            Pattern::full(2, 10),
        ];
        let mut explored = ExplorationRate::new(patterns.iter());
        assert_eq!(explored.layer_rates(), [0.04, 1.0]);
        assert_eq!(explored.rate(), 24.0 / 120.0);
        explored.add(0, &[63, 65, 98]);
        explored.add(0, &[65]);
        assert_eq!(explored.layer_rates(), [0.06, 1.0]);
        assert_eq!(explored.bytes(), 8 * (2 + 1));
    }
}
