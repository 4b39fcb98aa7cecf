//! Ant: run forward on four legs without falling or flying.

use super::Version;
use super::common::{check_noise_scale, plane_position_info, survive_reward};
use crate::dynamics::{Model, Spatial, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, positions, spatial, velocities};
use crate::tasks::{Outcome, PreStep, Requirements, ResetCtx, Task, TaskSpec, Transition};
use crate::{Error, Result, mjcf};
use serde::{Deserialize, Serialize};

/// Settings of the task; the defaults are Gymnasium's. The healthy range includes its ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ant {
    /// Revision of the task. The fourth leaves contact forces out of observation and reward unless asked for them;
    /// the third observes them as mujoco-py 2 reported them, as zeros. Both pay the healthy reward on the step that
    /// ends the episode too.
    pub version: Version,
    /// Physics steps of 0.01 s per step. Default 5.
    pub frame_skip: usize,
    /// Reward per m/s along x. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.5.
    pub ctrl_cost_weight: f64,
    /// Cost per squared unit of clipped contact force. Default 0.0005.
    pub contact_cost_weight: f64,
    /// Reward of every healthy step. Default 1.
    pub healthy_reward: f64,
    /// Index of the body whose velocity is rewarded. Default 1, the torso.
    pub main_body: usize,
    /// Whether leaving the healthy range ends the episode. Default yes.
    pub terminate_when_unhealthy: bool,
    /// Height of the torso while healthy (m). Default 0.2 to 1.
    pub healthy_z_range: [f64; 2],
    /// Contact forces are clipped to this (N, N m). Default ±1.
    pub contact_force_range: [f64; 2],
    /// Scale of the noise at reset. Default 0.1.
    pub reset_noise_scale: f64,
    /// Whether the observation leaves the place in the plane out. Default yes.
    pub exclude_current_positions_from_observation: bool,
    /// Whether contact forces are observed; in the fourth version also whether they cost (`use_contact_forces`).
    /// Default yes, in the fourth version no. With it `reward_ctrl` is the cost of contacts in the fourth version.
    pub include_cfrc_ext_in_observation: bool,
}

impl Ant {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        Self {
            version,
            frame_skip: 5,
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 0.5,
            contact_cost_weight: 5e-4,
            healthy_reward: 1.0,
            main_body: 1,
            terminate_when_unhealthy: true,
            healthy_z_range: [0.2, 1.0],
            contact_force_range: [-1.0, 1.0],
            reset_noise_scale: 0.1,
            exclude_current_positions_from_observation: true,
            include_cfrc_ext_in_observation: version != Version::V4,
        }
    }

    fn skipped(&self) -> usize {
        2 * usize::from(self.exclude_current_positions_from_observation)
    }

    /// First body whose contact force is observed: the fourth version begins with the world's, which is zero.
    fn first_body(&self) -> usize {
        self.version.pick(0, 0, 1)
    }

    fn is_healthy(&self, state: &State) -> bool {
        let [low, high] = self.healthy_z_range;
        let finite = state.qpos.iter().chain(&state.qvel).all(|x| x.is_finite());
        finite && (low..=high).contains(&state.qpos[2])
    }

    /// The contact forces on a body, torque first, clipped.
    fn clipped(&self, force: &Spatial) -> [f64; 6] {
        let [low, high] = self.contact_force_range;
        let none = self.version == Version::V3;
        force
            .to_array()
            .map(|x| if none { 0.0 } else { x.clamp(low, high) })
    }
}

impl Default for Ant {
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
    "reward_forward",
    "reward_ctrl",
    "reward_survive",
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
];

impl Task for Ant {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.version.pick("Ant-v3", "Ant-v4", "Ant-v5"),
            about: "A four-legged robot runs along x without falling.",
            source: "Gymnasium 1.x, ant_v5.py; Schulman et al. (2015), High-Dimensional Continuous Control Using Generalized Advantage Estimation",
            info: self.version.pick(OLD_INFO, OLD_INFO, INFO),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/ant.xml"), self.spec().id)
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 3,
            ..Requirements::default()
        }
    }

    fn check(&self, model: &Model) -> Result<()> {
        let task = self.spec().id;
        check_noise_scale(task, self.reset_noise_scale)?;
        let [low, high] = self.contact_force_range;
        if low.is_nan() || high.is_nan() || low > high {
            return Err(Error::Setting {
                task,
                name: "contact_force_range[0]",
                value: low,
                allowed: "at most contact_force_range[1]".into(),
            });
        }
        let bodies = model.bodies.name.len();
        if self.main_body >= bodies {
            return Err(Error::Setting {
                task,
                name: "main_body",
                value: self.main_body as f64,
                allowed: format!("less than the number of bodies, {bodies}"),
            });
        }
        Ok(())
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = positions(model, self.skipped());
        all.extend(velocities(model, f64::INFINITY));
        if self.include_cfrc_ext_in_observation {
            let [low, high] = self.contact_force_range;
            let kinds = [("contact torque", "N m"), ("contact force", "N")];
            let forces = spatial(model, self.first_body(), kinds, f64::INFINITY);
            all.extend(
                forces
                    .into_iter()
                    .map(|force| SpaceDim { low, high, ..force }),
            );
        }
        all
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_normal_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[self.skipped()..]);
        observation.push(&state.qvel);
        if self.include_cfrc_ext_in_observation {
            for force in &state.cfrc_ext[self.first_body()..] {
                observation.push(&self.clipped(force));
            }
        }
    }

    fn pre_step(&self, _: &Model, state: &State) -> PreStep {
        state.xpos[self.main_body].to_array()
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let state = transition.state;
        let body = state.xpos[self.main_body];
        let (vx, vy) = (
            transition.velocity(0, body.x),
            transition.velocity(1, body.y),
        );
        let healthy = self.is_healthy(state);
        let survive = survive_reward(
            self.version,
            self.healthy_reward,
            self.terminate_when_unhealthy,
            healthy,
        );
        let ctrl = transition.ctrl_cost(self.ctrl_cost_weight);
        let squares = state.cfrc_ext.iter().flat_map(|force| self.clipped(force));
        let contact = self.contact_cost_weight * squares.map(|x| x * x).sum::<f64>();
        let old = self.version != Version::V5;
        let contact = if self.version == Version::V4 && !self.include_cfrc_ext_in_observation {
            0.0
        } else {
            contact
        };
        let forward = self.forward_reward_weight * vx;
        let (x, y) = if old {
            (body.x, body.y)
        } else {
            (state.qpos[0], state.qpos[1])
        };
        let last = if old { forward } else { -contact };
        // The fourth version overwrites the one cost with the other in its info.
        let reported = if self.version == Version::V4 && self.include_cfrc_ext_in_observation {
            contact
        } else {
            ctrl
        };
        Outcome {
            reward: forward + survive - (ctrl + contact),
            terminated: !healthy && self.terminate_when_unhealthy,
            info: Info::new(
                self.spec().info,
                [
                    x,
                    y,
                    (x * x + y * y).sqrt(),
                    vx,
                    vy,
                    forward,
                    -reported,
                    survive,
                    last,
                ],
            ),
        }
    }

    fn needs_contact_forces(&self) -> bool {
        self.version == Version::V5
            || self.version == Version::V4 && self.include_cfrc_ext_in_observation
    }

    fn reset_info(&self, _: &Model, state: &State) -> Info {
        if self.version == Version::V5 {
            plane_position_info(state)
        } else {
            Info::default()
        }
    }
}
