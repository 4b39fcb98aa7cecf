//! Inputs that coverage-guided fuzzing found (`fuzz/`): policies, checkpoints and configurations that end in a value or
//! an error, soon, and never in a panic. Models and datasets stand in `envs` and `offline-prune`.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

#[allow(unreachable_pub, reason = "the fuzz target includes the same file")]
#[path = "../../../fuzz/inputs/checkpoint.rs"]
mod checkpoint;
#[allow(unreachable_pub, reason = "the fuzz target includes the same file")]
#[path = "../../../fuzz/inputs/policy.rs"]
mod policy;
#[allow(unreachable_pub, reason = "the fuzz target includes the same file")]
#[path = "../../../fuzz/inputs/toml.rs"]
mod toml;

/// Longest time for one input.
const BOUND: Duration = Duration::from_secs(10);

/// Runs all inputs of a target: at least `least` of them, of which one or more is good.
fn replay(target: &str, least: usize, run: impl Fn(&[u8]) -> bool) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let (mut inputs, mut good) = (0, 0);
    for entry in fs::read_dir(kept).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let begun = Instant::now();
        match catch_unwind(AssertUnwindSafe(|| run(&bytes))) {
            Ok(is_good) => good += usize::from(is_good),
            Err(_) => panic!("{} panics", path.display()),
        }
        assert!(begun.elapsed() < BOUND, "{} takes long", path.display());
        inputs += 1;
    }
    assert!(
        inputs >= least && good > 0,
        "{good} of {inputs} {target} inputs are good"
    );
}

#[test]
fn policies() {
    let folder = tempfile::tempdir().unwrap();
    replay("policy", 10, |bytes| policy::run(bytes, folder.path()));
}

#[test]
fn checkpoints() {
    replay("checkpoint", 20, checkpoint::run);
}

#[test]
fn configurations() {
    replay("toml", 20, |bytes| {
        toml::run(&String::from_utf8_lossy(bytes))
    });
}
