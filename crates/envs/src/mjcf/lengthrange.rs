//! Lengths that muscles can have, found by pulling. MuJoCo: XML reference, "compiler/lengthrange"; Modeling, "Muscle
//! actuators", Length range.

use super::element::Element;
use super::schema;
use crate::Result;
use crate::dynamics::model::{Integrator, Law, Model, Transmission};
use crate::dynamics::{Pull, State, pull};

/// Most steps that the search takes for all actuators together.
const MOST_STEPS: f64 = 1e6;

/// Whose lengths are searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Nobody,
    Muscles,
    All,
}

/// How they are searched for.
#[derive(Clone, Debug)]
pub(super) struct Search {
    mode: Mode,
    useexisting: bool,
    uselimit: bool,
    pull: Pull,
    timestep: f64,
    /// Time of the whole pull, and of its last part, whose lengths count (s).
    inttotal: f64,
    interval: f64,
    /// How much the length may change in that part, over the range.
    tolrange: f64,
}

impl Default for Search {
    fn default() -> Self {
        Self {
            mode: Mode::Muscles,
            useexisting: true,
            uselimit: false,
            pull: Pull {
                accel: 20.0,
                maxforce: 0.0,
                timeconst: 1.0,
            },
            timestep: 0.01,
            inttotal: 10.0,
            interval: 2.0,
            tolrange: 0.05,
        }
    }
}

impl Search {
    pub(super) fn read(&mut self, element: &Element) -> Result<()> {
        element.check(&schema::LENGTHRANGE)?;
        let modes = [
            ("none", Mode::Nobody),
            ("muscle", Mode::Muscles),
            ("muscleuser", Mode::Muscles),
            ("all", Mode::All),
        ];
        element.choice("mode", &modes, &mut self.mode)?;
        element.flag("useexisting", &mut self.useexisting)?;
        element.flag("uselimit", &mut self.uselimit)?;
        element.positive("accel", &mut self.pull.accel)?;
        element.number("maxforce", &mut self.pull.maxforce)?;
        element.positive("timeconst", &mut self.pull.timeconst)?;
        element.positive("timestep", &mut self.timestep)?;
        element.positive("inttotal", &mut self.inttotal)?;
        element.positive("interval", &mut self.interval)?;
        element.positive("tolrange", &mut self.tolrange)
    }

    /// Fills in the ranges of the actuators that need one; `Err` holds the actuator that has none and why.
    pub(super) fn fill(&self, model: &mut Model) -> std::result::Result<(), (usize, String)> {
        let needed: Vec<usize> = (0..model.nu).filter(|i| self.asks(model, *i)).collect();
        let steps = 2.0 * needed.len() as f64 * self.inttotal / self.timestep;
        if let Some(first) = needed.first()
            && steps > MOST_STEPS
        {
            return Err((
                *first,
                format!(
                    "the search for lengthrange would take {steps:.0} steps; at most {MOST_STEPS} are allowed"
                ),
            ));
        }
        if needed.is_empty() {
            return Ok(());
        }
        let bare = self.bare(model);
        for actuator in needed {
            let range = self.range(&bare, actuator).map_err(|why| (actuator, why))?;
            model.actuators.lengthrange[actuator] = range;
        }
        Ok(())
    }

    /// Whether an actuator's range is not known; it is taken from limits where that is asked for.
    fn asks(&self, model: &mut Model, actuator: usize) -> bool {
        let a = &mut model.actuators;
        let muscle = [a.gaintype[actuator], a.biastype[actuator]].contains(&Law::Muscle);
        let [low, high] = a.lengthrange[actuator];
        if self.mode == Mode::Nobody
            || self.mode == Mode::Muscles && !muscle
            || self.useexisting && low < high
        {
            return false;
        }
        let limit = match a.transmission[actuator] {
            Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
                model.joints.limited[joint].then(|| model.joints.range[joint])
            }
            Transmission::Tendon(tendon) => {
                model.tendons.limited[tendon].then(|| model.tendons.range[tendon])
            }
            _ => None,
        };
        match limit {
            Some(range) if self.uselimit => a.lengthrange[actuator] = range,
            _ => return true,
        }
        false
    }

    /// The model without contacts, friction, springs, dampers, gravity and actuators' own forces.
    fn bare(&self, model: &Model) -> Model {
        let mut bare = model.clone();
        bare.pairs.clear();
        bare.dofs.frictionloss.fill(0.0);
        bare.tendons.frictionloss.fill(0.0);
        bare.joints.stiffness.fill(0.0);
        bare.tendons.stiffness.fill(0.0);
        bare.dofs.damping.fill(0.0);
        bare.tendons.damping.fill(0.0);
        let opt = &mut bare.opt;
        opt.gravity = glam::DVec3::ZERO;
        (opt.passive, opt.actuation) = (false, false);
        (opt.warmstart, opt.islands) = (true, true);
        (opt.refsafe, opt.autoreset) = (true, true);
        opt.timestep = self.timestep;
        if opt.integrator == Integrator::Rk4 {
            opt.integrator = Integrator::Euler;
        }
        bare
    }

    fn range(&self, model: &Model, actuator: usize) -> std::result::Result<[f64; 2], String> {
        let mut ends = [[f64::INFINITY, f64::NEG_INFINITY]; 2];
        for (side, [low, high]) in [-1.0, 1.0].into_iter().zip(&mut ends) {
            let mut state = State::new(model);
            while state.time < self.inttotal {
                let length = pull(model, &mut state, actuator, side, &self.pull);
                if state.diverged {
                    return Err("the search for lengthrange is unstable; give lengthrange".into());
                }
                if state.time > self.inttotal - self.interval {
                    (*low, *high) = (low.min(length), high.max(length));
                }
            }
        }
        let range = [ends[0][0], ends[1][1]];
        let size = range[1] - range[0];
        if size.is_nan() || size <= 0.0 {
            return Err(format!(
                "the search for lengthrange found {} {}; give lengthrange",
                range[0], range[1]
            ));
        }
        if ends
            .iter()
            .any(|[low, high]| high - low > self.tolrange * size)
        {
            return Err(format!(
                "the search for lengthrange did not settle at {} {}; give lengthrange, or limits to what it moves",
                range[0], range[1]
            ));
        }
        Ok(range)
    }
}
