//! SET, sparse evolutionary training (Mocanu et al. 2018, "Scalable training of artificial neural networks
//! with adaptive sparse connectivity", Algorithm 1), as DS-TD3 (Sokar et al. 2022) and RLx2's `random_grow`
//! baseline use it in RL: drop the values nearest zero, grow uniformly at random.

use serde::{Deserialize, Serialize};

use crate::topology::{Action, Drop, Grow, Move, Rule};

/// Drops the smallest values and grows at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Set {
    /// Whether a connection may be grown in the step that drops it, keeping its value. True, as in the
    /// released code of both papers.
    pub allow_regrow: bool,
}

impl Default for Set {
    fn default() -> Self {
        Self { allow_regrow: true }
    }
}

impl Rule for Set {
    fn action(&self) -> Action {
        Action::Move(Move {
            drop: Drop::Magnitude,
            grow: Grow::Random,
            allow_regrow: self.allow_regrow,
        })
    }
}
