//! What is seen along a line of sight: colours, light, shadow, floor, sky.

use super::hit::Hit;
use super::ray::cast;
use super::tree::Tree;
use crate::dynamics::State;
use crate::dynamics::model::{GeomType, HeightField, Mesh, Model};
use glam::{DVec3, Vec3};
use std::borrow::Cow;

/// Groups from this on are left out, as MuJoCo's viewer does.
const HIDDEN_GROUP: i32 = 3;
/// Colour of geoms that have none of their own.
const NO_COLOUR: [f32; 3] = [0.5, 0.5, 0.5];
/// Calm colours for the bodies of such geoms.
const PALETTE: [[f32; 3]; 6] = [
    [0.26, 0.47, 0.72],
    [0.90, 0.55, 0.24],
    [0.33, 0.63, 0.43],
    [0.76, 0.33, 0.35],
    [0.52, 0.43, 0.68],
    [0.80, 0.69, 0.31],
];
const SKY: [[f32; 3]; 2] = [[0.87, 0.92, 0.97], [0.45, 0.62, 0.84]];
const FLOOR: [[f32; 3]; 2] = [[0.76, 0.80, 0.84], [0.60, 0.66, 0.72]];
const CONTACT: [f32; 3] = [0.98, 0.25, 0.15];
/// Direction to the sun.
const SUN: DVec3 = DVec3::new(0.35, -0.45, 0.82);
/// Light where the sun does not reach.
const AMBIENT: f32 = 0.45;

/// A shape with its colour.
struct Body {
    kind: GeomType,
    size: [f64; 3],
    /// Which tree of the scene a mesh has.
    tree: Option<usize>,
    centre: DVec3,
    axes: glam::DMat3,
    /// Radius of the bounding sphere (m); infinite for a plane.
    reach: f64,
    colour: Vec3,
    /// A mark that casts no shadow.
    mark: bool,
}

/// All that can be seen of a state.
pub(super) struct Scene<'a> {
    bodies: Vec<Body>,
    trees: Vec<Option<Tree<'a>>>,
    /// Side of a floor tile (m).
    tile: f64,
    /// Where the floor fades into the sky (m).
    horizon: f64,
    middle: DVec3,
}

/// The triangles of a height field, and those of its sides.
fn surface(field: &HeightField) -> Mesh {
    let (nrow, ncol) = (field.nrow, field.ncol);
    let base = -field.size[3];
    let mut mesh = Mesh::default();
    for point in (0..nrow * ncol).map(|at| field.point(at / ncol, at % ncol)) {
        mesh.vert.push(point.as_vec3().to_array());
    }
    let mut quad = |[a, b, c, d]: [u32; 4]| mesh.face.extend([[a, b, c], [a, c, d]]);
    let at = |row: usize, column: usize| (row * ncol + column) as u32;
    for row in 1..nrow {
        for column in 1..ncol {
            let (r, c) = (row - 1, column - 1);
            quad([at(r, c), at(r, column), at(row, column), at(row, c)]);
        }
    }
    let [last_row, last_column] = [nrow, ncol].map(|count| count.saturating_sub(1));
    let rows = 0..nrow;
    let columns = 0..ncol;
    let rim = columns.clone().map(|c| at(0, c));
    let rim = rim.chain(rows.clone().map(|r| at(r, last_column)));
    let rim = rim.chain(columns.rev().map(|c| at(last_row, c)));
    let rim: Vec<_> = rim.chain(rows.rev().map(|r| at(r, 0))).collect();
    for ends in rim.windows(2) {
        let first = mesh.vert.len() as u32;
        for end in [ends[0], ends[1]] {
            let [x, y, _] = mesh.vert[end as usize];
            mesh.vert.push([x, y, base as f32]);
        }
        mesh.face.push([first, first + 1, ends[1]]);
        mesh.face.push([first, ends[1], ends[0]]);
    }
    mesh
}

impl<'a> Scene<'a> {
    /// `scale` is how far the camera is from what it looks at (m), `middle` where that is.
    pub(super) fn new(model: &'a Model, state: &State, scale: f64, middle: DVec3) -> Self {
        let geoms = &model.geoms;
        let shown = (0..geoms.kind.len())
            .filter(|geom| geoms.group[*geom] < HIDDEN_GROUP && geoms.rgba[*geom][3] > 0.0);
        let mut bodies: Vec<Body> = shown
            .map(|geom| {
                let [r, g, b, _] = geoms.rgba[geom];
                let own = [r, g, b];
                let body = geoms.body[geom];
                let colour = if own == NO_COLOUR {
                    PALETTE[body % PALETTE.len()]
                } else {
                    own
                };
                Body {
                    kind: geoms.kind[geom],
                    size: geoms.size[geom],
                    tree: geoms.mesh[geom]
                        .or(geoms.hfield[geom].map(|field| model.meshes.len() + field)),
                    centre: state.geom_xpos[geom],
                    axes: state.geom_xmat[geom],
                    reach: match geoms.kind[geom] {
                        GeomType::Plane => f64::INFINITY,
                        _ => geoms.rbound[geom],
                    },
                    colour: colour.into(),
                    mark: false,
                }
            })
            .collect();
        let acting = state
            .contacts
            .iter()
            .filter(|contact| contact.dist < contact.includemargin);
        bodies.extend(acting.map(|contact| Body {
            kind: GeomType::Sphere,
            size: [0.011 * scale, 0.0, 0.0],
            tree: None,
            centre: contact.pos,
            axes: glam::DMat3::IDENTITY,
            reach: 0.011 * scale,
            colour: CONTACT.into(),
            mark: true,
        }));
        let is_shown = |mesh: usize| bodies.iter().any(|body| body.tree == Some(mesh));
        let meshes = model.meshes.iter().enumerate();
        let meshes = meshes.map(|(i, mesh)| is_shown(i).then(|| Tree::new(Cow::Borrowed(mesh))));
        let fields = (model.meshes.len()..).zip(&model.hfields);
        let fields =
            fields.map(|(i, field)| is_shown(i).then(|| Tree::new(Cow::Owned(surface(field)))));
        let trees = meshes.chain(fields);
        Self {
            trees: trees.collect(),
            bodies,
            tile: 10.0_f64.powf((0.18 * scale).log10().round()),
            horizon: 8.0 * scale,
            middle,
        }
    }

    /// The colour in a direction.
    pub(super) fn colour(&self, eye: DVec3, direction: DVec3) -> Vec3 {
        let sky = sky(direction);
        let Some((body, hit)) = self.first(eye, direction, |_| true) else {
            return sky;
        };
        let point = eye + direction * hit.at;
        let facing = hit.normal.dot(SUN.normalize()).max(0.0) as f32;
        let lit = if facing > 0.0 && self.in_sun(point + hit.normal * 1e-6) {
            facing
        } else {
            0.0
        };
        let light = AMBIENT + (1.0 - AMBIENT) * lit;
        if body.kind == GeomType::Plane {
            let place = body.axes.transpose() * (point - body.centre) / self.tile;
            let odd = (place.x.floor() + place.y.floor()).rem_euclid(2.0) as usize;
            let far = (point - self.middle).length() / self.horizon;
            let clear = (1.0 - far).clamp(0.0, 1.0) as f32;
            return sky.lerp(Vec3::from(FLOOR[odd]) * light, clear.sqrt());
        }
        if body.mark {
            return body.colour;
        }
        let half = (SUN.normalize() - direction).normalize();
        let gloss = if lit > 0.0 {
            hit.normal.dot(half).max(0.0).powi(40) as f32
        } else {
            0.0
        };
        body.colour * light + Vec3::splat(0.35 * gloss)
    }

    /// The first shape along a ray.
    fn first(
        &self,
        origin: DVec3,
        direction: DVec3,
        wanted: impl Fn(&Body) -> bool,
    ) -> Option<(&Body, Hit)> {
        let mut nearest: Option<(&Body, Hit)> = None;
        for body in self.bodies.iter().filter(|body| wanted(body)) {
            let away = body.centre - origin;
            let along = away.dot(direction);
            let miss = away.length_squared() - along * along;
            if miss > body.reach * body.reach || along < -body.reach {
                continue;
            }
            let place = (body.centre, &body.axes);
            let tree = body.tree.and_then(|tree| self.trees[tree].as_ref());
            if let Some(hit) = cast(body.kind, body.size, tree, place, (origin, direction))
                && nearest.is_none_or(|(_, other)| hit.at < other.at)
            {
                nearest = Some((body, hit));
            }
        }
        nearest
    }

    fn in_sun(&self, point: DVec3) -> bool {
        let casts = |body: &Body| !body.mark && body.kind != GeomType::Plane;
        self.first(point, SUN.normalize(), casts).is_none()
    }
}

fn sky(direction: DVec3) -> Vec3 {
    let up = direction.z.clamp(0.0, 1.0) as f32;
    Vec3::from(SKY[0]).lerp(SKY[1].into(), up.sqrt())
}
