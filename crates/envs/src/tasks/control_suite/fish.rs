//! Fish: hold upright, or swim to a target. dm_control, `suite/fish.py`.

use glam::DVec3;

use super::parts::{any_orientation, body, dims, geom, geom_place, joint, places, position};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::velocities;
use crate::tasks::{Observation, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Joints that are drawn and observed, in this order.
const JOINTS: [&str; 7] = [
    "tail1",
    "tail_twist",
    "tail2",
    "finright_roll",
    "finright_pitch",
    "finleft_roll",
    "finleft_pitch",
];
const UPRIGHT: Tolerance = Tolerance::at(1.0).margin(1.0);

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Fish {
    swimming: bool,
}

impl Fish {
    /// Holds upright.
    #[must_use]
    pub fn upright() -> Self {
        Self { swimming: false }
    }

    /// Swims to a target.
    #[must_use]
    pub fn swim() -> Self {
        Self { swimming: true }
    }
}

/// The z component of the torso's z axis.
fn upright(model: &Model, state: &State) -> f64 {
    state.xmat[body(model, "torso")].z_axis.z
}

/// From the mouth to the target, in the mouth's axes (m).
fn to_target(model: &Model, state: &State) -> DVec3 {
    let [target, mouth] = ["target", "mouth"].map(|name| geom_place(model, state, name));
    let frame = state.geom_xmat[geom(model, "mouth")];
    frame.transpose() * (target - mouth)
}

impl SuiteTask for Fish {
    fn spec(&self) -> TaskSpec {
        let [id, about] = if self.swimming {
            ["dmc/fish-swim", "A fish swims to a target."]
        } else {
            [
                "dmc/fish-upright",
                "A fish turns upright and holds itself so.",
            ]
        };
        TaskSpec {
            id,
            about,
            source: "dm_control 1.0, suite/fish.py",
            frame_skip: 10,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(include_str!("../../../assets/dmc/fish.xml"), self.spec().id)
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = dims(JOINTS, "rad");
        all.extend(dims(["z of the torso's z axis"], "1"));
        if self.swimming {
            all.extend(places(
                &["x", "y", "z"],
                "from mouth to target, seen from the mouth",
            ));
        }
        all.extend(velocities(model, f64::INFINITY));
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        let orientation = any_orientation(start);
        let root = position(start.model(), "root");
        start.state.qpos[root + 3..root + 7].copy_from_slice(&orientation);
        for name in JOINTS {
            let at = position(start.model(), name);
            start.state.qpos[at] = start.rng.uniform(-0.2, 0.2);
        }
        if self.swimming {
            let sides = [[-0.4, 0.4], [-0.4, 0.4], [0.1, 0.3]];
            let place = sides.map(|[low, high]| start.rng.uniform(low, high));
            start.arrange(self, &place);
        }
    }

    fn drawn(&self) -> usize {
        if self.swimming { 3 } else { 0 }
    }

    fn arrange(&self, model: &mut Model, drawn: &[f64]) {
        let target = geom(model, "target");
        model.geoms.pos[target] = DVec3::from_slice(drawn);
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.extend(JOINTS.map(|name| state.qpos[model.joints.qposadr[joint(model, name)]]));
        observation.push(&[upright(model, state)]);
        if self.swimming {
            observation.push(&to_target(model, state).to_array());
        }
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        if !self.swimming {
            return UPRIGHT.reward(upright(model, state));
        }
        let radii: f64 = ["mouth", "target"]
            .map(|name| model.geoms.size[geom(model, name)][0])
            .iter()
            .sum();
        let at_target = Tolerance::within(0.0, radii).margin(2.0 * radii);
        let near = at_target.reward(to_target(model, state).length());
        (7.0 * near + 0.5 * (upright(model, state) + 1.0)) / 8.0
    }
}
