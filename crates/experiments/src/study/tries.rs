//! How often a run of a study is tried.

/// How often a run is tried that ends with an error.
const FAILURES: u32 = 2;

/// How often a run is begun that is killed each time at the same step.
pub(super) const KILLS: u32 = 5;

/// What was tried of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tries {
    /// How often it ended with an error.
    failures: u32,
    /// How often it was killed without a step more than before.
    kills: u32,
    /// Where it was when it was killed last.
    step: u64,
}

/// What comes of a run that has ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It is tried again.
    Again,
    /// It was tried as often as it may, which is so often.
    Over(u32),
}

impl Tries {
    /// It ended with an error.
    pub(super) fn failed(&mut self) -> Next {
        self.failures += 1;
        match self.failures < FAILURES {
            true => Next::Again,
            false => Next::Over(self.failures),
        }
    }

    /// It was killed at a step, or later.
    pub(super) fn killed(&mut self, step: u64) -> Next {
        self.kills = if step > self.step { 1 } else { self.kills + 1 };
        self.step = step;
        match self.kills < KILLS {
            true => Next::Again,
            false => Next::Over(self.kills),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_fails_is_tried_once_more() {
        let mut tries = Tries::default();
        assert_eq!(tries.failed(), Next::Again);
        assert_eq!(tries.failed(), Next::Over(2));
    }

    #[test]
    fn one_that_is_killed_goes_on_while_it_gets_further() {
        let mut tries = Tries::default();
        for step in [0, 0, 0, 0, 100, 100, 100, 100, 200] {
            assert_eq!(tries.killed(step), Next::Again);
        }
        // Of an error it is tried again all the same.
        assert_eq!(tries.failed(), Next::Again);
        for _ in 0..3 {
            assert_eq!(tries.killed(200), Next::Again);
        }
        assert_eq!(tries.killed(200), Next::Over(5));
    }
}
