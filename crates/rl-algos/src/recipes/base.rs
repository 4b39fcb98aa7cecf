//! Shared settings of the recipes: TD3 and SAC as in RLx2's released code (`RLx2_TD3/train.py`, `RLx2_SAC/train.py` and
//! the algorithms beside them), at the sparsities of its Table 2. Its TD3 is `sfujim/TD3` with 10 episodes of
//! evaluation every 5,000 steps. Only the length differs: 200,000 steps by default, 3,000,000 in the paper.

use envs::{Settings, TaskInfo};
use sparse_core::budget::Allocation;
use sparse_core::nn::{Fans, InitialMask, Initializer, Storage};
use sparse_core::trainer::TargetConnections;

use crate::config::{
    AlgoConfig, CriticActions, EvaluationConfig, ExplorationConfig, LearningConfig, NStepConfig,
    NetworksConfig, ReplayConfig, SparsityConfig, TrainConfig,
};

/// A sparse agent whose connections stay, with one-step targets and a plain replay, as the agent was published. Layers by
/// Erdős–Rényi, input and output layers too, and the largest weights of the initialisation as the first mask, as in RLx2's
/// code (`DST/DST_Scheduler.py`). Sparsities are those of its Table 2, the largest at which it stays within 3 % of the
/// dense return; tasks outside the table get `HalfCheetah`'s.
pub(super) fn config(recipe: &str, algo: AlgoConfig, env: &TaskInfo) -> TrainConfig {
    let mut config = TrainConfig {
        env: env.id.to_owned(),
        recipe: format!("{recipe}-{}", algo.name()),
        steps: 200_000,
        seed: 0,
        env_settings: Settings::default(),
        networks: NetworksConfig {
            actor: vec![256, 256],
            critic: vec![256, 256],
            critic_layer_norm: false,
            init: Initializer::default(),
            fans: Fans::default(),
        },
        learning: LearningConfig {
            batch_size: 256,
            gamma: 0.99,
            tau: 0.005,
            target_every: algo.policy_delay(),
            target_connections: TargetConnections::Online,
            actor_learning_rate: 3e-4,
            critic_learning_rate: 3e-4,
            weight_decay: 0.0,
            reward_scale: 1.0,
            critic_actions: CriticActions::Unit,
        },
        sparsity: SparsityConfig {
            actor: 0.90,
            critic: 0.80,
            allocation: Allocation::ErdosRenyi,
            mask: InitialMask::Magnitude,
            storage: Storage::Auto,
        },
        topology: None,
        pruning: None,
        n_step: NStepConfig { n: 1, delay: 0 },
        replay: ReplayConfig {
            capacity: 1_000_000,
            adaptive: None,
        },
        exploration: ExplorationConfig {
            random_steps: 25_000,
        },
        evaluation: EvaluationConfig {
            every: 5_000,
            episodes: 10,
            keep_policies: false,
            at_start: false,
        },
        algo,
    };
    config.algo.clone().suit(&mut config, env);
    config
}
