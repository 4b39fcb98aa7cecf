//! Acrobot: two links of which only the second is driven. dm_control, `suite/acrobot.py`.

use std::f64::consts::PI;

use super::parts::{body, dims, site_place};
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::velocities;
use crate::tasks::{Observation, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Radius of the target (m).
const TARGET: f64 = 0.2;

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Acrobot {
    sparse: bool,
}

impl Acrobot {
    /// Rewarded for the distance of the tip from the target.
    #[must_use]
    pub fn swingup() -> Self {
        Self { sparse: false }
    }

    /// Rewarded while the tip is in the target.
    #[must_use]
    pub fn swingup_sparse() -> Self {
        Self { sparse: true }
    }
}

impl SuiteTask for Acrobot {
    fn spec(&self) -> TaskSpec {
        let [id, about] = if self.sparse {
            [
                "dmc/acrobot-swingup_sparse",
                "Two links, driven at the elbow only, swing up to a target; rewarded within it only.",
            ]
        } else {
            [
                "dmc/acrobot-swingup",
                "Two links, driven at the elbow only, swing up to a target.",
            ]
        };
        TaskSpec {
            id,
            about,
            source: "dm_control 1.0, suite/acrobot.py; Coulom (2002), Reinforcement Learning Using Neural Networks, with Applications to Motor Control",
            frame_skip: 1,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        mjcf::compile(
            include_str!("../../../assets/dmc/acrobot.xml"),
            self.spec().id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let names = [
            "x of the upper arm's direction",
            "x of the lower arm's direction",
            "z of the upper arm's direction",
            "z of the lower arm's direction",
        ];
        [dims(names, "1"), velocities(model, f64::INFINITY)].concat()
    }

    fn begin(&self, start: &mut Start<'_>) {
        for angle in &mut start.state.qpos {
            *angle = start.rng.uniform(-PI, PI);
        }
    }

    fn observe(&self, model: &Model, state: &State, observation: &mut Observation<'_>) {
        let [upper, lower] =
            ["upper_arm", "lower_arm"].map(|name| state.xmat[body(model, name)].z_axis);
        observation.push(&[upper.x, lower.x, upper.z, lower.z]);
        observation.push(&state.qvel);
    }

    fn reward(&self, model: &Model, state: &State) -> f64 {
        let [target, tip] = ["target", "tip"].map(|name| site_place(model, state, name));
        let margin = if self.sparse { 0.0 } else { 1.0 };
        Tolerance::within(0.0, TARGET)
            .margin(margin)
            .reward((target - tip).length())
    }
}
