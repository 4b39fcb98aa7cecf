//! A line of slots, each with one observation and its action; new ones are added at the end and the oldest are dropped
//! at the start.
//!
//! The observation after a transition is the one in the next slot, so each is stored once. Where an episode
//! ends, its last observation takes a slot of its own, from which nothing starts. Such a slot always stands
//! right after a transition, and never first, so at least half of the slots are transitions.

use std::collections::VecDeque;

use rand::{Rng, RngExt};

use super::Batch;
use super::chunk::{Boundary, Chunk, Slot};

/// Most slots by which the memory grows at a time.
const CHUNK: usize = 1 << 12;

/// Windows that are drawn together: more than wait for memory at the same time, and few enough for the nearest caches
/// (three steps of HalfCheetah: 31 KB).
const BLOCK: usize = 64;

/// Draws of a start before the transition in front of the slot drawn last is taken. One draw fails with a
/// probability of a half at most, so this limits the cost and leaves the starts uniform within 2^-64.
const DRAWS: usize = 64;

/// One step of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// What was seen, `[observation]`.
    pub observation: &'a [f32],
    /// What was done, in [-1, 1], `[action]`.
    pub action: &'a [f32],
    /// The policy's action without noise, `[action]`; the action itself when it was random.
    pub mean_action: &'a [f32],
    /// Reward.
    pub reward: f32,
    /// What was seen next, `[observation]`.
    pub next_observation: &'a [f32],
    /// Whether the task ended; no value follows.
    pub terminated: bool,
    /// Whether the episode was truncated; the value of the next observation counts.
    pub truncated: bool,
}

/// Stored transitions; the oldest are dropped first.
#[derive(Clone, Debug)]
pub struct Replay {
    pub(super) observation_size: usize,
    pub(super) action_size: usize,
    pub(super) capacity: usize,
    /// Slots of a chunk, as a power of two.
    chunk_bits: u32,
    chunks: VecDeque<Chunk>,
    /// The chunk emptied last, to be used again.
    spare: Option<Chunk>,
    /// First slot of the first chunk, oldest slot, and the one after the newest, counted from the first ever.
    pub(super) first: usize,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Transitions between the last two.
    pub(super) transitions: usize,
    /// Whether slot `end` already holds the observation that the newest transition led to. Only while there
    /// is a transition.
    pub(super) pending: bool,
}

impl Replay {
    /// An empty replay that keeps the newest `capacity` transitions, at least 1. Memory is taken as it fills.
    #[must_use]
    pub fn new(observation_size: usize, action_size: usize, capacity: usize) -> Self {
        let capacity = capacity.max(1);
        Self {
            observation_size,
            action_size,
            capacity,
            chunk_bits: (capacity / 8).clamp(4, CHUNK).ilog2(),
            chunks: VecDeque::new(),
            spare: None,
            first: 0,
            start: 0,
            end: 0,
            transitions: 0,
            pending: false,
        }
    }

    /// Numbers in an observation and in an action, and how many transitions are kept at most.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        [self.observation_size, self.action_size, self.capacity]
    }

    /// Stored transitions, all of which can be sampled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transitions
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transitions == 0
    }

    /// Stores a transition, dropping the oldest where there is no room. One that does not continue the last one begins
    /// a new episode; the last one's then counts as truncated.
    ///
    /// # Panics
    /// When a row has another size than the replay was made for.
    pub fn push(&mut self, transition: &Transition<'_>) {
        self.check(transition);
        if self.pending && !same(self.observation(self.end), transition.observation) {
            self.set_follows(self.end - 1, Boundary::Cut);
            self.end_episode();
        }
        if self.transitions == self.capacity {
            self.drop_one();
        }
        if !self.pending {
            self.write_observation(transition.observation);
        }
        let (observation, action) = (self.observation_size, self.action_size);
        let row = self.room(self.end);
        row[observation..observation + action].copy_from_slice(transition.action);
        row[observation + action..observation + 2 * action].copy_from_slice(transition.mean_action);
        row[observation + 2 * action] = transition.reward;
        let follows = match (transition.terminated, transition.truncated) {
            (true, _) => Boundary::Terminal,
            (false, true) => Boundary::Cut,
            (false, false) => Boundary::Next,
        };
        self.set_follows(self.end, follows);
        self.end += 1;
        self.transitions += 1;
        self.write_observation(transition.next_observation);
        self.pending = true;
        if transition.terminated || transition.truncated {
            self.end_episode();
        }
    }

    /// Fills `batch` with windows of `n_step` transitions (0 counts as 1), shorter where an episode or the
    /// data end; `size` rows, or none while nothing is stored. Starts are uniform over the stored
    /// transitions, with replacement.
    ///
    /// The sum of a window's rewards is discounted from its start; after a terminal no value follows, and after a time
    /// limit that of the observation there (RLx2's released code), as after the newest transition. Intermediate
    /// observations are left out where the batch says so.
    pub fn sample(
        &self,
        n_step: usize,
        gamma: f32,
        size: usize,
        rng: &mut impl Rng,
        batch: &mut Batch,
    ) {
        batch.clear();
        if self.is_empty() {
            return;
        }
        let starts: Vec<usize> = (0..size).map(|_| self.draw(rng)).collect();
        // Outside of a pool of threads, a fork would wake another one.
        let threads = match rayon::current_thread_index() {
            Some(_) => rayon::current_num_threads(),
            None => 1,
        };
        if threads == 1 || size < 2 * BLOCK {
            return self.add_windows(&starts, n_step, gamma, batch);
        }
        let (first, second) = starts.split_at(size / 2);
        let mut rest = Batch {
            skip_intermediate: batch.skip_intermediate,
            ..Batch::default()
        };
        rayon::join(
            || self.add_windows(first, n_step, gamma, batch),
            || self.add_windows(second, n_step, gamma, &mut rest),
        );
        batch.append(&rest);
    }

    /// Adds the windows from these slots to a batch.
    fn add_windows(&self, starts: &[usize], n_step: usize, gamma: f32, batch: &mut Batch) {
        for starts in starts.chunks(BLOCK) {
            self.prefetch(starts, n_step);
            for &start in starts {
                self.add_window(start, n_step, gamma, batch);
            }
        }
    }

    /// Reads a number from every line of memory in which the windows from `starts` lie, up to eight steps of them within
    /// a chunk. A copy of one row after the other waits for memory once a row; these reads wait for all at the same time.
    fn prefetch(&self, starts: &[usize], n_step: usize) {
        /// Numbers in a line of memory.
        const LINE: usize = 16;
        let numbers = n_step.clamp(1, 8) * self.width() + self.observation_size;
        let mut touched = 0.0;
        for &start in starts {
            let (chunk, slot) = self.place(start);
            let rows = &self.chunks[chunk].rows[slot * self.width()..];
            let rows = &rows[..numbers.min(rows.len())];
            touched += rows.iter().step_by(LINE).sum::<f32>() + rows[rows.len() - 1];
        }
        std::hint::black_box(touched);
    }

    /// Adds the window from slot `start` to a batch.
    fn add_window(&self, start: usize, n_step: usize, gamma: f32, batch: &mut Batch) {
        let Slot {
            observation,
            action,
            ..
        } = self.slot(start);
        let (mut sum, mut discount, mut next) = (0.0, 1.0, start);
        let last = loop {
            let Slot {
                reward, follows, ..
            } = self.slot(next);
            sum += discount * reward;
            discount *= gamma;
            next += 1;
            if follows != Boundary::Next || next == self.end || next - start >= n_step {
                break follows;
            }
            if !batch.skip_intermediate {
                batch.intermediate_row.push(batch.size as u32);
                batch.intermediate_discount.push(discount);
                let passed = self.observation(next);
                batch.intermediate_observation.extend_from_slice(passed);
            }
        };
        if last == Boundary::Terminal {
            discount = 0.0;
        }
        batch.size += 1;
        batch.observation.extend_from_slice(observation);
        batch.action.extend_from_slice(action);
        batch.return_n.push(sum);
        batch.discount.push(discount);
        batch
            .next_observation
            .extend_from_slice(self.observation(next));
    }

    /// Replaces what `observations` and `mean_actions` hold by the observations `[rows, observation]` and
    /// noiseless actions `[rows, action]` of the oldest transitions. Returns the rows: `count`, or as many as
    /// there are.
    pub fn oldest(
        &self,
        count: usize,
        observations: &mut Vec<f32>,
        mean_actions: &mut Vec<f32>,
    ) -> usize {
        observations.clear();
        mean_actions.clear();
        let rows = count.min(self.transitions);
        let starts = (self.start..self.end).filter(|i| self.follows(*i) != Boundary::Nothing);
        for start in starts.take(rows) {
            let slot = self.slot(start);
            observations.extend_from_slice(slot.observation);
            mean_actions.extend_from_slice(slot.mean_action);
        }
        rows
    }

    /// All stored transitions, the oldest first. The newest may belong to an episode that is under way: neither
    /// terminated nor truncated.
    pub fn transitions(&self) -> impl Iterator<Item = Transition<'_>> + Clone {
        let starts = (self.start..self.end).filter(|i| self.follows(*i) != Boundary::Nothing);
        starts.map(|start| {
            let slot = self.slot(start);
            Transition {
                observation: slot.observation,
                action: slot.action,
                mean_action: slot.mean_action,
                reward: slot.reward,
                next_observation: self.observation(start + 1),
                terminated: slot.follows == Boundary::Terminal,
                truncated: slot.follows == Boundary::Cut,
            }
        })
    }

    /// Drops the oldest transitions, `count` or all there are, and frees their memory.
    pub fn drop_oldest(&mut self, count: usize) {
        for _ in 0..count.min(self.transitions) {
            self.drop_one();
        }
    }

    /// Bytes of memory taken by what is stored and by room for more.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let chunks = self.chunks.iter().chain(&self.spare);
        chunks.map(Chunk::bytes).sum::<usize>() + self.chunks.capacity() * size_of::<Chunk>()
    }

    fn check(&self, transition: &Transition<'_>) {
        let (observation, action) = (self.observation_size, self.action_size);
        assert_eq!(transition.observation.len(), observation, "observation");
        assert_eq!(
            transition.next_observation.len(),
            observation,
            "next observation"
        );
        assert_eq!(transition.action.len(), action, "action");
        assert_eq!(transition.mean_action.len(), action, "mean action");
    }

    /// A transition's slot, uniform over the stored ones, of which there must be one.
    fn draw(&self, rng: &mut impl Rng) -> usize {
        let mut start = self.start;
        for _ in 0..DRAWS {
            start = rng.random_range(self.start..self.end);
            if self.follows(start) != Boundary::Nothing {
                return start;
            }
        }
        start - 1
    }

    /// Slots of a chunk.
    pub(super) fn chunk(&self) -> usize {
        1 << self.chunk_bits
    }

    /// Numbers in a slot.
    pub(super) fn width(&self) -> usize {
        self.observation_size + 2 * self.action_size + 1
    }

    /// The chunk of a slot and its place there.
    fn place(&self, index: usize) -> (usize, usize) {
        let offset = index - self.first;
        (offset >> self.chunk_bits, offset & (self.chunk() - 1))
    }

    /// The numbers of a slot: observation, action, mean action, reward.
    pub(super) fn row(&self, index: usize) -> &[f32] {
        let (chunk, slot) = self.place(index);
        let width = self.width();
        &self.chunks[chunk].rows[slot * width..(slot + 1) * width]
    }

    fn slot(&self, index: usize) -> Slot<'_> {
        let (observation, rest) = self.row(index).split_at(self.observation_size);
        let (action, rest) = rest.split_at(self.action_size);
        let (mean_action, reward) = rest.split_at(self.action_size);
        Slot {
            observation,
            action,
            mean_action,
            reward: reward[0],
            follows: self.follows(index),
        }
    }

    pub(super) fn follows(&self, index: usize) -> Boundary {
        let (chunk, slot) = self.place(index);
        self.chunks[chunk].follows[slot]
    }

    pub(super) fn set_follows(&mut self, index: usize, follows: Boundary) {
        let (chunk, slot) = self.place(index);
        self.chunks[chunk].follows[slot] = follows;
    }

    pub(super) fn observation(&self, index: usize) -> &[f32] {
        &self.row(index)[..self.observation_size]
    }

    /// Writes the observation of slot `end`, with new memory when there is none for it.
    fn write_observation(&mut self, observation: &[f32]) {
        self.room(self.end)[..observation.len()].copy_from_slice(observation);
    }

    /// The numbers of a slot, to be written, with new memory when there is none for it.
    pub(super) fn room(&mut self, index: usize) -> &mut [f32] {
        let (chunk, slot) = self.place(index);
        let (slots, width) = (self.chunk(), self.width());
        while self.chunks.len() <= chunk {
            let spare = self.spare.take();
            self.chunks
                .push_back(spare.unwrap_or_else(|| Chunk::new(slots, width)));
        }
        &mut self.chunks[chunk].rows[slot * width..(slot + 1) * width]
    }

    /// Turns the observation under way into an episode's last.
    fn end_episode(&mut self) {
        self.set_follows(self.end, Boundary::Nothing);
        self.end += 1;
        self.pending = false;
    }

    /// Forgets the oldest transition, and the end of its episode with it.
    fn drop_one(&mut self) {
        self.start += 1;
        self.transitions -= 1;
        if self.start < self.end && self.follows(self.start) == Boundary::Nothing {
            self.start += 1;
        }
        self.pending &= self.transitions > 0;
        while self.start >= self.first + self.chunk() {
            self.spare = self.chunks.pop_front();
            self.first += self.chunk();
        }
    }
}

/// Whether two observations are equal; NaN equals itself here, so that it breaks no episode.
fn same(a: &[f32], b: &[f32]) -> bool {
    a.iter()
        .zip(b)
        .all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
}
