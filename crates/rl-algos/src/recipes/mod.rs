//! The settings of the papers, one recipe a file. Each is there with every agent: `rlx2-td3`, `rlx2-sac`.

mod base;
mod dense;
mod ds;
mod ds_baselines;
mod graesser;
mod pruned;
mod rigl;
mod rlx2;
mod rlx2_baselines;
mod set;
mod static_sparse;
mod tiny;

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use envs::{Settings, TaskInfo};

use crate::config::{AlgoConfig, TrainConfig, agent_kinds, check_name};
use crate::{Error, Result};

/// A recipe: its name without the agent, a line on it, and where its numbers come from.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Name without the agent, such as `rlx2`.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    /// Where its numbers come from.
    pub source: &'static str,
    /// Makes its settings from those of a sparse agent whose connections stay, with one-step targets and a plain replay, as
    /// the agent was published, on a task.
    pub settings: fn(TrainConfig, &TaskInfo) -> TrainConfig,
}

/// The recipes of this crate: one line for each.
const OURS: [Recipe; 18] = [
    rlx2::RECIPE,
    rigl::RECIPE,
    set::RECIPE,
    static_sparse::RECIPE,
    ds::RECIPE,
    pruned::RECIPE,
    tiny::RECIPE,
    dense::RECIPE,
    rlx2_baselines::DENSE,
    rlx2_baselines::TINY,
    rlx2_baselines::STATIC,
    rlx2_baselines::SET,
    rlx2_baselines::RIGL,
    ds_baselines::DENSE,
    ds_baselines::STATIC,
    graesser::RIGL,
    graesser::SET,
    graesser::STATIC,
];

/// Those that were registered.
static REGISTERED: RwLock<Vec<Recipe>> = RwLock::new(Vec::new());

/// Held while a recipe or an agent is added: their names are checked against each other's.
static ADDING: Mutex<()> = Mutex::new(());

/// Waits until nobody else adds a recipe or an agent, and keeps others from it.
pub(crate) fn adding() -> MutexGuard<'static, ()> {
    ADDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives a recipe of one's own its name, in all of the process; there is one of it with each agent.
///
/// # Errors
/// [`Error::Config`] when the name is taken, with an agent or without, or is none: lower case letters, digits, `_` and
/// `-`.
pub fn register_recipe(recipe: Recipe) -> Result<()> {
    check_name("recipe", recipe.name)?;
    let _adding = adding();
    let agents: Vec<&str> = agent_kinds().iter().map(|agent| agent.name).collect();
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    let others = OURS.iter().chain(registered.iter());
    let names: Vec<&str> = others.map(|other| other.name).collect();
    check_free(
        "recipe",
        recipe.name,
        &[recipe.name],
        &agents,
        [&names, &agents],
    )?;
    registered.push(recipe);
    Ok(())
}

/// Checks that no recipe is hidden by another when an agent of this name is added.
///
/// # Errors
/// [`Error::Config`] when one would be.
pub(crate) fn check_agent(name: &str) -> Result<()> {
    let (recipes, agents) = (recipes(), agent_kinds());
    let recipes: Vec<&str> = recipes.iter().map(|recipe| recipe.name).collect();
    let agents: Vec<&str> = agents.iter().map(|agent| agent.name).collect();
    check_free("agent", name, &recipes, &[name], [&recipes, &agents])
}

/// Checks that `recipes` with `agents`, which come with the `name` of a new `what`, mean nothing as yet, neither alone
/// nor together.
fn check_free(
    what: &'static str,
    name: &str,
    recipes: &[&str],
    agents: &[&str],
    known: [&[&str]; 2],
) -> Result<()> {
    let names = |recipes: &[&str], agents: &[&str]| -> Vec<String> {
        let full = |recipe: &&str| {
            let full = agents.iter().map(|agent| format!("{recipe}-{agent}"));
            full.chain((what == "recipe").then(|| (*recipe).to_owned()))
                .collect::<Vec<_>>()
        };
        recipes.iter().flat_map(full).collect()
    };
    let [known_recipes, known_agents] = known;
    let mut taken = names(known_recipes, known_agents);
    taken.extend(known_recipes.iter().map(|recipe| (*recipe).to_owned()));
    match names(recipes, agents)
        .into_iter()
        .find(|new| taken.contains(new))
    {
        None => Ok(()),
        Some(new) => {
            let allowed = format!("a name that no other {what} has: `{new}` is there already");
            Err(Error::config(what, name, allowed))
        }
    }
}

/// All recipes: this crate's, then those that were registered.
#[must_use]
pub fn recipes() -> Vec<Recipe> {
    let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    OURS.iter().chain(registered.iter()).copied().collect()
}

/// The full names of all recipes: each with each agent.
pub fn names() -> impl Iterator<Item = String> {
    let recipes = recipes();
    let agents = agent_kinds().into_iter();
    agents.flat_map(move |agent| {
        let names = recipes
            .iter()
            .map(|recipe| format!("{}-{}", recipe.name, agent.name));
        names.collect::<Vec<_>>()
    })
}

/// The settings of recipe `name` for the task `env` (any spelling that [`envs::make`] takes). A name without an
/// agent is TD3's.
///
/// # Errors
/// [`Error::UnknownRecipe`], or the task's own error when it is unknown.
pub fn named(name: &str, env: &str) -> Result<TrainConfig> {
    named_with(name, env, &Settings::default())
}

/// As [`named`], for the task with other [settings](envs::make_with).
///
/// # Errors
/// As [`named`], and the task's own where it has no such settings.
pub fn named_with(name: &str, env: &str, settings: &Settings) -> Result<TrainConfig> {
    let env = envs::make_with(env, settings)?;
    let wanted = name.to_ascii_lowercase();
    let recipes = recipes();
    let known = recipes.iter().find_map(|recipe| {
        let agent = match wanted.strip_prefix(recipe.name)? {
            "" => "td3",
            rest => rest.strip_prefix('-')?,
        };
        Some((recipe, AlgoConfig::named(agent)?))
    });
    let Some((recipe, algo)) = known else {
        let names: Vec<String> = names().collect();
        return Err(Error::UnknownRecipe {
            name: name.to_owned(),
            known: names.join(", "),
        });
    };
    let mut base = base::config(recipe.name, algo, env.info());
    base.env_settings.clone_from(settings);
    Ok((recipe.settings)(base, env.info()))
}

#[cfg(test)]
mod tests {
    use sparse_core::nn::Initializer;

    use super::*;
    use crate::config::Td3Config;

    #[test]
    fn every_recipe_is_valid_and_named_as_asked() {
        assert_eq!(names().count(), OURS.len() * agent_kinds().len());
        for name in names() {
            for env in ["half_cheetah", "Humanoid-v5", "Reacher-v4"] {
                let config = named(&name, env).unwrap();
                config.validate().unwrap();
                assert_eq!(config.recipe, name);
                assert_eq!(config.algo.name(), name.rsplit_once('-').unwrap().1);
            }
        }
        let config = named("RLX2", "half_cheetah").unwrap();
        let names = (config.recipe.as_str(), config.env.as_str());
        assert_eq!(names, ("rlx2-td3", "HalfCheetah-v5"));
    }

    #[test]
    fn unknown_names_list_the_known_ones() {
        for name in ["rlx3", "td3", "-td3", "", "rlx2-ppo"] {
            let error = named(name, "Hopper-v5").unwrap_err().to_string();
            let known = error.contains(&format!("`{name}`")) && error.contains("rlx2-td3, rigl");
            assert!(known, "{error}");
        }
        let error = named("rlx2", "Hoper").unwrap_err().to_string();
        assert!(error.contains("Hopper-v5"), "{error}");
    }

    /// Table 2 of arXiv 2205.15043.
    #[test]
    fn rlx2_has_its_published_sparsities() {
        for (recipe, env, expected) in [
            ("rlx2-td3", "HalfCheetah-v5", (0.90, 0.85)),
            ("rlx2-td3", "Hopper-v5", (0.98, 0.95)),
            ("rlx2-td3", "Walker2d-v4", (0.97, 0.95)),
            ("rlx2-td3", "Ant-v3", (0.96, 0.88)),
            ("rlx2-sac", "HalfCheetah-v5", (0.90, 0.80)),
            ("rlx2-sac", "Hopper-v5", (0.98, 0.95)),
            ("rlx2-sac", "Walker2d-v5", (0.90, 0.90)),
            ("rlx2-sac", "Ant-v5", (0.90, 0.75)),
        ] {
            let sparsity = named(recipe, env).unwrap().sparsity;
            assert_eq!(
                (sparsity.actor, sparsity.critic),
                expected,
                "{recipe} {env}"
            );
        }
    }

    /// §4.4 and appendix A of arXiv 2106.04217; shares as derived from λ.
    #[test]
    fn ds_has_its_published_numbers() {
        let config = named("ds-td3", "HalfCheetah-v5").unwrap();
        assert_eq!(config.learning.batch_size, 100);
        assert_eq!(config.learning.weight_decay, 2e-4);
        assert_eq!(config.learning.critic_learning_rate, 1e-3);
        let policy_delay = config.algo.get::<Td3Config>().unwrap().policy_delay;
        let topology = config.topology.as_ref().unwrap();
        assert_eq!(topology.actor_every.unwrap() * policy_delay, topology.every);
        assert_eq!((topology.every, topology.drop_fraction), (1000, 0.05));
        let density = 1.0 - config.sparsity.critic;
        assert!((density - (1953.0 + 32_768.0 + 256.0) / 71_680.0).abs() < 1e-9);
        let config = named("ds-sac", "Hopper-v5").unwrap();
        assert_eq!(
            (config.learning.tau, config.learning.target_every),
            (1.0, 1000)
        );
        assert_eq!(config.exploration.random_steps, 10_000);
        assert_eq!(config.networks.init, Initializer::XavierUniform);
    }

    #[test]
    fn baselines_differ_from_their_method_by_sparsity_alone() {
        for algo in ["td3", "sac"] {
            let of = |name: &str| named(&format!("{name}-{algo}"), "Hopper-v3").unwrap();
            let (ds, dense, still) = (of("ds"), of("ds-dense"), of("ds-static"));
            assert_eq!((dense.sparsity.actor, dense.sparsity.critic), (0.0, 0.0));
            assert_eq!(still.sparsity, ds.sparsity);
            assert!(dense.topology.is_none() && still.topology.is_none());
            let (rlx2, base) = (of("rlx2"), of("rlx2-dense"));
            for config in [&still, &dense] {
                assert_eq!(config.algo, ds.algo);
                assert_eq!(
                    config.learning.critic_learning_rate,
                    ds.learning.critic_learning_rate
                );
                assert_eq!(config.learning.weight_decay, ds.learning.weight_decay);
                assert_eq!(config.networks, ds.networks);
            }
            assert_eq!(
                (&base.algo, &base.networks, &base.learning),
                (&rlx2.algo, &rlx2.networks, &rlx2.learning)
            );
            // With TD3 RLx2's baselines are those that have always been here.
            for name in ["dense", "tiny", "static", "set", "rigl"] {
                let mut own = of(&format!("rlx2-{name}"));
                own.recipe = format!("{name}-{algo}");
                assert_eq!(own == of(name), algo == "td3", "{name}");
            }
        }
    }

    #[test]
    fn tiny_has_as_many_weights_as_rlx2() {
        for (name, env, observation, action) in [
            ("td3", "HalfCheetah-v5", 17, 6),
            ("sac", "Hopper-v5", 11, 3),
            ("td3", "Ant-v5", 105, 8),
        ] {
            let sparse = named(&format!("rlx2-{name}"), env).unwrap();
            let tiny = named(&format!("tiny-{name}"), env).unwrap();
            let outputs = if name == "sac" { 2 * action } else { action };
            let weights = |first: usize, hidden: &[usize], last: usize| -> f64 {
                let sizes = [&[first], hidden, &[last]].concat();
                sizes.windows(2).map(|w| (w[0] * w[1]) as f64).sum()
            };
            for (first, last, sparsity, sparse, tiny) in [
                (
                    observation,
                    outputs,
                    sparse.sparsity.actor,
                    &sparse.networks.actor,
                    &tiny.networks.actor,
                ),
                (
                    observation + action,
                    1,
                    sparse.sparsity.critic,
                    &sparse.networks.critic,
                    &tiny.networks.critic,
                ),
            ] {
                let wanted = (1.0 - sparsity) * weights(first, sparse, last);
                let found = weights(first, tiny, last);
                let wider: Vec<usize> = tiny.iter().map(|size| size + 1).collect();
                assert!(
                    found <= wanted && wanted < weights(first, &wider, last),
                    "{env}"
                );
            }
        }
    }
}
