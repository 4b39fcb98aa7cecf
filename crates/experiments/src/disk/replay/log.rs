//! A replay on disk that writes only new data with each checkpoint.
//!
//! Slots are written once, in segments of 16,384 that are never touched again; the slots after the last full segment
//! go to a file of their own with every checkpoint. A [`Manifest`] names the files of one checkpoint. It names only
//! finished ones, and no name is used twice by a log, so a process may be killed at any moment: the last manifest that
//! was put in its place is whole and so are its files. Files that no manifest needs go after the next one is in place.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use crc32fast::Hasher;
use rl_algos::replay::Replay;
use rl_algos::{Error, Result};

use super::manifest::{Manifest, Segment};
use crate::disk::files::{atomic_write, sync_dir};

/// Slots of a segment: 2 MB for HalfCheetah.
const SEGMENT: usize = 1 << 14;

/// What the names of all files with slots begin with.
const PREFIX: &str = "slots-";

/// Whether a file of this name is a log's.
#[must_use]
pub(crate) fn is_of_log(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The files of a replay in one folder. Its owner keeps the manifest, as part of a larger checkpoint that must fit
/// together: [`stage`](Self::stage) writes the slots and gives the manifest, the owner puts it in its place, and
/// [`commit`](Self::commit) removes what the manifest does not name. To go on, the owner hands the manifest to
/// [`open`](Self::open).
#[derive(Debug)]
pub(crate) struct ReplayLog {
    folder: PathBuf,
    segment_slots: usize,
    generation: u64,
    /// Full segments, which stay as they are.
    sealed: Vec<Segment>,
    /// Names of the files that the last manifest needs.
    needed: Vec<String>,
}

impl ReplayLog {
    /// Begins a log in a folder, which is made if it does not exist. Files of an earlier log in it are removed.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be made or cleared.
    pub(crate) fn create(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::file(folder))?;
        let log = Self {
            folder: folder.to_owned(),
            segment_slots: SEGMENT,
            generation: 0,
            sealed: Vec::new(),
            needed: Vec::new(),
        };
        log.commit()?;
        Ok(log)
    }

    /// Sets the slots of a segment, at least 1, before the first checkpoint.
    #[cfg(test)]
    pub(super) fn with_segment_slots(mut self, slots: usize) -> Self {
        self.segment_slots = slots.max(1);
        self
    }

    /// Writes the slots that are new since the last checkpoint, and waits until they are on the disk. Gives the list
    /// of files that make up the replay as it is now. Those of the manifest before stay until
    /// [`commit`](Self::commit).
    ///
    /// The replay must be the one that the log began with or was read with.
    ///
    /// # Errors
    /// [`Error::File`] when a file cannot be written, [`Error::Replay`] when the replay is older than the log. The last
    /// manifest holds then.
    pub(crate) fn stage(&mut self, replay: &Replay) -> Result<Manifest> {
        let state = replay.state();
        let written = self.sealed.last().map_or(0, |segment| segment.to);
        if state.end < written {
            let end = state.end;
            let reason = format!("ends at slot {end}: must not be before {written}, as the log");
            return Err(Error::Replay { reason });
        }
        self.generation += 1;
        self.sealed.retain(|segment| segment.to > state.start);
        let size = self.segment_slots;
        let begin = state.start - state.start % size;
        let mut next = self.sealed.last().map_or(begin, |segment| segment.to);
        // What follows the newest slot may still change.
        while next + size < state.end {
            let slots = next.max(state.start)..next + size;
            self.sealed.push(self.write(replay, slots)?);
            next += size;
        }
        let mut segments = self.sealed.clone();
        if state.start < state.end {
            segments.push(self.write(replay, next.max(state.start)..state.end)?);
        }
        sync_dir(&self.folder)?;
        self.needed = segments.iter().map(|s| s.file.clone()).collect();
        Manifest::new(self.generation, size, state, segments)
    }

    /// Writes one file of slots; the last one has the observation that waits after them, too.
    fn write(&self, replay: &Replay, slots: Range<usize>) -> Result<Segment> {
        let file = format!("{PREFIX}{:012}-{}.bin", slots.start, self.generation);
        let (bytes, crc32) = atomic_write(&self.folder.join(&file), |writer| {
            let mut writer = Summed::new(writer);
            replay.write_slots(slots.clone(), &mut writer)?;
            Ok((writer.bytes(), writer.sum()))
        })?;
        Ok(Segment {
            file,
            from: slots.start,
            to: slots.end,
            bytes,
            crc32,
        })
    }

    /// Removes the files that the last [staged](Self::stage) manifest does not need. To be called when that manifest
    /// is in its place.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be read or a file cannot be removed.
    pub(crate) fn commit(&self) -> Result<()> {
        let entries = fs::read_dir(&self.folder).map_err(Error::file(&self.folder))?;
        for entry in entries {
            let entry = entry.map_err(Error::file(&self.folder))?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if is_of_log(&name) && !self.needed.iter().any(|needed| *needed == name) {
                fs::remove_file(entry.path()).map_err(Error::file(&entry.path()))?;
            }
        }
        Ok(())
    }

    /// Reads the replay of a manifest, and goes on with its log.
    ///
    /// # Errors
    /// [`Error::Replay`] when the manifest does not fit together, [`Error::File`] with the file that is missing or
    /// damaged.
    pub(crate) fn open(folder: &Path, manifest: &Manifest) -> Result<(Self, Replay)> {
        manifest.check()?;
        let state = &manifest.replay;
        let mut replay = Replay::restored(state)?;
        for segment in &manifest.segments {
            let path = folder.join(&segment.file);
            read(&path, segment, &mut replay)?;
        }
        replay.check_slots()?;
        let size = manifest.segment_slots;
        let sealed = |s: &&Segment| s.to.is_multiple_of(size) && s.to < state.end;
        let log = Self {
            folder: folder.to_owned(),
            segment_slots: size,
            generation: manifest.generation,
            sealed: manifest.segments.iter().filter(sealed).cloned().collect(),
            needed: manifest.segments.iter().map(|s| s.file.clone()).collect(),
        };
        Ok((log, replay))
    }
}

/// Reads one file of slots, which must be as the manifest says.
fn read(path: &Path, segment: &Segment, replay: &mut Replay) -> Result<()> {
    let file = File::open(path).map_err(Error::file(path))?;
    let length = file.metadata().map_err(Error::file(path))?.len();
    if length != segment.bytes {
        let message = format!("{length} bytes long: must be {}", segment.bytes);
        return Err(Error::file(path)(message));
    }
    let mut reader = Summed::new(BufReader::with_capacity(1 << 16, file));
    let slots = replay.read_slots(segment.from..segment.to, &mut reader);
    slots.map_err(Error::file(path))?;
    let mut more = [0];
    let beyond = reader.read(&mut more).map_err(Error::file(path))?;
    if beyond > 0 || reader.sum() != segment.crc32 {
        return Err(Error::file(path)(
            "its checksum is another: the file is damaged",
        ));
    }
    Ok(())
}

/// Sums up and counts the bytes that pass.
struct Summed<T> {
    inner: T,
    hasher: Hasher,
    bytes: u64,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hasher: Hasher::new(),
            bytes: 0,
        }
    }

    /// CRC-32 of all bytes so far.
    fn sum(&self) -> u32 {
        self.hasher.clone().finalize()
    }

    /// Their number.
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn pass(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<W: Write> Write for Summed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(bytes)?;
        self.pass(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(bytes)?;
        self.pass(&bytes[..count]);
        Ok(count)
    }
}
