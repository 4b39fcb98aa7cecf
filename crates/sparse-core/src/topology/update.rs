//! One topology update of one layer: score, drop, grow (RigL's and RLx2's Algorithm 1, for any rule).

use rand::Rng;

use super::free::Free;
use super::{Action, Grow, Rule};
use crate::error::{Error, Result};
use crate::op::DenseGradient;
use crate::pattern::{Pattern, Rewire};

/// How far one update may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// The share of a layer's connections that move, in [0, 1].
    pub fraction: f64,
    /// A unit that has more inputs than this never falls below it; one that has no more loses none. 0 sets no
    /// floor.
    pub min_inputs_per_unit: usize,
}

/// Moves `int(fraction * nnz)` connections of a layer: drops those that the rule scores lowest and grows as
/// many outside the kept ones, either of highest score by gradient or uniformly at random, as the rule says.
/// Of equal scores the lower position wins; NaN ranks above all numbers. The number of connections stays
/// exactly the same. Fewer move where the floor of inputs per unit, or the number of free places, allows no
/// more. A full pattern, or a rule that moves nothing, gives back the same pattern.
///
/// `values` `[nnz]`; `gradient` is needed only when the rule grows by it. Linear in the number of possible
/// connections in time and, in memory, in the number of existing ones.
///
/// # Errors
/// [`Error::Shape`] when `values` or the gradient has another size (a missing one has none);
/// [`Error::Config`] when the fraction is outside [0, 1].
pub fn rewire(
    pattern: &Pattern,
    values: &[f32],
    gradient: Option<&DenseGradient>,
    rule: &(impl Rule + ?Sized),
    extent: Extent,
    rng: &mut (impl Rng + ?Sized),
) -> Result<Rewire> {
    Error::check_size("values", values.len(), pattern.nnz())?;
    if !(0.0..=1.0).contains(&extent.fraction) {
        let allowed = "in [0, 1]";
        return Err(Error::config("drop fraction", extent.fraction, allowed));
    }
    let Action::Move(how) = rule.action() else {
        return Rewire::new(pattern, pattern);
    };
    if pattern.is_full() {
        return Rewire::new(pattern, pattern);
    }
    let possible = pattern.outputs() * pattern.inputs();
    let mut moved = (pattern.nnz() as f64 * extent.fraction) as usize;
    if !how.allow_regrow {
        moved = moved.min(possible - pattern.nnz());
    }
    let mut scores = values.to_vec();
    rule.drop_scores(&mut scores);
    let floor = extent.min_inputs_per_unit;
    let dropped = how.drop.choose(pattern, values, &scores, moved, floor);

    let active: Vec<u32> = pattern.positions().collect();
    let mut kept = without(&active, &dropped);
    let barred = if how.allow_regrow { &kept } else { &active };
    let free = Free { possible, barred };
    let grown = match how.grow {
        Grow::Random => free.random(dropped.len(), rng),
        Grow::Gradient => {
            let shape = gradient.map_or((0, 0), |g| (g.outputs(), g.inputs()));
            Error::check_size("outputs of the dense gradient", shape.0, pattern.outputs())?;
            Error::check_size("inputs of the dense gradient", shape.1, pattern.inputs())?;
            gradient.map_or_else(Vec::new, |g| free.best(dropped.len(), g, rule))
        }
    };
    kept.extend(grown);
    // Two ascending runs, which a stable sort merges.
    kept.sort();
    let to = Pattern::from_positions(pattern.outputs(), pattern.inputs(), &kept)?;
    Rewire::new(pattern, &to)
}

/// `all` but for the entries at the indices `gone`, which ascend.
pub(super) fn without(all: &[u32], gone: &[u32]) -> Vec<u32> {
    let mut gone = gone.iter().peekable();
    let stays = |&(k, _): &(u32, &u32)| gone.next_if(|&&g| g == k).is_none();
    (0..).zip(all).filter(stays).map(|(_, p)| *p).collect()
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

    fn extent(fraction: f64) -> Extent {
        Extent {
            fraction,
            min_inputs_per_unit: 0,
        }
    }

    fn dense(outputs: usize, inputs: usize, gradient: &[f32]) -> DenseGradient {
        DenseGradient::from_dense(outputs, inputs, gradient.to_vec()).unwrap()
    }

    fn moves(rule: &RuleConfig) -> Option<super::super::Move> {
        match rule.action() {
            Action::Move(how) => Some(how),
            _ => None,
        }
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
            let [outputs, inputs] = [pattern.outputs(), pattern.inputs()];
            let gradient = dense(outputs, inputs, gradient);
            let extent = extent(fraction);
            rewire(pattern, values, Some(&gradient), rule, extent, rng).unwrap()
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

    fn rigl(allow_regrow: bool) -> RigL {
        RigL {
            allow_regrow,
            ..RigL::default()
        }
    }

    fn rules() -> [RuleConfig; 5] {
        let regrow = [true, false];
        let [set, never_set] = regrow.map(|allow_regrow| {
            let rule = Set {
                allow_regrow,
                ..Set::default()
            };
            RuleConfig::Set(rule)
        });
        let [rigl, never_rigl] = regrow.map(|allow_regrow| RuleConfig::RigL(rigl(allow_regrow)));
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
                if moves(&rule).is_some_and(|how| !how.allow_regrow) {
                    let free = outputs * inputs - nnz;
                    prop_assert_eq!(rewire.grown().len(), moved.min(free));
                }
                // What stays has at least the magnitude of what went.
                let old = |k: u32| layer.values[k as usize].abs();
                let went: Vec<f32> = {
                    let sources: Vec<u32> = rewire.source().iter().flatten().copied().collect();
                    (0..nnz as u32).filter(|k| !sources.contains(k)).map(old).collect()
                };
                if moves(&rule).is_some_and(|how| !how.allow_regrow) {
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
            let rewire = layer.rewire(&rigl(allow_regrow), fraction);
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
            ..Set::default()
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
        let gradient = dense(1, 4, &[0.0, 5.0, 1.0, 0.0]);
        let mut step = |allow_regrow| {
            let rule = rigl(allow_regrow);
            let values = [3.0, 2.0];
            rewire(
                &pattern,
                &values,
                Some(&gradient),
                &rule,
                extent(0.5),
                &mut rng,
            )
            .unwrap()
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
            let ones = dense(3, 3, &[1.0; 9]);
            let same = rewire(&full, &[1.0; 9], Some(&ones), &rule, extent(0.5), &mut rng).unwrap();
            assert!(same.is_identity() && same.to().is_same(&full));
        }
        let mut layer = Layer::draw(5, 5, 0.5, 1);
        assert!(layer.rewire(&Static, 1.0).is_identity());
        assert!(layer.rewire(&RigL::default(), 0.0).is_identity());
    }

    #[test]
    fn a_wide_layer_is_seen_a_block_at_a_time() {
        let size = 4096;
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let nnz = size * size / 100;
        let pattern = Pattern::random(size, size, nnz, &mut rng).unwrap();
        let values: Vec<f32> = (0..nnz).map(|_| rng.random_range(-1.0..1.0)).collect();
        // The gradient is largest along one row.
        let rows = move |rows: std::ops::Range<usize>| {
            assert!(rows.len() * size <= 1 << 16);
            let entry = move |p: usize| if p / size == 1234 { 2.0 } else { -1.0 };
            (rows.start * size..rows.end * size).map(entry).collect()
        };
        let gradient = DenseGradient::from_rows(size, size, rows);
        let rule = rigl(false);
        let share = extent(0.01);
        let rewire = rewire(&pattern, &values, Some(&gradient), &rule, share, &mut rng).unwrap();
        let moved = nnz / 100;
        assert_eq!(rewire.grown().len(), moved);
        let in_row = rewire
            .grown()
            .iter()
            .filter(|p| **p as usize / size == 1234);
        assert_eq!(in_row.count(), moved);
    }

    #[test]
    fn bad_input_is_an_error() {
        let pattern = Pattern::from_positions(1, 4, &[0, 1]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut step = |values: &[f32], gradient: Option<[usize; 2]>, fraction| {
            let gradient = gradient.map(|[o, i]| DenseGradient::zeros(o, i));
            let (rule, extent) = (RigL::default(), extent(fraction));
            rewire(&pattern, values, gradient.as_ref(), &rule, extent, &mut rng).unwrap_err()
        };
        assert!(step(&[1.0], Some([1, 4]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some([1, 3]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some([4, 1]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], None, 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some([1, 4]), 1.5).is_config());
    }
}
