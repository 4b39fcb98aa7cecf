//! A pattern drawn once and kept: the static baseline (SS) of RLx2 (Tan et al. 2023, section 5) and of Graesser et al.
//! 2022 ("The State of Sparse Training in Deep RL", section 3). With
//! [`InitialMask::Random`](crate::nn::InitialMask::Random) it is the one-shot random pruning of Ma et al. 2025 (arXiv
//! 2506.17204): the mask is drawn once, with the network, and stays.

use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::topology::{LayerChange, NamedRule, NetworkState, Rule, Signal, Update};

/// Never moves a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Static;

impl Rule for Static {
    fn signal(&self, _: u64) -> Option<Signal> {
        None
    }

    fn plan(&self, network: &NetworkState, _: Update, _: &mut dyn Rng) -> Result<Vec<LayerChange>> {
        Ok(vec![LayerChange::default(); network.layers.len()])
    }

    fn grows(&self) -> bool {
        false
    }
}

impl NamedRule for Static {
    const NAME: &'static str = "static";
    const ABOUT: &'static str = "Connections stay where they are";
}
