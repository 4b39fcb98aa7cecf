use super::*;
use proptest::prelude::*;

fn ball(centre: DVec3, axis: DVec3, radius: f64) -> Ball {
    Ball {
        centre,
        radius,
        axis: axis.normalize(),
    }
}

fn vector() -> impl Strategy<Value = DVec3> {
    prop::array::uniform3(-1.0..1.0f64).prop_map(DVec3::from_array)
}

/// The distance between two segments, by trying a grid of points.
fn brute_force(a: &Ball, b: &Ball, halves: [f64; 2]) -> f64 {
    let points = |ball: &Ball, half: f64| -> Vec<DVec3> {
        (-200..=200)
            .map(|i| ball.centre + ball.axis * (half * f64::from(i) / 200.0))
            .collect()
    };
    let (on_a, on_b) = (points(a, halves[0]), points(b, halves[1]));
    let distances = on_a
        .iter()
        .flat_map(|p| on_b.iter().map(|q| p.distance(*q)));
    distances.fold(f64::INFINITY, f64::min) - a.radius - b.radius
}

proptest! {
    #[test]
    fn frames_are_orthonormal(normal in vector(), wish in vector()) {
        prop_assume!(normal.length() > 1e-3);
        let [x, y, z] = frame(normal, wish);
        for (a, b, expected) in [(x, x, 1.0), (y, y, 1.0), (z, z, 1.0), (x, y, 0.0), (x, z, 0.0), (y, z, 0.0)] {
            prop_assert!((a.dot(b) - expected).abs() < 1e-12);
        }
        prop_assert!((x - normal.normalize()).length() < 1e-12);
    }

    #[test]
    fn capsules_are_as_far_apart_as_their_points(
        (p, q, a, b) in (vector(), vector(), vector(), vector()),
        halves in prop::array::uniform2(0.05..1.0f64),
    ) {
        prop_assume!(a.length() > 0.1 && b.length() > 0.1);
        let (first, second) = (ball(p, a, 0.1), ball(q, b, 0.2));
        let expected = brute_force(&first, &second, halves);
        let mut touches = Touches::default();
        capsule::capsule((&first, halves[0]), (&second, halves[1]), 10.0, &mut touches);
        let found = touches.as_slice().iter().map(|t| t.dist).fold(f64::INFINITY, f64::min);
        prop_assert!(found <= expected + 1e-9, "{found} {expected}");
        prop_assert!(found > expected - 0.02, "{found} {expected}");
    }
}

#[test]
fn rounding_turns_no_tangent() {
    let upright = DVec3::new(1e-16, -2e-16, 1.0);
    assert_eq!(frame(DVec3::Z, upright), [DVec3::Z, DVec3::X, DVec3::Y]);
    assert_eq!(frame(DVec3::X, DVec3::X), [DVec3::X, DVec3::Y, DVec3::Z]);
}

#[test]
fn parallel_capsules_touch_at_two_places() {
    let lower = ball(DVec3::ZERO, DVec3::X, 0.1);
    let upper = ball(DVec3::new(0.25, 0.0, 0.19), DVec3::X, 0.1);
    let mut touches = Touches::default();
    capsule::capsule((&lower, 0.5), (&upper, 0.5), 0.0, &mut touches);
    let touches = touches.as_slice();
    let x: Vec<f64> = touches
        .iter()
        .map(|t| (t.pos.x * 1e6).round() / 1e6)
        .collect();
    assert_eq!(x, [0.5, -0.25]);
    assert!(touches.iter().all(|t| (t.dist + 0.01).abs() < 1e-12));
}

#[test]
fn a_capsule_on_a_plane_touches_with_both_ends() {
    let plane = ball(DVec3::ZERO, DVec3::Z, 0.0);
    let lying = ball(DVec3::new(0.0, 0.0, 0.09), DVec3::X, 0.1);
    let mut touches = Touches::default();
    plane::capsule(&plane, &lying, 0.5, 0.0, &mut touches);
    let found = touches.as_slice();
    assert_eq!(found.len(), 2);
    assert!(found[0].pos.x > 0.0 && found[1].pos.x < 0.0);
    assert!(
        found
            .iter()
            .all(|t| (t.dist + 0.01).abs() < 1e-12 && t.tangent == DVec3::X)
    );
    let standing = ball(DVec3::new(0.0, 0.0, 0.59), DVec3::Z, 0.1);
    let mut touches = Touches::default();
    plane::capsule(&plane, &standing, 0.5, 0.0, &mut touches);
    assert_eq!(touches.as_slice().len(), 1);
    assert!(touches.as_slice()[0].pos.z < 0.1);
}
