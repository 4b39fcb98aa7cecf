//! Shared settings of the recipes: TD3 and SAC as in RLx2's released code (`RLx2_TD3/train.py`, `RLx2_SAC/train.py` and
//! the algorithms beside them), at the sparsities of its Table 2. Its TD3 is `sfujim/TD3` with 10 episodes of
//! evaluation every 5,000 steps. Only the length differs: 200,000 steps by default, 3,000,000 in the paper.

use envs::TaskInfo;
use sparse_core::budget::Allocation;
use sparse_core::nn::{InitialMask, Storage};
use sparse_core::trainer::TargetConnections;

use crate::config::{
    AlgoConfig, EvaluationConfig, ExplorationConfig, LearningConfig, NStepConfig, NetworksConfig,
    ReplayConfig, SacConfig, SparsityConfig, Td3Config, Temperature, TrainConfig,
};

/// A sparse agent whose connections stay, with one-step targets and a plain replay.
pub(super) fn config(recipe: &str, algo: &str, env: &TaskInfo) -> TrainConfig {
    let algo = match algo {
        "sac" => AlgoConfig::Sac(sac()),
        _ => AlgoConfig::Td3(td3()),
    };
    TrainConfig {
        env: env.id.to_owned(),
        recipe: format!("{recipe}-{}", algo.name()),
        steps: 200_000,
        seed: 0,
        networks: NetworksConfig {
            actor: vec![256, 256],
            critic: vec![256, 256],
            critic_layer_norm: false,
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
        },
        sparsity: sparsity(&algo, env.id),
        topology: None,
        pruning: None,
        n_step: NStepConfig { n: 1, delay: 0 },
        replay: ReplayConfig {
            capacity: match algo {
                AlgoConfig::Td3(_) => 1_000_000,
                AlgoConfig::Sac(_) => 3_000_000,
            },
            adaptive: None,
        },
        exploration: ExplorationConfig {
            random_steps: 25_000,
        },
        evaluation: EvaluationConfig {
            every: 5_000,
            episodes: 10,
            keep_policies: false,
        },
        algo,
    }
}

fn td3() -> Td3Config {
    Td3Config {
        target_noise: 0.2,
        target_noise_clip: 0.5,
        policy_delay: 2,
        exploration_noise: 0.1,
    }
}

/// RLx2's code squashes log σ into [-5, 2], starts at α = 1 and aims at an entropy of -1 per number of an action. Its
/// training acts by the policy's mean once the random steps are over, which does not explore; here a recipe that does
/// not reproduce RLx2 itself samples, as SAC's paper does.
fn sac() -> SacConfig {
    SacConfig {
        log_std_min: -5.0,
        log_std_max: 2.0,
        policy_delay: 1,
        sample_actions: true,
        temperature: Temperature::Auto {
            initial: 1.0,
            learning_rate: 3e-4,
            entropy_per_action: -1.0,
        },
    }
}

/// The sparsities of RLx2's Table 2 (arXiv 2205.15043, §5.1): the largest at which it stays within 3 % of the dense
/// return. Tasks outside the table get `HalfCheetah`'s. Layers by Erdős–Rényi, input and output layers too, and the
/// largest weights of the initialisation as the first mask, as in its code (`DST/DST_Scheduler.py`).
fn sparsity(algo: &AlgoConfig, env: &str) -> SparsityConfig {
    let task = env.split("-v").next().unwrap_or(env);
    let (actor, critic) = match (algo, task) {
        (_, "Hopper") => (0.98, 0.95),
        (AlgoConfig::Td3(_), "Walker2d") => (0.97, 0.95),
        (AlgoConfig::Td3(_), "Ant") => (0.96, 0.88),
        (AlgoConfig::Td3(_), _) => (0.90, 0.85),
        (AlgoConfig::Sac(_), "Walker2d") => (0.90, 0.90),
        (AlgoConfig::Sac(_), "Ant") => (0.90, 0.75),
        (AlgoConfig::Sac(_), _) => (0.90, 0.80),
    };
    SparsityConfig {
        actor,
        critic,
        allocation: Allocation::ErdosRenyi,
        mask: InitialMask::Magnitude,
        storage: Storage::Auto,
    }
}
