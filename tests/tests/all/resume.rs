//! A run that was stopped or killed goes on as if it had not stopped.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use experiments::{Checkpoint, RunDir};
use rl_algos::config::TrainConfig;
use rl_algos::observe::{Observer, Progress};
use rl_algos::train::Trained;
use tests::small::{config, go_on, metrics, run, watched};

/// Ends a run after a step.
struct StopAt(u64);

impl Observer for StopAt {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        if progress.step == self.0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// Begins a run, stops it after some steps, and goes on, again and again.
fn in_pieces(config: &TrainConfig, folder: &Path, stops: &[u64]) -> Trained {
    let mut trained = watched(config, folder, &mut [&mut StopAt(stops[0])]).unwrap();
    for stop in &stops[1..] {
        assert!(trained.stopped, "at {stop}");
        let (_, config) = RunDir::open(folder).unwrap();
        trained = go_on(&config, folder, &mut [&mut StopAt(*stop)]).unwrap();
    }
    trained
}

/// Weights of the last checkpoint, and the rows of the metrics.
fn outcome(folder: &Path) -> (Vec<u8>, Vec<String>) {
    let weights = fs::read(folder.join("checkpoints/latest.safetensors")).unwrap();
    (weights, metrics(folder))
}

#[test]
fn a_run_in_pieces_is_the_run_in_one() {
    for recipe in ["rlx2-td3", "rlx2-sac", "ds-td3", "pruned-sac", "tiny-td3"] {
        let config = config(recipe, 900);
        let folder = tempfile::tempdir().unwrap();
        let whole = folder.path().join("whole");
        run(&config, &whole).unwrap();
        let pieces = folder.path().join("pieces");
        // In the random steps, on an evaluation, beside one, after the last.
        let trained = in_pieces(&config, &pieces, &[7, 300, 451, 452, 899, 5000]);
        assert_eq!((trained.steps, trained.stopped), (900, false), "{recipe}");
        assert!(outcome(&whole) == outcome(&pieces), "{recipe}");
    }
}

/// Before its first step, and once: those that come after see other starts than without it, the agent learns the same.
#[test]
fn an_evaluation_before_the_first_step_is_a_row_of_its_own() {
    let mut config = config("rlx2-td3", 900);
    let folder = tempfile::tempdir().unwrap();
    let without = folder.path().join("without");
    run(&config, &without).unwrap();
    config.evaluation.at_start = true;
    let whole = folder.path().join("whole");
    run(&config, &whole).unwrap();
    let [(weights, rows), (same, fewer)] = [&whole, &without].map(|folder| outcome(folder));
    assert!(weights == same);
    assert_eq!(rows.len(), fewer.len() + 1);
    assert!(rows[1].starts_with("0,"), "{}", rows[1]);
    let pieces = folder.path().join("pieces");
    in_pieces(&config, &pieces, &[1, 300, 5000]);
    assert!((weights, rows) == outcome(&pieces));
}

#[test]
fn a_run_with_wrappers_in_a_task_of_a_file_goes_on_and_notices_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/envs/examples/tasks");
    for file in ["arm.toml", "arm.xml"] {
        fs::copy(examples.join(file), folder.path().join(file)).unwrap();
    }
    let mut config = config("rlx2-sac", 600);
    config.env = folder.path().join("arm.toml").display().to_string();
    config.env_settings = envs::Settings::default()
        .with("max_episode_steps", 40)
        .with("sticky_actions", 0.25)
        .with("action_repeat", 2)
        .with("action_delay", 1)
        .with("reward_clip", vec![-0.5, 1.5])
        .with("observation_noise", 0.01)
        .with("time_in_observation", true)
        .with("observation_stack", 2)
        .with("reward.control.weight", -0.02);
    let whole = folder.path().join("whole");
    run(&config, &whole).unwrap();
    let pieces = folder.path().join("pieces");
    let trained = in_pieces(&config, &pieces, &[7, 300, 451, 5000]);
    assert_eq!((trained.steps, trained.stopped), (600, false));
    assert!(outcome(&whole) == outcome(&pieces));
    // The task as it was lies in the folder, and another is refused.
    let kept = fs::read(pieces.join("task/task.toml")).unwrap();
    let changed = [&kept[..], b"# Changed.\n"].concat();
    fs::write(&config.env, changed).unwrap();
    let error = go_on(&config, &pieces, &mut []).unwrap_err().to_string();
    assert!(
        error.contains("arm.toml has changed since the run began"),
        "{error}"
    );
    // Of a run that was killed before its first checkpoint, too.
    let unbegun = folder.path().join("unbegun");
    fs::write(&config.env, &kept).unwrap();
    RunDir::create(&unbegun, &config, false).unwrap();
    fs::write(&config.env, [&kept[..], b"# Changed.\n"].concat()).unwrap();
    let error = go_on(&config, &unbegun, &mut []).unwrap_err().to_string();
    assert!(
        error.contains("arm.toml has changed since the run began"),
        "{error}"
    );
    fs::write(&config.env, kept).unwrap();
    assert_eq!(go_on(&config, &pieces, &mut []).unwrap().steps, 600);
    assert_eq!(go_on(&config, &unbegun, &mut []).unwrap().steps, 600);
}

/// What a killed process leaves: an unfinished file, rows after the last checkpoint, or nothing but a configuration.
#[test]
fn what_a_killed_process_leaves_does_no_harm() {
    let config = config("rlx2-td3", 900);
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    run(&config, &whole).unwrap();
    let killed = folder.path().join("killed");
    in_pieces(&config, &killed, &[500]);
    fs::write(killed.join("resume/state.bin.tmp"), b"half").unwrap();
    let csv = killed.join("metrics.csv");
    let rows = fs::read_to_string(&csv).unwrap();
    fs::write(&csv, format!("{rows}600,1,2,3")).unwrap();
    let go_on = || go_on(&config, &killed, &mut []).unwrap();
    go_on();
    assert!(outcome(&whole) == outcome(&killed));
    fs::remove_dir_all(killed.join("resume")).unwrap();
    let error = tests::small::go_on(&config, &killed, &mut []).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("state.bin: missing, so a run of 3 evaluations"),
        "{error}"
    );
    assert!(outcome(&whole) == outcome(&killed));
    // Killed in its first steps.
    fs::create_dir(killed.join("resume")).unwrap();
    fs::write(&csv, "step").unwrap();
    go_on();
    assert!(outcome(&whole) == outcome(&killed));
    // And without the folder, but with the weights of an evaluation.
    fs::remove_dir_all(killed.join("resume")).unwrap();
    fs::write(&csv, "step").unwrap();
    assert!(tests::small::go_on(&config, &killed, &mut []).is_err());
}

#[test]
fn a_folder_is_trained_in_once() {
    let config = config("static-td3", 300);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    run(&config, &path).unwrap();
    let before = outcome(&path);
    let (dir, _) = RunDir::open(&path).unwrap();
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let again = experiments::train(&config, &device, &dir, &mut []);
    let error = again.unwrap_err().to_string();
    assert!(error.contains("already holds a run"), "{error}");
    assert!(outcome(&path) == before);
}

#[test]
fn what_cannot_be_gone_on_with_is_one_line_that_names_the_file() {
    let config = config("rlx2-sac", 600);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    in_pieces(&config, &path, &[450]);
    let before = outcome(&path);
    let state = path.join("resume/state.bin");
    let good = fs::read(&state).unwrap();
    let message = |config: &TrainConfig| {
        let error = go_on(config, &path, &mut []).unwrap_err().to_string();
        assert!(!error.contains('\n'), "{error}");
        error
    };
    for length in [0, 5, 100, good.len() / 2, good.len() - 1] {
        fs::write(&state, &good[..length]).unwrap();
        let error = message(&config);
        assert!(
            error.contains("state.bin") && error.contains("cut off"),
            "{error}"
        );
    }
    let mut other = good.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&state, &other).unwrap();
    assert!(message(&config).contains("damaged"));
    fs::write(&state, &good).unwrap();
    let mut other = config.clone();
    other.env = "Walker2d-v5".into();
    let error = message(&other);
    assert!(
        error.contains("Hopper-v5") && error.contains("Walker2d-v5"),
        "{error}"
    );
    let slots = fs::read_dir(path.join("resume/replay"))
        .unwrap()
        .next()
        .unwrap();
    let slots = slots.unwrap().path();
    let bytes = fs::read(&slots).unwrap();
    fs::write(&slots, &bytes[..bytes.len() - 3]).unwrap();
    let error = message(&config);
    assert!(error.contains("slots-"), "{error}");
    fs::write(&slots, &bytes).unwrap();
    assert!(outcome(&path) == before);
}

/// Keeps what a run reports.
#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn on_note(&mut self, note: &str) {
        self.0.push(note.to_owned());
    }
}

/// A run that is stopped, whose `metrics.csv` is then changed and that goes on: what it tells. Its rows must be those of
/// `whole`.
fn edited(
    config: &TrainConfig,
    whole: &Path,
    stop: u64,
    edit: impl FnOnce(&str) -> Vec<u8>,
) -> (Vec<String>, Option<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    in_pieces(config, &path, &[stop]);
    let csv = path.join("metrics.csv");
    let text = edit(&fs::read_to_string(&csv).unwrap());
    fs::write(&csv, &text).unwrap();
    let mut told = Told::default();
    go_on(config, &path, &mut [&mut told]).unwrap();
    assert!(outcome(whole) == outcome(&path), "{text:?}");
    let aside = fs::read(path.join("metrics.changed.csv")).ok();
    assert!(aside.as_ref().is_none_or(|aside| *aside == text));
    (told.0, aside)
}

#[test]
fn a_run_goes_on_with_its_own_rows_whatever_became_of_the_file() {
    let config = config("static-td3", 900);
    let folder = tempfile::tempdir().unwrap();
    let whole = folder.path().join("whole");
    run(&config, &whole).unwrap();
    // As Excel saves it; cut in mid-row; emptied.
    let same: [fn(&str) -> Vec<u8>; 4] = [
        |text| text.replace('\n', "\r\n").into(),
        |text| format!("\u{feff}{}", text.replace('\n', "\r\n")).into(),
        |text| text[..text.len() - 20].into(),
        |_| Vec::new(),
    ];
    for edit in same {
        let (told, aside) = edited(&config, &whole, 700, edit);
        assert_eq!((told.len(), aside), (0, None));
    }
    // A row twice, a row gone, other digits, an added row, other separators, bytes that are no text.
    let others: [fn(&str) -> Vec<u8>; 6] = [
        |text| {
            let last = text.lines().last().unwrap();
            format!("{text}{last}\n").into()
        },
        |text| {
            text.lines()
                .take(2)
                .chain(["300,1"])
                .collect::<Vec<_>>()
                .join("\n")
                .into()
        },
        |text| text.replacen("\n300,", "\n800,", 1).into(),
        |text| format!("{text}8001000,1,2\n9001000,1,2\n").into(),
        |text| text.replace(',', ";").replace('.', ",").into(),
        |text| [text.as_bytes(), b"\xff\xfe\0"].concat(),
    ];
    for (index, edit) in others.into_iter().enumerate() {
        let (told, aside) = edited(&config, &whole, 700, edit);
        assert!(aside.is_some() && told.len() == 1, "{index}: {told:?}");
        let said =
            told[0].contains("metrics.csv is not as") && told[0].contains("metrics.changed.csv");
        assert!(said, "{}", told[0]);
    }
}

/// Replaces `metrics.csv` in the middle of a run, as `sed -i` does, or removes it.
struct Sed<'a>(&'a Path, Told);

impl Observer for Sed<'_> {
    fn on_step(&mut self, progress: &Progress) -> ControlFlow<()> {
        let csv = self.0.join("metrics.csv");
        if progress.step == 400 {
            let text = fs::read_to_string(&csv).unwrap().replace("300,", "301,");
            let beside = self.0.join("sed");
            fs::write(&beside, text).unwrap();
            fs::rename(&beside, &csv).unwrap();
        }
        if progress.step == 700 {
            fs::remove_file(&csv).unwrap();
        }
        ControlFlow::Continue(())
    }

    fn on_note(&mut self, note: &str) {
        self.1.on_note(note);
    }
}

#[test]
fn a_file_that_is_replaced_while_a_run_writes_loses_no_row() {
    let config = config("static-td3", 900);
    let folder = tempfile::tempdir().unwrap();
    let [whole, replaced] = ["whole", "replaced"].map(|name| folder.path().join(name));
    run(&config, &whole).unwrap();
    let mut sed = Sed(&replaced, Told::default());
    watched(&config, &replaced, &mut [&mut sed]).unwrap();
    assert!(outcome(&whole) == outcome(&replaced));
    let aside = fs::read_to_string(replaced.join("metrics.changed.csv")).unwrap();
    assert!(
        aside.contains("\n301,") && sed.1.0.len() == 1,
        "{:?}",
        sed.1.0
    );
}

/// The files of a run, by their paths in its folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// Flips bits all over every file of a run: reading it is an error, or gives what was written.
#[test]
fn a_flipped_bit_in_any_file_of_a_run_is_found() {
    let mut config = config("rlx2-td3", 600);
    config.evaluation.keep_policies = true;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run");
    in_pieces(&config, &path, &[450]);
    let device = sparse_core::device::by_name(sparse_core::device::available()[0]).unwrap();
    let hopper = envs::make("Hopper-v5").unwrap();
    let policy = |file: &Path| {
        let policy = rl_algos::algos::Policy::open(file, hopper.info(), &device);
        let read = policy.map(|mut policy| {
            let mut action = [0.0; 3];
            policy.act(&[0.3; 11], &mut action);
            action.map(f32::to_bits).to_vec()
        });
        read.map_err(experiments::Error::from)
    };
    /// What is read of a file, as bytes.
    type Read<'a> = Box<dyn Fn(&Path) -> experiments::Result<Vec<u32>> + 'a>;
    let read = |file: &Path| -> Option<Read<'_>> {
        let name = file.file_name().unwrap().to_str().unwrap();
        let info = |which: Checkpoint| {
            let dir = RunDir::open(&path)?.0;
            let info = dir.info(which)?;
            Ok(format!("{info:?}").bytes().map(u32::from).collect())
        };
        Some(match name {
            "config.toml" => Box::new(|_: &Path| {
                let (_, found) = RunDir::open(&path)?;
                Ok(found.to_toml()?.bytes().map(u32::from).collect())
            }),
            "latest.json" => Box::new(move |_: &Path| info(Checkpoint::Latest)),
            "best.json" => Box::new(move |_: &Path| info(Checkpoint::Best)),
            _ if name.ends_with(".safetensors") => Box::new(policy),
            _ if name == "state.bin" || name.starts_with("slots-") => Box::new(|_: &Path| {
                let (dir, _) = RunDir::open(&path)?;
                let (replay, step) = dir.replay(&config)?;
                Ok(vec![replay.len() as u32, step as u32])
            }),
            // An edit of the rows is another test; the lock is empty.
            "metrics.csv" | ".lock" => return None,
            other => panic!("{other} is read by nobody here"),
        })
    };
    let mut kinds = 0;
    for file in files(&path) {
        let Some(read) = read(&file) else { continue };
        let good = fs::read(&file).unwrap();
        let right = read(&file).unwrap();
        kinds += 1;
        // Prime, so that all places within a byte and a number are met.
        let stride = (8 * good.len() / 150).max(1) | 1;
        for bit in (0..8 * good.len()).step_by(stride) {
            let mut bytes = good.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(&file, &bytes).unwrap();
            if let Ok(found) = read(&file) {
                let harmless = file.ends_with("config.toml") && found == right;
                assert!(harmless, "bit {bit} of {}", file.display());
            }
        }
        fs::write(&file, &good).unwrap();
    }
    assert!(kinds >= 8, "{kinds}");
    go_on(&config, &path, &mut []).unwrap();
}

/// Growth by the gradient at the only connection of each layer; every rewire moves all.
#[test]
fn networks_that_lose_their_ways_are_told_once() {
    let mut config = config("set-td3", 900);
    config.networks.actor = vec![8, 8];
    config.sparsity.actor = 0.75;
    let topology = config.topology.as_mut().unwrap();
    (topology.every, topology.drop_fraction) = (10, 1.0);
    topology.decay = rl_algos::config::Decay::Constant;
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..20 {
        config.seed = seed;
        let mut told = Told::default();
        let path = folder.path().join(seed.to_string());
        if watched(&config, &path, &mut [&mut told]).is_err() {
            continue;
        }
        let mut lines: Vec<&str> = told
            .0
            .iter()
            .map(|l| l.split_once("no con").unwrap().1)
            .collect();
        let all = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), all, "{:?}", told.0);
        if told.0.iter().any(|line| line.starts_with("after update")) {
            return;
        }
    }
    panic!("no seed loses a way");
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// A run whose state is of the version `SRLRUN 4`, killed between the row of step 40 and its checkpoint, of 60 steps.
#[test]
fn a_run_of_an_earlier_version_goes_on() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/run4");
    let folder = tempfile::tempdir().unwrap();
    copy(&golden, folder.path());
    let state = folder.path().join("resume/state.bin");
    assert!(fs::read(&state).unwrap().starts_with(b"SRLRUN 4"));
    let (_, config) = RunDir::open(folder.path()).unwrap();
    let trained = go_on(&config, folder.path(), &mut []).unwrap();
    assert_eq!((trained.steps, trained.returns.len()), (60, 3));
    let rows = |folder: &Path| -> Vec<String> {
        let text = fs::read_to_string(folder.join("metrics.csv")).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let (then, now) = (rows(&golden), rows(folder.path()));
    // The header and the row of step 20; the row of step 40 is made again.
    assert_eq!(now[..2], then[..2]);
    let steps = now.iter().map(|row| row.split(',').next().unwrap());
    assert_eq!(steps.collect::<Vec<_>>(), ["step", "20", "40", "60"]);
    assert!(fs::read(&state).unwrap().starts_with(b"SRLRUN 5"));
}
