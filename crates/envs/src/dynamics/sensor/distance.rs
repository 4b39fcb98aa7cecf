//! Distances between geoms. MuJoCo: XML reference, "sensor/distance"; API reference, `mj_geomDistance`.

use glam::DVec3;

use crate::dynamics::collision;
use crate::dynamics::model::{Model, Surface};
use crate::dynamics::state::State;

/// The least distance between two surfaces, negative where they overlap and at most the cutoff, and the ends of the
/// segment between them; zeros where there is none within the cutoff.
pub(super) fn between(
    model: &Model,
    state: &mut State,
    [first, second]: [Surface; 2],
    cutoff: f64,
) -> (f64, [DVec3; 2]) {
    let mut best = (cutoff, [DVec3::ZERO; 2]);
    for a in model.geoms_of(first) {
        for b in model.geoms_of(second) {
            let found = collision::distance(model, state, [a, b], cutoff);
            if let Some(found) = found.filter(|found| found.0 < best.0) {
                best = found;
            }
        }
    }
    best
}

/// The direction of a vector; x where it has next to no length.
pub(super) fn direction(vector: DVec3) -> DVec3 {
    collision::unit(vector)
}
