//! One step under the pull of an actuator, to find how long it can be. MuJoCo: XML reference, "compiler/lengthrange".
//!
//! The force along the moment m is such that without constraints the acceleration has the length a: `±a m / ‖M⁻¹ m‖`.
//! Velocities fade with a time constant.

use super::MINVAL;
use super::forward::forward;
use super::math::dense::norm;
use super::model::Model;
use super::state::State;
use super::step::step;
use super::transmission::for_each_moment;

/// How hard an actuator pulls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pull {
    /// Length of the acceleration.
    pub(crate) accel: f64,
    /// Most force; no bound where not positive.
    pub(crate) maxforce: f64,
    /// Time in which velocities fade (s).
    pub(crate) timeconst: f64,
}

/// Least time constant (s).
const LEAST_TIME: f64 = 0.01;

/// Moves the state on with an actuator pulling to one side, −1 or 1; gives its length before the step.
pub(crate) fn pull(
    model: &Model,
    state: &mut State,
    actuator: usize,
    side: f64,
    how: &Pull,
) -> f64 {
    let fade = libm::exp(-model.opt.timestep / how.timeconst.max(LEAST_TIME));
    state.qvel.iter_mut().for_each(|v| *v *= fade);
    state.qfrc_applied.clear();
    forward(model, state);
    let mut moment = vec![0.0; model.nv];
    for_each_moment(model, state, actuator, |dof, x| moment[dof] += x);
    let mut acceleration = moment.clone();
    state.qld.solve(&mut acceleration);
    let scale = side * how.accel / norm(&acceleration).max(MINVAL);
    moment.iter_mut().for_each(|x| *x *= scale);
    let size = norm(&moment);
    if how.maxforce > 0.0 && size > how.maxforce {
        let scale = how.maxforce / size.max(MINVAL);
        moment.iter_mut().for_each(|x| *x *= scale);
    }
    let length = state.actuator_length[actuator];
    state.qfrc_applied = moment;
    step(model, state);
    length
}
