//! Settings of BCQ.

use rl_algos::Result;
use rl_algos::config::AgentConfig;
use serde::{Deserialize, Serialize};

use crate::limits::{hidden_layers, positive, within};

/// BCQ (Fujimoto et al. 2019, arXiv:1812.02900; the numbers of its released code).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BcqConfig {
    /// Largest perturbation Φ of a component of an action, in [0, 1].
    pub phi: f64,
    /// Weight λ of the smaller of two critics' values in a target, in [0, 1]; the larger has the rest.
    pub lambda: f64,
    /// Actions that a target is the best of, 1 or more.
    pub samples: usize,
    /// Actions that acting chooses among, 1 or more.
    pub candidates: usize,
    /// Features of the hidden layers of the encoder and of the decoder, each 1 or more.
    pub vae_hidden: Vec<usize>,
    /// Latent numbers per component of an action, 1 or more.
    pub latent_per_action: usize,
    /// Adam's learning rate for the encoder and the decoder, above 0.
    pub vae_learning_rate: f64,
}

impl Default for BcqConfig {
    fn default() -> Self {
        Self {
            phi: 0.05,
            lambda: 0.75,
            samples: 10,
            candidates: 100,
            vae_hidden: vec![750, 750],
            latent_per_action: 2,
            vae_learning_rate: 1e-3,
        }
    }
}

impl AgentConfig for BcqConfig {
    const NAME: &'static str = "bcq";
    const ABOUT: &'static str = "perturbs actions that a model of the data proposes";
    const SOURCE: &'static str = "arXiv 1812.02900";

    fn validate(&self) -> Result<()> {
        let share = |field, x: f64| within(field, x, (0.0..=1.0).contains(&x), "in [0, 1]");
        share("algo.bcq.phi", self.phi)?;
        share("algo.bcq.lambda", self.lambda)?;
        for (field, number) in [
            ("algo.bcq.samples", self.samples),
            ("algo.bcq.candidates", self.candidates),
            ("algo.bcq.latent_per_action", self.latent_per_action),
        ] {
            if !(1..=1 << 14).contains(&number) {
                return Err(rl_algos::Error::config(field, number, "1 to 16384"));
            }
        }
        hidden_layers("algo.bcq.vae_hidden", &self.vae_hidden)?;
        positive("algo.bcq.vae_learning_rate", self.vae_learning_rate)
    }
}
