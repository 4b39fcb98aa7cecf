//! Frames that MuJoCo takes for one, and the bodies that it takes for simple.
//!
//! MuJoCo computes the frame of an inertia, a geom or a site as its body's where the two are hardly apart
//! (`body_sameframe`, `geom_sameframe`, `site_sameframe`), and couples no two dofs of a body whose inertia is diagonal
//! at all times (`dof_simplenum`). Here the frames are made equal once.

use crate::dynamics::model::{JointType, Model, Wrap};
use glam::{DQuat, DVec3};

/// Difference in each number (m, or of quaternions) under which two frames are one.
const NEAR: f64 = 1e-6;
/// Parts of a unit axis that count as none.
const NO_PART: f64 = 1e-14;

/// Whether a body's inertia is diagonal at all times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Simple {
    No,
    Yes,
    /// And it has slides only, so that its inertia is its mass.
    Slides,
}

/// A place and an orientation in a body's frame.
#[derive(Clone, Copy)]
struct Pose {
    pos: DVec3,
    quat: DQuat,
}

/// The body's own frame.
const OWN: Pose = Pose {
    pos: DVec3::ZERO,
    quat: DQuat::IDENTITY,
};

impl Pose {
    fn is_placed_as(&self, other: &Self) -> bool {
        (self.pos - other.pos).abs().max_element() < NEAR
    }

    /// A quaternion and its negative turn alike.
    fn is_turned_as(&self, other: &Self) -> bool {
        let [a, b] = [self.quat, other.quat];
        let near = |difference: DQuat| difference.to_array().iter().all(|x| x.abs() < NEAR);
        near(a - b) || near(a + b)
    }

    /// Takes the orientation of the first of `frames` with the same one, and its place too if that is the same.
    ///
    /// The body's own orientation goes before an inertia's place: a geom turned as its body keeps its place.
    fn join(&mut self, frames: &[(Self, Self)]) {
        if let Some((near, exact)) = frames.iter().find(|(near, _)| self.is_turned_as(near)) {
            if self.is_placed_as(near) {
                self.pos = exact.pos;
            }
            self.quat = exact.quat;
        }
    }
}

/// Puts frames of inertias, geoms and sites where those are that MuJoCo takes them for.
pub(super) fn merge(model: &mut Model) {
    let bodies = &mut model.bodies;
    let mut frames = Vec::with_capacity(bodies.ipos.len());
    for (pos, quat) in bodies.ipos.iter_mut().zip(&mut bodies.iquat) {
        let given = Pose {
            pos: *pos,
            quat: *quat,
        };
        let mut inertia = given;
        inertia.join(&[(OWN, OWN)]);
        (*pos, *quat) = (inertia.pos, inertia.quat);
        // What is near an inertia is measured where that was given.
        frames.push([(OWN, OWN), (given, inertia)]);
    }
    let (geoms, sites) = (&mut model.geoms, &mut model.sites);
    let geoms = geoms.body.iter().zip(&mut geoms.pos).zip(&mut geoms.quat);
    let sites = sites.body.iter().zip(&mut sites.pos).zip(&mut sites.quat);
    for ((body, pos), quat) in geoms.chain(sites) {
        let mut pose = Pose {
            pos: *pos,
            quat: *quat,
        };
        pose.join(&frames[*body]);
        (*pos, *quat) = (pose.pos, pose.quat);
    }
}

/// Leaves in a tree of their own, or on a body fixed to the world, whose joints lie at their centres of mass, along
/// their principal axes, with at most one rotation, the last; frames are [merged](merge) before.
pub(super) fn simple(model: &Model) -> Vec<Simple> {
    let bodies = &model.bodies;
    let mut leaf = vec![true; bodies.name.len()];
    for parent in &bodies.parent[1..] {
        leaf[*parent] = false;
    }
    // Nor is one that a spatial tendon with inertia of its own passes.
    let tendons = model.tendons.wraps.iter().zip(&model.tendons.armature);
    for (wraps, _) in tendons.filter(|(_, armature)| **armature != 0.0) {
        for wrap in wraps {
            if let Wrap::Site(site) = wrap {
                leaf[model.sites.body[*site]] = false;
            }
        }
    }
    let is_simple = |body: usize| {
        let parent = bodies.parent[body];
        let stands =
            bodies.root[body] == body || bodies.parent[parent] == 0 && bodies.dofs[parent].1 == 0;
        let centred = bodies.ipos[body] == OWN.pos && bodies.iquat[body] == OWN.quat;
        let (first, count) = bodies.joints[body];
        let joints = first..first + count;
        let aligned = joints.clone().all(|joint| {
            let axis = model.joints.axis[joint].to_array();
            model.joints.pos[joint].abs().max_element() < NEAR
                && axis.iter().filter(|x| x.abs() > NO_PART).count() == 1
        });
        let turns = |kind: &JointType| matches!(kind, JointType::Ball | JointType::Hinge);
        let before_last = first..(first + count).saturating_sub(1).max(first);
        let late = !model.joints.kind[before_last].iter().any(turns);
        body > 0 && leaf[body] && stands && centred && aligned && late
    };
    let slides = |body: usize| {
        let (first, count) = bodies.joints[body];
        let kinds = &model.joints.kind[first..first + count];
        count > 0 && kinds.iter().all(|kind| *kind == JointType::Slide)
    };
    (0..bodies.name.len())
        .map(|body| match is_simple(body) {
            false => Simple::No,
            true if slides(body) => Simple::Slides,
            true => Simple::Yes,
        })
        .collect()
}
