//! Memory for consecutive slots of a replay.

/// What follows a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Follows {
    /// The next slot of the same episode.
    Next,
    /// The episode's last observation, in the next slot, and no value.
    Terminal,
    /// The episode's last observation, in the next slot, and its value.
    Cut,
    /// Nothing: this slot is an episode's last observation.
    Nothing,
}

/// Memory for consecutive slots.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) observations: Vec<f32>,
    pub(super) actions: Vec<f32>,
    pub(super) mean_actions: Vec<f32>,
    pub(super) rewards: Vec<f32>,
    pub(super) follows: Vec<Follows>,
}

impl Follows {
    /// All of them; a slot's byte in files is the place in this list.
    const ALL: [Self; 4] = [Self::Next, Self::Terminal, Self::Cut, Self::Nothing];

    /// The byte in files.
    pub(super) fn to_byte(self) -> u8 {
        self as u8
    }

    /// What a byte in a file stands for.
    pub(super) fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.get(usize::from(byte)).copied()
    }

    /// Whether the next slot holds an episode's last observation.
    pub(super) fn ends(self) -> bool {
        matches!(self, Self::Terminal | Self::Cut)
    }
}

impl Chunk {
    pub(super) fn new(slots: usize, observation_size: usize, action_size: usize) -> Self {
        Self {
            observations: vec![0.0; slots * observation_size],
            actions: vec![0.0; slots * action_size],
            mean_actions: vec![0.0; slots * action_size],
            rewards: vec![0.0; slots],
            follows: vec![Follows::Nothing; slots],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let rows = [
            &self.observations,
            &self.actions,
            &self.mean_actions,
            &self.rewards,
        ];
        let floats: usize = rows.iter().map(|v| v.capacity()).sum();
        size_of::<f32>() * floats + size_of::<Follows>() * self.follows.capacity()
    }
}
