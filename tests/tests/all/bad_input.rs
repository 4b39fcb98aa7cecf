//! Bad input ends in one clear line, and nothing is lost.

use std::fs;

use experiments::train;
use experiments::{Checkpoint, Error, RunDir};
use rl_algos::algos::Policy;
use rl_algos::config::TrainConfig;
use rl_algos::recipes;
use tests::small::{config, go_on, metrics, run};

/// The message, which must be one line.
fn line(error: &dyn std::error::Error) -> String {
    let line = error.to_string();
    assert!(!line.contains('\n'), "{line}");
    line
}

#[test]
fn unknown_names_list_the_known_ones() {
    let recipe = line(&recipes::named("rlx", "Hopper-v5").unwrap_err());
    assert!(
        recipe.contains("`rlx`") && recipe.contains("static"),
        "{recipe}"
    );
    let task = line(&recipes::named("rlx2", "Hoppr").unwrap_err());
    assert!(
        task.contains("`Hoppr`") && task.contains("Walker2d-v5"),
        "{task}"
    );
}

#[test]
fn a_sparsity_outside_its_range_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for sparsity in [1.0, -0.1, f64::NAN, f64::INFINITY] {
        let mut config = config("rlx2", 300);
        config.sparsity.critic = sparsity;
        let path = folder.path().join("run");
        let error = run(&config, &path).unwrap_err();
        assert!(line(&error).contains("sparsity.critic"), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let text = config("rlx2", 300).to_toml().unwrap();
    for (key, wrong, meant) in [
        ("tau", "tauu", "learning.tau"),
        ("capacity", "size", "known keys of replay: capacity"),
        ("[sparsity]", "[sparse]", "sparsity."),
        ("[algo.td3]", "[td3]", "algo.td3."),
    ] {
        let error = TrainConfig::from_toml(&text.replace(key, wrong)).unwrap_err();
        let said = line(&error);
        let wrong = wrong.trim_matches(['[', ']']);
        assert!(said.contains(wrong) && said.contains(meant), "{said}");
    }
}

/// The run with a changed configuration, in a folder that holds a run which is to be overwritten: the error's line.
/// Nothing of the old run is lost.
fn refused(change: impl FnOnce(&mut TrainConfig)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut config = config("rlx2", 300);
    RunDir::create(&path, &config, false).unwrap();
    let metrics = path.join("metrics.csv");
    fs::write(&metrics, "old").unwrap();
    change(&mut config);
    let error = RunDir::create(&path, &config, true).unwrap_err();
    assert_eq!(fs::read_to_string(&metrics).unwrap(), "old");
    assert_eq!(RunDir::open(&path).unwrap().1.steps, 300);
    line(&error)
}

#[test]
fn settings_that_make_no_run_cost_no_old_one() {
    let steps = refused(|config| config.steps = 0);
    assert_eq!(steps, "steps = 0: must be 1 or more");
    let batch = refused(|config| config.replay.capacity = 99);
    assert_eq!(
        batch,
        "learning.batch_size = 100: must be at most replay.capacity = 99; lower this or raise that"
    );
    let gamma = refused(|config| config.learning.gamma = -1.0);
    assert_eq!(gamma, "learning.gamma = -1: must be in [0, 1]");
    let thin = refused(|config| config.sparsity.actor = 0.9999);
    assert!(
        thin.starts_with(
            "sparsity.actor = 0.9999: must be one that leaves every layer connections"
        ),
        "{thin}"
    );
    let task = refused(|config| config.env = "Hopr-v5".to_owned());
    assert!(task.contains("Hopr-v5"), "{task}");
    let pruning = refused(|config| {
        config.topology = None;
        config.pruning = recipes::named("pruned", "Hopper-v5").unwrap().pruning;
        (config.sparsity.actor, config.sparsity.critic) = (0.0, 0.0);
    });
    assert!(
        pruning.starts_with("pruning = set: must be absent"),
        "{pruning}"
    );
}

#[test]
fn a_run_begins_with_the_settings_of_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = config("rlx2", 300);
    let run = RunDir::create(folder.path(), &config, false).unwrap();
    config.steps = 400;
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let error = train(&config, &device, &run, &mut []).unwrap_err();
    let said = line(&error);
    assert!(
        said.contains("config.toml")
            && said.contains("steps = 300")
            && said.contains("steps = 400"),
        "{said}"
    );
    assert!(!run.metrics_path().exists());
}

#[test]
fn what_comes_too_late_for_a_run_is_told() {
    let recipe = |name: &str| recipes::named(name, "Hopper-v5").unwrap();
    let mut sac = recipe("rlx2-sac");
    let said = sac.warnings();
    assert!(
        said[0].contains("300000") && said[0].contains("175000"),
        "{said:?}"
    );
    assert!(said[1].contains("replay.adaptive.min"), "{said:?}");
    sac.steps = 400_000;
    assert_eq!(sac.warnings(), [""; 0]);
    assert_eq!(recipe("rlx2-td3").warnings().len(), 1);
    let mut short = recipe("rlx2-td3");
    short.steps = 10_000;
    let said = short.warnings();
    assert!(
        said[2].starts_with("connections never move: the critics' would"),
        "{said:?}"
    );
    assert_eq!(recipe("dense").warnings(), [""; 0]);
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "mine").unwrap();
    for overwrite in [false, true] {
        let path = file.join("run");
        let error = RunDir::create(&path, &config("rlx2", 300), overwrite).unwrap_err();
        assert!(
            matches!(error, Error::Learning(rl_algos::Error::File { .. })),
            "{error}"
        );
        let place = path.display().to_string();
        assert!(line(&error).contains(&place), "{error}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }
}

#[test]
fn a_configuration_that_a_hand_broke_is_named_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    RunDir::create(&path, &config("rlx2", 300), false).unwrap();
    let file = path.join("config.toml");
    let text = fs::read_to_string(&file).unwrap();
    for (old, new, said) in [
        ("steps = 300", "steps = 0", "steps = 0"),
        ("gamma", "gama", "did you mean `learning.gamma`?"),
        ("[learning]", "[learning", "line "),
    ] {
        fs::write(&file, text.replace(old, new)).unwrap();
        let error = RunDir::open(&path).unwrap_err();
        assert!(line(&error).contains("config.toml: "), "{error}");
        assert!(line(&error).contains(said), "{error}");
    }
}

/// A checkpoint of Hopper, and the configuration of a task of another size beside it.
#[test]
fn a_run_of_a_task_of_another_size_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let small = config("static", 300);
    run(&small, &path).unwrap();
    let (dir, _) = RunDir::open(&path).unwrap();
    let latest = dir.weights_path(Checkpoint::Latest);
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let ant = envs::make("Ant-v5").unwrap();
    let error = Policy::open(&latest, ant.info(), &device).unwrap_err();
    let said = line(&error);
    assert!(
        said.contains("11 numbers") && said.contains("Ant-v5 has 105 and 8"),
        "{said}"
    );

    let (weights, metrics) = (fs::read(&latest).unwrap(), metrics(&path));
    let mut other = small;
    other.env = "Ant-v5".into();
    other.steps = 600;
    let error = go_on(&other, &path, &mut []).unwrap_err();
    assert!(line(&error).contains("resume"), "{error}");
    assert_eq!(fs::read(&latest).unwrap(), weights);
    assert_eq!(tests::small::metrics(&path), metrics);
}

#[test]
fn a_folder_with_a_run_is_refused_and_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    run(&config("static", 300), &path).unwrap();
    let metrics = fs::read(path.join("metrics.csv")).unwrap();
    let error = run(&config("rlx2", 300), &path).unwrap_err();
    assert!(line(&error).contains("already holds a run"), "{error}");
    assert_eq!(fs::read(path.join("metrics.csv")).unwrap(), metrics);
    assert_eq!(RunDir::open(&path).unwrap().1.recipe, "static-td3");
}

#[test]
fn a_folder_that_a_run_writes_to_is_refused_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let config = config("static", 300);
    run(&config, &path).unwrap();
    let metrics = fs::read(path.join("metrics.csv")).unwrap();
    let held = experiments::disk::files::lock_dir(&path).unwrap();
    for error in [
        RunDir::create(&path, &config, true).unwrap_err(),
        go_on(&config, &path, &mut []).unwrap_err(),
    ] {
        assert!(
            line(&error).contains("another command is writing here"),
            "{error}"
        );
    }
    drop(held);
    assert_eq!(fs::read(path.join("metrics.csv")).unwrap(), metrics);
    go_on(&config, &path, &mut []).unwrap();
}

/// The output layer would keep less than one connection at three quarters of the run.
#[test]
fn a_sparsity_that_pruning_cannot_reach_is_refused_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut config = config("pruned", 3000);
    config.sparsity.allocation = sparse_core::budget::Allocation::Uniform;
    config.sparsity.critic = 0.99;
    let error = run(&config, &path).unwrap_err();
    let said = line(&error);
    assert!(
        said.starts_with("sparsity.critic = 0.99: must be one that leaves every layer connections")
            && said.contains("layer 2 [1×64]"),
        "{said}"
    );
}

#[test]
fn a_diverging_run_says_where_and_keeps_its_last_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let mut config = config("rlx2", 3000);
    config.evaluation.every = 400;
    config.learning.critic_learning_rate = 1e30;
    let error = run(&config, &path).unwrap_err();
    assert!(
        matches!(error, Error::Learning(rl_algos::Error::Diverged { .. })),
        "{error}"
    );
    assert!(line(&error).starts_with("diverged at step"), "{error}");

    // An actor that diverges sends the world an action that is no number.
    let mut actor = config.clone();
    actor.learning.critic_learning_rate = 3e-4;
    actor.learning.actor_learning_rate = 1e30;
    let path = folder.path().join("actor");
    let error = run(&actor, &path).unwrap_err();
    assert!(line(&error).starts_with("diverged at step"), "{error}");

    // The random steps before the first update make an evaluation with a checkpoint.
    config.exploration.random_steps = 500;
    config.steps = 4_001;
    config.recipe = "late".into();
    let path = folder.path().join("late");
    assert!(run(&config, &path).is_err());
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let (dir, _) = RunDir::open(&path).unwrap();
    let hopper = envs::make("Hopper-v5").unwrap();
    let mut policy = Policy::open(
        &dir.weights_path(Checkpoint::Latest),
        hopper.info(),
        &device,
    )
    .unwrap();
    let mut action = [f32::NAN; 3];
    policy.act(&[0.0; 11], &mut action);
    assert!(action.iter().all(|a| a.is_finite()));
    assert_eq!(dir.info(Checkpoint::Latest).unwrap().step, 400);
}

#[test]
fn a_damaged_checkpoint_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    run(&config("static", 300), &path).unwrap();
    let (dir, _) = RunDir::open(&path).unwrap();
    let weights = dir.weights_path(Checkpoint::Best);
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() / 2]).unwrap();
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let hopper = envs::make("Hopper-v5").unwrap();
    assert!(Policy::open(&weights, hopper.info(), &device).is_err());
}

/// What a run leaves in its folder, and a folder that has only that.
#[test]
fn a_folder_with_half_a_run_is_refused_and_untouched() {
    let small = config("static", 300);
    for file in [
        "resume/state.bin",
        "resume/replay/slots-000000000000-1.bin",
        "metrics.csv",
        "checkpoints/latest.safetensors",
        "policies/300.safetensors",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let half = folder.path().join(file);
        fs::create_dir_all(half.parent().unwrap()).unwrap();
        fs::write(&half, "step,updates,mine").unwrap();
        let error = RunDir::create(folder.path(), &small, false).unwrap_err();
        assert!(line(&error).contains("already holds a run"), "{error}");
        let left = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!((left, fs::read(&half).unwrap().len()), (1, 17), "{file}");
        RunDir::create(folder.path(), &small, true).unwrap();
        assert!(!half.exists(), "{file}");
        let (dir, _) = RunDir::open(folder.path()).unwrap();
        let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
        train(&small, &device, &dir, &mut []).unwrap();
    }
}

#[test]
fn what_is_not_a_runs_is_not_replaced() {
    let small = config("static", 300);
    for (file, text) in [
        ("config.toml", "[package]\nname = \"mine\"\n"),
        ("metrics.csv", "date,price\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(file);
        fs::write(&path, text).unwrap();
        let error = RunDir::create(folder.path(), &small, true).unwrap_err();
        assert!(line(&error).contains(file), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

/// The actions among a network's first outputs that no observation reaches, found by walking backwards.
fn without_a_way(net: &sparse_core::nn::SparseMlp, actions: usize) -> Vec<usize> {
    use sparse_core::nn::SparseModule;
    let masks: Vec<(Vec<bool>, usize)> = net
        .sparse_layers()
        .iter()
        .map(|layer| (layer.pattern().to_mask(), layer.pattern().inputs()))
        .collect();
    let leads_back = |action: usize| {
        let mut units = vec![action];
        for (mask, inputs) in masks.iter().rev() {
            let fed = |input: &usize| units.iter().any(|unit| mask[unit * inputs + input]);
            units = (0..*inputs).filter(fed).collect();
        }
        !units.is_empty()
    };
    (0..actions).filter(|action| !leads_back(*action)).collect()
}

/// Keeps what a run reports.
#[derive(Default)]
struct Told(Vec<String>);

impl rl_algos::observe::Observer for Told {
    fn on_note(&mut self, note: &str) {
        self.0.push(note.to_owned());
    }
}

#[test]
fn an_actor_without_a_way_from_what_it_sees_to_what_it_does_is_refused_and_half_of_one_is_told() {
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let (mut refused, mut noted, mut fine) = (0, 0, 0);
    for (recipe, seed) in ["static-td3", "static-sac"]
        .into_iter()
        .flat_map(|r| (0..25).map(move |s| (r, s)))
    {
        let mut config = config(recipe, 30);
        config.networks.actor = vec![32, 32];
        config.sparsity.actor = 0.98;
        config.seed = seed;
        let mut streams = rl_algos::rng::Streams::new(seed);
        let agent = rl_algos::algos::build(&config, 11, 3, &device, &mut streams).unwrap();
        let missing = without_a_way(agent.networks()[0].mlp().unwrap(), 3);
        let folder = tempfile::tempdir().unwrap();
        let mut told = Told::default();
        let trained = tests::small::watched(&config, folder.path(), &mut [&mut told]);
        let of_actor: Vec<&String> = told.0.iter().filter(|l| l.contains("action")).collect();
        let means = of_actor
            .iter()
            .find(|l| l.contains("observation to") && !l.contains("spread"));
        match missing.len() {
            3 => {
                let said = line(&trained.unwrap_err());
                assert!(
                    said.starts_with("sparsity.actor = 0.98: must be lower"),
                    "{said}"
                );
                assert!(said.contains("no connection leads from any observation to any action"));
                assert!(!folder.path().join("metrics.csv").exists());
                refused += 1;
            }
            0 => {
                trained.unwrap();
                assert!(means.is_none(), "{means:?}");
                fine += 1;
            }
            _ => {
                trained.unwrap();
                let said = means.unwrap();
                for action in 0..3 {
                    let named = said.contains(&action.to_string());
                    assert_eq!(named, missing.contains(&action), "{missing:?}: {said}");
                }
                noted += 1;
            }
        }
    }
    assert!(refused > 2 && noted > 5, "{refused} {noted} {fine}");
}

#[test]
fn a_critic_that_cannot_tell_actions_apart_is_refused() {
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let mut refused = 0;
    for seed in 0..40 {
        let mut config = config("static-td3", 30);
        config.networks.critic = vec![24, 24];
        config.sparsity.critic = 0.97;
        config.seed = seed;
        let mut streams = rl_algos::rng::Streams::new(seed);
        let agent = rl_algos::algos::build(&config, 11, 3, &device, &mut streams).unwrap();
        let blind = agent.networks()[1..]
            .iter()
            .any(|critic| critic.mlp().unwrap().reached_from(11..14) == [false]);
        let checked = agent.check_paths(&config);
        let said = checked
            .as_ref()
            .err()
            .map(|error| line(error))
            .unwrap_or_default();
        assert_eq!(
            said.contains("sparsity.critic = 0.97"),
            blind,
            "{seed}: {said}"
        );
        refused += usize::from(blind);
    }
    assert!((1..40).contains(&refused), "{refused}");
}
