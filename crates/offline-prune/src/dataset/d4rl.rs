//! D4RL's arrays, `observations, actions, rewards, terminals, timeouts` and maybe `next_observations`, all
//! `[rows, ·]`, as transitions (Fu et al. 2020, arXiv:2004.07219; `qlearning_dataset` of its code, v1.1).
//!
//! Without `next_observations`, a row's next observation is the next row's. A row with a time-out then has
//! none: it is left out, and its observation is what the row before led to. So is the last row of a file that
//! breaks off. D4RL leaves rows out also when the task ends there, in the last row or in one with both flags; here they
//! stay, for a terminal needs no next observation. With `next_observations` no row is left out. Without both, episodes
//! are cut at the task's longest, as D4RL does.
//!
//! Two arrays more, `action_low` and `action_high`, may give the range of actions, as may attributes of an HDF5 file.

use std::collections::BTreeSet;
use std::path::Path;

use super::bad::Bad;
use super::bounds::plain;
use super::column::{
    Column, Columns, append_rows, append_single, few, finite, flags, width_of_rows,
};
use super::ends::Ends;
use super::reading::{HIGH, LOW, Own, Reader, sides};
use super::{Boundary, Dataset};
use crate::{Error, Result};

/// The arrays that are read.
pub(super) const KEYS: [&str; 8] = [
    "observations",
    "actions",
    "rewards",
    "terminals",
    "timeouts",
    "next_observations",
    LOW,
    HIGH,
];

/// A file's arrays.
pub(super) struct Arrays<'a> {
    pub(super) path: &'a Path,
    pub(super) columns: Columns,
    /// What the file says of itself elsewhere.
    pub(super) own: Own,
    /// What stands where a missing array should be, for a message.
    pub(super) instead: &'a dyn Fn(&str) -> String,
}

impl Arrays<'_> {
    fn take(&mut self, key: &str) -> Result<Box<dyn Column>> {
        let found = self.columns.remove(key);
        found.ok_or_else(|| Error::missing(self.path, key, (self.instead)(key)))
    }

    /// The range of actions of `width` numbers that the file gives.
    fn range(&mut self, width: usize) -> Result<Own> {
        let mut side = |key| -> Result<Option<Vec<f64>>> {
            let column = self.columns.remove(key);
            let numbers = column
                .map(|mut column| few(&mut *column, width))
                .transpose()?;
            Ok(numbers.map(|numbers| numbers.into_iter().map(plain).collect()))
        };
        let [low, high] = [side(LOW)?, side(HIGH)?];
        let range = sides(low.as_deref(), high.as_deref());
        Ok(Own {
            place: self.path.to_owned(),
            range: range.or(self.own.range.clone()),
            ..self.own.clone()
        })
    }
}

/// Reads the dataset of a file from its arrays.
///
/// # Errors
/// When an array is missing or broken, has another number of rows than the observations, or holds what is
/// not allowed.
pub(super) fn read(mut arrays: Arrays<'_>, reader: &mut Reader<'_>) -> Result<Dataset> {
    let mut data = Dataset::default();
    let mut bad = Bad::noted(reader.reading.skip_bad_episodes);
    let mut column = arrays.take("observations")?;
    data.observation_size = width_of_rows(&*column, None)?;
    let rows = column.shape()[0];
    data.observations
        .reserve_exact(rows * data.observation_size);
    append_rows(&mut *column, &mut data.observations, &mut bad)?;
    let mut column = arrays.take("actions")?;
    data.action_size = width_of_rows(&*column, Some(rows))?;
    data.actions.reserve_exact(rows * data.action_size);
    append_rows(&mut *column, &mut data.actions, &mut bad)?;
    let bounds = reader.bounds(data.action_size, &arrays.range(data.action_size)?)?;
    let found = &mut reader.facts.actions;
    bounds.scale(
        column.place(),
        data.action_size,
        &mut data.actions,
        found,
        &mut bad,
    )?;
    let mut column = arrays.take("rewards")?;
    data.rewards.reserve_exact(rows);
    append_single(&mut *column, rows, &mut data.rewards, &mut bad)?;
    let terminals = flags(&mut *arrays.take("terminals")?, rows)?;
    let mut next = arrays.columns.remove("next_observations");
    let (timeouts, most) = timeouts(&mut arrays, reader, next.is_some(), rows)?;
    let limit = reader.limit();
    let ends = Ends::new([&terminals, &timeouts], most, limit, &mut reader.facts);
    data.follows.reserve_exact(rows);
    let left_out = match &mut next {
        Some(next) => with_next(&mut data, ends, &mut **next, &mut bad)?,
        None => without_next(&mut data, ends, &bad),
    };
    data.leave_out(&left_out);
    reader.facts.left_out = left_out.len();
    let first = bad.into_first();
    if data.is_empty() {
        let path = arrays.path.to_owned();
        return Err(first.unwrap_or(Error::NoTransitions { path }));
    }
    reader.facts.first_fault = first.map(|error| error.to_string());
    data.last_observations.shrink_to_fit();
    data.endings.shrink_to_fit();
    Ok(data)
}

/// Which rows are timed out, and the longest episode, where one is to be cut.
fn timeouts(
    arrays: &mut Arrays<'_>,
    reader: &mut Reader<'_>,
    has_next: bool,
    rows: usize,
) -> Result<(Vec<bool>, Option<usize>)> {
    let given = reader.reading.episode_length;
    let flagged = match arrays.columns.remove("timeouts") {
        Some(mut column) => Some(flags(&mut *column, rows)?),
        None => None,
    };
    // Next observations tell where an episode was cut.
    let missing = flagged.is_none() && !has_next;
    let most = given.or_else(|| reader.limit().filter(|_| missing));
    if missing && most.is_none() {
        let hint = "; an array `next_observations`, the task, or the length of its longest episode (`episode_length`) \
                    tells where episodes end as well";
        let hint = format!("{hint}{}", (arrays.instead)("timeouts"));
        return Err(Error::missing(arrays.path, "timeouts", hint));
    }
    reader.facts.cut_at = most;
    reader.facts.timeouts_missing = missing;
    Ok((flagged.unwrap_or_else(|| vec![false; rows]), most))
}

/// Finds the episodes where next observations are given; keeps those that are no row's. The episodes with a row that
/// was noted.
fn with_next(
    data: &mut Dataset,
    mut ends: Ends<'_>,
    next: &mut dyn Column,
    bad: &mut Bad,
) -> Result<BTreeSet<usize>> {
    let (rows, size) = (data.len(), data.observation_size);
    if next.shape() != [rows, size] {
        let allowed = format!("[{rows}, {size}], as `observations`");
        return Err(next.place().shape(next.shape(), allowed));
    }
    let place = next.place().clone();
    let mut left_out = BTreeSet::new();
    next.read(&mut |window| {
        finite(&place, window, data.follows.len(), size, bad)?;
        for observation in window.chunks_exact(size) {
            let row = data.follows.len();
            if bad.has(row) {
                left_out.insert(data.endings.len());
            }
            let following = data.observations.get((row + 1) * size..(row + 2) * size);
            // A row that cannot be compared belongs to the episode that is left out.
            let jumps = following != Some(observation)
                && (following.is_none() || !(bad.has(row) || bad.has(row + 1)));
            match ends.of(row, jumps) {
                Boundary::Next => data.follows.push(Boundary::Next),
                follows => data.end_episode(follows, Some(observation)),
            }
        }
        Ok(())
    })?;
    Ok(left_out)
}

/// Finds the episodes where next observations are the next row's, and moves the rows that stay together. The episodes
/// with a row that was noted.
fn without_next(data: &mut Dataset, mut ends: Ends<'_>, bad: &Bad) -> BTreeSet<usize> {
    let (rows, size, action_size) = (data.len(), data.observation_size, data.action_size);
    let mut left_out = BTreeSet::new();
    for row in 0..rows {
        let kept = data.follows.len();
        let goes_on = data.follows.last() == Some(&Boundary::Next);
        let follows = ends.of(row, false);
        let breaks_off = row + 1 == rows && follows == Boundary::Next;
        let has_next = follows != Boundary::Cut && !breaks_off;
        if bad.has(row) && (has_next || goes_on) {
            left_out.insert(data.endings.len());
        }
        if !has_next {
            // Its observation is where the row before led to, if that one goes on.
            if goes_on {
                data.follows.pop();
                let last = data.observations[row * size..(row + 1) * size].to_vec();
                data.end_episode(Boundary::Cut, Some(&last));
            }
            continue;
        }
        data.observations
            .copy_within(row * size..(row + 1) * size, kept * size);
        data.actions.copy_within(
            row * action_size..(row + 1) * action_size,
            kept * action_size,
        );
        data.rewards[kept] = data.rewards[row];
        match follows {
            Boundary::Terminal => data.end_episode(Boundary::Terminal, None),
            _ => data.follows.push(Boundary::Next),
        }
    }
    ends.end();
    let kept = data.follows.len();
    data.observations.truncate(kept * size);
    data.actions.truncate(kept * action_size);
    data.rewards.truncate(kept);
    left_out
}
