//! What a rule receives of a forward and a backward pass.

use crate::nn::{Activity, ActivityProbe, SparseModule};
use crate::op::{DenseGradient, GrowthProbe};
use crate::pattern::Pattern;

use super::Signal;

/// Collects the signals of one update's passes. Most updates need none, and cost nothing.
#[derive(Debug, Default)]
pub struct Trace {
    /// The update, counted from 1.
    pub(super) step: u64,
    growth: Vec<GrowthProbe>,
    activity: ActivityProbe,
}

impl Trace {
    /// Makes the layers of a module collect `signal` in update `step`.
    pub(crate) fn of<N: SparseModule>(module: &mut N, signal: Signal, step: u64) -> Self {
        let mut trace = Self {
            step,
            ..Self::default()
        };
        match signal {
            Signal::None => {}
            Signal::Activation => module.watch_activity(Some(trace.activity.clone())),
            Signal::DenseGradient => {
                for layer in module.sparse_layers_mut() {
                    let probe = GrowthProbe::default();
                    layer.set_probe(Some(probe.clone()));
                    trace.growth.push(probe);
                }
            }
        }
        trace
    }

    /// Stops asking.
    pub(super) fn end<N: SparseModule>(&self, module: &mut N, signal: Signal) {
        match signal {
            Signal::None => {}
            Signal::Activation => module.watch_activity(None),
            Signal::DenseGradient => {
                let layers = module.sparse_layers_mut();
                layers.into_iter().for_each(|layer| layer.set_probe(None));
            }
        }
    }

    /// Forgets what backward passes have left.
    pub(crate) fn clear(&self) {
        self.growth.iter().for_each(|probe| drop(probe.take(0, 0)));
    }

    /// The dense gradient of a layer with this pattern; `None` where it was not asked for.
    pub(crate) fn dense_gradient(&self, layer: usize, pattern: &Pattern) -> Option<DenseGradient> {
        let probe = self.growth.get(layer)?;
        Some(probe.take(pattern.outputs(), pattern.inputs()))
    }

    /// How active hidden units were.
    pub(crate) fn activity(&self) -> Activity {
        self.activity.take()
    }
}
