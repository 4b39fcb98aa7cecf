//! From the command line, the dataset's path and a configuration file to the settings of runs.

use std::fs;
use std::path::{Component, Path};

use crate::args::offline::{AgentArgs, DataArgs};
use anyhow::{Context, Result, bail};
use offline_prune::config::{NO_TASK, OfflineConfig};
use offline_prune::criteria::CriterionConfig;
use offline_prune::dataset::{Peek, Reading};
use offline_prune::prune::PruneConfig;
use rl_algos::config::text;
use toml::{Table, Value};

use super::{check_set, keys, read, set, task};
use crate::folder::kind::Kind;
use crate::terminal::tell::print_line;

/// Algorithm where none is named.
const ALGO: &str = "td3-bc";

/// The settings that the options ask for, with the file's or the default pruning. An option wins over the file, the
/// file over the published settings.
///
/// # Errors
/// When the task cannot be told, the file cannot be read, has an unknown key, or a value is outside what is allowed.
pub(crate) fn config(args: &AgentArgs) -> Result<OfflineConfig> {
    let (config, notes) = with(args, set::table(&args.set)?)?;
    for note in notes {
        print_line(&note);
    }
    Ok(config)
}

/// As [`config`], with single settings as a table; and what a person should know.
///
/// # Errors
/// As [`config`].
pub(crate) fn with(args: &AgentArgs, set: Table) -> Result<(OfflineConfig, Vec<String>)> {
    let mut notes = Vec::new();
    let dataset = args.dataset();
    fs::metadata(dataset).with_context(|| dataset.display().to_string())?;
    let text = match &args.config {
        Some(file) => read(file)?,
        None => String::new(),
    };
    let place = || match &args.config {
        Some(file) => file.display().to_string(),
        None => "settings".to_owned(),
    };
    if let Some(file) = &args.config {
        Kind::Offline.check(&text, file, "--config")?;
    }
    let mut given = text::parse(&text).with_context(place)?;
    if let Some(file) = &args.config {
        check_set(file, Some(&given))?;
        keys::check(&given).with_context(place)?;
    }
    keys::check(&set).context("--set")?;
    let in_set = set.get("algo").and_then(algorithm);
    if let (Some(own), Some(asked)) = (&in_set, &args.algo)
        && own != asked
    {
        bail!("--set algo.{own}: --algo {asked} asks for another algorithm");
    }
    if let Some(algo) = in_set {
        // Another choice takes the place of the first.
        if given
            .get("algo")
            .and_then(algorithm)
            .is_some_and(|own| own != algo)
        {
            given.remove("algo");
        }
    }
    set::lay_over(&mut given, set);
    if given.get("pruning") == Some(&Value::Boolean(false)) {
        given.insert(
            "pruning".to_owned(),
            Value::Table(Table::from_iter([(
                "sparsity".to_owned(),
                Value::Float(0.0),
            )])),
        );
    }
    let of_task = set::of_env(&given, &args.env_set)?;
    set::put_env(&mut given, &of_task);
    let env = match (&args.env, given.get("env").and_then(Value::as_str)) {
        (Some(env), _) => env.clone(),
        (None, Some(env)) => env.to_owned(),
        (None, None) => {
            let guess = task::guess(dataset, &Peek::at(dataset)?)?;
            notes.push(format!(
                "guess    {}: {}; --env says another",
                guess.env, guess.why
            ));
            guess.env
        }
    };
    if let Some(doubt) = task::doubt(dataset, &env).filter(|_| env != NO_TASK) {
        notes.push(format!("note     {doubt}"));
    }
    let in_file = given.get("algo").and_then(algorithm);
    let algo = args.algo.clone().or_else(|| in_file.clone());
    let algo = algo.unwrap_or_else(|| ALGO.to_owned());
    if in_file.is_some_and(|name| name != algo) {
        given.remove("algo");
    }
    let published = OfflineConfig::new(algo.parse()?, &env);
    let mut config = published.merged(given).with_context(place)?;
    config.env = env;
    config.seed = args.seed.unwrap_or(config.seed);
    config.pruning.get_or_insert_with(PruneConfig::default);
    reading(&args.data, &mut config.data)?;
    config.validate()?;
    Ok((config, notes))
}

/// Overrides the settings of the dataset by options.
fn reading(args: &DataArgs, data: &mut Reading) -> Result<()> {
    if !args.action_low.is_empty() {
        data.action_low.clone_from(&args.action_low);
        data.action_high.clone_from(&args.action_high);
    }
    data.clip_actions |= args.clip_actions;
    data.skip_bad_episodes |= args.skip_bad_episodes;
    if let Some(length) = args.episode_length {
        data.episode_length = Some(usize::try_from(length)?);
    }
    Ok(())
}

/// The algorithm that a file names, as a word or as a table of its settings.
fn algorithm(value: &Value) -> Option<String> {
    let table = || value.as_table()?.keys().next().map(String::as_str);
    value.as_str().or_else(table).map(str::to_owned)
}

/// The same settings with another criterion, another sparsity, or both.
///
/// # Errors
/// When there is no such criterion.
pub(crate) fn pruned(
    config: &OfflineConfig,
    criterion: Option<&String>,
    sparsity: Option<f64>,
) -> Result<PruneConfig> {
    let mut pruning = config.pruning.clone().unwrap_or_default();
    if let Some(name) = criterion.filter(|name| **name != pruning.criterion.name()) {
        pruning.criterion = name.parse::<CriterionConfig>()?;
    }
    pruning.sparsity = sparsity.unwrap_or(pruning.sparsity);
    Ok(pruning)
}

/// A short name for a dataset: the end of its path, with the task.
pub(crate) fn label(path: &Path) -> String {
    let parts = path.components().filter_map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    });
    let plain = |part: &str| -> String {
        let stem = part.split('.').next().unwrap_or(part);
        stem.to_ascii_lowercase()
    };
    let mut parts: Vec<String> = parts.map(plain).collect();
    while parts.len() > 1 && ["data", "main_data"].contains(&parts[parts.len() - 1].as_str()) {
        parts.pop();
    }
    let last = parts.pop().unwrap_or_else(|| "dataset".to_owned());
    match parts.pop() {
        Some(before) if !task::names_task(&last) => format!("{before}-{last}"),
        _ => last,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_short() {
        for (path, name) in [
            ("datasets/hopper/medium-v0", "hopper-medium-v0"),
            ("d4rl/halfcheetah_medium-v2.hdf5", "halfcheetah_medium-v2"),
            (
                "mujoco/walker2d/expert-v0/data/main_data.hdf5",
                "walker2d-expert-v0",
            ),
            ("ant/hopper-v0.npz", "hopper-v0"),
        ] {
            assert_eq!(label(Path::new(path)), name);
        }
    }

    fn with_file(name: &str, text: &str, args: AgentArgs) -> Result<OfflineConfig> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join(format!("{name}.toml"));
        fs::write(&file, text)?;
        config(&AgentArgs {
            // Whether it is one is seen when it is read.
            dataset: Some(std::env::temp_dir()),
            env: Some("Hopper-v5".into()),
            config: Some(file),
            ..args
        })
    }

    #[test]
    fn a_file_sets_what_it_says_and_options_win() {
        let text =
            "updates = 500\nseed = 3\n[algo.td3-bc]\nalpha = 1.0\n[pruning]\nsparsity = 0.8\n";
        let args = AgentArgs {
            seed: Some(4),
            ..AgentArgs::default()
        };
        let read = with_file("some", text, args).unwrap();
        assert_eq!((read.updates, read.seed), (500, 4));
        let expected = "alpha = 1.0\npolicy_delay = 2\ntarget_noise = 0.2";
        assert!(read.to_toml().unwrap().contains(expected), "{read:?}");
        let pruning = read.pruning.as_ref().unwrap();
        assert_eq!((pruning.criterion.name(), pruning.sparsity), ("snip", 0.8));
        let args = AgentArgs {
            algo: Some("bc".into()),
            ..AgentArgs::default()
        };
        assert_eq!(with_file("algo", text, args).unwrap().algo.name(), "bc");
        let wrote = read.to_toml().unwrap();
        let back = with_file("back", &wrote, AgentArgs::default()).unwrap();
        assert_eq!(back, read);
    }

    #[test]
    fn single_settings_win_over_the_file() {
        let set = |words: &[&str]| AgentArgs {
            set: words.iter().map(|word| (*word).to_owned()).collect(),
            ..AgentArgs::default()
        };
        let text = "updates = 500\n[algo.td3-bc]\nalpha = 1.0\n[pruning]\nsparsity = 0.8\n";
        let words = [
            "updates=600",
            "algo.td3-bc.policy_delay=3",
            "pruning.criterion=force",
            "pruning.floor.min_inputs_per_unit=0",
            "data.clip_actions=true",
        ];
        let config = with_file("set", text, set(&words)).unwrap();
        assert_eq!((config.updates, config.data.clip_actions), (600, true));
        let pruning = config.pruning.as_ref().unwrap();
        assert_eq!((pruning.criterion.name(), pruning.sparsity), ("force", 0.8));
        assert_eq!(pruning.floor.min_inputs_per_unit, 0);
        assert!(config.to_toml().unwrap().contains("alpha = 1.0\n"));
        let config = with_file("off", text, set(&["pruning=false", "algo=bc"])).unwrap();
        assert_eq!(
            (config.pruning.unwrap().sparsity, config.algo.name()),
            (0.0, "bc")
        );
        for (word, said) in [
            (
                "learning.gama=0.9",
                "--set: unknown key `learning.gama`; did you mean `learning.gamma`?",
            ),
            ("algo.td3-bc.alfa=1", "did you mean `algo.td3-bc.alpha`?"),
            ("qqqqqqqqqqqqqqqq=1", "known keys: algo, data, env"),
            ("learning.gamma=2", "learning.gamma = 2"),
            ("updates=many", "expected a whole number"),
        ] {
            let line = format!("{:#}", with_file("bad", text, set(&[word])).unwrap_err());
            assert!(line.contains(said), "{line}");
        }
        // What is set is not dropped for what an option says.
        let args = AgentArgs {
            algo: Some("bc".to_owned()),
            ..set(&["algo.iql.beta=3"])
        };
        let line = with_file("other", text, args).unwrap_err().to_string();
        assert_eq!(line, "--set algo.iql: --algo bc asks for another algorithm");
    }

    #[test]
    fn bad_files_are_one_line_with_the_file() {
        for (name, text, word) in [
            (
                "key",
                "updatez = 5\n",
                "unknown key `updatez`; did you mean `updates`?",
            ),
            (
                "nested",
                "[learning]\nbatchsize = 5\n",
                "did you mean `learning.batch_size`?",
            ),
            ("value", "updates = 0\n", "updates = 0: must be 1 or more"),
            ("empty", "\n", "empty.toml sets nothing"),
            ("toml", "seed = 1\nupdates = \n", "line 2"),
            ("algo", "algo = \"cql\"\n", "bc, td3-bc"),
        ] {
            let error = with_file(name, text, AgentArgs::default()).unwrap_err();
            let line = format!("{error:#}");
            assert!(line.contains(word) && !line.contains('\n'), "{line}");
        }
    }
}
