//! The baselines of DS-TD3 (Sokar et al., arXiv 2106.04217, §4.4; `TD3.py`, `main.py`): TD3 and Static-TD3 with its learning
//! rate of 1e-3, weight decay of 2e-4 and batches of 100, which `dense-td3` does not have. With SAC, DS-SAC's base.

use super::{Recipe, dense, ds};

pub(super) const DENSE: Recipe = Recipe {
    name: "ds-dense",
    about: "dense, with the numbers of ds: its own baseline",
    source: "arXiv 2106.04217, §4.4 and released code",
    settings: |base, env| {
        let mut config = dense::config(ds::config(base, env), env);
        config.topology = None;
        config.sparsity.allocation = sparse_core::budget::Allocation::ErdosRenyi;
        // A dense target has the online network's connections.
        config.learning.target_connections = sparse_core::trainer::TargetConnections::Online;
        config
    },
};

pub(super) const STATIC: Recipe = Recipe {
    name: "ds-static",
    about: "the connections of ds, which never change: its own baseline",
    source: "arXiv 2106.04217, §4.4 and released code",
    settings: |base, env| {
        let mut config = ds::config(base, env);
        config.topology = None;
        config.learning.target_connections = sparse_core::trainer::TargetConnections::Online;
        config
    },
};
