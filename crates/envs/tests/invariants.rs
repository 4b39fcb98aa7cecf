//! What holds whatever the numbers: energy, momentum, symmetry.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use envs::dynamics::{Model, State, forward, step};
use envs::glam::DVec3;
use envs::{EnvState, make, mjcf, names};
use proptest::prelude::*;

/// A body in flight with limbs on hinges, a slide and a ball joint; nothing touches, nothing damps.
fn flyer(root: &str, shoulder: &str, timestep: f64) -> Model {
    let xml = format!(
        r#"<mujoco>
  <option timestep="{timestep}" integrator="RK4"/>
  <default><geom contype="0" conaffinity="0"/></default>
  <worldbody>
    <body name="trunk" pos="0 0 1">
      {root}
      <geom type="box" size="0.2 0.1 0.05"/>
      <body name="arm" pos="0.2 0 0">
        {shoulder}
        <geom type="capsule" fromto="0 0 0 0.3 0 0.1" size="0.03"/>
        <body name="hand" pos="0.3 0 0.1">
          <joint type="hinge" axis="0 1 0.3" stiffness="2" springref="20"/>
          <geom type="ellipsoid" size="0.08 0.05 0.03" pos="0.05 0 0"/>
        </body>
      </body>
      <body name="leg" pos="-0.2 0 0">
        <joint type="hinge" axis="0.2 1 0"/>
        <joint type="slide" axis="0 0 1" stiffness="30"/>
        <geom type="cylinder" size="0.04 0.15" pos="0 0 -0.2"/>
      </body>
    </body>
  </worldbody>
</mujoco>"#
    );
    mjcf::compile(&xml, "flyer").unwrap()
}

const FREE: &str = "<freejoint/>";
const HINGES: &str = r#"<joint type="slide" axis="1 0 0"/><joint type="slide" axis="0 0 1"/><joint type="hinge" axis="0 1 0"/>"#;
const BALL: &str = r#"<joint type="ball"/>"#;
const HINGE: &str = r#"<joint type="hinge" axis="0 0.5 1"/>"#;

/// Kinetic and potential energy (J).
fn energy(model: &Model, state: &mut State) -> f64 {
    forward(model, state);
    let nv = model.nv;
    let momentum = |i: usize| {
        (0..nv)
            .map(|j| state.qm[i * nv + j] * state.qvel[j])
            .sum::<f64>()
    };
    let kinetic = 0.5 * (0..nv).map(|i| state.qvel[i] * momentum(i)).sum::<f64>();
    let weights = model.bodies.mass.iter().zip(&state.xipos);
    let weight = weights
        .map(|(m, place)| -m * model.opt.gravity.dot(*place))
        .sum::<f64>();
    let springs = (0..model.joints.kind.len()).map(|joint| {
        let at = model.joints.qposadr[joint];
        let stretch = state.qpos[at] - model.qpos_spring[at];
        0.5 * model.joints.stiffness[joint] * stretch * stretch
    });
    kinetic + weight + springs.sum::<f64>()
}

fn started(model: &Model) -> State {
    let mut state = State::new(model);
    for (i, v) in state.qvel.iter_mut().enumerate() {
        *v = (1.3 * i as f64 + 0.7).sin();
    }
    state
}

/// By how much energy changes in a second.
fn drift(root: &str, shoulder: &str, timestep: f64) -> f64 {
    let model = flyer(root, shoulder, timestep);
    let mut state = started(&model);
    let before = energy(&model, &mut state);
    for _ in 0..(1.0 / timestep).round() as usize {
        step(&model, &mut state);
    }
    (energy(&model, &mut state) - before).abs()
}

/// Runge-Kutta of order four. Where orientations are integrated, MuJoCo 3.3 composes the stages' turns in a way that
/// is of order two (4.0 mends that); so does this engine.
#[test]
fn energy_is_conserved_to_the_order_of_the_integrator() {
    for (root, shoulder, least) in [(HINGES, HINGE, 3.6), (FREE, HINGE, 1.7), (FREE, BALL, 1.7)] {
        let [coarse, fine] = [0.008, 0.004].map(|h| drift(root, shoulder, h));
        let order = (coarse / fine).log2();
        assert!(order > least, "order {order}: {coarse:e} {fine:e}");
        assert!(coarse < 1e-2, "{coarse:e}");
    }
    assert!(drift(HINGES, HINGE, 0.001) < 1e-7);
}

/// Linear momentum (kg m/s), and angular momentum about the centre of mass (kg m²/s).
fn momentum(model: &Model, state: &mut State) -> [DVec3; 2] {
    forward(model, state);
    let mut sums = [DVec3::ZERO; 2];
    for body in 1..model.bodies.mass.len() {
        let inertia = state.cinert[body].to_array();
        let [xx, yy, zz, xy, xz, yz, mx, my, mz, mass] = inertia;
        let velocity = &state.cvel[body];
        let (w, v) = (velocity.angular, velocity.linear);
        let moment = DVec3::new(mx, my, mz);
        sums[0] += v * mass - moment.cross(w);
        sums[1] += DVec3::new(
            xx * w.x + xy * w.y + xz * w.z,
            xy * w.x + yy * w.y + yz * w.z,
            xz * w.x + yz * w.y + zz * w.z,
        ) + moment.cross(v);
    }
    sums
}

#[test]
fn momentum_in_free_flight_changes_by_weight_alone() {
    let model = flyer(FREE, BALL, 0.0005);
    let mut state = started(&model);
    let [linear, angular] = momentum(&model, &mut state);
    let mass: f64 = model.bodies.mass.iter().sum();
    for _ in 0..1000 {
        step(&model, &mut state);
    }
    let [later, turned] = momentum(&model, &mut state);
    let fallen = model.opt.gravity * (mass * state.time);
    assert!((later - linear - fallen).length() < 1e-5 * fallen.length());
    assert!(
        (turned - angular).length() < 1e-5 * angular.length(),
        "{turned} {angular}"
    );
}

#[test]
fn mass_matrices_are_symmetric_and_positive() {
    for id in names() {
        let mut env = make(id).unwrap();
        let mut seen = vec![0.0; env.info().observation.len()];
        let action: Vec<f64> = env.info().action.iter().map(|q| 0.7 * q.high).collect();
        for seed in 0..5 {
            env.reset(seed, &mut seen).unwrap();
            for _ in 0..20 {
                env.step(&action, &mut seen).unwrap();
            }
            let (model, state) = env.physics().unwrap();
            let (nv, m) = (model.nv, &state.qm);
            let mut lower = m.clone();
            for i in 0..nv {
                for j in 0..=i {
                    assert_eq!(m[i * nv + j], m[j * nv + i], "{id}");
                    let dot: f64 = (0..j).map(|k| lower[i * nv + k] * lower[j * nv + k]).sum();
                    let rest = m[i * nv + j] - dot;
                    if i == j {
                        assert!(rest > 0.0, "{id}: pivot {i} is {rest}");
                        lower[i * nv + i] = rest.sqrt();
                    } else {
                        lower[i * nv + j] = rest / lower[j * nv + j];
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Swimmer in a mirror: y and all angles change their signs, and so do the actions.
    #[test]
    fn mirrored_actions_give_mirrored_motion(
        actions in prop::collection::vec(prop::array::uniform2(-1.0..1.0f64), 60),
        seed in 0_u64..1000,
    ) {
        let mut env = make("Swimmer-v5").unwrap();
        let mut mirrored = make("Swimmer-v5").unwrap();
        let mut seen = vec![0.0; 8];
        env.reset(seed, &mut seen).unwrap();
        let flip = |numbers: &[f64]| -> Vec<f64> {
            numbers.iter().enumerate().map(|(i, x)| if i == 0 { *x } else { -x }).collect()
        };
        let EnvState { qpos, qvel, .. } = env.state().unwrap();
        mirrored.set_state(&EnvState::at(&flip(&qpos), &flip(&qvel)), &mut seen).unwrap();
        for action in &actions {
            let step = env.step(action, &mut seen).unwrap();
            let other = mirrored.step(&action.map(|a| -a), &mut seen).unwrap();
            prop_assert!((step.reward - other.reward).abs() < 1e-12);
            let (state, image) = (env.state().unwrap(), mirrored.state().unwrap());
            let pairs = [(&state.qpos, &image.qpos), (&state.qvel, &image.qvel)];
            for (numbers, image) in pairs {
                for (x, y) in flip(numbers).iter().zip(image) {
                    prop_assert!((x - y).abs() < 1e-10, "{x} {y}");
                }
            }
        }
    }
}
