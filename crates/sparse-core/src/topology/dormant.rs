//! Dormant hidden units of a network.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::nn::{ActivityProbe, SparseMlp, SparseModule};

/// The share of a network's hidden units that are dormant on the rows of `x` `[rows, inputs]`: whose mean magnitude is
/// at most `threshold` times the mean over their layer (Sokar et al. 2023, definition 3.1). NaN without hidden layers.
#[must_use]
pub fn dormant_units(net: &SparseMlp, x: Tensor<2>, threshold: f64) -> f64 {
    let mut net = net.clone().train();
    let probe = ActivityProbe::default();
    net.watch_activity(Some(probe.clone()));
    let _ = net.forward(Tensor::from_inner(x));
    let activity = probe.take();
    let layers = net.sparse_layers();
    let (mut dormant, mut units) = (0, 0);
    for [layer, _] in net.hidden_layers() {
        dormant += activity.dormant(layer, threshold).len();
        units += layers[layer].pattern().outputs();
    }
    dormant as f64 / units as f64
}
