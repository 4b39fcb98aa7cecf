//! Dog: stand, walk, trot, run, or fetch a ball, with 73 joints from the jaw to the tip of the tail. dm_control,
//! `suite/dog.py`.

use std::f64::consts::TAU;
use std::ops::Range;

use glam::{DMat3, DVec3};

use super::parts::{body, dims, geom, geom_place, keep, norm, places, position, site, site_place};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State, sin_cos};
use crate::env::SpaceDim;
use crate::tasks::common::action_dim;
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Joints but for the root's and the ball's, which are free.
const HINGES: usize = 73;
/// Positions and velocities of the root.
const ROOT: [usize; 2] = [7, 6];
/// Where in the sensors' numbers the head's acceleration, velocity and turning are, the centre of mass's velocity, the feet's
/// touches and the forces at their wrists and ankles.
const HEAD: Range<usize> = 0..9;
const VELOCITY: Range<usize> = 9..12;
const TOUCHES: Range<usize> = 15..19;
const FORCES: Range<usize> = 19..31;

/// Bodies that should be upright.
const UPRIGHT: [&str; 3] = ["skull", "torso", "pelvis"];
/// Bodies that should be high, and how high beside the reference pose.
const HIGH: [&str; 2] = ["torso", "pelvis"];
const HIGH_ENOUGH: f64 = 0.9;
/// Cosine of 30°, by which these may lean.
const LEAN: f64 = 0.866_025_403_784_438_6;

/// Half a side of the floor on which a ball is fetched (m), and how far from its middle the ball begins.
const ARENA: f64 = 10.0;
const BALL_AWAY: f64 = 0.75 * ARENA;
/// Radii of the target and of what the mouth reaches (m).
const TARGET: f64 = 0.1;
const BITE: f64 = 0.005;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Aim {
    Stand,
    /// Moves forward, at this speed to twice that (m/s).
    Move(f64),
    Fetch,
}

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Dog {
    id: &'static str,
    about: &'static str,
    aim: Aim,
}

impl Dog {
    /// Stands.
    #[must_use]
    pub fn stand() -> Self {
        Self {
            id: "dmc/dog-stand",
            about: "A dog stands upright on its feet.",
            aim: Aim::Stand,
        }
    }

    /// Walks.
    #[must_use]
    pub fn walk() -> Self {
        Self {
            id: "dmc/dog-walk",
            about: "A dog walks forward, at 1 m/s to 2 m/s.",
            aim: Aim::Move(1.0),
        }
    }

    /// Trots.
    #[must_use]
    pub fn trot() -> Self {
        Self {
            id: "dmc/dog-trot",
            about: "A dog trots forward, at 3 m/s to 6 m/s.",
            aim: Aim::Move(3.0),
        }
    }

    /// Runs.
    #[must_use]
    pub fn run() -> Self {
        Self {
            id: "dmc/dog-run",
            about: "A dog runs forward, at 9 m/s to 18 m/s.",
            aim: Aim::Move(9.0),
        }
    }

    /// Fetches a ball.
    #[must_use]
    pub fn fetch() -> Self {
        Self {
            id: "dmc/dog-fetch",
            about: "A dog brings a thrown ball to the middle of a walled floor.",
            aim: Aim::Fetch,
        }
    }
}

/// Height of a body in the reference pose, in which no body is turned (m).
fn height_at_rest(model: &Model, name: &str) -> f64 {
    let (mut at, mut height) = (body(model, name), 0.0);
    while at != 0 {
        height += model.bodies.pos[at].z;
        at = model.bodies.parent[at];
    }
    height
}

/// Velocity of a place on a body, in world axes (m/s).
fn velocity(model: &Model, state: &State, body: usize, place: DVec3) -> DVec3 {
    let motion = &state.cvel[body];
    let offset = place - state.subtree_com[model.bodies.root[body]];
    motion.linear - offset.cross(motion.angular)
}

/// The velocity of the dog's centre of mass, seen from the torso (m/s).
fn torso_velocity(model: &Model, state: &State) -> DVec3 {
    let frame = state.xmat[body(model, "torso")];
    frame.transpose() * DVec3::from_slice(&state.sensordata[VELOCITY])
}

/// How well the dog stands: high, upright, and on its feet.
fn standing(model: &Model, state: &State) -> f64 {
    let mut reward = 1.0;
    for name in HIGH {
        let enough = HIGH_ENOUGH * height_at_rest(model, name);
        let high = Tolerance::at_least(enough).margin(enough);
        reward *= high.reward(state.xpos[body(model, name)].z);
    }
    let upright = Tolerance::at_least(LEAN)
        .margin(LEAN + 1.0)
        .falls(Sigmoid::Linear, 0.0);
    for name in UPRIGHT {
        reward *= upright.reward(state.xmat[body(model, name)].z_axis.z);
    }
    let weight = -model.opt.gravity.z * model.bodies.subtreemass[body(model, "torso")];
    let carried = Tolerance::at_least(weight)
        .margin(weight)
        .falls(Sigmoid::Linear, 0.9);
    reward * carried.reward(state.sensordata[TOUCHES].iter().sum())
}

/// How well the dog moves at this speed (m/s), from 0.2 on.
fn moving(model: &Model, state: &State, speed: f64) -> f64 {
    let forward = Tolerance::within(speed, 2.0 * speed)
        .margin(speed.max(1.0))
        .falls(Sigmoid::Linear, 0.0);
    (4.0 * forward.reward(torso_velocity(model, state).x) + 1.0) / 5.0
}

/// How near the mouth is to the ball, and the ball to the target; at the target the mouth may let go.
fn fetching(model: &Model, state: &State) -> f64 {
    let ball = geom_place(model, state, "ball");
    let near = |radius: f64, margin: f64, distance: f64| {
        let near = Tolerance::within(0.0, radius).margin(margin);
        near.falls(Sigmoid::Reciprocal, 0.1).reward(distance)
    };
    let distance = |place: DVec3| norm(&(ball - place).to_array());
    let [upper, lower] =
        ["upper_bite", "lower_bite"].map(|lip| distance(site_place(model, state, lip)));
    let left = distance(geom_place(model, state, "target"));
    let reached = if left < 2.0 * TARGET {
        1.0
    } else {
        (6.0 * near(BITE, 2.0, 0.5 * (upper + lower)) + 1.0) / 7.0
    };
    reached * ((near(TARGET, ARENA, left) + 1.0) / 2.0)
}

/// Throws the ball from the floor's edge towards its middle.
fn throw(start: &mut Start<'_>) {
    let (sin, cos) = sin_cos(start.rng.uniform(0.0, TAU));
    let at = position(start.model(), "ball_root");
    start.state.qpos[at..at + 3].copy_from_slice(&[BALL_AWAY * sin, BALL_AWAY * cos, 0.05]);
    let height = start.rng.uniform(0.0, 3.0);
    let up = (2.0 * -start.model().opt.gravity.z * height).sqrt();
    let speed = start.rng.uniform(0.0, 5.0);
    let [x, y] = [-sin, -cos].map(|along| speed * (along + 0.05 * start.rng.standard_normal()));
    let dof = ROOT[1] + HINGES;
    start.state.qvel[dof..dof + 3].copy_from_slice(&[x, y, up]);
}

/// Numbers of a vector, named by its axes.
fn vector(what: &str, unit: &'static str) -> Vec<SpaceDim> {
    let names = ["x", "y", "z"].map(|axis| format!("{axis} of {what}"));
    dims(names.iter().map(String::as_str), unit)
}

/// The axes of the head, which sees the ball and the target, and its place (m).
fn head(model: &Model, state: &State) -> (DMat3, DVec3) {
    let head = site(model, "head");
    (state.site_xmat[head], state.site_xpos[head])
}

impl SuiteTask for Dog {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/dog.py",
            frame_skip: 3,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let xml = include_str!("../../../assets/dmc/dog.xml");
        // The floor is as long as an episode takes at the speed; who stands has the walker's.
        let (floor, part): (f64, &[&str]) = match self.aim {
            Aim::Stand => (15.0, &[]),
            Aim::Move(speed) => (15.0 * speed, &[]),
            Aim::Fetch => (ARENA, &["ball"]),
        };
        let xml = xml.replacen(
            "size=\"10 10 0.1\"",
            &format!("size=\"{floor} {floor} 0.1\""),
            1,
        );
        mjcf::compile(&keep(&xml, part), self.id)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let hinges = &model.joints.name[1..=HINGES];
        let mut all = dims(hinges.iter().map(String::as_str), "rad");
        let velocities = hinges.iter().map(|name| format!("velocity of {name}"));
        all.extend(velocities.map(|name| SpaceDim::unbounded(name, "rad/s")));
        let heights = HIGH.map(|name| SpaceDim::unbounded(format!("height of the {name}"), "m"));
        all.extend(heights);
        for name in UPRIGHT {
            for axis in ["x", "y", "z"] {
                let name = format!("z of the {axis} axis of the {name}");
                all.push(SpaceDim::unbounded(name, "1"));
            }
        }
        all.extend(vector(
            "the centre of mass's velocity, seen from the torso",
            "m/s",
        ));
        all.extend(vector("the head's acceleration, seen from it", "m/s²"));
        all.extend(vector("the head's velocity, seen from it", "m/s"));
        all.extend(vector("the head's angular velocity, seen from it", "rad/s"));
        for foot in ["foot_L", "foot_R", "hand_L", "hand_R"] {
            all.extend(vector(&format!("the force on {foot}"), "N"));
        }
        let touched = ["palm_L", "palm_R", "sole_L", "sole_R"];
        all.extend(touched.map(|foot| SpaceDim::unbounded(format!("touch of {foot}"), "N")));
        let actions = (0..model.na).map(|i| format!("activation of {}", action_dim(model, i).name));
        all.extend(actions.map(|name| SpaceDim::unbounded(name, "1")));
        if self.aim == Aim::Fetch {
            let seen = ["x", "y", "z"];
            all.extend(places(&seen, "of the ball, seen from the head"));
            all.extend(vector(
                "the ball's velocity beside the head's, seen from the head",
                "m/s",
            ));
            all.extend(places(&seen, "of the target, seen from the head"));
        }
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        let (sin, cos) = sin_cos(start.rng.uniform(0.0, TAU) / 2.0);
        start.state.qpos[3..7].copy_from_slice(&[cos, 0.0, 0.0, sin]);
        for dof in [0, 1, 5] {
            start.state.qvel[dof] = 2.0 * start.rng.standard_normal();
        }
        for actuator in 0..start.model().na {
            let [low, high] = start.model().actuators.ctrlrange[actuator];
            start.state.act[actuator] = start.rng.uniform(low, high);
        }
        if self.aim == Aim::Fetch {
            throw(start);
        }
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        let [q, v] = ROOT;
        observation.push(&state.qpos[q..q + HINGES]);
        observation.push(&state.qvel[v..v + HINGES]);
        observation.extend(HIGH.map(|name| state.xpos[body(model, name)].z));
        for name in UPRIGHT {
            let frame = state.xmat[body(model, name)];
            observation.push(&[frame.x_axis.z, frame.y_axis.z, frame.z_axis.z]);
        }
        observation.push(&torso_velocity(model, state).to_array());
        observation.push(&state.sensordata[HEAD]);
        observation.push(&state.sensordata[FORCES]);
        observation.push(&state.sensordata[TOUCHES]);
        observation.push(&state.act);
        if self.aim == Aim::Fetch {
            let (frame, place) = head(model, state);
            let [ball, target] = ["ball", "target"].map(|name| geom_place(model, state, name));
            let own = velocity(model, state, body(model, "skull"), place);
            let balls = velocity(model, state, model.geoms.body[geom(model, "ball")], ball);
            for seen in [ball - place, balls - own, target - place] {
                observation.push(&(frame.transpose() * seen).to_array());
            }
        }
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let done = match self.aim {
            Aim::Stand => 1.0,
            Aim::Move(speed) => moving(model, state, speed),
            Aim::Fetch => fetching(model, state),
        };
        standing(model, state) * done
    }
}

#[cfg(test)]
mod tests {
    use super::super::suite::Suite;
    use super::*;
    use crate::{Env, EnvState};

    /// `get_reward` of dm_control 1.0.34 at rest, with the ball at each of these places: within twice the target's radius,
    /// where the mouth may let go, beyond it, and before the mouth.
    const REWARDS: [([f64; 3], f64); 3] = [
        ([0.05, 0.1, 0.03], 0.893_707_109_663_063),
        ([0.3, 0.1, 0.03], 0.305_846_550_365_787_6),
        ([0.32, 0.0, 0.45], 0.458_517_857_299_673_4),
    ];

    #[test]
    fn a_ball_is_fetched_to_the_target_and_let_go() {
        let task = Dog::fetch();
        let mut env = Suite::new(task.clone()).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        for (place, expected) in REWARDS {
            let (model, _) = env.physics().unwrap();
            let mut at_rest = EnvState {
                qpos: model.qpos0.clone(),
                qvel: vec![0.0; model.nv],
                qacc_warmstart: vec![0.0; model.nv],
                ..EnvState::default()
            };
            let ball = position(model, "ball_root");
            at_rest.qpos[ball..ball + 3].copy_from_slice(&place);
            env.set_state(&at_rest, &mut seen).unwrap();
            let (model, state) = env.physics().unwrap();
            approx::assert_abs_diff_eq!(task.reward(model, state), expected, epsilon = 1e-12);
        }
    }

    #[test]
    fn bodies_are_as_high_as_their_frames_at_rest() {
        let env = Suite::new(Dog::stand()).unwrap();
        let (model, state) = env.physics().unwrap();
        for name in HIGH {
            let found = state.xpos[body(model, name)].z;
            approx::assert_abs_diff_eq!(height_at_rest(model, name), found, epsilon = 1e-14);
        }
    }
}
