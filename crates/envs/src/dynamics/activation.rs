//! Activations of actuators after a step. MuJoCo: Computation, "Actuation model", Activation dynamics.
//!
//! Euler's method `a + h ȧ`; of an exact filter with time constant τ its solution `a + ȧ τ (1 − exp(−h/τ))`.

use super::MINVAL;
use super::model::{Dyn, Model};
use super::state::State;

/// An activation after a step at a rate.
pub(super) fn next(model: &Model, actuator: usize, now: f64, rate: f64) -> f64 {
    let (actuators, h) = (&model.actuators, model.opt.timestep);
    let next = if actuators.dyntype[actuator] == Dyn::FilterExact {
        let time = actuators.dynprm[actuator][0].max(MINVAL);
        now + rate * time * (1.0 - libm::exp(-h / time))
    } else {
        now + rate * h
    };
    if actuators.actlimited[actuator] {
        clamp(next, actuators.actrange[actuator])
    } else {
        next
    }
}

/// Moves all activations on.
pub(super) fn advance(model: &Model, state: &mut State) {
    if model.na == 0 || !model.opt.actuation {
        return;
    }
    for actuator in 0..model.nu {
        if let Some(address) = model.actuators.actadr[actuator] {
            let rate = if model.actuators.disabled[actuator] {
                0.0
            } else {
                state.act_dot[address]
            };
            state.act[address] = next(model, actuator, state.act[address], rate);
        }
    }
}

/// Comparisons pass NaN on, so that it is noticed; `max` and `min` would turn it into `low`.
pub(super) fn clamp(x: f64, [low, high]: [f64; 2]) -> f64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}
