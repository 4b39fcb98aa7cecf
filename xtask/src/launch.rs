//! Starting other programs: the training binary, the tests, the script of continuous integration.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use cli::chores::TestArgs;
use cli::values::Device;

/// The root of the workspace, where this package's folder lies.
///
/// # Errors
/// When the folder that this binary was built in is gone and the current one is not the workspace.
pub(crate) fn root() -> Result<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    let here = env::current_dir().context("the current folder cannot be read")?;
    built
        .into_iter()
        .chain(here.ancestors())
        .find(|path| path.join("xtask/Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .context("start this from inside the project's folder")
}

/// Builds the `run` binary for `device` and becomes it, with the arguments of this process.
///
/// # Errors
/// When cargo cannot be started or the build fails.
pub(crate) fn run(device: Device) -> Result<ExitCode> {
    let features = format!("run,{device}");
    let target = [
        "--release",
        "--package",
        "xtask",
        "--bin",
        "run",
        "--no-default-features",
        "--features",
        &features,
    ];
    let root = root()?;
    if !built(&root) {
        note(&format!(
            "building the training binary for `{device}` (first time: some minutes)..."
        ));
    }
    let status = cargo(&root, "build")
        .args(target)
        .status()
        .context("cargo cannot be started")?;
    if !status.success() {
        bail!("the training binary does not build");
    }
    // It is fresh now, so this second cargo only finds the file, wherever the target folder lies.
    let mut command = cargo(&root, "run");
    command.arg("--quiet").args(target).arg("--");
    become_program(command.args(env::args_os().skip(1)))
}

/// Runs the workspace's tests, in release: physics and training at speed, and Burn's build shared with training.
///
/// # Errors
/// When cargo cannot be started.
pub(crate) fn test(args: &TestArgs) -> Result<ExitCode> {
    let mut command = cargo(&root()?, "test");
    command.arg("--release");
    let mut words = args.which.as_slice();
    let parity = words.first().is_some_and(|word| word == "parity");
    if parity {
        words = &words[1..];
        command.args(["--package", "tests", "--test", "parity"]);
    } else {
        command.args(["--workspace", "--features", "xtask/run,xtask/flex"]);
    }
    command.arg("--").args(words);
    if parity {
        command.arg("--nocapture");
    }
    if args.long {
        command.arg("--include-ignored");
    }
    become_program(&mut command)
}

/// Runs `.ci/run`.
///
/// # Errors
/// When bash cannot be started.
pub(crate) fn ci() -> Result<ExitCode> {
    let root = root()?;
    become_program(Command::new("bash").arg(".ci/run").current_dir(root))
}

/// A cargo command at the workspace root, without the variables that the outer cargo set about this package
/// (they would make build scripts run again).
fn cargo(root: &Path, subcommand: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    for (name, _) in env::vars_os() {
        let about_this_package = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"]
                .iter()
                .any(|start| name.starts_with(start))
        });
        if about_this_package {
            command.env_remove(name);
        }
    }
    command.arg(subcommand).current_dir(root);
    command
}

/// Whether a training binary was built before.
fn built(root: &Path) -> bool {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    root.join(target)
        .join("release/run")
        .with_extension(env::consts::EXE_EXTENSION)
        .is_file()
}

/// Replaces this process by `command`, so that Ctrl-C and the exit status are its own.
#[cfg(unix)]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("{} cannot be started", command.get_program().display()))
}

/// Runs `command` and passes its exit status on.
#[cfg(not(unix))]
fn become_program(command: &mut Command) -> Result<ExitCode> {
    let status = command
        .status()
        .with_context(|| format!("{} cannot be started", command.get_program().display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

#[allow(clippy::print_stderr, reason = "this is the command line")]
fn note(line: &str) {
    eprintln!("{line}");
}
