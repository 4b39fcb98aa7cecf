//! Gymnasium's MuJoCo tasks, a file each. A new task: its file, its model, and its lines below.

mod ant;
mod common;
mod half_cheetah;
mod hopper;
mod humanoid;
mod humanoid_standup;
mod inverted_double_pendulum;
mod inverted_pendulum;
mod planar_walker;
mod pusher;
mod reacher;
mod swimmer;
mod version;
mod walker2d;

pub use ant::Ant;
pub use half_cheetah::HalfCheetah;
pub use hopper::Hopper;
pub use humanoid::Humanoid;
pub use humanoid_standup::HumanoidStandup;
pub use inverted_double_pendulum::InvertedDoublePendulum;
pub use inverted_pendulum::InvertedPendulum;
pub use planar_walker::PlanarWalker;
pub use pusher::Pusher;
pub use reacher::Reacher;
pub use swimmer::Swimmer;
pub use version::Version;
pub use walker2d::Walker2d;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Mujoco, Task, TaskSpec};
use crate::dynamics::Model;
use crate::wrappers::{Constructor, Settings};
use Version::{V3, V4, V5};

/// The setting with a model of the user's own, by Gymnasium's name.
const MODEL: &str = "xml_file";

/// What [`make`](crate::make) knows of these tasks, the newest version first. One line per task: its oldest version, and
/// the task of a version.
pub(crate) fn all() -> Vec<(TaskSpec, Constructor)> {
    let versions = [V5, V4, V3].map(|version| {
        let tasks = [
            (V3, entry(HalfCheetah::new(version))),
            (V3, entry(Hopper::new(version))),
            (V3, entry(Walker2d::new(version))),
            (V3, entry(Ant::new(version))),
            (V3, entry(Humanoid::new(version))),
            (V3, entry(Swimmer::new(version))),
            (V4, entry(HumanoidStandup::new(version))),
            (V4, entry(InvertedPendulum::new(version))),
            (V4, entry(InvertedDoublePendulum::new(version))),
            (V4, entry(Reacher::new(version))),
            (V5, entry(Pusher::default())),
        ];
        let there = move |(oldest, _): &(Version, _)| *oldest <= version;
        tasks.into_iter().filter(there)
    });
    let all = versions.into_iter().flatten();
    all.map(|(_, entry)| entry).collect()
}

fn entry<T: Task + Serialize + DeserializeOwned>(task: T) -> (TaskSpec, Constructor) {
    let spec = task.spec();
    let make = move |settings: &Settings| {
        let mut settings = settings.clone();
        let file = settings.take_text(spec.id, MODEL)?;
        let task = settings.applied(&task, spec.id)?;
        Ok(match file {
            Some(file) => Mujoco::with_model(task, Model::from_mjcf(file)?)?.into(),
            None => Mujoco::new(task)?.into(),
        })
    };
    (spec, Box::new(make))
}
