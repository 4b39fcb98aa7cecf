//! The engine against what is known otherwise: energy, momentum, optimality, finite differences.

use super::*;
use crate::mjcf;

const PENDULUM: &str = r#"<mujoco model="pendulum">
  <option timestep="0.001" integrator="RK4"/>
  <worldbody>
    <body name="upper" pos="0 0 1">
      <joint name="shoulder" type="hinge" axis="0 1 0"/>
      <geom type="capsule" fromto="0 0 0 0 0 -0.5" size="0.05" contype="0" conaffinity="0"/>
      <body name="lower" pos="0 0 -0.5">
        <joint name="elbow" type="hinge" axis="0.6 0.8 0"/>
        <geom type="capsule" fromto="0 0 0 0.1 0 -0.4" size="0.04" contype="0" conaffinity="0"/>
        <joint name="slider" type="slide" axis="0 0 1" pos="0 0 0.1"/>
      </body>
    </body>
  </worldbody>
</mujoco>"#;

fn pendulum() -> (Model, State) {
    let model = mjcf::compile(PENDULUM, "pendulum").unwrap();
    let mut state = State::new(&model);
    state.qpos.copy_from_slice(&[1.0, -0.7, 0.1]);
    state.qvel.copy_from_slice(&[0.3, 1.1, -0.2]);
    (model, state)
}

/// Kinetic energy from the mass matrix, potential energy from the centres of mass.
fn energy(model: &Model, state: &mut State) -> f64 {
    forward(model, state);
    let nv = model.nv;
    let mut kinetic = 0.0;
    for i in 0..nv {
        for j in 0..nv {
            kinetic += 0.5 * state.qvel[i] * state.qm[i * nv + j] * state.qvel[j];
        }
    }
    let height = |body: usize| model.bodies.mass[body] * state.xipos[body].dot(model.opt.gravity);
    kinetic - (0..model.bodies.mass.len()).map(height).sum::<f64>()
}

#[test]
fn energy_is_conserved_without_friction() {
    let (model, mut state) = pendulum();
    let start = energy(&model, &mut state);
    for _ in 0..1000 {
        step(&model, &mut state);
    }
    let end = energy(&model, &mut state);
    assert!((end - start).abs() < 1e-7, "{start} {end}");
    assert!((state.time - 1.0).abs() < 1e-12);
}

#[test]
fn mass_matrix_is_the_kinetic_energy_of_the_bodies() {
    let (model, mut state) = pendulum();
    forward(&model, &mut state);
    let nv = model.nv;
    for i in 0..nv {
        for j in 0..nv {
            // Velocities of every body under unit velocities of the two dofs.
            let mut expected = 0.0;
            for body in 1..model.bodies.mass.len() {
                let momentum = |dof: usize| {
                    let moves = dof == 0 || body == 2;
                    if moves {
                        state.cdof[dof]
                    } else {
                        Spatial::default()
                    }
                };
                expected += momentum(i).dot(&state.cinert[body].mul(&momentum(j)));
            }
            assert!((state.qm[i * nv + j] - expected).abs() < 1e-12);
        }
    }
}

#[test]
fn solving_inverts_the_mass_matrix() {
    let (model, mut state) = pendulum();
    forward(&model, &mut state);
    let nv = model.nv;
    let expected = [0.3, -1.2, 2.5];
    let mut x: Vec<f64> = (0..nv)
        .map(|i| (0..nv).map(|j| state.qm[i * nv + j] * expected[j]).sum())
        .collect();
    state.qld.solve(&mut x);
    for (found, expected) in x.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-12);
    }
}

/// Lagrange's equation with the mass matrix and the potential energy differentiated numerically:
/// `bias_i = Σ_j dM_ij/dt v_j − ½ ∂(vᵀ M v)/∂q_i + ∂V/∂q_i`.
#[test]
fn bias_follows_from_the_energies() {
    let (model, state) = pendulum();
    let mut at = state.clone();
    forward(&model, &mut at);
    let (nv, h) = (model.nv, 1e-5);
    let shifted = |direction: &[f64], length: f64| {
        let mut s = state.clone();
        for (q, d) in s.qpos.iter_mut().zip(direction) {
            *q += length * d;
        }
        forward(&model, &mut s);
        s
    };
    let kinetic = |s: &State| {
        let entry = |i: usize, j: usize| s.qm[i * nv + j] * state.qvel[i] * state.qvel[j];
        (0..nv)
            .map(|i| (0..nv).map(|j| entry(i, j)).sum::<f64>())
            .sum::<f64>()
            / 2.0
    };
    let potential = |s: &State| {
        let body = |b: usize| -model.bodies.mass[b] * s.xipos[b].dot(model.opt.gravity);
        (0..model.bodies.mass.len()).map(body).sum::<f64>()
    };
    let (later, earlier) = (shifted(&state.qvel, h), shifted(&state.qvel, -h));
    for i in 0..nv {
        let change = |j: usize| later.qm[i * nv + j] - earlier.qm[i * nv + j];
        let momentum: f64 = (0..nv).map(|j| change(j) / (2.0 * h) * state.qvel[j]).sum();
        let mut unit = vec![0.0; nv];
        unit[i] = 1.0;
        let (up, down) = (shifted(&unit, h), shifted(&unit, -h));
        let forces =
            (potential(&up) - kinetic(&up) - potential(&down) + kinetic(&down)) / (2.0 * h);
        assert!((at.qfrc_bias[i] - momentum - forces).abs() < 1e-6);
    }
}

const CRAWLER: &str = r#"<mujoco model="crawler">
  <option timestep="0.01"/>
  <worldbody>
    <geom name="floor" type="plane" size="5 5 1"/>
    <body name="torso" pos="0 0 0.3">
      <joint name="x" type="slide" axis="1 0 0"/>
      <joint name="z" type="slide" axis="0 0 1"/>
      <joint name="pitch" type="hinge" axis="0 1 0"/>
      <geom type="capsule" fromto="-0.4 0 0 0.4 0 0" size="0.08"/>
      <body name="leg" pos="0.4 0 0">
        <joint name="hip" type="hinge" axis="0 1 0" range="-30 30" limited="true" damping="1"/>
        <geom type="capsule" fromto="0 0 0 0 0 -0.4" size="0.05"/>
      </body>
    </body>
  </worldbody>
  <actuator><motor joint="hip" gear="20" ctrlrange="-1 1" ctrllimited="true"/></actuator>
</mujoco>"#;

fn crawler() -> (Model, State) {
    let model = mjcf::compile(CRAWLER, "crawler").unwrap();
    let state = State::new(&model);
    (model, state)
}

#[test]
fn constrained_accelerations_are_optimal() {
    let (mut model, mut state) = crawler();
    // Otherwise the solver may stop a little before the optimum.
    model.opt.tolerance = 0.0;
    let mut met = 0;
    for i in 0..400 {
        state.ctrl[0] = if (i / 20) % 2 == 0 { 1.0 } else { -1.0 };
        step(&model, &mut state);
        let mut at = state.clone();
        forward(&model, &mut at);
        let rows = &at.rows;
        met += rows.len();
        let nv = model.nv;
        for row in 0..rows.len() {
            let jacobian = &rows.efc_jacobian()[row * nv..][..nv];
            let acceleration: f64 = jacobian.iter().zip(&at.qacc).map(|(j, a)| j * a).sum();
            let expected = (rows.efc_aref()[row] - acceleration).max(0.0) / rows.efc_r()[row];
            assert!((rows.efc_force()[row] - expected).abs() < 1e-8 * expected.max(1.0));
        }
        for i in 0..nv {
            let inertial: f64 = (0..nv).map(|j| at.qm[i * nv + j] * at.qacc[j]).sum();
            let rest = inertial - at.qfrc_smooth[i] - at.qfrc_constraint[i];
            assert!(
                rest.abs() < 1e-9 * at.qfrc_smooth[i].abs().max(1.0),
                "{rest}"
            );
        }
    }
    assert!(met > 100, "only {met} rows were met");
}

#[test]
fn the_solver_stops_at_its_tolerance() {
    let (mut model, mut state) = crawler();
    let mut most = [0; 3];
    for i in 0..400 {
        state.ctrl[0] = if (i / 20) % 2 == 0 { 1.0 } else { -1.0 };
        step(&model, &mut state);
        for (tolerance, most) in [0.0, 1e-8, 1e9].into_iter().zip(&mut most) {
            let mut at = state.clone();
            // A cold start, from which rows change.
            at.qacc_warmstart.fill(0.0);
            model.opt.tolerance = tolerance;
            forward(&model, &mut at);
            *most = at.solver_iterations.max(*most);
        }
        model.opt.tolerance = 1e-8;
    }
    // Without a tolerance only a gradient of exactly 0 ends it, as in MuJoCo.
    assert_eq!(most[0], model.opt.iterations);
    assert!(most[1] > 1 && most[1] < 20, "{most:?}");
    assert_eq!(most[2], 1);
}

#[test]
fn a_clone_continues_identically() {
    let (model, mut state) = crawler();
    for i in 0..300 {
        state.ctrl[0] = f64::from(i % 7) / 7.0;
        step(&model, &mut state);
    }
    let mut copy = state.clone();
    for _ in 0..100 {
        step(&model, &mut state);
        step(&model, &mut copy);
    }
    assert_eq!(state.qpos, copy.qpos);
    assert_eq!(state.qvel, copy.qvel);
}

/// MuJoCo starts over from the reference pose when a number is not finite or too large, and counts that.
#[test]
fn what_diverges_starts_over_and_is_counted() {
    for integrator in [model::Integrator::Euler, model::Integrator::Rk4] {
        let (mut model, start) = crawler();
        model.opt.integrator = integrator;
        let mut fresh = State::new(&model);
        step(&model, &mut fresh);
        for bad in [f64::NAN, f64::INFINITY, -2e10] {
            let mut state = start.clone();
            state.ctrl[0] = 1.0;
            state.qpos[2] = bad;
            step(&model, &mut state);
            assert!(state.diverged);
            assert_eq!(
                state.warnings.bad_qpos,
                Warning {
                    count: 1,
                    last_index: 2
                }
            );
            assert_eq!((&state.qpos, &state.qvel), (&fresh.qpos, &fresh.qvel));
            assert_eq!(state.time, model.opt.timestep);
            state.diverged = false;
            state.qvel[1] = bad;
            step(&model, &mut state);
            assert_eq!(
                state.warnings.bad_qvel,
                Warning {
                    count: 1,
                    last_index: 1
                }
            );
            assert_eq!(state.warnings.total(), 2);
            assert_eq!((&state.qpos, &state.qvel), (&fresh.qpos, &fresh.qvel));
            step(&model, &mut state);
            assert_eq!(state.warnings.total(), 2);
        }
    }
}

#[test]
fn a_huge_acceleration_starts_over() {
    let (model, mut state) = crawler();
    state.qvel[3] = 9e9;
    step(&model, &mut state);
    assert!(state.diverged);
    assert_eq!(state.warnings.bad_qacc.count, 1);
    let mut fresh = State::new(&model);
    step(&model, &mut fresh);
    assert_eq!((&state.qpos, &state.qvel), (&fresh.qpos, &fresh.qvel));
}

#[test]
fn a_control_that_is_no_number_switches_all_off() {
    let (model, mut state) = crawler();
    let mut off = state.clone();
    state.ctrl.fill(f64::NAN);
    step(&model, &mut state);
    step(&model, &mut off);
    assert!(!state.diverged);
    assert_eq!(state.warnings.bad_ctrl.count, 1);
    assert_eq!(state.qpos, off.qpos);
}
