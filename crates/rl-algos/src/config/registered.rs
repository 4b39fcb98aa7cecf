//! Named things of a process: those of a crate, and those that a user adds.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use crate::{Error, Result};

/// What was registered under names, in all of the process.
#[derive(Debug, Default)]
pub struct Registered<T>(RwLock<BTreeMap<&'static str, T>>);

impl<T: Copy> Registered<T> {
    /// Without anything.
    #[must_use]
    pub const fn new() -> Self {
        Self(RwLock::new(BTreeMap::new()))
    }

    /// Adds `item` under a name that no other `what` has, neither here nor among `ours`.
    ///
    /// # Errors
    /// [`Error::Config`] when the name is taken, or is none: lower case letters, digits, `_` and `-`.
    pub fn add(
        &self,
        what: &'static str,
        name: &'static str,
        item: T,
        ours: impl IntoIterator<Item = &'static str>,
    ) -> Result<()> {
        check_name(what, name)?;
        let mut registered = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if registered.contains_key(name) || ours.into_iter().any(|own| own == name) {
            let allowed = format!("a name that no other {what} has");
            return Err(Error::config(what, name, &allowed));
        }
        registered.insert(name, item);
        Ok(())
    }

    /// `ours`, and then those that were registered, by name.
    #[must_use]
    pub fn after(&self, ours: &[T]) -> Vec<T> {
        let registered = self.0.read().unwrap_or_else(PoisonError::into_inner);
        ours.iter().chain(registered.values()).copied().collect()
    }
}

/// Checks the name of an agent or a recipe, which stands in configurations and, joined by `-`, in a recipe's full name.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<()> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if !name.is_empty() && name.chars().all(letter) {
        return Ok(());
    }
    let allowed = "a name of lower case letters, digits, `_` and `-`";
    Err(Error::config(what, format!("`{name}`"), allowed))
}
