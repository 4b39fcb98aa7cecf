//! The experience of an agent: the newest transition, and batches of earlier ones.

use rand_chacha::ChaCha8Rng;

use crate::replay::{Batch, Batches, Replay, Transition};
use crate::{Error, Result};

/// Experience after an environment step.
#[derive(Debug)]
pub struct Experience<'a> {
    transition: Option<Transition<'a>>,
    source: Source<'a>,
    /// Batches that were drawn from it.
    drawn: u64,
}

/// Where batches come from.
#[derive(Debug)]
enum Source<'a> {
    /// One batch, again and again.
    Fixed(&'a Batch),
    /// Recorded transitions; the first batch is there.
    Recorded {
        batches: &'a Batches<'a>,
        batch: &'a mut Batch,
    },
    /// Windows of a replay.
    Replay {
        replay: &'a Replay,
        windows: Windows,
        batch: &'a mut Batch,
    },
    /// No replay is kept.
    None,
}

/// How windows of transitions are drawn from a replay.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// Windows per batch.
    pub size: usize,
    /// Discount per step.
    pub gamma: f32,
    /// Steps of a window.
    pub n: usize,
    /// The first update with windows of `n` steps; before it they have one.
    pub delay: u64,
    /// Updates so far.
    pub updates: u64,
}

impl Windows {
    /// Steps of a window of the update after `drawn` more.
    fn steps(&self, drawn: u64) -> usize {
        match self.updates + drawn < self.delay {
            true => 1,
            false => self.n,
        }
    }
}

impl<'a> Experience<'a> {
    /// One batch, without a newest transition.
    #[must_use]
    pub fn of(batch: &'a Batch) -> Self {
        Self {
            transition: None,
            source: Source::Fixed(batch),
            drawn: 0,
        }
    }

    /// Recorded transitions, without a newest one: `batch`, and then those that follow it.
    #[must_use]
    pub fn recorded(batches: &'a Batches<'a>, batch: &'a mut Batch) -> Self {
        Self {
            transition: None,
            source: Source::Recorded { batches, batch },
            drawn: 0,
        }
    }

    /// A newest transition, without earlier ones.
    #[must_use]
    pub fn newest(transition: Transition<'a>) -> Self {
        Self {
            transition: Some(transition),
            source: Source::None,
            drawn: 0,
        }
    }

    /// Windows of a replay, drawn into `batch`.
    #[must_use]
    pub fn replayed(replay: &'a Replay, windows: Windows, batch: &'a mut Batch) -> Self {
        Self {
            transition: None,
            source: Source::Replay {
                replay,
                windows,
                batch,
            },
            drawn: 0,
        }
    }

    /// With this newest transition.
    #[must_use]
    pub fn with_newest(self, transition: Transition<'a>) -> Self {
        Self {
            transition: Some(transition),
            ..self
        }
    }

    /// The step that was just made; `None` where an agent learns from recorded transitions.
    #[must_use]
    pub fn transition(&self) -> Option<&Transition<'a>> {
        self.transition.as_ref()
    }

    /// Draws a batch for the next update: windows of as many steps as the schedule says, without intermediate
    /// observations. Recorded transitions are drawn by a generator of their own, from the same stream.
    ///
    /// # Errors
    /// [`Error::Config`] when no replay is kept.
    pub fn batch(&mut self, rng: &mut ChaCha8Rng) -> Result<&Batch> {
        self.draw(true, rng)
    }

    /// As [`batch`](Self::batch), with the intermediate observations of windows.
    ///
    /// # Errors
    /// As [`batch`](Self::batch).
    pub fn batch_with_intermediate(&mut self, rng: &mut ChaCha8Rng) -> Result<&Batch> {
        self.draw(false, rng)
    }

    fn draw(&mut self, skip_intermediate: bool, rng: &mut ChaCha8Rng) -> Result<&Batch> {
        self.drawn += 1;
        match &mut self.source {
            Source::Fixed(batch) => Ok(batch),
            Source::Recorded { batches, batch } => {
                if self.drawn > 1 {
                    batches.next(batch);
                }
                Ok(batch)
            }
            Source::Replay {
                replay,
                windows,
                batch,
            } => {
                batch.skip_intermediate = skip_intermediate;
                let Windows { size, gamma, .. } = *windows;
                replay.sample(windows.steps(self.drawn), gamma, size, rng, batch);
                Ok(batch)
            }
            Source::None => Err(Error::config(
                "replay",
                "none",
                "kept for an agent that learns from batches",
            )),
        }
    }

    /// Steps of the windows drawn last; `None` before the first.
    #[must_use]
    pub fn n_step(&self) -> Option<usize> {
        match &self.source {
            Source::Replay { windows, .. } if self.drawn > 0 => Some(windows.steps(self.drawn)),
            _ => None,
        }
    }
}
