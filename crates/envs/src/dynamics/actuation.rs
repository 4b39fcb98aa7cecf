//! Forces of actuators. MuJoCo: Computation, "Actuation model".
//!
//! `force = gain(l, l̇) · x + bias(l, l̇)` with the input x: the control, or the activation that follows it. Forces on one
//! tendon are scaled into its range together, then each is clamped to its own; their sum on a joint is clamped last.

use super::MINVAL;
use super::activation::{self, clamp};
use super::is_bad;
use super::model::{Dyn, Law, Model, Transmission};
use super::muscle::{self, Muscle};
use super::passive;
use super::state::State;
use super::transmission::for_each_moment;

/// No force of any actuator.
pub(super) fn off(state: &mut State) {
    state.qfrc_actuator.fill(0.0);
    state.actuator_force.fill(0.0);
}

/// Gain times input plus bias of every actuator, on the dofs that it acts on; and the rates of the activations.
pub(super) fn fwd_actuation(model: &Model, state: &mut State) {
    // As in MuJoCo, weight that joints count among the forces of actuators takes an actuator.
    if model.nu == 0 || !model.opt.actuation {
        off(state);
        return;
    }
    state.qfrc_actuator.fill(0.0);
    let actuators = &model.actuators;
    // A control of NaN switches all of them off.
    let bad = (0..model.nu).find(|i| is_bad(control(model, state, *i)));
    if let Some(index) = bad {
        state.warnings.bad_ctrl.note(index);
    }
    let mut together = false;
    for actuator in 0..model.nu {
        let control = if bad.is_some() {
            0.0
        } else {
            control(model, state, actuator)
        };
        let input = match actuators.actadr[actuator] {
            None => control,
            Some(address) => activation(model, state, actuator, address, control),
        };
        state.actuator_force[actuator] = if actuators.disabled[actuator] {
            0.0
        } else {
            gain(model, state, actuator) * input + bias(model, state, actuator)
        };
        if let Transmission::Tendon(tendon) = actuators.transmission[actuator] {
            together |= model.tendons.actfrclimited[tendon];
        }
    }
    if together {
        limit_on_tendons(model, state);
    }
    let mut forces = std::mem::take(&mut state.qfrc_actuator);
    for actuator in 0..model.nu {
        if actuators.forcelimited[actuator] {
            let force = &mut state.actuator_force[actuator];
            *force = clamp(*force, actuators.forcerange[actuator]);
        }
        let force = state.actuator_force[actuator];
        for_each_moment(model, state, actuator, |dof, moment| {
            forces[dof] += moment * force;
        });
    }
    state.qfrc_actuator = forces;
    passive::compensate_by_actuators(model, state);
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

/// Sets the rate of an activation, and gives the activation that the force follows from.
fn activation(
    model: &Model,
    state: &mut State,
    actuator: usize,
    address: usize,
    control: f64,
) -> f64 {
    let (actuators, now) = (&model.actuators, state.act[address]);
    let prm = &actuators.dynprm[actuator];
    let rate = match actuators.dyntype[actuator] {
        Dyn::None => 0.0,
        Dyn::Integrator => control,
        Dyn::Filter | Dyn::FilterExact => (control - now) / prm[0].max(MINVAL),
        Dyn::Muscle => muscle::activation_rate(control, now, prm),
    };
    state.act_dot[address] = rate;
    if actuators.actearly[actuator] {
        activation::next(model, actuator, now, rate)
    } else {
        now
    }
}

fn affine(state: &State, actuator: usize, prm: &[f64; 9]) -> f64 {
    let (length, velocity) = (
        state.actuator_length[actuator],
        state.actuator_velocity[actuator],
    );
    prm[0] + prm[1] * length + prm[2] * velocity
}

/// The muscle that an actuator's coefficients describe.
pub(super) fn muscle_of(model: &Model, actuator: usize, prm: &[f64; 9]) -> Muscle {
    let actuators = &model.actuators;
    Muscle::new(
        prm,
        actuators.lengthrange[actuator],
        actuators.acc0[actuator],
    )
}

fn gain(model: &Model, state: &State, actuator: usize) -> f64 {
    let prm = &model.actuators.gainprm[actuator];
    match model.actuators.gaintype[actuator] {
        Law::Affine => affine(state, actuator, prm),
        Law::Muscle => muscle_of(model, actuator, prm).gain(
            state.actuator_length[actuator],
            state.actuator_velocity[actuator],
        ),
    }
}

fn bias(model: &Model, state: &State, actuator: usize) -> f64 {
    let prm = &model.actuators.biasprm[actuator];
    match model.actuators.biastype[actuator] {
        Law::Affine => affine(state, actuator, prm),
        Law::Muscle => muscle_of(model, actuator, prm).bias(state.actuator_length[actuator]),
    }
}

/// Scales the forces on each tendon whose sum is beyond its range.
fn limit_on_tendons(model: &Model, state: &mut State) {
    let (actuators, tendons) = (&model.actuators, &model.tendons);
    let on = |tendon: usize| {
        (0..model.nu).filter(move |i| actuators.transmission[*i] == Transmission::Tendon(tendon))
    };
    for tendon in (0..tendons.name.len()).filter(|tendon| tendons.actfrclimited[*tendon]) {
        let sum: f64 = on(tendon).map(|i| state.actuator_force[i]).sum();
        let bound = clamp(sum, tendons.actfrcrange[tendon]);
        if sum != bound && sum != 0.0 {
            on(tendon).for_each(|i| state.actuator_force[i] *= bound / sum);
        }
    }
}
