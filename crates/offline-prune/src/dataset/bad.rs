//! Rows with numbers that are not allowed.

use std::collections::BTreeSet;

use crate::{Error, Result};

/// What becomes of such rows: the first is an error, or all are noted, so that their episodes can be left out.
#[derive(Debug, Default)]
pub(super) struct Bad {
    noted: Option<BTreeSet<usize>>,
    first: Option<Error>,
}

impl Bad {
    /// The first is an error.
    pub(super) fn refused() -> Self {
        Self::default()
    }

    /// All are noted, if `skip`.
    pub(super) fn noted(skip: bool) -> Self {
        Self {
            noted: skip.then(BTreeSet::new),
            first: None,
        }
    }

    /// A row, from 0, and what is wrong with it.
    ///
    /// # Errors
    /// The fault, unless rows are noted.
    pub(super) fn row(&mut self, row: usize, fault: impl FnOnce() -> Error) -> Result<()> {
        let Some(noted) = &mut self.noted else {
            return Err(fault());
        };
        if self.first.is_none() {
            self.first = Some(fault());
        }
        noted.insert(row);
        Ok(())
    }

    /// Whether a row was noted.
    pub(super) fn has(&self, row: usize) -> bool {
        self.noted
            .as_ref()
            .is_some_and(|noted| noted.contains(&row))
    }

    /// What was wrong with the first.
    pub(super) fn into_first(self) -> Option<Error> {
        self.first
    }
}
