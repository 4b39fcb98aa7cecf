//! D4RL's arrays, `observations, actions, rewards, terminals, timeouts` and maybe `next_observations`, all
//! `[rows, ·]`, as transitions (Fu et al. 2020, arXiv:2004.07219; `qlearning_dataset` of its code, v1.1).
//!
//! Without `next_observations`, a row's next observation is the next row's. A row with a time-out then has
//! none: it is left out, and its observation is what the row before led to. So is the last row of a file that
//! breaks off. D4RL leaves the last row out also when the task ends there; here it stays, for a terminal needs
//! no next observation. With `next_observations` no row is left out.

use std::path::Path;

use super::bounds::Bounds;
use super::column::{
    Column, Columns, append_rows, append_single, finite, flags, take, width_of_rows,
};
use super::{Dataset, Follows};
use crate::{Error, Result};

/// The arrays that are read.
pub(super) const KEYS: [&str; 6] = [
    "observations",
    "actions",
    "rewards",
    "terminals",
    "timeouts",
    "next_observations",
];

/// How the rows of a file end, `[rows]` each.
struct Ends {
    terminals: Vec<bool>,
    timeouts: Vec<bool>,
}

/// Reads the dataset of the file at `path` from its arrays.
///
/// # Errors
/// When an array is missing or broken, has another number of rows than the observations, or holds what is
/// not allowed.
pub(super) fn read(path: &Path, mut columns: Columns, bounds: &Bounds) -> Result<Dataset> {
    let mut data = Dataset::default();
    let mut column = take(&mut columns, path, "observations")?;
    data.observation_size = width_of_rows(&*column, None)?;
    let rows = column.shape()[0];
    data.observations
        .reserve_exact(rows * data.observation_size);
    append_rows(&mut *column, &mut data.observations)?;
    let mut column = take(&mut columns, path, "actions")?;
    data.action_size = width_of_rows(&*column, Some(rows))?;
    data.actions.reserve_exact(rows * data.action_size);
    append_rows(&mut *column, &mut data.actions)?;
    bounds.scale(column.place(), data.action_size, &mut data.actions)?;
    let mut column = take(&mut columns, path, "rewards")?;
    data.rewards.reserve_exact(rows);
    append_single(&mut *column, rows, &mut data.rewards)?;
    let terminals = flags(&mut *take(&mut columns, path, "terminals")?, rows)?;
    let mut next = columns.remove("next_observations");
    let timeouts = match (columns.remove("timeouts"), &next) {
        (Some(mut column), _) => flags(&mut *column, rows)?,
        // Where the rows go on tells where an episode was cut.
        (None, Some(_)) => vec![false; rows],
        (None, None) => flags(&mut *take(&mut columns, path, "timeouts")?, rows)?,
    };
    let ends = Ends {
        terminals,
        timeouts,
    };
    data.follows.reserve_exact(rows);
    match &mut next {
        Some(next) => with_next(&mut data, &ends, &mut **next)?,
        None => without_next(&mut data, &ends),
    }
    if data.is_empty() {
        let path = path.to_owned();
        return Err(Error::NoTransitions { path });
    }
    data.last_observations.shrink_to_fit();
    data.endings.shrink_to_fit();
    Ok(data)
}

/// Finds the episodes where next observations are given; keeps those that are no row's.
fn with_next(data: &mut Dataset, ends: &Ends, next: &mut dyn Column) -> Result<()> {
    let (rows, size) = (data.len(), data.observation_size);
    if next.shape() != [rows, size] {
        let allowed = format!("[{rows}, {size}], as `observations`");
        return Err(next.place().shape(next.shape(), allowed));
    }
    let place = next.place().clone();
    next.read(&mut |window| {
        finite(&place, window, data.follows.len(), size)?;
        for observation in window.chunks_exact(size) {
            let row = data.follows.len();
            let following = data.observations.get((row + 1) * size..(row + 2) * size);
            if ends.terminals[row] {
                data.end_episode(Follows::Terminal, Some(observation));
            } else if ends.timeouts[row] || following != Some(observation) {
                data.end_episode(Follows::Cut, Some(observation));
            } else {
                data.follows.push(Follows::Next);
            }
        }
        Ok(())
    })
}

/// Finds the episodes where next observations are the next row's, and moves the rows that stay together.
fn without_next(data: &mut Dataset, ends: &Ends) {
    let (rows, size, done) = (data.len(), data.observation_size, data.action_size);
    for row in 0..rows {
        let kept = data.follows.len();
        let breaks_off = row + 1 == rows && !ends.terminals[row];
        if ends.timeouts[row] || breaks_off {
            // Its observation is where the row before led to, if that one goes on.
            if data.follows.last() == Some(&Follows::Next) {
                data.follows.pop();
                let last = data.observations[row * size..(row + 1) * size].to_vec();
                data.end_episode(Follows::Cut, Some(&last));
            }
            continue;
        }
        data.observations
            .copy_within(row * size..(row + 1) * size, kept * size);
        data.actions
            .copy_within(row * done..(row + 1) * done, kept * done);
        data.rewards[kept] = data.rewards[row];
        if ends.terminals[row] {
            data.end_episode(Follows::Terminal, None);
        } else {
            data.follows.push(Follows::Next);
        }
    }
    let kept = data.follows.len();
    data.observations.truncate(kept * size);
    data.actions.truncate(kept * done);
    data.rewards.truncate(kept);
}
