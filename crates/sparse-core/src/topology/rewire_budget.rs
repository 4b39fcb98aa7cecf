//! How far one update may go.

use crate::error::{Error, Result};

/// How far one update may go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RewireBudget {
    /// The share of a layer's connections that move, in [0, 1].
    pub fraction: f64,
    /// A unit that has more inputs than this never falls below it; one that has no more loses none. 0 sets no
    /// floor.
    pub min_inputs_per_unit: usize,
}

impl RewireBudget {
    /// `int(fraction * nnz)`: how many of a layer's connections may move.
    ///
    /// # Errors
    /// [`Error::Config`] when the fraction is outside [0, 1].
    pub fn count(self, nnz: usize) -> Result<usize> {
        if !(0.0..=1.0).contains(&self.fraction) {
            return Err(Error::config("drop fraction", self.fraction, "in [0, 1]"));
        }
        Ok((nnz as f64 * self.fraction) as usize)
    }
}
