//! How rows end: by a flag, by a jump, or by a longest length.

use super::Boundary;
use super::facts::Facts;

/// Decides row by row how each ends.
pub(super) struct Ends<'a> {
    terminals: &'a [bool],
    timeouts: &'a [bool],
    /// Longest episode, 1 or more; longer ones are cut.
    most: Option<usize>,
    /// Steps that the task has at most.
    limit: Option<usize>,
    /// Rows of the episode under way.
    rows: usize,
    facts: &'a mut Facts,
}

impl<'a> Ends<'a> {
    /// For rows with these flags, as many of each.
    pub(super) fn new(
        [terminals, timeouts]: [&'a [bool]; 2],
        most: Option<usize>,
        limit: Option<usize>,
        facts: &'a mut Facts,
    ) -> Self {
        let both = terminals.iter().zip(timeouts).filter(|(a, b)| **a && **b);
        facts.both_flags += both.count();
        Self {
            terminals,
            timeouts,
            most,
            limit,
            rows: 0,
            facts,
        }
    }

    /// What follows the next row, which is number `row`; `jumps` when the row after it is not where it led.
    pub(super) fn of(&mut self, row: usize, jumps: bool) -> Boundary {
        self.rows += 1;
        let full = self.most.is_some_and(|most| self.rows >= most);
        // A terminal needs no next observation, so it wins over a time-out.
        let follows = match (self.terminals[row], self.timeouts[row] || jumps) {
            (true, _) => Boundary::Terminal,
            (false, true) => Boundary::Cut,
            (false, false) if full => {
                self.facts.cut += 1;
                Boundary::Cut
            }
            (false, false) => Boundary::Next,
        };
        if follows != Boundary::Next {
            self.end();
        }
        follows
    }

    /// The episode under way ends, at the last row at the latest.
    pub(super) fn end(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        self.facts.longest = self.facts.longest.max(rows);
        self.facts.too_long += usize::from(self.limit.is_some_and(|limit| rows > limit));
    }
}
