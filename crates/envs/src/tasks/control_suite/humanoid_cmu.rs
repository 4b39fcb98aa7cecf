//! Humanoid of the CMU motion capture database: stand, walk or run. dm_control, `suite/humanoid_CMU.py`.

use super::biped::Biped;
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::{Observation, TaskSpec};
use crate::{Result, mjcf};

const BODY: Biped = Biped {
    chest: "thorax",
    up: glam::DVec3::Y,
    velocity: "thorax_subtreelinvel",
    limbs: ["lhand", "lfoot", "rhand", "rfoot"],
};

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct HumanoidCmu {
    id: &'static str,
    about: &'static str,
    /// Speed (m/s) from which the reward is full; 0 for standing still.
    speed: f64,
}

impl HumanoidCmu {
    /// Stands still.
    #[must_use]
    pub fn stand() -> Self {
        Self {
            id: "dmc/humanoid_CMU-stand",
            about: "A robot with a human's 56 joints stands up and still.",
            speed: 0.0,
        }
    }

    /// Walks.
    #[must_use]
    pub fn walk() -> Self {
        Self {
            id: "dmc/humanoid_CMU-walk",
            about: "A robot with a human's 56 joints walks, at 1 m/s or more, anywhere.",
            speed: 1.0,
        }
    }

    /// Runs.
    #[must_use]
    pub fn run() -> Self {
        Self {
            id: "dmc/humanoid_CMU-run",
            about: "A robot with a human's 56 joints runs, at 10 m/s or more, anywhere.",
            speed: 10.0,
        }
    }
}

impl SuiteTask for HumanoidCmu {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/humanoid_CMU.py; Merel et al. (2017), Learning Human Behaviors from Motion Capture by Adversarial Imitation",
            frame_skip: 10,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/humanoid_cmu.xml"),
            self.id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        BODY.observation_space(model)
    }

    fn begin(&self, start: &mut Start<'_>) {
        Biped::begin(start);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        BODY.observe(model, state, observation);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        BODY.reward(model, state, self.speed)
    }
}
