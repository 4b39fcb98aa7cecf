//! Lengths of tendons and their slopes by the dofs. MuJoCo: Computation, "Actuation model", Transmission; XML reference,
//! "tendon".
//!
//! A fixed tendon has the length `Σ cᵢ qᵢ`. A spatial one is the shortest way along its sites and around its geoms, and
//! its length l changes with the places p it bends at: a straight stretch between bodies adds `uᵀ (J_b − J_a)` to
//! `∂l/∂q`, with u the unit vector from a to b. Behind a pulley both count divided.

use glam::DVec3;

use super::MINVAL;
use super::jacobian::for_each_velocity;
use super::model::{Model, Wrap};
use super::state::State;
use super::wrap::{Round, wrap};

/// Lengths in the current pose, and the slopes of spatial tendons.
pub(super) fn lengths(model: &Model, state: &mut State) {
    for tendon in 0..model.tendons.name.len() {
        state.ten_length[tendon] = if model.tendons.wraps[tendon].is_empty() {
            let joints = model.tendons.path[tendon].iter();
            joints
                .map(|(joint, coefficient)| coefficient * state.qpos[model.joints.qposadr[*joint]])
                .sum()
        } else {
            spatial(model, state, tendon)
        };
    }
}

/// Rates of change of the lengths.
pub(super) fn velocities(model: &Model, state: &mut State) {
    for tendon in 0..model.tendons.name.len() {
        let mut velocity = 0.0;
        for_each_tendon_moment(model, state, tendon, |dof, moment| {
            velocity += moment * state.qvel[dof];
        });
        state.ten_velocity[tendon] = velocity;
    }
}

/// Calls `f` with each dof that changes a tendon's length, and the slope.
pub(super) fn for_each_tendon_moment(
    model: &Model,
    state: &State,
    tendon: usize,
    mut f: impl FnMut(usize, f64),
) {
    if model.tendons.wraps[tendon].is_empty() {
        for (joint, coefficient) in &model.tendons.joints[tendon] {
            f(model.joints.dofadr[*joint], *coefficient);
        }
        return;
    }
    let row = &state.ten_moment[tendon * model.nv..][..model.nv];
    for (dof, moment) in row.iter().enumerate().filter(|(_, moment)| **moment != 0.0) {
        f(dof, *moment);
    }
}

/// A place where a tendon bends, and the body that it is fixed to.
#[derive(Clone, Copy)]
struct Bend {
    body: usize,
    pos: DVec3,
}

/// Length of a spatial tendon; fills its row of `ten_moment`.
fn spatial(model: &Model, state: &mut State, tendon: usize) -> f64 {
    let nv = model.nv;
    let mut row = std::mem::take(&mut state.ten_moment);
    let moments = &mut row[tendon * nv..][..nv];
    moments.fill(0.0);
    let (mut length, mut divisor) = (0.0, 1.0);
    // The last site since the start or a pulley, and a geom after it.
    let (mut last, mut around): (Option<Bend>, Option<Wrap>) = (None, None);
    for element in &model.tendons.wraps[tendon] {
        match *element {
            Wrap::Pulley(by) => (last, divisor) = (None, by),
            Wrap::Sphere(..) | Wrap::Cylinder(..) => around = Some(*element),
            Wrap::Site(site) => {
                let to = Bend {
                    body: model.sites.body[site],
                    pos: state.site_xpos[site],
                };
                if let Some(from) = last {
                    let mut straight = |a: Bend, b: Bend| {
                        slopes(model, state, a, b, 1.0 / divisor, moments);
                        (b.pos - a.pos).length()
                    };
                    let bent = around.and_then(|geom| bend(model, state, geom, from, to));
                    length += match bent {
                        None => straight(from, to),
                        Some((on, off, arc)) => straight(from, on) + arc + straight(off, to),
                    } / divisor;
                }
                (last, around) = (Some(to), None);
            }
        }
    }
    state.ten_moment = row;
    length
}

/// Where a tendon between two sites meets and leaves a geom, and the length between; `None` where it passes by.
fn bend(
    model: &Model,
    state: &State,
    geom: Wrap,
    from: Bend,
    to: Bend,
) -> Option<(Bend, Bend, f64)> {
    let (geom, side, kind) = match geom {
        Wrap::Sphere(geom, side) => (geom, side, Round::Sphere),
        Wrap::Cylinder(geom, side) => (geom, side, Round::Cylinder),
        Wrap::Site(_) | Wrap::Pulley(_) => return None,
    };
    let (pos, mat) = (state.geom_xpos[geom], &state.geom_xmat[geom]);
    let local = |point: DVec3| mat.transpose() * (point - pos);
    let side = side.map(|site| local(state.site_xpos[site]));
    let ends = [local(from.pos), local(to.pos)];
    let (points, arc) = wrap(kind, model.geoms.size[geom][0], ends, side)?;
    let [on, off] = points.map(|point| Bend {
        body: model.geoms.body[geom],
        pos: *mat * point + pos,
    });
    Some((on, off, arc))
}

/// Adds what a straight stretch of a tendon contributes to the slopes of its length.
fn slopes(model: &Model, state: &State, from: Bend, to: Bend, scale: f64, moments: &mut [f64]) {
    if from.body == to.body {
        return;
    }
    let along = to.pos - from.pos;
    let length = along.length();
    let along = if length < MINVAL {
        DVec3::X
    } else {
        along / length
    };
    for (end, sign) in [(to, scale), (from, -scale)] {
        for_each_velocity(model, state, end.body, end.pos, |dof, linear, _| {
            moments[dof] += sign * along.dot(linear);
        });
    }
}
