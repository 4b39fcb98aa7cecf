//! The settings of the papers, one recipe a file.

mod dense;
mod rigl;
mod rlx2;
mod set;
mod static_sparse;

use sparse_core::budget::Allocation;
use sparse_core::nn::Mask;

use crate::config::{
    EvaluationConfig, ExplorationConfig, NStepConfig, ReplayConfig, SparsityConfig, Td3Config,
    TrainConfig,
};
use crate::{Error, Result};

/// The recipes by name.
pub const NAMES: [&str; 5] = ["rlx2", "rigl", "set", "static", "dense"];

/// The settings of recipe `name` for the task `env` (any spelling that [`envs::make`] takes).
///
/// # Errors
/// [`Error::UnknownRecipe`], or the task's own error when it is unknown.
pub fn named(name: &str, env: &str) -> Result<TrainConfig> {
    let env = envs::make(env)?.info().id;
    match name.to_ascii_lowercase().as_str() {
        "rlx2" => Ok(rlx2::config(env)),
        "rigl" => Ok(rigl::config(env)),
        "set" => Ok(set::config(env)),
        "static" => Ok(static_sparse::config(env)),
        "dense" => Ok(dense::config(env)),
        _ => Err(Error::UnknownRecipe {
            name: name.to_owned(),
            known: NAMES.join(", "),
        }),
    }
}

/// What RLx2's recipes and its dense baseline share: TD3 as in RLx2's released code (`RLx2_TD3/train.py`,
/// `TD3.py`), which is `sfujim/TD3`'s with an evaluation of 10 episodes every 5,000 steps. Only the length
/// differs: 200,000 steps by default, 3,000,000 in the paper.
fn td3(recipe: &str, env: &str, sparsity: SparsityConfig) -> TrainConfig {
    TrainConfig {
        env: env.to_owned(),
        recipe: recipe.to_owned(),
        steps: 200_000,
        seed: 0,
        sparsity,
        topology: None,
        td3: Td3Config {
            hidden: vec![256, 256],
            batch_size: 256,
            gamma: 0.99,
            tau: 0.005,
            actor_learning_rate: 3e-4,
            critic_learning_rate: 3e-4,
            target_noise: 0.2,
            target_noise_clip: 0.5,
            policy_delay: 2,
        },
        n_step: NStepConfig { n: 1, delay: 0 },
        replay: ReplayConfig {
            capacity: 1_000_000,
            adaptive: None,
        },
        exploration: ExplorationConfig {
            random_steps: 25_000,
            noise: 0.1,
        },
        evaluation: EvaluationConfig {
            every: 5_000,
            episodes: 10,
        },
    }
}

/// The sparsities of RLx2's Table 2 for TD3 (arXiv 2205.15043, §5.1): the largest at which it stays within
/// 3 % of the dense return. Tasks outside the table get `HalfCheetah`'s.
fn rlx2_sparsity(env: &str) -> SparsityConfig {
    let (actor, critic) = match env.split("-v").next() {
        Some("Hopper") => (0.98, 0.95),
        Some("Walker2d") => (0.97, 0.95),
        Some("Ant") => (0.96, 0.88),
        _ => (0.90, 0.85),
    };
    SparsityConfig {
        actor,
        critic,
        allocation: Allocation::ErdosRenyi,
        mask: Mask::Magnitude,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_is_valid_and_named_as_asked() {
        for name in NAMES {
            let config = named(name, "half_cheetah").unwrap();
            config.validate().unwrap();
            assert_eq!(
                (config.recipe.as_str(), config.env.as_str()),
                (name, "HalfCheetah-v5")
            );
        }
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        let error = named("rlx3", "Hopper-v5").unwrap_err().to_string();
        assert!(
            error.contains("`rlx3`") && error.contains("rlx2, rigl"),
            "{error}"
        );
        assert!(
            named("rlx2", "Hoper")
                .unwrap_err()
                .to_string()
                .contains("Hopper-v5")
        );
    }

    #[test]
    fn rlx2_has_its_published_sparsities() {
        for (env, expected) in [
            ("HalfCheetah-v5", (0.90, 0.85)),
            ("Hopper-v5", (0.98, 0.95)),
            ("Walker2d-v5", (0.97, 0.95)),
        ] {
            let sparsity = named("rlx2", env).unwrap().sparsity;
            assert_eq!((sparsity.actor, sparsity.critic), expected);
        }
    }
}
