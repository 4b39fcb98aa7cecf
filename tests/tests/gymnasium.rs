//! Policies play as well in Gymnasium as here, loaded as the book says.
//!
//! Needs a `python3` with Gymnasium, MuJoCo and safetensors; without one the test is listed as ignored, with the reason
//! on top.
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use envs::VecEnv;
use rl_algos::algos::Policy;
use rl_algos::evaluate::evaluate;
use rl_algos::rng::Streams;
use tests::python;

/// Published runs: of both algorithms, and of tasks with few and many contacts.
const RUNS: [(&str, &str); 5] = [
    ("halfcheetah-rlx2-td3-s0", "HalfCheetah-v5"),
    ("hopper-rlx2-td3-s0-avx512", "Hopper-v5"),
    ("hopper-rlx2-sac-s0", "Hopper-v5"),
    ("walker2d-rlx2-td3-s0-avx512", "Walker2d-v5"),
    ("ant-rlx2-td3-s0", "Ant-v5"),
];

/// Episodes here; the program plays as many.
const EPISODES: usize = 10;

/// Most by which mean returns may differ. The episodes begin elsewhere, and HalfCheetah's spread most, by 1.6 % of their
/// mean: then two means of ten differ by 0.7 % as a rule.
const TOLERANCE: f64 = 0.035;

fn main() -> ExitCode {
    python::run_tests(
        "import gymnasium, mujoco, safetensors; gymnasium.spec('Hopper-v5')",
        &[(
            "published_policies_do_as_well",
            published_policies_do_as_well,
        )],
    )
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// The book's program that loads a policy and plays it.
fn program() -> String {
    let page = fs::read_to_string(docs().join("src/start.md")).unwrap();
    let (_, code) = page.split_once("```python\n").unwrap();
    code.split_once("```").unwrap().0.to_owned()
}

fn published_policies_do_as_well() {
    let program = program();
    for (run, task) in RUNS {
        let weights = docs().join(format!("results/1m/{run}/checkpoints/best.safetensors"));
        let said = python::say(&["-c", &program, weights.to_str().unwrap(), task])
            .unwrap_or_else(|error| panic!("{run}: {error}"));
        let there: Vec<f64> = said.lines().map(|line| line.parse().unwrap()).collect();
        assert_eq!(there.len(), EPISODES, "{said}");
        let there = there.iter().sum::<f64>() / EPISODES as f64;

        let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
        let mut envs = VecEnv::new(task, EPISODES).unwrap();
        let mut policy = Policy::open(&weights, envs.info(), &device).unwrap();
        let mut seeds = Streams::new(0).evaluation;
        let here = evaluate(&mut envs, &mut seeds, |seen, action| {
            policy.act(seen, action);
        });
        let here = here.unwrap().mean;
        assert!(
            (here / there - 1.0).abs() < TOLERANCE,
            "{run}: {here} here, {there} in Gymnasium"
        );
    }
}
