//! `cargo xtask recipes`: which there are, and one of them as a configuration file.

use crate::args::jobs::RecipesArgs;
use anyhow::Result;
use envs::Settings;
use rl_algos::config::agent_kinds;
use rl_algos::recipes::{self, Recipe, recipes};

use crate::settings::{online as settings, set};
use crate::terminal::tell::{print_line, program};

/// Lists all recipes, or prints one.
///
/// # Errors
/// When the recipe or the task is not known.
pub(crate) fn run(args: &RecipesArgs) -> Result<()> {
    match &args.recipe {
        None => print_line(list().trim_end()),
        Some(name) => {
            let env = args.env.as_deref().unwrap_or(settings::ENV);
            let settings = set::over(&Settings::default(), &args.env_set)?;
            print_line(file(name, env, &settings)?.trim_end());
        }
    }
    Ok(())
}

/// Each recipe: its names, what it is, where its numbers come from.
fn list() -> String {
    let blocks = recipes().into_iter().map(|recipe| {
        let agents = agent_kinds().into_iter();
        let names = agents.map(|agent| format!("{}-{}", recipe.name, agent.name));
        let names: Vec<String> = names.collect();
        let Recipe { about, source, .. } = recipe;
        format!("{}\n    {about}\n    {source}\n", names.join(", "))
    });
    let end = format!(
        "\nOne of them with its numbers: {} recipes rlx2-td3 --env hopper\n",
        program()
    );
    blocks.chain([end]).collect()
}

/// A recipe's settings for a task, with comments.
fn file(name: &str, env: &str, settings: &Settings) -> Result<String> {
    let config = recipes::named_with(name, env, settings)?;
    let own = config.recipe.strip_suffix(config.algo.name());
    let own = own.and_then(|own| own.strip_suffix('-'));
    let said = recipes()
        .into_iter()
        .find(|recipe| Some(recipe.name) == own);
    let said = said.map(|Recipe { about, source, .. }| format!("# {about}\n# ({source})\n"));
    Ok(format!(
        "{}# For: {} train --config FILE\n\n{}",
        said.unwrap_or_default(),
        program(),
        config.to_commented_toml()?
    ))
}

#[cfg(test)]
mod tests {
    use crate::args::train::TrainArgs;

    use super::*;

    #[test]
    fn train_takes_every_recipe_back() {
        let folder = std::env::temp_dir().join(format!("recipes-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, env) in recipes::names().zip(["Ant-v5", "Hopper-v4"].into_iter().cycle()) {
            let path = folder.join(format!("{name}.toml"));
            std::fs::write(&path, file(&name, env, &Settings::default()).unwrap()).unwrap();
            let args = TrainArgs {
                config: Some(path),
                ..TrainArgs::default()
            };
            let expected = recipes::named(&name, env).unwrap();
            assert_eq!(settings::config(&args).unwrap(), expected, "{name}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_list_has_every_name_and_source() {
        let list = list();
        for name in recipes::names() {
            assert!(list.contains(&name), "{name}");
        }
        for recipe in recipes() {
            assert!(list.contains(recipe.source) && list.contains(recipe.about));
        }
    }
}
