use std::collections::HashMap;

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

/// A step of a made-up episode; its observation is its number.
#[derive(Clone, Debug)]
struct Fact {
    episode: usize,
    number: f32,
    reward: f32,
    terminated: bool,
    truncated: bool,
}

/// Episodes of given lengths and endings: 0 terminal, 1 time limit, 2 broken off without a sign.
fn story(episodes: &[(usize, u8)]) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut number = 0.0;
    for (episode, (length, ending)) in episodes.iter().enumerate() {
        for i in 0..*length {
            let last = i + 1 == *length;
            facts.push(Fact {
                episode,
                number,
                reward: 0.25 * number + 1.0,
                terminated: last && *ending == 0,
                truncated: last && *ending == 1,
            });
            number += 1.0;
        }
        // The number of the episode's last observation.
        number += 1.0;
    }
    facts
}

fn push(replay: &mut Replay, fact: &Fact) {
    replay.push(&Transition {
        observation: &[fact.number, -fact.number],
        action: &[fact.number * 0.001],
        mean_action: &[fact.number * 0.002],
        reward: fact.reward,
        next_observation: &[fact.number + 1.0, -fact.number - 1.0],
        terminated: fact.terminated,
        truncated: fact.truncated,
    });
}

/// The return, discount and next observation that a window from `start` must have.
fn expected(facts: &[Fact], start: usize, n: usize, gamma: f32) -> (f32, f32, f32) {
    let (mut sum, mut discount) = (0.0, 1.0);
    let mut last = &facts[start];
    for fact in facts[start..]
        .iter()
        .take(n)
        .take_while(|f| f.episode == facts[start].episode)
    {
        sum += discount * fact.reward;
        discount *= gamma;
        last = fact;
    }
    let discount = if last.terminated { 0.0 } else { discount };
    (sum, discount, last.number + 1.0)
}

proptest! {
    #[test]
    fn windows_are_those_of_the_episodes(
        episodes in prop::collection::vec((1usize..30, 0u8..3), 1..12),
        capacity in 1usize..120,
        n in 1usize..6,
        drops in prop::collection::vec((0usize..150, 0usize..40), 0..3),
        seed in 0u64..1000,
    ) {
        let facts = story(&episodes);
        let mut replay = Replay::new(2, 1, capacity);
        for (i, fact) in facts.iter().enumerate() {
            push(&mut replay, fact);
            for (_, count) in drops.iter().filter(|(at, _)| *at == i) {
                replay.drop_oldest(*count);
            }
        }
        prop_assert!(replay.len() <= capacity + 1);
        let kept = &facts[facts.len() - replay.len()..];
        let by_number: HashMap<u32, usize> =
            kept.iter().enumerate().map(|(i, f)| (f.number as u32, i)).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut batch = Batch::default();
        replay.sample(n, 0.9, 64 * replay.len(), &mut rng, &mut batch);
        prop_assert_eq!(batch.size, 64 * replay.len());
        let mut seen = vec![false; kept.len()];
        for row in 0..batch.size {
            let number = batch.observation[2 * row];
            let start = by_number[&(number as u32)];
            seen[start] = true;
            let (sum, discount, next) = expected(kept, start, n, 0.9);
            prop_assert_eq!(batch.observation[2 * row + 1], -number);
            prop_assert_eq!(batch.action[row], number * 0.001);
            prop_assert!((batch.return_n[row] - sum).abs() <= 1e-4 * sum.abs());
            prop_assert!((batch.discount[row] - discount).abs() < 1e-6);
            prop_assert_eq!(batch.next_observation[2 * row], next);
        }
        prop_assert!(seen.iter().all(|s| *s));
        let (oldest, actions) = replay.oldest(5);
        let first: Vec<f32> = kept.iter().take(5).flat_map(|f| [f.number, -f.number]).collect();
        prop_assert_eq!(oldest, first);
        prop_assert_eq!(actions.len(), kept.len().min(5));
    }
}

#[test]
fn a_hand_made_window() {
    let mut replay = Replay::new(2, 1, 100);
    for fact in story(&[(2, 1), (4, 0)]) {
        push(&mut replay, &fact);
    }
    // Rewards 1, 1.25 | 1.75, 2, 2.25, 2.5: the second episode starts at observation 3.
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    replay.sample(3, 0.5, 200, &mut rng, &mut batch);
    let row = |number: f32| {
        batch
            .observation
            .chunks(2)
            .position(|o| o[0] == number)
            .unwrap()
    };
    let (cut, full, terminal) = (row(0.0), row(3.0), row(5.0));
    assert_eq!((batch.return_n[cut], batch.discount[cut]), (1.625, 0.25));
    assert_eq!(
        (batch.return_n[full], batch.discount[full]),
        (1.75 + 1.0 + 0.5625, 0.125)
    );
    assert_eq!(
        (batch.return_n[terminal], batch.discount[terminal]),
        (3.5, 0.0)
    );
}

#[test]
fn nothing_stored_gives_nothing() {
    let replay = Replay::new(2, 1, 10);
    let mut batch = Batch::default();
    replay.sample(1, 0.9, 8, &mut ChaCha8Rng::seed_from_u64(0), &mut batch);
    assert_eq!((batch.size, replay.len()), (0, 0));
    assert!(policy_distance(|_| vec![], &replay, 8).is_nan());
}

#[test]
fn a_million_transitions_of_half_cheetah_take_less_than_160_megabytes() {
    let mut replay = Replay::new(17, 6, 1_000_000);
    let (observation, action) = ([0.0; 17], [0.0; 6]);
    let transition = |truncated| Transition {
        observation: &observation,
        action: &action,
        mean_action: &action,
        reward: 0.0,
        next_observation: &observation,
        terminated: false,
        truncated,
    };
    replay.push(&transition(false));
    assert!(replay.bytes() < 3_000_000);
    for step in 1..1_001_000 {
        replay.push(&transition(step % 1000 == 999));
    }
    assert!(replay.len() > 998_000);
    assert!(replay.bytes() < 160_000_000, "{}", replay.bytes());
}

#[test]
fn forgetting_follows_the_policy_distance() {
    let adaptive = AdaptiveCapacity {
        min: 10,
        ..AdaptiveCapacity::default()
    };
    let mut replay = Replay::new(2, 1, 1000);
    for fact in story(&[(40, 1)]) {
        push(&mut replay, &fact);
    }
    // The stored mean actions are 0.002 times the observation.
    let same = |o: &[f32]| o.chunks(2).map(|o| o[0] * 0.002).collect();
    assert!(policy_distance(same, &replay, 16) < 1e-12);
    let off = |o: &[f32]| o.chunks(2).map(|o| o[0] * 0.002 + 1.0).collect();
    let distance = policy_distance(off, &replay, 16);
    assert!((distance - 0.5).abs() < 1e-6);
    adaptive.forget(0.1, &mut replay);
    assert_eq!(replay.len(), 40);
    adaptive.forget(distance, &mut replay);
    assert_eq!(replay.len(), 36);
    let mut few = AdaptiveCapacity {
        min: 36,
        ..adaptive
    };
    few.forget(distance, &mut replay);
    assert_eq!(replay.len(), 36);
    few.drop = 2.0;
    assert!(few.validate().is_err());
}
