//! Writes the seeds of policies, checkpoints and configurations in `fuzz/seeds` anew, from runs as short as a checkpoint: to be run
//! where a format changed.
#![allow(
    clippy::unwrap_used,
    reason = "what cannot be written anew stays as it is"
)]

use std::fs;
use std::path::Path;

use experiments::{Checkpoint, RunDir};
use offline_prune::config::OfflineConfig;

#[allow(
    dead_code,
    unreachable_pub,
    reason = "the fuzz target includes the same file"
)]
#[path = "../../fuzz/inputs/checkpoint.rs"]
mod checkpoint;

fn main() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let put = |target: &str, name: &str, bytes: &[u8]| {
        let folder = seeds.join(target);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join(name), bytes).unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    checkpoint::begin(&path);
    let state = fs::read(path.join("resume/state.bin")).unwrap();
    put("checkpoint", "state", &[&[0], &state[12..]].concat());
    let (run, config) = RunDir::open(&path).unwrap();
    let (replay, _) = run.replay(&config).unwrap();
    let replay = checkpoint::replay_input(&replay);
    put("checkpoint", "replay", &[&[1], replay.as_slice()].concat());
    put(
        "policy",
        "latest",
        &fs::read(run.weights_path(Checkpoint::Latest)).unwrap(),
    );
    for recipe in ["rlx2", "rlx2-sac", "ds-td3", "rigl", "dense"] {
        if let Ok(config) = rl_algos::recipes::named(recipe, "Hopper-v5") {
            put("toml", recipe, config.to_toml().unwrap().as_bytes());
        }
    }
    for name in ["td3-bc", "bc"] {
        let config = OfflineConfig::new(name.parse().unwrap(), "Hopper-v5");
        put("toml", name, config.to_toml().unwrap().as_bytes());
    }
}
