//! Slots as bytes: what comes back samples alike, and what cannot be slots is refused.

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::tests::{push, story};
use super::*;
use crate::Error;

fn bytes(replay: &Replay) -> Vec<u8> {
    let (mut bytes, ReplayState { start, end, .. }) = (Vec::new(), replay.state());
    replay.write_slots(start..end, &mut bytes).unwrap();
    bytes
}

fn read(state: &ReplayState, mut bytes: &[u8]) -> crate::Result<Replay> {
    let mut replay = Replay::restored(state)?;
    replay.read_slots(state.start..state.end, &mut bytes)?;
    assert!(bytes.is_empty(), "all are read");
    replay.check_slots()?;
    Ok(replay)
}

fn draw(replay: &Replay) -> (Batch, Vec<f32>, Vec<f32>) {
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    replay.sample(3, 0.9, 256, &mut rng, &mut batch);
    let (mut observations, mut actions) = (Vec::new(), Vec::new());
    replay.oldest(20, &mut observations, &mut actions);
    (batch, observations, actions)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// In any parts, and also where the oldest slots are forgotten between writing and reading.
    #[test]
    fn what_comes_back_samples_alike(
        episodes in prop::collection::vec((1usize..=30, 0u8..3), 1..10),
        capacity in 1usize..120,
        cut in 0.0..=1.0f64,
        forgotten in 0usize..20,
    ) {
        let mut replay = Replay::new(2, 1, capacity);
        story(&episodes).iter().for_each(|fact| push(&mut replay, fact));
        let ReplayState { start, end, .. } = replay.state();
        let middle = start + ((end - start) as f64 * cut) as usize;
        let mut written = Vec::new();
        replay.write_slots(start..middle, &mut written).unwrap();
        replay.write_slots(middle..end, &mut written).unwrap();
        prop_assert!(middle == end || written == bytes(&replay));
        replay.drop_oldest(forgotten);
        let mut again = Replay::restored(&replay.state()).unwrap();
        let mut reader = written.as_slice();
        again.read_slots(start..middle, &mut reader).unwrap();
        again.read_slots(middle..end, &mut reader).unwrap();
        again.check_slots().unwrap();
        prop_assert_eq!(again.state(), replay.state());
        prop_assert_eq!(draw(&again), draw(&replay));
        prop_assert!(bytes(&again) == bytes(&replay));
    }
}

fn filled() -> Replay {
    let mut replay = Replay::new(2, 1, 40);
    let facts = story(&[(20, 0), (11, 1), (9, 2), (5, 0)]);
    facts[..43].iter().for_each(|fact| push(&mut replay, fact));
    replay
}

#[test]
fn what_is_no_replay_is_refused() {
    let replay = filled();
    let (state, good) = (replay.state(), bytes(&replay));
    read(&state, &good).unwrap();
    for length in 0..good.len() {
        let error = read(&state, &good[..length]).unwrap_err();
        assert!(matches!(error, Error::Replay { .. }), "{error}");
        assert!(error.to_string().contains("ends within"), "{error}");
    }
    let slot = 4 * (2 + 1 + 1 + 1) + 1;
    for at in (slot - 1..good.len()).step_by(slot) {
        // What follows the slot is nothing that there is.
        let mut bad = good.clone();
        bad[at] = 9;
        let error = read(&state, &bad).unwrap_err().to_string();
        assert!(error.contains("is followed by 9"), "{error}");
        // An episode ends where it went on, or the other way round.
        bad[at] = match good[at] {
            0 => 1,
            _ => 0,
        };
        assert!(read(&state, &bad).is_err(), "{at}");
    }
    for (change, named) in [
        (
            ReplayState {
                start: 1000,
                ..state
            },
            "start = 1000",
        ),
        (
            ReplayState {
                capacity: 0,
                ..state
            },
            "capacity = 0",
        ),
        (
            ReplayState {
                transitions: 1000,
                ..state
            },
            "transitions = 1000",
        ),
        (
            ReplayState {
                observation_size: 1 << 40,
                ..state
            },
            "observation_size",
        ),
    ] {
        let error = Replay::restored(&change).unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
    }
}

#[test]
fn numbers_that_are_none_come_back_as_they_were() {
    let mut replay = Replay::new(2, 1, 10);
    let odd = f32::from_bits(0x7fc0_1234);
    replay.push(&Transition {
        observation: &[odd, -0.0],
        action: &[f32::INFINITY],
        mean_action: &[f32::MIN_POSITIVE / 2.0],
        reward: odd,
        next_observation: &[1.0, odd],
        terminated: false,
        truncated: false,
    });
    let again = read(&replay.state(), &bytes(&replay)).unwrap();
    assert!(bytes(&again) == bytes(&replay));
    let empty = Replay::new(3, 2, 10);
    assert!(read(&empty.state(), &[]).unwrap().is_empty());
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
    assert_eq!(bytes(&replay).len(), 121 * slots);
}
