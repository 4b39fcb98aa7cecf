//! The gradient at every weight that a layer could have, computed block by block when somebody asks.

use std::cell::Cell;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, Result};

/// Computes rows of the dense gradient of one use: `[rows × inputs]`, row-major.
type Rows = Box<dyn Fn(Range<usize>) -> Vec<f32> + Send>;

/// The gradient `[outputs × inputs]` at every weight that a layer could have: a rule's growth signal.
///
/// It holds the activations that it is computed from, never the matrix: [`rows`](Self::rows) computes the requested
/// rows. A loss may use a layer several times; its gradient is the sum over the uses, and zero where there are none.
pub struct DenseGradient {
    outputs: usize,
    inputs: usize,
    uses: Vec<Rows>,
    /// The first number among the rows asked for so far that is NaN or infinite.
    not_finite: Cell<Option<f32>>,
}

impl DenseGradient {
    /// A gradient that is zero everywhere.
    #[must_use]
    pub fn zeros(outputs: usize, inputs: usize) -> Self {
        Self::of_uses(outputs, inputs, Vec::new())
    }

    fn of_uses(outputs: usize, inputs: usize, uses: Vec<Rows>) -> Self {
        Self {
            outputs,
            inputs,
            uses,
            not_finite: Cell::new(None),
        }
    }

    /// The gradient whose rows `range` are `rows(range)`, `[range.len() × inputs]`.
    #[must_use]
    pub fn from_rows(
        outputs: usize,
        inputs: usize,
        rows: impl Fn(Range<usize>) -> Vec<f32> + Send + 'static,
    ) -> Self {
        Self::of_uses(outputs, inputs, vec![Box::new(rows)])
    }

    /// A gradient from its elements, `[outputs × inputs]`, row-major.
    ///
    /// # Errors
    /// [`Error::Shape`] when it has another length.
    pub fn from_dense(outputs: usize, inputs: usize, gradient: Vec<f32>) -> Result<Self> {
        Error::check_size("dense gradient", gradient.len(), outputs * inputs)?;
        let rows =
            move |rows: Range<usize>| gradient[rows.start * inputs..rows.end * inputs].to_vec();
        Ok(Self::from_rows(outputs, inputs, rows))
    }

    /// Units of the layer.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Inputs of the layer.
    #[must_use]
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Rows `range` of the gradient, `[range.len() × inputs]`, row-major; the uses are added in their order.
    ///
    /// # Panics
    /// When the range goes beyond the layer's units.
    #[must_use]
    pub fn rows(&self, range: Range<usize>) -> Vec<f32> {
        assert!(range.end <= self.outputs, "rows of the dense gradient");
        let mut uses = self.uses.iter().map(|rows| rows(range.clone()));
        let Some(mut sum) = uses.next() else {
            return vec![0.0; range.len() * self.inputs];
        };
        for more in uses {
            sum.iter_mut()
                .zip(more)
                .for_each(|(sum, more)| *sum += more);
        }
        // One pass without branches.
        if !sum.iter().fold(true, |finite, x| finite & x.is_finite()) {
            let first = sum.iter().copied().find(|x| !x.is_finite());
            self.not_finite.set(self.not_finite.get().or(first));
        }
        sum
    }

    /// The first number among the [rows](Self::rows) asked for so far that is NaN or infinite.
    pub(crate) fn not_finite(&self) -> Option<f32> {
        self.not_finite.get()
    }

    /// Whether it is of no use of the layer: no backward pass has reached it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty()
    }

    /// Adds another part of the loss: its uses follow this one's.
    ///
    /// # Panics
    /// When the shapes differ.
    pub fn add(&mut self, other: Self) {
        let shape = |g: &Self| (g.outputs, g.inputs);
        assert_eq!(shape(self), shape(&other), "dense gradients of one layer");
        self.uses.extend(other.uses);
    }
}

impl fmt::Debug for DenseGradient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (outputs, inputs, uses) = (self.outputs, self.inputs, self.uses.len());
        write!(f, "DenseGradient [{outputs}×{inputs}] of {uses} uses")
    }
}

/// Collects from a backward pass what a layer's [`DenseGradient`] is computed from: handles of the gradient
/// at the output and of the input, one pair for each use of the layer.
#[derive(Clone, Default)]
pub struct GrowthProbe(Arc<Mutex<Vec<Rows>>>);

impl GrowthProbe {
    /// Adds one use of the layer.
    pub(crate) fn add(&self, rows: impl Fn(Range<usize>) -> Vec<f32> + Send + 'static) {
        self.lock().push(Box::new(rows));
    }

    /// Takes what was collected for a layer of this shape; zeros when no backward pass has reached it.
    #[must_use]
    pub fn take(&self, outputs: usize, inputs: usize) -> DenseGradient {
        DenseGradient::of_uses(outputs, inputs, std::mem::take(&mut self.lock()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rows>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for GrowthProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GrowthProbe of {} uses", self.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uses_add_up_and_none_is_zero() {
        let first = vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let mut gradient = DenseGradient::from_dense(3, 2, first).unwrap();
        assert_eq!(gradient.rows(1..3), [3.0, 4.0, 5.0, 6.0]);
        gradient.add(DenseGradient::from_rows(3, 2, |rows| {
            rows.flat_map(|row| [10.0 * row as f32; 2]).collect()
        }));
        assert_eq!(gradient.rows(0..2), [1.0, 2.0, 13.0, 14.0]);
        assert_eq!(gradient.rows(2..2), [0.0; 0]);
        assert_eq!(DenseGradient::zeros(3, 2).rows(1..2), [0.0, 0.0]);
        assert!(
            DenseGradient::from_dense(3, 2, vec![0.0])
                .unwrap_err()
                .is_shape()
        );
    }

    #[test]
    fn a_probe_is_empty_once_it_was_taken() {
        let probe = GrowthProbe::default();
        probe.add(|rows| vec![1.0; rows.len()]);
        probe.add(|rows| vec![2.0; rows.len()]);
        assert_eq!(format!("{probe:?}"), "GrowthProbe of 2 uses");
        let taken = probe.take(2, 1);
        assert_eq!(
            (taken.rows(0..2), taken.is_empty()),
            (vec![3.0, 3.0], false)
        );
        let again = probe.take(2, 1);
        assert_eq!((again.rows(0..2), again.is_empty()), (vec![0.0, 0.0], true));
    }
}
