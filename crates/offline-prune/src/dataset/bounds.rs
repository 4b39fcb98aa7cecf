//! The range of a task's actions, and the way from there to [-1, 1].

use envs::TaskInfo;

use super::bad::Bad;
use super::column::Place;
use super::facts::{Actions, RangeFrom};
use crate::{Error, Result};

/// How far an action may lie outside, in halves of the range: files hold rounded numbers.
const TOLERANCE: f64 = 1e-5;

/// Smallest and largest action, one pair for all numbers or one for each.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pairs: Vec<[f64; 2]>,
    from: RangeFrom,
    /// Whether actions outside are cut off.
    clip: bool,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            pairs: vec![[-1.0, 1.0]],
            from: RangeFrom::Assumed,
            clip: false,
        }
    }
}

/// The range of a task's actions, where all of it is finite.
pub(super) fn of_task(task: &TaskInfo) -> Option<Bounds> {
    let pairs: Vec<[f64; 2]> = task.action.iter().map(|q| [q.low, q.high]).collect();
    Bounds::new(&pairs).ok()
}

impl Bounds {
    /// # Errors
    /// When there is no pair, or one that is not finite and ascending.
    pub(super) fn new(bounds: &[[f64; 2]]) -> Result<Self> {
        let fits = |[low, high]: &[f64; 2]| {
            low.is_finite() && high.is_finite() && low < high && (high - low).is_finite()
        };
        if bounds.is_empty() || !bounds.iter().all(fits) {
            let allowed = "1 pair or more of finite numbers, the lower one first";
            return Err(Error::config(
                "action bounds",
                format!("{bounds:?}"),
                allowed,
            ));
        }
        Ok(Self {
            pairs: bounds.to_vec(),
            from: RangeFrom::Given,
            clip: false,
        })
    }

    /// The same range, from there, with actions outside cut off or not.
    pub(super) fn read_as(self, from: RangeFrom, clip: bool) -> Self {
        Self { from, clip, ..self }
    }

    /// Number of pairs, 1 or more.
    pub(super) fn len(&self) -> usize {
        self.pairs.len()
    }

    pub(super) fn pairs(&self) -> &[[f64; 2]] {
        &self.pairs
    }

    /// Whether both are the same range up to the rounding of files.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        let count = self.len().max(other.len());
        (0..count).all(|i| {
            let [a, b] = [self, other].map(|bounds| bounds.pairs[i % bounds.len()]);
            let near = |side: usize| (a[side] - b[side]).abs() <= TOLERANCE * (a[1] - a[0]);
            near(0) && near(1)
        })
    }

    /// Moves actions to [-1, 1]; rounding errors outside are cut off. `actions` are the whole array,
    /// `[rows, width]`. What they reach goes to `found`. Numbers that are not finite stay.
    ///
    /// # Errors
    /// When an action lies further outside, or there are not as many pairs as numbers.
    pub(super) fn scale(
        &self,
        place: &Place,
        width: usize,
        actions: &mut [f32],
        found: &mut Actions,
        bad: &mut Bad,
    ) -> Result<()> {
        if self.len() != 1 && self.len() != width {
            let (value, key) = (format!("{} pairs", self.len()), &place.key);
            let allowed = format!("1 pair, or {width} for `{key}`");
            return Err(Error::config("action bounds", value, allowed));
        }
        let reach = reach(actions);
        let before = found.reach.unwrap_or(reach);
        found.reach = Some([before[0].min(reach[0]), before[1].max(reach[1])]);
        for (index, action) in actions.iter_mut().enumerate() {
            if !action.is_finite() {
                continue;
            }
            let [low, high] = self.pairs[(index % width) % self.len()];
            let half = (high - low) / 2.0;
            let scaled = (f64::from(*action) - (low + half)) / half;
            found.used = found.used.max(scaled.abs());
            if scaled.abs() > 1.0 + TOLERANCE {
                if self.clip {
                    found.clipped += 1;
                } else {
                    let value = *action;
                    bad.row(index / width, || {
                        let [low, high] = [low, high].map(|side| side as f32);
                        let allowed = format!(
                            "in [{low}, {high}], {}; the actions reach from {} to {}",
                            self.from, reach[0], reach[1]
                        );
                        place.value(index / width, value, &allowed)
                    })?;
                }
            }
            *action = scaled.clamp(-1.0, 1.0) as f32;
        }
        Ok(())
    }
}

/// The smallest and the largest of the finite numbers; both infinite without any.
fn reach(numbers: &[f32]) -> [f64; 2] {
    let finite = numbers.iter().filter(|number| number.is_finite());
    let none = [f32::INFINITY, f32::NEG_INFINITY];
    let reach = finite.fold(none, |[low, high], n| [low.min(*n), high.max(*n)]);
    reach.map(plain)
}

/// A number as people write it: 0.4, and not all digits of what 0.4 is as `f32`.
pub(super) fn plain(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::from(number))
}
