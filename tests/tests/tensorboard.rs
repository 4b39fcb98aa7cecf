//! Event files read back by Python's `tensorboard`.
//!
//! Needs a `python3` that has it; without one the tests are listed as ignored, with the reason on top.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use experiments::RunDir;
use experiments::observe::TensorBoard;
use experiments::train;
use rl_algos::evaluate::Returns;
use rl_algos::observe::{Evaluation, Observer, Progress, TrainMetrics};
use tests::{python, small};

/// Prints the name, step and value of every scalar of a folder.
const READ: &str = "
import sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
events = EventAccumulator(sys.argv[1], size_guidance={'scalars': 0})
events.Reload()
for tag in events.Tags()['scalars']:
    for point in events.Scalars(tag):
        print(tag, point.step, repr(point.value))
";

fn main() -> ExitCode {
    python::run_tests(
        "import tensorboard",
        &[
            ("a_run_reads_as_its_metrics", a_run_reads_as_its_metrics),
            ("a_run_goes_on_in_another_file", a_run_goes_on),
            ("a_torn_file_hurts_no_other", a_torn_file_hurts_no_other),
            (
                "an_earlier_clock_voids_nothing",
                an_earlier_clock_voids_nothing,
            ),
        ],
    )
}

/// Points by name: steps and values.
type Curves = BTreeMap<String, Vec<(u64, f64)>>;

fn read(folder: &Path) -> Curves {
    let mut curves = Curves::new();
    for line in python::say(&["-c", READ, folder.to_str().unwrap()])
        .unwrap()
        .lines()
    {
        let [tag, step, value] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let point = (step.parse().unwrap(), value.parse().unwrap());
        curves.entry(tag.to_owned()).or_default().push(point);
    }
    curves
}

/// Every column of `metrics.csv` that has a name in TensorBoard.
const COLUMNS: [(&str, &str); 22] = [
    ("return_mean", "eval/mean_reward"),
    ("return_std", "eval/std_reward"),
    ("return_min", "eval/min_reward"),
    ("return_max", "eval/max_reward"),
    ("length_mean", "eval/mean_ep_length"),
    ("train_return", "rollout/ep_rew_mean"),
    ("train_length", "rollout/ep_len_mean"),
    ("episodes", "time/episodes"),
    ("updates", "train/n_updates"),
    ("critic_loss", "train/critic_loss"),
    ("actor_loss", "train/actor_loss"),
    ("target_mean", "train/target_mean"),
    ("value_mean", "losses/qf1_values"),
    ("n_step", "train/n_step"),
    ("actor_density", "sparse/actor_density"),
    ("critic_density", "sparse/critic_density"),
    ("moved", "sparse/moved"),
    ("dropped", "sparse/dropped"),
    ("grown", "sparse/grown"),
    ("recycled", "sparse/recycled"),
    ("replay_size", "replay/size"),
    ("policy_distance", "replay/policy_distance"),
];

fn a_run_reads_as_its_metrics() {
    let mut config = small::config("rlx2", 900);
    config.evaluation.every = 100;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    let dir = RunDir::create(&path, &config, false).unwrap();
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let mut board = TensorBoard::new(&path, &config);
    train(&config, &device, &dir, &mut [&mut board]).unwrap();

    let curves = read(&path);
    let rows = small::metrics(&path);
    for (column, tag) in COLUMNS {
        assert_eq!(curves[tag], points(&rows, column), "{tag}");
    }
    // What is not a number has no point: losses before the first update, the distance before the first check.
    let count = |tag: &str| curves[tag].len();
    let counts = [
        "eval/mean_reward",
        "train/critic_loss",
        "replay/policy_distance",
    ];
    assert_eq!(counts.map(count), [9, 8, 7]);
    let learning = &config.learning;
    for (tag, rate) in [
        ("train/learning_rate", learning.actor_learning_rate),
        ("train/critic_learning_rate", learning.critic_learning_rate),
    ] {
        assert_eq!(curves[tag][8], (900, f64::from(rate as f32)));
    }
    // A density a layer.
    for layer in 0..3 {
        let densities = &curves[&format!("sparse/actor/density_{layer}")];
        assert!(densities.iter().all(|(_, d)| *d > 0.0 && *d <= 1.0));
    }
    assert!(curves["time/fps"].iter().all(|(_, rate)| *rate > 0.0));
}

/// The numbers of a column of `metrics.csv`, in the 32 bits of an event file.
fn points(rows: &[String], column: &str) -> Vec<(u64, f64)> {
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.split(',').collect()).collect();
    let column = rows[0].iter().position(|name| *name == column).unwrap();
    let number = |row: &Vec<&str>| {
        let value: f64 = row[column].parse().unwrap();
        (row[0].parse().unwrap(), f64::from(value as f32))
    };
    let points = rows[1..].iter().map(number);
    points.filter(|(_, value)| !value.is_nan()).collect()
}

/// Writes evaluations after these steps, whose mean return is `sign` times the step, and returns the file.
fn write(folder: &Path, first: u64, steps: &[u64], sign: f64) -> PathBuf {
    let before = files(folder);
    let mut board = TensorBoard::new(folder, &small::config("rlx2", 900));
    let at = |step| Progress {
        step,
        ..Progress::default()
    };
    let _ = board.on_step(&at(first));
    for &step in steps {
        let returns = Returns {
            mean: sign * step as f64,
            std: 0.0,
            min: 0.0,
            max: 0.0,
            length: 1.0,
            episodes: Vec::new(),
        };
        let progress = at(step);
        let evaluation = Evaluation {
            progress,
            metrics: TrainMetrics::default(),
            networks: Vec::new(),
            returns: Some(returns),
            score: None,
        };
        board.on_evaluation(&evaluation).unwrap();
    }
    let mut new = files(folder);
    new.retain(|file| !before.contains(file));
    new.pop().unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn returns(folder: &Path) -> Vec<(u64, f64)> {
    read(folder).remove("eval/mean_reward").unwrap()
}

/// The first process got further than the checkpoint from which the second went on.
fn a_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 1, &[100, 200, 300], 1.0);
    write(folder.path(), 201, &[300, 400], -1.0);
    let expected = [(100, 100.0), (200, 200.0), (300, -300.0), (400, -400.0)];
    assert_eq!(returns(folder.path()), expected);
}

fn a_torn_file_hurts_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), 1, &[100, 200, 300], 1.0);
    let bytes = fs::read(&file).unwrap();
    write(folder.path(), 301, &[400, 500], 1.0);
    for lost in [1, 5, 100] {
        fs::write(&file, &bytes[..bytes.len() - lost]).unwrap();
        let expected = [100, 200, 400, 500].map(|step| (step, step as f64));
        assert_eq!(returns(folder.path()), expected, "{lost} bytes lost");
    }
}

/// The session before was under a clock that is ahead: by its name, its file comes after all that today makes.
fn an_earlier_clock_voids_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), 1, &[100, 200, 300], 1.0);
    fs::rename(
        &file,
        folder.path().join("events.out.tfevents.4000000000.0"),
    )
    .unwrap();
    write(folder.path(), 201, &[300, 400], -1.0);
    write(folder.path(), 401, &[500], 1.0);
    let expected = [
        (100, 100.0),
        (200, 200.0),
        (300, -300.0),
        (400, -400.0),
        (500, 500.0),
    ];
    assert_eq!(returns(folder.path()), expected);
}
