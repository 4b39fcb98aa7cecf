//! Which parameters are not to be trained.

use super::SparseModule;

/// Of each sparse layer, which of its trainable vectors are frozen, as `no_grad` of Burn's modules does: values first, and at
/// least those.
pub(crate) fn frozen<N: SparseModule>(net: &N) -> Vec<Vec<bool>> {
    // Outside autodiff nothing is differentiated, and a module knows what is to be.
    let tracked = net.clone().train();
    let layers = tracked.sparse_layers().into_iter();
    layers
        .map(|layer| {
            layer
                .vectors()
                .map(|vector| !vector.is_require_grad())
                .collect()
        })
        .collect()
}
