//! Keys that no configuration of offline learning has, and which one was probably meant.

use anyhow::{Result, bail};
use offline_prune::config::{IqlConfig, OfflineConfig, agent_kinds};
use offline_prune::criteria::CriterionConfig;
use offline_prune::dataset::Reading;
use offline_prune::prune::PruneConfig;
use rl_algos::config::nearest_key;
use sparse_core::nn::{Fans, Initializer};
use toml::{Table, Value};

use super::set;

/// Sections whose own reader says what is wrong in them: those that hold one of several choices by name, and the task's.
const CHOICES: [&str; 3] = ["pruning.criterion", "pruning.allocation", "env_settings"];

/// Refuses a key that is not known.
///
/// # Errors
/// With the first that is not, and the one that was probably meant.
pub(super) fn check(given: &Table) -> Result<()> {
    let known = known()?;
    let inside = |key: &str, section: &str| {
        key.strip_prefix(section)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    for (key, value) in set::flat(given) {
        let section = |known: &String| inside(known, &key);
        let is_known = known.contains(&key)
            || CHOICES.iter().any(|choice| inside(&key, choice))
            // A section that is switched off, or an algorithm by its name alone.
            || (value == Value::Boolean(false) || value.is_str()) && known.iter().any(section);
        if is_known {
            continue;
        }
        match nearest_key(&key, &known) {
            Some(meant) => bail!("unknown key `{key}`; did you mean `{meant}`?"),
            None => {
                let mut tops: Vec<&str> = known
                    .iter()
                    .filter_map(|key| key.split('.').next())
                    .collect();
                tops.sort_unstable();
                tops.dedup();
                bail!("unknown key `{key}`; known keys: {}", tops.join(", "))
            }
        }
    }
    Ok(())
}

/// All keys that a configuration can have.
fn known() -> Result<Vec<String>> {
    let mut known: Vec<String> = Vec::new();
    for kind in agent_kinds() {
        let mut config = OfflineConfig::new(kind.name.parse()?, "Hopper-v5");
        if let Some(iql) = config.algo.get_mut::<IqlConfig>() {
            iql.reward_scale = Some(1.0);
        }
        config.data = Reading {
            action_low: vec![-1.0],
            action_high: vec![1.0],
            clip_actions: true,
            episode_length: Some(1),
            skip_bad_episodes: true,
        };
        // What is not written where it is the default.
        config.networks.init = Initializer::Orthogonal;
        config.networks.fans = Fans::Actual;
        for criterion in CriterionConfig::all() {
            config.pruning = Some(PruneConfig {
                criterion,
                joint_critics: true,
                score_init: Some(Initializer::Orthogonal),
                ..PruneConfig::default()
            });
            let keys = set::flat(&Table::try_from(&config)?).into_iter();
            let new = keys.map(|(key, _)| key).filter(|key| !known.contains(key));
            let new: Vec<String> = new.collect();
            known.extend(new);
        }
    }
    Ok(known)
}
