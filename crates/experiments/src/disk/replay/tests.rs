//! A replay as a log: what comes back samples alike, whatever was killed or damaged in between.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rl_algos::replay::{Batch, Replay, Transition};
use rl_algos::{Error, Result};

use super::manifest::Segment;
use super::*;

/// Small, so that a few transitions fill many.
const SLOTS: usize = 7;

/// The owner's file of the manifest.
const MANIFEST: &str = "replay.json";

fn log(folder: &Path) -> ReplayLog {
    ReplayLog::create(folder).unwrap().with_segment_slots(SLOTS)
}

/// Puts a manifest in its place.
fn put(folder: &Path, manifest: &Manifest) {
    fs::write(folder.join(MANIFEST), serde_json::to_vec(manifest).unwrap()).unwrap();
}

fn save(log: &mut ReplayLog, folder: &Path, replay: &Replay) -> Manifest {
    let manifest = log.stage(replay).unwrap();
    put(folder, &manifest);
    log.commit().unwrap();
    manifest
}

fn load(folder: &Path) -> Result<(ReplayLog, Replay)> {
    let text = fs::read(folder.join(MANIFEST)).unwrap();
    ReplayLog::open(folder, &serde_json::from_slice(&text).unwrap())
}

/// The steps of episodes of given lengths and endings (0 terminal, 1 time limit, 2 broken off without a sign), by a
/// number that ascends: whether the task ended, and whether the episode was cut.
fn story(episodes: &[(usize, u8)]) -> Vec<(f32, bool, bool)> {
    let mut number = 0.0;
    let mut facts = Vec::new();
    for (length, ending) in episodes {
        for i in 0..*length {
            let last = i + 1 == *length;
            facts.push((number, last && *ending == 0, last && *ending == 1));
            number += 1.0;
        }
        // The number of the episode's last observation.
        number += 1.0;
    }
    facts
}

fn push(replay: &mut Replay, (number, terminated, truncated): &(f32, bool, bool)) {
    replay.push(&Transition {
        observation: &[*number, -number],
        action: &[number * 0.001],
        mean_action: &[number * 0.002],
        reward: 0.25 * number + 1.0,
        next_observation: &[number + 1.0, -number - 1.0],
        terminated: *terminated,
        truncated: *truncated,
    });
}

fn bytes(replay: &Replay) -> Vec<u8> {
    let (mut bytes, state) = (Vec::new(), replay.state());
    replay
        .write_slots(state.start..state.end, &mut bytes)
        .unwrap();
    bytes
}

fn draw(replay: &Replay) -> Batch {
    let mut batch = Batch::default();
    replay.sample(3, 0.9, 256, &mut ChaCha8Rng::seed_from_u64(5), &mut batch);
    batch
}

/// Whether two replays cannot be told apart.
fn same(a: &Replay, b: &Replay) -> Result<(), TestCaseError> {
    prop_assert_eq!(a.state(), b.state());
    prop_assert_eq!(draw(a), draw(b));
    prop_assert!(bytes(a) == bytes(b));
    Ok(())
}

/// Names of the files in a folder.
fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name();
    entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect()
}

/// A replay of some episodes, and what comes after them.
fn filled() -> (Replay, Vec<(f32, bool, bool)>) {
    let mut replay = Replay::new(2, 1, 40);
    let mut facts = story(&[(20, 0), (11, 1), (9, 2), (30, 0)]);
    let rest = facts.split_off(45);
    facts.iter().for_each(|fact| push(&mut replay, fact));
    (replay, rest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_comes_back_goes_on_alike(
        episodes in prop::collection::vec((1usize..=30, 0u8..3), 1..10),
        capacity in 1usize..120,
        drops in prop::collection::vec((0usize..150, 0usize..60), 0..4),
        every in 3usize..30,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut log = log(folder.path());
        let mut whole = Replay::new(2, 1, capacity);
        let mut resumed = whole.clone();
        for (i, fact) in story(&episodes).iter().enumerate() {
            for replay in [&mut whole, &mut resumed] {
                push(replay, fact);
                for (_, count) in drops.iter().filter(|(at, _)| *at == i) {
                    replay.drop_oldest(*count);
                }
            }
            if i % every == 0 {
                let manifest = save(&mut log, folder.path(), &resumed);
                let mut needed: BTreeSet<String> =
                    manifest.segments.into_iter().map(|s| s.file).collect();
                needed.insert(MANIFEST.into());
                prop_assert_eq!(names(folder.path()), needed);
                (log, resumed) = load(folder.path()).unwrap();
                same(&resumed, &whole)?;
            }
        }
        same(&resumed, &whole)?;
    }
}

#[test]
fn full_segments_are_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = log(folder.path());
    let mut replay = Replay::new(2, 1, 1000);
    let facts = story(&[(100, 0), (100, 1)]);
    let mut before: Vec<Segment> = Vec::new();
    for facts in facts.chunks(10) {
        facts.iter().for_each(|fact| push(&mut replay, fact));
        let segments = save(&mut log, folder.path(), &replay).segments;
        let kept = before.len().saturating_sub(1);
        assert_eq!(segments[..kept], before[..kept]);
        // At most what was the tail, and the new slots.
        let new: u64 = segments[kept..].iter().map(|s| s.bytes).sum();
        let slot = 4 * (2 + 1 + 1 + 1) + 1;
        assert!(new <= (SLOTS as u64 + 11) * slot + 8, "{new}");
        before = segments;
    }
    assert_eq!(before.len(), 202usize.div_ceil(SLOTS));
    // What is forgotten goes, segment by segment.
    replay.drop_oldest(150);
    let segments = save(&mut log, folder.path(), &replay).segments;
    assert_eq!(segments.first().map(|s| s.from), Some(151 / SLOTS * SLOTS));
    assert_eq!(names(folder.path()).len(), segments.len() + 1);
}

#[test]
fn a_process_may_be_killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (replay, rest) = filled();
    let mut first = log(path);
    save(&mut first, path, &replay);
    let expected = replay.clone();

    // Killed while it wrote files of slots, and after all of them, but before the manifest.
    let mut later = replay;
    rest.iter().for_each(|fact| push(&mut later, fact));
    let staged = first.stage(&later).unwrap();
    drop(first);
    let last = staged.segments.last().unwrap();
    fs::write(path.join(&last.file), b"half of it").unwrap();
    fs::write(path.join("slots-000000000063-2.bin.tmp"), b"garbage").unwrap();
    let (mut second, mut found) = load(path).unwrap();
    same(&found, &expected).unwrap();

    // It goes on otherwise than before, under the same names.
    for fact in story(&[(25, 1)]) {
        push(&mut found, &fact);
    }
    let manifest = save(&mut second, path, &found);
    same(&load(path).unwrap().1, &found).unwrap();
    assert_eq!(names(path).len(), manifest.segments.len() + 1);

    // Killed after the manifest, before what it does not need was removed.
    found.drop_oldest(30);
    let manifest = second.stage(&found).unwrap();
    put(path, &manifest);
    drop(second);
    assert!(names(path).len() > manifest.segments.len() + 1);
    let (mut third, found) = load(path).unwrap();
    save(&mut third, path, &found);
    assert_eq!(names(path).len(), manifest.segments.len() + 1);
}

#[test]
fn an_owner_keeps_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let (mut replay, rest) = filled();
    let mut log = log(folder.path());
    let old = log.stage(&replay).unwrap();
    log.commit().unwrap();
    let before = replay.clone();
    rest.iter().for_each(|fact| push(&mut replay, fact));
    let new = log.stage(&replay).unwrap();
    // Until the owner has put the new one in its place, both can be read.
    same(&ReplayLog::open(folder.path(), &old).unwrap().1, &before).unwrap();
    same(&ReplayLog::open(folder.path(), &new).unwrap().1, &replay).unwrap();
    log.commit().unwrap();
    let text = serde_json::to_string(&new).unwrap();
    let new: Manifest = serde_json::from_str(&text).unwrap();
    same(&ReplayLog::open(folder.path(), &new).unwrap().1, &replay).unwrap();
    assert!(ReplayLog::open(folder.path(), &old).is_err());
    // A replay from before does not follow on this log.
    let error = log.stage(&Replay::new(2, 1, 40)).unwrap_err();
    assert!(error.to_string().contains("ends at slot 0"), "{error}");
    // A new log in the folder begins with nothing.
    ReplayLog::create(folder.path()).unwrap();
    assert!(names(folder.path()).is_empty());
}

#[test]
fn damage_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    save(&mut log(path), path, &filled().0);
    let mut files = names(path);
    files.remove(MANIFEST);
    assert!(files.len() > 5);
    for name in &files {
        let file = path.join(name);
        let good = fs::read(&file).unwrap();
        let refused = |what: &str| {
            let error = load(path).unwrap_err();
            assert!(
                matches!(error, Error::File { .. }),
                "{name} {what}: {error}"
            );
            assert!(error.to_string().contains(name), "{name} {what}: {error}");
        };
        for length in [0, 1, good.len() / 2, good.len() - 1] {
            fs::write(&file, &good[..length]).unwrap();
            refused("cut off");
        }
        for at in [0, good.len() / 3, good.len() - 2] {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            refused("changed");
        }
        fs::write(&file, [good.as_slice(), b"more"].concat()).unwrap();
        refused("longer");
        fs::remove_file(&file).unwrap();
        refused("missing");
        fs::write(&file, &good).unwrap();
        assert!(load(path).is_ok());
    }
}

#[test]
fn a_manifest_that_does_not_fit_together_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = log(folder.path()).stage(&filled().0).unwrap();
    let refused = |change: &dyn Fn(&mut Manifest), what: &str| {
        let mut bad = manifest.clone();
        change(&mut bad);
        let open = |manifest: &Manifest| ReplayLog::open(folder.path(), manifest).unwrap_err();
        assert!(open(&bad).to_string().contains("checksum"));
        let parts = (bad.generation, bad.segment_slots, bad.replay, bad.segments);
        let bad = Manifest::new(parts.0, parts.1, parts.2, parts.3).unwrap();
        let message = open(&bad).to_string();
        assert!(message.contains(what), "{message}");
    };
    refused(&|m| m.replay.transitions -= 1, "transitions");
    refused(&|m| m.replay.transitions = 1000, "transitions = 1000");
    refused(&|m| m.replay.start = 1000, "start = 1000");
    refused(&|m| m.replay.pending = false, "damaged");
    refused(&|m| m.replay.observation_size = 1 << 40, "observation_size");
    refused(&|m| m.segment_slots = 0, "segment_slots");
    refused(&|m| drop(m.segments.remove(1)), "must begin at");
    refused(&|m| drop(m.segments.pop()), "segments end at slot");
}

#[test]
fn each_slot_is_written_once_and_with_no_more() {
    let mut replay = Replay::new(2, 1, 40_000);
    for step in 0..20_000_u16 {
        push(&mut replay, &(f32::from(step), false, step % 1000 == 999));
    }
    let folder = tempfile::tempdir().unwrap();
    let mut log = ReplayLog::create(folder.path()).unwrap();
    let manifest = save(&mut log, folder.path(), &replay);
    let written: u64 = manifest.segments.iter().map(|s| s.bytes).sum();
    assert_eq!(written, 21 * (20_000 + 20));
    assert_eq!(manifest.segments.len(), 2);
}
