//! What an update learns from.

/// Sampled windows of transitions, row after row. Reused from sample to sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// Number of rows.
    pub size: usize,
    /// Observations at the start of the windows, `[size, observation]`.
    pub observation: Vec<f32>,
    /// Actions taken there, in [-1, 1], `[size, action]`.
    pub action: Vec<f32>,
    /// Discounted sums of the windows' rewards, `[size]`.
    pub return_n: Vec<f32>,
    /// Weight of the value after the window, `[size]`: γ to the window's length, or 0 after a terminal.
    pub discount: Vec<f32>,
    /// Observations after the windows, `[size, observation]`.
    pub next_observation: Vec<f32>,
    /// Whether samples leave out intermediate observations. [`Sac`](crate::algos::Sac) refuses such a batch.
    pub skip_intermediate: bool,
    /// Intermediate observations of the windows, `[passed, observation]`; none for windows of one step, or where they
    /// are left out.
    pub intermediate_observation: Vec<f32>,
    /// The row that each of these belongs to, `[passed]`.
    pub intermediate_row: Vec<u32>,
    /// γ to the steps that lead there, `[passed]`.
    pub intermediate_discount: Vec<f32>,
}

impl Batch {
    /// Empties the batch and keeps its memory, and what samples leave out.
    pub fn clear(&mut self) {
        self.size = 0;
        self.observation.clear();
        self.action.clear();
        self.return_n.clear();
        self.discount.clear();
        self.next_observation.clear();
        self.intermediate_observation.clear();
        self.intermediate_row.clear();
        self.intermediate_discount.clear();
    }

    /// Adds the rows of another batch behind these.
    pub(super) fn append(&mut self, other: &Self) {
        let rows = other.intermediate_row.iter();
        let first = self.size as u32;
        self.intermediate_row.extend(rows.map(|row| first + row));
        self.size += other.size;
        for (numbers, more) in [
            (&mut self.observation, &other.observation),
            (&mut self.action, &other.action),
            (&mut self.return_n, &other.return_n),
            (&mut self.discount, &other.discount),
            (&mut self.next_observation, &other.next_observation),
            (
                &mut self.intermediate_observation,
                &other.intermediate_observation,
            ),
            (
                &mut self.intermediate_discount,
                &other.intermediate_discount,
            ),
        ] {
            numbers.extend_from_slice(more);
        }
    }
}
