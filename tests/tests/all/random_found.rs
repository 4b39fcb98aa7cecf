//! Random models that once differed from MuJoCo, each by one step from the state where it did.
//!
//! The recordings in `golden/random` are of `random/record.py`.

use envs::dynamics::model::Model;
use std::path::Path;
use tests::random::{compare_compiled, compare_step};
use tests::recording::{Recording, Result};

/// What was done otherwise than in MuJoCo.
const MODELS: [(&str, &str); 9] = [
    ("midphase", "the order of contacts without midphase"),
    ("full_step", "the end of Newton's method after a full step"),
    ("cone_cost", "the sum of elliptic contacts' costs"),
    ("cone_cost_cg", "the same, with conjugate gradients"),
    ("line_search", "a line search whose slopes are noise"),
    (
        "side_site",
        "a copied tendon around a geom without a copied side site",
    ),
    ("actuation_off", "the velocity of actuators that are off"),
    (
        "copied_name",
        "a copy with the name of what its pattern holds",
    ),
    ("user_sensor", "a copied sensor of the user"),
];

#[test]
fn models_that_differed_step_as_in_mujoco() -> Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/random");
    for (name, what) in MODELS {
        let path = folder.join(format!("{name}.xml"));
        let recording = Recording::read(&path.with_extension("npz"))?;
        let model = Model::from_mjcf(&path).map_err(|error| error.to_string())?;
        assert_eq!(compare_compiled(&model, &recording)?, None, "{name}");
        let step = compare_step(&model, &recording, 0)?;
        assert!(step.differs.is_empty(), "{what} ({name}):{}", step.differs);
    }
    Ok(())
}
