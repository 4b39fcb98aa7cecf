//! Forces of actuators. MuJoCo: Computation, "Actuation model".

use super::model::{Model, Transmission};
use super::state::State;

/// Motors: the clamped control times the gear, on the motor's joint.
pub(super) fn motors(model: &Model, state: &mut State) {
    state.qfrc_actuator.fill(0.0);
    let actuators = &model.actuators;
    for actuator in 0..model.nu {
        let mut control = state.ctrl[actuator];
        if actuators.ctrllimited[actuator] {
            let [low, high] = actuators.ctrlrange[actuator];
            // Comparisons let NaN through, so that it is noticed; `max` and `min` would turn it into `low`.
            if control < low {
                control = low;
            } else if control > high {
                control = high;
            }
        }
        if let Transmission::Joint(joint) = actuators.transmission[actuator] {
            let dof = model.joints.dofadr[joint];
            state.qfrc_actuator[dof] += actuators.gear[actuator][0] * control;
        }
    }
}
