//! A replay as bytes: a head, then slot after slot, then a checksum; all numbers little-endian.
//!
//! A slot is its observation, action and noiseless action as f32, its reward as f32 and one byte that says what
//! follows: 121 bytes for HalfCheetah. Where an episode's last observation stands, the rest is zero. Where the newest transition's next observation waits for the next one, it comes
//! last.

use std::io::{self, Read, Write};
use std::ops::Range;

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use super::Replay;
use super::chunk::Boundary;
use crate::{Error, Result};

/// What such bytes begin with, version included.
const MAGIC: [u8; 8] = *b"replay 1";

/// Bytes of the head: six numbers, one flag, one checksum.
const HEAD: usize = 6 * 8 + 1 + 4;

/// Larger rows are taken for damage.
const MOST_NUMBERS: usize = 1 << 16;

/// What a replay is besides its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayState {
    /// Numbers in an observation.
    pub observation_size: usize,
    /// Numbers in an action.
    pub action_size: usize,
    /// Most transitions.
    pub capacity: usize,
    /// The oldest slot, counted from the first ever.
    pub start: usize,
    /// The slot after the newest.
    pub end: usize,
    /// Transitions between these two.
    pub transitions: usize,
    /// Whether slot `end` already holds an observation.
    pub pending: bool,
}

impl ReplayState {
    /// Checks that a replay can be like this.
    pub(super) fn check(&self) -> Result<()> {
        let Self {
            start,
            end,
            transitions,
            ..
        } = *self;
        let rule = |good: bool, field: &str, value: usize, allowed: String| match good {
            true => Ok(()),
            false => Err(Error::replay(format!(
                "{field} = {value}: must be {allowed}"
            ))),
        };
        for (field, size) in [
            ("observation_size", self.observation_size),
            ("action_size", self.action_size),
        ] {
            let allowed = format!("at most {MOST_NUMBERS}");
            rule(size <= MOST_NUMBERS, field, size, allowed)?;
        }
        rule(
            start <= end,
            "start",
            start,
            format!("at most `end` = {end}"),
        )?;
        let capacity = self.capacity;
        rule(capacity > 0, "capacity", capacity, "1 or more".into())?;
        // At least half of the slots are transitions.
        let slots = end - start;
        let (least, most) = (slots.div_ceil(2), slots.min(capacity));
        let fits = (least..=most).contains(&transitions);
        let allowed = format!("{least} to {most}");
        rule(fits, "transitions", transitions, allowed)?;
        let follows = !self.pending || transitions > 0;
        let allowed = "1 or more where an observation is pending".into();
        rule(follows, "transitions", transitions, allowed)
    }

    fn to_bytes(self) -> [u8; HEAD] {
        let numbers = [
            self.observation_size,
            self.action_size,
            self.capacity,
            self.start,
            self.end,
            self.transitions,
        ];
        let mut bytes = [0; HEAD];
        for (place, number) in bytes.chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&(number as u64).to_le_bytes());
        }
        bytes[48] = u8::from(self.pending);
        let sum = crc32fast::hash(&bytes[..HEAD - 4]);
        bytes[HEAD - 4..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEAD]) -> Result<Self> {
        let (body, sum) = bytes.split_at(HEAD - 4);
        if crc32fast::hash(body).to_le_bytes() != *sum {
            return Err(Error::replay("the head's checksum is another"));
        }
        let (numbers, _) = body.as_chunks::<8>();
        let number = |k: usize| {
            let number = u64::from_le_bytes(numbers[k]);
            usize::try_from(number).map_err(|_| Error::replay(format!("{number} is too large")))
        };
        let state = Self {
            observation_size: number(0)?,
            action_size: number(1)?,
            capacity: number(2)?,
            start: number(3)?,
            end: number(4)?,
            transitions: number(5)?,
            pending: body[48] == 1,
        };
        state.check()?;
        Ok(state)
    }
}

impl Replay {
    /// What the replay is besides its slots.
    #[must_use]
    pub fn state(&self) -> ReplayState {
        ReplayState {
            observation_size: self.observation_size,
            action_size: self.action_size,
            capacity: self.capacity,
            start: self.start,
            end: self.end,
            transitions: self.transitions,
            pending: self.pending,
        }
    }

    /// Writes everything that is stored, from which [`read_from`](Self::read_from) makes a replay that samples alike.
    ///
    /// # Errors
    /// Those of `writer`.
    pub fn write_to(&self, mut writer: impl Write) -> io::Result<()> {
        writer.write_all(&MAGIC)?;
        writer.write_all(&self.state().to_bytes())?;
        let mut writer = Summed::new(writer);
        self.write_slots(self.start..self.end, &mut writer)?;
        self.write_pending(&mut writer)?;
        let sum = writer.sum();
        writer.inner.write_all(&sum.to_le_bytes())?;
        writer.inner.flush()
    }

    /// Reads what [`write_to`](Self::write_to) wrote. Memory is taken as bytes come.
    ///
    /// # Errors
    /// [`Error::Replay`] when the bytes end early, are damaged, or cannot be a replay.
    pub fn read_from(mut reader: impl Read) -> Result<Self> {
        let mut magic = [0; MAGIC.len()];
        read(&mut reader, &mut magic, || "the head".into())?;
        if magic != MAGIC {
            let (magic, known) = (magic.escape_ascii(), MAGIC.escape_ascii());
            let reason = format!("begins with `{magic}`: must be `{known}`");
            return Err(Error::replay(reason));
        }
        let mut head = [0; HEAD];
        read(&mut reader, &mut head, || "the head".into())?;
        let state = ReplayState::from_bytes(&head)?;
        let mut replay = Self::restored(&state);
        let mut reader = Summed::new(reader);
        replay.read_slots(state.start..state.end, &mut reader)?;
        replay.read_pending(&mut reader)?;
        let expected = reader.sum();
        let mut sum = [0; 4];
        read(&mut reader.inner, &mut sum, || "the checksum".into())?;
        if u32::from_le_bytes(sum) != expected {
            return Err(Error::replay("the slots' checksum is another"));
        }
        replay.check_slots()?;
        Ok(replay)
    }

    /// A replay in this state, the slots of which are still to be read.
    pub(super) fn restored(state: &ReplayState) -> Self {
        let mut replay = Self::new(state.observation_size, state.action_size, state.capacity);
        replay.first = state.start - state.start % replay.chunk();
        replay.start = state.start;
        replay.end = state.end;
        replay.transitions = state.transitions;
        replay.pending = state.pending;
        replay
    }

    /// Bytes of one slot.
    pub(super) fn slot_bytes(&self) -> usize {
        4 * self.width() + 1
    }

    /// Writes some slots, none of them forgotten.
    pub(super) fn write_slots(
        &self,
        slots: Range<usize>,
        writer: &mut impl Write,
    ) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(self.slot_bytes());
        for index in slots {
            let follows = self.follows(index);
            bytes.clear();
            bytes.extend(floats(self.row(index)));
            if follows == Boundary::Nothing {
                // Nothing was done there; memory used before holds something all the same.
                bytes[4 * self.observation_size..].fill(0);
            }
            bytes.push(follows.to_byte());
            writer.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Writes the observation that waits in slot `end`, if one does.
    pub(super) fn write_pending(&self, writer: &mut impl Write) -> io::Result<()> {
        if self.pending {
            let bytes: Vec<u8> = floats(self.observation(self.end)).collect();
            writer.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Reads some slots, and passes over those that are forgotten.
    pub(super) fn read_slots(&mut self, slots: Range<usize>, reader: &mut impl Read) -> Result<()> {
        let mut bytes = vec![0; self.slot_bytes()];
        for index in slots {
            read(reader, &mut bytes, || format!("slot {index}"))?;
            if index < self.start {
                continue;
            }
            let (byte, floats) = bytes.split_last().unwrap_or((&0, &[]));
            let follows = Boundary::from_byte(*byte).ok_or_else(|| {
                Error::replay(format!(
                    "slot {index} is followed by {byte}: must be 0 to 3"
                ))
            })?;
            fill(self.room(index), floats);
            self.set_follows(index, follows);
        }
        Ok(())
    }

    /// Reads the observation that waits in slot `end`, if one does.
    pub(super) fn read_pending(&mut self, reader: &mut impl Read) -> Result<()> {
        if !self.pending {
            return Ok(());
        }
        let (end, seen) = (self.end, self.observation_size);
        let mut bytes = vec![0; 4 * seen];
        read(reader, &mut bytes, || format!("slot {end}"))?;
        fill(&mut self.room(end)[..seen], &bytes);
        Ok(())
    }

    /// Checks what must hold between slots: an episode's last observation stands right after the transition that ends
    /// it and nowhere else, and there are as many transitions as are counted.
    pub(super) fn check_slots(&self) -> Result<()> {
        let mut ends = false;
        let mut transitions = 0;
        for index in self.start..self.end {
            let follows = self.follows(index);
            let last = follows == Boundary::Nothing;
            if last != ends {
                let reason = match last {
                    true => format!("slot {index} ends an episode that did not end before it"),
                    false => format!("slot {index} goes on with an episode that has ended"),
                };
                return Err(Error::replay(reason));
            }
            ends = follows.ends();
            transitions += usize::from(!last);
        }
        let newest = (self.start < self.end).then(|| self.follows(self.end - 1));
        if ends || self.pending != (newest == Some(Boundary::Next)) {
            let (end, pending) = (self.end, self.pending);
            let reason = format!("slot {end} does not fit: {newest:?}, pending = {pending}");
            return Err(Error::replay(reason));
        }
        if transitions != self.transitions {
            let counted = self.transitions;
            let reason = format!("{transitions} transitions are stored: must be {counted}");
            return Err(Error::replay(reason));
        }
        Ok(())
    }
}

/// The bytes of some numbers.
fn floats(row: &[f32]) -> impl Iterator<Item = u8> {
    row.iter().flat_map(|x| x.to_le_bytes())
}

/// Sets a row to the numbers in `bytes`.
fn fill(row: &mut [f32], bytes: &[u8]) {
    for (number, bytes) in row.iter_mut().zip(bytes.as_chunks::<4>().0) {
        *number = f32::from_le_bytes(*bytes);
    }
}

/// Fills `bytes`, which are those of `what`.
fn read(reader: &mut impl Read, bytes: &mut [u8], what: impl FnOnce() -> String) -> Result<()> {
    reader.read_exact(bytes).map_err(|error| {
        let what = what();
        Error::replay(match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("ends within {what}"),
            _ => format!("{what}: {error}"),
        })
    })
}

/// Sums up and counts the bytes that pass.
pub(super) struct Summed<T> {
    pub(super) inner: T,
    hasher: Hasher,
    bytes: u64,
}

impl<T> Summed<T> {
    pub(super) fn new(inner: T) -> Self {
        Self {
            inner,
            hasher: Hasher::new(),
            bytes: 0,
        }
    }

    /// CRC-32 of all bytes so far.
    pub(super) fn sum(&self) -> u32 {
        self.hasher.clone().finalize()
    }

    /// Their number.
    pub(super) fn bytes(&self) -> u64 {
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
