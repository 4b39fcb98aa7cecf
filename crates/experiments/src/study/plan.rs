//! From a study file to the list of its runs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use offline_prune::config::OfflineConfig;
use rl_algos::config::TrainConfig;
use rl_algos::nets::check_networks;
use rl_algos::recipes;
use sha2::{Digest, Sha256};
use toml::Table;

use super::file::{self, Method, Offline, Source as Of, StudyFile};
use crate::args::offline::AgentArgs;
use crate::args::values;
use crate::folder::learn::check_resumable;
use crate::folder::task_files;
use crate::paths::plain;
use crate::roster::manifest::{InitFrom, MOST_RUNS, Planned, Source, Take};
use crate::settings::{offline, set};

/// Steps of a run that only shows whether it can be made.
const SHORT: u64 = 4_000;

/// All runs of a study on a device; with `short`, each so short that it only shows whether it can be made.
///
/// # Errors
/// One line: with the key of the study file, or the method and the task whose settings are wrong; when there are too many
/// runs, or two with the same settings.
pub(super) fn runs(study: &StudyFile, device: &str, short: bool) -> Result<Vec<Planned>> {
    let seeds = study.seeds()?;
    let online = file::count(&study.recipes, &study.variants, &study.grid)?;
    let mut count = online.saturating_mul(study.tasks.len());
    if let Some(offline) = &study.offline {
        let methods = file::count(&offline.algos, &offline.variants, &offline.grid)?;
        count = count.saturating_add(methods.saturating_mul(offline.datasets.len()));
    }
    let count = count.saturating_mul(seeds.len());
    if count > MOST_RUNS {
        bail!("{count} runs: a study has {MOST_RUNS} at most; shorten a list of `grid` or `seeds`");
    }
    let mut runs: Vec<Planned> = Vec::with_capacity(count);
    let methods = file::all(&study.recipes, &study.variants, &study.set, &study.grid)?;
    let mut tasks: Vec<String> = Vec::with_capacity(study.tasks.len());
    for given in &study.tasks {
        let task =
            values::task(given).map_err(|what| anyhow::anyhow!("tasks: `{given}`: {what}"))?;
        if let Some(at) = tasks.iter().position(|other| *other == task) {
            bail!("tasks: `{}` and `{given}` are both {task}", study.tasks[at]);
        }
        tasks.push(task.clone());
        // Of each method before: what it is called, its settings, its runs.
        let mut made: Vec<Made> = Vec::with_capacity(methods.len());
        for method in &methods {
            let place = || format!("{} in {task}", method.label);
            let config = online_config(&task, method, short).with_context(place)?;
            // A task whose files say something else is another.
            let contents =
                task_files::contents(&task, &config.env_settings).with_context(|| task.clone())?;
            let source = method.init_from.as_ref();
            let source = source
                .map(|from| source_of(from, &config, &made))
                .transpose();
            let source = source.with_context(place)?;
            // A recipe by its full name.
            let label = match method.label.strip_prefix(&method.base) {
                Some(rest) => format!("{}{rest}", config.recipe),
                None => method.label.clone(),
            };
            let first = runs.len();
            for (place, &seed) in seeds.iter().enumerate() {
                let config = TrainConfig {
                    seed,
                    ..config.clone()
                };
                let text = config.to_toml()?;
                let init_from = source.map(|(first, take)| InitFrom {
                    run: runs[first + place].name.clone(),
                    take,
                });
                let mut parts = vec![text.as_str(), device];
                parts.extend(contents.as_deref());
                let taken = init_from.as_ref().map(|from| format!("{:?}", from.take));
                if let Some((from, taken)) = init_from.as_ref().zip(taken.as_deref()) {
                    parts.extend([from.run.as_str(), taken]);
                }
                runs.push(Planned {
                    name: name(&task, &config.recipe, seed, &parts),
                    source: Source::Online,
                    task: task.clone(),
                    method: label.clone(),
                    recipe: config.recipe,
                    seed,
                    length: config.steps,
                    device: device.to_owned(),
                    settings: settings(&method.set),
                    dataset: None,
                    init_from,
                    config: text,
                    index: 0,
                    of: 0,
                });
            }
            made.push(Made {
                names: [method.label.clone(), label],
                config,
                first,
            });
        }
    }
    if let Some(offline) = &study.offline {
        on_datasets(offline, &seeds, device, short, &mut runs)?;
    }
    distinct(&runs)?;
    Ok(runs)
}

/// The runs of a method in a task.
struct Made {
    /// As the file has it, and by its recipe's full name.
    names: [String; 2],
    config: TrainConfig,
    /// The place of the first.
    first: usize,
}

/// Where the runs begin of which those of a method take their networks, and what they take.
fn source_of(from: &Of, config: &TrainConfig, made: &[Made]) -> Result<(usize, Take)> {
    let Some(source) = made.iter().find(|made| made.names.contains(&from.method)) else {
        let names: Vec<&str> = made.iter().map(|made| made.names[1].as_str()).collect();
        bail!(
            "init_from.method = `{}`: must be a method that stands before it: {}",
            from.method,
            match names.is_empty() {
                true => "there is none".to_owned(),
                false => names.join(", "),
            }
        );
    };
    let agent = |config: &TrainConfig| (config.algo.name().to_owned(), config.networks.clone());
    let [(algo, own), (other, theirs)] = [config, &source.config].map(agent);
    if algo != other || own.actor != theirs.actor || own.critic != theirs.critic {
        bail!(
            "init_from.method = `{}`: its networks are {other}'s, {:?} and {:?}, and this method's {algo}'s, {:?} and {:?}",
            from.method,
            theirs.actor,
            theirs.critic,
            own.actor,
            own.critic
        );
    }
    Ok((source.first, from.take))
}

/// The settings of a method in a task.
fn online_config(task: &str, method: &Method, short: bool) -> Result<TrainConfig> {
    let base = values::recipe(&method.base).map_err(anyhow::Error::msg)?;
    for key in ["seed", "env", "recipe"] {
        if method.set.contains_key(key) {
            bail!("set.{key}: a study has `seeds`, `tasks` and `recipes` for that");
        }
    }
    let start = recipes::named_with(&base, task, &set::of_env(&method.set, &[])?)?;
    let config = match method.set.is_empty() {
        true => start,
        false => start.merged_with(method.set.clone()).context("set")?,
    };
    let config = if short { shortened(config) } else { config };
    config.validate_new_run()?;
    let env = config.make_env()?;
    // What cannot be resumed is no run of a study.
    check_resumable(&*env)?;
    check_networks(
        &config,
        [env.info().observation.len(), env.info().action.len()],
    )?;
    Ok(config)
}

/// The same in a few thousand steps, in which connections move, targets over several steps begin and the replay forgets.
fn shortened(mut config: TrainConfig) -> TrainConfig {
    let scale = |number: u64| (number as f64 * SHORT as f64 / config.steps as f64).ceil() as u64;
    config.n_step.delay = scale(config.n_step.delay);
    if let Some(topology) = &mut config.topology {
        // Ten times as rarely as a share of the run, which is often enough.
        topology.every = 10 * scale(topology.every);
        topology.actor_every = topology.actor_every.map(|every| 10 * scale(every));
    }
    if let Some(adaptive) = &mut config.replay.adaptive {
        (adaptive.every, adaptive.min) = (SHORT / 16, scale(adaptive.min as u64) as usize);
    }
    (config.evaluation.every, config.evaluation.episodes) = (SHORT / 4, 2);
    config.steps = SHORT;
    config
}

/// Adds the runs on datasets.
fn on_datasets(
    study: &Offline,
    seeds: &[u64],
    device: &str,
    short: bool,
    runs: &mut Vec<Planned>,
) -> Result<()> {
    let methods = file::all(&study.algos, &study.variants, &study.set, &study.grid)?;
    let datasets: Vec<String> = study.datasets.iter().map(|given| plain(given)).collect();
    for (place, dataset) in datasets.iter().enumerate() {
        if let Some(at) = datasets[..place].iter().position(|other| other == dataset) {
            let [one, other] = [at, place].map(|place| &study.datasets[place]);
            bail!("offline.datasets: `{one}` and `{other}` are both {dataset}");
        }
    }
    for dataset in &datasets {
        for method in &methods {
            let place = || format!("{} on {dataset}", method.label);
            let mut config = offline_config(study, dataset, method).with_context(place)?;
            if short {
                (config.updates, config.evaluation.every) = (SHORT, SHORT / 4);
                config.evaluation.episodes = 2;
            }
            let label = offline::label(dataset.as_ref());
            let contents =
                task_files::contents(&config.env, &config.env_settings).with_context(place)?;
            for &seed in seeds {
                let config = OfflineConfig {
                    seed,
                    ..config.clone()
                };
                let (text, algo) = (config.to_toml()?, config.algo.name().to_owned());
                let mut parts = vec![text.as_str(), device, dataset];
                parts.extend(contents.as_deref());
                runs.push(Planned {
                    name: name(&label, &algo, seed, &parts),
                    source: Source::Offline,
                    task: config.env,
                    method: method.label.clone(),
                    recipe: algo,
                    seed,
                    length: config.updates,
                    device: device.to_owned(),
                    settings: settings(&method.set),
                    dataset: Some(dataset.clone()),
                    init_from: None,
                    config: text,
                    index: 0,
                    of: 0,
                });
            }
        }
    }
    Ok(())
}

fn offline_config(study: &Offline, dataset: &str, method: &Method) -> Result<OfflineConfig> {
    for key in ["seed", "env"] {
        if method.set.contains_key(key) {
            bail!("set.{key}: a study has `seeds` and `offline.env` for that");
        }
    }
    let algo = values::offline_algorithm(&method.base).map_err(anyhow::Error::msg)?;
    let env = study.env.as_ref();
    let args = AgentArgs {
        dataset: Some(PathBuf::from(dataset)),
        env: env
            .map(|env| values::task_or_none(env).map_err(anyhow::Error::msg))
            .transpose()?,
        algo: Some(algo),
        ..AgentArgs::default()
    };
    let config = offline::with(&args, method.set.clone())?.0;
    Ok(config)
}

/// What a study sets, by key, for readers of the manifest.
fn settings(set: &Table) -> BTreeMap<String, serde_json::Value> {
    let json = |value: &toml::Value| serde_json::to_value(value).unwrap_or_default();
    let pairs = set::flat(set).into_iter();
    pairs.map(|(key, value)| (key, json(&value))).collect()
}

/// The name of a run: for the eye its task, its recipe and its seed, and a hash of all that it is made from.
fn name(task: &str, recipe: &str, seed: u64, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    let hash = hash.finalize();
    let hash: String = hash
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let plain = |text: &str| -> String {
        let letter = |c: char| {
            if c.is_ascii_alphanumeric() || c == '_' {
                c.to_ascii_lowercase()
            } else {
                '-'
            }
        };
        text.chars().take(60).map(letter).collect()
    };
    format!("{}-{}-s{seed}-{hash}", plain(task), plain(recipe))
}

/// Refuses two methods of one name, which readers would take for one, and two runs with the same settings.
fn distinct(runs: &[Planned]) -> Result<()> {
    let mut seen: HashMap<&str, &Planned> = HashMap::new();
    let mut called = HashSet::new();
    for run in runs {
        let place = run.learns_from();
        if !called.insert((place, &run.method, run.seed)) {
            bail!(
                "two methods are called `{}` in {place}: leave one out, or call a variant otherwise",
                run.method
            );
        }
        if let Some(other) = seen.insert(&run.name, run) {
            bail!(
                "`{}` and `{}` in {} have the same settings: leave one out",
                other.method,
                run.method,
                run.task
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(text: &str) -> Result<Vec<Planned>> {
        runs(&StudyFile::parse(text)?, "flex", false)
    }

    const SMALL: &str =
        "tasks = [\"hopper\", \"ant-v3\"]\nrecipes = [\"rlx2\", \"dense-sac\"]\nseeds = \"0..3\"\n";

    #[test]
    fn names_follow_from_settings_alone() {
        let runs = planned(SMALL).unwrap();
        assert_eq!(runs.len(), 12);
        assert_eq!(
            (runs[0].task.as_str(), runs[6].task.as_str()),
            ("Hopper-v5", "Ant-v3")
        );
        assert!(
            runs[0].name.starts_with("hopper-v5-rlx2-td3-s0-"),
            "{}",
            runs[0].name
        );
        assert_eq!(
            (runs[3].method.as_str(), runs[0].method.as_str()),
            ("dense-sac", "rlx2-td3")
        );
        // The same in another order, with others beside it.
        let other = planned(
            "tasks = [\"Ant-v3\"]\nrecipes = [\"dense-sac\", \"rlx2-td3\", \"tiny\"]\nseeds = [2]\n",
        );
        assert_eq!(other.unwrap()[1].name, runs[8].name);
        // Any other setting is another run, a default that is said is none.
        let same = planned(&format!("{SMALL}set = {{ steps = 200_000 }}\n")).unwrap();
        assert_eq!(same[0].name, runs[0].name);
        let longer = planned(&format!("{SMALL}set = {{ steps = 200_001 }}\n")).unwrap();
        assert!(longer.iter().zip(&runs).all(|(a, b)| a.name != b.name));
        let config = TrainConfig::from_toml(&runs[8].config).unwrap();
        assert_eq!((config.seed, config.env.as_str()), (2, "Ant-v3"));
        let device = super::runs(&StudyFile::parse(SMALL).unwrap(), "ndarray", false).unwrap();
        assert_ne!(device[0].name, runs[0].name);
    }

    #[test]
    fn a_task_of_a_file_is_known_by_what_its_files_hold() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.toml");
        let task = "model = \"x.xml\"\nobserve = [{ position = \"all\" }]\nreward.alive = { alive = true }\n";
        let model = |size: u32| {
            format!(
                "<mujoco><worldbody><body><joint name='x' type='slide'/><geom size='{size}'/></body></worldbody>\
                 <actuator><motor joint='x' ctrlrange='-1 1'/></actuator></mujoco>"
            )
        };
        let name = |task: &str, size: u32| {
            std::fs::write(&file, task).unwrap();
            std::fs::write(folder.path().join("x.xml"), model(size)).unwrap();
            let env = file.display();
            let study = format!("tasks = [\"{env}\"]\nrecipes = [\"rlx2\"]\n");
            planned(&study).unwrap()[0].name.clone()
        };
        let was = name(task, 1);
        assert_ne!(name(task, 2), was);
        assert_ne!(name(&format!("{task}frame_skip = 2\n"), 1), was);
        assert_eq!(name(task, 1), was);
    }

    #[test]
    fn a_table_is_switched_off_and_a_grid_names_its_methods() {
        let text = "tasks = [\"hopper\"]\nrecipes = []\n[[variants]]\nname = \"n\"\nrecipe = \"rlx2\"\n\
                    set.replay.adaptive = false\ngrid.\"n_step.n\" = [1, 2]\n";
        let runs = planned(text).unwrap();
        let methods: Vec<&str> = runs.iter().map(|run| run.method.as_str()).collect();
        assert_eq!(methods, ["n n_step.n=1", "n n_step.n=2"]);
        let config = TrainConfig::from_toml(&runs[1].config).unwrap();
        assert_eq!((config.replay.adaptive, config.n_step.n), (None, 2));
        assert_eq!(runs[1].settings["n_step.n"], 2);
    }

    #[test]
    fn runs_begin_with_those_of_their_task_and_seed() {
        let text = "tasks = [\"hopper\", \"ant-v3\"]\nrecipes = [\"rlx2\", \"static\"]\nseeds = \"0..2\"\n\
                    [[variants]]\nname = \"ticket\"\nrecipe = \"static\"\ninit_from = { method = \"rlx2\", take = \"ticket\" }\n";
        let runs = planned(text).unwrap();
        let tickets: Vec<&Planned> = runs.iter().filter(|run| run.method == "ticket").collect();
        assert_eq!(tickets.len(), 4);
        for ticket in tickets {
            let from = ticket.init_from.as_ref().unwrap();
            let source = runs.iter().find(|run| run.name == from.run).unwrap();
            assert_eq!(
                (source.method.as_str(), &source.task, source.seed, from.take),
                ("rlx2-td3", &ticket.task, ticket.seed, Take::Ticket)
            );
        }
        // The settings are those of plain `static`, the runs are others.
        let static_runs = runs.iter().filter(|run| run.method == "static-td3");
        assert!(static_runs.clone().all(|run| run.init_from.is_none()));
        let taken = planned(&text.replace("\"ticket\" }", "\"networks\" }")).unwrap();
        assert!(
            taken
                .iter()
                .zip(&runs)
                .all(|(a, b)| (a.name == b.name) == b.init_from.is_none())
        );
        for (from, to, said) in [
            (
                "method = \"rlx2\"",
                "method = \"rlx\"",
                "must be a method that stands before it: rlx2-td3, static-td3",
            ),
            (
                "method = \"rlx2\"",
                "method = \"ticket\"",
                "`ticket`: must be a method",
            ),
            (
                "recipe = \"static\"",
                "recipe = \"static-sac\"",
                "networks are td3's",
            ),
            (
                "take = \"ticket\"",
                "take = \"all\"",
                "unknown choice all, expected one of networks, connections, ticket",
            ),
        ] {
            let line = format!("{:#}", planned(&text.replace(from, to)).unwrap_err());
            let line = line.replace(['`'], "");
            assert!(
                line.contains(&said.replace(['`'], "")) && !line.contains('\n'),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_one_line_and_told_before_anything_is_made() {
        for (text, said) in [
            (
                "tasks = [\"hoppr\"]\nrecipes = [\"rlx2\"]\n",
                "tasks: `hoppr`: unknown task; did you mean Hopper-v5?",
            ),
            (
                "tasks = [\"hopper\"]\nrecipes = [\"rlx3\"]\n",
                "rlx3 in Hopper-v5: unknown recipe",
            ),
            (
                &format!("{SMALL}set.gamma = 1\n"),
                "rlx2 in Hopper-v5: set: unknown key `gamma`; did you mean `learning.gamma`?",
            ),
            (
                &format!("{SMALL}set.learning.gamma = 2\n"),
                "learning.gamma = 2",
            ),
            (
                &format!("{SMALL}set.steps = \"many\"\n"),
                "expected a whole number in `steps`; it must be 1 or more",
            ),
            (
                &format!("{SMALL}set.sparsity.actor = 1.5\n"),
                "sparsity.actor = 1.5",
            ),
            (&format!("{SMALL}set.seed = 4\n"), "a study has `seeds`"),
            (&format!("{SMALL}grid.seed = [4]\n"), "a study has `seeds`"),
            (
                &format!("{SMALL}[[variants]]\nname = \"again\"\nrecipe = \"rlx2\"\n"),
                "`rlx2-td3` and `again` in Hopper-v5 have the same settings",
            ),
            (
                &format!("{SMALL}grid.steps = [1, 1]\n"),
                "two methods are called `rlx2-td3 steps=1`",
            ),
            (
                &format!("{SMALL}[[variants]]\nname = \"rlx2-td3\"\nrecipe = \"dense\"\n"),
                "two methods are called `rlx2-td3`",
            ),
            (
                "tasks = [\"hopper\"]\nrecipes = [\"rlx2\", \"rlx2-td3\"]\n",
                "two methods are called `rlx2-td3`",
            ),
            (
                "tasks = [\"hopper\", \"Hopper-v5\"]\nrecipes = [\"rlx2\"]\n",
                "tasks: `hopper` and `Hopper-v5` are both Hopper-v5",
            ),
            (
                "tasks = [\"hopper\"]\n[[variants]]\nname = \"a\"\nrecipe = \"static\"\ninit_from = { method = \"b\" }\n",
                "must be a method that stands before it: there is none",
            ),
            (
                "[offline]\ndatasets = [\"not/there\", \"./not//there/\"]\nalgos = [\"bc\"]\n",
                "offline.datasets: `not/there` and `./not//there/` are both not/there",
            ),
            (
                "[offline]\ndatasets = [\"not/there\"]\nalgos = [\"bc\"]\n",
                "bc on not/there",
            ),
        ] {
            let line = format!("{:#}", planned(text).unwrap_err());
            assert!(
                line.contains(said) && !line.contains('\n'),
                "{text}: {line}"
            );
        }
    }

    #[test]
    fn ten_million_runs_are_counted_and_not_made() {
        let values: Vec<String> = (1..=1000).map(|n| n.to_string()).collect();
        let values = values.join(", ");
        let text = format!(
            "{SMALL}[grid]\n\"n_step.n\" = [{values}]\n\"n_step.delay\" = [{values}]\n\"steps\" = [{values}]\n"
        );
        let began = std::time::Instant::now();
        let line = planned(&text).unwrap_err().to_string();
        assert_eq!(
            line,
            "12000000000 runs: a study has 100000 at most; shorten a list of `grid` or `seeds`"
        );
        assert!(began.elapsed().as_secs() < 5);
    }
}
