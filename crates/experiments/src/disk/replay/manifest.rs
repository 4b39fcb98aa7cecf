//! The files of a replay's log at one moment.

use rl_algos::replay::ReplayState;
use rl_algos::{Error, Result};
use serde::{Deserialize, Serialize};

/// Version of the layout of manifests and segments.
const FORMAT: u32 = 1;

/// A finished file with consecutive slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Segment {
    /// Its name in the log's folder.
    pub(crate) file: String,
    /// Its first slot.
    pub(crate) from: usize,
    /// The slot after its last.
    pub(crate) to: usize,
    /// Its length.
    pub(crate) bytes: u64,
    /// CRC-32 of its bytes.
    pub(crate) crc32: u32,
}

/// A replay at one moment, as a list of finished files. It can be read until a later one is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Version of the layout.
    pub(crate) format: u32,
    /// Counts the checkpoints of a log, from 1.
    pub(crate) generation: u64,
    /// Slots of a sealed segment.
    pub(crate) segment_slots: usize,
    /// What the replay is besides its slots.
    pub(crate) replay: ReplayState,
    /// Files in the order of their slots.
    pub(crate) segments: Vec<Segment>,
    /// CRC-32 of all above.
    pub(crate) crc32: u32,
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
        let bytes = serde_json::to_vec(&bare).map_err(wrong)?;
        Ok(crc32fast::hash(&bytes))
    }

    /// Checks the checksum, the version, and that the files hold every slot once.
    ///
    /// # Errors
    /// [`Error::Replay`] with what does not fit.
    pub(crate) fn check(&self) -> Result<()> {
        if self.format != FORMAT {
            let reason = format!("format = {}: this build reads {FORMAT}", self.format);
            return Err(wrong(reason));
        }
        if self.sum()? != self.crc32 {
            return Err(wrong("the manifest's checksum is another"));
        }
        self.replay.check()?;
        if self.segment_slots == 0 {
            return Err(wrong("segment_slots = 0: must be 1 or more"));
        }
        let ReplayState { start, end, .. } = self.replay;
        let mut next = self.segments.first().map_or(start, |s| s.from.min(start));
        for segment in &self.segments {
            let Segment { file, from, to, .. } = segment;
            if *from != next || to < from {
                let reason = format!("{file} has the slots {from} to {to}: must begin at {next}");
                return Err(wrong(reason));
            }
            next = *to;
        }
        if next != end {
            let reason = format!("segments end at slot {next}: must be {end}");
            return Err(wrong(reason));
        }
        Ok(())
    }
}

/// Stored experience that cannot be what was written.
fn wrong(reason: impl ToString) -> Error {
    Error::Replay {
        reason: reason.to_string(),
    }
}
