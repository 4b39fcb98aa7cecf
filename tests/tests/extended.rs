//! Parity with MuJoCo 3.3.7 where the extended recordings say more: warm starts, every contact and constraint row,
//! resets, version 4, an arm that pushes.
//!
//! Against `tests/golden/`, or any folder named by `PARITY_DATA` that holds recordings `<Task>.npz`.

use envs::dynamics::model::{GeomType, JointType};
use envs::dynamics::{Model, State, forward, rne_post_constraint, step};
use envs::{Env, EnvState, glam::DMat3, glam::DVec3, make};
use tests::recording::{Result, tasks};
use tests::report::Report;
use tests::{Array, Errors, Recording, models};

/// Numbers of a compiled model.
const MODEL: f64 = 1e-10;
/// Engine quantities at a state.
const STAGE: f64 = 1e-9;
/// The same where a search found the contacts, to MuJoCo's tolerance of a micrometre (capsule against cylinder).
const SEARCHED: f64 = 1e-2;

/// What one physics step, one control step, and either after such a search, may be off by.
fn step_tolerance(task: &str) -> [f64; 4] {
    let [engine, control] = match task {
        "HalfCheetah" | "Walker2d" => [1e-10, 1e-9],
        "Humanoid" => [1e-10, 1e-8],
        _ => [1e-11, 1e-10],
    };
    [engine, control, 1e-6, 1e-5]
}

/// Patterns of actions, by their number in the recordings.
const PATTERNS: [&str; 4] = ["sine", "zero", "bang", "push"];

/// Up to which control step, and how far, a free-running trajectory may be off.
fn open_loop_tolerance(task: &str, actions: &str) -> (usize, f64) {
    match (task, actions) {
        ("HalfCheetah", _) => (130, 1e-5),
        ("Ant", "sine") => (60, 1e-5),
        ("Humanoid", _) => (120, 1e-5),
        ("InvertedDoublePendulum", "sine") => (85, 1e-5),
        ("InvertedDoublePendulum", "zero") => (100, 1e-5),
        ("InvertedDoublePendulum", "bang") => (50, 1e-5),
        ("Reacher", _) => (180, 1e-5),
        ("Pusher", "sine") => (60, 1e-5),
        ("Pusher", "bang") => (75, 1e-5),
        // MuJoCo's search stops a micrometre and 2e-5 rad short, somewhere else than ours; a push carries that on.
        ("Pusher", "push") => (50, 1e-3),
        _ => (200, 1e-5),
    }
}

/// Arrays that hold nothing of the physics here, and why.
const UNREAD: [(&str, &str); 4] = [
    ("efc_id", "follows from the order of the rows"),
    ("contact_exclude", "MuJoCo's own bookkeeping"),
    ("nisland", "the solver here has no islands"),
    ("niter", "another line search needs another number of steps"),
];

fn flat(list: &[DVec3]) -> Vec<f64> {
    list.iter().flat_map(|v| v.to_array()).collect()
}

fn rows_of(matrices: &[DMat3]) -> Vec<f64> {
    matrices
        .iter()
        .flat_map(|m| m.transpose().to_cols_array())
        .collect()
}

/// Kinetic and potential energy.
fn energy(model: &Model, state: &State) -> Vec<f64> {
    let nv = model.nv;
    let momentum =
        |i: usize| -> f64 { (0..nv).map(|j| state.qm[i * nv + j] * state.qvel[j]).sum() };
    let kinetic = 0.5 * (0..nv).map(|i| state.qvel[i] * momentum(i)).sum::<f64>();
    let bodies = model.bodies.mass.iter().zip(&state.xipos);
    let weight: f64 = bodies
        .map(|(m, place)| -m * model.opt.gravity.dot(*place))
        .sum();
    let springs = (0..model.joints.kind.len()).map(|joint| match model.joints.kind[joint] {
        JointType::Hinge | JointType::Slide => {
            let at = model.joints.qposadr[joint];
            let stretch = state.qpos[at] - model.qpos_spring[at];
            0.5 * model.joints.stiffness[joint] * stretch * stretch
        }
        JointType::Free | JointType::Ball => 0.0,
    });
    vec![weight + springs.sum::<f64>(), kinetic]
}

/// An engine quantity under the recording's name; none for one that is unknown here.
fn quantity(model: &Model, state: &State, key: &str) -> Option<Vec<f64>> {
    let rows = &state.rows;
    let contacts = |f: &dyn Fn(&envs::dynamics::Contact) -> Vec<f64>| {
        state.contacts.iter().flat_map(f).collect::<Vec<f64>>()
    };
    Some(match key {
        "M" => state.qm.clone(),
        "qfrc_bias" => state.qfrc_bias.clone(),
        "qfrc_passive" => state.qfrc_passive.clone(),
        "qfrc_actuator" => state.qfrc_actuator.clone(),
        "qfrc_constraint" => state.qfrc_constraint.clone(),
        "qacc_smooth" => state.qacc_smooth.clone(),
        "qacc" => state.qacc.clone(),
        "xpos" => flat(&state.xpos),
        "xipos" => flat(&state.xipos),
        "geom_xpos" => flat(&state.geom_xpos),
        "geom_xmat" => rows_of(&state.geom_xmat),
        "subtree_com" => flat(&state.subtree_com),
        "cinert" => state.cinert.iter().flat_map(|i| i.to_array()).collect(),
        "cvel" => state.cvel.iter().flat_map(|v| v.to_array()).collect(),
        "cdof" => state.cdof.iter().flat_map(|v| v.to_array()).collect(),
        "cfrc_ext" => state.cfrc_ext.iter().flat_map(|f| f.to_array()).collect(),
        "energy" => energy(model, state),
        "ncon" => vec![state.contacts.len() as f64],
        "nefc" => vec![rows.len() as f64],
        "contact_pos" => contacts(&|c| c.pos.to_array().to_vec()),
        "contact_frame" => contacts(&|c| c.frame.iter().flat_map(|f| f.to_array()).collect()),
        "contact_dist" => contacts(&|c| vec![c.dist]),
        "contact_geom" => contacts(&|c| c.geoms.map(|g| g as f64).to_vec()),
        "contact_dim" => contacts(&|c| vec![c.dim as f64]),
        "contact_includemargin" => contacts(&|c| vec![c.includemargin]),
        "contact_friction" => contacts(&|c| c.friction.to_vec()),
        "contact_solref" => contacts(&|c| c.solref.to_vec()),
        "contact_solimp" => contacts(&|c| c.solimp.to_vec()),
        "efc_J" => rows.efc_jacobian().to_vec(),
        "efc_pos" => rows.efc_pos().to_vec(),
        "efc_margin" => rows.efc_margin().to_vec(),
        "efc_D" => rows.efc_d().to_vec(),
        "efc_R" => rows.efc_r().to_vec(),
        "efc_vel" => rows
            .efc_jacobian()
            .chunks_exact(model.nv)
            .map(|row| row.iter().zip(&state.qvel).map(|(j, v)| j * v).sum())
            .collect(),
        "efc_aref" => rows.efc_aref().to_vec(),
        "efc_force" => rows.efc_force().to_vec(),
        _ => return None,
    })
}

/// A task beside its recording.
struct Pair {
    task: String,
    env: Box<dyn Env>,
    recording: Recording,
}

impl Pair {
    fn get(&self, key: &str) -> Result<&Array> {
        self.recording.get(key)
    }

    fn model(&self) -> Result<&Model> {
        let (model, _) = self.env.physics().ok_or("an environment without physics")?;
        Ok(model)
    }

    fn seen(&self) -> Vec<f64> {
        vec![0.0; self.env.info().observation.len()]
    }

    /// Seeds begin where Gymnasium begins.
    fn resets(&mut self) -> Result<Errors> {
        let mut errors = Errors::default();
        for i in 0..self.get("reset_seed")?.len() {
            let seed = self.get("reset_seed")?.data[i] as u64;
            let mut seen = self.seen();
            self.env
                .reset(seed, &mut seen)
                .map_err(|error| error.to_string())?;
            let EnvState { qpos, qvel, .. } =
                self.env.state().map_err(|error| error.to_string())?;
            errors.add(
                format!("seed {seed}, qpos"),
                &qpos,
                self.get("reset_qpos")?.row(i),
            );
            errors.add(
                format!("seed {seed}, qvel"),
                &qvel,
                self.get("reset_qvel")?.row(i),
            );
        }
        Ok(errors)
    }

    /// Every engine quantity that is recorded under `prefix`, at states that `states` gives. Each twice: where no
    /// search finds contacts, and where one does.
    fn stages(&self, prefix: &str, states: &[(String, State)]) -> Result<[Errors; 2]> {
        let model = self.model()?;
        let mut errors: [Errors; 2] = Default::default();
        let counts = [format!("{prefix}ncon"), format!("{prefix}nefc")];
        let [contacts, rows] = [self.get(&counts[0])?, self.get(&counts[1])?];
        for key in self.recording.under(prefix) {
            if UNREAD.iter().any(|(unread, _)| *unread == key) {
                continue;
            }
            let array = self.get(&format!("{prefix}{key}"))?;
            let width = array.data.len() / states.len();
            for (i, (place, state)) in states.iter().enumerate() {
                let expected = &array.data[i * width..][..width];
                // Ragged arrays are filled up with zeros.
                let slots = match key {
                    _ if key.starts_with("contact_") => Some((contacts.data[i], &array.shape)),
                    _ if key.starts_with("efc_") => Some((rows.data[i], &array.shape)),
                    _ => None,
                };
                let used = slots.map_or(width, |(count, shape)| {
                    let all = shape[contacts.shape.len()].max(1);
                    width / all * count as usize
                });
                let place = format!("{place}, {key}");
                let errors = &mut errors[usize::from(searched(model, state))];
                match key {
                    "xquat" => {
                        errors.add_error(place, models::quat_error(&state.xquat, expected));
                    }
                    "contact_force" | "contact_efc_address" | "efc_type" => {}
                    _ => {
                        let ours = quantity(model, state, key);
                        let ours = ours.ok_or_else(|| format!("array {prefix}{key} is unknown"))?;
                        errors.add(place, &ours, &expected[..used]);
                    }
                }
            }
        }
        Ok(errors)
    }

    /// The state at a row of arrays, all stages computed.
    fn forwarded(&self, keys: [&str; 4], i: usize) -> Result<State> {
        let model = self.model()?;
        let mut state = State::new(model);
        for (key, into) in keys.into_iter().zip([
            &mut state.qpos,
            &mut state.qvel,
            &mut state.ctrl,
            &mut state.qacc_warmstart,
        ]) {
            let array = self.get(key)?;
            let width = into.len();
            // Trajectories are indexed by run and step.
            let at = if array.shape.len() == 3 {
                let (run, t) = (i / 3, i % 3);
                (run * array.shape[1] + t) * width
            } else {
                i * width
            };
            into.copy_from_slice(&array.data[at..at + width]);
        }
        forward(model, &mut state);
        rne_post_constraint(model, &mut state);
        Ok(state)
    }

    /// One physics step and one step of the environment from each single state.
    fn single_states(&mut self, states: &[(String, State)]) -> Result<[Errors; 4]> {
        let mut errors: [Errors; 4] = Default::default();
        for (i, (place, state)) in states.iter().enumerate() {
            let model = self.model()?;
            let found = usize::from(searched(model, state));
            let mut next = State::new(model);
            next.qpos.copy_from_slice(&state.qpos);
            next.qvel.copy_from_slice(&state.qvel);
            next.ctrl.copy_from_slice(&state.ctrl);
            next.qacc_warmstart.copy_from_slice(&state.qacc_warmstart);
            step(model, &mut next);
            let row = |key: &str| -> Result<&[f64]> { Ok(self.get(key)?.row(i)) };
            let engine = &mut errors[2 * found];
            engine.add(place.clone(), &next.qpos, row("single_next_qpos")?);
            engine.add(place.clone(), &next.qvel, row("single_next_qvel")?);
            let mut begin = EnvState::at(&state.qpos, &state.qvel);
            begin.qacc_warmstart.clone_from(&state.qacc_warmstart);
            let mut seen = self.seen();
            let set = self.env.set_state(&begin, &mut seen);
            set.map_err(|error| error.to_string())?;
            let step = self.env.step(&state.ctrl, &mut seen);
            let step = step.map_err(|error| error.to_string())?;
            let EnvState { qpos, qvel, .. } =
                self.env.state().map_err(|error| error.to_string())?;
            // A contact can come in the course of the step, too.
            let (model, after) = self.env.physics().ok_or("no physics")?;
            let found = usize::from(found == 1 || searched(model, after));
            let ended = f64::from(u8::from(step.terminated));
            for (what, ours) in [
                ("qpos", &qpos[..]),
                ("qvel", &qvel),
                ("obs", &seen),
                ("reward", &[step.reward]),
                ("terminated", &[ended]),
            ] {
                let expected = self.get(&format!("single_env_{what}"))?.row(i);
                errors[2 * found + 1].add(format!("{place}, {what}"), ours, expected);
            }
        }
        Ok(errors)
    }

    /// Free runs from the recorded starts: states and warm starts, observations, rewards and all of `info`, ends.
    fn open_loop(&mut self, version: &str) -> Result<Vec<(String, Errors, f64)>> {
        let mut all = Vec::new();
        let prefix = if version == "v4" { "v4_traj_" } else { "traj_" };
        let id = format!("{}-{version}", self.task);
        let mut env = make(&id).map_err(|error| error.to_string())?;
        for run in 0..self.get("traj_seed")?.len() {
            let pattern = PATTERNS[self.get("traj_pattern")?.data[run] as usize];
            let (limit, allowed) = open_loop_tolerance(&self.task, pattern);
            let steps = self.get("traj_action")?.shape[1].min(limit);
            let row = |key: &str, t: usize| -> Result<Option<Vec<f64>>> {
                let own = format!("{prefix}{key}");
                let own = if self.recording.get(&own).is_ok() {
                    own
                } else {
                    format!("traj_{key}")
                };
                let Ok(array) = self.recording.get(&own) else {
                    return Ok(None);
                };
                let width: usize = array.shape.iter().skip(2).product();
                let at = (run * array.shape[1] + t) * width;
                Ok(Some(array.data[at..at + width].to_vec()))
            };
            let needed = |key: &str, t: usize| -> Result<Vec<f64>> {
                row(key, t)?.ok_or_else(|| format!("no array {prefix}{key}"))
            };
            let mut errors = Errors::default();
            let mut seen = vec![0.0; env.info().observation.len()];
            let begin = EnvState::at(&needed("qpos", 0)?, &needed("qvel", 0)?);
            let begun = if pattern == "push" {
                env.set_state(&begin, &mut seen)
            } else {
                // Which shows no contact forces, as Gymnasium's; a state that is set shows them.
                env.reset(self.get("traj_seed")?.data[run] as u64, &mut seen)
            };
            begun.map_err(|error| error.to_string())?;
            errors.add(format!("run {run}, reset"), &seen, &needed("obs", 0)?);
            for t in 0..steps {
                let place = format!("run {run} ({pattern}), step {t}");
                let step = env.step(&needed("action", t)?, &mut seen);
                let step = step.map_err(|error| format!("{place}: {error}"))?;
                let state = env.state().map_err(|error| error.to_string())?;
                let ended = f64::from(u8::from(step.terminated));
                for (what, ours, at) in [
                    ("qpos", &state.qpos[..], t + 1),
                    ("qvel", &state.qvel, t + 1),
                    ("obs", &seen, t + 1),
                    ("reward", &[step.reward], t),
                    ("terminated", &[ended], t),
                ] {
                    errors.add(format!("{place}, {what}"), ours, &needed(what, at)?);
                }
                if version == "v5" {
                    for key in self.recording.under("traj_info_") {
                        let expected = needed(&format!("info_{key}"), t)?;
                        for (i, expected) in expected.iter().enumerate() {
                            let several = step.info.get(&format!("{key}[{i}]"));
                            let ours = several.or(step.info.get(key));
                            let ours = ours.ok_or_else(|| format!("{place}: no info {key}"))?;
                            errors.add(format!("{place}, {key}"), &[ours], &[*expected]);
                        }
                    }
                }
            }
            all.push((format!("open loop {version}, {pattern}"), errors, allowed));
        }
        Ok(all)
    }

    fn check(&mut self, report: &mut Report) -> Result<()> {
        let key_of = |key: &str| format!("model_{key}");
        let model = models::compare(self.model()?, &self.recording, &key_of)?;
        report.add("compiled model", model, MODEL);
        report.add("resets", self.resets()?, 0.0);
        let keys = [
            "single_qpos",
            "single_qvel",
            "single_ctrl",
            "single_qacc_warmstart",
        ];
        let count = self.get("single_qpos")?.len();
        let state = |i| Ok((format!("state {i}"), self.forwarded(keys, i)?));
        let singles = (0..count).map(state).collect::<Result<Vec<_>>>()?;
        let keys = [
            "traj_qpos",
            "traj_qvel",
            "traj_action",
            "traj_qacc_warmstart",
        ];
        let count = 3 * self.get("traj_seed")?.len();
        let state = |i| {
            Ok((
                format!("run {} step {}", i / 3, i % 3),
                self.forwarded(keys, i)?,
            ))
        };
        let starts = (0..count).map(state).collect::<Result<Vec<_>>>()?;
        for (what, prefix, states) in [
            ("engine, single states", "fwd_", &singles),
            ("engine, first steps", "dbg_", &starts),
        ] {
            let [plain, found] = self.stages(prefix, states)?;
            report.add(what, plain, STAGE);
            if !found.is_empty() {
                report.add(&format!("{what}, contacts by search"), found, SEARCHED);
            }
        }
        let tolerance = step_tolerance(&self.task);
        let names = [
            "one physics step, warm",
            "one control step, warm",
            "one physics step, contacts by search",
            "one control step, contacts by search",
        ];
        let errors = self.single_states(&singles)?;
        for ((errors, name), allowed) in errors.into_iter().zip(names).zip(tolerance) {
            if !errors.is_empty() {
                report.add(name, errors, allowed);
            }
        }
        let versions: &[&str] = if self.recording.get("v4_traj_reward").is_ok() {
            &["v5", "v4"]
        } else {
            &["v5"]
        };
        for version in versions {
            for (what, errors, allowed) in self.open_loop(version)? {
                report.add(&what, errors, allowed);
            }
        }
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

#[test]
fn every_task() -> Result<()> {
    let files = tasks("")?;
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
    if std::env::var_os("PARITY_DATA").is_none() {
        assert_eq!(files.len(), 11);
    }
    report.finish("extended recordings")
}
