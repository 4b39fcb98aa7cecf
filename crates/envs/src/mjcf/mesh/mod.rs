//! Meshes: from a file, or corners in the XML, to a compiled [`Mesh`] and what it weighs.
//!
//! In reading order: `stl`, `obj` and `msh` (files), `builtin` (shapes without a file), `mass` (volume and inertia), `hull` (convex hull), `sides` (its flat sides). MuJoCo: XML
//! reference, "mesh"; Modeling, "Meshes".

mod builtin;
mod hull;
mod mass;
mod msh;
mod obj;
mod sides;
mod stl;
#[cfg(test)]
mod tests;

use super::asset::{Builtin, MeshInertia, MeshSpec};
use super::files::open_file;
use super::inertia::eigen;
use super::spec::Named;
use crate::Result;
use crate::dynamics::matrix;
use crate::dynamics::model::{ConvexHull, GeomType, Mesh};
use glam::{DQuat, DVec3};
use std::io::Read;
use std::path::Path;

/// Most triangles of a mesh; MuJoCo reads 200,000 of an STL file.
const MOST_FACES: usize = 2_000_000;
/// Most bytes of a file.
const MOST_BYTES: u64 = 64 << 20;
/// Area (m²) from which MuJoCo looks at the orientation of a triangle.
const LEAST_AREA: f64 = 3.162_277_660_168_379e-8;
/// By how much, and by which share, a moment may exceed the sum of the other two.
const SLACK: [f64; 2] = [1e-9, 1e-6];

/// Corners and triangles.
#[derive(Clone, Debug, Default, PartialEq)]
struct Surface {
    vert: Vec<[f32; 3]>,
    face: Vec<[usize; 3]>,
}

/// What a geom needs to know of a mesh to weigh as it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Weight {
    /// Volume (m³), or area (m²) of a shell.
    pub(super) volume: f64,
    /// Half the sides (m) of the box of equal inertia.
    half: DVec3,
}

impl Weight {
    /// Principal moments of this mass (kg m²), in the mesh's frame.
    pub(super) fn moments(&self, mass: f64) -> DVec3 {
        super::inertia::moments(GeomType::Box, self.half.to_array(), mass)
    }
}

/// What the meshes of a model may still take: files are read once for each mesh that names them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left {
    /// Bytes of files.
    bytes: u64,
    /// Corners and triangles.
    parts: usize,
}

impl Default for Left {
    fn default() -> Self {
        Self {
            bytes: 1 << 30,
            parts: 20_000_000,
        }
    }
}

/// A compiled mesh and what geoms take from it.
#[derive(Clone, Debug)]
pub(super) struct Compiled {
    pub(super) mesh: Mesh,
    /// Where the mesh's frame lies in that of its file.
    frame: (DVec3, DQuat),
    weight: Weight,
    /// Least and largest coordinates in the mesh's frame (m).
    low: DVec3,
    high: DVec3,
}

/// Whether a mesh needs its hull, because a geom collides with it, and the hull's flat sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hulls {
    No,
    Plain,
    WithSides,
}

/// Reads and compiles a mesh.
///
/// # Errors
/// When its file cannot be read, or its surface has no volume.
pub(super) fn compile(named: &Named<MeshSpec>, hulls: Hulls, left: &mut Left) -> Result<Compiled> {
    let wrong = |message: String| {
        let name = &named.name;
        named.place.error(format!("mesh `{name}`: {message}"))
    };
    surface(&named.spec, left)
        .and_then(|surface| process(named, surface, hulls))
        .map_err(wrong)
}

/// What the mesh's file or attributes hold.
fn surface(spec: &MeshSpec, left: &mut Left) -> Result<Surface, String> {
    let mut surface = Surface::default();
    if spec.builtin != Builtin::None {
        if spec.file.is_some() || spec.vertex.is_some() || spec.face.is_some() {
            return Err("builtin excludes file, vertex and face".into());
        }
        surface = builtin::shape(spec.builtin, &spec.params)?;
    }
    if let Some(file) = &spec.file {
        let path = file.as_ref().map_err(String::clone)?;
        surface = read(path, spec.content_type.as_deref(), left)?;
        if !surface.face.is_empty() && spec.scale[0] * spec.scale[1] * spec.scale[2] <= 0.0 {
            for face in &mut surface.face {
                face.swap(1, 2);
            }
        }
    }
    for (given, kind, is_there) in [
        (&spec.vertex, "vertex", !surface.vert.is_empty()),
        (&spec.face, "face", !surface.face.is_empty()),
    ] {
        let Some(list) = given else { continue };
        if is_there {
            return Err(format!("its file gives what {kind} gives; leave one out"));
        }
        if list.len() % 3 != 0 {
            let count = list.len();
            return Err(format!("{kind} has {count} numbers; they come in threes"));
        }
        let rows = list.chunks_exact(3);
        if kind == "vertex" {
            surface.vert = rows.map(|row| [0, 1, 2].map(|i| row[i] as f32)).collect();
        } else {
            let whole = |x: f64| (x >= 0.0 && x.fract() == 0.0).then_some(x as usize);
            for row in rows {
                let corners = [whole(row[0]), whole(row[1]), whole(row[2])];
                let [Some(a), Some(b), Some(c)] = corners else {
                    return Err(format!(
                        "face holds {row:?}; corners are whole numbers from 0"
                    ));
                };
                surface.face.push([a, b, c]);
            }
        }
    }
    let count = surface.vert.len();
    let parts = count + surface.face.len();
    left.parts = left.parts.checked_sub(parts).ok_or_else(|| {
        let most = Left::default().parts;
        format!("all meshes together have more than {most} corners and triangles")
    })?;
    if count < 4 {
        return Err(format!("it has {count} corners; it must have at least 4"));
    }
    if let Some(corner) = surface.face.as_flattened().iter().find(|c| **c >= count) {
        return Err(format!("a triangle has corner {corner}; there are {count}"));
    }
    if !surface.vert.as_flattened().iter().all(|x| x.is_finite()) {
        return Err("a coordinate is not finite".into());
    }
    Ok(surface)
}

/// Reads a file of one of three formats, which its content type or its ending tells.
fn read(path: &Path, content_type: Option<&str>, left: &mut Left) -> Result<Surface, String> {
    let ending = path.extension().unwrap_or_default().to_string_lossy();
    let reader = match content_type.unwrap_or_default() {
        "model/stl" => stl::read,
        "model/obj" => obj::read,
        "model/vnd.mujoco.msh" => msh::read,
        "" => match ending.to_ascii_lowercase().as_str() {
            "stl" => stl::read,
            "obj" => obj::read,
            "msh" => msh::read,
            other => {
                return Err(format!(
                    "file {} ends in `{other}`; read are .stl, .obj and .msh",
                    path.display()
                ));
            }
        },
        other => {
            return Err(format!(
                "content_type is `{other}`; allowed: model/stl, model/obj, model/vnd.mujoco.msh"
            ));
        }
    };
    let wrong = |error: String| format!("file {}: {error}", path.display());
    let file = open_file(path).map_err(|error| wrong(error.to_string()))?;
    let mut bytes = Vec::new();
    let most = MOST_BYTES.min(left.bytes);
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| wrong(error.to_string()))?;
    if bytes.len() as u64 > most {
        return Err(wrong(format!(
            "it is longer than {MOST_BYTES} bytes, or all files of meshes together are than {}",
            Left::default().bytes
        )));
    }
    left.bytes -= bytes.len() as u64;
    reader(&bytes).map_err(wrong)
}

/// Moves a surface to the frame of its centre of mass and principal axes, and weighs it.
fn process(named: &Named<MeshSpec>, surface: Surface, hulls: Hulls) -> Result<Compiled, String> {
    let collides = hulls != Hulls::No;
    let spec = &named.spec;
    let Surface { vert, mut face } = surface;
    let raw: Vec<DVec3> = vert
        .iter()
        .map(|v| DVec3::from_array(v.map(f64::from)))
        .collect();
    if spec.inertia == MeshInertia::Exact {
        check_orientation(&raw, &face)?;
    }
    let convex = spec.inertia == MeshInertia::Convex;
    let mut hull = hull::Hull::default();
    if collides || convex || face.is_empty() {
        let flat = || "its corners lie in one plane, so it has no convex hull".to_owned();
        hull = hull::hull(&raw, usize::try_from(spec.maxhullvert).ok()).ok_or_else(flat)?;
    }
    if face.is_empty() {
        face.clone_from(&hull.faces);
    }
    let turn = matrix(spec.refquat).transpose();
    let scale = DVec3::from_array(spec.scale);
    let mut placed: Vec<DVec3> = raw
        .iter()
        .map(|v| turn * (v - spec.refpos) * scale)
        .collect();
    let summed = if convex { &hull.faces } else { &face };
    let weight = mass::weigh(&placed, &face, summed, spec.inertia)?;
    let (moments, quat) = eigen(&weight.inertia);
    let [a, b, c] = moments.to_array();
    let exceeds = |x: f64, y: f64, z: f64| x + y < z * (1.0 - SLACK[1]) - SLACK[0];
    // By rounding those of a flat one may be negative.
    let squares = DVec3::new(b + c - a, a + c - b, a + b - c) * 6.0 / weight.volume;
    let squares = squares.max(DVec3::ZERO);
    if !(c > 0.0 && moments.is_finite()) || exceeds(a, b, c) || exceeds(a, c, b) || exceeds(b, c, a)
    {
        return Err(format!(
            "its moments of inertia are {a}, {b} and {c}; they must be positive, and each at most the sum of the others"
        ));
    }
    let back = matrix(quat).transpose();
    let (mut low, mut high) = (DVec3::splat(1e10), DVec3::splat(-1e10));
    for v in &mut placed {
        *v = back * (*v - weight.com);
        (low, high) = (low.min(*v), high.max(*v));
    }
    let single: Vec<[f32; 3]> = placed
        .iter()
        .map(|v| v.to_array().map(|x| x as f32))
        .collect();
    let hull = if collides {
        let kept: Vec<_> = single
            .iter()
            .map(|v| DVec3::from_array(v.map(f64::from)))
            .collect();
        let mut graph = hull.graph(&kept);
        if hulls == Hulls::WithSides {
            graph.sides = sides::sides(&raw, &placed, &hull.turned());
        }
        graph
    } else {
        ConvexHull::default()
    };
    Ok(Compiled {
        mesh: Mesh {
            name: named.name.clone(),
            vert: single,
            face: face.iter().map(|face| face.map(|c| c as u32)).collect(),
            pos: weight.com,
            quat,
            hull,
        },
        frame: (weight.com, quat),
        weight: Weight {
            volume: weight.volume,
            half: 0.5 * DVec3::from_array(squares.to_array().map(f64::sqrt)),
        },
        low,
        high,
    })
}

/// Each edge must be walked in one direction by one triangle only.
fn check_orientation(vert: &[DVec3], faces: &[[usize; 3]]) -> Result<(), String> {
    let large = |face: &&[usize; 3]| mass::area(face.map(|corner| vert[corner])) > LEAST_AREA;
    let edges = faces.iter().filter(large);
    let mut edges: Vec<_> = edges
        .flat_map(|[a, b, c]| [[*a, *b], [*b, *c], [*c, *a]])
        .collect();
    edges.sort_unstable();
    match edges.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => Err(format!(
            "two triangles walk from corner {} to {}: they are not turned alike, which inertia=`exact` needs",
            pair[0][0], pair[0][1]
        )),
    }
}

impl Compiled {
    /// The largest coordinates without signs (m): MuJoCo's size of a mesh geom.
    pub(super) fn size(&self) -> [f64; 3] {
        self.low.abs().max(self.high.abs()).to_array()
    }

    pub(super) fn weight(&self) -> Weight {
        self.weight
    }

    /// Where a geom that is the mesh, or is fitted to it, lies in the frame of its file, and its size; `aabb` fits
    /// it to the mesh's box instead of the box of equal inertia. Sizes that the kind does not have stay as `given`.
    /// MuJoCo: XML reference, `compiler/fitaabb`.
    pub(super) fn fit(
        &self,
        kind: GeomType,
        [_, second, third]: [f64; 3],
        aabb: bool,
    ) -> ([f64; 3], (DVec3, DQuat)) {
        let (pos, quat) = self.frame;
        if aabb && kind != GeomType::Mesh {
            let centre = (self.low + self.high) / 2.0;
            let [x, y, z] = (self.high - centre).to_array();
            let size = match kind {
                GeomType::Sphere => [x.max(y).max(z), second, third],
                GeomType::Cylinder => [x.max(y), z, third],
                GeomType::Capsule => [x.max(y), z - x.max(y), third],
                _ => [x, y, z],
            };
            return (size, (pos + matrix(quat) * centre, quat));
        }
        let [x, y, z] = self.weight.half.to_array();
        let radius = (x + y) / 2.0;
        let size = match kind {
            GeomType::Sphere => [(x + y + z) / 3.0, second, third],
            GeomType::Cylinder => [radius, z, third],
            GeomType::Capsule => [radius, (z - radius / 2.0).max(0.0), third],
            _ => [x, y, z],
        };
        (size, (pos, quat))
    }
}
