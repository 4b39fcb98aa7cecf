//! How far a study is while it is being made, without a look at the files of every run each time.

use std::collections::BTreeSet;

use super::manifest::Planned;
use super::place::StudyDir;
use super::status::{State, Status};

/// The states of a study's runs as they were seen last.
///
/// A look goes to the runs that are being made, to those of which this process knows that they changed, and to a few of the
/// others in turn, by which it sees what other workers did. So its cost does not grow with the study.
#[derive(Clone, Debug)]
pub struct Followed {
    /// By the place of the run; none of those that are left out.
    states: Vec<Option<State>>,
    changed: BTreeSet<usize>,
    /// Of the others, the one at which the next look begins.
    next: usize,
}

impl Followed {
    /// Begins with states that were read.
    #[must_use]
    pub fn new(status: &Status) -> Self {
        Self {
            states: status.states.iter().cloned().map(Some).collect(),
            changed: BTreeSet::new(),
            next: 0,
        }
    }

    /// Says that a run may have changed.
    pub fn changed(&mut self, run: usize) {
        self.changed.insert(run);
    }

    /// Says that a run counts no longer.
    pub fn leave_out(&mut self, run: usize) {
        self.states[run] = None;
    }

    /// Reads the states of the runs that are being made, here (`making`) or as far as is known elsewhere, of those that
    /// changed, and of so many others. Returns how many it read.
    pub fn look(
        &mut self,
        study: &StudyDir,
        runs: &[Planned],
        making: impl IntoIterator<Item = usize>,
        others: usize,
    ) -> usize {
        let mut chosen = std::mem::take(&mut self.changed);
        chosen.extend(making);
        let states = self.states.iter().zip(0..);
        chosen.extend(
            states
                .filter(|(state, _)| matches!(state, Some(State::Going(_))))
                .map(|(_, run)| run),
        );
        for _ in 0..others.min(self.states.len()) {
            chosen.insert(self.next);
            self.next = (self.next + 1) % self.states.len();
        }
        chosen.retain(|run| self.states[*run].is_some());
        for run in &chosen {
            self.states[*run] = Some(State::of(study, &runs[*run]));
        }
        chosen.len()
    }

    /// How many runs are how far.
    #[must_use]
    pub fn status(&self, runs: &[Planned]) -> Status {
        let pairs = runs.iter().zip(&self.states);
        Status::sum(pairs.filter_map(|(run, state)| Some((run, state.clone()?))))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::claim::{Beat, Claim};
    use super::super::manifest::tests::planned;
    use super::super::status::{Done, keep};
    use super::*;

    fn whole(study: &StudyDir, run: &Planned) {
        fs::create_dir_all(study.run_path(&run.name)).unwrap();
        fs::write(study.run_path(&run.name).join("config.toml"), "").unwrap();
        let done = Done {
            length: run.length,
            seconds: 1.0,
        };
        keep(&study.done_path(&run.name), &done).unwrap();
    }

    #[test]
    fn a_look_reads_few_of_many_runs_and_misses_none_that_goes() {
        let folder = tempfile::tempdir().unwrap();
        let study = StudyDir::at(folder.path());
        let runs: Vec<Planned> = (0..3000).map(|i| planned(&format!("r{i}"), i)).collect();
        let mut followed = Followed::new(&Status::of(&study, &runs));
        assert_eq!(followed.status(&runs).missing, 3000);
        // Begun here, and one elsewhere that is found in its turn.
        let mut claim = Claim::take(&study, "r2000").unwrap().unwrap();
        let mut other = Claim::take(&study, "r15").unwrap().unwrap();
        assert_eq!(followed.look(&study, &runs, [2000], 10), 11);
        assert_eq!(followed.status(&runs).going, 1);
        assert_eq!(followed.look(&study, &runs, [2000], 10), 11);
        assert_eq!(followed.status(&runs).going, 2);
        // Those that go are read each time.
        for claim in [&mut claim, &mut other] {
            let beat = Beat {
                step: 40,
                ..Beat::here()
            };
            claim.beat(&beat).unwrap();
        }
        assert_eq!(followed.look(&study, &runs, [], 0), 2);
        assert_eq!(followed.status(&runs).work.0, 80);
        // What ended here is seen at once, what ended elsewhere too.
        for (claim, run) in [(claim, &runs[2000]), (other, &runs[15])] {
            whole(&study, run);
            claim.release(Beat::here()).unwrap();
        }
        whole(&study, &runs[2999]);
        followed.changed(2999);
        assert_eq!(followed.look(&study, &runs, [], 0), 3);
        let status = followed.status(&runs);
        assert_eq!((status.done, status.going, status.missing), (3, 0, 2997));
        assert_eq!(followed.look(&study, &runs, [], 0), 0);
        assert_eq!(followed.look(&study, &runs, [], 5000), 3000);
        assert_eq!(followed.status(&runs), Status::of(&study, &runs));
    }

    #[test]
    fn what_is_left_out_counts_no_longer() {
        let folder = tempfile::tempdir().unwrap();
        let study = StudyDir::at(folder.path());
        let runs = [planned("a", 0), planned("b", 1), planned("c", 2)];
        let mut followed = Followed::new(&Status::of(&study, &runs));
        whole(&study, &runs[1]);
        whole(&study, &runs[2]);
        followed.leave_out(1);
        assert_eq!(followed.look(&study, &runs, [1], 3), 2);
        let status = followed.status(&runs);
        assert_eq!((status.states.len(), status.done), (2, 1));
        assert_eq!(status.work, (100, 200));
        assert_eq!(
            Followed::new(&Status::default()).look(&study, &[], [], 5),
            0
        );
    }
}
