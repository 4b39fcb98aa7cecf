//! The files of a replay's log at one moment.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::stream::ReplayState;
use crate::files::atomic_write;
use crate::{Error, Result};

/// Version of the layout of manifests and segments.
const FORMAT: u32 = 1;

/// A finished file with consecutive slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Its name in the log's folder.
    pub file: String,
    /// Its first slot.
    pub from: usize,
    /// The slot after its last.
    pub to: usize,
    /// Its length.
    pub bytes: u64,
    /// CRC-32 of its bytes.
    pub crc32: u32,
}

/// A replay at one moment, as a list of finished files. It can be read until a later one is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the layout.
    pub format: u32,
    /// Counts the checkpoints of a log, from 1.
    pub generation: u64,
    /// Slots of a sealed segment.
    pub segment_slots: usize,
    /// What the replay is besides its slots.
    pub replay: ReplayState,
    /// Files in the order of their slots.
    pub segments: Vec<Segment>,
    /// CRC-32 of all above.
    pub crc32: u32,
}

impl Manifest {
    /// A manifest with its checksum.
    pub(super) fn new(
        generation: u64,
        segment_slots: usize,
        replay: ReplayState,
        segments: Vec<Segment>,
    ) -> Result<Self> {
        let mut manifest = Self {
            format: FORMAT,
            generation,
            segment_slots,
            replay,
            segments,
            crc32: 0,
        };
        manifest.crc32 = manifest.sum()?;
        Ok(manifest)
    }

    /// The checksum that the manifest must have.
    fn sum(&self) -> Result<u32> {
        let bare = Self {
            crc32: 0,
            ..self.clone()
        };
        let bytes = serde_json::to_vec(&bare).map_err(Error::replay)?;
        Ok(crc32fast::hash(&bytes))
    }

    /// Checks the checksum, the version, and that the files hold every slot once.
    ///
    /// # Errors
    /// [`Error::Replay`] with what does not fit.
    pub fn check(&self) -> Result<()> {
        if self.format != FORMAT {
            let reason = format!("format = {}: this build reads {FORMAT}", self.format);
            return Err(Error::replay(reason));
        }
        if self.sum()? != self.crc32 {
            return Err(Error::replay("the manifest's checksum is another"));
        }
        self.replay.check()?;
        if self.segment_slots == 0 {
            return Err(Error::replay("segment_slots = 0: must be 1 or more"));
        }
        let ReplayState { start, end, .. } = self.replay;
        let mut next = self.segments.first().map_or(start, |s| s.from.min(start));
        for segment in &self.segments {
            let Segment { file, from, to, .. } = segment;
            if *from != next || to < from {
                let reason = format!("{file} has the slots {from} to {to}: must begin at {next}");
                return Err(Error::replay(reason));
            }
            next = *to;
        }
        if next != end {
            let reason = format!("segments end at slot {next}: must be {end}");
            return Err(Error::replay(reason));
        }
        Ok(())
    }

    /// Writes the manifest to a file, in one step.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self).map_err(Error::file(path))?;
        atomic_write(path, |file| file.write_all(&text))
    }

    /// Reads what [`write`](Self::write) wrote.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read(path).map_err(Error::file(path))?;
        let manifest: Self = serde_json::from_slice(&text).map_err(Error::file(path))?;
        manifest.check().map_err(Error::file(path))?;
        Ok(manifest)
    }
}
