//! What updates tell.

use sparse_core::learner::StepReport;

/// What learning from some experience did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateReport {
    /// Updates that were made.
    pub updates: u64,
    /// Numbers by name, those of [`Agent::metrics`](super::Agent::metrics); left out or NaN where an update has none. A
    /// name may occur once for each update.
    pub metrics: Vec<(&'static str, f32)>,
    /// What became of connections and units, in all networks.
    pub moves: Moves,
}

/// Connections and units that a topology rule changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// Connections that were moved: of each step the larger of those that went and those that came.
    pub moved: usize,
    /// Connections that went.
    pub dropped: usize,
    /// Connections that came.
    pub grown: usize,
    /// Hidden units that were drawn anew.
    pub recycled: usize,
}

impl Moves {
    /// The sum over the steps of some learners.
    #[must_use]
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a StepReport>) -> Self {
        let mut sum = Self::default();
        for step in steps {
            sum.moved += step.moved.unwrap_or(0);
            sum.dropped += step.dropped;
            sum.grown += step.grown;
            sum.recycled += step.recycled;
        }
        sum
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
        let Moves {
            moved,
            dropped,
            grown,
            recycled,
        } = later.moves;
        self.moves.moved += moved;
        self.moves.dropped += dropped;
        self.moves.grown += grown;
        self.moves.recycled += recycled;
    }
}
