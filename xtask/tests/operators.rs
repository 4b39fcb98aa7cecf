//! What operators do to commands: they close pipes, fill disks, name files that are something else, ask for too much.
//! Nothing is lost, and what went wrong is one line.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be set up has failed"
)]

use std::fs::{self, File};
use std::os::unix::fs::{FileTypeExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A run of a second, with four evaluations.
const CONFIG: &str = "\
recipe = \"dense-td3\"
env = \"InvertedPendulum-v5\"
steps = 400
[networks]
actor = [32, 32]
critic = [32, 32]
[learning]
batch_size = 32
[evaluation]
every = 100
episodes = 1
";

/// A folder with `my.toml` and, made by it, `run`.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.path("my.toml"), CONFIG).unwrap();
        place
    }

    fn with_run() -> Self {
        let place = Self::new();
        place.does(&["train", "--config", "my.toml", "--out", "run"]);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_run"));
        command.args(words).current_dir(self.0.path());
        command
    }

    /// What a command says, which must succeed.
    fn does(&self, words: &[&str]) -> String {
        let output = self.command(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", errors(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The one line of a command that must fail, and must change nothing.
    fn refuses(&self, words: &[&str]) -> String {
        let before = contents(self.0.path());
        let output = self.command(words).output().unwrap();
        let line = errors(&output);
        assert!(!output.status.success(), "{words:?}");
        assert_eq!(line.trim_end().lines().count(), 1, "{words:?}: {line}");
        assert!(
            contents(self.0.path()) == before,
            "{words:?} changes files: {line}"
        );
        line
    }
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Every file below a folder with its bytes, the locks left out.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(contents(&path)),
            false if path.ends_with(".lock") => {}
            false => all.push((path.clone(), fs::read(&path).unwrap())),
        }
    }
    all.sort();
    all
}

fn rows(run: &Path) -> usize {
    let text = fs::read_to_string(run.join("metrics.csv")).unwrap();
    text.lines().count() - 1
}

#[test]
fn a_run_goes_on_when_nobody_reads_what_it_says() {
    let place = Place::new();
    for (words, runs) in [
        (&["--out", "one"][..], &["one"][..]),
        (&["--out", "two", "--seeds", "0..2"], &["two/s0", "two/s1"]),
    ] {
        let words = [&["train", "--config", "my.toml"], words].concat();
        let mut command = place.command(&words);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert!(child.wait().unwrap().success(), "{words:?}");
        for run in runs {
            assert_eq!(rows(&place.path(run)), 4, "{run}");
        }
    }
}

#[test]
fn a_reader_who_has_enough_ends_a_listing_quietly() {
    let place = Place::new();
    for words in [
        &["recipes"][..],
        &["recipes", "rlx2-td3"],
        &["train", "--help"],
    ] {
        let mut command = place.command(words);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{words:?}");
        assert_eq!(errors(&output), "", "{words:?}");
    }
}

#[test]
fn what_a_full_disk_takes_no_more_of_is_a_failure() {
    let full = Path::new("/dev/full");
    if !full.exists() {
        return;
    }
    let place = Place::with_run();
    for words in [
        &["recipes"][..],
        &["recipes", "rlx2-td3"],
        &["eval", "run", "--episodes", "1"],
        &["train", "--help"],
    ] {
        let to = File::options().write(true).open(full).unwrap();
        let output = place.command(words).stdout(to).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{words:?}");
        assert!(
            errors(&output).contains("error: standard output: "),
            "{words:?}"
        );
    }
    // A run is its folder.
    let to = || File::options().write(true).open(full).unwrap();
    let mut command = place.command(&["train", "--config", "my.toml", "--out", "other"]);
    assert!(
        command
            .stdout(to())
            .stderr(to())
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(rows(&place.path("other")), 4);
    // A device is written to, and stays one.
    let line = place.refuses(&["plot", "run", "--out", "/dev/full"]);
    assert!(line.contains("--out /dev/full cannot be written"), "{line}");
    assert!(fs::metadata(full).unwrap().file_type().is_char_device());
}

/// As a full disk: files may not grow.
#[test]
fn a_picture_that_cannot_be_whole_is_not_there() {
    let place = Place::with_run();
    let before = contents(place.0.path());
    for words in [
        "plot run --out p.svg",
        "watch run --out p.gif --seconds 0.2",
        "watch run --frames frames",
    ] {
        let line = format!(
            "ulimit -f 0; trap '' XFSZ; exec {} {words}",
            env!("CARGO_BIN_EXE_run")
        );
        let mut command = Command::new("bash");
        let output = command
            .args(["-c", &line])
            .current_dir(place.0.path())
            .output()
            .unwrap();
        assert_eq!(
            output.status.code(),
            Some(1),
            "{words}: {}",
            errors(&output)
        );
        assert!(
            errors(&output).contains("File too large"),
            "{}",
            errors(&output)
        );
        assert!(contents(place.0.path()) == before, "{words}");
    }
}

#[test]
fn outputs_never_take_the_place_of_something_else() {
    let place = Place::with_run();
    fs::write(place.path("notes.txt"), "mine").unwrap();
    symlink("run/metrics.csv", place.path("link.svg")).unwrap();
    fs::remove_file(place.path("run/checkpoints/best.json")).unwrap();
    for (words, expected) in [
        ("plot run --out run/metrics.csv", "ends in .svg or .png"),
        ("plot run --out run/config.toml", "ends in .svg or .png"),
        ("plot run --out link.svg", "the run in"),
        // Not there, but the run's.
        (
            "plot run --out run/checkpoints/best.json",
            "ends in .svg or .png",
        ),
        ("plot run --out notes.txt", "ends in .svg or .png"),
        ("plot run --out run", "is a folder"),
        ("plot run --out no/where.svg", "there is no folder no"),
        ("plot run --out notes.txt/a.svg", "is no folder"),
        (
            "watch run --out run/checkpoints/best.safetensors",
            "the run in",
        ),
        ("watch run --out notes.txt", "is no GIF animation"),
        ("watch run --frames notes.txt", "notes.txt is a file"),
    ] {
        let words: Vec<&str> = words.split(' ').collect();
        let line = place.refuses(&words);
        assert!(line.contains(expected) && line.contains(words[3]), "{line}");
    }
    // Its own it replaces, through a link too.
    for out in ["run/curve.svg", "curve.svg"] {
        for _ in 0..2 {
            place.does(&["plot", "run", "--out", out]);
        }
    }
    symlink("curve.svg", place.path("link-to-curve.svg")).unwrap();
    fs::write(place.path("curve.svg"), "").unwrap();
    place.does(&["plot", "run", "--out", "link-to-curve.svg"]);
    assert!(
        fs::read_to_string(place.path("curve.svg"))
            .unwrap()
            .trim_end()
            .ends_with("</svg>")
    );
    assert!(place.path("link-to-curve.svg").is_symlink());
    // Frames of two films do not mix.
    place.does(&["watch", "run", "--frames", "frames", "--seconds", "0.1"]);
    let line = place.refuses(&["watch", "run", "--frames", "frames"]);
    assert!(line.contains("frames already (frame-"), "{line}");
}

#[test]
fn files_of_no_run_are_not_overwritten() {
    let place = Place::new();
    fs::create_dir(place.path("server")).unwrap();
    fs::write(place.path("server/config.toml"), "[server]\nport = 80\n").unwrap();
    for words in [
        "train --config my.toml --out server",
        "train --config my.toml --out server --overwrite",
    ] {
        let line = place.refuses(&words.split(' ').collect::<Vec<_>>());
        assert!(
            line.contains("server/config.toml: is not the configuration of a run"),
            "{line}"
        );
    }
    // A run of seeds leaves no other seed's folder behind.
    fs::create_dir_all(place.path("many/s1")).unwrap();
    fs::write(place.path("many/s1/metrics.csv"), "mine").unwrap();
    let words = [
        "train",
        "--config",
        "my.toml",
        "--seeds",
        "0..2",
        "--out",
        "many",
        "--overwrite",
    ];
    let line = place.refuses(&words);
    assert!(
        line.contains("s1/metrics.csv: is not the metrics of a run"),
        "{line}"
    );
}

#[test]
fn commands_that_are_said_can_be_pasted() {
    let place = Place::new();
    let said = place.does(&["train", "--config", "my.toml", "--out", "it's a $run"]);
    let line = said
        .lines()
        .find(|line| line.contains("cargo xtask eval"))
        .unwrap();
    let (_, words) = line.split_once("cargo xtask ").unwrap();
    let line = format!("{} {words} --episodes 1", env!("CARGO_BIN_EXE_run"));
    let mut command = Command::new("bash");
    let output = command
        .args(["-c", &line])
        .current_dir(place.0.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", errors(&output));
}

#[test]
fn what_is_no_folder_or_no_run_is_named() {
    let place = Place::new();
    fs::create_dir(place.path("empty")).unwrap();
    fs::write(place.path("file"), "mine").unwrap();
    fs::write(place.path("empty.toml"), "").unwrap();
    for (words, expected) in [
        ("train --out file", "--out file is a file; choose a folder"),
        ("train --out file/a", "--out file/a: file is a file"),
        ("train --out file --seeds 0..2", "file is a file"),
        ("train --config empty.toml", "empty.toml sets nothing"),
        (
            "train --resume file",
            "file is a file; give the folder of the run",
        ),
        ("train --resume absent", "absent holds no run"),
        (
            "train --resume empty",
            "empty holds no run: the folder is empty",
        ),
        ("eval my.toml", "my.toml is a file"),
        ("eval absent", "absent holds no run"),
        ("eval empty", "the folder is empty"),
        ("plot absent", "absent holds no run"),
        ("watch empty", "the folder is empty"),
        ("collect file", "file is a file"),
        ("collect --env hopper --out file", "--out file is a file"),
    ] {
        let line = place.refuses(&words.split(' ').collect::<Vec<_>>());
        assert!(line.contains(expected), "{words}: {line}");
    }
    for words in [
        &["train", "--out", ""][..],
        &["eval", ""],
        &["plot", "a", "--out", ""],
    ] {
        let line = place.refuses(words);
        assert!(line.contains("a value is required for"), "{line}");
    }
}

#[test]
fn what_cannot_fit_is_refused_with_its_bytes() {
    let place = Place::new();
    let large = [
        (
            [
                "steps = 400",
                "batch_size = 1_000_000_000_000",
                "capacity = 1_000_000_000_000",
            ],
            "learning.batch_size = 1000000000000 takes at least 556 TB",
        ),
        (
            [
                "steps = 1_000_000_000_000_000",
                "batch_size = 32",
                "capacity = 1_000_000_000_000_000",
            ],
            "replay.capacity = 1000000000000000 takes at least 29 PB",
        ),
    ];
    // Other systems do not say how much memory there is.
    for ([steps, batch, capacity], expected) in
        large.into_iter().filter(|_| cfg!(target_os = "linux"))
    {
        let text = CONFIG
            .replace("steps = 400", steps)
            .replace("batch_size = 32", batch);
        fs::write(
            place.path("large.toml"),
            format!("{text}[replay]\n{capacity}\n"),
        )
        .unwrap();
        let line = place.refuses(&["train", "--config", "large.toml", "--out", "large"]);
        assert!(
            line.contains(expected) && line.contains("this machine has"),
            "{line}"
        );
    }
    let line = place.refuses(&["train", "--threads", "100000"]);
    assert!(
        line.contains("'--threads <N>': must be at most 1024"),
        "{line}"
    );
}

/// A page, figures and tables of runs; what is there already and of another kind stays.
#[test]
fn reports_and_tables_replace_their_own_alone() {
    let place = Place::with_run();
    place.does(&[
        "train", "--config", "my.toml", "--seed", "1", "--out", "other",
    ]);
    let said = place.does(&[
        "report", "run", "other", "--out", "a/report", "--score", "last-3",
    ]);
    assert_eq!(said.trim_end(), "a/report/index.html");
    let page = fs::read_to_string(place.path("a/report/index.html")).unwrap();
    for text in [
        "report run other --out a/report --score last-3",
        "data:image/gif;base64,",
        "InvertedPendulum-v5",
        "mean of the last 3 evaluations",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for name in ["curves.svg", "curves.png", "aggregates.png"] {
        assert!(
            place.path("a/report/figures").join(name).is_file(),
            "{name}"
        );
    }
    // Again, without the film, in the same place.
    place.does(&["report", "run", "other", "--out", "a/report", "--no-film"]);
    let said = place.does(&[
        "report",
        "run",
        "other",
        "--out",
        "md",
        "--format",
        "markdown",
        "--keeps",
        "0.9",
        "--baseline",
        "dense-td3",
    ]);
    assert_eq!(said.trim_end(), "md/README.md");
    let mut files: Vec<_> = ["md", "md/figures"]
        .iter()
        .flat_map(|folder| fs::read_dir(place.path(folder)).unwrap())
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(
        files,
        [
            "README.md",
            "aggregates.svg",
            "curves.svg",
            "figures",
            "scores.csv"
        ]
    );
    place.does(&[
        "plot",
        "run",
        "other",
        "--out",
        "p.png",
        "--column",
        "critic_loss",
    ]);
    let words = ["export", "run", "other", "--rliable", "scores.json"];
    assert_eq!(place.does(&words), "evaluations.csv\nscores.json\n");
    let table = fs::read_to_string(place.path("evaluations.csv")).unwrap();
    assert!(
        table.starts_with("exp_name,env_name,seed,metric,env_step,value\n"),
        "{table}"
    );
    assert!(
        table.contains("dense-td3,InvertedPendulum-v5,1,avg_return,400,"),
        "{table}"
    );
    fs::create_dir(place.path("site")).unwrap();
    fs::write(place.path("site/index.html"), "<!doctype html>mine").unwrap();
    fs::write(place.path("site/README.md"), "# mine").unwrap();
    fs::write(place.path("notes.csv"), "mine").unwrap();
    for (words, expected) in [
        ("report run --out site", "is no report"),
        (
            "report run --out site --format markdown",
            "is no report in Markdown",
        ),
        (
            "report run --out r --keeps 0",
            "'--keeps <SHARE>': it is a share above 0",
        ),
        ("report run --out r --keeps 97", "not percent, such as 0.97"),
        ("report run --out my.toml", "is a file"),
        (
            "report run --out r --score mean",
            "--score mean: a score is last",
        ),
        ("report run --out r --baseline tiny", "there are dense-td3"),
        ("report absent --out r", "absent holds no run"),
        ("export run --out notes.csv", "is no table of runs"),
        (
            "export run --out t.csv --metrics loss",
            "there are updates, episodes, return_mean",
        ),
        (
            "plot run --column loss --out c.svg",
            "there are updates, episodes, return_mean",
        ),
    ] {
        let line = place.refuses(&words.split(' ').collect::<Vec<_>>());
        assert!(line.contains(expected), "{words}: {line}");
    }
}
