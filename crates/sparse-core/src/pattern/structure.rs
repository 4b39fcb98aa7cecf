//! Structures of a set of connections: a floor of inputs per unit, N of M, blocks.

use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};

use super::build::{check_scores, error, room_for};
use super::select::{Largest, key};
use super::{Pattern, largest};
use crate::error::{Error, Result};

/// The structure of a layer's first connections. The result is a [`Pattern`] like any other: rules that move single
/// connections keep a floor of ([`min_inputs_per_unit`](crate::topology::Topology::min_inputs_per_unit)) and do not
/// keep N of M or blocks, so those are for static training.
///
/// ```
/// use sparse_core::pattern::Structure;
///
/// // Two of every four inputs of each unit.
/// let scores = [4.0, 1.0, 2.0, 3.0, 0.0, 0.0, 0.0, 1.0];
/// let pattern = Structure::NOfM { n: 2, m: 4 }.best(1, 8, &scores, 4)?;
/// assert_eq!(pattern.col_idx(), [0, 3, 4, 7]);
/// # Ok::<(), sparse_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Structure {
    /// Any connections, as long as each unit has `min_inputs_per_unit` of them, or all if it has no more inputs.
    /// With 1 or more no unit is cut off; 0, which sets no floor, is what the papers do.
    Unstructured {
        /// The floor.
        min_inputs_per_unit: usize,
    },
    /// `n` of every `m` consecutive inputs of each unit, 1 ≤ n ≤ m (2:4 and 1:4 in RNM-TD3, arXiv 2602.14578; what
    /// sparse tensor cores take). Where `m` does not divide the inputs, the last `r` keep `⌈n r / m⌉`. This alone
    /// determines the number of connections.
    NOfM {
        /// Inputs that are kept.
        n: usize,
        /// Inputs of a group.
        m: usize,
    },
    /// Whole blocks of `size` units by `size` inputs, cut off at the edges; as many of the best as fit into the
    /// number of connections, and one at least. A block's score is the mean of its connections'.
    Blocks {
        /// Units, and inputs, of a block; 1 or more.
        size: usize,
    },
}

/// No structure and no floor.
impl Default for Structure {
    fn default() -> Self {
        Self::Unstructured {
            min_inputs_per_unit: 0,
        }
    }
}

impl Structure {
    /// Checks every field.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its value and what is allowed.
    pub fn validate(&self) -> Result<()> {
        match *self {
            Self::NOfM { n, m } if n == 0 || n > m => {
                let value = format!("{n} of {m}");
                Err(Error::config(
                    "structure.n_of_m",
                    value,
                    "1 or more of as many or more",
                ))
            }
            Self::Blocks { size: 0 } => Err(Error::config("structure.blocks.size", 0, "1 or more")),
            _ => Ok(()),
        }
    }

    /// The connections of highest score that have this structure; `scores` is `[outputs * inputs]`, row-major. Of
    /// equal scores the lower position wins.
    ///
    /// # Errors
    /// [`Error::Pattern`] when `nnz` is more than `outputs * inputs` or less than the floor needs, or a score is not
    /// a number; [`Error::Shape`] when `scores` has another length; [`Error::Config`] as
    /// [`validate`](Self::validate).
    pub fn best(
        &self,
        outputs: usize,
        inputs: usize,
        scores: &[f32],
        nnz: usize,
    ) -> Result<Pattern> {
        self.validate()?;
        let possible = room_for(nnz, outputs, inputs)?;
        check_scores(outputs, inputs, scores, possible)?;
        let positions = match *self {
            Self::Unstructured {
                min_inputs_per_unit: 0,
            } => return Pattern::from_scores(outputs, inputs, scores, nnz),
            Self::Unstructured {
                min_inputs_per_unit,
            } => with_floor([outputs, inputs], scores, nnz, min_inputs_per_unit)?,
            Self::NOfM { n, m } => n_of_m(inputs, scores, n, m),
            Self::Blocks { size } => blocks([outputs, inputs], scores, nnz, size),
        };
        Pattern::from_positions(outputs, inputs, &positions)
    }

    /// Connections drawn at random among those that have this structure: uniformly for N of M and blocks; with a
    /// floor, that many inputs of each unit first and then the others.
    ///
    /// # Errors
    /// As [`best`](Self::best).
    pub fn random(
        &self,
        outputs: usize,
        inputs: usize,
        nnz: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<Pattern> {
        let none = Self::default();
        if *self == none {
            return Pattern::random(outputs, inputs, nnz, rng);
        }
        self.validate()?;
        let possible = room_for(nnz, outputs, inputs)?;
        let scores: Vec<f32> = match *self {
            // One for a whole block: means of more scores lie closer together, and blocks at an edge are smaller.
            Self::Blocks { size } => {
                let in_row = inputs.div_ceil(size);
                let blocks = in_row * outputs.div_ceil(size);
                let drawn: Vec<f32> = (0..blocks).map(|_| rng.random()).collect();
                let block = |p: usize| p / inputs / size * in_row + p % inputs / size;
                (0..possible).map(|p| drawn[block(p)]).collect()
            }
            _ => (0..possible).map(|_| rng.random()).collect(),
        };
        self.best(outputs, inputs, &scores, nnz)
    }
}

/// The best `floor` inputs of each unit, and the best of all others.
fn with_floor(
    [outputs, inputs]: [usize; 2],
    scores: &[f32],
    nnz: usize,
    floor: usize,
) -> Result<Vec<u32>> {
    let floor = floor.min(inputs);
    let needed = floor * outputs;
    if needed > nnz {
        let reason = format!("nnz = {nnz}: must be at least {needed} for {floor} inputs per unit");
        return Err(error(outputs, inputs, reason));
    }
    let score = |position: u32| scores[position as usize];
    let mut positions = Vec::with_capacity(nnz);
    let mut others = Largest::new(nnz - needed);
    for unit in 0..outputs as u32 {
        let row = unit * inputs as u32..(unit + 1) * inputs as u32;
        let first = largest(row.clone(), floor, score);
        let is_other = |position: &u32| first.binary_search(position).is_err();
        row.filter(is_other)
            .for_each(|p| others.push(key(score(p), p)));
        positions.extend(first);
    }
    positions.extend(others.finish());
    positions.sort_unstable();
    Ok(positions)
}

/// The best `n` of each `m` consecutive inputs of a unit.
fn n_of_m(inputs: usize, scores: &[f32], n: usize, m: usize) -> Vec<u32> {
    let score = |position: u32| scores[position as usize];
    let mut positions = Vec::new();
    for unit in 0..scores.len() / inputs.max(1) {
        for first in (0..inputs).step_by(m) {
            let size = m.min(inputs - first);
            let start = (unit * inputs + first) as u32;
            let group = start..start + size as u32;
            // Wide enough for any n and m.
            let keep = (n as u128 * size as u128).div_ceil(m as u128) as usize;
            positions.extend(largest(group, keep, score));
        }
    }
    positions
}

/// All connections of the best blocks that fit into `nnz`.
fn blocks([outputs, inputs]: [usize; 2], scores: &[f32], nnz: usize, size: usize) -> Vec<u32> {
    let block = |first_unit: usize, first_input: usize| {
        let last_input = inputs.min(first_input.saturating_add(size));
        let units = first_unit..outputs.min(first_unit.saturating_add(size));
        units.flat_map(move |unit| {
            (unit * inputs + first_input) as u32..(unit * inputs + last_input) as u32
        })
    };
    let corners = |unit| (0..inputs).step_by(size).map(move |input| (unit, input));
    let mut ranked: Vec<(u64, (usize, usize))> = (0..outputs)
        .step_by(size)
        .flat_map(corners)
        .zip(0..)
        .map(|((unit, input), index)| {
            let sum: f64 = block(unit, input)
                .map(|p| f64::from(scores[p as usize]))
                .sum();
            let mean = sum / block(unit, input).count() as f64;
            (key(mean as f32, index), (unit, input))
        })
        .collect();
    ranked.sort_unstable_by(|a, b| b.cmp(a));
    let mut positions = Vec::new();
    for (_, (unit, input)) in ranked {
        let count = block(unit, input).count();
        if !positions.is_empty() && positions.len() + count > nnz {
            break;
        }
        positions.extend(block(unit, input));
    }
    positions.sort_unstable();
    positions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn blocks_at_the_edges_are_as_likely_as_others() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let structure = Structure::Blocks { size: 8 };
        let (mut found, draws) = ([0; 4], 4000);
        for _ in 0..draws {
            // The first block drawn stays, whatever its size; with room for one connection no other does.
            let mask = structure.random(9, 9, 1, &mut rng).unwrap().to_mask();
            let corners = [0, 8, 72, 80];
            corners
                .iter()
                .zip(&mut found)
                .for_each(|(p, n)| *n += u32::from(mask[*p]));
        }
        assert_eq!(found.iter().sum::<u32>(), draws);
        assert!(found.iter().all(|n| (900..1100).contains(n)), "{found:?}");
    }

    proptest! {
        #[test]
        fn no_unit_is_cut_off(
            outputs in 1..15usize,
            inputs in 1..15usize,
            floor in 1..5usize,
            share in 0.0..=1.0f64,
            seed in any::<u64>(),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let structure = Structure::Unstructured { min_inputs_per_unit: floor };
            let floor = floor.min(inputs);
            let nnz = floor * outputs + ((outputs * (inputs - floor)) as f64 * share) as usize;
            let scores: Vec<f32> = (0..outputs * inputs).map(|_| rng.random()).collect();
            let best = structure.best(outputs, inputs, &scores, nnz).unwrap();
            let random = structure.random(outputs, inputs, nnz, &mut rng).unwrap();
            for pattern in [&best, &random] {
                prop_assert_eq!(pattern.nnz(), nnz);
                prop_assert!(pattern.rows().all(|row| row.len() >= floor));
            }
            // What is missing is worse than all that is there beyond the floor.
            let mask = best.to_mask();
            let missing = (0..mask.len()).filter(|p| !mask[*p]);
            let highest = missing.map(|p| scores[p]).fold(f32::NEG_INFINITY, f32::max);
            for (row, unit) in best.rows().zip(0..) {
                let mut row: Vec<f32> = row.iter().map(|i| scores[unit * inputs + *i as usize]).collect();
                row.sort_by(|a, b| b.total_cmp(a));
                prop_assert!(row[floor..].iter().all(|s| *s >= highest));
            }
            if floor * outputs > 0 {
                let error = structure.best(outputs, inputs, &scores, floor * outputs - 1);
                prop_assert!(error.unwrap_err().is_pattern());
            }
        }

        #[test]
        fn every_group_keeps_its_best(
            outputs in 1..6usize,
            inputs in 1..20usize,
            m in 1..6usize,
            n in 1..6usize,
            seed in any::<u64>(),
        ) {
            let n = n.min(m);
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let scores: Vec<f32> = (0..outputs * inputs).map(|_| rng.random()).collect();
            let structure = Structure::NOfM { n, m };
            let best = structure.best(outputs, inputs, &scores, 0).unwrap();
            let random = structure.random(outputs, inputs, 0, &mut rng).unwrap();
            for (pattern, is_best) in [(best, true), (random, false)] {
                let mask = pattern.to_mask();
                for (mask, scores) in mask.chunks(inputs).zip(scores.chunks(inputs)) {
                    for (mask, scores) in mask.chunks(m).zip(scores.chunks(m)) {
                        let kept = mask.iter().filter(|m| **m).count();
                        let full = if mask.len() == m { n } else { (n * mask.len()).div_ceil(m) };
                        prop_assert_eq!(kept, full);
                        let of = |there: bool| {
                            mask.iter().zip(scores).filter(move |(m, _)| **m == there).map(|(_, s)| *s)
                        };
                        let least = of(true).fold(f32::INFINITY, f32::min);
                        prop_assert!(!is_best || of(false).all(|s| s <= least));
                    }
                }
            }
        }

        #[test]
        fn blocks_are_whole_and_fit(
            outputs in 1..20usize,
            inputs in 1..20usize,
            size in 1..6usize,
            share in 0.0..=1.0f64,
            seed in any::<u64>(),
        ) {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let nnz = ((outputs * inputs) as f64 * share) as usize;
            let structure = Structure::Blocks { size };
            let pattern = structure.random(outputs, inputs, nnz, &mut rng).unwrap();
            let block = size.min(outputs) * size.min(inputs);
            prop_assert!(pattern.nnz() > 0 && pattern.nnz() <= nnz.max(block));
            prop_assert!(pattern.nnz() + size * size > nnz);
            let mask = pattern.to_mask();
            for (position, there) in mask.iter().enumerate() {
                let (unit, input) = (position / inputs, position % inputs);
                let corner = unit / size * size * inputs + input / size * size;
                prop_assert_eq!(*there, mask[corner]);
            }
        }
    }

    #[test]
    fn the_best_blocks_are_those_of_the_highest_mean() {
        let scores = [
            1.0, 1.0, 0.0, 0.0, 5.0, //
            1.0, 1.0, 0.0, 0.0, 0.0, //
            0.0, 0.0, 2.0, 2.0, 0.0,
        ];
        let best = |nnz| {
            Structure::Blocks { size: 2 }
                .best(3, 5, &scores, nnz)
                .unwrap()
        };
        let positions = |nnz| best(nnz).positions().collect::<Vec<u32>>();
        assert_eq!(positions(2), [4, 9]);
        assert_eq!(positions(4), [4, 9, 12, 13]);
        assert_eq!(positions(7), [4, 9, 12, 13]);
        assert_eq!(positions(8), [0, 1, 4, 5, 6, 9, 12, 13]);
        assert!(best(15).is_full());
    }

    #[test]
    fn bad_settings_are_named() {
        for structure in [
            Structure::NOfM { n: 0, m: 4 },
            Structure::NOfM { n: 5, m: 4 },
            Structure::Blocks { size: 0 },
        ] {
            assert!(structure.best(2, 2, &[0.0; 4], 1).unwrap_err().is_config());
        }
        let read = |text| serde_json::from_str::<Structure>(text).unwrap();
        assert_eq!(
            read("{\"n_of_m\":{\"n\":2,\"m\":4}}"),
            Structure::NOfM { n: 2, m: 4 }
        );
        assert_eq!(
            read("{\"blocks\":{\"size\":8}}"),
            Structure::Blocks { size: 8 }
        );
        let floor = "{\"unstructured\":{\"min_inputs_per_unit\":0}}";
        assert_eq!(read(floor), Structure::default());
    }
}
