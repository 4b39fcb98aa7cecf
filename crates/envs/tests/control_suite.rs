//! The tasks of DeepMind's control suite beside dm_control 1.0.34 on MuJoCo 3.3.7: compiled models, resets, 50 control
//! steps open loop, observations, rewards.
//!
//! `control_suite/record.py` made `control_suite/expected.txt` and says what a line holds. `SUITE_DATA=FILE` reads
//! another file of its; what was achieved is printed with `--nocapture`.
#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests that fails should fail the test"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

use envs::dynamics::Model;
use envs::glam::{DQuat, DVec3};
use envs::{SpaceDim, make, names};

/// Numbers of a compiled model.
const MODEL: f64 = 1e-10;
/// A reset, and the rounding that an acceleration at rest and a logarithm may differ by.
const RESET: f64 = 1e-9;
/// Steps, where MuJoCo itself stays on its way; and how often its own divergence may be exceeded where it does not.
const STEP: f64 = 1e-6;
const DIVERGENCE: f64 = 1e3;

fn error(found: f64, expected: f64) -> f64 {
    match (found - expected).abs() / expected.abs().max(1.0) {
        error if error.is_nan() => f64::INFINITY,
        error => error,
    }
}

fn largest(found: &[f64], expected: &[f64]) -> f64 {
    if found.len() != expected.len() {
        return f64::INFINITY;
    }
    let errors = found.iter().zip(expected).map(|(a, b)| error(*a, *b));
    errors.fold(0.0, f64::max)
}

/// The action of step `t`: the formula of the recording.
fn action(dims: &[SpaceDim], t: u64) -> Vec<f64> {
    let unit = |i: usize| {
        let bits = ((t + 1) * (i as u64 + 1)).wrapping_mul(2_654_435_761) % (1 << 32);
        bits as f64 / f64::from(1 << 16) / f64::from(1 << 16)
    };
    let range = |(i, dim): (usize, &SpaceDim)| dim.low + (dim.high - dim.low) * unit(i);
    dims.iter().enumerate().map(range).collect()
}

fn flat<const N: usize>(list: &[[f64; N]]) -> Vec<f64> {
    list.concat()
}

fn vectors(list: &[DVec3]) -> Vec<f64> {
    list.iter().flat_map(|v| v.to_array()).collect()
}

fn quats(list: &[DQuat]) -> Vec<f64> {
    list.iter().flat_map(|q| [q.w, q.x, q.y, q.z]).collect()
}

/// A field of a model by mjModel's name.
fn field(model: &Model, name: &str) -> Vec<f64> {
    let (b, j, d, g) = (&model.bodies, &model.joints, &model.dofs, &model.geoms);
    let (a, t, e) = (&model.actuators, &model.tendons, &model.equalities);
    match name {
        "body_mass" => b.mass.clone(),
        "body_subtreemass" => b.subtreemass.clone(),
        "body_pos" => vectors(&b.pos),
        "body_quat" => quats(&b.quat),
        "body_ipos" => vectors(&b.ipos),
        "body_inertia" => vectors(&b.inertia),
        "body_invweight0" => flat(&b.invweight0),
        "jnt_pos" => vectors(&j.pos),
        "jnt_axis" => vectors(&j.axis),
        "jnt_range" => flat(&j.range),
        "jnt_stiffness" => j.stiffness.clone(),
        "jnt_margin" => j.margin.clone(),
        "jnt_solref" => flat(&j.solref),
        "jnt_solimp" => flat(&j.solimp),
        "qpos0" => model.qpos0.clone(),
        "qpos_spring" => model.qpos_spring.clone(),
        "dof_armature" => d.armature.clone(),
        "dof_damping" => d.damping.clone(),
        "dof_frictionloss" => d.frictionloss.clone(),
        "dof_invweight0" => d.invweight0.clone(),
        "geom_size" => flat(&g.size),
        "geom_pos" => vectors(&g.pos),
        "geom_quat" => quats(&g.quat),
        "geom_rbound" => g.rbound.clone(),
        "geom_friction" => flat(&g.friction),
        "geom_condim" => g.condim.iter().map(|dim| *dim as f64).collect(),
        "geom_solref" => flat(&g.solref),
        "geom_solimp" => flat(&g.solimp),
        "geom_margin" => g.margin.clone(),
        "actuator_gear" => flat(&a.gear),
        "actuator_gainprm" => flat(&a.gainprm),
        "actuator_biasprm" => flat(&a.biasprm),
        "actuator_dynprm" => flat(&a.dynprm),
        "actuator_ctrlrange" => flat(&a.ctrlrange),
        "actuator_acc0" => a.acc0.clone(),
        "tendon_range" => flat(&t.range),
        "tendon_stiffness" => t.stiffness.clone(),
        "tendon_length0" => t.length0.clone(),
        "tendon_invweight0" => t.invweight0.clone(),
        "eq_solref" => flat(&e.solref),
        "eq_solimp" => flat(&e.solimp),
        "option" => vec![
            model.opt.timestep,
            model.opt.density,
            model.opt.iterations as f64,
            model.meaninertia,
        ],
        _ => panic!("the recording has a field `{name}` that is not compared"),
    }
}

/// How far a field is from the recording; of quaternions the nearer sign counts.
fn field_error(model: &Model, name: &str, expected: &[f64]) -> f64 {
    let found = field(model, name);
    if !name.ends_with("_quat") || found.len() != expected.len() {
        return largest(&found, expected);
    }
    let pairs = found.chunks(4).zip(expected.chunks(4));
    let errors = pairs.map(|(a, b)| {
        let turned: Vec<f64> = a.iter().map(|x| -x).collect();
        largest(a, b).min(largest(&turned, b))
    });
    errors.fold(0.0, f64::max)
}

/// What is known of an episode.
#[derive(Default)]
struct Episode {
    rewards: Vec<f64>,
    reward_divergence: Vec<f64>,
    /// Step, divergences, number of numbers of the state, and the numbers.
    states: Vec<Vec<f64>>,
}

/// What was compared of a task: largest errors of the reset, states, observations, rewards.
type Found = [f64; 4];

fn play(task: &str, seed: u64, episode: &Episode, wrong: &mut Vec<String>) -> Found {
    let mut env = make(task).unwrap();
    let mut seen = vec![0.0; env.info().observation.len()];
    env.reset(seed, &mut seen).unwrap();
    let mut found = Found::default();
    let mut check = |what: usize, place: String, error: f64, divergence: f64| {
        let least = if what == 0 { RESET } else { STEP };
        found[what] = found[what].max(error);
        if error > least.max(DIVERGENCE * divergence) {
            wrong.push(format!(
                "{task}, seed {seed}, {place}: {error:.1e}, MuJoCo from itself {divergence:.1e}"
            ));
        }
    };
    let mut shown = episode.states.iter().peekable();
    for t in 0..=episode.rewards.len() {
        if let Some(row) = shown.next_if(|row| row[0] == t as f64) {
            let ([_, state_part, seen_part, count], numbers) = row.split_first_chunk().unwrap();
            let (expected, expected_seen) = numbers.split_at(*count as usize);
            let (_, state) = env.physics().unwrap();
            let ours = [&state.qpos[..], &state.qvel, &state.act].concat();
            let kind = |after| if t == 0 { 0 } else { after };
            check(
                kind(1),
                format!("state after {t} steps"),
                largest(&ours, expected),
                *state_part,
            );
            check(
                kind(2),
                format!("observation after {t} steps"),
                largest(&seen, expected_seen),
                *seen_part,
            );
        }
        if t < episode.rewards.len() {
            let step = env
                .step(&action(&env.info().action, t as u64), &mut seen)
                .unwrap();
            assert!(!step.terminated && !step.truncated);
            let off = error(step.reward, episode.rewards[t]);
            check(
                3,
                format!("reward of step {t}"),
                off,
                episode.reward_divergence[t],
            );
        }
    }
    assert!(shown.next().is_none(), "{task}");
    found
}

#[test]
fn tasks_are_the_suites() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/control_suite/expected.txt");
    let path = std::env::var_os("SUITE_DATA").map_or(path, Into::into);
    let text = std::fs::read_to_string(path).unwrap();
    let known: BTreeSet<&str> = names().into_iter().collect();
    let (mut episodes, mut wrong) = (BTreeMap::<(&str, u64), Episode>::new(), Vec::new());
    for line in text.lines() {
        let [task, seed, word, rest @ ..] = &line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("a line of three words or fewer");
        };
        if !known.contains(task) {
            wrong.push(format!("{task} is no task"));
            continue;
        }
        let numbers = |words: &[&str]| -> Vec<f64> {
            words.iter().map(|word| word.parse().unwrap()).collect()
        };
        if *word == "model" {
            let env = make(task).unwrap();
            let error = field_error(env.physics().unwrap().0, rest[0], &numbers(&rest[1..]));
            if error > MODEL {
                wrong.push(format!("{task}, {}: {error:.1e}", rest[0]));
            }
            continue;
        }
        let episode = episodes.entry((task, seed.parse().unwrap())).or_default();
        match *word {
            "rewards" => episode.rewards = numbers(rest),
            "reward_divergence" => episode.reward_divergence = numbers(rest),
            _ => episode.states.push(numbers(rest)),
        }
    }
    let mut all = BTreeMap::<&str, (usize, Found)>::new();
    for ((task, seed), episode) in &episodes {
        let found = play(task, *seed, episode, &mut wrong);
        let (count, worst) = all.entry(task).or_default();
        *count += 1;
        for (worst, found) in worst.iter_mut().zip(found) {
            *worst = worst.max(found);
        }
    }
    println!("| task | seeds | reset | state | observation | reward |\n|---|---|---|---|---|---|");
    for (task, (count, worst)) in &all {
        let [reset, state, seen, reward] = worst.map(|error| format!("{error:.0e}"));
        println!("| {task} | {count} | {reset} | {state} | {seen} | {reward} |");
    }
    if std::env::var_os("SUITE_DATA").is_none() {
        let recorded: BTreeSet<&str> = all.keys().copied().collect();
        let suite: BTreeSet<&str> = known
            .into_iter()
            .filter(|name| name.starts_with("dmc/"))
            .collect();
        assert_eq!(recorded, suite);
    }
    assert!(
        wrong.is_empty(),
        "{} are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Rows of an observation that are drawn one by one.
const MOST_ROWS: usize = 60;

fn rows(dims: &[SpaceDim]) -> String {
    let mut text = String::from("| # | what | unit | lowest | highest |\n|---|---|---|---|---|\n");
    for (i, dim) in dims.iter().enumerate().take(MOST_ROWS) {
        let _ = writeln!(
            text,
            "| {i} | {} | {} | {} | {} |",
            dim.name, dim.unit, dim.low, dim.high
        );
    }
    if let (Some(last), true) = (dims.last(), dims.len() > MOST_ROWS) {
        let left = dims.len() - MOST_ROWS;
        let _ = writeln!(text, "| … | {left} more, up to {} | | | |", last.name);
    }
    text
}

/// What a domain's page says of its tasks: of those that share a space its table once.
fn tables(tasks: &[&str]) -> String {
    let mut spaces: Vec<(Vec<String>, Vec<SpaceDim>, Vec<SpaceDim>)> = Vec::new();
    let mut text = String::from("\n| task | |\n|---|---|\n");
    for task in tasks {
        let env = make(task).unwrap();
        let info = env.info();
        let _ = writeln!(text, "| `{task}` | {} |", info.about);
        let same = |(_, seen, done): &&mut (Vec<String>, Vec<SpaceDim>, Vec<SpaceDim>)| {
            *seen == info.observation && *done == info.action
        };
        match spaces.iter_mut().find(same) {
            Some((names, ..)) => names.push(format!("`{task}`")),
            None => spaces.push((
                vec![format!("`{task}`")],
                info.observation.clone(),
                info.action.clone(),
            )),
        }
    }
    let _ = writeln!(text, "\nSource: {}.", make(tasks[0]).unwrap().info().source);
    for (names, seen, done) in &spaces {
        let _ = write!(
            text,
            "\n## {}\n\n{} numbers observed, {} acted.\n\n### Action\n\n{}\n### Observation\n\n{}",
            names.join(", "),
            seen.len(),
            done.len(),
            rows(done),
            rows(seen)
        );
    }
    text.push('\n');
    text
}

/// The tables on the suite's pages are those of its tasks; `TASK_PAGES=1` writes them.
#[test]
fn pages_hold_the_tables_of_their_tasks() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/tasks/control_suite");
    let mut domains = BTreeMap::<String, Vec<&str>>::new();
    for name in names() {
        let domain = name
            .strip_prefix("dmc/")
            .and_then(|name| name.split_once('-'));
        if let Some((domain, _)) = domain {
            domains.entry(domain.to_lowercase()).or_default().push(name);
        }
    }
    for (domain, tasks) in domains {
        let path = folder.join(format!("{domain}.md"));
        let page = std::fs::read_to_string(&path).unwrap();
        let (start, rest) = page.split_once("<!-- begin table -->\n").unwrap();
        let (held, end) = rest.split_once("<!-- end table -->").unwrap();
        let table = tables(&tasks);
        if std::env::var_os("TASK_PAGES").is_some() {
            let page = format!("{start}<!-- begin table -->\n{table}<!-- end table -->{end}");
            std::fs::write(&path, page).unwrap();
        } else {
            assert_eq!(
                held, table,
                "{domain}.md is not what the tasks are; TASK_PAGES=1 writes it"
            );
        }
    }
}
