use proptest::prelude::*;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rl_algos::replay::{Batch, Replay, Transition};

use super::column::{Column, Columns, Place, Sink};
use super::d4rl::Arrays;
use super::reading::{Own, Reader};
use super::*;
use crate::{Error, Result};

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

/// What a file holds and how it is read.
#[derive(Default)]
struct File<'a> {
    ends: &'a [End],
    next: Option<&'a [f32]>,
    without_timeouts: bool,
    /// One for each row; zeros where it is left out.
    actions: Option<&'a [f32]>,
    /// Observations that are no numbers.
    nan: &'a [usize],
    task: Option<&'static str>,
    reading: Reading,
}

impl File<'_> {
    /// D4RL's arrays: observation and reward of row `i` are `i`.
    fn read(&self) -> Result<(Dataset, Facts)> {
        let (ends, rows) = (self.ends, self.ends.len());
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
        let mut observations = numbers.clone();
        self.nan
            .iter()
            .for_each(|row| observations[*row] = f32::NAN);
        add("observations", &[rows, 1], observations);
        let actions = self
            .actions
            .map_or_else(|| vec![0.0; rows], <[f32]>::to_vec);
        add("actions", &[rows, 1], actions);
        add("rewards", &[rows], numbers);
        add("terminals", &[rows], flags(0));
        if !self.without_timeouts {
            add("timeouts", &[rows, 1], flags(1));
        }
        if let Some(next) = self.next {
            add("next_observations", &[rows, 1], next.to_vec());
        }
        let arrays = Arrays {
            path: "given".as_ref(),
            columns,
            own: Own::default(),
            instead: &|_| String::new(),
        };
        let task = |task: &&envs::TaskInfo| Some(task.id) == self.task;
        let mut reader = Reader {
            reading: &self.reading,
            task: envs::list().into_iter().find(task),
            facts: Facts::default(),
        };
        let data = d4rl::read(arrays, &mut reader)?;
        Ok((data, reader.facts))
    }
}

/// The dataset of these ends and next observations.
fn read(ends: &[End], next: Option<&[f32]>) -> Result<Dataset> {
    let file = File {
        ends,
        next,
        ..File::default()
    };
    Ok(file.read()?.0)
}

/// `qlearning_dataset` of D4RL 1.1, line by line: observation, next observation and terminal of each row. `limit` is
/// the task's longest episode, of a file without time-outs. The one difference: a terminal with a time-out, or in the
/// last row, counts.
fn qlearning_dataset(ends: &[End], limit: Option<usize>) -> Vec<(f32, f32, bool)> {
    let mut rows = Vec::new();
    let mut episode_step = 0;
    let last = ends.len().saturating_sub(1);
    for (i, end) in ends.iter().enumerate() {
        let terminal = end & 1 == 1;
        let final_timestep = match limit {
            None => end & 2 == 2,
            Some(limit) => episode_step == limit - 1,
        };
        episode_step += 1;
        if terminal || final_timestep {
            episode_step = 0;
        }
        if !terminal && (final_timestep || i == last) {
            continue;
        }
        rows.push((i as f32, i as f32 + 1.0, terminal));
    }
    rows
}

/// Checks a dataset against what is expected of each row.
fn check_rows(data: &Dataset, expected: Vec<(f32, f32, bool)>) {
    assert_eq!(data.len(), expected.len());
    for (row, (observation, next, terminal)) in expected.into_iter().enumerate() {
        assert_eq!(data.observations()[row], observation);
        assert_eq!(data.rewards()[row], observation);
        assert_eq!(data.is_terminal(row), terminal);
        match data.next_observation(row) {
            Some(found) => assert_eq!(found, &[next]),
            None => assert!(terminal),
        }
    }
    check_episodes(data);
}

fn ends() -> impl Strategy<Value = Vec<End>> {
    let end = prop_oneof![6 => Just(0_u8), 1 => Just(1), 1 => Just(2), 1 => Just(3)];
    prop::collection::vec(end, 1..40)
}

proptest! {
    #[test]
    fn transitions_are_those_of_d4rl(ends in ends()) {
        let expected = qlearning_dataset(&ends, None);
        match read(&ends, None) {
            Ok(data) => check_rows(&data, expected),
            Err(_) => prop_assert!(expected.is_empty()),
        }
    }

    /// Without time-outs and next observations the longest episode cuts, as D4RL's loader has it.
    #[test]
    fn a_longest_episode_stands_in_for_time_outs(ends in ends(), limit in 1_usize..9) {
        let ends: Vec<End> = ends.into_iter().map(|end| end & 1).collect();
        let expected = qlearning_dataset(&ends, Some(limit));
        let reading = Reading { episode_length: Some(limit), ..Reading::default() };
        let file = File { ends: &ends, without_timeouts: true, reading, ..File::default() };
        match file.read() {
            Ok((data, facts)) => {
                check_rows(&data, expected);
                prop_assert!(facts.timeouts_missing && facts.longest <= limit);
            }
            Err(_) => prop_assert!(expected.is_empty()),
        }
    }

    /// Episodes with a bad row go, and all others stay what they are, with and without next observations.
    #[test]
    fn bad_episodes_are_left_out(
        ends in ends(),
        bad in prop::collection::btree_set(0_usize..40, 0..5),
        has_next in any::<bool>(),
    ) {
        let nan: Vec<usize> = bad.into_iter().filter(|row| *row < ends.len()).collect();
        let next: Vec<f32> = (1..=ends.len()).map(|i| i as f32).collect();
        let file = |nan, skip_bad_episodes| {
            let next = has_next.then_some(&next[..]);
            let reading = Reading { skip_bad_episodes, ..Reading::default() };
            File { ends: &ends, next, nan, reading, ..File::default() }
        };
        let Ok((whole, _)) = file(&[], false).read() else {
            return Ok(());
        };
        // Episodes by the rows that they are made of; a time-out's belongs to the one that it ends.
        let rows_of = |data: &Dataset| -> Vec<Vec<f32>> {
            data.episodes().map(|rows| data.rewards()[rows].to_vec()).collect()
        };
        let is_bad = |rows: &Vec<f32>| {
            let end = rows[rows.len() - 1] as usize;
            let led_to = usize::from(!has_next && ends[end] & 1 == 0);
            nan.iter().any(|row| (rows[0] as usize..=end + led_to).contains(row))
        };
        let expected: Vec<Vec<f32>> = rows_of(&whole).into_iter().filter(|rows| !is_bad(rows)).collect();
        let all = rows_of(&whole).len();
        match file(&nan, true).read() {
            Ok((data, facts)) => {
                prop_assert_eq!(facts.left_out, all - expected.len());
                prop_assert_eq!(rows_of(&data), expected);
                check_episodes(&data);
                prop_assert!(data.observations().iter().all(|number| number.is_finite()));
            }
            Err(_) => prop_assert!(expected.is_empty()),
        }
        prop_assert_eq!(file(&nan, false).read().is_err(), !nan.is_empty());
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
fn a_terminal_that_is_also_a_time_out_stays_a_terminal() {
    // 48 episodes of 3 rows.
    let ends: Vec<End> = (0..144).map(|row| 3 * u8::from(row % 3 == 2)).collect();
    let file = File {
        ends: &ends,
        ..File::default()
    };
    let (data, facts) = file.read().unwrap();
    assert_eq!((data.len(), facts.both_flags), (144, 48));
    let terminals = (0..144).filter(|row| data.is_terminal(*row)).count();
    assert_eq!((terminals, data.episodes().len()), (48, 48));
}

/// 1,199 rows without a flag, of a task of at most 1,000 steps.
#[test]
fn episodes_longer_than_the_task_are_counted_and_cut_where_asked() {
    let mut file = File {
        ends: &[0; 1199],
        task: Some("Hopper-v5"),
        ..File::default()
    };
    let (data, facts) = file.read().unwrap();
    assert_eq!((data.len(), data.episodes().len()), (1198, 1));
    let found = (facts.too_long, facts.longest, facts.cut_at, facts.cut);
    assert_eq!(found, (1, 1199, None, 0));
    file.reading.episode_length = Some(1000);
    let (data, facts) = file.read().unwrap();
    assert_eq!((data.len(), data.episodes().len()), (1197, 2));
    let found = (facts.too_long, facts.longest, facts.cut_at, facts.cut);
    assert_eq!(found, (0, 1000, Some(1000), 1));
    // The task's longest stands in where the file has no time-outs.
    file.reading.episode_length = None;
    file.without_timeouts = true;
    let (data, facts) = file.read().unwrap();
    assert_eq!((data.len(), data.episodes().len()), (1197, 2));
    assert!(facts.timeouts_missing && facts.cut == 1);
    file.task = None;
    let error = file.read().unwrap_err();
    assert!(matches!(error, Error::MissingArray { .. }));
    let error = error.to_string();
    assert!(
        error.contains("`episode_length`") && error.contains("`next_observations`"),
        "{error}"
    );
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
fn actions_are_read_in_the_range_that_is_known() {
    let actions = [0.3, -0.3, 0.1, 0.0];
    let mut file = File {
        ends: &[0, 0, 0, 1],
        actions: Some(&actions),
        ..File::default()
    };
    let half = |file: &File<'_>| {
        let (data, facts) = file.read().unwrap();
        let found = facts.actions;
        assert_eq!(found.reach, Some([-0.3, 0.3]));
        (data.actions()[0], found.from, found.used)
    };
    let (first, from, used) = half(&file);
    assert_eq!((first, from), (0.3, RangeFrom::Assumed));
    assert!((used - 0.3).abs() < 1e-6);
    // A task of one number in an action, in [-3, 3].
    file.task = Some("InvertedPendulum-v5");
    let (first, from, _) = half(&file);
    let task = RangeFrom::Task("InvertedPendulum-v5".to_owned());
    assert_eq!((first, from), (0.1, task));
    file.reading.action_low = vec![-0.4];
    file.reading.action_high = vec![0.4];
    let (first, from, used) = half(&file);
    assert_eq!((first, from), (0.75, RangeFrom::Given));
    assert!((used - 0.75).abs() < 1e-6);
    // A task of another width says nothing of these.
    file.task = Some("Humanoid-v5");
    file.reading = Reading::default();
    assert_eq!(half(&file).1, RangeFrom::Assumed);
}

#[test]
fn actions_outside_the_range_are_refused_cut_off_or_left_out() {
    let actions = [0.5, 2.0, 0.25, -1.5, 0.0];
    let mut file = File {
        ends: &[0, 1, 1, 1, 1],
        actions: Some(&actions),
        ..File::default()
    };
    let error = file.read().unwrap_err().to_string();
    assert!(
        error.contains("row 1: 2: must be in [-1, 1]") && error.contains("from -1.5 to 2"),
        "{error}"
    );
    file.reading.clip_actions = true;
    let (data, facts) = file.read().unwrap();
    assert_eq!(data.actions(), [0.5, 1.0, 0.25, -1.0, 0.0]);
    assert_eq!((facts.actions.clipped, facts.actions.used), (2, 2.0));
    file.reading = Reading {
        skip_bad_episodes: true,
        ..Reading::default()
    };
    let (data, facts) = file.read().unwrap();
    assert_eq!(data.actions(), [0.25, 0.0]);
    assert_eq!(facts.left_out, 2);
    assert!(facts.first_fault.unwrap().contains("row 1"));
    for (low, high) in [
        (vec![1.0], vec![-1.0]),
        (vec![-1.0, -1.0], vec![1.0; 3]),
        (vec![f64::NAN], vec![1.0]),
        (vec![-1.0], vec![]),
        (vec![-1.0; 2], vec![1.0]),
    ] {
        let reading = Reading {
            action_low: low,
            action_high: high,
            ..Reading::default()
        };
        let file = File { reading, ..file };
        assert!(matches!(
            file.read(),
            Err(Error::Learning(rl_algos::Error::Config { .. }))
        ));
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
