//! Which run of a study is made next. A run that begins with another's networks waits until nothing more is done with that
//! one.

use std::collections::{BTreeMap, VecDeque};

#[derive(Debug)]
pub(super) struct Queue {
    waiting: VecDeque<usize>,
    /// Of runs with which something is still to be done, those that wait for them.
    behind: BTreeMap<usize, Vec<usize>>,
    /// Whether nothing more is done with a run here: it is whole, it failed, or it is no longer in the study.
    settled: Vec<bool>,
}

impl Queue {
    /// An empty one, of a study with so many runs.
    pub(super) fn new(runs: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            behind: BTreeMap::new(),
            settled: vec![false; runs],
        }
    }

    /// Before all others.
    pub(super) fn push_front(&mut self, run: usize) {
        self.waiting.push_front(run);
    }

    /// Behind all others.
    pub(super) fn push_back(&mut self, run: usize) {
        self.waiting.push_back(run);
    }

    /// Once nothing more is done with another.
    pub(super) fn push_behind(&mut self, source: usize, run: usize) {
        match self.settled[source] {
            true => self.waiting.push_back(run),
            false => self.behind.entry(source).or_default().push(run),
        }
    }

    /// The next run.
    pub(super) fn pop(&mut self) -> Option<usize> {
        self.waiting.pop_front()
    }

    /// Says that nothing more is done with a run. Those that wait for it come up.
    pub(super) fn settle(&mut self, run: usize) {
        self.settled[run] = true;
        self.waiting
            .extend(self.behind.remove(&run).unwrap_or_default());
    }

    pub(super) fn is_settled(&self, run: usize) -> bool {
        self.settled[run]
    }

    /// Takes out the runs that are no longer in the study.
    pub(super) fn leave_out(&mut self, is_gone: impl Fn(usize) -> bool) {
        self.waiting.retain(|run| !is_gone(*run));
        for runs in self.behind.values_mut() {
            runs.retain(|run| !is_gone(*run));
        }
        self.behind.retain(|_, runs| !runs.is_empty());
        let gone = (0..self.settled.len()).filter(|run| is_gone(*run));
        for run in gone.collect::<Vec<_>>() {
            self.settle(run);
        }
    }

    /// How many wait for nothing but their turn.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.behind.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(queue: &mut Queue) -> Vec<usize> {
        std::iter::from_fn(|| queue.pop()).collect()
    }

    #[test]
    fn what_waits_for_a_run_comes_up_once_it_is_settled() {
        let mut queue = Queue::new(6);
        queue.push_back(0);
        queue.push_back(1);
        queue.push_front(2);
        queue.push_behind(0, 3);
        queue.push_behind(0, 4);
        queue.push_behind(3, 5);
        assert_eq!(rest(&mut queue), [2, 0, 1]);
        assert!(!queue.is_empty());
        assert_eq!(queue.len(), 0);
        queue.settle(0);
        assert_eq!(rest(&mut queue), [3, 4]);
        assert!(!queue.is_empty() && queue.is_settled(0) && !queue.is_settled(3));
        queue.settle(3);
        assert_eq!(rest(&mut queue), [5]);
        assert!(queue.is_empty());
        // Nothing is left to wait for.
        queue.push_behind(3, 4);
        assert_eq!(rest(&mut queue), [4]);
    }

    #[test]
    fn what_is_no_longer_in_the_study_is_not_made() {
        let mut queue = Queue::new(5);
        queue.push_back(0);
        queue.push_back(1);
        queue.push_behind(0, 2);
        queue.push_behind(4, 3);
        queue.leave_out(|run| [1, 2, 4].contains(&run));
        assert_eq!(rest(&mut queue), [0, 3]);
        assert!(queue.is_empty());
        assert_eq!(
            [0, 1, 2, 3, 4].map(|run| queue.is_settled(run)),
            [false, true, true, false, true]
        );
    }
}
