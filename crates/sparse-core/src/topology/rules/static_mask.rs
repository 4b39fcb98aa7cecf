//! A pattern drawn once and kept: the static baseline (SS) of RLx2 (Tan et al. 2023, section 5) and of
//! Graesser et al. 2022 ("The State of Sparse Training in Deep RL", section 3). With
//! [`InitialMask::Random`](crate::nn::InitialMask::Random) it is the one-shot random pruning of Ma et al. 2025 (arXiv 2506.17204): the
//! mask is drawn once, when the network is, and that is all there is to it.

use crate::topology::{Action, Rule};

/// Never moves a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Static;

impl Rule for Static {
    fn action(&self) -> Action<'_> {
        Action::Stay
    }
}
