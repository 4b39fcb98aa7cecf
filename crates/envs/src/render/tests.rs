use super::ray::cast;
use super::tree::Tree;
use super::*;
use crate::dynamics::model::{GeomType, Mesh};
use crate::make;
use glam::{DMat3, DQuat, DVec3};
use proptest::prelude::*;
use std::borrow::Cow;

/// Signed distance from a shape at the origin, or a lower bound of it that has the same sign.
fn distance(kind: GeomType, size: [f64; 3], p: DVec3) -> f64 {
    let [a, b, c] = size;
    match kind {
        GeomType::Plane => p.z,
        GeomType::Sphere => p.length() - a,
        GeomType::Capsule => (p - DVec3::Z * p.z.clamp(-b, b)).length() - a,
        GeomType::Cylinder => (p.truncate().length() - a).max(p.z.abs() - b),
        GeomType::Box | GeomType::HField | GeomType::Mesh => {
            (p.abs() - DVec3::new(a, b, c)).max_element()
        }
        GeomType::Ellipsoid => ((p / DVec3::new(a, b, c)).length() - 1.0) * a.min(b).min(c),
    }
}

proptest! {
    /// A ray is outside before it hits, and on the surface there; one that misses stays outside.
    #[test]
    fn rays_end_at_surfaces(
        kind in 0_usize..6,
        size in prop::array::uniform3(0.1..1.0f64),
        turn in prop::array::uniform4(-1.0..1.0f64),
        from in prop::array::uniform3(-1.0..1.0f64),
        to in prop::array::uniform3(-0.7..0.7f64),
    ) {
        use GeomType::{Box, Capsule, Cylinder, Ellipsoid, Plane, Sphere};
        let kind = [Plane, Sphere, Capsule, Cylinder, Box, Ellipsoid][kind];
        let axes = DMat3::from_quat(DQuat::from_array(turn).normalize());
        let centre = DVec3::new(0.3, -0.2, 0.1);
        let origin = centre + axes * (DVec3::from(from).normalize() * 4.0);
        prop_assume!(kind != Plane || distance(kind, size, axes.transpose() * (origin - centre)) > 0.1);
        let direction = (centre + DVec3::from(to) - origin).normalize();
        let inside = |at: f64| distance(kind, size, axes.transpose() * (origin + direction * at - centre));
        match cast(kind, size, None, (centre, &axes), (origin, direction)) {
            Some(hit) => {
                prop_assert!(inside(hit.at).abs() < 1e-9, "{}", inside(hit.at));
                prop_assert!((hit.normal.length() - 1.0).abs() < 1e-9);
                prop_assert!(hit.normal.dot(direction) <= 1e-9);
                for i in 1..100 {
                    prop_assert!(inside(hit.at * f64::from(i) / 100.0) > -1e-9);
                }
            }
            None => for i in 0..400 {
                prop_assert!(inside(f64::from(i) * 0.02) > -1e-9);
            },
        }
    }
}

proptest! {
    #[test]
    fn a_ray_meets_a_cube_of_triangles_where_it_meets_a_box(
        turn in prop::array::uniform4(-1.0..1.0f64),
        from in prop::array::uniform3(-1.0..1.0f64),
        to in prop::array::uniform3(-1.2..1.2f64),
    ) {
        const SIDES: [[u32; 3]; 12] = [
            [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
            [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
        ];
        let corner = |i: u32| [0, 1, 2].map(|axis| if i >> axis & 1 == 1 { 1.0 } else { -1.0 });
        let mesh = Mesh {
            vert: (0..8).map(corner).collect(),
            face: SIDES.to_vec(),
            ..Mesh::default()
        };
        let tree = Tree::new(Cow::Borrowed(&mesh));
        let axes = DMat3::from_quat(DQuat::from_array(turn).normalize());
        let place = (DVec3::new(0.3, -0.2, 0.1), &axes);
        let origin = place.0 + axes * (DVec3::from(from).normalize() * 4.0);
        let ray = (origin, (place.0 + DVec3::from(to) - origin).normalize());
        let block = cast(GeomType::Box, [1.0; 3], None, place, ray);
        match (cast(GeomType::Mesh, [1.0; 3], Some(&tree), place, ray), block) {
            (Some(found), Some(block)) => {
                prop_assert!((found.at - block.at).abs() < 1e-9);
                prop_assert!((found.normal - block.normal).length() < 1e-9);
            }
            (found, block) => prop_assert_eq!(found, block),
        }
    }
}

fn hopper() -> (Picture, Camera) {
    let mut env = make("Hopper-v5").unwrap();
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(0, &mut seen).unwrap();
    let (model, state) = env.physics().unwrap();
    let camera = Camera::of(model, state);
    let mut picture = Picture::new(120, 90);
    picture.draw(model, state, &camera);
    (picture, camera)
}

#[test]
fn the_robot_stands_between_sky_and_floor() {
    let (picture, _) = hopper();
    let [sky, floor] = [picture.pixel(3, 3), picture.pixel(3, 86)];
    assert!(sky[2] > sky[0], "{sky:?}");
    assert!(floor[0].abs_diff(floor[2]) < 60, "{floor:?}");
    // The middle column holds something else than both.
    let colours = (10..80).map(|row| picture.pixel(60, row));
    let robot = colours.filter(|[r, g, b]| r.abs_diff(*g).max(g.abs_diff(*b)) > 40);
    assert!(robot.count() > 10);
}

#[test]
fn letters_darken_their_pixels_only() {
    let mut picture = Picture::new(40, 20);
    picture.write(2, 3, 1, "I");
    let dark = (0..40).flat_map(|x| (0..20).map(move |y| (x, y)));
    let dark = dark.filter(|(x, y)| picture.pixel(*x, *y) == [24; 3]);
    let dark: Vec<_> = dark.collect();
    assert!(dark.len() > 8);
    assert!(
        dark.iter()
            .all(|(x, y)| (2..10).contains(x) && (3..11).contains(y))
    );
    // Text that leaves the picture is cut.
    picture.write(35, 15, 3, "WIDE");
}

#[test]
fn animations_read_back() {
    let (picture, _) = hopper();
    let both = picture.beside(&picture);
    assert_eq!((both.width(), both.height()), (240, 90));
    let mut bytes = Vec::new();
    let mut animation = Animation::new(&mut bytes, 240, 90, 25.0).unwrap();
    for _ in 0..3 {
        animation.add(&both).unwrap();
    }
    assert!(animation.add(&picture).is_err());
    drop(animation);
    let mut decoder = gif::DecodeOptions::new().read_info(&bytes[..]).unwrap();
    assert_eq!((decoder.width(), decoder.height()), (240, 90));
    let mut frames = 0;
    while let Some(frame) = decoder.read_next_frame().unwrap() {
        assert_eq!(frame.delay, 4);
        frames += 1;
    }
    assert_eq!(frames, 3);
    let wrong = [(0, 10, 25.0), (10, 10, 90.0), (70_000, 10, 25.0)];
    for (width, height, fps) in wrong {
        assert!(Animation::new(Vec::new(), width, height, fps).is_err());
    }
}
