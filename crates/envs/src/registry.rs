//! All tasks by name.

use crate::env::{Env, TaskInfo};
use crate::tasks::{HalfCheetah, Hopper, Mujoco, Task, Walker2d};
use crate::{Error, Result};

/// One line per task.
const TASKS: &[Entry] = &[
    entry::<HalfCheetah>(),
    entry::<Hopper>(),
    entry::<Walker2d>(),
];

struct Entry {
    info: &'static TaskInfo,
    make: fn() -> Result<Box<dyn Env>>,
}

const fn entry<T: Task + Default>() -> Entry {
    Entry {
        info: T::INFO,
        make: || Ok(Box::new(Mujoco::new(T::default())?)),
    }
}

/// A new environment of the task `id`, with the task's published settings.
///
/// The version may be left out; case, `-`, `_` and spaces do not matter.
///
/// # Errors
/// [`Error::UnknownTask`], which lists the known ones.
///
/// ```
/// let env = envs::make("half_cheetah")?;
/// assert_eq!(env.info().id, "HalfCheetah-v5");
/// # Ok::<(), envs::Error>(())
/// ```
pub fn make(id: &str) -> Result<Box<dyn Env>> {
    let wanted = plain(id);
    let named = |entry: &&Entry| {
        let full = plain(entry.info.id);
        wanted == full
            || full
                .rsplit_once('v')
                .is_some_and(|(name, _)| wanted == name)
    };
    match TASKS.iter().find(named) {
        Some(entry) => (entry.make)(),
        None => Err(Error::UnknownTask {
            id: id.into(),
            known: list().map(|info| info.id).collect::<Vec<_>>().join(", "),
        }),
    }
}

/// The known tasks.
pub fn list() -> impl Iterator<Item = &'static TaskInfo> {
    TASKS.iter().map(|entry| entry.info)
}

/// Lower case, without separators.
fn plain(id: &str) -> String {
    id.chars()
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_forgiven() {
        for id in [
            "HalfCheetah-v5",
            "halfcheetah",
            "HALF_CHEETAH_V5",
            "half-cheetah",
            "Half Cheetah v5",
        ] {
            assert_eq!(make(id).unwrap().info().id, "HalfCheetah-v5");
        }
        assert_eq!(make("walker2d").unwrap().info().id, "Walker2d-v5");
    }

    #[test]
    fn unknown_names_list_the_known() {
        for id in ["HalfCheetah-v4", "Cheetah", ""] {
            let error = make(id).map(|_| ()).unwrap_err().to_string();
            let expected =
                format!("unknown task `{id}`; known tasks: HalfCheetah-v5, Hopper-v5, Walker2d-v5");
            assert_eq!(error, expected);
        }
    }
}
