//! What went wrong, counted.

/// How often something went wrong, and where it did last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warning {
    /// Number of times.
    pub count: u64,
    /// Index of the number that was bad the last time.
    pub last_index: usize,
}

impl Warning {
    pub(in crate::dynamics) fn note(&mut self, index: usize) {
        self.count += 1;
        self.last_index = index;
    }
}

/// Numbers that are not finite or beyond 1e10, by where they were met (MuJoCo's `mjWARN_BAD…`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Warnings {
    /// In positions; the state then starts over.
    pub bad_qpos: Warning,
    /// In velocities; the state then starts over.
    pub bad_qvel: Warning,
    /// In accelerations; the state then starts over.
    pub bad_qacc: Warning,
    /// In controls; all controls then count as 0.
    pub bad_ctrl: Warning,
}

impl Warnings {
    /// Number of all warnings.
    #[must_use]
    pub fn total(&self) -> u64 {
        let all = [self.bad_qpos, self.bad_qvel, self.bad_qacc, self.bad_ctrl];
        all.iter().map(|warning| warning.count).sum()
    }
}
