//! Robots that walk in the plane without falling: what Hopper and Walker2d share.

use super::Version;
use super::common::{check_noise_scale, survive_reward, within};
use crate::Result;
use crate::dynamics::{Model, State};
use crate::env::{Info, SpaceDim};
use crate::tasks::observation::{Observation, positions, velocities};
use crate::tasks::{Outcome, PreStep, Requirements, ResetCtx, Task, TaskSpec, Transition};
use serde::{Deserialize, Serialize};

/// Velocities are observed up to this (m/s, rad/s).
const MAX_VELOCITY: f64 = 10.0;

/// Settings of [`Hopper`](super::Hopper) and [`Walker2d`](super::Walker2d); the defaults are Gymnasium's. Ranges exclude
/// their ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct PlanarWalker<R: Robot> {
    /// Which of the two.
    #[serde(skip)]
    pub robot: R,
    /// Revision of the task. Before the fifth the healthy reward is paid on the step that ends the episode too, and the
    /// right foot of Walker2d is smoother (friction 0.9 instead of 1.9).
    pub version: Version,
    /// Physics steps of 0.002 s per step. Default 4.
    pub frame_skip: usize,
    /// Reward per m/s forward. Default 1.
    pub forward_reward_weight: f64,
    /// Cost per squared unit of action. Default 0.001.
    pub ctrl_cost_weight: f64,
    /// Reward of every healthy step. Default 1.
    pub healthy_reward: f64,
    /// Whether falling ends the episode. Default yes.
    pub terminate_when_unhealthy: bool,
    /// Every position and velocity but `rootx` and `rootz` while healthy. Default ±100 for Hopper; without bounds for
    /// Walker2d, where Gymnasium has no such setting.
    pub healthy_state_range: [f64; 2],
    /// Height of the torso while healthy (m). Default above 0.7 for Hopper, 0.8 to 2 for Walker2d.
    pub healthy_z_range: [f64; 2],
    /// Lean of the torso while healthy (rad). Default ±0.2 for Hopper, ±1 for Walker2d.
    pub healthy_angle_range: [f64; 2],
    /// Scale of the noise at reset. Default 0.005.
    pub reset_noise_scale: f64,
    /// Whether the observation leaves the place along the track out. Default yes.
    pub exclude_current_positions_from_observation: bool,
}

/// Where two planar walkers differ.
pub trait Robot: Clone + Default + Send + Sync + 'static {
    /// Names of the versions 3, 4 and 5.
    const IDS: [&'static str; 3];
    /// The task in one sentence.
    const ABOUT: &'static str;
    /// Where the task is defined.
    const SOURCE: &'static str;
    /// Healthy states, heights and leans.
    const HEALTHY: [[f64; 2]; 3];

    /// The model of a version.
    ///
    /// # Errors
    /// [`Error::Mjcf`](crate::Error::Mjcf) when it cannot be compiled.
    fn model(version: Version) -> Result<Model>;
}

impl<R: Robot> PlanarWalker<R> {
    /// The published settings of a version.
    #[must_use]
    pub fn new(version: Version) -> Self {
        let [healthy_state_range, healthy_z_range, healthy_angle_range] = R::HEALTHY;
        Self {
            robot: R::default(),
            version,
            frame_skip: 4,
            forward_reward_weight: 1.0,
            ctrl_cost_weight: 1e-3,
            healthy_reward: 1.0,
            terminate_when_unhealthy: true,
            healthy_state_range,
            healthy_z_range,
            healthy_angle_range,
            reset_noise_scale: 5e-3,
            exclude_current_positions_from_observation: true,
        }
    }

    fn skipped(&self) -> usize {
        usize::from(self.exclude_current_positions_from_observation)
    }

    fn is_healthy(&self, state: &State) -> bool {
        let (qpos, qvel) = (&state.qpos, &state.qvel);
        within(self.healthy_z_range, qpos[1])
            && within(self.healthy_angle_range, qpos[2])
            && qpos[2..]
                .iter()
                .chain(qvel)
                .all(|x| within(self.healthy_state_range, *x))
    }
}

impl<R: Robot> Default for PlanarWalker<R> {
    fn default() -> Self {
        Self::new(Version::V5)
    }
}

impl<R: Robot> Task for PlanarWalker<R> {
    fn spec(&self) -> TaskSpec {
        let [v3, v4, v5] = R::IDS;
        let old: &[&str] = &["x_position", "x_velocity"];
        let new: &[&str] = &[
            "x_position",
            "x_velocity",
            "z_distance_from_origin",
            "reward_forward",
            "reward_ctrl",
            "reward_survive",
        ];
        TaskSpec {
            id: self.version.pick(v3, v4, v5),
            about: R::ABOUT,
            source: R::SOURCE,
            info: self.version.pick(old, old, new),
            frame_skip: self.frame_skip,
            max_episode_steps: 1000,
        }
    }

    fn model(&self) -> Result<Model> {
        R::model(self.version)
    }

    fn requirements(&self) -> Requirements {
        Requirements {
            positions: 3,
            ..Requirements::default()
        }
    }

    fn check(&self, _: &Model) -> Result<()> {
        check_noise_scale(self.spec().id, self.reset_noise_scale)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        [
            positions(model, self.skipped()),
            velocities(model, MAX_VELOCITY),
        ]
        .concat()
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[self.skipped()..]);
        observation.push_clipped(&state.qvel, MAX_VELOCITY);
    }

    fn reset(&self, ctx: &mut ResetCtx<'_>) {
        ctx.rng.add_uniform_noise(ctx.qpos, self.reset_noise_scale);
        ctx.rng.add_uniform_noise(ctx.qvel, self.reset_noise_scale);
    }

    fn pre_step(&self, _: &Model, state: &State) -> PreStep {
        [state.qpos[0], 0.0, 0.0]
    }

    fn outcome(&self, transition: &Transition<'_>) -> Outcome {
        let qpos = &transition.state.qpos;
        let healthy = self.is_healthy(transition.state);
        let x_velocity = transition.velocity(0, qpos[0]);
        let forward = self.forward_reward_weight * x_velocity;
        let survive = survive_reward(
            self.version,
            self.healthy_reward,
            self.terminate_when_unhealthy,
            healthy,
        );
        let ctrl = transition.ctrl_cost(self.ctrl_cost_weight);
        let rise = qpos[1] - transition.model.qpos0[1];
        Outcome {
            reward: forward + survive - ctrl,
            terminated: !healthy && self.terminate_when_unhealthy,
            info: Info::new(
                self.spec().info,
                [qpos[0], x_velocity, rise, forward, -ctrl, survive],
            ),
        }
    }

    fn reset_info(&self, model: &Model, state: &State) -> Info {
        if self.version != Version::V5 {
            return Info::default();
        }
        let rise = state.qpos[1] - model.qpos0[1];
        Info::new(
            &["x_position", "z_distance_from_origin"],
            [state.qpos[0], rise],
        )
    }
}
