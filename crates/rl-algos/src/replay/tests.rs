use std::collections::HashMap;
use std::convert::Infallible;

use proptest::prelude::*;
use rand::{SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;

use super::*;

/// A step of a made-up episode; its observation is its number.
#[derive(Clone, Debug)]
pub(super) struct Fact {
    pub(super) episode: usize,
    pub(super) number: f32,
    pub(super) reward: f32,
    pub(super) terminated: bool,
    pub(super) truncated: bool,
}

/// Episodes of given lengths and endings: 0 terminal, 1 time limit, 2 broken off without a sign.
pub(super) fn story(episodes: &[(usize, u8)]) -> Vec<Fact> {
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

pub(super) fn push(replay: &mut Replay, fact: &Fact) {
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
        episodes in prop::collection::vec((1usize..=30, 0u8..3), 1..12),
        capacity in 1usize..120,
        n in 1usize..=5,
        drops in prop::collection::vec((0usize..150, 0usize..40), 0..6),
        seed in 0u64..1000,
    ) {
        let facts = story(&episodes);
        let mut replay = Replay::new(2, 1, capacity);
        let mut stored = 0;
        for (i, fact) in facts.iter().enumerate() {
            push(&mut replay, fact);
            stored = (stored + 1).min(capacity);
            for (_, count) in drops.iter().filter(|(at, _)| *at == i) {
                replay.drop_oldest(*count);
                stored -= stored.min(*count);
            }
            prop_assert_eq!(replay.len(), stored);
            prop_assert_eq!(replay.is_empty(), stored == 0);
            if i % 16 == 0 || i + 1 == facts.len() {
                check_windows(&replay, &facts[i + 1 - stored..=i], n, seed)?;
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_windows(seed in 0u64..1000) {
        let mut replay = Replay::new(2, 1, 50);
        story(&[(20, 0), (1, 1), (40, 2)]).iter().for_each(|fact| push(&mut replay, fact));
        let draw = || {
            let mut batch = Batch::default();
            replay.sample(3, 0.9, 32, &mut ChaCha8Rng::seed_from_u64(seed), &mut batch);
            batch
        };
        prop_assert_eq!(draw(), draw());
    }
}

/// The windows drawn are exactly those of the transitions kept, every one of them is drawn, and the oldest
/// are the first of them.
fn check_windows(replay: &Replay, kept: &[Fact], n: usize, seed: u64) -> Result<(), TestCaseError> {
    let numbers = kept.iter().enumerate().map(|(i, f)| (f.number as u32, i));
    let by_number: HashMap<u32, usize> = numbers.collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut batch = Batch::default();
    replay.sample(n, 0.9, 64 * kept.len(), &mut rng, &mut batch);
    prop_assert_eq!(batch.size, 64 * kept.len());
    let mut seen = vec![false; kept.len()];
    for row in 0..batch.size {
        let number = batch.observation[2 * row];
        let start = by_number.get(&(number as u32)).copied();
        prop_assert!(start.is_some(), "{} is not stored", number);
        let start = start.unwrap();
        seen[start] = true;
        let (sum, discount, next) = expected(kept, start, n, 0.9);
        prop_assert_eq!(batch.observation[2 * row + 1], -number);
        prop_assert_eq!(batch.action[row], number * 0.001);
        prop_assert_eq!(batch.return_n[row], sum);
        prop_assert_eq!(batch.discount[row], discount);
        prop_assert_eq!(
            &batch.next_observation[2 * row..2 * row + 2],
            &[next, -next]
        );
    }
    prop_assert!(seen.iter().all(|s| *s));
    let (mut oldest, mut actions) = (vec![7.0], vec![7.0]);
    let rows = replay.oldest(5, &mut oldest, &mut actions);
    let first = &kept[..kept.len().min(5)];
    prop_assert_eq!(rows, first.len());
    let observations: Vec<f32> = first.iter().flat_map(|f| [f.number, -f.number]).collect();
    let means: Vec<f32> = first.iter().map(|f| f.number * 0.002).collect();
    prop_assert_eq!(oldest, observations);
    prop_assert_eq!(actions, means);
    Ok(())
}

#[test]
fn threads_draw_what_one_draws() {
    let mut replay = Replay::new(2, 1, 10_000);
    for fact in &story(&[(30, 1), (7, 2), (400, 0), (3, 1), (900, 2)]) {
        push(&mut replay, fact);
    }
    let draw = |skip_intermediate: bool, threads: Option<usize>| {
        let mut batch = Batch {
            skip_intermediate,
            ..Batch::default()
        };
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut sample = || replay.sample(3, 0.9, 257, &mut rng, &mut batch);
        match threads {
            None => sample(),
            Some(threads) => {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                pool.build().unwrap().install(sample);
            }
        }
        batch
    };
    for skip_intermediate in [false, true] {
        let expected = draw(skip_intermediate, None);
        assert_eq!(expected.size, 257);
        assert_eq!(expected.intermediate_row.is_empty(), skip_intermediate);
        for threads in 1..=3 {
            assert_eq!(draw(skip_intermediate, Some(threads)), expected);
        }
    }
}

#[test]
fn dropping_everything_and_starting_over_keeps_count() {
    let mut replay = Replay::new(2, 1, 10);
    let facts = story(&[(1, 2), (1, 2), (1, 2), (1, 2)]);
    push(&mut replay, &facts[0]);
    replay.drop_oldest(1);
    push(&mut replay, &facts[1]);
    assert_eq!(replay.len(), 1);
    replay.drop_oldest(9);
    push(&mut replay, &facts[2]);
    push(&mut replay, &facts[3]);
    check_windows(&replay, &facts[2..], 3, 0).unwrap();
}

#[test]
fn a_terminal_wins_over_a_time_limit() {
    let mut replay = Replay::new(2, 1, 10);
    let mut facts = story(&[(1, 0)]);
    facts[0].truncated = true;
    push(&mut replay, &facts[0]);
    let mut batch = Batch::default();
    replay.sample(3, 0.5, 1, &mut ChaCha8Rng::seed_from_u64(0), &mut batch);
    assert_eq!((batch.return_n[0], batch.discount[0]), (1.0, 0.0));
}

#[test]
fn a_window_stops_at_the_newest_transition() {
    let mut replay = Replay::new(2, 1, 10);
    push(&mut replay, &story(&[(5, 0)])[0]);
    let mut batch = Batch::default();
    replay.sample(3, 0.5, 1, &mut ChaCha8Rng::seed_from_u64(0), &mut batch);
    assert_eq!((batch.return_n[0], batch.discount[0]), (1.0, 0.5));
    assert_eq!(batch.next_observation, [1.0, -1.0]);
}

#[test]
fn what_windows_pass_can_be_left_out() {
    let mut replay = Replay::new(2, 1, 50);
    let facts = story(&[(9, 1), (4, 0), (30, 1)]);
    facts.iter().for_each(|fact| push(&mut replay, fact));
    let sample = |mut batch: Batch| {
        replay.sample(3, 0.5, 100, &mut ChaCha8Rng::seed_from_u64(5), &mut batch);
        batch
    };
    let whole = sample(Batch::default());
    assert!(whole.intermediate_row.len() > 100);
    let without = Batch {
        skip_intermediate: true,
        intermediate_observation: Vec::new(),
        intermediate_row: Vec::new(),
        intermediate_discount: Vec::new(),
        ..whole
    };
    let empty = Batch {
        skip_intermediate: true,
        ..Batch::default()
    };
    assert_eq!(sample(empty), without);
}

/// A source that always says the same.
struct Stuck;

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::MAX)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::MAX)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        bytes.fill(u8::MAX);
        Ok(())
    }
}

#[test]
fn sampling_ends_even_when_only_the_end_of_an_episode_is_drawn() {
    let mut replay = Replay::new(2, 1, 10);
    let facts = story(&[(1, 1), (1, 1)]);
    facts.iter().for_each(|fact| push(&mut replay, fact));
    let mut batch = Batch::default();
    replay.sample(1, 0.5, 3, &mut Stuck, &mut batch);
    assert_eq!(batch.observation, [2.0, -2.0].repeat(3));
}

#[test]
fn starts_are_uniform_over_transitions() {
    let mut replay = Replay::new(2, 1, 100);
    // Twenty episodes of one step and one of twenty: half of the starts are in each kind.
    let mut episodes = vec![(1, 1); 20];
    episodes.push((20, 0));
    let facts = story(&episodes);
    facts.iter().for_each(|fact| push(&mut replay, fact));
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    replay.sample(1, 0.9, 40_000, &mut rng, &mut batch);
    for fact in &facts {
        let rows = batch.observation.chunks(2);
        let drawn = rows.filter(|o| o[0] == fact.number).count();
        // 1000 expected, six standard deviations.
        assert!((810..1190).contains(&drawn), "{drawn}");
    }
}

#[test]
fn dropping_gives_memory_back() {
    let mut replay = Replay::new(2, 1, 1000);
    let facts = story(&[(1000, 1)]);
    facts.iter().for_each(|fact| push(&mut replay, fact));
    let full = replay.bytes();
    replay.drop_oldest(750);
    assert_eq!(replay.len(), 250);
    assert!(2 * replay.bytes() < full, "{} of {full}", replay.bytes());
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
    assert!(policy_distance(|_, _| {}, &replay, 8).is_nan());
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
    assert_eq!(replay.len(), 1_000_000);
    let bytes = replay.bytes() as f64 / replay.len() as f64;
    // 17 + 6 + 6 + 1 floats and a byte, and a thousandth for the ends.
    assert!((121.0..125.0).contains(&bytes), "{bytes}");
    assert!(replay.bytes() < 160_000_000);
}

#[test]
fn policy_distance_is_half_the_mean_square_over_the_oldest() {
    let mut replay = Replay::new(1, 2, 100);
    let means = [[0.0, 0.0], [1.0, -1.0], [0.5, 0.25], [-1.0, 1.0]];
    for (number, mean) in means.iter().enumerate() {
        replay.push(&Transition {
            observation: &[number as f32],
            action: &[0.75, 0.75],
            mean_action: mean,
            reward: 0.0,
            next_observation: &[number as f32 + 1.0],
            terminated: false,
            truncated: number == 1,
        });
    }
    let policy = |seen: &[f32], action: &mut [f32]| {
        action.copy_from_slice(&[0.5, 0.25 * seen[0]]);
    };
    // Differences: (0.5, 0), (-0.5, 1.25), (0, 0.25), (1.5, -0.25).
    let squares = [0.25, 1.8125, 0.0625, 2.3125];
    for (rows, checked) in [(1, 1), (3, 3), (4, 4), (4, 2048)] {
        let expected = 0.5 * squares[..rows].iter().sum::<f64>() / (2 * rows) as f64;
        assert_eq!(policy_distance(policy, &replay, checked), expected);
    }
    // The oldest are those that are left.
    replay.drop_oldest(2);
    let expected = 0.5 * (0.0625 + 2.3125) / 4.0;
    assert_eq!(policy_distance(policy, &replay, 2048), expected);
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
    let same = |o: &[f32], action: &mut [f32]| action[0] = o[0] * 0.002;
    assert!(policy_distance(same, &replay, 16) < 1e-12);
    let off = |o: &[f32], action: &mut [f32]| action[0] = o[0] * 0.002 + 1.0;
    let distance = policy_distance(off, &replay, 16);
    assert!((distance - 0.5).abs() < 1e-6);
    adaptive.evict(0.1, &mut replay);
    assert_eq!(replay.len(), 40);
    adaptive.evict(distance, &mut replay);
    assert_eq!(replay.len(), 36);
    let mut few = AdaptiveCapacity {
        min: 36,
        ..adaptive
    };
    few.evict(distance, &mut replay);
    assert_eq!(replay.len(), 36);
    few.drop = 2.0;
    assert!(crate::config::check_adaptive(&few).is_err());
}

#[test]
fn transitions_come_back_the_oldest_first() {
    let facts = story(&[(4, 0), (3, 1), (2, 2), (5, 2)]);
    for capacity in [5, 9, 100] {
        let mut replay = Replay::new(2, 1, capacity);
        facts.iter().for_each(|fact| push(&mut replay, fact));
        let kept = &facts[facts.len().saturating_sub(capacity)..];
        assert_eq!(replay.transitions().count(), kept.len());
        for (i, (found, fact)) in replay.transitions().zip(kept).enumerate() {
            assert_eq!(found.observation, [fact.number, -fact.number]);
            assert_eq!(found.action, [fact.number * 0.001]);
            assert_eq!(found.mean_action, [fact.number * 0.002]);
            assert_eq!(found.reward, fact.reward);
            let next = fact.number + 1.0;
            assert_eq!(found.next_observation, [next, -next]);
            // An episode that broke off without a sign counts as cut once another begins.
            let broken = kept.get(i + 1).is_some_and(|f| f.episode != fact.episode);
            let truncated = fact.truncated || broken && !fact.terminated;
            assert_eq!(
                (found.terminated, found.truncated),
                (fact.terminated, truncated)
            );
        }
    }
}
