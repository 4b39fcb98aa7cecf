//! HumanoidStandup: stand up from lying on the back.

use super::Version;
use super::common::check_noise_scale;
use super::humanoid::{View, contact_cost, requirements, two};
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::Observation;
use crate::tasks::{Outcome, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Reward of every step.
const ALIVE: f64 = 1.0;

/// Settings of the task; the defaults are Gymnasium's, whose `uph_cost_weight` changes nothing and is not among them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HumanoidStandup {
    /// Revision of the task: the fourth (`V3` is the same) observes the world's body and the root's forces too.
    pub version: Version,
    /// Physics steps of 0.003 s per step. Default 5.
    pub frame_skip: usize,
    /// Cost per squared unit of control. Default 0.1.
    pub ctrl_cost_weight: f64,
    /// Cost per squared unit of contact force. Default 5e-7.
    pub impact_cost_weight: f64,
    /// Bounds of the contact cost. Default up to 10.
    pub impact_cost_range: [f64; 2],
    /// Scale of the noise at reset. Default 0.01.
    pub reset_noise_scale: f64,
    /// Whether the observation leaves the place in the plane out. Default yes.
    pub exclude_current_positions_from_observation: bool,
    /// Whether inertias of the bodies about the centre of mass are observed. Default yes.
    pub include_cinert_in_observation: bool,
    /// Whether velocities of the bodies about the centre of mass are observed. Default yes.
    pub include_cvel_in_observation: bool,
    /// Whether actuator forces are observed. Default yes.
    pub include_qfrc_actuator_in_observation: bool,
    /// Whether contact forces are observed. Default yes.
    pub include_cfrc_ext_in_observation: bool,
}

impl HumanoidStandup {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 5,
            ctrl_cost_weight: 0.1,
            impact_cost_weight: 0.5e-6,
            impact_cost_range: [f64::NEG_INFINITY, 10.0],
            reset_noise_scale: 0.01,
            exclude_current_positions_from_observation: true,
            include_cinert_in_observation: true,
            include_cvel_in_observation: true,
            include_qfrc_actuator_in_observation: true,
            include_cfrc_ext_in_observation: true,
        }
    }

    /// What is observed.
    fn view(&self) -> View {
        View {
            version: self.version,
            excludes_position: self.exclude_current_positions_from_observation,
            cinert: self.include_cinert_in_observation,
            cvel: self.include_cvel_in_observation,
            qfrc_actuator: self.include_qfrc_actuator_in_observation,
            cfrc_ext: self.include_cfrc_ext_in_observation,
        }
    }
}

impl Default for HumanoidStandup {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

const OLD_INFO: &[&str] = &["reward_linup", "reward_quadctrl", "reward_impact"];
const INFO: &[&str] = &[
    "reward_linup",
    "reward_quadctrl",
    "reward_impact",
    "x_position",
    "y_position",
    "z_distance_from_origin",
    "tendon_length[0]",
    "tendon_length[1]",
    "tendon_velocity[0]",
    "tendon_velocity[1]",
];
/// From which on a reset tells them, too.
const RESET_INFO: usize = 3;

/// Where the robot and its tendons are.
fn places(model: &Model, state: &State) -> [f64; 7] {
    let [length, velocity] = [&state.ten_length, &state.ten_velocity].map(|tendons| two(tendons));
    [
        state.qpos[0],
        state.qpos[1],
        state.qpos[2] - model.qpos0[2],
        length[0],
        length[1],
        velocity[0],
        velocity[1],
    ]
}

impl Task for HumanoidStandup {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.version.pick(
                "HumanoidStandup-v4",
                "HumanoidStandup-v4",
                "HumanoidStandup-v5",
            ),
            about: "A two-legged robot with arms stands up from lying on its back.",
            source: "Gymnasium 1.x, humanoidstandup_v5.py; Tassa, Erez and Todorov (2012), Synthesis and Stabilization of Complex Behaviors through Online Trajectory Optimization",
            info: self.version.pick(OLD_INFO, OLD_INFO, INFO),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/humanoid_standup.xml"),
            self.spec().id,
        )
    }

    fn requirements(&self) -> Requirements {
        requirements(self.version)
    }

    fn check(&self, _: &Model) -> Result<()> {
        check_noise_scale(self.spec().id, self.reset_noise_scale)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        self.view().space(model)
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_uniform_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        self.view().observe(state, observation);
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let (model, state) = (transition.model, transition.state);
        let up = state.qpos[2] / model.opt.timestep;
        let ctrl = transition.ctrl_cost(self.ctrl_cost_weight);
        let impact = contact_cost(state, self.impact_cost_weight, self.impact_cost_range);
        let [x, y, z, a, b, c, d] = places(model, state);
        Outcome {
            reward: up - ctrl - impact + ALIVE,
            terminated: false,
            info: Info::new(self.spec().info, [up, -ctrl, -impact, x, y, z, a, b, c, d]),
        }
    }

    fn needs_contact_forces(&self) -> bool {
        true
    }

    fn reset_info(&self, model: &Model, state: &State) -> Info {
        if self.version == Version::V5 {
            Info::new(&INFO[RESET_INFO..], places(model, state))
        } else {
            Info::default()
        }
    }
}
