//! Starting other programs: the training binary, the script of continuous integration.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use experiments::args::values::Device;
use experiments::terminal::tell::note;

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

/// The cargo options that build for a device. Training and tests select the same, so that the tensor library is
/// compiled once: the features of shared dependencies follow from the packages that are selected together. A GPU is
/// built beside the default CPU backend, which its tests compare it with.
pub(crate) fn selection(device: Device) -> [String; 5] {
    let features = if device.is_gpu() {
        format!("xtask/run,xtask/{},xtask/{device}", Device::default())
    } else {
        format!("xtask/run,xtask/{device}")
    };
    let words = [
        "--release",
        "--workspace",
        "--no-default-features",
        "--features",
    ];
    let [release, workspace, bare, with] = words.map(str::to_owned);
    [release, workspace, bare, with, features]
}

/// Builds the `run` binary for `device` and becomes it, with the arguments of this process.
///
/// # Errors
/// When cargo cannot be started or the build fails.
pub(crate) fn run(device: Device) -> Result<ExitCode> {
    let root = root()?;
    if !built(&root) {
        note(&format!(
            "building the training binary for `{device}` (first time: some minutes)..."
        ));
    }
    let build = cargo(&root, "build")
        .args(selection(device))
        .args([
            "--bin",
            "run",
            "--message-format",
            "json-render-diagnostics",
        ])
        .stderr(Stdio::inherit())
        .output()
        .context("cargo cannot be started")?;
    if !build.status.success() {
        bail!("the training binary does not build");
    }
    let messages = String::from_utf8_lossy(&build.stdout);
    let program = executable(&messages).context("cargo does not say where the binary is")?;
    become_program(Command::new(program).args(env::args_os().skip(1)))
}

/// The path of the binary that cargo's messages name last.
fn executable(messages: &str) -> Option<String> {
    let named = messages.rsplit("\"executable\":\"").next()?;
    let path = named
        .split('"')
        .next()
        .filter(|_| named.len() < messages.len())?;
    Some(path.replace("\\\\", "\\"))
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
pub(crate) fn cargo(root: &Path, subcommand: &str) -> Command {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_gpu_device_builds_a_gpu_stack() {
        let features = |device| selection(device)[4].clone();
        assert_eq!(features(Device::Flex), "xtask/run,xtask/flex");
        assert_eq!(features(Device::Ndarray), "xtask/run,xtask/ndarray");
        assert_eq!(features(Device::Wgpu), "xtask/run,xtask/flex,xtask/wgpu");
        assert_eq!(features(Device::Cuda), "xtask/run,xtask/flex,xtask/cuda");
    }

    #[test]
    fn the_binary_is_the_one_that_cargo_names_last() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","executable":null}"#,
            "\n",
            r#"{"target":{"name":"run"},"executable":"C:\\target\\run.exe","fresh":true}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#
        );
        assert_eq!(executable(messages).unwrap(), r"C:\target\run.exe");
        assert_eq!(executable(r#"{"executable":null}"#), None);
    }
}
