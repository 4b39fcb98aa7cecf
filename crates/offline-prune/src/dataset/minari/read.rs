//! Minari's episodes as transitions.

use std::path::Path;

use hdf5_pure::Group;

use super::metadata::Metadata;
use super::{DATA, KEYS, METADATA};
use crate::dataset::bounds::Bounds;
use crate::dataset::column::{
    Column, Columns, Place, append_rows, append_single, flags, width_of_rows,
};
use crate::dataset::h5::H5;
use crate::dataset::{Dataset, Follows};
use crate::{Error, Result};

/// How the names of episodes start.
const EPISODE: &str = "episode_";

/// Reads the dataset in a folder, or in the folder `data` in it.
pub(in crate::dataset) fn folder(path: &Path, bounds: Option<&Bounds>) -> Result<Dataset> {
    let inner = path.join("data");
    for folder in [path, &inner] {
        let data = folder.join(DATA);
        if data.is_file() {
            return file(&data, &H5::open(&data)?, bounds);
        }
    }
    let metadata = [path, &inner].map(|folder| folder.join(METADATA));
    let metadata = metadata.iter().find(|metadata| metadata.is_file());
    let found = match metadata {
        None => format!("a folder without {DATA}"),
        Some(metadata) => match Metadata::read(metadata)?.data_format {
            Some(format) => format!("Minari's format `{format}`, which is not read"),
            None => format!("a folder with {METADATA} and no {DATA}"),
        },
    };
    Err(Error::UnknownKind {
        path: path.to_owned(),
        found,
    })
}

/// Whether a file has an episode's group.
pub(in crate::dataset) fn is_minari(file: &H5) -> Result<bool> {
    let groups = file.groups()?;
    Ok(groups.iter().any(|(name, _)| number(name).is_some()))
}

/// The number of an episode, from its name.
fn number(name: &str) -> Option<usize> {
    name.strip_prefix(EPISODE)?.parse().ok()
}

/// Reads the dataset in a file, whose description lies beside it.
pub(in crate::dataset) fn file(path: &Path, file: &H5, bounds: Option<&Bounds>) -> Result<Dataset> {
    let metadata_path = path.with_file_name(METADATA);
    let metadata = Metadata::read(&metadata_path)?;
    let own = metadata.bounds(&metadata_path)?;
    let bounds = bounds.cloned().or(own).unwrap_or_default();
    let groups = file.groups()?.into_iter();
    let mut groups: Vec<_> = groups
        .filter_map(|(name, group)| Some((number(&name)?, name, group)))
        .collect();
    groups.sort_by_key(|(number, ..)| *number);
    if let Some(total) = metadata.total_episodes.filter(|t| *t != groups.len()) {
        let what = format!(
            "total_episodes = {total}: must be {}, the episodes in {DATA}",
            groups.len()
        );
        return Err(Error::file(&metadata_path)(what));
    }
    let mut data = Dataset {
        reference: metadata.reference(),
        ..Dataset::default()
    };
    reserve(&mut data, file, &groups)?;
    for (_, name, group) in &groups {
        let columns = file.columns_of(group, &format!("{name}/"), &KEYS)?;
        Episode {
            path,
            name,
            group,
            columns,
        }
        .append(&mut data, &bounds)?;
    }
    if data.is_empty() {
        let path = path.to_owned();
        return Err(Error::NoTransitions { path });
    }
    Ok(data)
}

/// Takes the memory for all episodes at once, for growing would take twice as much.
fn reserve(data: &mut Dataset, file: &H5, groups: &[(usize, String, Group)]) -> Result<()> {
    let (mut steps, mut seen, mut done) = (0_usize, 0, 0);
    for (_, name, group) in groups {
        // A shape that does not fit is refused when its episode is read.
        let columns = file.columns_of(group, &format!("{name}/"), &KEYS)?;
        let axis = |key: &str, axis: usize| {
            let column = columns.get(key);
            column.and_then(|column| column.shape().get(axis).copied())
        };
        steps = steps.saturating_add(axis("rewards", 0).unwrap_or(0));
        seen = axis("observations", 1).unwrap_or(seen);
        done = axis("actions", 1).unwrap_or(done);
    }
    let most = file.most_bytes() / size_of::<f32>();
    let fit = |numbers: usize| numbers.min(most);
    // The last observation of an episode is among the others for a moment.
    data.observations
        .reserve_exact(fit(steps.saturating_add(1).saturating_mul(seen)));
    data.actions.reserve_exact(fit(steps.saturating_mul(done)));
    data.rewards.reserve_exact(fit(steps));
    data.follows.reserve_exact(fit(steps));
    data.endings.reserve_exact(groups.len());
    let last = groups.len().saturating_mul(seen);
    data.last_observations.reserve_exact(fit(last));
    Ok(())
}

/// An episode that is about to be read.
struct Episode<'a> {
    path: &'a Path,
    name: &'a str,
    group: &'a Group,
    columns: Columns,
}

impl Episode<'_> {
    fn take(&mut self, key: &str) -> Result<Box<dyn Column>> {
        if let Some(found) = self.columns.remove(key) {
            return Ok(found);
        }
        let place = Place::new(self.path, format!("{}/{key}", self.name));
        if self.group.group(key).is_ok() {
            return Err(place.kind("a group, of a space of several parts"));
        }
        Err(Error::MissingArray {
            path: place.path,
            key: place.key,
        })
    }

    /// Appends the episode; its last observation goes to those that are kept apart.
    fn append(mut self, data: &mut Dataset, bounds: &Bounds) -> Result<()> {
        let mut column = self.take("observations")?;
        let size = width_of_rows(&*column, None)?;
        as_before(&*column, &mut data.observation_size)?;
        let steps = column.shape()[0].saturating_sub(1);
        if steps == 0 {
            return Err(Error::EmptyEpisode {
                path: self.path.to_owned(),
                episode: self.name.to_owned(),
            });
        }
        append_rows(&mut *column, &mut data.observations)?;
        let last = data
            .observations
            .split_off(data.observations.len().saturating_sub(size));
        let mut column = self.take("actions")?;
        width_of_rows(&*column, Some(steps))?;
        as_before(&*column, &mut data.action_size)?;
        let mut actions = Vec::with_capacity(steps * data.action_size);
        append_rows(&mut *column, &mut actions)?;
        bounds.scale(column.place(), data.action_size, &mut actions)?;
        data.actions.extend_from_slice(&actions);
        append_single(&mut *self.take("rewards")?, steps, &mut data.rewards)?;
        let terminated = flags(&mut *self.take("terminations")?, steps)?;
        let truncated = flags(&mut *self.take("truncations")?, steps)?;
        append_ends(data, &terminated, &truncated, &last);
        Ok(())
    }
}

/// Notes the numbers of a row, or checks that they are as many as in the episodes before.
fn as_before(column: &dyn Column, size: &mut usize) -> Result<()> {
    let width = column.shape()[1];
    if *size != 0 && *size != width {
        let allowed = format!("[rows, {size}], as in the episode before");
        return Err(column.place().shape(column.shape(), allowed));
    }
    *size = width;
    Ok(())
}

/// Notes where an episode ends: after its last step, and wherever it says so before.
fn append_ends(data: &mut Dataset, terminated: &[bool], truncated: &[bool], last: &[f32]) {
    let steps = terminated.len();
    for (step, (terminated, truncated)) in terminated.iter().zip(truncated).enumerate() {
        let follows = match (terminated, truncated) {
            (true, _) => Follows::Terminal,
            (false, true) => Follows::Cut,
            (false, false) if step + 1 == steps => Follows::Cut,
            (false, false) => {
                data.follows.push(Follows::Next);
                continue;
            }
        };
        if step + 1 == steps {
            data.end_episode(follows, Some(last));
        } else {
            let (next, size) = (data.follows.len() + 1, data.observation_size);
            let next = data.observations[next * size..(next + 1) * size].to_vec();
            data.end_episode(follows, Some(&next));
        }
    }
}
