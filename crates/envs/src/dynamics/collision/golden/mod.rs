//! Contacts against those that MuJoCo 3.3.7 finds, recorded by `record.py`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::{FromStr, SplitWhitespace};

use super::*;
use crate::dynamics::state::convex::ConvexScratch;

/// Iterations and tolerance of the convex search, MuJoCo's defaults.
const ITERATIONS: usize = 35;
const TOLERANCE: f64 = 1e-6;

/// A shape in a recording.
struct Recorded {
    kind: GeomType,
    size: [f64; 3],
    pos: DVec3,
    mat: DMat3,
}

impl Recorded {
    fn shape(&self) -> Shape<'_> {
        Shape {
            kind: self.kind,
            pos: self.pos,
            mat: &self.mat,
            size: &self.size,
            mesh: None,
            field: None,
            prism: None,
        }
    }

    fn rbound(&self) -> f64 {
        let [a, b, c] = self.size;
        match self.kind {
            GeomType::Plane | GeomType::HField => 0.0,
            GeomType::Sphere => a,
            GeomType::Capsule => a + b,
            GeomType::Ellipsoid => a.max(b).max(c),
            GeomType::Cylinder => a.hypot(b),
            GeomType::Box | GeomType::Mesh => DVec3::new(a, b, c).length(),
        }
    }
}

/// A pose of two shapes and what MuJoCo found.
struct Pose {
    margin: f64,
    shapes: [Recorded; 2],
    touches: Vec<Touch>,
}

impl Pose {
    fn touches_here(&self, scratch: &mut ConvexScratch) -> Touches {
        let mut touches = Touches::default();
        let mut search = Search {
            tolerance: TOLERANCE,
            iterations: ITERATIONS,
            scratch,
            several: None,
        };
        let shapes = self.shapes.each_ref().map(Recorded::shape);
        touch(shapes, self.margin, &mut search, &mut touches);
        touches
    }
}

fn kind(word: &str) -> GeomType {
    match word {
        "plane" => GeomType::Plane,
        "sphere" => GeomType::Sphere,
        "capsule" => GeomType::Capsule,
        "ellipsoid" => GeomType::Ellipsoid,
        "cylinder" => GeomType::Cylinder,
        "box" => GeomType::Box,
        other => panic!("no such kind: {other}"),
    }
}

fn numbers<T: FromStr, const N: usize>(words: &mut SplitWhitespace) -> [T; N] {
    std::array::from_fn(|_| words.next().and_then(|word| word.parse().ok()).unwrap())
}

/// The rotation of a quaternion of whole numbers of any length.
fn matrix([w, x, y, z]: [i64; 4]) -> DMat3 {
    let norm = (w * w + x * x + y * y + z * z) as f64;
    let column = |entries: [i64; 3]| DVec3::from_array(entries.map(|entry| entry as f64 / norm));
    DMat3::from_cols(
        column([
            w * w + x * x - y * y - z * z,
            2 * (x * y + w * z),
            2 * (x * z - w * y),
        ]),
        column([
            2 * (x * y - w * z),
            w * w - x * x + y * y - z * z,
            2 * (y * z + w * x),
        ]),
        column([
            2 * (x * z + w * y),
            2 * (y * z - w * x),
            w * w - x * x - y * y + z * z,
        ]),
    )
}

fn read(line: &str) -> Pose {
    let words = &mut line.split_whitespace();
    let kinds = [0, 1].map(|_| kind(words.next().unwrap()));
    let [margin] = numbers(words);
    let shapes = kinds.map(|kind| Recorded {
        kind,
        size: numbers(words),
        pos: DVec3::from_array(numbers(words)),
        mat: matrix(numbers(words)),
    });
    let [count] = numbers::<usize, 1>(words);
    let touches = (0..count).map(|_| Touch {
        dist: numbers::<f64, 1>(words)[0],
        pos: DVec3::from_array(numbers(words)),
        normal: DVec3::from_array(numbers(words)),
        tangent: DVec3::ZERO,
    });
    Pose {
        margin,
        shapes,
        touches: touches.collect(),
    }
}

/// How far a pair of kinds is from the recording.
#[derive(Default)]
struct Errors {
    poses: usize,
    contacts: usize,
    /// Poses with another number of contacts.
    counts: usize,
    /// Contacts off by more than 1e-12 and by more than 1e-6.
    off: [usize; 2],
    dist: f64,
    pos: f64,
    normal: f64,
    /// The line of the worst contact, and of the last with another count.
    worst: usize,
    miscount: usize,
}

fn compare(text: &str) -> BTreeMap<[GeomType; 2], Errors> {
    let mut all = BTreeMap::<_, Errors>::new();
    let mut memory = ConvexScratch::with_iterations(ITERATIONS);
    for (line, pose) in text.lines().map(read).enumerate() {
        let [a, b] = &pose.shapes;
        let errors = all.entry([a.kind, b.kind]).or_default();
        errors.poses += 1;
        let reach = a.rbound() + b.rbound() + pose.margin;
        let mut touches = Touches::default();
        if a.kind == GeomType::Plane || a.pos.distance(b.pos) <= reach {
            touches = pose.touches_here(&mut memory);
        }
        if touches.count != pose.touches.len() {
            errors.counts += 1;
            errors.miscount = line + 1;
            continue;
        }
        for (found, expected) in touches.as_slice().iter().zip(&pose.touches) {
            let dist = (found.dist - expected.dist).abs();
            let pos = found.pos.distance(expected.pos);
            let normal = frame(found.normal, DVec3::ZERO)[0].distance(expected.normal);
            let off = dist.max(pos).max(normal);
            if off > errors.dist.max(errors.pos).max(errors.normal) {
                errors.worst = line + 1;
            }
            errors.contacts += 1;
            errors.off[0] += usize::from(off > 1e-12);
            errors.off[1] += usize::from(off > 1e-6);
            errors.dist = errors.dist.max(dist);
            errors.pos = errors.pos.max(pos);
            errors.normal = errors.normal.max(normal);
        }
    }
    all
}

fn report(all: &BTreeMap<[GeomType; 2], Errors>) -> String {
    let mut text = String::new();
    for ([a, b], errors) in all {
        let Errors {
            poses,
            contacts,
            counts,
            off: [little, much],
            dist,
            pos,
            normal,
            worst,
            miscount,
        } = errors;
        writeln!(
            text,
            "{a:?} {b:?}: {poses} poses, {contacts} contacts, {counts} other counts (line {miscount}); \
             dist {dist:.1e}, pos {pos:.1e}, normal {normal:.1e} (line {worst}); \
             {little} off by 1e-12, {much} by 1e-6"
        )
        .unwrap();
    }
    text
}

const CONTACTS: &str = include_str!("contacts.txt");

#[test]
fn contacts_are_where_mujoco_puts_them() {
    let all = compare(CONTACTS);
    let text = report(&all);
    for errors in all.values() {
        assert_eq!(errors.counts, 0, "{text}");
        assert!(
            errors.dist.max(errors.pos).max(errors.normal) < 1e-11,
            "{text}"
        );
    }
}

/// Bits recorded once: a machine on which they differ would simulate something else.
#[test]
fn bits_are_fixed() {
    let mut memory = ConvexScratch::with_iterations(ITERATIONS);
    let mut bits = 0u64;
    for pose in CONTACTS.lines().map(read) {
        for touch in pose.touches_here(&mut memory).as_slice() {
            let [x, y, z] = frame(touch.normal, touch.tangent);
            for v in [touch.pos, x, y, z].iter().flat_map(DVec3::to_array) {
                bits = bits.rotate_left(7) ^ v.to_bits();
            }
            bits = bits.rotate_left(7) ^ touch.dist.to_bits();
        }
    }
    assert_eq!(bits, 0xbe49_2072_95e7_eee4);
}

/// The same place and depth for spheres by the general search as by their own routines.
#[test]
fn the_general_search_agrees_with_the_routines_of_spheres() {
    use GeomType::{Box, Cylinder, Sphere};
    let mut memory = ConvexScratch::with_iterations(200);
    let poses = CONTACTS.lines().map(read);
    let spheres = poses.filter(|pose| {
        let [first, second] = &pose.shapes;
        first.kind == Sphere && matches!(second.kind, Sphere | Cylinder | Box)
    });
    let mut compared = 0;
    for pose in spheres {
        let own = pose.touches_here(&mut memory);
        let [first, second] = pose.shapes.each_ref().map(Recorded::shape);
        let mut search = Search {
            tolerance: 1e-9,
            iterations: 200,
            scratch: &mut memory,
            several: None,
        };
        let general = convex::touch(&first, &second, pose.margin, &mut search);
        assert_eq!(own.count, usize::from(general.is_some()));
        if let Some(general) = general {
            // Of a centre inside, only the depth: there can be several shortest ways out.
            assert!((general.dist - own.items[0].dist).abs() < 1e-6);
            if own.items[0].dist > -first.size[0] + 1e-3 {
                assert!(general.pos.distance(own.items[0].pos) < 1e-4);
            }
            compared += 1;
        }
    }
    assert!(compared > 60);
}

/// The comparison for a longer recording, whose path is in `CONTACTS`; prints how far off each pair of kinds is.
#[test]
#[ignore = "needs a recording"]
#[allow(clippy::print_stdout, reason = "the table is what one runs it for")]
fn a_long_recording() {
    let path = std::env::var_os("CONTACTS").unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    println!("{}", report(&compare(&text)));
}
