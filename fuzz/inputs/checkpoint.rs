//! What a stopped run goes on from: a run that goes on, or an error.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use experiments::RunDir;
use experiments::{resume, train};
use rl_algos::config::TrainConfig;
use rl_algos::recipes;
use rl_algos::replay::{Replay, ReplayState};
use sparse_core::device;

/// What a state begins with, before its checksum.
const MAGIC: &[u8; 8] = b"SRLRUN 5";

/// A run of a few random steps, the same on every machine.
fn config() -> TrainConfig {
    let mut config = recipes::named("rlx2", "Hopper-v5").expect("a known recipe");
    config.steps = 40;
    config.networks.actor = vec![8, 8];
    config.networks.critic = vec![8, 8];
    (config.sparsity.actor, config.sparsity.critic) = (0.5, 0.5);
    config.learning.batch_size = 16;
    (config.replay.capacity, config.replay.adaptive) = (100, None);
    (config.evaluation.every, config.evaluation.episodes) = (40, 1);
    config
}

/// Trains such a run into a folder.
pub(crate) fn begin(folder: &Path) {
    let config = config();
    let run = RunDir::create(folder, &config, false).expect("an empty folder");
    let device = device::by_name(device::available()[0]).expect("a device of this build");
    train(&config, &device, &run, &mut []).expect("a run of a few steps");
}

/// Copies a folder's files and folders.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder to write to");
    for entry in fs::read_dir(from).expect("a folder to read from").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).expect("a file to copy");
        }
    }
}

/// A replay as an input: seven numbers of two bytes that say what it is besides its slots, then the slots.
#[allow(dead_code, reason = "only whoever writes the seeds calls it")]
pub(crate) fn replay_input(replay: &Replay) -> Vec<u8> {
    let state = replay.state();
    let head = [
        state.observation_size,
        state.action_size,
        state.capacity,
        state.start,
        state.end,
        state.transitions,
        usize::from(state.pending),
    ];
    let mut bytes: Vec<u8> = head
        .into_iter()
        .flat_map(|n| (n as u16).to_le_bytes())
        .collect();
    let written = replay.write_slots(state.start..state.end, &mut bytes);
    written.expect("room in memory");
    bytes
}

/// Whether the bytes are such a replay.
fn is_replay(bytes: &[u8]) -> bool {
    let Some((head, mut slots)) = bytes.split_first_chunk::<14>() else {
        return false;
    };
    let number = |k: usize| usize::from(u16::from_le_bytes([head[2 * k], head[2 * k + 1]]));
    let state = ReplayState {
        observation_size: number(0),
        action_size: number(1),
        capacity: number(2),
        start: number(3),
        end: number(4),
        transitions: number(5),
        pending: number(6) == 1,
    };
    let mut read = || {
        let mut replay = Replay::restored(&state)?;
        replay.read_slots(state.start..state.end, &mut slots)?;
        replay.check_slots()
    };
    read().is_ok()
}

/// Goes on from bytes, of which the first tells what they are: a state without its head and checksum, or a
/// [replay](replay_input). Whether they are such.
pub(crate) fn run(bytes: &[u8]) -> bool {
    static BEGUN: OnceLock<tempfile::TempDir> = OnceLock::new();
    let Some((kind, bytes)) = bytes.split_first() else {
        return false;
    };
    if kind % 2 == 1 {
        return is_replay(bytes);
    }
    let begun = BEGUN.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder to write to");
        begin(&folder.path().join("run"));
        folder
    });
    let folder = tempfile::tempdir().expect("a folder to write to");
    let path = folder.path().join("run");
    copy(&begun.path().join("run"), &path);
    let sum = crc32fast::hash(bytes).to_le_bytes();
    let state = [MAGIC.as_slice(), &sum, bytes].concat();
    fs::write(path.join("resume/state.bin"), state).expect("a file to write");
    let (run, config) = RunDir::open(&path).expect("a run");
    let device = device::by_name(device::available()[0]).expect("a device of this build");
    match resume(&config, &device, &run, &mut []) {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            false
        }
    }
}
