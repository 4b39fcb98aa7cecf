//! RLx2's baseline "Tiny" (arXiv 2205.15043, §5): dense networks, so narrow that they have as many weights as RLx2's
//! sparse ones. Both hidden layers have one width, the largest that has no more weights.

use envs::TaskInfo;

use super::{Recipe, dense};
use crate::config::{NetworksConfig, TrainConfig};

pub(super) const RECIPE: Recipe = Recipe {
    name: "tiny",
    about: "dense, with as few weights as the sparse recipes",
    source: "arXiv 2205.15043, §5, baseline Tiny",
    settings: config,
};

pub(super) fn config(base: TrainConfig, env: &TaskInfo) -> TrainConfig {
    let (observation, action) = (env.observation.len(), env.action.len());
    let outputs = base.algo.actor_outputs(action);
    let narrow = |first, hidden: &[usize], last, sparsity: f64| {
        let most = (1.0 - sparsity) * weights(first, hidden, last) as f64;
        let fits = |width: &usize| weights(first, &vec![*width; hidden.len()], last) as f64 <= most;
        let width = (1..).take_while(fits).last().unwrap_or(1);
        vec![width; hidden.len()]
    };
    let (networks, sparsity) = (&base.networks, &base.sparsity);
    let networks = NetworksConfig {
        actor: narrow(observation, &networks.actor, outputs, sparsity.actor),
        critic: narrow(observation + action, &networks.critic, 1, sparsity.critic),
        ..*networks
    };
    dense::config(TrainConfig { networks, ..base }, env)
}

/// Weights of a dense network.
fn weights(first: usize, hidden: &[usize], last: usize) -> usize {
    let sizes = [&[first], hidden, &[last]].concat();
    sizes.windows(2).map(|pair| pair[0] * pair[1]).sum()
}
