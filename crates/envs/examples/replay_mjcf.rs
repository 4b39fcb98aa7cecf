//! Steps a model from states on stdin, for comparisons with another engine.
//!
//! `cargo run --release -p envs --example replay_mjcf -- FILE.xml`
//!
//! Prints what is wrong with the file after the word `error`, or lines `name number…` of the compiled model under
//! MuJoCo's names, then `ready`. Each line of stdin is then a number of steps, `qpos`, `qvel`, `act`,
//! `ctrl`, `qacc_warmstart`, `mocap_pos` and `mocap_quat`; the answer holds `qpos`, `qvel`, `qacc` and `sensordata` after
//! them, and the numbers of contacts, of constraint rows and of warnings.

use envs::dynamics::{Model, State, step};
use envs::glam::{DQuat, DVec3};
use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let Some(path) = std::env::args().nth(1) else {
        return writeln!(out, "error usage: replay_mjcf FILE.xml");
    };
    let model = match Model::from_mjcf(path) {
        Ok(model) => model,
        Err(error) => return writeln!(out, "error {}", error.to_string().replace('\n', " ")),
    };
    for (name, numbers) in compiled(&model) {
        write_line(&mut out, name, &numbers)?;
    }
    writeln!(out, "ready")?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let numbers: Result<Vec<f64>, _> = line?.split(' ').map(str::parse).collect();
        let answer = numbers.ok().and_then(|numbers| replay(&model, &numbers));
        match answer {
            Some(numbers) => write_line(&mut out, "after", &numbers)?,
            None => writeln!(out, "error not a state of this model")?,
        }
        out.flush()?;
    }
    Ok(())
}

fn write_line(out: &mut impl Write, name: &str, numbers: &[f64]) -> std::io::Result<()> {
    write!(out, "{name}")?;
    for number in numbers {
        write!(out, " {number:?}")?;
    }
    writeln!(out)
}

/// State after so many steps; `None` where the numbers are no state of the model.
fn replay(model: &Model, numbers: &[f64]) -> Option<Vec<f64>> {
    let (steps, mut rest) = numbers.split_first()?;
    let mut state = State::new(model);
    for into in [
        &mut state.qpos,
        &mut state.qvel,
        &mut state.act,
        &mut state.ctrl,
        &mut state.qacc_warmstart,
    ] {
        let (part, after) = rest.split_at_checked(into.len())?;
        into.copy_from_slice(part);
        rest = after;
    }
    let (places, turns) = rest.split_at_checked(3 * state.mocap_pos.len())?;
    for (pos, numbers) in state.mocap_pos.iter_mut().zip(places.chunks_exact(3)) {
        *pos = DVec3::from_slice(numbers);
    }
    for (quat, numbers) in state.mocap_quat.iter_mut().zip(turns.chunks_exact(4)) {
        let [w, x, y, z] = *numbers.first_chunk()?;
        *quat = DQuat::from_xyzw(x, y, z, w);
    }
    if turns.len() != 4 * state.mocap_quat.len() {
        return None;
    }
    for _ in 0..*steps as usize {
        step(model, &mut state);
    }
    let counts = [
        state.contacts.len(),
        state.rows.len(),
        state.warnings.total() as usize,
    ];
    let mut after = [state.qpos, state.qvel, state.qacc, state.sensordata].concat();
    after.extend(counts.map(|n| n as f64));
    Some(after)
}

/// Numbers that the compiler computes, under MuJoCo's names.
fn compiled(model: &Model) -> Vec<(&'static str, Vec<f64>)> {
    let vectors = |list: &[DVec3]| list.iter().flat_map(|v| v.to_array()).collect::<Vec<_>>();
    let quats = |list: &[DQuat]| list.iter().flat_map(|q| [q.w, q.x, q.y, q.z]).collect();
    let (b, g) = (&model.bodies, &model.geoms);
    vec![
        ("nq", vec![model.nq as f64]),
        ("nv", vec![model.nv as f64]),
        ("nu", vec![model.nu as f64]),
        ("na", vec![model.na as f64]),
        ("qpos0", model.qpos0.clone()),
        ("qpos_spring", model.qpos_spring.clone()),
        ("body_mass", b.mass.clone()),
        ("body_inertia", vectors(&b.inertia)),
        ("body_pos", vectors(&b.pos)),
        ("body_quat", quats(&b.quat)),
        ("body_ipos", vectors(&b.ipos)),
        ("body_iquat", quats(&b.iquat)),
        ("body_invweight0", b.invweight0.concat()),
        ("jnt_pos", vectors(&model.joints.pos)),
        ("jnt_axis", vectors(&model.joints.axis)),
        ("jnt_range", model.joints.range.concat()),
        ("jnt_stiffness", model.joints.stiffness.clone()),
        ("dof_armature", model.dofs.armature.clone()),
        ("dof_damping", model.dofs.damping.clone()),
        ("dof_invweight0", model.dofs.invweight0.clone()),
        ("geom_size", g.size.concat()),
        ("geom_pos", vectors(&g.pos)),
        ("geom_quat", quats(&g.quat)),
        ("geom_rbound", g.rbound.clone()),
        ("site_pos", vectors(&model.sites.pos)),
        ("site_quat", quats(&model.sites.quat)),
        ("tendon_length0", model.tendons.length0.clone()),
        ("tendon_invweight0", model.tendons.invweight0.clone()),
        ("actuator_gear", model.actuators.gear.concat()),
        ("actuator_ctrlrange", model.actuators.ctrlrange.concat()),
    ]
}
