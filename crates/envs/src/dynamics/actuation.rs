//! Forces of actuators. MuJoCo: Computation, "Actuation model".

use super::is_bad;
use super::model::Model;
use super::state::State;
use super::transmission::for_each_moment;

/// Gain times control plus bias of every actuator, on the dofs that it acts on.
pub(super) fn fwd_actuation(model: &Model, state: &mut State) {
    state.qfrc_actuator.fill(0.0);
    let actuators = &model.actuators;
    // A control of NaN switches all of them off.
    let bad = (0..model.nu).find(|i| is_bad(control(model, state, *i)));
    if let Some(index) = bad {
        state.warnings.bad_ctrl.note(index);
    }
    for actuator in 0..model.nu {
        let control = if bad.is_some() {
            0.0
        } else {
            control(model, state, actuator)
        };
        let (length, velocity) = (
            state.actuator_length[actuator],
            state.actuator_velocity[actuator],
        );
        let affine = |prm: &[f64; 3]| prm[0] + prm[1] * length + prm[2] * velocity;
        let force =
            affine(&actuators.gainprm[actuator]) * control + affine(&actuators.biasprm[actuator]);
        let force = if actuators.forcelimited[actuator] {
            clamp(force, actuators.forcerange[actuator])
        } else {
            force
        };
        state.actuator_force[actuator] = force;
        for_each_moment(model, &state.qpos, actuator, |dof, moment| {
            state.qfrc_actuator[dof] += moment * force;
        });
    }
    let joints = &model.joints;
    for joint in (0..joints.kind.len()).filter(|joint| joints.actfrclimited[*joint]) {
        let force = &mut state.qfrc_actuator[joints.dofadr[joint]];
        *force = clamp(*force, joints.actfrcrange[joint]);
    }
}

/// An actuator's control within its range.
fn control(model: &Model, state: &State, actuator: usize) -> f64 {
    let control = state.ctrl[actuator];
    if model.actuators.ctrllimited[actuator] {
        clamp(control, model.actuators.ctrlrange[actuator])
    } else {
        control
    }
}

/// Comparisons pass NaN on, so that it is noticed; `max` and `min` would turn it into `low`.
fn clamp(x: f64, [low, high]: [f64; 2]) -> f64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}
