//! The range of a task's actions, and the way from there to [-1, 1].

use super::column::Place;
use crate::{Error, Result};

/// How far an action may lie outside, in halves of the range: files hold rounded numbers.
const TOLERANCE: f64 = 1e-5;

/// Smallest and largest action, one pair for all numbers or one for each.
#[derive(Clone, Debug)]
pub(super) struct Bounds(Vec<[f64; 2]>);

impl Default for Bounds {
    fn default() -> Self {
        Self(vec![[-1.0, 1.0]])
    }
}

impl Bounds {
    /// # Errors
    /// When there is no pair, or one that is not finite and ascending.
    pub(super) fn new(bounds: &[[f64; 2]]) -> Result<Self> {
        let fits = |[low, high]: &[f64; 2]| low.is_finite() && high.is_finite() && low < high;
        if bounds.is_empty() || !bounds.iter().all(fits) {
            return Err(Error::Config {
                field: "action bounds",
                value: format!("{bounds:?}"),
                allowed: "1 pair or more of finite numbers, the lower one first".to_owned(),
            });
        }
        Ok(Self(bounds.to_vec()))
    }

    /// Number of pairs, 1 or more.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Moves actions to [-1, 1]; rounding errors outside are cut off. `actions` are the whole array,
    /// `[rows, width]`.
    ///
    /// # Errors
    /// When an action lies further outside, or there are not as many pairs as numbers.
    pub(super) fn scale(&self, place: &Place, width: usize, actions: &mut [f32]) -> Result<()> {
        if self.0.len() != 1 && self.0.len() != width {
            return Err(Error::Config {
                field: "action bounds",
                value: format!("{} pairs", self.0.len()),
                allowed: format!("1 pair, or {width} for `{}`", place.key),
            });
        }
        for (index, action) in actions.iter_mut().enumerate() {
            let [low, high] = self.0[(index % width) % self.0.len()];
            let half = (high - low) / 2.0;
            let scaled = (f64::from(*action) - (low + half)) / half;
            if scaled.abs() > 1.0 + TOLERANCE {
                let allowed = format!("in [{low}, {high}], as the task's actions are");
                return Err(place.value(index / width, *action, &allowed));
            }
            *action = scaled.clamp(-1.0, 1.0) as f32;
        }
        Ok(())
    }
}
