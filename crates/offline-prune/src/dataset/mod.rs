//! What a policy did, kept in memory: transitions, row after row, in episodes.
//!
//! The observation after a transition is the next row's, so each is stored once. Where an episode ends, or a
//! file does not go on where the last row led, the observation there is kept apart. So nothing is lost and a
//! window never leaves its episode. Transitions without a known end are left out when a file is read.

mod bad;
mod bounds;
mod column;
mod d4rl;
mod digest;
mod ends;
mod episode;
mod facts;
mod h5;
mod half;
mod links;
pub mod minari;
mod normalise;
mod npy;
mod npz;
mod open;
mod peek;
mod reading;
mod sample;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::ops::Range;

pub use episode::Episode;
pub use facts::{Actions, Facts, RangeFrom};
pub use normalise::Normaliser;
pub use peek::{Layout, Peek};
pub use reading::Reading;

use crate::score::Reference;

/// What follows a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boundary {
    /// The next row of the same episode.
    Next,
    /// The episode's end, and no value.
    Terminal,
    /// The episode's end, and the value of the observation there.
    Cut,
}

/// Where an episode ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    /// Row after its last.
    end: usize,
    /// Row of the last observation among those kept apart; `None` after a terminal where the file has none.
    last: Option<usize>,
}

/// Transitions of a fixed policy or several, `rows` of them. Numbers are finite, actions in [-1, 1].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    observation_size: usize,
    action_size: usize,
    /// `[rows, observation]`.
    observations: Vec<f32>,
    /// `[rows, action]`.
    actions: Vec<f32>,
    /// `[rows]`.
    rewards: Vec<f32>,
    /// `[rows]`.
    follows: Vec<Boundary>,
    /// One per episode, in the order of rows.
    endings: Vec<Ending>,
    /// Observations at the ends of episodes, `[ends, observation]`.
    last_observations: Vec<f32>,
    reference: Option<Reference>,
    normaliser: Option<Normaliser>,
}

impl Dataset {
    /// Number of transitions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rewards.len()
    }

    /// Whether it is empty; never so after [`open`](Self::open).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rewards.is_empty()
    }

    /// Numbers of an observation, 1 or more.
    #[must_use]
    pub fn observation_size(&self) -> usize {
        self.observation_size
    }

    /// Numbers of an action, 1 or more.
    #[must_use]
    pub fn action_size(&self) -> usize {
        self.action_size
    }

    /// Observations at the start of each transition, `[rows, observation]`.
    #[must_use]
    pub fn observations(&self) -> &[f32] {
        &self.observations
    }

    /// What was done there, in [-1, 1], `[rows, action]`.
    #[must_use]
    pub fn actions(&self) -> &[f32] {
        &self.actions
    }

    /// Rewards, `[rows]`.
    #[must_use]
    pub fn rewards(&self) -> &[f32] {
        &self.rewards
    }

    /// Whether the task ended with this transition; no value follows.
    ///
    /// # Panics
    /// Unless `row < len()`.
    #[must_use]
    pub fn is_terminal(&self, row: usize) -> bool {
        self.follows[row] == Boundary::Terminal
    }

    /// Whether the episode was cut after this transition; the value of what was seen next counts.
    ///
    /// # Panics
    /// Unless `row < len()`.
    #[must_use]
    pub fn is_cut(&self, row: usize) -> bool {
        self.follows[row] == Boundary::Cut
    }

    /// What was seen after a transition, `[observation]`; `None` after a terminal where the file has none.
    ///
    /// # Panics
    /// Unless `row < len()`.
    #[must_use]
    pub fn next_observation(&self, row: usize) -> Option<&[f32]> {
        let size = self.observation_size;
        if self.follows[row] == Boundary::Next {
            return Some(&self.observations[(row + 1) * size..(row + 2) * size]);
        }
        let episode = self.endings.partition_point(|ending| ending.end <= row);
        let last = self.endings[episode].last?;
        Some(&self.last_observations[last * size..(last + 1) * size])
    }

    /// The rows of each episode, in order and without gaps. A file that breaks off in the middle, or whose
    /// rows do not go on where the last one led, has more of them than it names.
    pub fn episodes(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let mut start = 0;
        self.endings
            .iter()
            .map(move |ending| std::mem::replace(&mut start, ending.end)..ending.end)
    }

    /// The returns of a random policy and of an expert, where the file names them (Minari).
    #[must_use]
    pub fn reference(&self) -> Option<Reference> {
        self.reference
    }

    /// How the observations were normalised; `None` while they are the file's.
    #[must_use]
    pub fn normaliser(&self) -> Option<&Normaliser> {
        self.normaliser.as_ref()
    }

    /// Bytes of memory taken by what is stored.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let rows = [
            &self.observations,
            &self.actions,
            &self.rewards,
            &self.last_observations,
        ];
        let floats: usize = rows.iter().map(|v| v.capacity()).sum();
        size_of::<f32>() * floats
            + size_of::<Boundary>() * self.follows.capacity()
            + size_of::<Ending>() * self.endings.capacity()
    }

    /// Ends an episode after the last row marked so far. `last` is what was seen there.
    fn end_episode(&mut self, follows: Boundary, last: Option<&[f32]>) {
        self.follows.push(follows);
        let kept = last.map(|observation| {
            self.last_observations.extend_from_slice(observation);
            self.last_observations.len() / self.observation_size - 1
        });
        self.endings.push(Ending {
            end: self.follows.len(),
            last: kept,
        });
    }

    /// Removes episodes, by their numbers.
    fn leave_out(&mut self, episodes: &BTreeSet<usize>) {
        if episodes.is_empty() {
            return;
        }
        let whole = std::mem::take(self);
        self.observation_size = whole.observation_size;
        self.action_size = whole.action_size;
        self.reference = whole.reference;
        for (number, rows) in whole.episodes().enumerate() {
            if episodes.contains(&number) {
                continue;
            }
            let numbers =
                |of: &[f32], width: usize| of[rows.start * width..rows.end * width].to_vec();
            self.observations
                .extend(numbers(&whole.observations, whole.observation_size));
            self.actions
                .extend(numbers(&whole.actions, whole.action_size));
            self.rewards.extend(numbers(&whole.rewards, 1));
            let last = rows.end - 1;
            self.follows.extend(&whole.follows[rows.start..last]);
            let next = whole.next_observation(last);
            self.end_episode(whole.follows[last], next);
        }
    }
}
