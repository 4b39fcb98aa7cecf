//! Humanoid: stand, walk or run with legs and arms. dm_control, `suite/humanoid.py`.

use super::biped::Biped;
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};
use crate::tasks::{Observation, TaskSpec};
use crate::{Result, mjcf};

const BODY: Biped = Biped {
    chest: "torso",
    up: glam::DVec3::Z,
    velocity: "torso_subtreelinvel",
    limbs: ["left_hand", "left_foot", "right_hand", "right_foot"],
};

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Humanoid {
    id: &'static str,
    about: &'static str,
    /// Speed (m/s) from which the reward is full; 0 for standing still.
    speed: f64,
    /// Whether positions and velocities are observed as they are.
    pure_state: bool,
}

impl Humanoid {
    /// Stands still.
    #[must_use]
    pub fn stand() -> Self {
        Self {
            id: "dmc/humanoid-stand",
            about: "A robot with legs and arms stands up and still.",
            speed: 0.0,
            pure_state: false,
        }
    }

    /// Walks.
    #[must_use]
    pub fn walk() -> Self {
        Self {
            id: "dmc/humanoid-walk",
            about: "A robot with legs and arms walks, at 1 m/s or more, anywhere.",
            speed: 1.0,
            pure_state: false,
        }
    }

    /// Runs.
    #[must_use]
    pub fn run() -> Self {
        Self {
            id: "dmc/humanoid-run",
            about: "A robot with legs and arms runs, at 10 m/s or more, anywhere.",
            speed: 10.0,
            pure_state: false,
        }
    }

    /// Runs, and sees positions and velocities as they are.
    #[must_use]
    pub fn run_pure_state() -> Self {
        Self {
            id: "dmc/humanoid-run_pure_state",
            about: "A robot with legs and arms runs, at 10 m/s or more; positions and velocities are observed.",
            pure_state: true,
            ..Self::run()
        }
    }
}

impl SuiteTask for Humanoid {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/humanoid.py; Tassa, Erez and Todorov (2012), Synthesis and Stabilization of Complex Behaviors through Online Trajectory Optimization",
            frame_skip: 5,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/dmc/humanoid.xml"), self.id)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        if self.pure_state {
            [positions(model, 0), velocities(model, f64::INFINITY)].concat()
        } else {
            BODY.observation_space(model)
        }
    }

    fn begin(&self, start: &mut Start<'_>) {
        Biped::begin(start);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        if self.pure_state {
            observation.push(&state.qpos);
            observation.push(&state.qvel);
        } else {
            BODY.observe(model, state, observation);
        }
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        BODY.reward(model, state, self.speed)
    }
}
