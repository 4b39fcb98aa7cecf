//! Humanoid: walk forward on two legs without falling.

use super::Version;
use super::common::{check_noise_scale, survive_reward, within};
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, inertias, positions, spatial, velocities};
use crate::tasks::{Outcome, PreStep, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Result, mjcf};
use serde::{Deserialize, Serialize};

/// Velocities of the free joint, which no actuator drives.
const ROOT_DOFS: usize = 6;

/// Settings of the task; the defaults are Gymnasium's. The healthy range excludes its ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Humanoid {
    /// Revision of the task. Before the fifth the world's body and the root's forces are observed too, contacts cost
    /// nothing, and the healthy reward is paid on the step that ends the episode too. The third observes contact
    /// forces as mujoco-py 2 reported them, as zeros.
    pub version: Version,
    /// Physics steps of 0.003 s per step. Default 5.
    pub frame_skip: usize,
    /// Reward per m/s of the centre of mass along x. Default 1.25.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of control. Default 0.1.
    pub ctrl_cost_weight: f64,
    /// Cost per squared unit of contact force. Default 5e-7.
    pub contact_cost_weight: f64,
    /// Bounds of the contact cost. Default up to 10.
    pub contact_cost_range: [f64; 2],
    /// Reward of every healthy step. Default 5.
    pub healthy_reward: f64,
    /// Whether falling ends the episode. Default yes.
    pub terminate_when_unhealthy: bool,
    /// Height of the torso while healthy (m). Default 1 to 2.
    pub healthy_z_range: [f64; 2],
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

impl Humanoid {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 5,
            forward_reward_weight: 1.25,
            ctrl_cost_weight: 0.1,
            contact_cost_weight: 5e-7,
            contact_cost_range: [f64::NEG_INFINITY, 10.0],
            healthy_reward: 5.0,
            terminate_when_unhealthy: true,
            healthy_z_range: [1.0, 2.0],
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

impl Default for Humanoid {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

const OLD_INFO: &[&str] = &[
    "x_position",
    "y_position",
    "distance_from_origin",
    "x_velocity",
    "y_velocity",
    "reward_linvel",
    "reward_quadctrl",
    "reward_alive",
    "forward_reward",
];
const INFO: &[&str] = &[
    "x_position",
    "y_position",
    "distance_from_origin",
    "x_velocity",
    "y_velocity",
    "reward_forward",
    "reward_ctrl",
    "reward_survive",
    "reward_contact",
    "tendon_length[0]",
    "tendon_length[1]",
    "tendon_velocity[0]",
    "tendon_velocity[1]",
];

const RESET_INFO: &[&str] = &[
    "x_position",
    "y_position",
    "distance_from_origin",
    "tendon_length[0]",
    "tendon_length[1]",
    "tendon_velocity[0]",
    "tendon_velocity[1]",
];

/// What a version of Humanoid or HumanoidStandup needs of a model.
pub(super) fn requirements(version: Version) -> Requirements {
    let newest = version == Version::V5;
    Requirements {
        positions: 3,
        velocities: if newest { ROOT_DOFS } else { 0 },
        tendons: if newest { 2 } else { 0 },
        ..Requirements::default()
    }
}

/// What Humanoid and HumanoidStandup observe.
pub(super) struct View {
    pub(super) version: Version,
    /// Whether the place in the plane is left out.
    pub(super) excludes_position: bool,
    /// Whether inertias and velocities of the bodies about the centre of mass, actuator forces and contact forces are in it.
    pub(super) cinert: bool,
    pub(super) cvel: bool,
    pub(super) qfrc_actuator: bool,
    pub(super) cfrc_ext: bool,
}

impl View {
    fn skipped(&self) -> usize {
        2 * usize::from(self.excludes_position)
    }

    /// First body and first dof that are observed: before the fifth version also those that never change.
    fn first(&self) -> (usize, usize) {
        self.version.pick((0, 0), (0, 0), (1, ROOT_DOFS))
    }

    /// What is observed, number by number.
    pub(super) fn space(&self, model: &Model) -> Vec<SpaceDim> {
        let (body, dof) = self.first();
        let unbounded = f64::INFINITY;
        let mut all = positions(model, self.skipped());
        let moving = velocities(model, unbounded);
        all.extend(moving.iter().cloned());
        if self.cinert {
            all.extend(inertias(model, body));
        }
        if self.cvel {
            let kinds = [("angular velocity", "rad/s"), ("linear velocity", "m/s")];
            all.extend(spatial(model, body, kinds, unbounded));
        }
        if self.qfrc_actuator {
            let forces = moving[dof..].iter().map(|velocity| {
                let of = velocity.name.trim_start_matches("velocity of ");
                SpaceDim::unbounded(format!("actuator force on {of}"), "N m")
            });
            all.extend(forces);
        }
        if self.cfrc_ext {
            let kinds = [("contact torque", "N m"), ("contact force", "N")];
            all.extend(spatial(model, body, kinds, unbounded));
        }
        all
    }

    /// Writes the observation of a state.
    pub(super) fn observe(&self, state: &State, observation: &mut Observation<'_>) {
        let (body, dof) = self.first();
        observation.push(&state.qpos[self.skipped()..]);
        observation.push(&state.qvel);
        if self.cinert {
            for inertia in &state.cinert[body..] {
                observation.push(&inertia.to_array());
            }
        }
        if self.cvel {
            for velocity in &state.cvel[body..] {
                observation.push(&velocity.to_array());
            }
        }
        if self.qfrc_actuator {
            observation.push(&state.qfrc_actuator[dof..]);
        }
        if self.cfrc_ext {
            for force in &state.cfrc_ext[body..] {
                observation.push(&force.to_array());
            }
        }
    }
}

/// The place of the centre of mass (m).
fn centre_of_mass(model: &Model, state: &State) -> PreStep {
    let bodies = model.bodies.mass.iter().zip(&state.xipos);
    let moment: glam::DVec3 = bodies.map(|(mass, place)| *place * *mass).sum();
    (moment / model.bodies.mass.iter().sum::<f64>()).to_array()
}

/// Cost of the contact forces on all bodies, by their squares, within bounds.
pub(super) fn contact_cost(state: &State, weight: f64, [low, high]: [f64; 2]) -> f64 {
    let squares = state.cfrc_ext.iter().flat_map(|force| force.to_array());
    let cost = weight * squares.map(|x| x * x).sum::<f64>();
    cost.max(low).min(high)
}

/// The first two numbers, of which older versions may lack some.
pub(super) fn two(tendons: &[f64]) -> [f64; 2] {
    [0, 1].map(|tendon| tendons.get(tendon).copied().unwrap_or_default())
}

impl Task for Humanoid {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self
                .version
                .pick("Humanoid-v3", "Humanoid-v4", "Humanoid-v5"),
            about: "A two-legged robot with arms walks along x without falling.",
            source: "Gymnasium 1.x, humanoid_v5.py; Tassa, Erez and Todorov (2012), Synthesis and Stabilization of Complex Behaviors through Online Trajectory Optimization",
            info: self.version.pick(OLD_INFO, OLD_INFO, INFO),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/humanoid.xml"), self.spec().id)
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

    fn pre_step(&self, model: &Model, state: &State) -> PreStep {
        centre_of_mass(model, state)
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let state = transition.state;
        let [cx, cy, _] = centre_of_mass(transition.model, state);
        let (vx, vy) = (transition.velocity(0, cx), transition.velocity(1, cy));
        let healthy = within(self.healthy_z_range, state.qpos[2]);
        let survive = survive_reward(
            self.version,
            self.healthy_reward,
            self.terminate_when_unhealthy,
            healthy,
        );
        let forward = self.forward_reward_weight * vx;
        let ctrl = transition.ctrl_cost(self.ctrl_cost_weight);
        let old = self.version != Version::V5;
        let contact = if old {
            0.0
        } else {
            contact_cost(state, self.contact_cost_weight, self.contact_cost_range)
        };
        let (x, y) = if old {
            (cx, cy)
        } else {
            (state.qpos[0], state.qpos[1])
        };
        let [length, velocity] =
            [&state.ten_length, &state.ten_velocity].map(|tendons| two(tendons));
        let terms = [
            x,
            y,
            (x * x + y * y).sqrt(),
            vx,
            vy,
            forward,
            -ctrl,
            survive,
            if old { forward } else { -contact },
            length[0],
            length[1],
            velocity[0],
            velocity[1],
        ];
        Outcome {
            reward: forward + survive - (ctrl + contact),
            terminated: !healthy && self.terminate_when_unhealthy,
            info: Info::new(self.spec().info, terms),
        }
    }

    fn needs_contact_forces(&self) -> bool {
        self.version != Version::V3
    }

    fn reset_info(&self, _: &Model, state: &State) -> Info {
        if self.version != Version::V5 {
            return Info::default();
        }
        let (x, y) = (state.qpos[0], state.qpos[1]);
        let [length, velocity] =
            [&state.ten_length, &state.ten_velocity].map(|tendons| two(tendons));
        Info::new(
            RESET_INFO,
            [
                x,
                y,
                (x * x + y * y).sqrt(),
                length[0],
                length[1],
                velocity[0],
                velocity[1],
            ],
        )
    }
}
