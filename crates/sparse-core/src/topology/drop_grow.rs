//! Drops some connections and grows the same number (RigL's and RLx2's Algorithm 1, for any criterion).

use rand::Rng;

use super::candidates::{Candidates, by_magnitude};
use super::{
    DropCriterion, GrownMoments, GrownValue, LayerChange, LayerState, NetworkState, RewireBudget,
};
use crate::error::{Error, Result};

/// Where connections are grown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grow {
    /// Uniformly at random.
    Random,
    /// Where the dense gradient is largest.
    Gradient,
}

/// How connections are dropped and the same number grown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DropGrow {
    /// Which of the smallest magnitudes go.
    pub drop: DropCriterion,
    /// Where connections come.
    pub grow: Grow,
    /// Whether a connection may be grown in the very step that drops it. It is then kept: its value and its
    /// moments stay, as in the released code of RigL and RLx2.
    pub allow_regrow: bool,
    /// The value that a grown connection starts from.
    pub grown_value: GrownValue,
    /// The optimizer moments that a grown connection starts from.
    pub grown_moments: GrownMoments,
}

impl DropGrow {
    /// The moves of each layer; see [`plan_layer`](Self::plan_layer).
    ///
    /// # Errors
    /// As [`plan_layer`](Self::plan_layer).
    pub fn plan(
        &self,
        network: &NetworkState,
        budget: RewireBudget,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<Vec<LayerChange>> {
        let layers = network.layers.iter();
        layers
            .map(|layer| self.plan_layer(layer, budget, rng))
            .collect()
    }

    /// Moves [`budget.count`](RewireBudget::count) connections of a layer: drops those of smallest magnitude and grows as
    /// many outside the kept ones. Of equal scores the lower position wins; NaN ranks above all numbers. The number of
    /// connections stays exactly the same. Fewer move where the floor of inputs per unit, or the number of free places,
    /// allows no more. Nothing changes in a layer that has all connections.
    ///
    /// The gradient is needed only to grow by it. Linear in the number of possible connections in time and, in memory, in
    /// the number of existing ones.
    ///
    /// # Errors
    /// [`Error::Shape`] when values or gradient have another size than the layer (a missing one has none);
    /// [`Error::Config`] when the fraction is outside [0, 1].
    pub fn plan_layer(
        &self,
        layer: &LayerState,
        budget: RewireBudget,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<LayerChange> {
        let pattern = &layer.pattern;
        Error::check_size("values", layer.values.len(), pattern.nnz())?;
        let mut count = budget.count(pattern.nnz())?;
        if pattern.is_full() {
            return Ok(LayerChange::default());
        }
        if !self.allow_regrow {
            count = count.min(Candidates::of(pattern).len());
        }
        let scores = layer.magnitudes();
        let dropped = self
            .drop
            .lowest(layer, &scores, count, budget.min_inputs_per_unit);
        let candidates = match self.allow_regrow {
            true => Candidates::without(pattern, &dropped),
            false => Candidates::of(pattern),
        };
        let grown = match self.grow {
            Grow::Random => candidates.random(dropped.len(), rng),
            Grow::Gradient => {
                candidates.highest(dropped.len(), layer.dense_gradient()?, by_magnitude)
            }
        };
        let mut change = LayerChange::moving(dropped, grown);
        change.grown_values = self
            .grown_value
            .draw(change.grown.len(), pattern.inputs(), rng);
        change.grown_moments = self.grown_moments;
        Ok(change)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::op::DenseGradient;
    use crate::pattern::{Pattern, Rewire};

    struct Layer {
        pattern: Pattern,
        values: Vec<f32>,
        gradient: Vec<f32>,
        rng: ChaCha8Rng,
    }

    fn budget(fraction: f64) -> RewireBudget {
        RewireBudget {
            fraction,
            min_inputs_per_unit: 0,
        }
    }

    fn dense(outputs: usize, inputs: usize, gradient: &[f32]) -> DenseGradient {
        DenseGradient::from_dense(outputs, inputs, gradient.to_vec()).unwrap()
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

        fn rewire(&mut self, how: &DropGrow, fraction: f64) -> Rewire {
            let (outputs, inputs) = (self.pattern.outputs(), self.pattern.inputs());
            let gradient = Some(dense(outputs, inputs, &self.gradient));
            let layer = layer(&self.pattern, &self.values, gradient);
            let change = how.plan_layer(&layer, budget(fraction), &mut self.rng);
            change.unwrap().rewire(&self.pattern).unwrap()
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

    fn layer(pattern: &Pattern, values: &[f32], gradient: Option<DenseGradient>) -> LayerState {
        LayerState {
            pattern: pattern.clone(),
            values: values.to_vec(),
            gradient,
        }
    }

    fn moves(grow: Grow, allow_regrow: bool) -> DropGrow {
        DropGrow {
            drop: DropCriterion::Magnitude,
            grow,
            allow_regrow,
            grown_value: GrownValue::Zero,
            grown_moments: GrownMoments::Zero,
        }
    }

    fn rigl(allow_regrow: bool) -> DropGrow {
        moves(Grow::Gradient, allow_regrow)
    }

    fn all() -> [DropGrow; 4] {
        let regrow = [true, false];
        let [set, never_set] = regrow.map(|regrow| moves(Grow::Random, regrow));
        let [rigl, never_rigl] = regrow.map(rigl);
        [set, never_set, rigl, never_rigl]
    }

    proptest! {
        #[test]
        fn any_criterion_conserves_nnz_and_moves_at_most_its_share(
            outputs in 1..20usize,
            inputs in 1..20usize,
            density in 0.0..=1.0f64,
            fraction in 0.0..=1.0f64,
            seed in any::<u64>(),
        ) {
            for how in all() {
                let mut layer = Layer::draw(outputs, inputs, density, seed);
                let nnz = layer.pattern.nnz();
                let rewire = layer.rewire(&how, fraction);
                prop_assert_eq!(rewire.to().nnz(), nnz);
                prop_assert_eq!(rewire.grown().len(), rewire.dropped().len());
                let moved = (nnz as f64 * fraction) as usize;
                prop_assert!(rewire.grown().len() <= moved);
                if !how.allow_regrow {
                    let free = outputs * inputs - nnz;
                    prop_assert_eq!(rewire.grown().len(), moved.min(free));
                }
                // What stays has at least the magnitude of what went.
                let old = |k: u32| layer.values[k as usize].abs();
                let went: Vec<f32> = {
                    let sources: Vec<u32> = rewire.source().iter().flatten().copied().collect();
                    (0..nnz as u32).filter(|k| !sources.contains(k)).map(old).collect()
                };
                if !how.allow_regrow {
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
        let how = moves(Grow::Random, false);
        let rounds = 3000;
        let mut hits = vec![0u32; 400];
        for _ in 0..rounds {
            let rewire = layer.rewire(&how, 0.5);
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
        let run = || Layer::draw(30, 30, 0.2, 3).rewire(&moves(Grow::Random, true), 0.3);
        assert_eq!(run(), run());
    }

    #[test]
    fn a_dropped_connection_that_is_grown_again_keeps_its_value() {
        let pattern = Pattern::from_positions(1, 4, &[0, 1]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let gradient = dense(1, 4, &[0.0, 5.0, 1.0, 0.0]);
        let layer = layer(&pattern, &[3.0, 2.0], Some(gradient));
        let mut step = |allow_regrow| {
            let change = rigl(allow_regrow).plan_layer(&layer, budget(0.5), &mut rng);
            change.unwrap().rewire(&pattern).unwrap()
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
        for how in all() {
            let ones = dense(3, 3, &[1.0; 9]);
            let layer = layer(&full, &[1.0; 9], Some(ones));
            let change = how.plan_layer(&layer, budget(0.5), &mut rng).unwrap();
            assert!(change.is_empty());
        }
        let mut layer = Layer::draw(5, 5, 0.5, 1);
        assert!(layer.rewire(&rigl(true), 0.0).is_identity());
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
        let layer = layer(&pattern, &values, Some(gradient));
        let change = rigl(false)
            .plan_layer(&layer, budget(0.01), &mut rng)
            .unwrap();
        let moved = nnz / 100;
        assert_eq!(change.grown.len(), moved);
        let in_row = change.grown.iter().filter(|p| **p as usize / size == 1234);
        assert_eq!(in_row.count(), moved);
    }

    #[test]
    fn bad_input_is_an_error() {
        let pattern = Pattern::from_positions(1, 4, &[0, 1]).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut step = |values: &[f32], gradient: Option<[usize; 2]>, fraction| {
            let gradient = gradient.map(|[o, i]| DenseGradient::zeros(o, i));
            let layer = layer(&pattern, values, gradient);
            let change = rigl(true).plan_layer(&layer, budget(fraction), &mut rng);
            change.unwrap_err()
        };
        assert!(step(&[1.0], Some([1, 4]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some([1, 3]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], Some([4, 1]), 0.5).is_shape());
        assert!(step(&[1.0, 2.0], None, 0.5).is_config());
        assert!(step(&[1.0, 2.0], Some([1, 4]), 1.5).is_config());
    }
}
