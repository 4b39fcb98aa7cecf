//! Actions that stick.

use super::draws::Draws;
use super::{Kind, Wrapped, Wrapper, read};
use crate::Result;
use crate::env::{Env, Step};

pub(super) const KIND: Kind = Kind {
    name: "sticky_actions",
    about: "Probability that a step of the task repeats the action before it, in [0, 1)",
    allowed: "a number in [0, 1)",
    wrap: |env, value| {
        let probability = read(value, |p| (0.0..1.0).contains(p))?;
        let actions = env.info().action.len();
        Some(Wrapped::new(env, StickyAction::new(probability, actions)).into())
    },
};

/// With a probability the last action is executed again, instead of the one that was chosen (Machado et al. 2018).
#[derive(Clone, Debug)]
pub struct StickyAction {
    probability: f64,
    /// The action executed last.
    last: Vec<f64>,
    /// Whether there is one in this episode.
    acted: bool,
    draws: Draws,
}

impl StickyAction {
    /// Of actions of `actions` numbers, each with this probability in [0, 1).
    #[must_use]
    pub fn new(probability: f64, actions: usize) -> Self {
        Self {
            probability,
            last: vec![0.0; actions],
            acted: false,
            draws: Draws::new(1),
        }
    }
}

impl Wrapper for StickyAction {
    fn begin(&mut self, seed: Option<u64>, _: &[f64]) {
        self.draws.begin(seed);
        self.acted = false;
    }

    fn step(&mut self, env: &mut dyn Env, action: &[f64], seen: &mut [f64]) -> Result<Step> {
        let sticks = self.draws.next().uniform(0.0, 1.0) < self.probability;
        if !(sticks && self.acted) {
            self.last.copy_from_slice(action);
        }
        self.acted = true;
        env.step(&self.last, seen)
    }

    fn state(&self) -> Vec<f64> {
        let acted = f64::from(u8::from(self.acted));
        [&self.draws.state()[..], &[acted], &self.last].concat()
    }

    fn set_state(&mut self, numbers: &[f64]) {
        let (draws, rest) = numbers.split_at(Draws::NUMBERS);
        self.draws.set_state(draws);
        self.acted = rest[0] != 0.0;
        self.last.copy_from_slice(&rest[1..]);
    }
}
