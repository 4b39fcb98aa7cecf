//! Which geoms can touch: the filter that runs once, before any motion.
//!
//! MuJoCo: Computation, "Collision detection", Selection.

use crate::dynamics::model::{GeomType, Model};

/// Pairs of geoms that can touch, ordered by body pair, then by geom; see [`Model::pairs`].
///
/// `excluded` holds pairs of bodies that never touch, in any order.
pub(super) fn select(model: &Model, excluded: &[[usize; 2]]) -> Vec<[usize; 2]> {
    let bodies = model.bodies.name.len();
    let mut of_body = vec![Vec::new(); bodies];
    for (geom, body) in model.geoms.body.iter().enumerate() {
        of_body[*body].push(geom);
    }
    let touchable: Vec<usize> = (0..bodies)
        .filter(|body| !of_body[*body].is_empty())
        .collect();
    let mut pairs = Vec::new();
    for (i, &first) in touchable.iter().enumerate() {
        for &second in &touchable[i + 1..] {
            let banned = excluded.contains(&[first, second]) || excluded.contains(&[second, first]);
            if banned || !bodies_can_touch(model, first, second) {
                continue;
            }
            let start = pairs.len();
            for &a in &of_body[first] {
                for &b in &of_body[second] {
                    if geoms_can_touch(model, a, b) {
                        let swap = model.geoms.kind[a] > model.geoms.kind[b];
                        pairs.push(if swap { [b, a] } else { [a, b] });
                    }
                }
            }
            pairs[start..].sort_unstable();
        }
    }
    pairs
}

/// Bodies that are welded together, or whose welded groups are parent and child, never touch;
/// the world is nobody's parent in this sense.
fn bodies_can_touch(model: &Model, first: usize, second: usize) -> bool {
    let weld = &model.bodies.weld;
    let group = |body: usize| weld[body];
    let parent = |body: usize| weld[model.bodies.parent[weld[body]]];
    let (a, b) = (group(first), group(second));
    let family = a != 0 && b != 0 && (a == parent(second) || b == parent(first));
    a != b && !family
}

fn geoms_can_touch(model: &Model, a: usize, b: usize) -> bool {
    let geoms = &model.geoms;
    let masks = geoms.contype[a] & geoms.conaffinity[b] != 0
        || geoms.contype[b] & geoms.conaffinity[a] != 0;
    let planes = geoms.kind[a] == GeomType::Plane && geoms.kind[b] == GeomType::Plane;
    masks && !planes
}
