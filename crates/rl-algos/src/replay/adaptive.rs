//! Dynamic capacity: eviction of what an old policy did (RLx2, arXiv 2205.15043, §4.2.2 and released code).

use serde::{Deserialize, Serialize};

use super::Replay;

/// When and how much to evict. The defaults are those of RLx2's code for TD3.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdaptiveCapacity {
    /// Environment steps between two checks, 1 or more.
    pub every: u64,
    /// Oldest transitions that a check looks at, 1 or more; RLx2: 8 batches.
    pub check: usize,
    /// Policy distance above which transitions are evicted, 0 or more.
    pub threshold: f64,
    /// Share of the transitions evicted at once, in [0, 1].
    pub drop: f64,
    /// Nothing is evicted while this many transitions or fewer are stored.
    pub min: usize,
}

impl Default for AdaptiveCapacity {
    fn default() -> Self {
        Self {
            every: 10_000,
            check: 2048,
            threshold: 0.2,
            drop: 0.1,
            min: 100_000,
        }
    }
}

impl AdaptiveCapacity {
    /// Evicts the oldest share when the distance is above the threshold and more than the minimum is stored.
    pub fn evict(&self, distance: f64, replay: &mut Replay) {
        if distance > self.threshold && replay.len() > self.min {
            replay.drop_oldest((self.drop * replay.len() as f64) as usize);
        }
    }
}

/// How far the policy has moved from the one that made the oldest `check` transitions: half the mean squared
/// difference of their actions without noise. `policy` writes the action `[action]`, in [-1, 1], for an observation
/// `[observation]`. NaN while nothing is stored or when `check` is 0.
pub fn policy_distance(
    mut policy: impl FnMut(&[f32], &mut [f32]),
    replay: &Replay,
    check: usize,
) -> f64 {
    let (mut observations, mut then) = (Vec::new(), Vec::new());
    let rows = replay.oldest(check, &mut observations, &mut then);
    if rows == 0 {
        return f64::NAN;
    }
    let (observation_size, action_size) = (observations.len() / rows, then.len() / rows);
    let mut now = vec![0.0; action_size];
    let mut squares = 0.0;
    for (observation, then) in observations
        .chunks(observation_size)
        .zip(then.chunks(action_size))
    {
        policy(observation, &mut now);
        let differences = now.iter().zip(then).map(|(a, b)| f64::from(a - b).powi(2));
        squares += differences.sum::<f64>();
    }
    0.5 * squares / then.len() as f64
}
