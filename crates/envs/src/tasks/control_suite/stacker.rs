//! Stacker: stack boxes at a place of a given height. dm_control, `suite/stacker.py`.

use std::f64::consts::TAU;

use super::arm;
use super::parts::{keep, position, site_place};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::{Observation, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Half a side of a box (m).
const BOX: f64 = 0.022;
/// A box's and the hand's distance from the target (m).
const NEAR: Tolerance = Tolerance::at(0.0).margin(2.0 * BOX);
const FAR: Tolerance = Tolerance::at_least(0.1).margin(0.01);

/// The boxes, and their joints along x and z and about y.
const BOXES: [(&str, [&str; 3]); 4] = [
    ("box0", ["box0_x", "box0_z", "box0_y"]),
    ("box1", ["box1_x", "box1_z", "box1_y"]),
    ("box2", ["box2_x", "box2_z", "box2_y"]),
    ("box3", ["box3_x", "box3_z", "box3_y"]),
];

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Stacker {
    id: &'static str,
    about: &'static str,
    boxes: usize,
    fully_observable: bool,
}

impl Stacker {
    /// Two boxes.
    #[must_use]
    pub fn stack_2() -> Self {
        Self {
            id: "dmc/stacker-stack_2",
            about: "An arm with a hand in the plane puts one of two boxes at a target, on the other if need be.",
            boxes: 2,
            fully_observable: true,
        }
    }

    /// Four boxes.
    #[must_use]
    pub fn stack_4() -> Self {
        Self {
            id: "dmc/stacker-stack_4",
            about: "An arm with a hand in the plane puts one of four boxes at a target, on others if need be.",
            boxes: 4,
            fully_observable: true,
        }
    }

    /// The same where the hand, what is handled and the target are observed, or only the arm's angles, velocities and touch.
    #[must_use]
    pub fn fully_observable(mut self, all: bool) -> Self {
        self.fully_observable = all;
        self
    }

    fn boxes(&self) -> &'static [(&'static str, [&'static str; 3])] {
        &BOXES[..self.boxes]
    }
}

impl SuiteTask for Stacker {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/stacker.py",
            frame_skip: 10,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let mut parts: Vec<_> = self.boxes().iter().map(|(name, _)| *name).collect();
        parts.push("target");
        // Its contacts are softer than the manipulator's.
        let xml = arm::XML.replacen("solref=\"0.005 1\"", "solref=\"0.01 1\"", 1);
        mjcf::compile(&keep(&xml, &parts), self.id)
    }

    fn observation_space(&self, _: &Model) -> Vec<SpaceDim> {
        let mut all = arm::observation_space();
        if !self.fully_observable {
            return all;
        }
        all.extend(arm::pose_space("hand"));
        all.extend(
            self.boxes()
                .iter()
                .flat_map(|(name, _)| arm::pose_space(name)),
        );
        for (_, [x, z, y]) in self.boxes() {
            for (name, unit) in [(x, "m/s"), (y, "rad/s"), (z, "m/s")] {
                all.push(SpaceDim::unbounded(format!("velocity of {name}"), unit));
            }
        }
        all.extend(["x", "z"].map(|axis| SpaceDim::unbounded(format!("{axis} of target"), "m")));
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        loop {
            arm::draw(start);
            let height = 2 * start.rng.below(self.boxes as u32) + 1;
            let x = start.rng.uniform(-0.37, 0.37);
            start.arrange(self, &[x, BOX * f64::from(height)]);
            for (_, joints) in self.boxes() {
                for (name, [low, high]) in joints.iter().zip([[0.1, 0.3], [0.0, 0.7], [0.0, TAU]]) {
                    let at = position(start.model(), name);
                    start.state.qpos[at] = start.rng.uniform(low, high);
                }
            }
            if !start.touches() {
                break;
            }
        }
    }

    fn drawn(&self) -> usize {
        2
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        arm::put(model, "target", [drawn[0], drawn[1]]);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        arm::observe(model, state, observation);
        if !self.fully_observable {
            return;
        }
        observation.push(&arm::pose(model, state, "hand"));
        for (name, _) in self.boxes() {
            observation.push(&arm::pose(model, state, name));
        }
        for (_, [x, z, y]) in self.boxes() {
            observation.extend([x, y, z].map(|name| state.qvel[position(model, name)]));
        }
        observation.push(&arm::pose(model, state, "target")[..2]);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let target = site_place(model, state, "target");
        let distance = |name: &str| (site_place(model, state, name) - target).length();
        let nearest = self
            .boxes()
            .iter()
            .map(|(name, _)| distance(name))
            .fold(f64::INFINITY, f64::min);
        NEAR.reward(nearest) * FAR.reward(distance("grasp"))
    }
}
