use std::collections::HashMap;
use std::fs;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::score::Board;
use super::*;
use crate::roster::{self, Planned, Source};
use crate::stats::Summary;

/// A run with these returns at 1,000, 2,000, …
pub(crate) fn write_run(folder: &Path, settings: &str, returns: &[f64]) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("config.toml"), settings).unwrap();
    let rows = returns.iter().zip(1..);
    let row = |(value, at): (&f64, u32)| format!("{},{value},{},0\n", at * 1000, f64::from(at));
    let rows: String = rows.map(row).collect();
    let text = format!("step,return_mean,critic_loss,seed\n{rows}");
    fs::write(folder.join("metrics.csv"), text).unwrap();
}

/// The settings of a run.
pub(crate) fn settings(env: &str, recipe: &str, seed: u64) -> String {
    format!("env = \"{env}\"\nrecipe = \"{recipe}\"\nseed = {seed}\n[topology]\nevery = 100\n")
}

/// Two tasks, two methods, three seeds.
pub(crate) fn study(folder: &Path) -> RunSet {
    for (task, level) in [("Hopper-v5", 100.0), ("Reacher-v5", 10.0)] {
        for (recipe, share) in [("dense-td3", 1.0), ("rlx2-td3", 0.5)] {
            for seed in 0..3 {
                let name = format!("{task}-{recipe}-s{seed}");
                let value = level * share * (1.0 + seed as f64);
                let settings = settings(task, recipe, seed);
                write_run(&folder.join(name), &settings, &[0.0, value, value]);
            }
        }
    }
    RunSet::read(&[folder.to_owned()]).unwrap()
}

#[test]
fn runs_are_found_below_a_folder_and_grouped() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    assert_eq!(set.runs().len(), 12);
    assert_eq!(set.tasks(), ["Hopper-v5", "Reacher-v5"]);
    assert_eq!(set.methods(), ["dense-td3", "rlx2-td3"]);
    let seeds: Vec<u64> = set
        .of("Hopper-v5", "rlx2-td3")
        .iter()
        .map(|r| r.seed)
        .collect();
    assert_eq!(seeds, [0, 1, 2]);
    assert_eq!(set.columns(), ["return_mean", "critic_loss"]);
}

#[test]
fn a_run_with_an_evaluation_at_step_0_alone_has_no_area() {
    let folder = tempfile::tempdir().unwrap();
    write_run(folder.path(), &settings("Hopper-v5", "ds-td3", 0), &[]);
    fs::write(
        folder.path().join("metrics.csv"),
        "step,return_mean,critic_loss,seed\n0,10,,0\n",
    )
    .unwrap();
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(score::score(&set.runs()[0], Summary::Area), None);
    assert_eq!(score::score(&set.runs()[0], Summary::Last), Some(10.0));
}

#[test]
fn a_run_that_lost_its_settings_is_an_error_among_others() {
    let folder = tempfile::tempdir().unwrap();
    study(folder.path());
    let lost = folder.path().join("Hopper-v5-dense-td3-s1");
    fs::remove_file(lost.join("config.toml")).unwrap();
    // Somebody else's table.
    assert_eq!(
        RunSet::read(&[folder.path().to_owned()])
            .unwrap()
            .runs()
            .len(),
        11
    );
    fs::create_dir(lost.join("checkpoints")).unwrap();
    let told = RunSet::read(&[folder.path().to_owned()])
        .unwrap_err()
        .to_string();
    assert!(
        told.contains("Hopper-v5-dense-td3-s1") && told.contains("config.toml is missing"),
        "{told}"
    );
}

#[test]
fn a_run_without_evaluation_is_left_out_unless_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    study(folder.path());
    let begun = folder.path().join("begun");
    write_run(&begun, &settings("Hopper-v5", "rlx2-td3", 9), &[]);
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!((set.runs().len(), set.left_out().len()), (12, 1));
    let error = RunSet::read(&[begun]).unwrap_err().to_string();
    assert!(error.ends_with("no evaluation yet"), "{error}");
    let error = RunSet::read(&[folder.path().join("absent")]).unwrap_err();
    assert!(error.to_string().ends_with("so is the folder"), "{error}");
}

/// What differs between tasks alone is the recipe's; what differs within one is the method's.
#[test]
fn settings_in_which_runs_differ_tell_methods_apart() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let with = |env: &str, every: u32, seed| {
        settings(env, "rlx2-td3", seed).replace("every = 100", &format!("every = {every}"))
    };
    write_run(&place("a"), &with("Hopper-v5", 100, 0), &[1.0]);
    write_run(&place("b"), &with("Ant-v5", 200, 0), &[1.0]);
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(set.methods(), ["rlx2-td3"]);
    write_run(&place("c"), &with("Hopper-v5", 300, 0), &[1.0]);
    write_run(&place("d"), &with("Hopper-v5", 300, 0), &[1.0]);
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(
        set.methods(),
        [
            "rlx2-td3, topology.every=100",
            "rlx2-td3, topology.every=200",
            "rlx2-td3, topology.every=300",
            "rlx2-td3, topology.every=300 (d)"
        ]
    );
}

/// A run of a study in Hopper.
pub(crate) fn planned(name: &str, method: &str) -> Planned {
    Planned {
        index: 0,
        of: 0,
        name: name.to_owned(),
        source: Source::Online,
        task: "Hopper-v5".to_owned(),
        method: method.to_owned(),
        recipe: "rlx2-td3".to_owned(),
        seed: 0,
        length: 1000,
        device: "flex".to_owned(),
        settings: BTreeMap::new(),
        dataset: None,
        init_from: None,
        config: String::new(),
    }
}

#[test]
fn a_study_names_its_methods() {
    let folder = tempfile::tempdir().unwrap();
    // The third has not begun.
    let runs = [("x", "wide"), ("y", "narrow"), ("z", "narrow")];
    let runs = runs.map(|(name, method)| planned(name, method));
    let manifest = roster::manifest::to_text(&runs).unwrap();
    fs::write(folder.path().join("manifest.jsonl"), manifest).unwrap();
    for (name, seed) in [("x", 0), ("y", 0)] {
        let path = folder.path().join("runs").join(name);
        write_run(&path, &settings("Hopper-v5", "rlx2-td3", seed), &[1.0]);
    }
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(set.methods(), ["wide", "narrow"]);
    let absent = set
        .absent()
        .iter()
        .map(|run| (&*run.learns_from, &*run.method));
    assert_eq!(absent.collect::<Vec<_>>(), [("Hopper-v5", "narrow")]);
    fs::write(folder.path().join("manifest.jsonl"), "{\"name\":").unwrap();
    let error = RunSet::read(&[folder.path().to_owned()]).unwrap_err();
    let said = format!("{error:#}");
    assert!(said.contains("line 1 is no run"), "{said}");
}

/// A study of a method, with a run of these settings for each seed.
fn of_method(folder: &Path, method: &str, set: &[(&str, u32)], all: &[(u64, String)]) {
    let set = set
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).into()));
    let set: BTreeMap<String, serde_json::Value> = set.collect();
    let run = |(seed, _): &(u64, String)| Planned {
        settings: set.clone(),
        ..planned(&format!("s{seed}"), method)
    };
    let runs: Vec<Planned> = all.iter().map(run).collect();
    fs::create_dir_all(folder).unwrap();
    let manifest = roster::manifest::to_text(&runs).unwrap();
    fs::write(folder.join("manifest.jsonl"), manifest).unwrap();
    for (seed, settings) in all {
        let path = folder.join("runs").join(format!("s{seed}"));
        write_run(&path, settings, &[1.0]);
    }
}

/// Settings of a run with its own times of the rule.
fn every(env: &str, every: u32, seed: u64) -> String {
    let text = settings(env, "rlx2-td3", seed);
    text.replace("every = 100", &format!("every = {every}"))
}

#[test]
fn studies_that_call_other_settings_the_same_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
    let both = || RunSet::read(&[a.clone(), b.clone()]).unwrap();
    let hopper = |times: u32, seeds: std::ops::Range<u64>| -> Vec<(u64, String)> {
        seeds
            .map(|seed| (seed, every("Hopper-v5", times, seed)))
            .collect()
    };
    let wide = |folder: &Path, set: &[(&str, u32)], runs: &[(u64, String)]| {
        let _ = fs::remove_dir_all(folder);
        of_method(folder, "wide", set, runs);
    };
    wide(&a, &[], &hopper(100, 0..2));
    // More seeds of the same.
    wide(&b, &[], &hopper(100, 2..4));
    assert_eq!(both().methods(), ["wide"]);
    assert_eq!(both().called(&b, "wide"), "wide");
    // Other settings.
    wide(&b, &[], &hopper(300, 2..4));
    let set = both();
    assert_eq!(set.methods(), ["wide (a)", "wide (b)"]);
    assert_eq!(set.of("Hopper-v5", "wide (b)").len(), 2);
    assert_eq!(
        set.called(&folder.path().join("a/../b"), "wide"),
        "wide (b)"
    );
    assert_eq!(set.called(&b, "narrow"), "narrow");
    fs::remove_dir_all(b.join("runs/s3")).unwrap();
    let set = both();
    let absent: Vec<&str> = set.absent().iter().map(|run| &*run.method).collect();
    assert_eq!(absent, ["wide (b)"]);
    // The same runs again.
    wide(&b, &[], &hopper(100, 0..2));
    assert_eq!(both().methods(), ["wide (a)", "wide (b)"]);
    // How long they are and how they are evaluated is free.
    let longer = |(seed, text): (u64, String)| (seed, format!("steps = 5\n{text}"));
    let longer: Vec<(u64, String)> = hopper(100, 2..4).into_iter().map(longer).collect();
    wide(&b, &[("steps", 5)], &longer);
    assert_eq!(both().methods(), ["wide"]);
    // In another task, what the studies set decides.
    wide(&b, &[], &[(0, every("Ant-v5", 700, 0))]);
    assert_eq!(both().methods(), ["wide"]);
    wide(
        &b,
        &[("topology.every", 700)],
        &[(0, every("Ant-v5", 700, 0))],
    );
    assert_eq!(both().methods(), ["wide (a)", "wide (b)"]);
    // As where a folder of studies is named.
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(set.methods(), ["wide (a)", "wide (b)"]);
    // Runs of no study keep their name.
    let loose = folder.path().join("loose");
    write_run(&loose, &every("Hopper-v5", 900, 7), &[1.0]);
    of_method(&b, "rlx2-td3", &[], &hopper(100, 0..1));
    let set = RunSet::read(&[b.clone(), loose]).unwrap();
    assert_eq!(set.methods(), ["rlx2-td3 (b)", "rlx2-td3"]);
}

#[test]
fn datasets_of_one_task_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, data: &str, known: &str, seed: u64| {
        let text = settings("Hopper-v5", "bc", seed);
        let text = format!("# dataset: {data}\n# data: {known}\n{text}");
        write_run(&folder.path().join(name), &text, &[1.0]);
    };
    let read = || RunSet::read(&[folder.path().to_owned()]).unwrap();
    write("a", "data/hopper/medium", "5 transitions", 0);
    write("b", "./data//hopper/medium/", "5 transitions", 1);
    // Moved elsewhere since.
    write("c", "/scratch/medium", "5 transitions", 2);
    assert_eq!(read().tasks(), ["Hopper-v5"]);
    assert_eq!(read().methods(), ["bc"]);
    for seed in 0..2 {
        write(
            &format!("d{seed}"),
            "data/hopper/expert",
            "6 transitions",
            seed,
        );
    }
    // In the task itself.
    write_run(
        &folder.path().join("e"),
        &settings("Hopper-v5", "rlx2-td3", 0),
        &[1.0],
    );
    let set = read();
    let tasks = ["Hopper-v5 (medium)", "Hopper-v5 (expert)", "Hopper-v5"];
    assert_eq!(set.tasks(), tasks);
    assert!(tasks.iter().all(|task| env(task) == "Hopper-v5"));
    assert_eq!(set.methods(), ["bc", "rlx2-td3"]);
    assert_eq!(set.of("Hopper-v5 (expert)", "bc").len(), 2);
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results/offline");
    let sweeps = ["hopper-medium-bc", "hopper-medium-expert-bc"].map(|name| results.join(name));
    let set = RunSet::read(&sweeps).unwrap();
    assert_eq!(
        set.tasks(),
        ["Hopper-v5 (medium-v0)", "Hopper-v5 (medium-expert-v0)"]
    );
    assert_eq!(set.methods(), ["bc dense", "bc grasp 0.95", "bc snip 0.95"]);
}

#[test]
fn runs_that_begin_with_others_are_no_plain_ones() {
    let folder = tempfile::tempdir().unwrap();
    for seed in 0..2 {
        let text = settings("Hopper-v5", "static-td3", seed);
        write_run(&folder.path().join(format!("plain-{seed}")), &text, &[1.0]);
        let text = format!("# init-from: ticket of runs/s{seed}\n{text}");
        write_run(&folder.path().join(format!("ticket-{seed}")), &text, &[1.0]);
    }
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert_eq!(
        set.methods(),
        ["static-td3", "static-td3, init-from=ticket"]
    );
}

/// Runs that earlier versions wrote, with other keys than today's, and a sweep over datasets.
#[test]
fn published_runs_are_read() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results");
    let set = RunSet::read(&[results.join("halfcheetah-v5-200k")]).unwrap();
    assert_eq!(set.methods(), ["dense", "rlx2"]);
    assert_eq!(set.of("HalfCheetah-v5", "rlx2")[0].steps.len(), 40);
    let set = RunSet::read(&[results.join("1m")]).unwrap();
    assert_eq!(set.tasks().len(), 5);
    let sweep = RunSet::read(&[results.join("offline/hopper-medium-bc")]).unwrap();
    assert_eq!(
        sweep.methods(),
        ["bc dense", "bc grasp 0.95", "bc snip 0.95"]
    );
    assert!(sweep.runs().iter().all(|run| run.offline));
}

#[test]
fn a_damaged_table_is_told_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let said = |text: &str| {
        write_run(folder.path(), &settings("Hopper-v5", "rlx2-td3", 0), &[]);
        fs::write(folder.path().join("metrics.csv"), text).unwrap();
        format!(
            "{:#}",
            RunSet::read(&[folder.path().to_owned()]).unwrap_err()
        )
    };
    assert!(said("step,return_mean\n5,abc\n").ends_with("metrics.csv:2: `abc` is no number"));
    assert!(said("step,return_mean\n5,1\n5,2\n").ends_with("metrics.csv:3: step 5 comes after 5"));
    assert!(said("a,b\n1,2\n").ends_with("no column `step`"));
    assert!(said("step,b\n1,2\n").ends_with("no column `return_mean`"));
    assert!(said("step,return_mean\n").ends_with("no evaluation yet"));
    fs::write(folder.path().join("config.toml"), "env = ").unwrap();
    let error = RunSet::read(&[folder.path().to_owned()]).unwrap_err();
    assert!(format!("{error:#}").contains("config.toml: "), "{error:#}");
}

#[test]
fn the_long_table_has_the_columns_that_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    let text = tables::long(&set, None).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("exp_name,env_name,seed,metric,env_step,value")
    );
    assert_eq!(
        lines.next(),
        Some("dense-td3,Hopper-v5,0,avg_return,1000,0")
    );
    assert_eq!(text.lines().count(), 1 + 12 * 2 * 3);
    let returns = tables::long(&set, Some(&["avg_return".to_owned()])).unwrap();
    assert_eq!(returns.lines().count(), 1 + 12 * 3);
    let error = tables::long(&set, Some(&["loss".to_owned()])).unwrap_err();
    assert!(
        error.to_string().contains("there are return_mean"),
        "{error}"
    );
}

#[test]
fn rliables_file_has_a_table_per_method() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    let board = Board::new(&set, Summary::Last);
    let text = tables::rliable(&set, &board, None, &|_| None).unwrap();
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    // Dense means are 200 and 20, and shares those of seeds 0, 1 and 2.
    assert_eq!(
        file["final"]["rlx2-td3"].to_string(),
        "[[0.25,0.25],[0.5,0.5],[0.75,0.75]]"
    );
    assert_eq!(
        file["curves"]["dense-td3"][2][1].to_string(),
        "[0.0,1.5,1.5]"
    );
    assert_eq!(file["seeds"]["rlx2-td3"].to_string(), "[[0,1,2],[0,1,2]]");
    fs::remove_dir_all(folder.path().join("Hopper-v5-rlx2-td3-s1")).unwrap();
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let board = Board::new(&set, Summary::Last);
    let error = tables::rliable(&set, &board, None, &|_| None).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("2 in Hopper-v5, 3 in Reacher-v5"),
        "{error}"
    );
}

#[test]
fn scales_need_returns_above_zero_or_references() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    let board = Board::new(&set, Summary::Last);
    let dense = board.baseline(None).unwrap();
    assert_eq!(dense.map(|method| method.name.as_str()), Some("dense-td3"));
    assert_eq!(
        board.scale(dense, &|_| None),
        Ok((score::Scale::Share("dense-td3".to_owned()), None))
    );
    assert!(
        board
            .baseline(Some("tiny"))
            .unwrap_err()
            .to_string()
            .contains("dense-td3, rlx2-td3")
    );
    let mut low = board.clone();
    low.methods[0].tasks[1][0].1 = -1e6;
    let why = low.scale(Some(&low.methods[0]), &|_| None).unwrap_err();
    assert!(why.contains("of dense-td3 in Reacher-v5 is -333"), "{why}");
    let (known, why) = low
        .scale(Some(&low.methods[0]), &|_| Some([0.0, 200.0]))
        .unwrap();
    assert!(why.unwrap().contains("is -333"));
    let scores = low.scaled(&low.methods[1], &known).unwrap();
    assert_eq!(scores.tasks()[0], [0.25, 0.5, 0.75]);
}

#[test]
fn connections_are_read_from_a_checkpoint() {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/results/1m");
    let run = results.join("walker2d-rlx2-td3-s1");
    let layers = networks::layers(&networks::file(&run).unwrap()).unwrap();
    let first = &layers[0];
    assert_eq!(
        (
            first.network.as_str(),
            first.inputs,
            first.outputs,
            first.positions.len()
        ),
        ("actor", 17, 256, 559)
    );
    assert_eq!(layers.len(), 9);
    assert_eq!(first.by_input().iter().sum::<usize>(), 559);
    assert!(networks::file(&results).is_none());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    let bytes = fs::read(networks::file(&run).unwrap()).unwrap();
    for cut in [0, 7, 100, bytes.len() - 1] {
        fs::write(&path, &bytes[..cut]).unwrap();
        assert!(networks::layers(&path).is_err(), "{cut}");
    }
}

/// What a file claims of its sizes does not take memory, and does not wrap round.
#[test]
fn layers_of_a_size_that_nobody_has_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.safetensors");
    for [inputs, outputs] in [["1099511627776", "1"], ["9223372036854775807", "4"]] {
        let said = [("actor.0.inputs", inputs), ("actor.0.outputs", outputs)];
        let said = said.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let positions = TensorView::new(Dtype::U32, vec![1], &[0; 4]).unwrap();
        let tensors = [("actor.0.positions", positions)];
        let bytes = safetensors::serialize(tensors, Some(HashMap::from(said))).unwrap();
        fs::write(&path, bytes).unwrap();
        let error = networks::layers(&path).unwrap_err().to_string();
        assert!(
            error.contains(inputs) && error.contains("at most"),
            "{error}"
        );
    }
}

#[test]
fn runs_behind_their_method_are_told() {
    let folder = tempfile::tempdir().unwrap();
    study(folder.path());
    let late = folder.path().join("Hopper-v5-rlx2-td3-s1");
    write_run(&late, &settings("Hopper-v5", "rlx2-td3", 1), &[5.0]);
    // One evaluation less is as good as level: runs end between two.
    let near = folder.path().join("Reacher-v5-rlx2-td3-s1");
    write_run(&near, &settings("Reacher-v5", "rlx2-td3", 1), &[5.0, 6.0]);
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let (level, behind) = set.level();
    assert_eq!(level.runs().len(), 11);
    assert!(
        behind[0].ends_with("Hopper-v5-rlx2-td3-s1 (at 1,000 of 3,000)"),
        "{behind:?}"
    );
    // A method that is shorter as a whole stays.
    assert_eq!(level.of("Hopper-v5", "rlx2-td3").len(), 2);
}
