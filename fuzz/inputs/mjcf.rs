//! A model's text: a model that moves, or an error.

use envs::dynamics::{Model, State, step};

/// What holds in every model: finite numbers, and indices that point to something.
fn check(model: &Model) {
    let (bodies, geoms) = (&model.bodies, &model.geoms);
    assert_eq!(
        (model.qpos0.len(), model.dofs.body.len()),
        (model.nq, model.nv)
    );
    assert_eq!(model.actuators.name.len(), model.nu);
    let mut places = model.qpos0.iter().chain(&model.qpos_spring);
    assert!(places.all(|x| x.is_finite()));
    assert!(bodies.mass.iter().all(|m| m.is_finite() && *m >= 0.0));
    assert!(model.meaninertia.is_finite());
    for (body, parent) in bodies.parent.iter().enumerate().skip(1) {
        assert!(*parent < body);
    }
    assert!(geoms.body.iter().all(|body| *body < bodies.name.len()));
    let mut pairs = model.pairs.iter().flat_map(|pair| pair.geoms);
    assert!(pairs.all(|geom| geom < geoms.kind.len()));
    for key in &model.keyframes {
        let sizes = (key.qpos.len(), key.qvel.len(), key.ctrl.len());
        assert_eq!(sizes, (model.nq, model.nv, model.nu));
    }
}

/// Compiles a text and moves the model, if there is one.
pub(crate) fn run(text: &str) -> bool {
    let Ok(mut model) = envs::mjcf::compile(text, "fuzz.xml") else {
        return false;
    };
    check(&model);
    // A file may ask for a million iterations; that is its right, but not what is tested here.
    model.opt.iterations = model.opt.iterations.min(100);
    model.opt.ls_iterations = model.opt.ls_iterations.min(50);
    model.opt.ccd_iterations = model.opt.ccd_iterations.min(50);
    let mut state = State::new(&model);
    state.ctrl.fill(0.5);
    for _ in 0..3 {
        step(&model, &mut state);
    }
    true
}
