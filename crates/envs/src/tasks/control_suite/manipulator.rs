//! Manipulator: bring a ball or a peg to a target, or insert it there. dm_control, `suite/manipulator.py`.

use std::f64::consts::{PI, TAU};

use super::arm;
use super::parts::{keep, position, site, site_place};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::{Observation, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// How near two places are that should be one (m).
const CLOSE: Tolerance = Tolerance::within(0.0, 0.01).margin(0.02);
/// How often the thing is in the hand at first, at the target, or anywhere.
const BEGINNINGS: [f64; 3] = [0.1, 0.1, 1.0 - 0.1 - 0.1];

/// What is brought or inserted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    Ball,
    Peg,
}

impl Thing {
    fn name(self) -> &'static str {
        match self {
            Self::Ball => "ball",
            Self::Peg => "peg",
        }
    }

    fn target(self) -> &'static str {
        match self {
            Self::Ball => "target_ball",
            Self::Peg => "target_peg",
        }
    }

    /// Its joints: x, z, and the angle about y.
    fn joints(self) -> [&'static str; 3] {
        match self {
            Self::Ball => ["ball_x", "ball_z", "ball_y"],
            Self::Peg => ["peg_x", "peg_z", "peg_y"],
        }
    }

    /// What it is inserted into.
    fn receptacle(self) -> &'static str {
        match self {
            Self::Ball => "cup",
            Self::Peg => "slot",
        }
    }
}

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Manipulator {
    id: &'static str,
    about: &'static str,
    thing: Thing,
    insert: bool,
    fully_observable: bool,
}

impl Manipulator {
    /// Brings a ball to a target.
    #[must_use]
    pub fn bring_ball() -> Self {
        Self {
            id: "dmc/manipulator-bring_ball",
            about: "An arm with a hand in the plane brings a ball to a target.",
            thing: Thing::Ball,
            insert: false,
            fully_observable: true,
        }
    }

    /// Brings a peg to a target.
    #[must_use]
    pub fn bring_peg() -> Self {
        Self {
            id: "dmc/manipulator-bring_peg",
            about: "An arm with a hand in the plane brings a peg to a target.",
            thing: Thing::Peg,
            insert: false,
            fully_observable: true,
        }
    }

    /// Puts a ball into a cup.
    #[must_use]
    pub fn insert_ball() -> Self {
        Self {
            id: "dmc/manipulator-insert_ball",
            about: "An arm with a hand in the plane puts a ball into a cup.",
            insert: true,
            ..Self::bring_ball()
        }
    }

    /// Puts a peg into a slot.
    #[must_use]
    pub fn insert_peg() -> Self {
        Self {
            id: "dmc/manipulator-insert_peg",
            about: "An arm with a hand in the plane puts a peg into a slot.",
            insert: true,
            ..Self::bring_peg()
        }
    }

    /// The same where the hand, what is handled and the target are observed, or only the arm's angles, velocities and touch.
    #[must_use]
    pub fn fully_observable(mut self, all: bool) -> Self {
        self.fully_observable = all;
        self
    }

    /// Sets where the thing is at first: its joints' positions.
    fn place(&self, start: &mut Start<'_>, target: [f64; 3]) {
        let joints = self
            .thing
            .joints()
            .map(|name| position(start.model(), name));
        let place = match start.rng.choice(&BEGINNINGS) {
            0 => {
                start.settle();
                let grasp = site(start.model(), "grasp");
                let (place, along) = (
                    start.state.site_xpos[grasp],
                    start.state.site_xmat[grasp].x_axis,
                );
                [place.x, place.z, PI - libm::atan2(along.z, along.x)]
            }
            1 => target,
            _ => {
                let place = [[-0.5, 0.5], [0.0, 0.7], [0.0, TAU]]
                    .map(|[low, high]| start.rng.uniform(low, high));
                start.state.qvel[joints[0]] = start.rng.uniform(-5.0, 5.0);
                place
            }
        };
        for (at, x) in joints.into_iter().zip(place) {
            start.state.qpos[at] = x;
        }
    }
}

/// How near two sites are.
fn close(model: &Model, state: &State, sites: [&str; 2]) -> f64 {
    let [first, second] = sites.map(|name| site_place(model, state, name));
    CLOSE.reward((first - second).length())
}

impl SuiteTask for Manipulator {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/manipulator.py",
            frame_skip: 10,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let mut parts = vec![self.thing.name(), self.thing.target()];
        if self.insert {
            parts.push(self.thing.receptacle());
        }
        mjcf::compile(&keep(arm::XML, &parts), self.id)
    }

    fn observation_space(&self, _: &Model) -> Vec<SpaceDim> {
        let mut all = arm::observation_space();
        if !self.fully_observable {
            return all;
        }
        all.extend(arm::pose_space("hand"));
        all.extend(arm::pose_space(self.thing.name()));
        for (name, unit) in self.thing.joints().into_iter().zip(["m/s", "m/s", "rad/s"]) {
            all.push(SpaceDim::unbounded(format!("velocity of {name}"), unit));
        }
        all.extend(arm::pose_space(self.thing.target()));
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        let lean = if self.insert { PI / 3.0 } else { PI };
        loop {
            arm::draw(start);
            let target = [[-0.4, 0.4], [0.1, 0.4], [-lean, lean]]
                .map(|[low, high]| start.rng.uniform(low, high));
            start.arrange(self, &target);
            self.place(start, target);
            if !start.touches() {
                break;
            }
        }
    }

    fn drawn(&self) -> usize {
        3
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        let receptacle = self.insert.then(|| self.thing.receptacle());
        for name in receptacle.into_iter().chain([self.thing.target()]) {
            arm::put(model, name, [drawn[0], drawn[1]]);
            arm::turn(model, name, drawn[2]);
        }
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        arm::observe(model, state, observation);
        if !self.fully_observable {
            return;
        }
        observation.push(&arm::pose(model, state, "hand"));
        observation.push(&arm::pose(model, state, self.thing.name()));
        observation.extend(
            self.thing
                .joints()
                .map(|name| state.qvel[position(model, name)]),
        );
        observation.push(&arm::pose(model, state, self.thing.target()));
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let close = |first, second| close(model, state, [first, second]);
        match self.thing {
            Thing::Ball => close("ball", "target_ball"),
            Thing::Peg => {
                let grasping =
                    f64::midpoint(close("peg_grasp", "grasp"), close("peg_pinch", "pinch"));
                let bringing = f64::midpoint(
                    close("peg", "target_peg"),
                    close("target_peg_tip", "peg_tip"),
                );
                bringing.max(grasping / 3.0)
            }
        }
    }
}
