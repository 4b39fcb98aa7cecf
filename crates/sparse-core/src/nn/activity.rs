//! How active the units of hidden layers are, collected while a loss is computed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Sums of the magnitudes of hidden units' activations, `[units]` by layer. Units are compared with their own layer, so how
/// many rows the sums are over does not matter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Activity(BTreeMap<usize, Vec<f64>>);

impl Activity {
    /// Adds one use of a layer: sums of magnitudes `[units]` over a batch.
    fn add_use(&mut self, layer: usize, units: Vec<f64>) {
        let sums = self.0.entry(layer);
        let sums = sums.or_insert_with(|| vec![0.0; units.len()]);
        if sums.len() != units.len() {
            // They are of two layers, and of no use for either.
            sums.clear();
        }
        sums.iter_mut().zip(units).for_each(|(a, b)| *a += b);
    }

    /// Adds what another part of the loss saw.
    pub(crate) fn add(&mut self, other: Self) {
        for (layer, units) in other.0 {
            self.add_use(layer, units);
        }
    }

    /// Whether no layer was used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sums of a layer, `[units]`; `None` of one that the loss did not use.
    #[must_use]
    pub fn sums(&self, layer: usize) -> Option<&[f64]> {
        self.0.get(&layer).map(Vec::as_slice)
    }

    /// Units of a layer whose mean magnitude is at most `threshold` times the mean over the layer (Sokar et al.
    /// 2023, definition 3.1), ascending; none of a layer that the loss did not use.
    #[must_use]
    pub fn dormant(&self, layer: usize, threshold: f64) -> Vec<usize> {
        let Some(units) = self.0.get(&layer) else {
            return Vec::new();
        };
        let mean = units.iter().sum::<f64>() / units.len().max(1) as f64;
        let dormant = |unit: &usize| units[*unit] <= threshold * mean;
        (0..units.len()).filter(dormant).collect()
    }
}

/// Collects the activity of a network's hidden units from its forward passes, through
/// [`watch_activity`](crate::nn::SparseModule::watch_activity).
#[derive(Clone, Debug, Default)]
pub struct ActivityProbe {
    collected: Arc<Mutex<Activity>>,
    /// The place of the network's first layer.
    first: usize,
}

impl ActivityProbe {
    /// The same probe for a network whose layers begin at place `first` of its module's
    /// [`sparse_layers`](crate::nn::SparseModule::sparse_layers): for the second of two networks, say.
    #[must_use]
    pub fn from_layer(&self, first: usize) -> Self {
        Self {
            collected: Arc::clone(&self.collected),
            first: self.first + first,
        }
    }

    /// Adds one use of hidden layer `layer`: its activations' magnitudes summed over a batch, `[units]`.
    pub fn add(&self, layer: usize, magnitudes: &[f32]) {
        let units = magnitudes.iter().map(|m| f64::from(*m)).collect();
        self.lock().add_use(self.first + layer, units);
    }

    /// Takes what was collected.
    pub(crate) fn take(&self) -> Activity {
        std::mem::take(&mut self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Activity> {
        self.collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dormant_is_relative_to_the_layer() {
        let probe = ActivityProbe::default();
        probe.add(0, &[0.0, 1.0, 10.0, 9.0]);
        probe.add(0, &[0.0, 0.0, 10.0, 10.0]);
        probe.add(1, &[0.0, 0.0]);
        let activity = probe.take();
        // The mean over the layer is 10, the units have 0, 1, 20 and 19.
        assert_eq!(activity.dormant(0, 0.0), [0]);
        assert_eq!(activity.dormant(0, 0.099), [0]);
        assert_eq!(activity.dormant(0, 0.1), [0, 1]);
        // A layer that is dead altogether, and one that was not used.
        assert_eq!(activity.dormant(1, 0.1), [0, 1]);
        assert_eq!(activity.dormant(2, 0.1), [0; 0]);
        assert_eq!(probe.take(), Activity::default());
    }
}
