use super::*;
use glam::{DMat3, DQuat};
use proptest::prelude::*;

fn solid(size: [f64; 3], centre: [f64; 3], turn: [f64; 4]) -> Solid {
    let quat = DQuat::from_array(turn).normalize();
    Solid {
        centre: DVec3::from(centre),
        axes: DMat3::from_quat(quat),
        size,
    }
}

proptest! {
    /// No two points are nearer than those found, and the direction between them separates the shapes.
    #[test]
    fn what_is_found_separates(
        kinds in [0_usize..4, 0_usize..4],
        sizes in [prop::array::uniform3(0.05..0.5f64), prop::array::uniform3(0.05..0.5f64)],
        centre in prop::array::uniform3(-1.2..1.2f64),
        turns in [prop::array::uniform4(-1.0..1.0f64), prop::array::uniform4(-1.0..1.0f64)],
        margin in 0.0..0.3f64,
    ) {
        let all = [GeomType::Capsule, GeomType::Cylinder, GeomType::Box, GeomType::Ellipsoid];
        let first = solid(sizes[0], [0.0; 3], turns[0]);
        let second = solid(sizes[1], centre, turns[1]);
        let shapes = [Core::new(all[kinds[0]], &first), Core::new(all[kinds[1]], &second)];
        let search = Search { margin, tolerance: 1e-7, iterations: 200 };
        let Some(touch) = touch(&shapes, &search) else {
            // Some direction parts them by more than the margin.
            let exact = Search { margin: 10.0, ..search };
            let apart = touch(&shapes, &exact).map(|touch| touch.dist);
            prop_assert!(apart.is_some_and(|dist| dist > margin - 1e-6), "{apart:?} {margin}");
            return Ok(());
        };
        // Depths are those of a polytope with so many corners; distances are found to a micrometre.
        let allowed = 1e-6 + 1e-4 * (-touch.dist).max(0.0);
        // Along the normal the first shape ends, and the second begins, at the two surfaces.
        let skins = shapes.map(|shape| shape.skin());
        let end = shapes[0].support(touch.normal).dot(touch.normal) + skins[0];
        let begin = shapes[1].support(-touch.normal).dot(touch.normal) - skins[1];
        prop_assert!((begin - end - touch.dist).abs() < allowed, "{} {}", begin - end, touch.dist);
        let middle = touch.pos.dot(touch.normal);
        prop_assert!((middle - 0.5 * (begin + end)).abs() < allowed);
        // No direction parts them by more, nor lets them out by less.
        for i in 0..200 {
            let angle = f64::from(i);
            let other = DVec3::new(angle.sin(), (1.7 * angle).cos(), (2.3 * angle).sin()).normalize();
            let gap = shapes[1].support(-other).dot(other) - skins[1]
                - shapes[0].support(other).dot(other) - skins[0];
            prop_assert!(gap <= touch.dist + allowed, "{gap} {}", touch.dist);
        }
    }
}
