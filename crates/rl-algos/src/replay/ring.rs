//! A ring of slots, each with one observation and what was done there.
//!
//! The observation after a transition is the one in the next slot, so each is stored once. Where an episode
//! ends, its last observation takes a slot of its own, from which nothing starts.

use rand::{Rng, RngExt};

use super::Batch;

/// Slots by which the memory grows until the ring is full.
const CHUNK: usize = 1 << 14;

/// One step of an environment.
#[derive(Clone, Copy, Debug)]
pub struct Transition<'a> {
    /// What was seen, `[observation]`.
    pub observation: &'a [f32],
    /// What was done, in [-1, 1], `[action]`.
    pub action: &'a [f32],
    /// What the policy would have done without noise, `[action]`; the action itself when it was random.
    pub mean_action: &'a [f32],
    /// Reward.
    pub reward: f32,
    /// What was seen next, `[observation]`.
    pub next_observation: &'a [f32],
    /// Whether the task ended; no value follows.
    pub terminated: bool,
    /// Whether the episode was cut short; the value of what was seen next counts.
    pub truncated: bool,
}

/// What follows a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Follows {
    /// The next slot of the same episode.
    Next,
    /// The episode's last observation, in the next slot, and no value.
    Terminal,
    /// The episode's last observation, in the next slot, and its value.
    Cut,
    /// Nothing: this slot is an episode's last observation.
    Nothing,
}

/// Stored transitions, the oldest forgotten first.
#[derive(Clone, Debug)]
pub struct Replay {
    observation_size: usize,
    action_size: usize,
    /// Slots of the ring.
    slots: usize,
    /// The oldest slot and the one after the newest, counted from the first ever.
    start: usize,
    end: usize,
    /// Transitions between them.
    transitions: usize,
    /// Whether slot `end` already holds the observation that the newest transition led to.
    pending: bool,
    observations: Vec<f32>,
    actions: Vec<f32>,
    mean_actions: Vec<f32>,
    rewards: Vec<f32>,
    follows: Vec<Follows>,
}

impl Replay {
    /// An empty replay of `capacity` slots, at least 1: a transition takes one, and the end of an episode one
    /// more. Memory is taken as it fills.
    #[must_use]
    pub fn new(observation_size: usize, action_size: usize, capacity: usize) -> Self {
        Self {
            observation_size,
            action_size,
            // One transition, its episode's end, and the observation under way.
            slots: capacity.max(1) + 2,
            start: 0,
            end: 0,
            transitions: 0,
            pending: false,
            observations: Vec::new(),
            actions: Vec::new(),
            mean_actions: Vec::new(),
            rewards: Vec::new(),
            follows: Vec::new(),
        }
    }

    /// Stored transitions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.transitions
    }

    /// Whether nothing is stored.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.transitions == 0
    }

    /// Stores a transition, forgetting the oldest where there is no room. One that does not go on where the
    /// last one led begins a new episode; the last one's then counts as cut.
    ///
    /// # Panics
    /// When a row has another size than the replay was made for.
    pub fn push(&mut self, transition: &Transition<'_>) {
        assert_eq!(
            transition.observation.len(),
            self.observation_size,
            "observation"
        );
        assert_eq!(
            transition.next_observation.len(),
            self.observation_size,
            "next observation"
        );
        assert_eq!(transition.action.len(), self.action_size, "action");
        assert_eq!(
            transition.mean_action.len(),
            self.action_size,
            "mean action"
        );
        if self.pending && self.observation(self.end) != transition.observation {
            let newest = self.slot(self.end - 1);
            self.follows[newest] = Follows::Cut;
            self.end_episode();
        }
        self.make_room();
        let slot = self.slot(self.end);
        self.write_observation(slot, transition.observation);
        let (from, to) = (slot * self.action_size, (slot + 1) * self.action_size);
        self.actions[from..to].copy_from_slice(transition.action);
        self.mean_actions[from..to].copy_from_slice(transition.mean_action);
        self.rewards[slot] = transition.reward;
        self.follows[slot] = match (transition.terminated, transition.truncated) {
            (true, _) => Follows::Terminal,
            (false, true) => Follows::Cut,
            (false, false) => Follows::Next,
        };
        self.end += 1;
        self.transitions += 1;
        self.make_room();
        let next = self.slot(self.end);
        self.write_observation(next, transition.next_observation);
        self.pending = true;
        if transition.terminated || transition.truncated {
            self.end_episode();
        }
    }

    /// Fills `batch` with windows of `n_step` transitions, shorter where an episode or the data end; `size`
    /// rows, or none while nothing is stored. Starts are uniform over the stored transitions.
    ///
    /// The sum of a window's rewards is discounted from its start; after a terminal no value follows, and
    /// after a time limit or the newest transition that of the observation there (RLx2's released code).
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
        while batch.size < size {
            let start = rng.random_range(self.start..self.end);
            let slot = self.slot(start);
            if self.follows[slot] == Follows::Nothing {
                continue;
            }
            let (mut sum, mut discount, mut last) = (0.0, 1.0, start);
            loop {
                let slot = self.slot(last);
                sum += discount * self.rewards[slot];
                discount *= gamma;
                let goes_on = self.follows[slot] == Follows::Next && last + 1 < self.end;
                if !goes_on || last + 1 - start >= n_step {
                    break;
                }
                last += 1;
            }
            if self.follows[self.slot(last)] == Follows::Terminal {
                discount = 0.0;
            }
            batch.size += 1;
            batch.observation.extend_from_slice(self.observation(start));
            let action = slot * self.action_size;
            batch
                .action
                .extend_from_slice(&self.actions[action..action + self.action_size]);
            batch.return_n.push(sum);
            batch.discount.push(discount);
            batch
                .next_observation
                .extend_from_slice(self.observation(last + 1));
        }
    }

    /// Observations `[rows, observation]` and noiseless actions `[rows, action]` of the oldest transitions,
    /// `count` or as many as there are.
    #[must_use]
    pub fn oldest(&self, count: usize) -> (Vec<f32>, Vec<f32>) {
        let (mut observations, mut actions) = (Vec::new(), Vec::new());
        let starts =
            (self.start..self.end).filter(|s| self.follows[self.slot(*s)] != Follows::Nothing);
        for start in starts.take(count) {
            observations.extend_from_slice(self.observation(start));
            let from = self.slot(start) * self.action_size;
            actions.extend_from_slice(&self.mean_actions[from..from + self.action_size]);
        }
        (observations, actions)
    }

    /// Forgets the oldest transitions, `count` or as many as there are.
    pub fn drop_oldest(&mut self, count: usize) {
        for _ in 0..count.min(self.transitions) {
            self.drop_one();
        }
    }

    /// Bytes of memory taken.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let floats = [
            &self.observations,
            &self.actions,
            &self.mean_actions,
            &self.rewards,
        ];
        4 * floats.iter().map(|v| v.capacity()).sum::<usize>() + self.follows.capacity()
    }

    fn slot(&self, index: usize) -> usize {
        index % self.slots
    }

    fn observation(&self, index: usize) -> &[f32] {
        let from = self.slot(index) * self.observation_size;
        &self.observations[from..from + self.observation_size]
    }

    fn write_observation(&mut self, slot: usize, observation: &[f32]) {
        let from = slot * self.observation_size;
        self.observations[from..from + self.observation_size].copy_from_slice(observation);
    }

    /// Turns the observation under way into an episode's last.
    fn end_episode(&mut self) {
        let slot = self.slot(self.end);
        self.follows[slot] = Follows::Nothing;
        self.end += 1;
        self.pending = false;
    }

    /// Makes slot `end` usable.
    fn make_room(&mut self) {
        while self.end - self.start >= self.slots {
            self.drop_one();
        }
        let wanted = self.slot(self.end) + 1;
        if wanted <= self.follows.len() {
            return;
        }
        if wanted > self.follows.capacity() {
            let more = CHUNK.min(self.slots - self.follows.len());
            self.observations
                .reserve_exact(more * self.observation_size);
            self.actions.reserve_exact(more * self.action_size);
            self.mean_actions.reserve_exact(more * self.action_size);
            self.rewards.reserve_exact(more);
            self.follows.reserve_exact(more);
        }
        self.observations
            .resize(wanted * self.observation_size, 0.0);
        self.actions.resize(wanted * self.action_size, 0.0);
        self.mean_actions.resize(wanted * self.action_size, 0.0);
        self.rewards.resize(wanted, 0.0);
        self.follows.resize(wanted, Follows::Nothing);
    }

    /// Forgets the oldest transition, and the end of its episode with it.
    fn drop_one(&mut self) {
        self.start += 1;
        self.transitions -= 1;
        if self.start < self.end && self.follows[self.slot(self.start)] == Follows::Nothing {
            self.start += 1;
        }
    }
}
