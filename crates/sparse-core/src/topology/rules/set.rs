//! SET, sparse evolutionary training (Mocanu et al. 2018, "Scalable training of artificial neural networks
//! with adaptive sparse connectivity", Algorithm 1), as DS-TD3 (Sokar et al. 2022) and RLx2's `random_grow`
//! baseline use it in RL: drop the values nearest zero, grow uniformly at random.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::topology::{
    DropCriterion, DropGrow, Grow, GrownMoments, GrownValue, LayerChange, NamedRule, NetworkState,
    Rule, Signal, Update,
};

/// Drops the smallest values and grows at random.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Set {
    /// Which values are dropped. The smallest magnitudes, as in RLx2's baseline; DS-TD3 balances the signs.
    pub drop: DropCriterion,
    /// Whether a connection may be grown in the step that drops it, keeping its value. True, as in the
    /// released code of both papers.
    pub allow_regrow: bool,
    /// The value of a grown connection. Zero, as in DS-TD3's paper and RLx2's code.
    pub grown_value: GrownValue,
    /// The moments of a grown connection. Zero, as Grooten et al. 2023 (arXiv 2302.06548), who followed DS-TD3.
    pub grown_moments: GrownMoments,
}

impl Default for Set {
    fn default() -> Self {
        Self {
            drop: DropCriterion::Magnitude,
            allow_regrow: true,
            grown_value: GrownValue::Zero,
            grown_moments: GrownMoments::Zero,
        }
    }
}

impl Rule for Set {
    fn signal(&self, _: u64) -> Option<Signal> {
        Some(Signal::None)
    }

    fn plan(
        &self,
        network: &NetworkState,
        update: Update,
        rng: &mut dyn Rng,
    ) -> Result<Vec<LayerChange>> {
        let how = DropGrow {
            drop: self.drop,
            grow: Grow::Random,
            allow_regrow: self.allow_regrow,
            grown_value: self.grown_value,
            grown_moments: self.grown_moments,
        };
        how.plan(network, update.budget, rng)
    }
}

impl NamedRule for Set {
    const NAME: &'static str = "set";
    const ABOUT: &'static str = "Drop the smallest weights, grow at random";
}
