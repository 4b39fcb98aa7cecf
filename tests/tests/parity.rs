//! Parity with MuJoCo.
use envs::mjcf;
use tests::recording::Result;
use tests::{Recording, models};

const TASKS: [&str; 3] = ["HalfCheetah-v5", "Hopper-v5", "Walker2d-v5"];

fn asset(task: &str) -> &'static str {
    match task {
        "HalfCheetah-v5" => include_str!("../../crates/envs/assets/half_cheetah.xml"),
        "Hopper-v5" => include_str!("../../crates/envs/assets/hopper.xml"),
        _ => include_str!("../../crates/envs/assets/walker2d.xml"),
    }
}

#[test]
fn compiled_models() -> Result<()> {
    for task in TASKS {
        let model = mjcf::compile(asset(task), task).unwrap();
        models::compare(&model, &Recording::open(task)?)?.check(&format!("{task} model"), 1e-10)?;
    }
    Ok(())
}
