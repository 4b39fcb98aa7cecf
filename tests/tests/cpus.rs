//! A small training with all that a long one meets, for every kind of CPU: it is the same run on each, to the bit.
//! `.ci/run` starts it once for each version of the kernels, natively and in an emulator of CPUs without AVX-512 and without
//! AVX2.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot be set up has failed, and one that is skipped says why"
)]

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rl_algos::recipes;
use sparse_core::kernels::{Isa, Kernels};
use tests::{isa, small};

/// Names the folder that [`small_trainings`] are to be written to, instead of one that is removed.
const FOLDER: &str = "CPUS_FOLDER";

const RECIPES: [&str; 2] = ["rlx2-td3", "rlx2-sac"];

/// The number in a named column of the last row.
fn column(rows: &[String], name: &str) -> f64 {
    let numbers = rows[0].split(',').zip(rows[rows.len() - 1].split(','));
    let number = numbers.into_iter().find(|(column, _)| *column == name);
    let (_, number) = number.unwrap_or_else(|| panic!("no column {name}"));
    number.parse().unwrap()
}

/// A training of each recipe, in a folder of its name.
fn small_trainings(folder: &Path) {
    let isa = isa::settle();
    for recipe in RECIPES {
        let mut config = recipes::named(recipe, "HalfCheetah-v5").unwrap();
        config.steps = 300;
        config.exploration.random_steps = 30;
        config.learning.batch_size = 32;
        config.topology.as_mut().unwrap().every = 100;
        config.n_step.delay = 100;
        (config.evaluation.every, config.evaluation.episodes) = (300, 1);
        let path = folder.join(recipe);
        small::run(&config, &path).unwrap();
        let rows = small::metrics(&path);
        assert_eq!(rows.len(), 2, "a header and an evaluation: {rows:#?}");
        assert!(column(&rows, "moved") > 0.0, "{isa:?}: {rows:#?}");
        assert!(column(&rows, "n_step") > 1.0, "{isa:?}: {rows:#?}");
        for name in ["return_mean", "critic_loss", "actor_loss", "value_mean"] {
            assert!(column(&rows, name).is_finite(), "{isa:?} {name}: {rows:#?}");
        }
    }
}

#[test]
fn a_small_training_rewires_and_looks_several_steps_ahead() {
    match env::var_os(FOLDER) {
        Some(folder) => small_trainings(Path::new(&folder)),
        None => small_trainings(tempfile::tempdir().unwrap().path()),
    }
}

/// What a run has left behind, by file: the rows of its metrics without the times, networks, moments and transitions.
type Left = BTreeMap<PathBuf, Vec<u8>>;

/// What the trainings leave behind in a process of this program, started as `words` and with `KERNELS` as told.
fn trained(words: &[&OsStr], kernels: Option<Isa>) -> Left {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).env(FOLDER, folder.path());
    command.args([
        "--exact",
        "a_small_training_rewires_and_looks_several_steps_ahead",
    ]);
    match kernels {
        Some(isa) => command.env(isa::VARIABLE, isa.name()),
        None => command.env_remove(isa::VARIABLE),
    };
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {output:?}");
    let mut left = Left::new();
    for recipe in RECIPES {
        let run = folder.path().join(recipe);
        let metrics = small::metrics(&run).join("\n").into_bytes();
        left.insert(Path::new(recipe).join("metrics.csv"), metrics);
        for part in ["checkpoints", "resume/replay"] {
            for file in fs::read_dir(run.join(part)).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|kind| kind != "json") {
                    let name = path.strip_prefix(folder.path()).unwrap().to_owned();
                    left.insert(name, fs::read(path).unwrap());
                }
            }
        }
    }
    assert!(left.len() >= 8, "{:?}", left.keys());
    left
}

#[track_caller]
fn assert_same(what: &str, found: &Left, expected: &Left) {
    assert!(found.keys().eq(expected.keys()), "{what}: other files");
    for (name, found) in found {
        let told =
            |bytes: &[u8]| String::from_utf8_lossy(&bytes[..bytes.len().min(2000)]).into_owned();
        let expected = &expected[name];
        let shown = name
            .ends_with("metrics.csv")
            .then(|| (told(found), told(expected)));
        assert!(
            found == expected,
            "{what}: {} differs: {shown:?}",
            name.display()
        );
    }
}

#[test]
fn every_version_of_the_kernels_makes_the_same_run() {
    let program = env::current_exe().unwrap();
    let versions = Isa::ALL
        .into_iter()
        .filter(|isa| Kernels::for_isa(*isa).is_some());
    let runs: Vec<_> = versions
        .map(|isa| (isa, trained(&[program.as_os_str()], Some(isa))))
        .collect();
    for (isa, run) in &runs[1..] {
        assert_same(isa.name(), run, &runs[0].1);
    }
}

/// CPUs without AVX-512 and without AVX2: of the C library and of Burn, too, other versions run on them.
#[test]
#[ignore = "a quarter of an hour, in an emulator"]
fn other_cpus_make_the_same_run() {
    let emulator = "qemu-x86_64";
    if cfg!(not(target_arch = "x86_64"))
        || Command::new(emulator).arg("--version").output().is_err()
    {
        eprintln!("skipped: no {emulator} for this machine");
        return;
    }
    let program = env::current_exe().unwrap();
    let here = trained(&[program.as_os_str()], None);
    for cpu in ["Nehalem", "Haswell"] {
        let words = [emulator, "-cpu", cpu].map(OsStr::new);
        assert_same(
            cpu,
            &trained(&[&words[..], &[program.as_os_str()]].concat(), None),
            &here,
        );
    }
}
