//! Windows, and the targets made of them, beside the loop of RLx2's released code (`train` in `TD3.py` and `SAC.py`).

use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::tests::{Fact, push, story};
use super::*;

/// Weight of the entropy.
const ALPHA: f64 = 0.3;

/// A slot of RLx2's buffer. By default one that is not there, which its loop reads and gives no weight.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    reward: f64,
    terminal: bool,
    /// Whether the step limit was reached, or what follows is of another episode.
    reset: bool,
    /// Number of the observation after it.
    next: f64,
}

/// The slots of the transitions kept.
fn slots(kept: &[Fact]) -> Vec<Slot> {
    let slot = |(i, fact): (usize, &Fact)| {
        let following = kept.get(i + 1).map(|next| next.episode);
        let terminal = fact.terminated;
        Slot {
            reward: fact.reward.into(),
            terminal,
            reset: !terminal && (fact.truncated || following != Some(fact.episode)),
            next: f64::from(fact.number) + 1.0,
        }
    };
    kept.iter().enumerate().map(slot).collect()
}

/// A made-up value of an observation, and a made-up entropy there.
fn value(number: f64) -> f64 {
    5.0 * (0.37 * number).sin() + 2.0
}

fn entropy(number: f64) -> f64 {
    (0.71 * number).cos() - 2.0
}

/// The targets of TD3 and of SAC for the window from `start`, line by line as RLx2 computes them.
fn targets(slots: &[Slot], start: usize, n: usize, gamma: f64) -> [f64; 2] {
    let flag = |flag: bool| f64::from(u8::from(flag));
    let at = |k: usize| slots.get(start + k).copied().unwrap_or_default();
    let (mut rewards, mut entropies) = (0.0, 0.0);
    let (mut not_done, mut not_reset, mut modified_n) = (1.0, 1.0, 0.0);
    for k in 0..n {
        let slot = at(k);
        rewards += not_reset * not_done * gamma.powi(k as i32) * slot.reward;
        not_done *= flag(!slot.terminal).max(1.0 - not_reset);
        let discount = gamma.powi(k as i32 + 1);
        entropies += not_reset * not_done * discount * ALPHA * entropy(slot.next);
        if k == n - 1 {
            break;
        }
        not_reset *= 1.0 - flag(slot.reset);
        modified_n += not_reset;
    }
    let last = at(modified_n as usize).next;
    let discount = not_done * gamma.powi(modified_n as i32 + 1);
    let td3 = rewards + discount * value(last);
    [td3, td3 + entropies]
}

/// The same for a row of a batch, as `Td3` and `Sac` read it.
fn batch_targets(batch: &Batch, row: usize) -> [f64; 2] {
    let next = f64::from(batch.next_observation[2 * row]);
    let discount = f64::from(batch.discount[row]);
    let td3 = f64::from(batch.return_n[row]) + discount * value(next);
    let mut sac = td3 + discount * ALPHA * entropy(next);
    for (k, owner) in batch.intermediate_row.iter().enumerate() {
        if *owner as usize == row {
            let passed = f64::from(batch.intermediate_observation[2 * k]);
            sac += f64::from(batch.intermediate_discount[k]) * ALPHA * entropy(passed);
        }
    }
    [td3, sac]
}

proptest! {
    #[test]
    fn targets_are_those_of_the_released_code(
        episodes in prop::collection::vec((1usize..=12, 0u8..3), 1..10),
        capacity in 1usize..60,
        n in 1usize..=6,
        gamma in prop::sample::select(vec![0.5, 0.99, 1.0]),
        dropped in 0usize..20,
        seed in 0u64..1000,
    ) {
        let facts = story(&episodes);
        let mut replay = Replay::new(2, 1, capacity);
        facts.iter().for_each(|fact| push(&mut replay, fact));
        replay.drop_oldest(dropped);
        let kept = &facts[facts.len() - replay.len()..];
        let slots = slots(kept);
        let mut batch = Batch::default();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        replay.sample(n, gamma as f32, 4 * kept.len(), &mut rng, &mut batch);
        prop_assert_eq!(batch.size, 4 * kept.len());
        prop_assert_eq!(batch.intermediate_row.len(), batch.intermediate_discount.len());
        prop_assert_eq!(2 * batch.intermediate_row.len(), batch.intermediate_observation.len());
        for row in 0..batch.size {
            let number = batch.observation[2 * row];
            let start = kept.iter().position(|fact| fact.number == number);
            prop_assert!(start.is_some(), "{} is not stored", number);
            let expected = targets(&slots, start.unwrap(), n, gamma);
            let found = batch_targets(&batch, row);
            for (found, expected) in found.into_iter().zip(expected) {
                let error = (found - expected).abs();
                prop_assert!(error < 1e-5 * (1.0 + expected.abs()), "{} {}", found, expected);
            }
        }
    }
}

/// An observation, the return, the discount and the observation after its window, and what the window passes, with
/// discounts.
type Window = (f32, f32, f32, f32, &'static [(f32, f32)]);

/// Three steps at γ = 1/2, by hand. Observations 0, 1, 2 and the terminal 3; 4 to 7 and, after the time limit, 8;
/// 9, 10 and the newest, 11. The rewards are 1, 2, 4 and so on.
const BY_HAND: [Window; 9] = [
    (0.0, 3.0, 0.0, 3.0, &[(1.0, 0.5), (2.0, 0.25)]),
    (1.0, 4.0, 0.0, 3.0, &[(2.0, 0.5)]),
    (2.0, 4.0, 0.0, 3.0, &[]),
    (4.0, 24.0, 0.125, 7.0, &[(5.0, 0.5), (6.0, 0.25)]),
    (5.0, 48.0, 0.125, 8.0, &[(6.0, 0.5), (7.0, 0.25)]),
    (6.0, 64.0, 0.25, 8.0, &[(7.0, 0.5)]),
    (7.0, 64.0, 0.5, 8.0, &[]),
    (9.0, 256.0, 0.25, 11.0, &[(10.0, 0.5)]),
    (10.0, 256.0, 0.5, 11.0, &[]),
];

#[test]
fn windows_by_hand() {
    let mut replay = Replay::new(2, 1, 100);
    let facts = story(&[(3, 0), (4, 1), (2, 2)]);
    assert_eq!(facts.len(), BY_HAND.len());
    for (power, mut fact) in facts.into_iter().enumerate() {
        fact.reward = (1 << power) as f32;
        push(&mut replay, &fact);
    }
    let mut batch = Batch::default();
    replay.sample(3, 0.5, 400, &mut ChaCha8Rng::seed_from_u64(0), &mut batch);
    let mut seen = [0; BY_HAND.len()];
    for row in 0..batch.size {
        let number = batch.observation[2 * row];
        let window = BY_HAND
            .iter()
            .position(|window| window.0 == number)
            .unwrap();
        seen[window] += 1;
        let (_, sum, discount, next, between) = BY_HAND[window];
        assert_eq!((batch.return_n[row], batch.discount[row]), (sum, discount));
        assert_eq!(batch.next_observation[2 * row..2 * row + 2], [next, -next]);
        let passed = (0..batch.intermediate_row.len())
            .filter(|k| batch.intermediate_row[*k] as usize == row);
        let passed = passed.map(|k| {
            (
                batch.intermediate_observation[2 * k],
                batch.intermediate_discount[k],
            )
        });
        assert_eq!(passed.collect::<Vec<_>>(), between, "from {number}");
    }
    assert!(seen.iter().all(|count| *count > 0));
}
