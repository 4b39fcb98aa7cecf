use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rl_algos::replay::{Batch, Replay, Transition};

use super::bounds::Bounds;
use super::column::{Column, Columns, Place, Sink};
use super::*;
use crate::Result;

/// An array in memory, handed on in windows of a few rows.
struct Given {
    place: Place,
    shape: Vec<usize>,
    numbers: Vec<f32>,
}

impl Column for Given {
    fn place(&self) -> &Place {
        &self.place
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&mut self, sink: Sink<'_>) -> Result<()> {
        let width = self.shape.iter().skip(1).product::<usize>();
        self.numbers.chunks(3 * width).try_for_each(sink)
    }
}

/// How a row ends: bit 0 a terminal, bit 1 a time-out.
type End = u8;

/// D4RL's arrays: observation and reward of row `i` are `i`, next observations `next`.
fn read(ends: &[End], next: Option<&[f32]>) -> Result<Dataset> {
    let rows = ends.len();
    let numbers: Vec<f32> = (0..rows).map(|i| i as f32).collect();
    let flags = |bit: End| ends.iter().map(|end| f32::from(end >> bit & 1)).collect();
    let mut columns = Columns::new();
    let mut add = |key: &str, shape: &[usize], numbers: Vec<f32>| {
        let place = Place::new("given".as_ref(), key);
        let shape = shape.to_vec();
        columns.insert(
            key.to_owned(),
            Box::new(Given {
                place,
                shape,
                numbers,
            }),
        );
    };
    add("observations", &[rows, 1], numbers.clone());
    add("actions", &[rows, 1], vec![0.0; rows]);
    add("rewards", &[rows], numbers);
    add("terminals", &[rows], flags(0));
    add("timeouts", &[rows, 1], flags(1));
    if let Some(next) = next {
        add("next_observations", &[rows, 1], next.to_vec());
    }
    d4rl::read("given".as_ref(), columns, &Bounds::default())
}

/// `qlearning_dataset` of D4RL 1.1, line by line: observation, next observation and terminal of each row.
fn qlearning_dataset(ends: &[End]) -> Vec<(f32, f32, bool)> {
    let mut rows = Vec::new();
    let last = ends.len().saturating_sub(1);
    for (i, end) in ends.iter().enumerate().take(last) {
        let (terminal, final_timestep) = (end & 1 == 1, end & 2 == 2);
        if final_timestep {
            continue;
        }
        rows.push((i as f32, i as f32 + 1.0, terminal));
    }
    rows
}

fn ends() -> impl Strategy<Value = Vec<End>> {
    let end = prop_oneof![6 => Just(0_u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    prop::collection::vec(end, 1..40)
}

proptest! {
    #[test]
    fn transitions_are_those_of_d4rl(ends in ends()) {
        let mut expected = qlearning_dataset(&ends);
        // The one difference: a terminal in the last row counts.
        let last = ends.len() - 1;
        if ends[last] == 1 {
            expected.push((last as f32, last as f32, true));
        }
        let Ok(data) = read(&ends, None) else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        prop_assert_eq!(data.len(), expected.len());
        for (row, (observation, next, terminal)) in expected.into_iter().enumerate() {
            prop_assert_eq!(data.observations()[row], observation);
            prop_assert_eq!(data.rewards()[row], observation);
            prop_assert_eq!(data.is_terminal(row), terminal);
            match data.next_observation(row) {
                Some(found) => prop_assert_eq!(found, &[next]),
                None => prop_assert!(terminal),
            }
        }
        check_episodes(&data);
    }

    /// A replay that is given the same transitions has the same windows.
    #[test]
    fn windows_are_those_of_a_replay(
        ends in ends(),
        jumps in prop::collection::vec(any::<bool>(), 40),
        n in 0_usize..6,
        seed in 0_u64..100,
    ) {
        let next: Vec<f32> = (0..ends.len())
            .map(|i| if jumps[i] { 1000.0 + i as f32 } else { i as f32 + 1.0 })
            .collect();
        let data = read(&ends, Some(&next)).unwrap();
        prop_assert_eq!(data.len(), ends.len());
        check_episodes(&data);
        let mut replay = Replay::new(1, 1, ends.len());
        for (i, end) in ends.iter().enumerate() {
            replay.push(&Transition {
                observation: &[i as f32],
                action: &[0.0],
                mean_action: &[0.0],
                reward: i as f32,
                next_observation: &next[i..=i],
                terminated: end & 1 == 1,
                truncated: end & 2 == 2,
            });
        }
        let (mut batch, mut others) = (Batch::default(), Batch::default());
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        data.sample(n, 0.5, 200, &mut rng, &mut batch);
        replay.sample(n, 0.5, 4000, &mut rng, &mut others);
        prop_assert_eq!(batch.size, 200);
        for row in 0..batch.size {
            let same = |o: &f32| *o == batch.observation[row];
            let Some(other) = others.observation.iter().position(same) else {
                continue;
            };
            prop_assert_eq!(batch.return_n[row], others.return_n[other]);
            prop_assert_eq!(batch.discount[row], others.discount[other]);
            prop_assert_eq!(batch.next_observation[row], others.next_observation[other]);
        }
    }
}

/// Episodes follow each other without gaps, and end where a row says so.
fn check_episodes(data: &Dataset) {
    let mut start = 0;
    for episode in data.episodes() {
        assert_eq!(episode.start, start);
        assert!(episode.end > start);
        for row in episode.clone() {
            let ends = data.is_terminal(row) || data.is_cut(row);
            assert_eq!(ends, row + 1 == episode.end);
        }
        start = episode.end;
    }
    assert_eq!(start, data.len());
}

#[test]
fn a_time_out_is_no_terminal() {
    // Row 2 is timed out: its observation is where row 1 leads to, and its reward is lost.
    let data = read(&[0, 0, 2, 0, 1], None).unwrap();
    assert_eq!(data.rewards(), [0.0, 1.0, 3.0, 4.0]);
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    data.sample(3, 0.5, 100, &mut rng, &mut batch);
    let row = |number: f32| batch.observation.iter().position(|o| *o == number).unwrap();
    let (cut, terminal) = (row(0.0), row(3.0));
    assert_eq!((batch.return_n[cut], batch.discount[cut]), (0.5, 0.25));
    assert_eq!(batch.next_observation[cut], 2.0);
    assert_eq!(
        (batch.return_n[terminal], batch.discount[terminal]),
        (5.0, 0.0)
    );
    // No observation after the terminal: the one before it stands in.
    assert_eq!(batch.next_observation[terminal], 4.0);
}

#[test]
fn starts_are_uniform_and_repeat_with_the_seed() {
    let data = read(&[0, 0, 1, 1, 0, 0, 0, 1, 0, 1], None).unwrap();
    let draw = || {
        let mut batch = Batch::default();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        data.sample(2, 0.9, 20_000, &mut rng, &mut batch);
        batch
    };
    let batch = draw();
    assert_eq!(batch, draw());
    for row in 0..10 {
        let drawn = batch
            .observation
            .iter()
            .filter(|o| **o == row as f32)
            .count();
        // 2000 expected, six standard deviations.
        assert!((1745..2255).contains(&drawn), "{drawn}");
    }
}

#[test]
fn nothing_gives_nothing() {
    let data = Dataset::default();
    let mut batch = Batch::default();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    data.sample(1, 0.9, 8, &mut rng, &mut batch);
    assert_eq!((batch.size, data.len(), data.episodes().len()), (0, 0, 0));
    assert!(data.is_empty());
}

/// Against `numpy`: `x.mean(0)` and `x.std(0) + 1e-3` of the rows 0, 1, 2, 3, 4 and what TD3+BC makes of them.
#[test]
fn observations_are_normalised_as_td3_bc_does() {
    let next = [1.0, 2.0, 3.0, 4.0, 9.0];
    let mut data = read(&[0, 0, 0, 0, 2], Some(&next)).unwrap();
    let normaliser = data.normalise();
    assert_eq!(normaliser.mean, [2.0]);
    let std = 2.0_f32.sqrt() + 1e-3;
    assert!((normaliser.std[0] - std).abs() < 1e-6);
    let expected = [-2.0, -1.0, 0.0, 1.0, 2.0].map(|x| x / normaliser.std[0]);
    assert_eq!(data.observations(), expected);
    // What episodes end with is moved too, but does not count.
    assert_eq!(
        data.next_observation(4),
        Some(&[7.0 / normaliser.std[0]][..])
    );
    let mut other = [2.0, 9.0];
    normaliser.apply(&mut other);
    assert_eq!(other, [0.0, 7.0 / normaliser.std[0]]);
}

#[test]
fn a_number_that_never_changes_stays_small() {
    let mut data = read(&[1], None).unwrap();
    let normaliser = data.normalise();
    assert_eq!((normaliser.mean[0], normaliser.std[0]), (0.0, 1e-3));
    assert_eq!(data.observations(), [0.0]);
}
