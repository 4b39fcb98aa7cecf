//! A replay as bytes and as a log: what comes back samples alike, whatever was killed or damaged in between.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::tests::{Fact, push, story};
use super::*;
use crate::Error;

/// Small, so that a few transitions fill many.
const SLOTS: usize = 7;

fn log(folder: &Path) -> ReplayLog {
    ReplayLog::create(folder).unwrap().with_segment_slots(SLOTS)
}

fn bytes(replay: &Replay) -> Vec<u8> {
    let mut bytes = Vec::new();
    replay.write_to(&mut bytes).unwrap();
    bytes
}

fn draw(replay: &Replay) -> (Batch, Vec<f32>, Vec<f32>) {
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    replay.sample(3, 0.9, 256, &mut rng, &mut batch);
    let (mut observations, mut actions) = (Vec::new(), Vec::new());
    replay.oldest(20, &mut observations, &mut actions);
    (batch, observations, actions)
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
fn filled() -> (Replay, Vec<Fact>) {
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
                let manifest = log.save(&resumed).unwrap();
                let mut needed: BTreeSet<String> =
                    manifest.segments.into_iter().map(|s| s.file).collect();
                needed.insert("replay.json".into());
                prop_assert_eq!(names(folder.path()), needed);
                (log, resumed) = ReplayLog::load(folder.path()).unwrap();
                same(&resumed, &whole)?;
                let read = Replay::read_from(bytes(&whole).as_slice()).unwrap();
                same(&read, &whole)?;
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
        let segments = log.save(&replay).unwrap().segments;
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
    let segments = log.save(&replay).unwrap().segments;
    assert_eq!(segments.first().map(|s| s.from), Some(151 / SLOTS * SLOTS));
    assert_eq!(names(folder.path()).len(), segments.len() + 1);
}

#[test]
fn a_process_may_be_killed_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (replay, rest) = filled();
    let mut first = log(path);
    first.save(&replay).unwrap();
    let expected = replay.clone();

    // Killed while it wrote files of slots, and after all of them, but before the manifest.
    let mut later = replay;
    rest.iter().for_each(|fact| push(&mut later, fact));
    let staged = first.stage(&later).unwrap();
    drop(first);
    let last = staged.segments.last().unwrap();
    fs::write(path.join(&last.file), b"half of it").unwrap();
    fs::write(path.join("slots-000000000063-2.bin.tmp"), b"garbage").unwrap();
    fs::write(path.join("replay.json.tmp"), b"{\"format\":").unwrap();
    let (mut second, mut found) = ReplayLog::load(path).unwrap();
    same(&found, &expected).unwrap();

    // It goes on otherwise than before, under the same names.
    for fact in story(&[(25, 1)]) {
        push(&mut found, &fact);
    }
    let manifest = second.save(&found).unwrap();
    same(&ReplayLog::load(path).unwrap().1, &found).unwrap();
    assert_eq!(names(path).len(), manifest.segments.len() + 1);

    // Killed after the manifest, before what it does not need was removed.
    found.drop_oldest(30);
    let manifest = second.stage(&found).unwrap();
    manifest.write(&path.join("replay.json")).unwrap();
    drop(second);
    assert!(names(path).len() > manifest.segments.len() + 1);
    let (mut third, found) = ReplayLog::load(path).unwrap();
    third.save(&found).unwrap();
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
    log(path).save(&filled().0).unwrap();
    let files = names(path);
    assert!(files.len() > 5);
    for name in &files {
        let file = path.join(name);
        let good = fs::read(&file).unwrap();
        let refused = |what: &str| {
            let error = ReplayLog::load(path).unwrap_err();
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
        assert!(ReplayLog::load(path).is_ok());
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
fn bytes_that_are_no_replay_are_refused() {
    let (replay, _) = filled();
    let good = bytes(&replay);
    for length in 0..good.len() {
        let error = Replay::read_from(&good[..length]).unwrap_err();
        assert!(matches!(error, Error::Replay { .. }), "{error}");
        assert!(error.to_string().contains("ends within"), "{error}");
    }
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        let error = Replay::read_from(bad.as_slice()).unwrap_err();
        assert!(matches!(error, Error::Replay { .. }), "{error}");
    }
    let empty = Replay::new(3, 2, 10);
    same(
        &Replay::read_from(bytes(&empty).as_slice()).unwrap(),
        &empty,
    )
    .unwrap();
}

#[test]
fn numbers_that_are_none_come_back_as_they_were() {
    let mut replay = Replay::new(2, 1, 10);
    let odd = f32::from_bits(0x7fc0_1234);
    let transition = Transition {
        observation: &[odd, -0.0],
        action: &[f32::INFINITY],
        mean_action: &[f32::MIN_POSITIVE / 2.0],
        reward: odd,
        next_observation: &[1.0, odd],
        terminated: false,
        truncated: false,
    };
    replay.push(&transition);
    let read = Replay::read_from(bytes(&replay).as_slice()).unwrap();
    assert!(bytes(&read) == bytes(&replay));
}

#[test]
fn a_transition_of_half_cheetah_takes_as_many_bytes_in_files_as_in_memory() {
    let mut replay = Replay::new(17, 6, 20_000);
    for step in 1..=20_000 {
        replay.push(&Transition {
            observation: &[0.5; 17],
            action: &[0.1; 6],
            mean_action: &[0.1; 6],
            reward: 1.0,
            next_observation: &[0.5; 17],
            terminated: false,
            truncated: step % 1000 == 0,
        });
    }
    let slots = 20_000 + 20;
    assert_eq!(bytes(&replay).len(), 8 + 53 + 121 * slots + 4);
    let folder = tempfile::tempdir().unwrap();
    let mut log = ReplayLog::create(folder.path()).unwrap();
    let manifest = log.save(&replay).unwrap();
    let written: u64 = manifest.segments.iter().map(|s| s.bytes).sum();
    assert_eq!(written, 121 * slots as u64);
    assert_eq!(manifest.segments.len(), 2);
}
