//! What updates tell.

use std::iter::Sum;

use sparse_core::trainer::StepReport;

/// What learning from some experience did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateReport {
    /// Updates that were made.
    pub updates: u64,
    /// Numbers by name, those of [`Agent::metrics`](super::Agent::metrics); left out or NaN where an update has none; another
    /// name is an error. A name may occur once for each update.
    pub metrics: Vec<(&'static str, f32)>,
    /// Changes of connections and units, in all networks.
    pub moves: Moves,
}

/// Connections and units that a topology rule changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Connections moved: of each step the larger of the numbers dropped and grown.
    pub moved: usize,
    /// Connections that went.
    pub dropped: usize,
    /// Connections that came.
    pub grown: usize,
    /// Hidden units that were drawn anew.
    pub recycled: usize,
}

impl Moves {
    /// Those of one step.
    #[must_use]
    pub fn of<A>(step: &StepReport<A>) -> Self {
        Self {
            moved: step.moved.unwrap_or(0),
            dropped: step.dropped,
            grown: step.grown,
            recycled: step.recycled,
        }
    }
}

impl Sum for Moves {
    fn sum<I: Iterator<Item = Self>>(moves: I) -> Self {
        moves.fold(Self::default(), |sum, more| Self {
            moved: sum.moved + more.moved,
            dropped: sum.dropped + more.dropped,
            grown: sum.grown + more.grown,
            recycled: sum.recycled + more.recycled,
        })
    }
}

impl UpdateReport {
    /// The number of this name; of the first update where there are several.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f32> {
        let mut metrics = self.metrics.iter();
        metrics.find(|(own, _)| *own == name).map(|(_, x)| *x)
    }

    /// Adds what a later update told.
    pub fn add(&mut self, later: Self) {
        self.updates += later.updates;
        self.metrics.extend(later.metrics);
        self.moves = [self.moves, later.moves].into_iter().sum();
    }
}
