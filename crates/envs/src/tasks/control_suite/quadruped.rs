//! Quadruped: walk, run, climb out of a bowl, or fetch a ball on four legs. dm_control, `suite/quadruped.py`.

use std::f64::consts::TAU;
use std::ops::Range;

use glam::{DMat3, DVec3};

use super::bowl;
use super::parts::{any_orientation, body, dims, keep, norm, places, position, site_place};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State, sin_cos};
use crate::env::SpaceDim;
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Joints of the legs: all but the root's six and the ball's six velocities.
const HINGES: usize = 16;
/// Positions and velocities of the root.
const ROOT: [usize; 2] = [7, 6];
/// Where in the sensors' numbers acceleration and turning are, the velocity, the toes' forces and torques, and how far ahead
/// beams meet something.
const IMU: Range<usize> = 0..6;
const VELOCITY: Range<usize> = 6..9;
const TOES: Range<usize> = 9..33;
const BEAMS: Range<usize> = 33..53;

/// Most heights that are tried until nothing touches, and how far they are apart (m).
const ATTEMPTS: usize = 10_000;
const RISE: f64 = 0.01;

/// Half a side of the floor on which a ball is fetched, the radii of what the trunk reaches, of the ball and of the target (m).
const ARENA: f64 = 15.0;
const REACH: f64 = 0.3;
const BALL: f64 = 0.15;
const TARGET: f64 = 0.4;

/// Half a side of the bowl (m), how many bumps it has along a side, and the lowest of their random factors.
const BOWL: f64 = 30.0;
const BUMPS: usize = 30;
const LOWEST: f64 = 0.15;
/// Cosine of 20°, by which the trunk may lean there.
const UPRIGHT: f64 = 0.939_692_620_785_908_4;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Aim {
    /// Moves forward, at this speed or more (m/s).
    Move(f64),
    Escape,
    Fetch,
}

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Quadruped {
    id: &'static str,
    about: &'static str,
    aim: Aim,
}

impl Quadruped {
    /// Walks.
    #[must_use]
    pub fn walk() -> Self {
        Self {
            id: "dmc/quadruped-walk",
            about: "A robot with four legs walks forward, at 0.5 m/s or more.",
            aim: Aim::Move(0.5),
        }
    }

    /// Runs.
    #[must_use]
    pub fn run() -> Self {
        Self {
            id: "dmc/quadruped-run",
            about: "A robot with four legs runs forward, at 5 m/s or more.",
            aim: Aim::Move(5.0),
        }
    }

    /// Climbs out of a bowl.
    #[must_use]
    pub fn escape() -> Self {
        Self {
            id: "dmc/quadruped-escape",
            about: "A robot with four legs climbs out of a bumpy bowl, 30 m from its middle.",
            aim: Aim::Escape,
        }
    }

    /// Fetches a ball.
    #[must_use]
    pub fn fetch() -> Self {
        Self {
            id: "dmc/quadruped-fetch",
            about: "A robot with four legs brings a ball to the middle of a walled floor.",
            aim: Aim::Fetch,
        }
    }
}

/// The trunk's place and orientation.
fn trunk(model: &Model, state: &State) -> (DVec3, DMat3) {
    let torso = body(model, "torso");
    (state.xpos[torso], state.xmat[torso])
}

/// How upright the trunk is: 1 within `lean` of upright (given as its cosine), 0 upside down.
fn upright(model: &Model, state: &State, lean: f64) -> f64 {
    let upright = Tolerance::at_least(lean)
        .margin(1.0 + lean)
        .falls(Sigmoid::Linear, 0.0);
    upright.reward(trunk(model, state).1.z_axis.z)
}

/// Lifts the trunk, so turned and above this place (m), until nothing touches.
fn lift(start: &mut Start<'_>, orientation: [f64; 4], [x, y]: [f64; 2]) {
    let root = position(start.model(), "root");
    let mut z = 0.0;
    for _ in 0..ATTEMPTS {
        start.reset();
        let pose = &mut start.state.qpos[root..root + 7];
        pose[..3].copy_from_slice(&[x, y, z]);
        pose[3..].copy_from_slice(&orientation);
        if !start.touches() {
            break;
        }
        z += RISE;
    }
}

/// Numbers of a place in the trunk's axes.
fn seen_from_trunk(what: &str, unit: &'static str) -> Vec<SpaceDim> {
    let names = ["x", "y", "z"].map(|axis| format!("{axis} {what}, seen from the trunk"));
    dims(names.iter().map(String::as_str), unit)
}

impl SuiteTask for Quadruped {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/quadruped.py",
            frame_skip: 4,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let xml = include_str!("../../../assets/dmc/quadruped.xml");
        // The floor is as long as an episode takes at the speed.
        let (floor, part): (f64, &[&str]) = match self.aim {
            Aim::Move(speed) => (20.0 * speed, &[]),
            Aim::Escape => (40.0, &["terrain"]),
            Aim::Fetch => (ARENA, &["ball"]),
        };
        let xml = xml.replacen(
            "size=\"15 15 0.5\"",
            &format!("size=\"{floor} {floor} 0.5\""),
            1,
        );
        mjcf::compile(&keep(&xml, part), self.id)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let hinges: Vec<&str> = model.joints.name[1..=HINGES]
            .iter()
            .map(String::as_str)
            .collect();
        let velocities = hinges.iter().map(|name| format!("velocity of {name}"));
        let mut all = dims(hinges.iter().copied(), "rad");
        all.extend(velocities.map(|name| SpaceDim::unbounded(name, "rad/s")));
        all.extend((0..model.na).map(|i| SpaceDim::unbounded(format!("activation {i}"), "1")));
        all.extend(seen_from_trunk("of the velocity", "m/s"));
        all.extend(dims(["z of the trunk's z axis"], "1"));
        all.extend(seen_from_trunk("of the acceleration", "m/s²"));
        all.extend(seen_from_trunk("of the angular velocity", "rad/s"));
        for kind in ["force", "torque"] {
            for toe in ["front left", "front right", "back right", "back left"] {
                let names = ["x", "y", "z"]
                    .map(|axis| format!("{axis} of the {kind} on the {toe} toe, asinh"));
                all.extend(dims(names.iter().map(String::as_str), "1"));
            }
        }
        if self.aim == Aim::Escape {
            all.extend(seen_from_trunk("of the bowl's middle", "m"));
            let beams = BEAMS.map(|i| format!("length of beam {}, tanh", i - BEAMS.start));
            all.extend(beams.map(|name| SpaceDim::unbounded(name, "1")));
        }
        if self.aim == Aim::Fetch {
            all.extend(seen_from_trunk("of the ball", "m"));
            all.extend(seen_from_trunk("of the ball's velocity", "m/s"));
            all.extend(seen_from_trunk("of the ball's angular velocity", "rad/s"));
            all.extend(places(
                &["x", "y", "z"],
                "of the target, seen from the trunk",
            ));
        }
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        if self.aim == Aim::Escape {
            let bumps = [(); BUMPS * BUMPS].map(|()| start.rng.uniform(LOWEST, 1.0));
            start.arrange(self, &bumps);
        }
        if self.aim != Aim::Fetch {
            let orientation = any_orientation(start);
            lift(start, orientation, [0.0; 2]);
            return;
        }
        let azimuth = start.rng.uniform(0.0, TAU);
        let (sin, cos) = sin_cos(azimuth / 2.0);
        let far = 0.9 * ARENA;
        let mut place = || [(); 2].map(|()| start.rng.uniform(-far, far));
        let trunk = place();
        lift(start, [cos, 0.0, 0.0, sin], trunk);
        let ball = [(); 2].map(|()| start.rng.uniform(-far, far));
        let at = position(start.model(), "ball_root");
        start.state.qpos[at..at + 3].copy_from_slice(&[ball[0], ball[1], 2.0]);
        let dof = ROOT[1] + HINGES;
        for velocity in &mut start.state.qvel[dof..dof + 2] {
            *velocity = 5.0 * start.rng.standard_normal();
        }
    }

    fn drawn(&self) -> usize {
        match self.aim {
            Aim::Escape => BUMPS * BUMPS,
            _ => 0,
        }
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        if let Some(terrain) = model.hfields.first_mut() {
            terrain.data = bowl::heights(drawn, BUMPS, terrain.nrow);
        }
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        let [q, v] = ROOT;
        let (place, frame) = trunk(model, state);
        observation.push(&state.qpos[q..q + HINGES]);
        observation.push(&state.qvel[v..v + HINGES]);
        observation.push(&state.act);
        observation.push(&state.sensordata[VELOCITY]);
        observation.push(&[frame.z_axis.z]);
        observation.push(&state.sensordata[IMU]);
        observation.extend(state.sensordata[TOES].iter().map(|x| libm::asinh(*x)));
        if self.aim == Aim::Escape {
            observation.push(&(frame.transpose() * -place).to_array());
            // A beam that meets nothing tells -1.
            let seen = |far: &f64| if *far == -1.0 { 1.0 } else { libm::tanh(*far) };
            observation.extend(state.sensordata[BEAMS].iter().map(seen));
        }
        if self.aim == Aim::Fetch {
            let to_local = frame.transpose();
            let dof = v + HINGES;
            let velocity = |at: usize| DVec3::from_slice(&state.qvel[at..]);
            let ball = state.xpos[body(model, "ball")];
            for vector in [ball - place, velocity(dof) - velocity(0), velocity(dof + 3)] {
                observation.push(&(to_local * vector).to_array());
            }
            let target = site_place(model, state, "target");
            observation.push(&(to_local * (target - place)).to_array());
        }
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let mut lean = 1.0;
        let done = match self.aim {
            Aim::Move(speed) => {
                let moving = Tolerance::at_least(speed)
                    .margin(speed)
                    .falls(Sigmoid::Linear, 0.5);
                moving.reward(state.sensordata[VELOCITY][0])
            }
            Aim::Escape => {
                lean = UPRIGHT;
                let out = Tolerance::at_least(BOWL).margin(BOWL);
                let workspace = site_place(model, state, "workspace");
                out.falls(Sigmoid::Linear, 0.0).reward(workspace.length())
            }
            Aim::Fetch => {
                let ball = state.xpos[body(model, "ball")];
                let apart = |name| {
                    let apart = site_place(model, state, name) - ball;
                    norm(&[apart.x, apart.y])
                };
                let near = |radius, distance| {
                    let margin = ARENA * 2.0_f64.sqrt();
                    let near = Tolerance::within(0.0, radius).margin(margin);
                    near.falls(Sigmoid::Linear, 0.0).reward(distance)
                };
                let fetched = near(TARGET, apart("target"));
                near(REACH + BALL, apart("workspace")) * (0.5 + 0.5 * fetched)
            }
        };
        upright(model, state, lean) * done
    }
}
