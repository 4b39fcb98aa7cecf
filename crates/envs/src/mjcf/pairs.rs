//! Which geoms can touch, and how their contact parameters mix: the filter that runs once, before any motion.
//!
//! MuJoCo: Computation, "Collision detection", Selection; Modeling, "Contact parameters".

use super::spec::Override;
use crate::dynamics::model::{GeomType, Geoms, Model, Pair};
use std::collections::HashSet;

/// Least friction coefficient of a contact; less would make a pyramid's edges coincide.
pub(super) const MIN_FRICTION: f64 = 1e-5;

/// Weight of a geom in mixing that counts as none.
const MINVAL: f64 = 1e-15;

/// Most pairs of a model.
const MOST_PAIRS: usize = 200_000;

/// What decides beside the geoms themselves.
pub(super) struct Filter {
    /// Whether a body and its parent never touch.
    pub(super) parents: bool,
    /// Whether pairs of the same bodies come by geom, the one of the lower [`GeomType`] first, as after MuJoCo's
    /// midphase; without it they come as the bodies list them.
    pub(super) sorted: bool,
    /// Pairs that the file names, the geom of the lower body first.
    pub(super) explicit: Vec<Pair>,
    /// Pairs of bodies that never touch but in explicit pairs, the lower one first.
    pub(super) excluded: HashSet<[usize; 2]>,
    /// What all contacts have instead of their own.
    pub(super) overriding: Option<Override>,
}

/// Pairs of geoms that can touch, in the order of MuJoCo's contacts: by pair of bodies, the lower body first;
/// of the same bodies explicit pairs as in the file, then the others by geom. See [`Model::pairs`].
///
/// # Errors
/// When there are too many.
pub(super) fn select(model: &Model, filter: Filter) -> Result<Vec<Pair>, String> {
    let kinds = &model.geoms.kind;
    let is_ground = |geom: &usize| matches!(kinds[*geom], GeomType::Plane | GeomType::HField);
    let grounds = |pair: [usize; 2]| pair.iter().all(is_ground);
    let in_order = |[a, b]: [usize; 2]| if kinds[a] > kinds[b] { [b, a] } else { [a, b] };
    let bodies = |pair: &Pair| pair.geoms.map(|geom| model.geoms.body[geom]);
    let mut explicit = filter.explicit;
    explicit.sort_by_key(bodies);
    // Each pair with its bodies; explicit pairs come first, so that a stable sort leaves them there.
    let mut pairs: Vec<([usize; 2], Pair)> = Vec::new();
    let mut named = HashSet::new();
    for mut pair in explicit {
        let key = bodies(&pair);
        pair.geoms = in_order(pair.geoms);
        named.insert(pair.geoms);
        named.insert([pair.geoms[1], pair.geoms[0]]);
        if !grounds(pair.geoms) {
            pairs.push((key, pair));
        }
    }
    if pairs.len() > MOST_PAIRS {
        return Err(too_many());
    }
    let mut of_body = vec![Vec::new(); model.bodies.name.len()];
    for (geom, body) in model.geoms.body.iter().enumerate() {
        of_body[*body].push(geom);
    }
    let touchable: Vec<usize> = (0..of_body.len())
        .filter(|body| !of_body[*body].is_empty())
        .collect();
    let mut found = Vec::new();
    for (i, &first) in touchable.iter().enumerate() {
        for &second in &touchable[i + 1..] {
            if filter.excluded.contains(&[first, second])
                || !bodies_can_touch(model, filter.parents, first, second)
            {
                continue;
            }
            found.clear();
            for &a in &of_body[first] {
                for &b in &of_body[second] {
                    let pair = in_order([a, b]);
                    if geoms_can_touch(&model.geoms, a, b)
                        && !grounds(pair)
                        && !named.contains(&pair)
                    {
                        found.push(pair);
                    }
                }
            }
            if filter.sorted {
                found.sort_unstable();
            }
            let mixed = found.iter().map(|geoms| mixed(&model.geoms, *geoms));
            pairs.extend(mixed.map(|pair| ([first, second], pair)));
            if pairs.len() > MOST_PAIRS {
                return Err(too_many());
            }
        }
    }
    pairs.sort_by_key(|(bodies, _)| *bodies);
    let mut pairs: Vec<_> = pairs.into_iter().map(|(_, pair)| pair).collect();
    if let Some(all) = &filter.overriding {
        for pair in &mut pairs {
            let gap = pair.margin - pair.includemargin;
            (pair.margin, pair.includemargin) = (all.margin, all.margin - gap);
            pair.friction = all.friction.map(|f| f.max(MIN_FRICTION));
            (pair.solref, pair.solimp) = (all.solref, all.solimp);
            // With elliptic cones friction is as soft as the rest.
            pair.solreffriction = all.solref;
        }
    }
    Ok(pairs)
}

fn too_many() -> String {
    format!(
        "more than {MOST_PAIRS} pairs of geoms can touch; contype and conaffinity can tell which do not"
    )
}

/// Bodies that are welded together, or whose welded groups are parent and child, never touch;
/// the world is nobody's parent in this sense.
fn bodies_can_touch(model: &Model, parents: bool, first: usize, second: usize) -> bool {
    let weld = &model.bodies.weld;
    let group = |body: usize| weld[body];
    let parent = |body: usize| weld[model.bodies.parent[weld[body]]];
    let (a, b) = (group(first), group(second));
    let family = parents && a != 0 && b != 0 && (a == parent(second) || b == parent(first));
    a != b && !family
}

fn geoms_can_touch(geoms: &Geoms, a: usize, b: usize) -> bool {
    geoms.contype[a] & geoms.conaffinity[b] != 0 || geoms.contype[b] & geoms.conaffinity[a] != 0
}

/// A pair with the parameters that the two geoms mix to.
fn mixed(geoms: &Geoms, [a, b]: [usize; 2]) -> Pair {
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
