//! Minari's episodes as transitions.

use std::path::{Path, PathBuf};

use hdf5_pure::Group;

use super::metadata::Metadata;
use super::{DATA, KEYS, METADATA};
use crate::dataset::bad::Bad;
use crate::dataset::column::{
    Column, Columns, Place, append_rows, append_single, flags, width_of_rows,
};
use crate::dataset::ends::Ends;
use crate::dataset::h5::H5;
use crate::dataset::reading::{Own, Reader};
use crate::dataset::{Boundary, Dataset, Facts};
use crate::{Error, Result};

/// How the names of episodes start.
const EPISODE: &str = "episode_";

/// Bytes that an episode takes at least in a file: the headers of a group and its five arrays.
const SMALLEST: usize = 256;

/// The file of episodes in a folder, or in the folder `data` in it.
///
/// # Errors
/// When there is none; the error lists what is there.
pub(in crate::dataset) fn data_of(path: &Path) -> Result<PathBuf> {
    let inner = path.join("data");
    for folder in [path, &inner] {
        let data = folder.join(DATA);
        if data.is_file() {
            return Ok(data);
        }
    }
    let metadata = [path, &inner].map(|folder| folder.join(METADATA));
    let metadata = metadata.iter().find(|metadata| metadata.is_file());
    let found = match metadata {
        None => format!("a folder without {DATA}"),
        Some(metadata) => match Metadata::read(metadata)?.data_format {
            Some(format) if format != "hdf5" => {
                format!("Minari's format `{format}`, which is not read")
            }
            _ => format!("a folder with {METADATA} and no {DATA}"),
        },
    };
    Err(Error::UnknownKind {
        path: path.to_owned(),
        found,
    })
}

/// Whether a file has an episode's group.
pub(in crate::dataset) fn is_minari(file: &H5) -> Result<bool> {
    match file.groups() {
        Ok(groups) => Ok(groups.iter().any(|(name, _)| number(name).is_some())),
        // One that is broken hides the others.
        Err(_) if file.group(&format!("{EPISODE}0")).is_ok() => Ok(true),
        Err(error) => Err(error),
    }
}

/// The number of an episode, from its name.
fn number(name: &str) -> Option<usize> {
    name.strip_prefix(EPISODE)?.parse().ok()
}

/// The description of the dataset, from the file beside it or from its attributes, and the path that it was read from.
///
/// # Errors
/// When it cannot be read.
pub(in crate::dataset) fn described(path: &Path, file: &H5) -> Result<(Metadata, PathBuf)> {
    let beside = path.with_file_name(METADATA);
    let attributes = Metadata::of_attributes(&file.attributes()?);
    let place = match beside.is_file() {
        true => beside.clone(),
        false => path.to_owned(),
    };
    Ok((Metadata::read(&beside)?.or(attributes), place))
}

/// The group of an episode.
pub(in crate::dataset) struct Found {
    number: usize,
    name: String,
    /// None where it has to be looked for by its name.
    group: Option<Group>,
}

impl Found {
    /// The group.
    ///
    /// # Errors
    /// When it is broken.
    fn group(&self, file: &H5) -> Result<Group> {
        match &self.group {
            Some(group) => Ok(group.clone()),
            None => file.group(&self.name),
        }
    }

    /// Its arrays.
    ///
    /// # Errors
    /// When they, or the group, are broken.
    pub(in crate::dataset) fn columns(&self, file: &H5) -> Result<Columns> {
        file.columns_of(&self.group(file)?, &format!("{}/", self.name), &KEYS)
    }
}

/// The groups of episodes, in order. Where one is broken they are those that there must be.
///
/// # Errors
/// When the file is broken, and their count is not known.
pub(in crate::dataset) fn episodes(file: &H5, metadata: &Metadata) -> Result<Vec<Found>> {
    let found = match (file.groups(), metadata.total_episodes) {
        (Ok(all), _) => all
            .into_iter()
            .map(|(name, group)| (name, Some(group)))
            .collect(),
        (Err(_), Some(total)) if total <= file.size() / SMALLEST => {
            let names = (0..total).map(|number| format!("{EPISODE}{number}"));
            names.map(|name| (name, None)).collect::<Vec<_>>()
        }
        (Err(error), _) => return Err(error),
    };
    let found = found.into_iter().filter_map(|(name, group)| {
        let number = number(&name)?;
        Some(Found {
            number,
            name,
            group,
        })
    });
    let mut found: Vec<Found> = found.collect();
    found.sort_by_key(|found| found.number);
    Ok(found)
}

/// Reads the dataset in a file, whose description lies beside it or in it.
pub(in crate::dataset) fn file(path: &Path, file: &H5, reader: &mut Reader<'_>) -> Result<Dataset> {
    let (metadata, place) = described(path, file)?;
    let own = metadata.own(&place)?;
    let groups = episodes(file, &metadata)?;
    let skip = reader.reading.skip_bad_episodes;
    if let Err(error) = whole(file, &metadata, &place, groups.len()) {
        if !skip {
            return Err(error);
        }
        let total = metadata.total_episodes.unwrap_or_default();
        note(
            &mut reader.facts,
            total.saturating_sub(groups.len()),
            &error,
        );
    }
    let mut data = Dataset {
        reference: metadata.reference(),
        ..Dataset::default()
    };
    reserve(&mut data, file, &groups);
    let mut first = None;
    for found in &groups {
        let before = Lengths::of(&data);
        let mut read = || -> Result<()> {
            let episode = Episode {
                path,
                name: &found.name,
                group: &found.group(file)?,
                file,
                columns: found.columns(file)?,
            };
            episode.append(&mut data, &own, reader)
        };
        match read() {
            Err(error) if skip => {
                before.restore(&mut data);
                note(&mut reader.facts, 1, &error);
                first.get_or_insert(error);
            }
            read => read?,
        }
    }
    if data.is_empty() {
        let path = path.to_owned();
        return Err(first.unwrap_or(Error::NoTransitions { path }));
    }
    Ok(data)
}

/// Checks that there are as many episodes as the description at `place` says.
fn whole(file: &H5, metadata: &Metadata, place: &Path, count: usize) -> Result<()> {
    let total = metadata.total_episodes.unwrap_or(count);
    if total == count {
        return Ok(());
    }
    let linked = match file.linked(EPISODE) {
        Some(target) => format!("; a link {target} is not followed"),
        None => String::new(),
    };
    let what = format!("total_episodes = {total}: must be {count}, the episodes in {DATA}{linked}");
    Err(Error::file(place)(what))
}

/// Notes that episodes are left out, and why the first was.
fn note(facts: &mut Facts, count: usize, error: &Error) {
    facts.left_out += count;
    facts.first_fault.get_or_insert_with(|| error.to_string());
}

/// How much there was before an episode.
struct Lengths {
    rows: usize,
    endings: usize,
    last: usize,
}

impl Lengths {
    fn of(data: &Dataset) -> Self {
        Self {
            rows: data.len(),
            endings: data.endings.len(),
            last: data.last_observations.len(),
        }
    }

    /// Forgets what an episode left that could not be read to its end.
    fn restore(&self, data: &mut Dataset) {
        if self.rows == 0 {
            // The sizes were those of this episode.
            (data.observation_size, data.action_size) = (0, 0);
        }
        data.observations
            .truncate(self.rows * data.observation_size);
        data.actions.truncate(self.rows * data.action_size);
        data.rewards.truncate(self.rows);
        data.follows.truncate(self.rows);
        data.endings.truncate(self.endings);
        data.last_observations.truncate(self.last);
    }
}

/// Takes the memory for all episodes at once, for growing would take twice as much.
fn reserve(data: &mut Dataset, file: &H5, groups: &[Found]) {
    let (mut steps, mut observation_size, mut action_size) = (0_usize, 0, 0);
    // What does not fit is refused when its episode is read.
    for columns in groups.iter().filter_map(|found| found.columns(file).ok()) {
        let axis = |key: &str, axis: usize| {
            let column = columns.get(key);
            column.and_then(|column| column.shape().get(axis).copied())
        };
        steps = steps.saturating_add(axis("rewards", 0).unwrap_or(0));
        observation_size = axis("observations", 1).unwrap_or(observation_size);
        action_size = axis("actions", 1).unwrap_or(action_size);
    }
    let most = file.most_bytes() / size_of::<f32>();
    let fit = |numbers: usize| numbers.min(most);
    // The last observation of an episode is among the others for a moment.
    data.observations.reserve_exact(fit(steps
        .saturating_add(1)
        .saturating_mul(observation_size)));
    data.actions
        .reserve_exact(fit(steps.saturating_mul(action_size)));
    data.rewards.reserve_exact(fit(steps));
    data.follows.reserve_exact(fit(steps));
    data.endings.reserve_exact(groups.len());
    let last = groups.len().saturating_mul(observation_size);
    data.last_observations.reserve_exact(fit(last));
}

/// An episode that is about to be read.
struct Episode<'a> {
    path: &'a Path,
    name: &'a str,
    group: &'a Group,
    file: &'a H5,
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
        let hint = self.file.instead(self.group, key);
        Err(Error::missing(&place.path, place.key, hint))
    }

    /// Appends the episode; its last observation goes to those that are kept apart.
    fn append(mut self, data: &mut Dataset, own: &Own, reader: &mut Reader<'_>) -> Result<()> {
        let mut bad = Bad::refused();
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
        append_rows(&mut *column, &mut data.observations, &mut bad)?;
        let last = data
            .observations
            .split_off(data.observations.len().saturating_sub(size));
        let mut column = self.take("actions")?;
        width_of_rows(&*column, Some(steps))?;
        as_before(&*column, &mut data.action_size)?;
        let mut actions = Vec::with_capacity(steps * data.action_size);
        append_rows(&mut *column, &mut actions, &mut bad)?;
        let bounds = reader.bounds(data.action_size, own)?;
        let found = &mut reader.facts.actions;
        bounds.scale(
            column.place(),
            data.action_size,
            &mut actions,
            found,
            &mut bad,
        )?;
        data.actions.extend_from_slice(&actions);
        let mut column = self.take("rewards")?;
        append_single(&mut *column, steps, &mut data.rewards, &mut bad)?;
        let terminated = flags(&mut *self.take("terminations")?, steps)?;
        let truncated = flags(&mut *self.take("truncations")?, steps)?;
        let (most, limit) = (reader.reading.episode_length, reader.limit());
        reader.facts.cut_at = most;
        let flags = [&terminated[..], &truncated[..]];
        let ends = Ends::new(flags, most, limit, &mut reader.facts);
        append_ends(data, ends, steps, &last);
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
fn append_ends(data: &mut Dataset, mut ends: Ends<'_>, steps: usize, last: &[f32]) {
    for step in 0..steps {
        let is_last = step + 1 == steps;
        match ends.of(step, is_last) {
            Boundary::Next => data.follows.push(Boundary::Next),
            follows if is_last => data.end_episode(follows, Some(last)),
            follows => {
                let (next, size) = (data.follows.len() + 1, data.observation_size);
                let next = data.observations[next * size..(next + 1) * size].to_vec();
                data.end_episode(follows, Some(&next));
            }
        }
    }
}
