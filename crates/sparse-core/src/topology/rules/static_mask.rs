//! A pattern drawn once and kept: the static baseline (SS) of RLx2 (Tan et al. 2023, section 5) and of
//! Graesser et al. 2022 ("The State of Sparse Training in Deep RL", section 3).

use crate::topology::{Rule, Signal};

/// Never moves a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Static;

impl Rule for Static {
    fn rewires(&self) -> bool {
        false
    }

    fn needs(&self) -> Signal {
        Signal::None
    }

    fn allow_regrow(&self) -> bool {
        true
    }
}
