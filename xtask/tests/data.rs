//! Datasets that do not say all of themselves, as strangers bring them: which task, which range of actions, where
//! episodes end.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use hdf5_pure::FileBuilder;
use offline_prune::dataset::Episode;
use offline_prune::dataset::minari::{Description, write};
use rl_algos::algos::Policy;

/// Small networks and one episode.
const SMALL: &str = "updates = 1
[networks]
actor = [32, 32]
critic = [32, 32]
[learning]
batch_size = 32
[evaluation]
episodes = 1
";

/// D4RL's arrays.
struct Data {
    sizes: [usize; 2],
    action: f32,
    terminals: Vec<f32>,
    /// None are written where there are none.
    timeouts: Option<Vec<f32>>,
}

impl Data {
    /// BatchShape of which none ends an episode.
    fn new(sizes: [usize; 2], rows: usize) -> Self {
        Self {
            sizes,
            action: 0.5,
            terminals: vec![0.0; rows],
            timeouts: Some(vec![0.0; rows]),
        }
    }

    fn write(&self, folder: &Path, name: &str) {
        let (rows, [seen, done]) = (self.terminals.len(), self.sizes);
        let mut file = FileBuilder::new();
        let mut array = |name: &str, numbers: &[f32], shape: &[usize]| {
            let shape: Vec<u64> = shape.iter().map(|length| *length as u64).collect();
            file.create_dataset(name)
                .with_f32_data(numbers)
                .with_shape(&shape);
        };
        let seen_numbers: Vec<f32> = (0..rows * seen).map(|i| (i as f32).sin()).collect();
        array("observations", &seen_numbers, &[rows, seen]);
        array("actions", &vec![self.action; rows * done], &[rows, done]);
        array("rewards", &vec![1.0; rows], &[rows]);
        array("terminals", &self.terminals, &[rows]);
        if let Some(timeouts) = &self.timeouts {
            array("timeouts", timeouts, &[rows]);
        }
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        file.write(&path).unwrap();
    }
}

/// A folder with the settings of small runs.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("small.toml"), SMALL).unwrap();
    folder
}

fn run(folder: &Path, words: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_run"))
        .current_dir(folder)
        .args(words.split_whitespace())
        .output()
        .unwrap()
}

/// What a command says, which must succeed.
fn says(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}: {said}{error}");
    said
}

/// What a small run of behavioural cloning says of a dataset.
fn learns(folder: &Path, data: &str) -> String {
    let words = "--algo bc --sparsity 0 --config small.toml --overwrite --out run";
    says(folder, &format!("offline {data} {words}"))
}

/// The error of a command that must fail, one line.
fn refuses(folder: &Path, words: &str) -> String {
    let output = run(folder, words);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success(), "{words}");
    assert_eq!(error.trim_end().lines().count(), 1, "{error}");
    error
}

fn has(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "`{word}` in {said}");
    }
}

/// Every action is 0.3 of [-0.4, 0.4]. Read as one of [-1, 1], it would be played as 0.12.
#[test]
fn actions_are_cloned_in_the_range_of_the_task() {
    let folder = folder();
    let folder = folder.path();
    let mut data = Data::new([348, 17], 400);
    data.action = 0.3;
    data.write(folder, "humanoid.hdf5");
    let more = SMALL.replace("updates = 1", "updates = 400");
    let more = more.replace(
        "batch_size = 32",
        "batch_size = 32\nactor_learning_rate = 0.003",
    );
    fs::write(folder.join("small.toml"), more).unwrap();
    let said = learns(folder, "humanoid.hdf5");
    has(
        &said,
        &[
            "in [-0.4, 0.4], as Humanoid-v5 has it; they reach from 0.3 to 0.3",
            "guess    Humanoid-v5: `humanoid.hdf5`",
        ],
    );
    let env = envs::make("Humanoid-v5").unwrap();
    let device = sparse_core::device::by_name("flex").unwrap();
    let file = folder.join("run/policy.safetensors");
    let mut policy = Policy::open(&file, env.info(), &device).unwrap();
    let seen: Vec<f32> = (0..348).map(|i| (i as f32).sin()).collect();
    let mut action = [0.0; 17];
    policy.act(&seen, &mut action);
    for (number, quantity) in action.iter().zip(&env.info().action) {
        let half = (quantity.high - quantity.low) / 2.0;
        let played = quantity.low + half + half * f64::from(*number);
        assert!((played - 0.3).abs() < 0.02, "{played}");
    }
}

#[test]
fn a_range_is_given_for_data_of_no_task_and_kept_in_the_settings() {
    let folder = folder();
    let folder = folder.path();
    let mut data = Data::new([3, 2], 50);
    data.write(folder, "arm.hdf5");
    let said = learns(folder, "arm.hdf5 --env none");
    has(
        &said,
        &[
            "in [-1, 1], which is assumed, as neither the dataset nor a task",
            "no row says that an episode ends",
        ],
    );
    let said = learns(
        folder,
        "arm.hdf5 --env none --action-low -0.5,-2 --action-high 0.5,2",
    );
    has(
        &said,
        &["in [-0.5, 0.5] [-2, 2], as given; they reach from 0.5 to 0.5"],
    );
    let text = fs::read_to_string(folder.join("run/config.toml")).unwrap();
    has(&text, &["[data]\naction_low = [\n    -0.5,\n    -2.0,\n]"]);
    // So that the policy can move a robot when the data are gone.
    let text = fs::read_to_string(folder.join("run/policy.json")).unwrap();
    let words: String = text.split_whitespace().collect();
    has(&words, &["\"actions\":[[-0.5,0.5],[-2.0,2.0]]"]);
    let said = says(
        folder,
        "offline arm.hdf5 --config run/config.toml --out again",
    );
    has(&said, &["[-0.5, 0.5] [-2, 2], as given"]);
    let error = refuses(folder, "offline arm.hdf5 --env none --action-low -1");
    has(&error, &["--action-high"]);

    data.action = 0.2;
    data.write(folder, "arm.hdf5");
    let said = learns(folder, "arm.hdf5 --env none");
    has(&said, &["the actions use 20 % of their range"]);
    data.action = 1.5;
    data.write(folder, "arm.hdf5");
    let error = refuses(folder, "offline arm.hdf5 --env none --algo bc --out other");
    has(
        &error,
        &[
            "row 0: 1.5: must be in [-1, 1]",
            "reach from 1.5 to 1.5",
            "--action-low",
            "--clip-actions",
        ],
    );
    assert!(!folder.join("other").exists());
    let said = learns(folder, "arm.hdf5 --env none --clip-actions");
    has(&said, &["cut off to it: 100"]);
}

#[test]
fn episodes_that_seem_to_be_joined_are_told_and_cut() {
    let folder = folder();
    let folder = folder.path();
    let mut data = Data::new([11, 3], 1199);
    data.write(folder, "hopper.hdf5");
    let said = learns(folder, "hopper.hdf5");
    has(
        &said,
        &[
            "1,198 transitions in 1 episodes",
            "longer than the task's 1,000 steps: 1 episode (the longest has 1,199)",
            "--episode-length 1000",
            "`next_observations`",
        ],
    );
    let said = learns(folder, "hopper.hdf5 --episode-length 1000");
    has(
        &said,
        &[
            "1,197 transitions in 2 episodes",
            "cut at 1,000 steps (1 episode by that)",
        ],
    );
    data.timeouts = None;
    data.write(folder, "hopper.hdf5");
    let said = learns(folder, "hopper.hdf5");
    has(
        &said,
        &[
            "1,197 transitions in 2 episodes",
            "no `timeouts`",
            "as D4RL does (1 episode by that)",
        ],
    );
    let error = refuses(folder, "offline hopper.hdf5 --env none --algo bc");
    has(
        &error,
        &[
            "`timeouts` is missing",
            "`next_observations`",
            "--episode-length",
        ],
    );
    learns(folder, "hopper.hdf5 --env none --episode-length 300");
    // Both flags in one row.
    data.terminals = (0..1199)
        .map(|row| f32::from(u8::from(row % 25 == 24)))
        .collect();
    data.timeouts = Some(data.terminals.clone());
    data.write(folder, "hopper.hdf5");
    let said = learns(folder, "hopper.hdf5");
    has(
        &said,
        &[
            "1,198 transitions in 48 episodes",
            "both terminals and time-outs",
            "terminals: 47",
        ],
    );
}

#[test]
fn the_task_and_its_version_are_told_and_never_guessed_from_part_of_a_word() {
    let folder = folder();
    let folder = folder.path();
    let data = Data::new([17, 6], 60);
    for name in [
        "walker2d-medium-v2.hdf5",
        "walker2d-vs-cheetah/data.hdf5",
        "antmaze.hdf5",
    ] {
        data.write(folder, name);
    }
    let said = learns(folder, "walker2d-medium-v2.hdf5");
    has(
        &said,
        &[
            "guess    Walker2d-v3",
            "Gym's version 2",
            "task     Walker2d-v3",
        ],
    );
    let said = says(folder, "eval run --env walker2d-v5 --episodes 1");
    has(
        &said,
        &["Walker2d-v5, bc dense seed 0", "trained for Walker2d-v3"],
    );
    let said = says(folder, "eval run --episodes 1");
    assert!(
        said.starts_with("Walker2d-v3, ") && !said.contains("trained for"),
        "{said}"
    );
    let error = refuses(folder, "eval run --env halfcheetah");
    has(
        &error,
        &["HalfCheetah-v5", "Walker2d-v5, Walker2d-v4, Walker2d-v3"],
    );
    let said = learns(folder, "walker2d-medium-v2.hdf5 --env walker2d");
    has(&said, &["Walker2d-v5 was asked for", "of Walker2d-v3"]);

    let error = refuses(folder, "offline walker2d-vs-cheetah");
    has(&error, &["walker2d-vs-cheetah"]);
    let error = refuses(folder, "offline walker2d-vs-cheetah/data.hdf5");
    has(&error, &["may be of Walker2d", "HalfCheetah", "--env"]);
    let error = refuses(folder, "offline antmaze.hdf5");
    has(&error, &["names no task", "Walker2d-v5", "--env none"]);
    let error = refuses(folder, "offline antmaze.hdf5 --env ant");
    has(
        &error,
        &[
            "env = Ant-v5: must be a task with 17 and 6",
            "HalfCheetah-v5, Walker2d-v5",
        ],
    );
}

#[test]
fn bad_episodes_are_left_out_where_asked() {
    let folder = folder();
    let folder = folder.path();
    let description = Description {
        id: "arm/some-v0".to_owned(),
        observation_size: 3,
        action_bounds: vec![[-1.0, 1.0]; 2],
        reference: None,
        replace: false,
        entries: serde_json::Map::new(),
    };
    let episode = |_| Episode {
        observations: vec![0.25; 3 * 41],
        actions: vec![0.5; 2 * 40],
        rewards: vec![1.0; 40],
        terminated: true,
        truncated: false,
    };
    write(folder, &description, (0..3).map(episode)).unwrap();
    let metadata = folder.join("arm/some-v0/data/metadata.json");
    let text = fs::read_to_string(&metadata).unwrap();
    let more = text.replace("\"total_episodes\": 3", "\"total_episodes\": 4");
    fs::write(&metadata, more).unwrap();
    let error = refuses(folder, "offline arm/some-v0 --env none --algo bc");
    has(
        &error,
        &["total_episodes = 4: must be 3", "--skip-bad-episodes"],
    );
    let said = learns(folder, "arm/some-v0 --env none --skip-bad-episodes");
    has(
        &said,
        &[
            "120 transitions in 3 episodes",
            "left out: 1 episode of 4; the first: ",
        ],
    );
}

/// Data that were collected here say their task and its range, the file alone too.
#[test]
fn data_of_ones_own_come_back_in_their_range() {
    let folder = folder();
    let folder = folder.path();
    says(
        folder,
        "collect --env humanoid-v4 --kind random --transitions 60",
    );
    let text = fs::read_to_string(folder.join("datasets/humanoid/random-v0/data/metadata.json"));
    has(&text.unwrap(), &[r#""action_space""#, "-0.4"]);
    fs::rename(
        folder.join("datasets/humanoid/random-v0"),
        folder.join("mine"),
    )
    .unwrap();
    fs::copy(
        folder.join("mine/data/main_data.hdf5"),
        folder.join("alone.hdf5"),
    )
    .unwrap();
    for data in ["mine", "alone.hdf5"] {
        let said = learns(folder, data);
        has(
            &said,
            &[
                "guess    Humanoid-v4: the dataset says so",
                "in [-0.4, 0.4], as the dataset says",
                "task     Humanoid-v4",
            ],
        );
    }
}

/// An online run plays in another version of its task, too.
#[test]
fn a_trained_policy_is_evaluated_in_another_version() {
    let folder = folder();
    let folder = folder.path();
    let config = "recipe = \"dense-td3\"
env = \"InvertedPendulum-v5\"
steps = 60
[networks]
actor = [16, 16]
critic = [16, 16]
[learning]
batch_size = 16
[exploration]
random_steps = 30
[evaluation]
every = 60
episodes = 1
";
    fs::write(folder.join("online.toml"), config).unwrap();
    says(folder, "train --config online.toml --out online");
    let said = says(
        folder,
        "eval online --env inverted-pendulum-v4 --episodes 2",
    );
    has(
        &said,
        &["InvertedPendulum-v4, ", "trained for InvertedPendulum-v5"],
    );
    let error = refuses(folder, "eval online --env reacher");
    has(&error, &["InvertedPendulum-v5, InvertedPendulum-v4"]);
}
