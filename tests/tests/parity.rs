//! Parity with MuJoCo 3.3.7 in Gymnasium's eleven tasks, from the compiled model to whole episodes.
//!
//! Against `tests/golden/`, or any folder named by `PARITY_DATA` that holds recordings `<Task>-v5.npz`. Errors are
//! `max |x - ref| / max(1, |ref|)`; what was achieved is printed with `--nocapture`, and written into the page that
//! `PARITY_TABLE` names.

use envs::dynamics::model::GeomType;
use envs::dynamics::{Model, State, forward, rne_post_constraint, step};
use envs::{Env, EnvState, glam::DVec3, make};
use std::collections::BTreeMap;
use tests::recording::{Result, folder, tasks};
use tests::report::Report;
use tests::{Actions, Errors, Recording, models};

/// Tasks that the repository's own recordings cover.
const TASKS: [&str; 11] = [
    "Ant",
    "HalfCheetah",
    "Hopper",
    "Humanoid",
    "HumanoidStandup",
    "InvertedDoublePendulum",
    "InvertedPendulum",
    "Pusher",
    "Reacher",
    "Swimmer",
    "Walker2d",
];

/// Numbers of a compiled model.
const MODEL: f64 = 1e-10;
/// Engine quantities at a state.
const STAGE: f64 = 1e-9;
/// Rewards and their terms: actions were rounded to `f32`, and so was their cost.
const REWARD: f64 = 1e-6;
/// A step whose contacts a search found, to MuJoCo's tolerance of a micrometre (capsule against cylinder).
const SEARCHED: [f64; 2] = [1e-6, 1e-5];

/// What one physics step and one control step may be off by.
fn step_tolerance(task: &str) -> [f64; 2] {
    match task {
        "HalfCheetah" | "Walker2d" => [1e-10, 1e-9],
        "Humanoid" => [1e-10, 1e-8],
        _ => [1e-11, 1e-10],
    }
}

/// Up to which control step, and how far, a free-running trajectory may be off: until rounding alone parts MuJoCo
/// from itself, and what of the rest is still orderly.
fn open_loop_tolerance(task: &str, actions: &str) -> (usize, f64) {
    let steps = match (task, actions) {
        ("HalfCheetah", _) => 130,
        ("Ant", "sine") => 60,
        ("Humanoid", _) => 120,
        ("InvertedDoublePendulum", "sine") => 85,
        ("InvertedDoublePendulum", "zero") => 100,
        ("InvertedDoublePendulum", "bang") => 50,
        ("Reacher", _) => 180,
        ("Pusher", "sine") => 60,
        ("Pusher", "bang") => 75,
        _ => 200,
    };
    (steps, 1e-5)
}

/// Engine quantities that recordings hold.
const STAGES: [&str; 17] = [
    "xpos",
    "xquat",
    "subtree_com",
    "mass_matrix",
    "contacts",
    "nefc",
    "efc_pos",
    "efc_R",
    "qfrc_bias",
    "qfrc_passive",
    "qfrc_actuator",
    "efc_aref",
    "qacc_smooth",
    "qacc",
    "efc_force",
    "qfrc_constraint",
    "cfrc_ext",
];

/// An engine quantity as the recording writes it.
fn quantity(state: &State, key: &str) -> Vec<f64> {
    let flat = |list: &[DVec3]| list.iter().flat_map(|v| v.to_array()).collect();
    match key {
        "xpos" => flat(&state.xpos),
        "subtree_com" => flat(&state.subtree_com),
        "mass_matrix" => state.qm.clone(),
        "contacts" => contacts(state),
        "nefc" => vec![state.rows.len() as f64],
        "efc_pos" => state.rows.efc_pos().to_vec(),
        "efc_R" => state.rows.efc_r().to_vec(),
        "efc_aref" => state.rows.efc_aref().to_vec(),
        "efc_force" => state.rows.efc_force().to_vec(),
        "qfrc_bias" => state.qfrc_bias.clone(),
        "qfrc_passive" => state.qfrc_passive.clone(),
        "qfrc_actuator" => state.qfrc_actuator.clone(),
        "qfrc_constraint" => state.qfrc_constraint.clone(),
        "qacc_smooth" => state.qacc_smooth.clone(),
        "qacc" => state.qacc.clone(),
        "cfrc_ext" => state.cfrc_ext.iter().flat_map(|f| f.to_array()).collect(),
        _ => Vec::new(),
    }
}

/// Rows of distance, position, frame, friction, geoms, dimension.
fn contacts(state: &State) -> Vec<f64> {
    let row = |contact: &envs::dynamics::Contact| {
        let [a, b] = contact.geoms.map(|geom| geom as f64);
        let frame = contact.frame.iter().flat_map(|axis| axis.to_array());
        [contact.dist]
            .into_iter()
            .chain(contact.pos.to_array())
            .chain(frame)
            .chain(contact.friction)
            .chain([a, b, contact.dim as f64])
            .collect::<Vec<_>>()
    };
    state.contacts.iter().flat_map(row).collect()
}

/// A task beside its recording.
struct Pair {
    task: String,
    env: Box<dyn Env>,
    recording: Recording,
}

impl Pair {
    fn model(&self) -> Result<&Model> {
        let (model, _) = self.env.physics().ok_or("an environment without physics")?;
        Ok(model)
    }

    fn registration(&self) -> Result<Errors> {
        let info = self.env.info();
        let mut errors = Errors::default();
        let column = |value: fn(&envs::SpaceDim) -> f64| -> Vec<f64> {
            // Gymnasium keeps bounds in single precision.
            let bounds = info.action.iter().map(|q| f64::from(value(q) as f32));
            bounds.collect()
        };
        let get = |key: &str| -> Result<&[f64]> { Ok(&self.recording.get(key)?.data) };
        errors.add("low", &column(|q| q.low), get("env/action_low")?);
        errors.add("high", &column(|q| q.high), get("env/action_high")?);
        let (skip, steps) = (info.frame_skip as f64, info.max_episode_steps as f64);
        errors.add("skip", &[skip], get("env/frame_skip")?);
        errors.add("steps", &[steps], get("env/max_episode_steps")?);
        Ok(errors)
    }

    /// Engine quantities at the states that the recording holds them for.
    fn stages(&self) -> Result<Vec<(&'static str, Errors)>> {
        let model = self.model()?;
        let mut found: BTreeMap<&str, Errors> = BTreeMap::new();
        for name in self.recording.trajectories() {
            let actions = Actions::of(&self.recording, name)?;
            for t in probes(&self.recording, name)? {
                let row = |key: &str| -> Result<&[f64]> {
                    Ok(self.recording.get(&format!("{name}/{key}"))?.row(t))
                };
                let mut state = State::new(model);
                state.qpos.copy_from_slice(row("qpos")?);
                state.qvel.copy_from_slice(row("qvel")?);
                state.ctrl.copy_from_slice(&actions.at(t));
                forward(model, &mut state);
                rne_post_constraint(model, &mut state);
                for key in STAGES {
                    let place = format!("{name}/forward{t}");
                    let expected = &self.recording.get(&format!("{place}/{key}"))?.data;
                    let errors = found.entry(key).or_default();
                    if key == "xquat" {
                        errors.add_error(place, models::quat_error(&state.xquat, expected));
                    } else {
                        errors.add(place, &quantity(&state, key), expected);
                    }
                }
            }
        }
        let taken = STAGES.map(|key| (key, found.remove(key).unwrap_or_default()));
        Ok(taken.into())
    }

    /// From each recorded state: one physics step, then the rest of a control step. Two of each: with contacts that
    /// a search finds, and without.
    fn single_states(&self) -> Result<[[Errors; 2]; 2]> {
        let model = self.model()?;
        let get = |key: &str| self.recording.get(&format!("single/{key}"));
        let [qpos, qvel, ctrl] = [get("qpos")?, get("qvel")?, get("ctrl")?];
        let mut errors: [[Errors; 2]; 2] = Default::default();
        for i in 0..qpos.len() {
            let mut state = State::new(model);
            state.qpos.copy_from_slice(qpos.row(i));
            state.qvel.copy_from_slice(qvel.row(i));
            state.ctrl.copy_from_slice(ctrl.row(i));
            let mut found = false;
            let mut place = format!("state {i}");
            for (kind, what) in ["engine", "control"].into_iter().enumerate() {
                let steps = if kind == 0 {
                    1
                } else {
                    self.env.info().frame_skip - 1
                };
                for _ in 0..steps {
                    step(model, &mut state);
                    found |= searched(model, &state);
                }
                let after = |q: &str| get(&format!("{q}_after_{what}_step"));
                let expected = [after("qpos")?.row(i), after("qvel")?.row(i)].concat();
                let ours = [&state.qpos[..], &state.qvel].concat();
                errors[kind][usize::from(found)].add(place.clone(), &ours, &expected);
                if kind == 0 {
                    place += ", qacc and ncon";
                    let errors = &mut errors[0][usize::from(found)];
                    // Those of the step's last force evaluation.
                    errors.add_error(place.clone(), {
                        let count = [state.contacts.len() as f64];
                        let count = tests::errors::error(&count, get("ncon")?.row(i));
                        // Accelerations move a velocity by a timestep's worth.
                        let qacc = tests::errors::error(&state.qacc, get("qacc")?.row(i));
                        count.max(qacc * model.opt.timestep)
                    });
                }
            }
        }
        Ok(errors)
    }

    /// Begins a trajectory, whose name tells its seed.
    fn begin(&mut self, name: &str) -> Result<Vec<f64>> {
        let seed = name
            .strip_prefix("seed")
            .and_then(|name| name.split_once('_'));
        let seed = seed.and_then(|(seed, _)| seed.parse().ok());
        let seed = seed.ok_or_else(|| format!("`{name}` tells no seed"))?;
        let mut seen = vec![0.0; self.env.info().observation.len()];
        let begun = self.env.reset(seed, &mut seen);
        begun.map_err(|error| error.to_string())?;
        Ok(seen)
    }

    /// A free run of each trajectory up to where its tolerance ends: states, observations, rewards, ends.
    fn open_loop(&mut self) -> Result<[Errors; 4]> {
        let mut errors: [Errors; 4] = Default::default();
        let names: Vec<String> = self
            .recording
            .trajectories()
            .iter()
            .map(|n| (*n).into())
            .collect();
        for name in names {
            let actions = Actions::of(&self.recording, &name)?;
            let kind = name.rsplit('_').next().unwrap_or("");
            let (limit, _) = open_loop_tolerance(&self.task, kind);
            let seen_at_start = self.begin(&name)?;
            let steps = self
                .recording
                .get(&format!("{name}/reward"))?
                .len()
                .min(limit);
            let get = |key: &str| self.recording.get(&format!("{name}/{key}"));
            errors[1].add(format!("{name}, reset"), &seen_at_start, get("obs")?.row(0));
            let mut seen = seen_at_start;
            for t in 0..steps {
                let place = format!("{name}, step {t}");
                let step = self.env.step(&actions.at(t), &mut seen);
                let step = step.map_err(|error| format!("{place}: {error}"))?;
                let EnvState { qpos, qvel, .. } =
                    self.env.state().map_err(|error| error.to_string())?;
                errors[0].add(format!("{place}, qpos"), &qpos, get("qpos")?.row(t + 1));
                errors[0].add(format!("{place}, qvel"), &qvel, get("qvel")?.row(t + 1));
                errors[1].add(place.clone(), &seen, get("obs")?.row(t + 1));
                errors[2].add(
                    format!("{place}, reward"),
                    &[step.reward],
                    get("reward")?.row(t),
                );
                for term in self.recording.under(&format!("{name}/info/")) {
                    let value = step.info.get(term);
                    let value = value.ok_or_else(|| format!("{place}: no info `{term}`"))?;
                    let expected = get(&format!("info/{term}"))?.row(t);
                    errors[2].add(format!("{place}, {term}"), &[value], expected);
                }
                let ended = f64::from(u8::from(step.terminated));
                errors[3].add(place, &[ended], get("terminated")?.row(t));
            }
        }
        Ok(errors)
    }

    fn check(&mut self, report: &mut Report) -> Result<()> {
        let key_of = |key: &str| format!("model/{key}");
        let model = models::compare(self.model()?, &self.recording, &key_of)?;
        report.add("compiled model", model, MODEL);
        report.add("registration", self.registration()?, 0.0);
        for (key, errors) in self.stages()? {
            report.add(key, errors, STAGE);
        }
        let tolerance = step_tolerance(&self.task);
        let [engine, control] = self.single_states()?;
        for ((what, [plain, found]), i) in
            [("one physics step", engine), ("one control step", control)]
                .into_iter()
                .zip(0..)
        {
            report.add(what, plain, tolerance[i]);
            if !found.is_empty() {
                let what = format!("{what}, contacts by search");
                report.add(&what, found, SEARCHED[i]);
            }
        }
        let [state, observation, reward, ended] = self.open_loop()?;
        report.add("open loop, state", state, 1e-5);
        report.add("open loop, observation", observation, 1e-5);
        report.add("open loop, reward and info", reward, 1e-5_f64.max(REWARD));
        report.add("open loop, terminated", ended, 0.0);
        Ok(())
    }
}

/// Whether a state has contacts that no formula gives.
fn searched(model: &Model, state: &State) -> bool {
    state.contacts.iter().any(|contact| {
        let kinds = contact.geoms.map(|geom| model.geoms.kind[geom]);
        kinds == [GeomType::Capsule, GeomType::Cylinder]
    })
}

/// Control steps before which the recording holds engine quantities.
fn probes(recording: &Recording, name: &str) -> Result<Vec<usize>> {
    let keys = recording.under(&format!("{name}/forward"));
    let steps = keys.into_iter().filter_map(|key| key.strip_suffix("/nefc"));
    let parsed = steps.map(|t| {
        t.parse()
            .map_err(|_| format!("{name}/forward{t} is no step"))
    });
    parsed.collect()
}

#[test]
fn every_task() -> Result<()> {
    let files = tasks("-v5")?;
    let mut report = Report::default();
    for (task, path) in &files {
        report.begin(task);
        let mut pair = Pair {
            env: make(&format!("{task}-v5")).map_err(|error| error.to_string())?,
            recording: Recording::read(path)?,
            task: task.clone(),
        };
        if let Err(failure) = pair.check(&mut report) {
            report.fail(format!("{task}: {failure}"));
        }
    }
    let found: Vec<&str> = files.iter().map(|(task, _)| task.as_str()).collect();
    // Another folder may hold any of the tasks, and the other layout only.
    if std::env::var_os("PARITY_DATA").is_none() {
        assert_eq!(found, TASKS, "in {}", folder().display());
    }
    report.finish("recordings")
}
