//! Options of `watch`.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};

use super::help;
use super::values::{self, Device};
use crate::catalogue::Kind;

/// Options of `cargo xtask watch`.
#[derive(Args, Clone, Debug)]
#[command(group = ArgGroup::new("world").args(["env", "model"]), after_help = "Examples:
  cargo xtask watch runs/halfcheetah-v5-rlx2-td3-s0
  cargo xtask watch --random --env Ant --out ant.gif
  cargo xtask watch --model robot.xml --seconds 3
  cargo xtask watch --side-by-side runs/a runs/b --seconds 5
  cargo xtask watch runs/a --frames frames/")]
pub struct WatchArgs {
    /// Folders of runs: one, or two with --side-by-side
    #[arg(value_name = "RUN", num_args = 0..=2, required_unless_present_any = ["random", "model"])]
    pub runs: Vec<PathBuf>,

    /// Two agents next to each other, from the same start
    #[arg(long)]
    pub side_by_side: bool,

    /// Uniformly random actions instead of an agent; needs --env or --model
    #[arg(long, requires = "world", conflicts_with_all = ["runs", "side_by_side"])]
    pub random: bool,

    /// Task for --random, by Gymnasium's name
    #[arg(long, value_name = "TASK", value_parser = values::task, conflicts_with = "runs")]
    pub env: Option<String>,

    /// One setting of the task, over those of a run, such as reset_noise_scale=0.2 or action_repeat=2; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = values::env_setting, conflicts_with = "model")]
    pub env_set: Vec<String>,

    /// Model in MJCF to film, from its first keyframe and without control, or with --random
    #[arg(long, value_name = "FILE", conflicts_with_all = ["runs", "side_by_side", "best"])]
    pub model: Option<PathBuf>,

    /// Take the checkpoint of the best evaluation, not the last one
    #[arg(long)]
    pub best: bool,

    /// Seed of the starting state and of random actions
    #[arg(long, value_name = "N", default_value = "0", value_parser = values::seed, allow_hyphen_values = true)]
    pub seed: u64,

    /// Simulated time to film at most; the episode may end before (s)
    #[arg(long, value_name = "S", default_value = "8", value_parser = positive, allow_hyphen_values = true)]
    pub seconds: f64,

    /// Frames per second of simulated time, 1 to 50
    #[arg(long, value_name = "N", default_value = "20", value_parser = fps, allow_hyphen_values = true)]
    pub fps: f64,

    /// Pixels of one agent's picture
    #[arg(long, value_name = "WxH", default_value = "400x300", value_parser = size, allow_hyphen_values = true)]
    pub size: [usize; 2],

    /// How far to stand back, as a multiple of the default
    #[arg(long, value_name = "TIMES", default_value = "1", value_parser = positive, allow_hyphen_values = true)]
    pub distance: f64,

    /// Direction of view about the vertical, in degrees: 0 along x, 90 along y
    #[arg(long, value_name = "DEG", allow_hyphen_values = true, value_parser = angle)]
    pub azimuth: Option<f64>,

    /// Direction of view above the horizontal, in degrees; negative looks down
    #[arg(long, value_name = "DEG", allow_hyphen_values = true, value_parser = angle)]
    pub elevation: Option<f64>,

    /// Animation to write (GIF); takes the place of an older one, and of nothing else [default: watch.gif in the run's
    /// folder, or TASK.gif here]
    #[arg(long, value_name = "FILE", conflicts_with = "frames")]
    pub out: Option<PathBuf>,

    /// Folder to write PNG frames to, instead of an animation; not one with frames of another
    #[arg(long, value_name = "DIR")]
    pub frames: Option<PathBuf>,

    /// Backend that computes the network
    #[arg(long, value_name = "NAME", value_parser = values::device,
        help = help::named("Backend that computes the network", Kind::Device, "flex"))]
    pub device: Option<Device>,
}

impl WatchArgs {
    /// As by `watch --random --env TASK --out FILE --seed SEED`.
    #[must_use]
    pub fn of_random(env: &str, env_set: &[String], out: Option<PathBuf>, seed: u64) -> Self {
        Self {
            runs: Vec::new(),
            random: true,
            env: Some(env.to_owned()),
            env_set: env_set.to_vec(),
            best: false,
            out,
            seed,
            ..Self::of_best(Path::new(""), Path::new(""), 8.0)
        }
    }

    /// As by `watch RUN --best --out FILE --seconds S`.
    #[must_use]
    pub fn of_best(run: &Path, out: &Path, seconds: f64) -> Self {
        Self {
            runs: vec![run.to_owned()],
            side_by_side: false,
            random: false,
            env: None,
            env_set: Vec::new(),
            model: None,
            best: true,
            seed: 0,
            seconds,
            fps: 20.0,
            size: [400, 300],
            distance: 1.0,
            azimuth: None,
            elevation: None,
            out: Some(out.to_owned()),
            frames: None,
            device: None,
        }
    }
}

/// Reads `WxH`.
fn size(text: &str) -> Result<[usize; 2], String> {
    let number = |text: &str| text.parse().ok().filter(|n| (16..=4096).contains(n));
    text.split_once(['x', 'X'])
        .and_then(|(width, height)| Some([number(width)?, number(height)?]))
        .ok_or_else(|| "expected width x height in pixels, 16 to 4096 each, such as 400x300".into())
}

/// Reads frames per second.
fn fps(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| (1.0..=50.0).contains(number))
        .ok_or_else(|| "expected 1 to 50 frames per second, such as 20".into())
}

/// Reads a number above 0.
fn positive(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| *number > 0.0 && number.is_finite())
        .ok_or_else(|| "expected a number above 0, such as 1.5".into())
}

/// Reads an angle.
fn angle(text: &str) -> Result<f64, String> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| "expected degrees, such as 45 or -30".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cameras_stand_somewhere() {
        assert_eq!((positive("0.5"), angle("-30")), (Ok(0.5), Ok(-30.0)));
        for wrong in ["0", "-2", "nan", "inf", "x"] {
            assert!(positive(wrong).is_err(), "{wrong}");
        }
        assert!(angle("nan").is_err() && angle("x").is_err());
        assert_eq!((fps("1"), fps("50")), (Ok(1.0), Ok(50.0)));
        for wrong in ["0.5", "51", "-20", "nan"] {
            assert!(fps(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_two_numbers() {
        assert_eq!(size("400x300"), Ok([400, 300]));
        for wrong in ["400", "400x", "0x300", "400x300x2", "9999x10", "axb"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
