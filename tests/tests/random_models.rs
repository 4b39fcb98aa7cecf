//! Random models of supported parts step as in MuJoCo, from MuJoCo's own states.
//!
//! `random/draw.py` draws the models, `random/record.py` runs them in MuJoCo 3.3.7; both say what a file holds. Needs a
//! `python3` with that version and NumPy; without one the test is listed as ignored, with the reason on top.
//! `FUZZ_MODELS=2000 FUZZ_SEED=1` draws more, and others; `FUZZ_FIRST` is the first index. Models that differ stay in
//! `target/tmp/random_models`.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]
#![allow(clippy::print_stdout, reason = "says what was compared")]

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use envs::dynamics::model::Model;
use rayon::prelude::*;
use tests::python;
use tests::random::{compare_compiled, compare_step};
use tests::recording::{Recording, Result};

/// Models that are drawn without `FUZZ_MODELS`.
const MODELS: usize = 150;
/// Models that one process records.
const CHUNK: usize = 25;
/// Nudges of each state; and of the states of a model that differs, which may stand at an edge that few nudges find.
const NUDGES: [usize; 2] = [4, 100];
/// Ratio of a row's stiffness to the inertia that it meets, above which doubles do not resolve a step. Contacts with a body
/// that nothing moves in the reference pose, such as a wheel on a fixed hinge through its centre, reach 10¹³, others 10⁵.
const STIFF: f64 = 1e8;
/// The last bit of the solver's cost, in units of the improvement at which the solver stops, above which the order of sums
/// decides which iteration is the last.
const ROUNDING: f64 = 0.1;
fn main() -> ExitCode {
    python::run_tests(
        "import mujoco, numpy; assert mujoco.__version__ == '3.3.7', mujoco.__version__",
        &[(
            "random_models_step_as_in_mujoco",
            random_models_step_as_in_mujoco,
        )],
    )
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text}; it must be a whole number"))
    })
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("random_models")
}

/// What was found in one model.
#[derive(Default)]
struct Found {
    steps: usize,
    /// Steps with contacts of pairs that end within `ccd_tolerance`, and how many of them differ.
    apart: [usize; 2],
    /// Steps that doubles do not resolve, and how many of them differ.
    unresolved: [usize; 2],
    /// Steps that a nudge moves so far that little can be said, and how many of them differ all the same.
    open: [usize; 2],
    /// Largest error that only the tolerance allowed.
    worst: f64,
    differences: Vec<String>,
}

/// Has MuJoCo run these models.
fn record(seed: usize, nudges: usize, indices: &[usize]) {
    let folder = folder();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("random/record.py");
    let mut words = vec![
        script.to_str().unwrap().to_owned(),
        folder.to_str().unwrap().to_owned(),
        seed.to_string(),
        nudges.to_string(),
    ];
    words.extend(indices.iter().map(usize::to_string));
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    python::say(&words).unwrap_or_else(|error| panic!("record.py: {error}"));
}

fn compare(index: usize) -> Found {
    let mut found = Found::default();
    let path = folder().join(format!("{index}.xml"));
    let recording = Recording::read(&path.with_extension("npz")).unwrap();
    let model = match Model::from_mjcf(&path) {
        Ok(model) => model,
        Err(error) => {
            found.differences.push(format!("does not load: {error}"));
            return found;
        }
    };
    let compiled = compare_compiled(&model, &recording);
    found.differences.extend(compiled.unwrap_or_else(Some));
    compare_steps(&model, &recording, &mut found).unwrap();
    found
}

fn compare_steps(model: &Model, recording: &Recording, found: &mut Found) -> Result<()> {
    for row in 0..recording.get("apart")?.len() {
        let mark = |key: &str| Ok::<_, String>(recording.get(key)?.row(row)[0]);
        let step = compare_step(model, recording, row)?;
        let differs = usize::from(!step.differs.is_empty());
        found.steps += 1;
        if mark("apart")? != 0.0 {
            found.apart[0] += 1;
            found.apart[1] += differs;
        } else if mark("stiffness")? > STIFF || mark("rounding")? > ROUNDING {
            found.unresolved[0] += 1;
            found.unresolved[1] += differs;
        } else {
            found.open[0] += usize::from(step.open);
            found.open[1] += usize::from(step.open && !step.same);
            found.worst = found.worst.max(step.worst);
            if differs > 0 {
                let text = format!("step {row} differs in{}", step.differs);
                found.differences.push(text);
            }
        }
    }
    Ok(())
}

fn random_models_step_as_in_mujoco() {
    let (count, seed) = (number("FUZZ_MODELS", MODELS), number("FUZZ_SEED", 0));
    let first = number("FUZZ_FIRST", 0);
    let _ = fs::remove_dir_all(folder());
    fs::create_dir_all(folder()).unwrap();
    let indices: Vec<usize> = (first..first + count).collect();
    let found: Vec<(usize, Found)> = indices
        .par_chunks(CHUNK)
        .flat_map_iter(|chunk| {
            record(seed, NUDGES[0], chunk);
            chunk.iter().map(|&index| {
                let mut found = compare(index);
                if !found.differences.is_empty() {
                    record(seed, NUDGES[1], &[index]);
                    found = compare(index);
                }
                if found.differences.is_empty() {
                    for extension in ["xml", "part.xml", "npz"] {
                        let _ = fs::remove_file(folder().join(format!("{index}.{extension}")));
                    }
                }
                (index, found)
            })
        })
        .collect();
    let sum = |of: fn(&Found) -> usize| found.iter().map(|(_, found)| of(found)).sum::<usize>();
    let worst = found
        .iter()
        .fold(0.0_f64, |worst, (_, f)| worst.max(f.worst));
    println!(
        "seed {seed}: {count} models, {} steps; {} apart, {} of them differ; {} on an edge, {} of them differ; {} unresolved, {} of them differ; largest error elsewhere {worst:.1e}",
        sum(|f| f.steps),
        sum(|f| f.apart[0]),
        sum(|f| f.apart[1]),
        sum(|f| f.open[0]),
        sum(|f| f.open[1]),
        sum(|f| f.unresolved[0]),
        sum(|f| f.unresolved[1]),
    );
    let mut differences = String::new();
    for (index, found) in &found {
        for difference in &found.differences {
            let _ = writeln!(differences, "model {index}: {difference}");
        }
    }
    assert!(
        differences.is_empty(),
        "models of seed {seed} in {}:\n{differences}",
        folder().display()
    );
}
