//! From the command line and a configuration file to the settings of a run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use cli::train::TrainArgs;
use rl_algos::config::TrainConfig;
use rl_algos::recipes;
use toml::{Table, Value};

const ENV: &str = "HalfCheetah-v5";
const RECIPE: &str = "rlx2-td3";

/// All settings of the run that the options ask for. An option wins over the file, the file over the recipe.
///
/// # Errors
/// When the file cannot be read, has an unknown key, or a value is outside what is allowed.
pub(crate) fn config(args: &TrainArgs) -> Result<TrainConfig> {
    let mut config = match &args.config {
        Some(file) => from_file(file, args)?,
        None => recipes::named(
            args.recipe.as_deref().unwrap_or(RECIPE),
            args.env.as_deref().unwrap_or(ENV),
        )?,
    };
    let sparsity = &mut config.sparsity;
    for (asked, setting) in [
        (args.actor_sparsity, &mut sparsity.actor),
        (args.critic_sparsity, &mut sparsity.critic),
    ] {
        if asked.is_some_and(|share| share > 0.0) && config.recipe.starts_with("dense") {
            bail!("the recipe `dense` has no sparsity; take static, set, rigl or rlx2 for one");
        }
        *setting = asked.unwrap_or(*setting);
    }
    config.steps = args.steps.unwrap_or(config.steps);
    config.seed = args.seed.unwrap_or(config.seed);
    config.validate()?;
    Ok(config)
}

/// The settings of a file. What it leaves out comes from its recipe.
fn from_file(file: &Path, args: &TrainArgs) -> Result<TrainConfig> {
    let place = || file.display().to_string();
    let text = fs::read_to_string(file).with_context(place)?;
    let given: Table = toml::from_str(&text)
        .map_err(|error| anyhow!("{}", one_line(&error.to_string())))
        .with_context(place)?;
    let word = |key: &str| given.get(key).and_then(Value::as_str);
    let recipe = word("recipe").unwrap_or(RECIPE);
    let env = args.env.as_deref().or(word("env")).unwrap_or(ENV);
    let start = recipes::named(recipe, env).with_context(place)?;
    let mut all: Table = toml::from_str(&start.to_toml()?)?;
    overlay(&mut all, given);
    all.insert("env".to_owned(), Value::from(start.env));
    TrainConfig::from_toml(&toml::to_string(&all)?)
        .map_err(|error| anyhow!("{}", one_line(&error.to_string())))
        .with_context(place)
}

/// Puts the given settings over the recipe's, section by section.
fn overlay(all: &mut Table, given: Table) {
    for (key, value) in given {
        match (all.get_mut(&key), value) {
            (Some(Value::Table(section)), Value::Table(given)) => section.extend(given),
            (_, value) => {
                all.insert(key, value);
            }
        }
    }
}

/// What a parser says in several lines with a picture, in one: its last line, which names the key.
fn one_line(message: &str) -> String {
    let mut lines = message.lines().map(str::trim);
    let last = lines.rfind(|line| !line.is_empty());
    last.unwrap_or(message).to_owned()
}

/// The folder of the run, unless the options name one.
pub(crate) fn folder(args: &TrainArgs, config: &TrainConfig) -> PathBuf {
    let name = format!("runs/{}-{}-s{}", config.env, config.recipe, config.seed);
    let named = args.out.clone();
    named.unwrap_or_else(|| PathBuf::from(name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with this text, in a folder of its own.
    fn file(name: &str, text: &str) -> PathBuf {
        let file = std::env::temp_dir().join(format!("{}-{name}.toml", std::process::id()));
        fs::write(&file, text).unwrap();
        file
    }

    fn with_file(name: &str, text: &str, args: TrainArgs) -> Result<TrainConfig> {
        let path = file(name, text);
        let args = TrainArgs {
            config: Some(path.clone()),
            ..args
        };
        let config = config(&args);
        fs::remove_file(path).unwrap();
        config
    }

    #[test]
    fn no_option_is_rlx2_on_half_cheetah() {
        let config = config(&TrainArgs::default()).unwrap();
        assert_eq!((config.env.as_str(), config.recipe.as_str()), (ENV, RECIPE));
        assert_eq!(
            (config.sparsity.actor, config.sparsity.critic),
            (0.90, 0.85)
        );
        assert_eq!((config.steps, config.seed), (200_000, 0));
        let folder = folder(&TrainArgs::default(), &config);
        assert_eq!(folder, PathBuf::from("runs/halfcheetah-v5-rlx2-td3-s0"));
    }

    #[test]
    fn options_win_over_the_file_and_the_file_over_the_recipe() {
        let text = "env = \"hopper\"\nsteps = 5000\nseed = 3\n[learning]\ngamma = 0.9\n";
        let args = TrainArgs {
            seed: Some(4),
            ..TrainArgs::default()
        };
        let config = with_file("wins", text, args).unwrap();
        assert_eq!((config.steps, config.seed), (5000, 4));
        assert_eq!(
            (config.env.as_str(), config.learning.gamma),
            ("Hopper-v5", 0.9)
        );
        assert_eq!((config.sparsity.actor, config.learning.tau), (0.98, 0.005));
    }

    #[test]
    fn what_a_run_wrote_is_taken_back() {
        let wrote = config(&TrainArgs::default()).unwrap();
        let text = wrote.to_toml().unwrap();
        let read = with_file("back", &text, TrainArgs::default()).unwrap();
        assert_eq!(read, wrote);
    }

    #[test]
    fn bad_files_are_one_line_that_names_the_key() {
        for (name, text, word) in [
            ("key", "stepz = 5\n", "stepz"),
            ("nested", "[learning]\ngama = 0.9\n", "gama"),
            ("value", "[learning]\ngamma = 2.0\n", "learning.gamma"),
            ("kind", "steps = \"many\"\n", "many"),
            ("recipe", "recipe = \"x\"\n", "rlx2"),
            ("toml", "steps = \n", "toml.toml"),
        ] {
            let error = with_file(name, text, TrainArgs::default()).unwrap_err();
            let line = format!("{error:#}");
            assert!(line.contains(word) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn a_dense_recipe_takes_no_sparsity() {
        let args = TrainArgs {
            recipe: Some("dense".into()),
            actor_sparsity: Some(0.5),
            ..TrainArgs::default()
        };
        assert!(config(&args).is_err());
    }
}
