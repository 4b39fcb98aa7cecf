//! Memory for consecutive slots of a replay.

/// What follows a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
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
///
/// The numbers of a slot lie beside each other, and those of the next slot behind them: windows are drawn from anywhere
/// in memory, so each should touch as few pages as possible.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// `[slots, width]`: observation, action, mean action, reward.
    pub(super) rows: Vec<f32>,
    pub(super) follows: Vec<Boundary>,
}

/// What a slot holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot<'a> {
    pub(super) observation: &'a [f32],
    pub(super) action: &'a [f32],
    pub(super) mean_action: &'a [f32],
    pub(super) reward: f32,
    pub(super) follows: Boundary,
}

impl Boundary {
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
    pub(super) fn new(slots: usize, width: usize) -> Self {
        Self {
            rows: vec![0.0; slots * width],
            follows: vec![Boundary::Nothing; slots],
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<f32>() * self.rows.capacity() + size_of::<Boundary>() * self.follows.capacity()
    }
}
