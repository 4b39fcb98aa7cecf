//! What a dataset does not say, the caller or its task says.

use std::path::{Path, PathBuf};

use crate::common::sample;
use envs::TaskInfo;
use hdf5_pure::{AttrValue, FileBuilder};
use offline_prune::Error;
use offline_prune::dataset::minari::{Description, write};
use offline_prune::dataset::{Dataset, Episode, Layout, Peek, RangeFrom, Reading};

const HUMANOID: [usize; 2] = [348, 17];

fn task(name: &str) -> Option<&'static TaskInfo> {
    envs::list().into_iter().find(|task| task.id == name)
}

/// D4RL's arrays of Humanoid, all actions 0.3.
fn humanoid(path: &Path, attributes: &[(&str, AttrValue)]) {
    let [seen, done] = HUMANOID;
    let mut file = FileBuilder::new();
    let mut array = |name: &str, number: f32, width: usize, shape: &[u64]| {
        let array = file.create_dataset(name);
        array
            .with_f32_data(&vec![number; 5 * width])
            .with_shape(shape);
    };
    array("observations", 0.0, seen, &[5, seen as u64]);
    array("actions", 0.3, done, &[5, done as u64]);
    array("rewards", 1.0, 1, &[5]);
    array("terminals", 0.0, 1, &[5]);
    array("timeouts", 0.0, 1, &[5]);
    for (key, value) in attributes {
        file.set_attr(key, value.clone());
    }
    file.write(path).unwrap();
}

#[test]
fn actions_are_read_in_the_range_of_the_task() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    humanoid(&path, &[]);
    let (data, facts) = Reading::default().open(&path, task("Humanoid-v5")).unwrap();
    assert_eq!(data.actions(), [0.75; 4 * 17]);
    let actions = facts.actions;
    assert_eq!(actions.range, [[-0.4, 0.4]; 17]);
    assert_eq!(actions.from, RangeFrom::Task("Humanoid-v5".to_owned()));
    assert_eq!(actions.reach, Some([0.3, 0.3]));
    // Without a task there is no other range than that of agents.
    assert_eq!(Dataset::open(&path).unwrap().actions(), [0.3; 4 * 17]);
}

/// What a file says wins over its task; a difference is reported.
#[test]
fn attributes_give_the_range_of_actions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    let low = AttrValue::F32(-0.6);
    let high = AttrValue::F64Array(vec![0.6; 17]);
    humanoid(&path, &[("action_low", low), ("action_high", high)]);
    let (data, facts) = Reading::default().open(&path, task("Humanoid-v5")).unwrap();
    assert_eq!(data.actions(), [0.5; 4 * 17]);
    assert_eq!(facts.actions.from, RangeFrom::File);
    assert_eq!(facts.actions.of_task, Some(vec![[-0.4, 0.4]; 17]));
    // A task that the file names gives its range, too.
    let spec = r#"{"id": "Humanoid-v5", "kwargs": {"reset_noise_scale": 0.0}}"#;
    humanoid(&path, &[("env_spec", AttrValue::String(spec.to_owned()))]);
    assert_eq!(Dataset::open(&path).unwrap().actions(), [0.75; 4 * 17]);
    let peek = Peek::at(&path).unwrap();
    assert_eq!(peek.sizes, Some(HUMANOID));
    assert_eq!(peek.env.as_deref(), Some("Humanoid-v5"));
    assert!(peek.env_settings && peek.layout == Layout::D4rl);
}

/// A range that is half there or wrong is no reason to take another in silence; one that was given wins.
#[test]
fn a_wrong_range_is_refused_and_an_infinite_one_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.h5");
    let given = Reading {
        action_low: vec![-0.4],
        action_high: vec![0.4],
        ..Reading::default()
    };
    let (low, high) = ("action_low", "action_high");
    let number = AttrValue::F64;
    let both = |of_low: f64, of_high: f64| vec![(low, number(of_low)), (high, number(of_high))];
    let space = |low: &str| {
        let text = format!(r#"{{"type": "Box", "shape": [1], "low": [{low}], "high": [0.5]}}"#);
        vec![("action_space", AttrValue::String(text))]
    };
    for (attributes, said) in [
        (
            vec![(low, number(-0.6))],
            "`action_low` and no `action_high`",
        ),
        (
            vec![(high, number(0.6))],
            "`action_high` and no `action_low`",
        ),
        (both(0.6, -0.6), "range of actions [0.6, -0.6]: must be"),
        (both(0.6, 0.6), "the lower one first"),
        (both(f64::NAN, 0.6), "[NaN, 0.6]"),
        (
            vec![
                (low, AttrValue::F64Array(vec![-0.6; 2])),
                (high, AttrValue::F64Array(vec![0.6; 3])),
            ],
            "`action_low` has 2 numbers and `action_high` 3",
        ),
        (
            vec![
                (low, AttrValue::String("-1".to_owned())),
                (high, number(1.0)),
            ],
            "`action_low` has 0 numbers",
        ),
        (space("0.75"), "[0.75, 0.5]"),
    ] {
        humanoid(&path, &attributes);
        let error = Dataset::open(&path).unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("data.h5"), "{error}");
        let (data, facts) = given.open(&path, None).unwrap();
        assert_eq!(data.actions(), [0.75; 4 * 17], "{said}");
        assert_eq!(facts.actions.from, RangeFrom::Given);
    }
    for attributes in [
        both(f64::NEG_INFINITY, f64::INFINITY),
        both(-0.6, f64::INFINITY),
        space("-Infinity"),
    ] {
        humanoid(&path, &attributes);
        let (data, facts) = Reading::default().open(&path, None).unwrap();
        assert_eq!(data.actions(), [0.3; 4 * 17]);
        assert_eq!(facts.actions.from, RangeFrom::Assumed);
    }
}

#[test]
fn what_lies_there_is_seen_before_it_is_read() {
    for (name, layout) in [
        ("d4rl.hdf5", Layout::D4rl),
        ("d4rl.npz", Layout::Npz),
        ("minari", Layout::Minari),
        ("minari04", Layout::Minari),
    ] {
        let peek = Peek::at(sample(name)).unwrap();
        assert_eq!((peek.sizes, peek.layout), (Some([3, 2]), layout), "{name}");
        assert_eq!(peek.env, None);
    }
    assert!(Peek::at(sample("make.py")).is_err());
}

fn description() -> Description {
    let entries = serde_json::json!({"env_spec": r#"{"id": "Humanoid-v5", "kwargs": {}}"#});
    Description {
        id: "some/data-v0".to_owned(),
        observation_size: 2,
        action_bounds: vec![[-0.4, 0.4]],
        reference: None,
        replace: false,
        entries: entries.as_object().unwrap().clone(),
    }
}

/// Five episodes of 4 steps.
fn written(folder: &Path) -> PathBuf {
    let episode = |number: i16| Episode {
        observations: vec![f32::from(number); 10],
        actions: vec![0.1; 4],
        rewards: vec![f32::from(number); 4],
        terminated: number % 2 == 0,
        truncated: number % 2 == 1,
    };
    write(folder, &description(), (0..5).map(episode))
        .unwrap()
        .folder
}

/// Where `metadata.json` is lost, the file still says what it is.
#[test]
fn a_file_that_was_written_here_says_its_range_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = written(folder.path()).join("data/main_data.hdf5");
    let alone = folder.path().join("alone.hdf5");
    std::fs::copy(data, &alone).unwrap();
    assert_eq!(Dataset::open(&alone).unwrap().actions(), [0.25; 20]);
    let peek = Peek::at(&alone).unwrap();
    assert_eq!(peek.env.as_deref(), Some("Humanoid-v5"));
}

/// Breaks one number of an episode: the file has the bytes of its reward four times in a row.
fn break_reward(folder: &Path, reward: f32) {
    let path = folder.join("data/main_data.hdf5");
    let mut bytes = std::fs::read(&path).unwrap();
    let four = reward.to_le_bytes().repeat(4);
    let at: Vec<usize> = (0..bytes.len() - 16)
        .filter(|at| bytes[*at..at + 16] == four)
        .collect();
    // Observations are the same number, ten times; rewards stand alone.
    let other = |from: usize| bytes.get(from..from + 4) != Some(&four[..4]);
    let alone = |at: &&usize| at.checked_sub(4).is_none_or(other) && other(**at + 16);
    let at = *at.iter().find(alone).unwrap();
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_bad_episode_is_refused_or_left_out_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let data = written(folder.path());
    break_reward(&data, 3.0);
    let error = Dataset::open(&data).unwrap_err();
    assert!(
        matches!(&error, Error::Value { key, row: 0, .. } if key == "episode_3/rewards"),
        "{error}"
    );
    let skip = Reading {
        skip_bad_episodes: true,
        ..Reading::default()
    };
    let (left, facts) = skip.open(&data, None).unwrap();
    let rewards: Vec<f32> = [0.0, 1.0, 2.0, 4.0]
        .into_iter()
        .flat_map(|r| [r; 4])
        .collect();
    assert_eq!(left.rewards(), rewards);
    assert_eq!(left.observations().len(), 2 * left.len());
    assert_eq!(left.episodes().len(), 4);
    assert_eq!(left.next_observation(15), Some(&[4.0; 2][..]));
    assert_eq!(facts.left_out, 1);
    assert!(facts.first_fault.unwrap().contains("episode_3/rewards"));
    // The first episode decides the sizes, unless it is the bad one.
    break_reward(&data, 0.0);
    let (left, facts) = skip.open(&data, None).unwrap();
    assert_eq!((left.len(), facts.left_out), (12, 2));
    assert_eq!((left.observation_size(), left.action_size()), (2, 1));
    // What is missing counts, too.
    let metadata = data.join("data/metadata.json");
    let text = std::fs::read_to_string(&metadata).unwrap();
    let more = text.replace("\"total_episodes\": 5", "\"total_episodes\": 7");
    std::fs::write(&metadata, more).unwrap();
    assert!(Dataset::open(&data).is_err());
    assert_eq!(skip.open(&data, None).unwrap().1.left_out, 4);
    // With none left the first fault is the answer.
    for reward in [1.0, 2.0, 4.0] {
        break_reward(&data, reward);
    }
    assert!(skip.open(&data, None).is_err());
}

/// An episode that lies elsewhere is no reason to lose the others.
#[test]
fn an_episode_that_is_a_link_is_named() {
    for (name, words) in [
        (
            "linked_episode.hdf5",
            "must be 1, the episodes in main_data.hdf5; a link to `/episode_1` in the file other.hdf5",
        ),
        ("soft_linked_episode.hdf5", "`episode_1`: it is a soft link"),
    ] {
        let error = Dataset::open(sample(name)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
        let skip = Reading {
            skip_bad_episodes: true,
            ..Reading::default()
        };
        let (data, facts) = skip.open(sample(name), None).unwrap();
        assert_eq!((data.len(), facts.left_out), (4, 1), "{name}");
        assert!(facts.first_fault.unwrap().contains(words));
    }
}

#[test]
fn episodes_of_minari_are_cut_at_a_length_without_losing_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let data = written(folder.path());
    let reading = Reading {
        episode_length: Some(3),
        ..Reading::default()
    };
    let (cut, facts) = reading.open(&data, None).unwrap();
    let whole = Dataset::open(&data).unwrap();
    assert_eq!(cut.rewards(), whole.rewards());
    assert_eq!((cut.episodes().len(), facts.cut), (10, 5));
    let ends: Vec<usize> = cut.episodes().map(|rows| rows.end).collect();
    assert_eq!(ends[..4], [3, 4, 7, 8]);
    for row in 0..cut.len() {
        assert_eq!(cut.next_observation(row), whole.next_observation(row));
        assert_eq!(cut.is_terminal(row), whole.is_terminal(row));
    }
}

#[test]
fn settings_of_reading_are_plain_data() {
    let reading = Reading {
        action_low: vec![-0.4],
        action_high: vec![0.4],
        episode_length: Some(1000),
        ..Reading::default()
    };
    let text = toml::to_string(&reading).unwrap();
    assert_eq!(toml::from_str::<Reading>(&text).unwrap(), reading);
    assert_eq!(toml::to_string(&Reading::default()).unwrap(), "");
    assert!(toml::from_str::<Reading>("action_lowest = [1.0]").is_err());
    let reading = Reading {
        episode_length: Some(0),
        ..Reading::default()
    };
    let error = reading.open(sample("d4rl.npz"), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "data.episode_length = 0: must be 1 or more"
    );
}
