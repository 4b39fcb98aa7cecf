//! Cartpole: hold one pole or more upright on a cart that slides along a rail. dm_control, `suite/cartpole.py`.

use std::f64::consts::PI;
use std::fmt::Write;

use super::parts::dims;
use super::suite::{Start, SuiteTask};
use crate::dynamics::{Model, State};
use crate::env::SpaceDim;
use crate::tasks::observation::velocities;
use crate::tasks::{Observation, Sigmoid, TaskSpec, Tolerance};
use crate::{Result, mjcf};

/// Joint and geom of a pole, and where the next one stands on it.
const POLE: &str = "<joint name=\"hinge_1\"/><geom name=\"pole_1\"/>";

/// Where the cart should be (m), and the cosines of the poles' angles, for a sparse reward.
const MIDDLE: Tolerance = Tolerance::within(-0.25, 0.25);
const UPRIGHT: Tolerance = Tolerance::within(0.995, 1.0);

const CENTRED: Tolerance = Tolerance::at(0.0).margin(2.0);
const SLOW: Tolerance = Tolerance::at(0.0).margin(5.0);
const LITTLE_CONTROL: Tolerance = Tolerance::at(0.0)
    .margin(1.0)
    .falls(Sigmoid::Quadratic, 0.0);

/// The domain's tasks.
#[derive(Clone, Debug)]
pub struct Cartpole {
    id: &'static str,
    about: &'static str,
    poles: usize,
    /// Whether the first pole hangs at first.
    swing_up: bool,
    /// Whether the reward is 1 within bounds and 0 outside.
    sparse: bool,
}

impl Cartpole {
    /// One pole that stands at first.
    #[must_use]
    pub fn balance() -> Self {
        Self {
            id: "dmc/cartpole-balance",
            about: "A cart holds a pole upright that stands at first.",
            poles: 1,
            swing_up: false,
            sparse: false,
        }
    }

    /// As [`balance`](Self::balance), with a sparse reward.
    #[must_use]
    pub fn balance_sparse() -> Self {
        Self {
            id: "dmc/cartpole-balance_sparse",
            about: "A cart holds a pole upright that stands at first; rewarded within bounds only.",
            sparse: true,
            ..Self::balance()
        }
    }

    /// One pole that hangs at first.
    #[must_use]
    pub fn swingup() -> Self {
        Self {
            id: "dmc/cartpole-swingup",
            about: "A cart swings up a pole that hangs at first, and holds it.",
            swing_up: true,
            ..Self::balance()
        }
    }

    /// As [`swingup`](Self::swingup), with a sparse reward.
    #[must_use]
    pub fn swingup_sparse() -> Self {
        Self {
            id: "dmc/cartpole-swingup_sparse",
            about: "A cart swings up a pole that hangs at first, and holds it; rewarded within bounds only.",
            sparse: true,
            ..Self::swingup()
        }
    }

    /// Two poles, one on top of the other.
    #[must_use]
    pub fn two_poles() -> Self {
        Self {
            id: "dmc/cartpole-two_poles",
            about: "A cart swings up a chain of two poles, and holds it.",
            poles: 2,
            ..Self::swingup()
        }
    }

    /// Three poles, one on top of the other.
    #[must_use]
    pub fn three_poles() -> Self {
        Self {
            id: "dmc/cartpole-three_poles",
            about: "A cart swings up a chain of three poles, and holds it.",
            poles: 3,
            ..Self::swingup()
        }
    }

    /// The same with another number of poles, 1 or more.
    #[must_use]
    pub fn with_poles(mut self, poles: usize) -> Self {
        self.poles = poles.max(1);
        self
    }

    /// Cosines of the poles' angles.
    fn cosines(state: &State) -> impl Iterator<Item = f64> {
        state.xmat[2..].iter().map(|frame| frame.z_axis.z)
    }
}

impl SuiteTask for Cartpole {
    fn spec(&self) -> TaskSpec {
        TaskSpec {
            id: self.id,
            about: self.about,
            source: "dm_control 1.0, suite/cartpole.py; Barto, Sutton and Anderson (1983), Neuronlike Adaptive Elements That Can Solve Difficult Learning Control Problems",
            frame_skip: 1,
            ..TaskSpec::default()
        }
    }

    fn model(&self) -> Result<Model> {
        let one = include_str!("../../../assets/dmc/cartpole.xml");
        let mut more = String::new();
        for pole in 2..=self.poles {
            let _ = write!(
                more,
                "<body name=\"pole_{pole}\" pos=\"0 0 1\" childclass=\"pole\"><joint name=\"hinge_{pole}\"/><geom name=\"pole_{pole}\"/>"
            );
        }
        more.extend((2..=self.poles).map(|_| "</body>"));
        let xml = one.replacen(POLE, &format!("{POLE}{more}"), 1);
        let floor = 1.0 - self.poles as f64 - 0.05;
        mjcf::compile(
            &xml.replacen("0 0 -0.05", &format!("0 0 {floor}"), 1),
            self.id,
        )
    }

    fn observation_space(&self, model: &Model) -> Vec<SpaceDim> {
        let mut all = dims(["slider"], "m");
        for hinge in &model.joints.name[1..] {
            let functions = ["cosine", "sine"].map(|function| format!("{function} of {hinge}"));
            all.extend(dims(functions.iter().map(String::as_str), "1"));
        }
        all.extend(velocities(model, f64::INFINITY));
        all
    }

    fn begin(&self, start: &mut Start<'_>) {
        let (rng, qpos) = (&mut *start.rng, &mut start.state.qpos);
        if self.swing_up {
            qpos[0] = 0.01 * rng.standard_normal();
            qpos[1] = PI + 0.01 * rng.standard_normal();
            for angle in &mut qpos[2..] {
                *angle = 0.1 * rng.standard_normal();
            }
        } else {
            qpos[0] = rng.uniform(-0.1, 0.1);
            for angle in &mut qpos[1..] {
                *angle = rng.uniform(-0.034, 0.034);
            }
        }
        for velocity in &mut start.state.qvel {
            *velocity = 0.01 * start.rng.standard_normal();
        }
    }

    fn observe(&self, _: &Model, state: &State, observation: &mut Observation<'_>) {
        observation.push(&state.qpos[..1]);
        for frame in &state.xmat[2..] {
            observation.push(&[frame.z_axis.z, frame.z_axis.x]);
        }
        observation.push(&state.qvel);
    }

    fn reward(&self, _: &Model, state: &State) -> f64 {
        let cart = state.qpos[0];
        if self.sparse {
            let upright: f64 = Self::cosines(state)
                .map(|cosine| UPRIGHT.reward(cosine))
                .product();
            return MIDDLE.reward(cart) * upright;
        }
        let upright = Self::cosines(state)
            .map(|cosine| (cosine + 1.0) / 2.0)
            .sum::<f64>()
            / self.poles as f64;
        let centred = f64::midpoint(1.0, CENTRED.reward(cart));
        let control = (4.0 + LITTLE_CONTROL.reward(state.ctrl[0])) / 5.0;
        let slow = state.qvel[1..]
            .iter()
            .map(|velocity| SLOW.reward(*velocity));
        let slow = f64::midpoint(1.0, slow.fold(1.0, f64::min));
        upright * control * slow * centred
    }
}
