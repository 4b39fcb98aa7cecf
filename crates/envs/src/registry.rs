//! All tasks by name.

use std::sync::LazyLock;

use crate::env::{Env, TaskInfo};
use crate::tasks::{
    Ant, HalfCheetah, Hopper, Humanoid, InvertedDoublePendulum, InvertedPendulum, Mujoco, Pusher,
    Reacher, Swimmer, Task, Version, Walker2d,
};
use crate::{Error, Result};
use Version::{V3, V4, V5};

/// A task's name and how it is made.
type Entry = (&'static str, fn() -> Result<Box<dyn Env>>);

/// One line per task and version, the newest version first.
const TASKS: &[Entry] = &[
    ("HalfCheetah-v5", || boxed(HalfCheetah::new(V5))),
    ("Hopper-v5", || boxed(Hopper::new(V5))),
    ("Walker2d-v5", || boxed(Walker2d::new(V5))),
    ("Ant-v5", || boxed(Ant::new(V5))),
    ("Humanoid-v5", || boxed(Humanoid::new(V5))),
    ("Swimmer-v5", || boxed(Swimmer::new(V5))),
    ("InvertedPendulum-v5", || boxed(InvertedPendulum::new(V5))),
    ("InvertedDoublePendulum-v5", || {
        boxed(InvertedDoublePendulum::new(V5))
    }),
    ("Reacher-v5", || boxed(Reacher::new(V5))),
    ("Pusher-v5", || boxed(Pusher::default())),
    ("HalfCheetah-v4", || boxed(HalfCheetah::new(V4))),
    ("Hopper-v4", || boxed(Hopper::new(V4))),
    ("Walker2d-v4", || boxed(Walker2d::new(V4))),
    ("Ant-v4", || boxed(Ant::new(V4))),
    ("Humanoid-v4", || boxed(Humanoid::new(V4))),
    ("Swimmer-v4", || boxed(Swimmer::new(V4))),
    ("InvertedPendulum-v4", || boxed(InvertedPendulum::new(V4))),
    ("InvertedDoublePendulum-v4", || {
        boxed(InvertedDoublePendulum::new(V4))
    }),
    ("Reacher-v4", || boxed(Reacher::new(V4))),
    ("HalfCheetah-v3", || boxed(HalfCheetah::new(V3))),
    ("Hopper-v3", || boxed(Hopper::new(V3))),
    ("Walker2d-v3", || boxed(Walker2d::new(V3))),
    ("Ant-v3", || boxed(Ant::new(V3))),
    ("Humanoid-v3", || boxed(Humanoid::new(V3))),
    ("Swimmer-v3", || boxed(Swimmer::new(V3))),
];

fn boxed(task: impl Task) -> Result<Box<dyn Env>> {
    Ok(Box::new(Mujoco::new(task)?))
}

/// What is known of each task, in the order of [`TASKS`]; made once, as the models must be compiled for it.
static INFOS: LazyLock<Vec<TaskInfo>> = LazyLock::new(|| {
    let made = TASKS.iter().filter_map(|(_, make)| make().ok());
    made.map(|env| env.info().clone()).collect()
});

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
    let named = |(id, _): &&Entry| {
        let full = plain(id);
        let short = full.rsplit_once('v').map(|(name, _)| name);
        wanted == full || short == Some(wanted.as_str())
    };
    match TASKS.iter().find(named) {
        Some((_, make)) => make(),
        None => Err(Error::UnknownTask {
            id: id.into(),
            known: names().collect::<Vec<_>>().join(", "),
        }),
    }
}

/// The names of the known tasks.
pub fn names() -> impl Iterator<Item = &'static str> {
    TASKS.iter().map(|(id, _)| *id)
}

/// What is known of each task.
pub fn list() -> &'static [TaskInfo] {
    &INFOS
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
        for id in ["HalfCheetah-v6", "Cheetah", ""] {
            let error = make(id).map(|_| ()).unwrap_err().to_string();
            let expected = format!("unknown task `{id}`; known tasks: HalfCheetah-v5, Hopper-v5, ");
            assert!(error.starts_with(&expected), "{error}");
            assert!(error.ends_with("Swimmer-v3"), "{error}");
        }
    }

    #[test]
    fn every_task_has_the_name_under_which_it_is_made() {
        assert_eq!(list().len(), 25);
        let found = list().iter().map(|info| info.id);
        assert_eq!(found.collect::<Vec<_>>(), names().collect::<Vec<_>>());
    }
}
