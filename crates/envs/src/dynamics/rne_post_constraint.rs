//! Forces between bodies, computed on request. MuJoCo: Computation, "Simulation pipeline",
//! force/acceleration stages, `mj_rnePostConstraint`.

use glam::DVec3;

use super::math::spatial::Spatial;
use super::model::{Cone, Model};
use super::state::State;
use super::state::contact::Contact;
use super::state::rows::{Rows, contact_rows};

/// Fills [`State::cfrc_ext`] with the contact forces of the last force evaluation, each moved to the centre of
/// mass of its body's tree.
pub fn rne_post_constraint(model: &Model, state: &mut State) {
    state.cfrc_ext.fill(Spatial::default());
    for contact in &state.contacts {
        let Some(first) = contact.row else {
            continue;
        };
        let (force, torque) = wrench(&state.rows, model.opt.cone, contact, first);
        for (geom, sign) in contact.geoms.into_iter().zip([-1.0, 1.0]) {
            let body = model.geoms.body[geom];
            if body > 0 {
                let offset = contact.pos - state.subtree_com[model.bodies.root[body]];
                let wrench = Spatial {
                    angular: torque + offset.cross(force),
                    linear: force,
                };
                state.cfrc_ext[body].add_scaled(&wrench, sign);
            }
        }
    }
}

/// Force (N) and torque (N m) of a contact on its second geom, in world axes.
fn wrench(rows: &Rows, cone: Cone, contact: &Contact, first: usize) -> (DVec3, DVec3) {
    let pushes = &rows.efc_force()[first..][..contact_rows(cone, contact.dim)];
    let mut local = [0.0; 6];
    if contact.dim == 1 || cone == Cone::Elliptic {
        local[..pushes.len()].copy_from_slice(pushes);
    } else {
        // A pyramid's edges push along the normal plus or minus a friction direction.
        local[0] = pushes.iter().sum();
        for (i, edges) in pushes.chunks_exact(2).enumerate() {
            local[1 + i] = (edges[0] - edges[1]) * contact.friction[i];
        }
    }
    let along = |part: &[f64]| {
        let axes = contact.frame.iter().zip(part);
        axes.fold(DVec3::ZERO, |sum, (axis, x)| sum + *axis * *x)
    };
    (along(&local[..3]), along(&local[3..]))
}
