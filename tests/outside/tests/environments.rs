//! Environments from outside are found by name, step beside others, and resume.

use envs::{Env, EnvState, VecEnv};
use outside::CartPole;
use std::sync::Once;

/// Tests of one process register once.
fn registered() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| outside::register().expect("the names are free"));
}

fn assert_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-14, "{found:?} {expected:?}");
    }
}

/// What `CartPole-v0` of Gymnasium 1.4.0 computes in float64.
#[test]
fn the_cart_goes_as_gymnasiums() -> envs::Result<()> {
    let mut env = CartPole::new();
    let mut observation = [0.0; 4];
    env.reset(0, &mut observation)?;
    let begun = [
        0.013_696_168_732_145_436,
        -0.023_021_328_623_612_97,
        -0.045_902_647_606_380_534,
        -0.048_347_236_447_147_09,
    ];
    assert_near(&observation, &begun);
    let state = EnvState::at(&[0.1, -0.2, 0.05, 0.3], &[]);
    env.set_state(&state, &mut observation)?;
    for push in [1.0, -1.0, -1.0, 1.0, 1.0, -1.0, 1.0, -1.0, -1.0, -1.0] {
        env.step(&[push], &mut observation)?;
    }
    let ended = [
        0.063_074_511_238_057_92,
        -0.600_719_496_541_704_3,
        0.122_567_981_595_876_44,
        1.123_167_063_637_822_4,
    ];
    assert_near(&observation, &ended);
    Ok(())
}

#[test]
fn they_are_known_by_name() -> envs::Result<()> {
    registered();
    assert_eq!(envs::find("cart-pole")?, "CartPole-v0");
    let told = envs::catalogue();
    let told = told.iter().find(|told| told.name == "Puck-v0");
    assert_eq!(
        told.map(|told| told.about),
        Some("A puck slides over a table to its middle.")
    );
    let error = envs::find("Pukc-v0").unwrap_err().to_string();
    assert!(error.contains("did you mean Puck-v0?"), "{error}");
    let error = outside::register().unwrap_err().to_string();
    assert!(error.starts_with("`CartPole-v0` is taken"), "{error}");
    Ok(())
}

#[test]
fn they_step_beside_others_and_end() -> envs::Result<()> {
    registered();
    for (name, most) in [("CartPole-v0", 200), ("Puck-v0", 100)] {
        let mut many = VecEnv::new(name, 3)?;
        let actions = vec![1.0; 3 * many.info().action.len()];
        many.reset(4)?;
        let mut steps = 0;
        while many.final_observation(0).is_none() {
            many.step(&actions)?;
            steps += 1;
        }
        assert!(steps <= most, "{name}: {steps}");
        let step = many.steps()[0];
        assert!(step.terminated || steps == most, "{name}");
        // The next episode has begun, elsewhere.
        let ended = many.final_observation(0).map(<[f64]>::to_vec);
        assert_ne!(ended.as_deref(), Some(many.observation(0)));
    }
    Ok(())
}

#[test]
fn from_a_state_they_go_on_identically() -> envs::Result<()> {
    registered();
    for name in ["CartPole-v0", "Puck-v0"] {
        let mut env = envs::make(name)?;
        let dims = (env.info().observation.len(), env.info().action.len());
        let mut observation = vec![0.0; dims.0];
        let action = |t: usize| -> Vec<f64> {
            let push = |i: usize| ((3 * t + i) as f64).sin();
            (0..dims.1).map(push).collect()
        };
        env.reset(5, &mut observation)?;
        for t in 0..7 {
            env.step(&action(t), &mut observation)?;
        }
        let mut restored = envs::make(name)?;
        let mut seen = vec![0.0; dims.0];
        restored.set_state(&env.state()?, &mut seen)?;
        assert_eq!(seen, observation, "{name}");
        for t in 7..12 {
            let step = env.step(&action(t), &mut observation)?;
            assert_eq!(step, restored.step(&action(t), &mut seen)?, "{name}");
            assert_eq!(seen, observation, "{name}");
        }
        env.reset_next(&mut observation)?;
        restored.reset_next(&mut seen)?;
        assert_eq!(seen, observation, "{name}");
    }
    Ok(())
}
