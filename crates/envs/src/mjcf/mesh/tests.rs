use super::hull::{Hull, hull};
use super::{MeshInertia, Surface, mass, msh, obj, stl};
use glam::DVec3;
use proptest::prelude::*;
use std::collections::HashSet;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/meshes");

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{FOLDER}/{name}")).unwrap()
}

#[test]
fn a_text_and_a_binary_stl_share_corners() {
    let text = stl::read(&file("text.stl")).unwrap();
    let corners = [
        [0.0, 0.0, 0.0],
        [0.0, 0.2, 0.0],
        [0.3, 0.0, 0.0],
        [0.0, 0.0, 0.25],
    ];
    assert_eq!(text.vert, corners);
    assert_eq!(text.face, [[0, 1, 2], [0, 2, 3], [2, 1, 3], [0, 3, 1]]);
    let rock = stl::read(&file("rock.stl")).unwrap();
    assert_eq!((rock.vert.len(), rock.face.len()), (16, 28));
}

#[test]
fn an_obj_gives_all_corners_and_its_first_object() {
    let bar = obj::read(&file("bar.obj")).unwrap();
    assert_eq!(bar.vert.len(), 9);
    // Four-cornered faces as two triangles.
    assert_eq!(bar.face.len(), 12);
    assert!(bar.face.as_flattened().iter().all(|corner| *corner < 8));
    assert!(bar.face.contains(&[1, 5, 7]) && bar.face.contains(&[1, 7, 3]));
}

/// Triangles of MuJoCo 3.3.7 (`mesh_face`): a bent square, a comb, and a hollow side.
#[test]
fn polygons_of_an_obj_are_cut_as_in_mujoco() {
    let comb = "v 0 0 0\nv 3 0 0\nv 3 2 0\nv 2 .5 0\nv 1.5 2 0\nv 1 .4 0\nv 0 2 0\nf 1 2 3 4 5 6 7";
    let hollow = "v 0 0 0\nv 0 1 0\nv 0 2 0\nv 0 2 2\nv 0 1 .5\nv 0 0 2\nf 1 2 3 4 5 6";
    let cases: [(&str, &[[usize; 3]]); 3] = [
        (
            "v 0 0 0\nv 1 0 .3\nv 1.2 1 0\nv 0 1.5 .2\nf 1 2 3 4",
            &[[0, 1, 2], [0, 2, 3]],
        ),
        (
            comb,
            &[[1, 2, 3], [3, 4, 5], [5, 6, 0], [5, 0, 1], [1, 3, 5]],
        ),
        (hollow, &[[0, 1, 2], [2, 3, 4], [4, 5, 0], [0, 2, 4]]),
    ];
    for (text, faces) in cases {
        assert_eq!(obj::read(text.as_bytes()).unwrap().face, faces, "{text}");
    }
}

#[test]
fn an_msh_gives_its_corners() {
    let wedge = msh::read(&file("wedge.msh")).unwrap();
    assert_eq!((wedge.vert.len(), wedge.face[0]), (6, [2, 1, 0]));
}

fn floats(list: &[f32]) -> Vec<u8> {
    list.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn damaged_files_are_errors() {
    let rock = file("rock.stl");
    let wedge = file("wedge.msh");
    let mut nan = rock.clone();
    nan[96..100].copy_from_slice(&f32::NAN.to_le_bytes());
    let mut far = rock.clone();
    far[96..100].copy_from_slice(&2e9_f32.to_le_bytes());
    let mut many = vec![0; 84];
    many[80..84].copy_from_slice(&10_000_000_u32.to_le_bytes());
    let header = |counts: [i32; 4]| {
        counts
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect::<Vec<u8>>()
    };
    type Reader = fn(&[u8]) -> Result<Surface, String>;
    let cases: [(Reader, Vec<u8>, &str); 16] = [
        (stl::read, vec![], "declares 0 triangles"),
        (
            stl::read,
            rock[..200].to_vec(),
            "declares 28 triangles, 1484 bytes with it; the file has 200",
        ),
        (stl::read, many, "declares 10000000 triangles"),
        (stl::read, nan, "a coordinate is NaN"),
        (stl::read, far, "a coordinate is 2000000000"),
        (
            stl::read,
            b"solid x\nvertex 1 2\n".to_vec(),
            "line 2: a vertex has three numbers",
        ),
        (
            stl::read,
            b"solid x\nvertex 1 2 3\n".to_vec(),
            "1 lines of vertices",
        ),
        (msh::read, vec![1, 2], "ends at byte 2"),
        (msh::read, wedge[..100].to_vec(), "the file has 100"),
        (msh::read, header([4, 0, 0, -1]), "-1 triangles"),
        (
            msh::read,
            header([i32::MAX, 0, 0, 0]),
            "declares 25769803780 bytes",
        ),
        (msh::read, header([4, 3, 0, 0]), "3 normals"),
        (
            msh::read,
            header([4, 0, 0, i32::MAX]),
            "at most 2000000 are read",
        ),
        (
            msh::read,
            [
                header([4, 0, 0, 1]),
                floats(&[0.0; 12]),
                header([0, -1, 2, 0])[..12].to_vec(),
            ]
            .concat(),
            "corner -1",
        ),
        (
            obj::read,
            b"v 1 2 x".to_vec(),
            "line 1: a corner has three numbers",
        ),
        (
            obj::read,
            b"v 1 2 3\nf 1 2 0".to_vec(),
            "line 2: `0` is no corner",
        ),
    ];
    for (read, bytes, part) in cases {
        let message = read(&bytes).unwrap_err();
        assert!(message.contains(part), "{message}, not {part}");
    }
}

#[test]
fn a_cube_weighs_what_it_weighs() {
    let corners: Vec<DVec3> = (0..8)
        .map(|i| DVec3::new(f64::from(i & 1), f64::from(i >> 1 & 1), f64::from(i >> 2)) * 2.0 + 5.0)
        .collect();
    let cube = hull(&corners, None).unwrap();
    for rule in [MeshInertia::Convex, MeshInertia::Exact, MeshInertia::Legacy] {
        let weight = mass::weigh(&corners, &cube.faces, &cube.faces, rule).unwrap();
        approx::assert_relative_eq!(weight.volume, 8.0, max_relative = 1e-14);
        assert!(weight.com.abs_diff_eq(DVec3::splat(6.0), 1e-13));
        // m s²/6 with side s.
        let expected = DVec3::splat(8.0 * 4.0 / 6.0);
        assert!(
            weight
                .inertia
                .abs_diff_eq(glam::DMat3::from_diagonal(expected), 1e-12)
        );
    }
    let shell = mass::weigh(&corners, &cube.faces, &cube.faces, MeshInertia::Shell).unwrap();
    approx::assert_relative_eq!(shell.volume, 24.0, max_relative = 1e-14);
    // Two sides across the axis: m/6 s²/6 each; four along it: m/6 (s²/12 + s²/4) each.
    approx::assert_relative_eq!(
        shell.inertia.x_axis.x,
        24.0 * 4.0 * 5.0 / 18.0,
        max_relative = 1e-13
    );
    let turned: Vec<_> = cube.faces.iter().map(|[a, b, c]| [*a, *c, *b]).collect();
    let message = mass::weigh(&corners, &turned, &turned, MeshInertia::Exact).unwrap_err();
    assert!(message.contains("inside out"), "{message}");
}

#[test]
fn flat_points_have_no_hull() {
    let line: Vec<DVec3> = (0..9).map(|i| DVec3::new(f64::from(i), 1.0, 2.0)).collect();
    let square: Vec<DVec3> = (0..9)
        .map(|i| DVec3::new(f64::from(i % 3), f64::from(i / 3), 0.5))
        .collect();
    let mut nearly = square.clone();
    nearly[7].z = nearly[7].z.next_up();
    for points in [vec![DVec3::ONE; 5], line, square, nearly] {
        assert_eq!(hull(&points, None), None);
    }
}

/// What must hold of the hull of any points.
fn check(points: &[DVec3], Hull { corners, faces, .. }: &Hull) {
    let below = |face: &[usize; 3], point: DVec3| {
        let [a, b, c] = face.map(|corner| points[corner]);
        (b - a).cross(c - a).dot(point - a)
    };
    let mut edges = HashSet::new();
    for face in faces {
        let size: f64 = points
            .iter()
            .map(|p| p.abs().max_element())
            .fold(1.0, f64::max);
        for point in points {
            assert!(
                below(face, *point) <= 1e-12 * size * size * size,
                "{face:?} sees {point}"
            );
        }
        let [a, b, c] = *face;
        for edge in [[a, b], [b, c], [c, a]] {
            assert!(edges.insert(edge), "an edge twice");
        }
    }
    assert!(
        edges.iter().all(|[a, b]| edges.contains(&[*b, *a])),
        "an open edge"
    );
    assert_eq!(faces.len(), 2 * corners.len() - 4, "Euler's formula");
}

/// Corners of files that differ in the last bit of a coordinate: qhull, and so MuJoCo, has one corner there. Where there were
/// two, a walk to the farthest corner ended between them, and a contact was lost.
#[test]
fn corners_that_only_rounding_tells_apart_are_one() {
    let mut points = Vec::new();
    for i in 0..300 {
        // Evenly over a sphere, by the golden angle.
        let (turn, z) = (f64::from(i) * 2.399_963, (f64::from(i) + 0.5) / 150.0 - 1.0);
        let (sin, cos) = turn.sin_cos();
        let r = (1.0 - z * z).sqrt();
        points.push(DVec3::new(r * cos, r * sin, z) * 0.3);
    }
    let alone = hull(&points, None).unwrap();
    assert_eq!(alone.corners.len(), 300);
    for corner in 0..300 {
        let DVec3 { x, y, z } = points[corner];
        points.push(DVec3::new(x.next_up(), y, z));
        points.push(DVec3::new(x, y.next_down(), z.next_up()));
    }
    let found = hull(&points, None).unwrap();
    check(&points, &found);
    assert_eq!(found.corners.len(), 300);
    let graph = found.graph(&points);
    for direction in &points[..300] {
        let far: Vec<f64> = graph.points.iter().map(|p| p.dot(*direction)).collect();
        let farthest = far.iter().copied().fold(0.0, f64::max);
        for corner in 0..300 {
            let is_end = graph
                .around(corner)
                .iter()
                .all(|other| far[*other as usize] <= far[corner]);
            assert!(
                !is_end || far[corner] > farthest - 1e-12,
                "a walk ends at {corner}"
            );
        }
    }
}

proptest! {
    #[test]
    fn hulls_of_any_points_are_closed_and_convex(
        points in prop::collection::vec(prop::array::uniform3(-1.0_f32..1.0), 4..60),
    ) {
        let points: Vec<_> = points.iter().map(|p| DVec3::from_array(p.map(f64::from))).collect();
        let Some(found) = hull(&points, None) else { return Ok(()) };
        check(&points, &found);
    }

    /// Points of a grid: many in one plane, on one line, in one place.
    #[test]
    fn hulls_of_grids_are_closed_and_convex(
        points in prop::collection::vec(prop::array::uniform3(-2_i8..3), 4..60),
    ) {
        let points: Vec<_> = points.iter().map(|p| DVec3::from_array(p.map(f64::from))).collect();
        let Some(found) = hull(&points, None) else { return Ok(()) };
        check(&points, &found);
        // A corner that others span would be missed by some edge; each is the only farthest point some way.
        for &corner in &found.corners {
            let normals = found.faces.iter().filter(|face| face.contains(&corner)).map(|face| {
                let [a, b, c] = face.map(|i| points[i]);
                (b - a).cross(c - a).normalize()
            });
            let outwards: DVec3 = normals.sum();
            for point in points.iter().filter(|point| **point != points[corner]) {
                prop_assert!(outwards.dot(points[corner] - *point) > 1e-9, "{} is spanned", points[corner]);
            }
        }
    }
}
