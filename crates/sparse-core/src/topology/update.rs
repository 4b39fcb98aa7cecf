//! One topology update of one layer: score, drop, grow (RigL's and RLx2's Algorithm 1, for any rule).

use rand::Rng;
use rand::seq::index;

use super::{Rule, Signal};
use crate::error::{Error, Result};
use crate::pattern::{Pattern, Rewire, largest};

/// Moves `int(fraction * nnz)` connections of a layer: drops those that the rule scores lowest and grows as
/// many outside the kept ones, either of highest score by gradient or uniformly at random, as the rule needs.
/// Of equal scores the lower position wins; NaN ranks above all numbers. The number of connections stays
/// exactly the same. A full pattern, or a static rule, gives back the same pattern.
///
/// `values` `[nnz]`; `dense_gradient` `[outputs * inputs]`, row-major, needed only when the rule
/// [needs](Rule::needs) it; `fraction` in [0, 1]. Linear in the number of possible connections.
///
/// # Errors
/// [`Error::Shape`] when `values` or the gradient has another length (a missing one has length 0);
/// [`Error::Config`] when the fraction is outside [0, 1].
pub fn rewire(
    pattern: &Pattern,
    values: &[f32],
    dense_gradient: Option<&[f32]>,
    rule: &impl Rule,
    fraction: f64,
    rng: &mut (impl Rng + ?Sized),
) -> Result<Rewire> {
    let possible = pattern.outputs() * pattern.inputs();
    Error::check_size("values", values.len(), pattern.nnz())?;
    if !(0.0..=1.0).contains(&fraction) {
        return Err(Error::config("drop fraction", fraction, "in [0, 1]"));
    }
    if !rule.rewires() || pattern.is_full() {
        return Rewire::new(pattern, pattern);
    }
    let mut moved = (pattern.nnz() as f64 * fraction) as usize;
    if !rule.allow_regrow() {
        moved = moved.min(possible - pattern.nnz());
    }

    let active: Vec<u32> = pattern.positions().collect();
    let kept = largest(
        (0..active.len() as u32).collect(),
        active.len() - moved,
        |k| rule.drop_score(values[k as usize]),
    );
    let mut mask = vec![false; possible];
    for &k in &kept {
        mask[active[k as usize] as usize] = true;
    }

    let barred = if rule.allow_regrow() {
        mask.clone()
    } else {
        pattern.to_mask()
    };
    let candidates = (0..possible as u32).filter(|p| !barred[*p as usize]);
    let candidates: Vec<u32> = candidates.collect();
    let grown = match rule.needs() {
        Signal::None => {
            let drawn = index::sample(rng, candidates.len(), moved);
            drawn.into_iter().map(|at| candidates[at]).collect()
        }
        Signal::DenseGradient => {
            let gradient = dense_gradient.unwrap_or_default();
            Error::check_size("dense gradient", gradient.len(), possible)?;
            largest(candidates, moved, |p| rule.grow_score(gradient[p as usize]))
        }
    };
    for position in grown {
        mask[position as usize] = true;
    }
    let to = Pattern::from_mask(pattern.outputs(), pattern.inputs(), &mask)?;
    Rewire::new(pattern, &to)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::topology::{RigL, RuleConfig, Set, Static};

    struct Layer {
        pattern: Pattern,
        values: Vec<f32>,
        gradient: Vec<f32>,
        rng: ChaCha8Rng,
    }

    impl Layer {
        /// Values and gradients from a small set, so that ties are common.
        fn draw(outputs: usize, inputs: usize, density: f64, seed: u64) -> Self {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let nnz = (density * (outputs * inputs) as f64) as usize;
            let pattern = Pattern::random(outputs, inputs, nnz, &mut rng).unwrap();
            let mut floats = |n: usize| -> Vec<f32> {
                (0..n)
                    .map(|_| f32::from(rng.random_range(-9..10i8)))
                    .collect()
            };
            Self {
                values: floats(nnz),
                gradient: floats(outputs * inputs),
                pattern,
                rng,
            }
        }

        fn rewire(&mut self, rule: &impl Rule, fraction: f64) -> Rewire {
            let Self {
                pattern,
                values,
                gradient,
                rng,
            } = self;
            rewire(pattern, values, Some(gradient), rule, fraction, rng).unwrap()
        }

        /// RLx2's way, with sorts of the whole layer: the mask after the update.
        fn naive_rigl(&self, fraction: f64, allow_regrow: bool) -> Vec<bool> {
            let before = self.pattern.to_mask();
            let nnz = self.pattern.nnz();
            let mut moved = (nnz as f64 * fraction) as usize;
            if !allow_regrow {
                moved = moved.min(before.len() - nnz);
            }
            let mut dense = vec![f32::NEG_INFINITY; before.len()];
            for (position, value) in self.pattern.positions().zip(&self.values) {
                dense[position as usize] = value.abs();
            }
            let mut by_value: Vec<usize> = (0..before.len()).collect();
            by_value.sort_by(|a, b| dense[*b].total_cmp(&dense[*a]));
            let mut mask = vec![false; before.len()];
            for &position in &by_value[..nnz - moved] {
                mask[position] = true;
            }
            let free = |p: &usize| !mask[*p] && (allow_regrow || !before[*p]);
            let mut by_gradient: Vec<usize> = (0..before.len()).filter(free).collect();
            let score = |p: usize| self.gradient[p].abs();
            by_gradient.sort_by(|a, b| score(*b).total_cmp(&score(*a)));
            for &position in &by_gradient[..moved] {
                mask[position] = true;
            }
            mask
        }
    }

    fn rules() -> [RuleConfig; 5] {
        let regrow = [true, false];
        let [set, never_set] = regrow.map(|allow_regrow| RuleConfig::Set(Set { allow_regrow }));
        let [rigl, never_rigl] = regrow.map(|allow_regrow| RuleConfig::RigL(RigL { allow_regrow }));
        [RuleConfig::Static, set, never_set, rigl, never_rigl]
    }

    proptest! {
        #[test]
        fn every_rule_conserves_nnz_and_moves_at_most_its_share(
            outputs in 1..20usize,
            inputs in 1..20usize,
            density in 0.0..=1.0f64,
            fraction in 0.0..=1.0f64,
            seed in any::<u64>(),
        ) {
            for rule in rules() {
                let mut layer = Layer::draw(outputs, inputs, density, seed);
                let nnz = layer.pattern.nnz();
                let rewire = layer.rewire(&rule, fraction);
                prop_assert_eq!(rewire.to().nnz(), nnz);
                prop_assert_eq!(rewire.grown().len(), rewire.dropped().len());
                let moved = (nnz as f64 * fraction) as usize;
                prop_assert!(rewire.grown().len() <= moved);
                if !rule.allow_regrow() {
                    let free = outputs * inputs - nnz;
                    prop_assert_eq!(rewire.grown().len(), moved.min(free));
                }
                // What stays has at least the magnitude of what went.
                let old = |k: u32| layer.values[k as usize].abs();
                let went: Vec<f32> = {
                    let sources: Vec<u32> = rewire.source().iter().flatten().copied().collect();
                    (0..nnz as u32).filter(|k| !sources.contains(k)).map(old).collect()
                };
                if !rule.allow_regrow() {
                    let stayed = rewire.source().iter().flatten().map(|k| old(*k));
                    let smallest = stayed.fold(f32::INFINITY, f32::min);
                    prop_assert!(went.iter().all(|went| *went <= smallest));
                }
            }
        }

        #[test]
        fn rigl_agrees_with_the_naive_update(
            outputs in 1..20usize,
            inputs in 1..20usize,
            density in 0.0..1.0f64,
            fraction in 0.0..=1.0f64,
            allow_regrow in any::<bool>(),
            seed in any::<u64>(),
        ) {
            let mut layer = Layer::draw(outputs, inputs, density, seed);
            let expected = layer.naive_rigl(fraction, allow_regrow);
            let rewire = layer.rewire(&RigL { allow_regrow }, fraction);
            prop_assert_eq!(rewire.to().to_mask(), expected);
            // A value is carried exactly where the position was active before.
            let before = layer.pattern.to_mask();
            let carried = rewire.carry_with(&layer.values, f32::NAN);
            for (position, value) in rewire.to().positions().zip(carried) {
                prop_assert_eq!(value.is_nan(), !before[position as usize]);
            }
        }
    }

    #[test]
    fn set_grows_everywhere_alike() {
        let mut layer = Layer::draw(20, 20, 0.1, 7);
        let rule = Set {
            allow_regrow: false,
        };
        let rounds = 3000;
        let mut hits = vec![0u32; 400];
        for _ in 0..rounds {
            let rewire = layer.rewire(&rule, 0.5);
            assert_eq!(rewire.grown().len(), 20);
            for position in rewire.grown() {
                hits[*position as usize] += 1;
            }
        }
        let before = layer.pattern.to_mask();
        let expected = f64::from(rounds) * 20.0 / 360.0;
        let mut chi_square = 0.0;
        for (hits, active) in hits.iter().zip(before) {
            if active {
                assert_eq!(*hits, 0);
            } else {
                chi_square += (f64::from(*hits) - expected).powi(2) / expected;
            }
        }
        // Draws without replacement vary a little less than the 359 degrees of freedom say; mean 339,
        // deviation 26: five deviations either way.
        assert!((210.0..470.0).contains(&chi_square), "{chi_square}");
    }

    #[test]
    fn same_seed_gives_the_same_update() {
        let run = || Layer::draw(30, 30, 0.2, 3).rewire(&Set::default(), 0.3);
        assert_eq!(run(), run());
    }

    #[test]
    fn a_dropped_connection_that_is_grown_again_keeps_its_value() {
        let pattern = Pattern::from_positions(1, 4, &[0, 1]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let gradient = [0.0, 5.0, 1.0, 0.0];
        let mut step = |allow_regrow| {
            let rule = RigL { allow_regrow };
            rewire(&pattern, &[3.0, 2.0], Some(&gradient), &rule, 0.5, &mut rng).unwrap()
        };
        let again = step(true);
        assert!(again.is_identity());
        assert_eq!(again.carry(&[3.0, 2.0]), [3.0, 2.0]);
        let other = step(false);
        assert_eq!((other.dropped(), other.grown()), (&[1][..], &[2][..]));
        assert_eq!(other.carry(&[3.0, 2.0]), [3.0, 0.0]);
    }

    #[test]
    fn what_cannot_move_stays() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let full = Pattern::full(3, 3);
        for rule in rules() {
            let gradient = Some(&[1.0; 9][..]);
            let same = rewire(&full, &[1.0; 9], gradient, &rule, 0.5, &mut rng).unwrap();
            assert!(same.is_identity() && same.to().is_same(&full));
        }
        let mut layer = Layer::draw(5, 5, 0.5, 1);
        assert!(layer.rewire(&Static, 1.0).is_identity());
        assert!(layer.rewire(&RigL::default(), 0.0).is_identity());
    }

    #[test]
    fn bad_input_is_an_error() {
        let pattern = Pattern::from_positions(1, 4, &[0, 1]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut step = |values: &[f32], gradient: Option<&[f32]>, fraction| {
            rewire(
                &pattern,
                values,
                gradient,
                &RigL::default(),
                fraction,
                &mut rng,
            )
            .unwrap_err()
        };
        assert!(step(&[1.0], Some(&[0.0; 4]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some(&[0.0; 3]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], None, 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some(&[0.0; 4]), 1.5).is_config());
    }
}
