//! Which geoms can touch, and how their contact parameters mix: the filter that runs once, before any motion.
//!
//! MuJoCo: Computation, "Collision detection", Selection; Modeling, "Contact parameters".

use crate::dynamics::model::{GeomType, Geoms, Model, Pair};
use std::collections::HashSet;

/// Least friction coefficient of a contact; less would make a pyramid's edges coincide.
const MIN_FRICTION: f64 = 1e-5;

/// Weight of a geom in mixing that counts as none.
const MINVAL: f64 = 1e-15;

/// Pairs of geoms that can touch, ordered by body pair, then by geom; see [`Model::pairs`].
///
/// `excluded` holds pairs of bodies that never touch, in any order. `explicit` pairs come before the others of
/// their bodies, take their place where the geoms are the same, and pass no filter.
pub(super) fn select(model: &Model, excluded: &[[usize; 2]], explicit: Vec<Pair>) -> Vec<Pair> {
    let bodies = model.bodies.name.len();
    let mut of_body = vec![Vec::new(); bodies];
    for (geom, body) in model.geoms.body.iter().enumerate() {
        of_body[*body].push(geom);
    }
    let touchable: Vec<usize> = (0..bodies)
        .filter(|body| !of_body[*body].is_empty())
        .collect();
    let bodies_of = |pair: &Pair| {
        let [a, b] = pair.geoms.map(|geom| model.geoms.body[geom]);
        [a.min(b), a.max(b)]
    };
    let mut explicit: Vec<_> = explicit.into_iter().map(|p| (bodies_of(&p), p)).collect();
    explicit.sort_by_key(|(bodies, _)| *bodies);
    let taken: HashSet<[usize; 2]> = explicit.iter().map(|(_, pair)| pair.geoms).collect();
    let mut explicit = explicit.into_iter().peekable();
    let mut pairs = Vec::new();
    for (i, &first) in touchable.iter().enumerate() {
        for &second in &touchable[i + 1..] {
            while let Some((_, pair)) = explicit.next_if(|(of, _)| *of <= [first, second]) {
                pairs.push(pair);
            }
            let banned = excluded.contains(&[first, second]) || excluded.contains(&[second, first]);
            if banned || !bodies_can_touch(model, first, second) {
                continue;
            }
            let mut found = Vec::new();
            for &a in &of_body[first] {
                for &b in &of_body[second] {
                    let swap = model.geoms.kind[a] > model.geoms.kind[b];
                    let geoms = if swap { [b, a] } else { [a, b] };
                    if geoms_can_touch(model, a, b) && !taken.contains(&geoms) {
                        found.push(([a, b], geoms));
                    }
                }
            }
            found.sort_unstable();
            pairs.extend(
                found
                    .into_iter()
                    .map(|(_, geoms)| mixed(&model.geoms, geoms)),
            );
        }
    }
    pairs.extend(explicit.map(|(_, pair)| pair));
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

/// A pair with the parameters that the two geoms mix to.
pub(super) fn mixed(geoms: &Geoms, [a, b]: [usize; 2]) -> Pair {
    let margin = geoms.margin[a].max(geoms.margin[b]);
    let gap = geoms.gap[a].max(geoms.gap[b]);
    let weight = match geoms.priority[a].cmp(&geoms.priority[b]) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => mix(geoms.solmix[a], geoms.solmix[b]),
    };
    let equal = geoms.priority[a] == geoms.priority[b];
    let [refs_a, refs_b] = [geoms.solref[a], geoms.solref[b]];
    let standard = refs_a[0] > 0.0 && refs_b[0] > 0.0;
    let blend = |x: f64, y: f64| weight * x + (1.0 - weight) * y;
    let higher = |x: f64, y: f64| if equal { x.max(y) } else { blend(x, y) };
    let solref = std::array::from_fn(|i| {
        if standard || !equal {
            blend(refs_a[i], refs_b[i])
        } else {
            refs_a[i].min(refs_b[i])
        }
    });
    let friction: [f64; 3] = std::array::from_fn(|i| {
        higher(geoms.friction[a][i], geoms.friction[b][i]).max(MIN_FRICTION)
    });
    Pair {
        margin,
        includemargin: margin - gap,
        friction: [
            friction[0],
            friction[0],
            friction[1],
            friction[2],
            friction[2],
        ],
        solref,
        solreffriction: [0.0; 2],
        solimp: std::array::from_fn(|i| blend(geoms.solimp[a][i], geoms.solimp[b][i])),
        dim: higher(geoms.condim[a] as f64, geoms.condim[b] as f64) as usize,
        geoms: [a, b],
    }
}

/// Share of the first geom in a mixed parameter.
fn mix(a: f64, b: f64) -> f64 {
    match (a >= MINVAL, b >= MINVAL) {
        (true, true) => a / (a + b),
        (false, false) => 0.5,
        (false, true) => 0.0,
        (true, false) => 1.0,
    }
}
