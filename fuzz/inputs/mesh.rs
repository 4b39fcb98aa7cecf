//! A mesh file, its format told by the first byte: a model that moves, or an error.

use envs::dynamics::{Model, State, step};
use std::path::Path;

/// The mesh weighs, shows its rules by the second byte, and falls on a plane and a box.
fn model(file: &str, rule: u8) -> String {
    let inertia = ["legacy", "exact", "convex", "shell"][usize::from(rule % 4)];
    format!(
        "<mujoco><asset><mesh name='m' file='{file}' inertia='{inertia}'/></asset><worldbody>
           <geom type='plane' size='9 9 1'/><geom type='box' size='1 1 .1'/>
           <body><freejoint/><geom type='mesh' mesh='m'/></body></worldbody></mujoco>"
    )
}

/// Loads the mesh from a file in `folder` and moves it, if it is one.
pub(crate) fn run(bytes: &[u8], folder: &Path) -> bool {
    let Some((format, bytes)) = bytes.split_first() else {
        return false;
    };
    let file = ["m.stl", "m.obj", "m.msh"][usize::from(format % 3)];
    let main = folder.join("main.xml");
    let rule = bytes.first().copied().unwrap_or_default();
    let written = std::fs::write(folder.join(file), bytes)
        .and_then(|()| std::fs::write(&main, model(file, rule)));
    assert!(written.is_ok(), "{written:?}");
    let Ok(model) = Model::from_mjcf(main) else {
        return false;
    };
    let mesh = &model.meshes[0];
    assert!(mesh.vert.as_flattened().iter().all(|x| x.is_finite()));
    let corners = mesh.vert.len() as u32;
    assert!(
        mesh.face
            .as_flattened()
            .iter()
            .all(|corner| *corner < corners)
    );
    assert!(mesh.hull.index.iter().all(|corner| *corner < corners));
    let mut state = State::new(&model);
    for _ in 0..3 {
        step(&model, &mut state);
    }
    true
}
