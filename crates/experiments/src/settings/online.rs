//! From the command line and a configuration file to the settings of a run.

use std::path::{Path, PathBuf};

use crate::args::train::TrainArgs;
use anyhow::{Context, Result, bail};
use rl_algos::config::TrainConfig;
use rl_algos::recipes;
use sparse_core::budget::Allocation;
use toml::{Table, Value};

use super::{check_set, label, read, set};
use crate::folder::kind::Kind;
use crate::terminal::tell::print_line;

/// Task where none is named.
pub(crate) const ENV: &str = "HalfCheetah-v5";
/// Recipe where none is named.
const RECIPE: &str = "rlx2-td3";

/// All settings of the run that the options ask for. A named option wins over `--set`, that over the file, the file over
/// the recipe.
///
/// # Errors
/// When the file cannot be read, has an unknown key, or a value is outside what is allowed.
pub(crate) fn config(args: &TrainArgs) -> Result<TrainConfig> {
    let set = set::table(&args.set)?;
    let given = match &args.config {
        Some(file) => Some((file.as_path(), read(file)?)),
        None => None,
    };
    let mut config = merged(
        args,
        given.as_ref().map(|(file, text)| (*file, text.as_str())),
        set,
    )?;
    if [args.actor_sparsity, args.critic_sparsity] != [None, None] {
        let own = recipes::named_with(&config.recipe, &config.env, &config.env_settings)?;
        takes_sparsity(&config, &own)?;
    }
    let sparsity = &mut config.sparsity;
    sparsity.actor = args.actor_sparsity.unwrap_or(sparsity.actor);
    sparsity.critic = args.critic_sparsity.unwrap_or(sparsity.critic);
    config.steps = args.steps.unwrap_or(config.steps);
    config.seed = args.seed.unwrap_or(config.seed);
    config.evaluation.keep_policies |= args.keep_policies;
    config.validate()?;
    Ok(config)
}

/// Refuses a sparsity where the recipe, whose `own` settings are these, would not follow it: one that is dense from the first
/// update to the last, or that has a density for each layer.
fn takes_sparsity(config: &TrainConfig, own: &TrainConfig) -> Result<()> {
    let recipe = config.recipe.as_str();
    let is_whole = own.sparsity.actor == 0.0 && own.sparsity.critic == 0.0;
    if is_whole && own.topology.is_none() && own.pruning.is_none() {
        bail!("the recipe `{recipe}` has no sparsity; take static, set, rigl or rlx2 for one");
    }
    if let Allocation::Lambda(_) | Allocation::PerLayer(_) = config.sparsity.allocation {
        bail!(
            "the recipe `{recipe}` has a density for each layer; change sparsity.allocation in a file for \
             --config, or take static, set, rigl or rlx2"
        );
    }
    Ok(())
}

/// The settings of a file and of single keys, which win. What they leave out comes from the recipe.
fn merged(args: &TrainArgs, file: Option<(&Path, &str)>, set: Table) -> Result<TrainConfig> {
    let place = || {
        file.map_or("--config".to_owned(), |(file, _)| {
            file.display().to_string()
        })
    };
    let mut given = Table::new();
    if let Some((file, text)) = file {
        Kind::Online.check(text, file, "--config")?;
        let read = toml::from_str(text);
        check_set(file, read.as_ref().ok())?;
        // A file that is no TOML has no recipe either; its error is reported below.
        given = read.unwrap_or_default();
    }
    let word = |table: &Table, key: &str| table.get(key).and_then(Value::as_str).map(str::to_owned);
    let env = args.env.clone().or(word(&set, "env"));
    let own = word(&given, "env").filter(|_| env.is_some());
    let env = env.or(word(&given, "env")).unwrap_or(ENV.to_owned());
    let named = word(&set, "recipe").or(word(&given, "recipe"));
    let named = named.unwrap_or_else(|| recipe(args));
    let mut settings = given.clone();
    set::lay_over(&mut settings, set.clone());
    let settings = set::of_env(&settings, &args.env_set)?;
    let start = recipes::named_with(&named, &env, &settings);
    // What options say of the task is no fault of the file's.
    let start = match file {
        Some(_) if args.env.is_none() && args.env_set.is_empty() => start.with_context(place)?,
        _ => start?,
    };
    let mut config = start.clone();
    if let Some((_, text)) = file {
        // A file that says all, as a run writes it, is without what it leaves out.
        config = match TrainConfig::from_toml(text) {
            Ok(config) => config,
            Err(_) => start.merged(text).with_context(place)?,
        };
    }
    let was = own.and_then(|own| {
        let was = recipes::named_with(&named, &own, &settings).ok()?;
        Some((was, own))
    });
    if let Some((was, own)) = was {
        let mut kept = kept(&given, &was, &start)?;
        // What an option says does not stay.
        let mut options: Vec<String> = set::flat(&set).into_iter().map(|(key, _)| key).collect();
        let sparsities = [args.actor_sparsity, args.critic_sparsity].into_iter();
        let sparsities = sparsities.zip(["sparsity.actor", "sparsity.critic"]);
        options.extend(sparsities.filter_map(|(option, key)| option.map(|_| key.to_owned())));
        kept.retain(|kept| {
            !options
                .iter()
                .any(|key| kept.starts_with(&format!("{key} ")))
        });
        if !kept.is_empty() {
            let kept = kept.join(", ");
            print_line(&format!(
                "note     {} is for {own}; kept from it: {kept}",
                place()
            ));
        }
    }
    if !set.is_empty() {
        config = config.merged_with(set).context("--set")?;
    }
    (config.env, config.recipe) = (start.env, start.recipe);
    config.env_settings = start.env_settings;
    Ok(config)
}

/// Numbers of a file that are its recipe's for the file's own task, `was`, and others for the task that is asked for.
/// They stay, and a reader should know.
fn kept(given: &Table, was: &TrainConfig, is: &TrainConfig) -> Result<Vec<String>> {
    let table = |config: &TrainConfig| -> Result<Table> { Ok(toml::from_str(&config.to_toml()?)?) };
    let mut kept = Vec::new();
    compare("", given, &table(was)?, &table(is)?, &mut kept);
    Ok(kept)
}

/// As [`kept`] of one section, whose keys begin with `path`.
fn compare(path: &str, given: &Table, was: &Table, is: &Table, kept: &mut Vec<String>) {
    for (key, value) in given {
        let name = format!("{path}{key}");
        match (value, was.get(key), is.get(key)) {
            (Value::Table(value), Some(Value::Table(was)), Some(Value::Table(is))) => {
                compare(&format!("{name}."), value, was, is, kept);
            }
            (_, Some(was), Some(is)) if name != "env" && value == was && was != is => {
                kept.push(format!("{name} = {value} (its recipe here: {is})"));
            }
            _ => {}
        }
    }
}

/// The recipe that the options name, with the algorithm that they name.
fn recipe(args: &TrainArgs) -> String {
    let named = args.recipe.as_deref().unwrap_or(RECIPE);
    match (&args.algo, named.rsplit_once('-')) {
        (Some(algo), Some((name, _))) => format!("{name}-{algo}"),
        _ => named.to_owned(),
    }
}

/// The folder of the run, unless the options name one. A run that is one of several has a folder of its own in the
/// one that they name.
pub(crate) fn folder(args: &TrainArgs, config: &TrainConfig) -> PathBuf {
    match (&args.out, &args.seeds) {
        (Some(out), None) => out.clone(),
        (Some(out), Some(_)) => out.join(format!("s{}", config.seed)),
        (None, _) => {
            let env = label(&config.env);
            let name = format!("runs/{env}-{}-s{}", config.recipe, config.seed);
            PathBuf::from(name.to_lowercase())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::args::seeds::Seeds;

    use super::*;

    /// A file with this text, in a folder of its own.
    fn file(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("{name}.toml"));
        fs::write(&file, text).unwrap();
        (folder, file)
    }

    fn with_file(name: &str, text: &str, args: TrainArgs) -> Result<TrainConfig> {
        let (_folder, path) = file(name, text);
        config(&TrainArgs {
            config: Some(path),
            ..args
        })
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
    fn numbers_of_another_task_are_told() {
        let [hopper, ant] = ["Hopper-v5", "Ant-v5"].map(|env| recipes::named(RECIPE, env).unwrap());
        let mut given: Table = toml::from_str(&hopper.to_toml().unwrap()).unwrap();
        let told = kept(&given, &hopper, &ant).unwrap();
        assert_eq!(
            told,
            [
                "sparsity.actor = 0.98 (its recipe here: 0.96)",
                "sparsity.critic = 0.95 (its recipe here: 0.88)"
            ]
        );
        // What somebody chose is theirs.
        given["sparsity"]["actor"] = Value::Float(0.5);
        assert_eq!(kept(&given, &hopper, &ant).unwrap().len(), 1);
        assert!(kept(&given, &hopper, &hopper).unwrap().is_empty());
    }

    #[test]
    fn a_sparsity_is_for_recipes_that_are_sparse_whatever_their_name() {
        for recipe in recipes::names() {
            let args = TrainArgs {
                recipe: Some(recipe.clone()),
                actor_sparsity: Some(0.5),
                ..TrainArgs::default()
            };
            let (name, _) = recipe.rsplit_once('-').unwrap();
            let refusal = match name {
                "dense" | "tiny" | "rlx2-dense" | "rlx2-tiny" | "ds-dense" => "has no sparsity",
                "ds" | "ds-static" => "has a density for each layer",
                _ => {
                    assert_eq!(config(&args).unwrap().sparsity.actor, 0.5, "{recipe}");
                    continue;
                }
            };
            let error = config(&args).expect_err(&recipe).to_string();
            let said = format!("the recipe `{recipe}` {refusal}");
            assert!(error.starts_with(&said), "{error}");
        }
        // One of a user's own that starts dense and ends sparse, as its name says.
        let mut own = recipes::named("dense", ENV).unwrap();
        own.recipe = "dense-to-sparse-td3".to_owned();
        assert!(takes_sparsity(&own, &own).is_err());
        own.pruning = recipes::named("pruned", ENV).unwrap().pruning;
        takes_sparsity(&own, &own).unwrap();
    }

    #[test]
    fn what_a_run_wrote_is_taken_back() {
        let wrote = config(&TrainArgs::default()).unwrap();
        let text = wrote.to_toml().unwrap();
        let read = with_file("back", &text, TrainArgs::default()).unwrap();
        assert_eq!(read, wrote);
    }

    #[test]
    fn what_a_run_was_without_stays_away() {
        let mut wrote = config(&TrainArgs::default()).unwrap();
        wrote.replay.adaptive = None;
        wrote.topology = None;
        let text = wrote.to_toml().unwrap();
        let read = with_file("without", &text, TrainArgs::default()).unwrap();
        assert_eq!(read, wrote);
    }

    #[test]
    fn bad_files_are_one_line_that_names_the_key() {
        for (name, text, word) in [
            ("key", "stepz = 5\n", "did you mean `steps`?"),
            (
                "nested",
                "[learning]\ngama = 0.9\n",
                "nested.toml: unknown key `learning.gama`; did you mean `learning.gamma`?",
            ),
            ("value", "[learning]\ngamma = 2.0\n", "learning.gamma"),
            ("kind", "steps = \"many\"\n", "`steps`"),
            ("recipe", "recipe = \"x\"\n", "rlx2"),
            (
                "toml",
                "seed = 1\nsteps = \n",
                "toml.toml: configuration: line 2",
            ),
            ("zero", "steps = 0\n", "steps = 0: must be 1 or more"),
            (
                "batch",
                "[replay]\ncapacity = 100\n",
                "learning.batch_size = 256",
            ),
            ("task", "env = \"hoppr\"\n", "Hopper-v5"),
            ("empty", "", "empty.toml sets nothing"),
            ("comments", "# steps = 5\n\n", "comments.toml sets nothing"),
            // Networks of three layers have no λ for the second.
            (
                "layers",
                "recipe = \"ds\"\n[networks]\nactor = [64, 64, 64]\n",
                "sparsity.allocation.lambda = [7.0, 64.0]: must be 3 numbers",
            ),
        ] {
            let error = with_file(name, text, TrainArgs::default()).unwrap_err();
            let line = format!("{error:#}");
            assert!(line.contains(word) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn single_settings_win_over_the_file_and_lose_against_named_options() {
        let set = |words: &[&str]| TrainArgs {
            set: words.iter().map(|word| (*word).to_owned()).collect(),
            ..TrainArgs::default()
        };
        let text = "env = \"hopper\"\nsteps = 5000\n[learning]\ngamma = 0.9\n[n_step]\nn = 2\n";
        let mut args = set(&["learning.gamma=0.8", "replay.adaptive=false", "steps=7000"]);
        args.steps = Some(9000);
        let config = with_file("set", text, args).unwrap();
        assert_eq!(
            (config.learning.gamma, config.steps, config.n_step.n),
            (0.8, 9000, 2)
        );
        assert_eq!(config.replay.adaptive, None);
        // The recipe and the task are those that are set, and so is what follows from them.
        let config = super::config(&set(&["recipe=ds-sac", "env=ant-v3"])).unwrap();
        assert_eq!(
            (config.recipe.as_str(), config.env.as_str()),
            ("ds-sac", "Ant-v3")
        );
        assert_eq!(config, recipes::named("ds-sac", "Ant-v3").unwrap());
        for (word, said) in [
            (
                "learning.gama=0.9",
                "--set: unknown key `learning.gama`; did you mean `learning.gamma`?",
            ),
            (
                "learning.gamma=high",
                "`learning.gamma`; it must be in [0, 1]",
            ),
            ("learning.gamma=2", "learning.gamma = 2: must be in [0, 1]"),
            ("steps", "a setting is key=value"),
            ("recipe=rlx3", "unknown recipe `rlx3`"),
            ("env=hoppr", "Hopper-v5"),
            ("algo.ppo.clip=0.2", "algo.ppo"),
        ] {
            let line = format!("{:#}", super::config(&set(&[word])).unwrap_err());
            assert!(line.contains(said) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn settings_of_the_task_come_from_the_file_and_the_options() {
        let with = |words: &[&str]| TrainArgs {
            env_set: words.iter().map(|word| (*word).to_owned()).collect(),
            ..TrainArgs::default()
        };
        let text = "env = \"hopper\"\n[env_settings]\nframe_skip = 2\naction_delay = 1\n";
        let args = with(&["frame_skip=3", "healthy_z_range=[0.5, inf]"]);
        let config = with_file("env-set", text, args).unwrap();
        let expected = envs::Settings::default()
            .with("frame_skip", 3)
            .with("action_delay", 1)
            .with("healthy_z_range", vec![0.5, f64::INFINITY]);
        assert_eq!(config.env_settings, expected);
        assert_eq!(config.make_env().unwrap().info().frame_skip, 3);
        // What a run wrote is read back, and others may be set over it.
        let text = config.to_toml().unwrap();
        assert_eq!(
            with_file("env-back", &text, TrainArgs::default()).unwrap(),
            config
        );
        // Sizes that follow from the observation follow from that of the settings.
        let mut args = with(&["observation_stack=4"]);
        args.recipe = Some("tiny-td3".into());
        let wide = super::config(&args).unwrap().networks.actor;
        args.env_set.clear();
        assert_ne!(wide, super::config(&args).unwrap().networks.actor);
        for (word, said) in [
            (
                "frameskip=2",
                "HalfCheetah-v5 has no setting `frameskip`; did you mean `frame_skip`?",
            ),
            (
                "frame_skip=fast",
                "frame_skip is \"fast\"; it must be a whole number",
            ),
            ("frame_skip", "--env-set frame_skip: a setting is key=value"),
        ] {
            let line = format!("{:#}", super::config(&with(&[word])).unwrap_err());
            assert!(line.contains(said) && !line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn the_algorithm_takes_the_place_of_the_recipes_own() {
        for (recipe, algo, expected) in [
            (None, Some("sac"), "rlx2-sac"),
            (Some("ds-td3"), Some("sac"), "ds-sac"),
            (Some("ds-sac"), Some("td3"), "ds-td3"),
            (Some("ds-sac"), None, "ds-sac"),
        ] {
            let args = TrainArgs {
                recipe: recipe.map(str::to_owned),
                algo: algo.map(str::to_owned),
                ..TrainArgs::default()
            };
            let config = config(&args).unwrap();
            assert_eq!(config.recipe, expected);
            assert!(expected.ends_with(config.algo.name()));
        }
    }

    #[test]
    fn a_task_of_a_family_has_no_folder_in_a_folder() {
        let config = recipes::named(RECIPE, "dmc/cartpole-swingup").unwrap();
        let folder = folder(&TrainArgs::default(), &config);
        assert_eq!(
            folder,
            PathBuf::from("runs/dmc-cartpole-swingup-rlx2-td3-s0")
        );
    }

    #[test]
    fn each_of_several_seeds_has_a_folder() {
        let mut args = TrainArgs {
            seeds: Some(Seeds(vec![2, 3])),
            ..TrainArgs::default()
        };
        let mut config = config(&args).unwrap();
        config.seed = 3;
        let named = PathBuf::from("runs/halfcheetah-v5-rlx2-td3-s3");
        assert_eq!(folder(&args, &config), named);
        args.out = Some("mine".into());
        assert_eq!(folder(&args, &config), PathBuf::from("mine/s3"));
    }

    #[test]
    fn the_folder_of_a_run_in_a_task_of_a_file_has_the_files_name() {
        let mut config = config(&TrainArgs::default()).unwrap();
        config.env = "robots/My_arm.toml".to_owned();
        let folder = folder(&TrainArgs::default(), &config);
        assert_eq!(folder, PathBuf::from("runs/my_arm-rlx2-td3-s0"));
    }
}
