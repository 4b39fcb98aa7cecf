//! A replay as bytes, slot after slot; all numbers little-endian.
//!
//! A slot is its observation, action and noiseless action as f32, its reward as f32 and one byte that says what
//! follows: 121 bytes for HalfCheetah. Where an episode's last observation stands, the rest is zero. Where the newest
//! transition's next observation waits for the next one, it comes last.

use std::io::{self, Read, Write};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::Replay;
use super::chunk::Boundary;
use crate::{Error, Result};

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
    ///
    /// # Errors
    /// [`Error::Replay`] with what cannot be.
    pub fn check(&self) -> Result<()> {
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

    /// A replay in this state, the slots of which are still to be [read](Self::read_slots) and
    /// [checked](Self::check_slots).
    ///
    /// # Errors
    /// As [`ReplayState::check`].
    pub fn restored(state: &ReplayState) -> Result<Self> {
        state.check()?;
        let mut replay = Self::new(state.observation_size, state.action_size, state.capacity);
        replay.first = state.start - state.start % replay.chunk();
        replay.start = state.start;
        replay.end = state.end;
        replay.transitions = state.transitions;
        replay.pending = state.pending;
        Ok(replay)
    }

    /// Bytes of one slot.
    fn slot_bytes(&self) -> usize {
        4 * self.width() + 1
    }

    /// Writes some slots, and after the newest the observation that waits there, if one does.
    ///
    /// # Errors
    /// Those of `writer`.
    ///
    /// # Panics
    /// When one of them is not between the [state](Self::state)'s `start` and `end`.
    pub fn write_slots(&self, slots: Range<usize>, writer: &mut impl Write) -> io::Result<()> {
        let stored = self.start <= slots.start && slots.end <= self.end;
        assert!(stored || slots.is_empty(), "slots {slots:?} of the replay");
        let newest = slots.end == self.end;
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
        if newest && self.pending {
            let bytes: Vec<u8> = floats(self.observation(self.end)).collect();
            writer.write_all(&bytes)?;
        }
        Ok(())
    }

    /// Reads what [`write_slots`](Self::write_slots) wrote of these slots, and passes over those that are forgotten. Memory
    /// is taken as bytes come.
    ///
    /// # Errors
    /// [`Error::Replay`] when the bytes end early, or a slot is none.
    pub fn read_slots(&mut self, slots: Range<usize>, reader: &mut impl Read) -> Result<()> {
        let newest = slots.end == self.end;
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
        if !(newest && self.pending) {
            return Ok(());
        }
        let (end, observation_size) = (self.end, self.observation_size);
        let mut bytes = vec![0; 4 * observation_size];
        read(reader, &mut bytes, || format!("slot {end}"))?;
        fill(&mut self.room(end)[..observation_size], &bytes);
        Ok(())
    }

    /// Checks what must hold between slots: an episode's last observation stands right after the transition that ends
    /// it and nowhere else, and there are as many transitions as are counted.
    ///
    /// # Errors
    /// [`Error::Replay`] with what does not hold.
    pub fn check_slots(&self) -> Result<()> {
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
