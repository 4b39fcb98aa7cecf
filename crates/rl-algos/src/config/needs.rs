//! Memory of a run, estimated from its settings before anything is made.

use super::TrainConfig;

/// Bytes of a number.
const NUMBER: u64 = size_of::<f32>() as u64;

/// Numbers for each connection in training: its value, its gradient, both of Adam's moments and the target's value.
const TRAINED: u64 = 5;

/// Indices for each connection where not all are there: its input, its output, and its place among the input's.
const INDICES: u64 = 3;

/// Memory that a setting asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Path of the setting in the configuration, such as `learning.batch_size`.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// Bytes that a run takes for it, at the least; `u64::MAX` of what is more than that.
    pub bytes: u64,
}

impl TrainConfig {
    /// Least memory of a run, setting by setting, for observations and actions of these sizes: everything that grows
    /// with a setting. The environments themselves are not counted.
    #[must_use]
    pub fn needs(&self, observation: usize, action: usize) -> Vec<Need> {
        let [actor, critic] = self.sizes(observation, action);
        let networks = &self.networks;
        let critics = self.algo.shape().critics as u64;
        let [actor_share, critic_share] = self.initial_sparsity().map(|absent| 1.0 - absent);
        let [observation, action] = [observation, action].map(|n| n as u64);
        let transition = NUMBER * (observation + 2 * action + 1) + 1;
        let stored = self.steps.min(self.replay.capacity as u64);
        let hidden = |sizes: &[usize]| total(sizes.iter().map(|&n| n as u64));
        // The sample, and what the critics' backward passes keep.
        let row = (2 * observation + action + 2)
            .saturating_add(critics.saturating_mul(hidden(&networks.critic)));
        let need = |field, value: String, bytes| Need {
            field,
            value,
            bytes,
        };
        vec![
            need(
                "networks.actor",
                format!("{:?}", networks.actor),
                connections(&actor, actor_share),
            ),
            need(
                "networks.critic",
                format!("{:?}", networks.critic),
                critics.saturating_mul(connections(&critic, critic_share)),
            ),
            need(
                "learning.batch_size",
                self.learning.batch_size.to_string(),
                (self.learning.batch_size as u64).saturating_mul(NUMBER.saturating_mul(row)),
            ),
            need(
                "replay.capacity",
                self.replay.capacity.to_string(),
                stored.saturating_mul(transition),
            ),
        ]
    }

    /// Weights of the dense networks, the actor's and both critics', for these sizes; at most `u64::MAX`.
    #[must_use]
    pub fn possible_weights(&self, observation: usize, action: usize) -> u64 {
        let [actor, critic] = self.sizes(observation, action).map(|sizes| weights(&sizes));
        let critics = self.algo.shape().critics as u64;
        actor.saturating_add(critics.saturating_mul(critic))
    }

    /// Features of every layer, the actor's and a critic's.
    fn sizes(&self, observation: usize, action: usize) -> [Vec<usize>; 2] {
        let outputs = self.algo.actor_outputs(action);
        let actor = [&[observation], &self.networks.actor[..], &[outputs]].concat();
        let critic = [&[observation + action], &self.networks.critic[..], &[1]].concat();
        [actor, critic]
    }
}

/// The sum, or the largest number.
fn total(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

fn weights(sizes: &[usize]) -> u64 {
    total(
        sizes
            .windows(2)
            .map(|pair| (pair[0] as u64).saturating_mul(pair[1] as u64)),
    )
}

/// Bytes of a network of which this share of the weights exists.
fn connections(sizes: &[usize], share: f64) -> u64 {
    let indices = if share < 1.0 { INDICES } else { 0 };
    let numbers = TRAINED + indices;
    // Saturates.
    let connections = (weights(sizes) as f64 * share) as u64;
    connections.saturating_mul(NUMBER * numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipes;

    fn bytes(config: &TrainConfig) -> Vec<(&'static str, u64)> {
        let needs = config.needs(11, 3);
        needs.iter().map(|need| (need.field, need.bytes)).collect()
    }

    #[test]
    fn bytes_are_those_of_what_is_stored() {
        let mut config = recipes::named("dense-td3", "Hopper-v5").unwrap();
        config.networks.actor = vec![20, 30];
        config.networks.critic = vec![40];
        config.learning.batch_size = 10;
        (config.steps, config.replay.capacity) = (1_000, 500);
        // Actor 11-20-30-3, critics 14-40-1; 20 bytes a weight.
        let weights = [11 * 20 + 20 * 30 + 30 * 3, 14 * 40 + 40];
        assert_eq!(config.possible_weights(11, 3), weights[0] + 2 * weights[1]);
        let expected = [
            ("networks.actor", 20 * weights[0]),
            ("networks.critic", 2 * 20 * weights[1]),
            ("learning.batch_size", 10 * 4 * (11 + 11 + 3 + 2 + 2 * 40)),
            // As a replay counts its own: 11 + 3 + 3 + 1 numbers and a byte.
            ("replay.capacity", 500 * 73),
        ];
        assert_eq!(bytes(&config), expected);
        // No more is stored than there are steps.
        config.steps = 100;
        assert_eq!(bytes(&config)[3].1, 100 * 73);
    }

    #[test]
    fn sparse_networks_take_what_exists_and_its_indices() {
        let mut config = recipes::named("static-td3", "Hopper-v5").unwrap();
        config.networks.actor = vec![100, 100];
        config.sparsity.actor = 0.5;
        let weights = 11 * 100 + 100 * 100 + 100 * 3;
        assert_eq!(bytes(&config)[0].1, weights / 2 * 32);
    }

    #[test]
    fn sizes_past_all_memory_saturate() {
        let mut config = recipes::named("rlx2-td3", "Hopper-v5").unwrap();
        config.networks.actor = vec![usize::MAX; 3];
        config.networks.critic = vec![usize::MAX; 3];
        config.learning.batch_size = usize::MAX;
        (config.steps, config.replay.capacity) = (u64::MAX, usize::MAX);
        assert_eq!(config.possible_weights(11, 3), u64::MAX);
        assert!(bytes(&config).iter().all(|(_, bytes)| *bytes > 1 << 60));
    }
}
