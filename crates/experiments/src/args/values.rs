//! What option values may be, checked before anything is built.

use std::fmt;

/// Tasks of `envs`, by Gymnasium's names; the `run` binary's tests hold this list against the registry.
pub const TASKS: [&str; 25] = [
    "HalfCheetah-v5",
    "Hopper-v5",
    "Walker2d-v5",
    "Ant-v5",
    "Humanoid-v5",
    "Swimmer-v5",
    "InvertedPendulum-v5",
    "InvertedDoublePendulum-v5",
    "Reacher-v5",
    "Pusher-v5",
    "HalfCheetah-v4",
    "Hopper-v4",
    "Walker2d-v4",
    "Ant-v4",
    "Humanoid-v4",
    "Swimmer-v4",
    "InvertedPendulum-v4",
    "InvertedDoublePendulum-v4",
    "Reacher-v4",
    "HalfCheetah-v3",
    "Hopper-v3",
    "Walker2d-v3",
    "Ant-v3",
    "Humanoid-v3",
    "Swimmer-v3",
];

/// Recipes of `rl-algos`, with a line on each; the `run` binary's tests hold this list against the crate's.
pub const RECIPES: [(&str, &str); 8] = [
    (
        "rlx2",
        "RigL, 3-step targets after a delay, replay that forgets stale policies",
    ),
    (
        "rigl",
        "grow where the gradient is large, drop small weights",
    ),
    ("set", "grow at random, drop small weights"),
    ("static", "a random sparse network that never changes"),
    (
        "ds",
        "half the weights: drop the smallest of each sign, grow at random",
    ),
    (
        "pruned",
        "starts dense; small weights go from 20 % to 80 % of the run",
    ),
    ("tiny", "dense, with as few weights as the sparse recipes"),
    ("dense", "no zeros: the baseline"),
];

/// Algorithms of `rl-algos`, on which the full names of recipes end.
pub const ALGORITHMS: [&str; 3] = ["td3", "sac", "redq"];

/// Algorithms of `offline-prune`.
pub const OFFLINE_ALGORITHMS: [&str; 5] = ["bc", "td3-bc", "iql", "awac", "bcq"];

/// Criteria of `offline-prune`.
pub const CRITERIA: [&str; 7] = [
    "snip",
    "grasp",
    "synflow",
    "iterative-snip",
    "force",
    "magnitude",
    "random",
];

/// Most threads of one process.
const MOST_THREADS: u64 = 1024;

/// Backends that a training binary can be built for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// Burn's maintained CPU backend.
    #[default]
    Flex,
    /// Burn's older CPU backend.
    Ndarray,
    /// GPUs through Vulkan, Metal or DirectX 12.
    Wgpu,
    /// NVIDIA GPUs through CUDA.
    Cuda,
}

impl Device {
    /// All of them, the default first.
    pub const ALL: [Self; 4] = [Self::Flex, Self::Ndarray, Self::Wgpu, Self::Cuda];

    /// The name on the command line, which is also the name of the cargo feature.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Flex => "flex",
            Self::Ndarray => "ndarray",
            Self::Wgpu => "wgpu",
            Self::Cuda => "cuda",
        }
    }

    /// Whether it computes on a GPU.
    #[must_use]
    pub fn is_gpu(self) -> bool {
        matches!(self, Self::Wgpu | Self::Cuda)
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Reads a device.
///
/// # Errors
/// When no backend has this name.
pub fn device(text: &str) -> Result<Device, String> {
    let wanted = text.to_ascii_lowercase();
    let known = Device::ALL
        .into_iter()
        .find(|device| device.name() == wanted);
    known.ok_or_else(|| {
        let names = Device::ALL.map(Device::name).join(", ");
        format!("unknown device; known devices: {names}")
    })
}

/// Reads a task: Gymnasium's name, the version optional, case and hyphens forgiven.
///
/// # Errors
/// When no known task has this name.
pub fn task(text: &str) -> Result<String, String> {
    let plain = |name: &str| -> String {
        let name = name.to_ascii_lowercase();
        name.chars().filter(char::is_ascii_alphanumeric).collect()
    };
    let wanted = plain(text);
    let same = |known: &&&str| {
        let known = plain(known);
        wanted == known || known.strip_suffix("v5") == Some(&wanted)
    };
    match TASKS.iter().find(same) {
        Some(task) => Ok((*task).to_owned()),
        None => Err(format!("unknown task; known tasks: {}", TASKS.join(", "))),
    }
}

/// Reads a task, or `none`.
///
/// # Errors
/// When it is neither.
pub fn task_or_none(text: &str) -> Result<String, String> {
    if text.eq_ignore_ascii_case("none") {
        return Ok("none".to_owned());
    }
    task(text).map_err(|error| format!("{error}; or none, for data of no task"))
}

/// Reads a recipe.
///
/// # Errors
/// When no known recipe has this name.
pub fn recipe(text: &str) -> Result<String, String> {
    let wanted = text.to_ascii_lowercase();
    let (name, algorithm) = wanted.rsplit_once('-').unwrap_or((&wanted, ALGORITHMS[0]));
    let names = RECIPES.map(|(name, _)| name);
    if names.contains(&name) && ALGORITHMS.contains(&algorithm) {
        Ok(format!("{name}-{algorithm}"))
    } else {
        Err(format!(
            "unknown recipe; known recipes: {}, each also with -sac or -redq for -td3",
            names.join(", ")
        ))
    }
}

/// Reads an algorithm.
///
/// # Errors
/// When no algorithm has this name.
pub fn algorithm(text: &str) -> Result<String, String> {
    one_of(&ALGORITHMS, text, "algorithm", "algorithms")
}

/// Reads an algorithm that learns from a dataset.
///
/// # Errors
/// When no such algorithm has this name.
pub fn offline_algorithm(text: &str) -> Result<String, String> {
    one_of(&OFFLINE_ALGORITHMS, text, "algorithm", "algorithms")
}

/// Reads what weights are scored by.
///
/// # Errors
/// When no criterion has this name.
pub fn criterion(text: &str) -> Result<String, String> {
    one_of(&CRITERIA, text, "criterion", "criteria")
}

fn one_of(known: &[&str], text: &str, one: &str, many: &str) -> Result<String, String> {
    let wanted = text.trim().to_ascii_lowercase();
    if known.contains(&wanted.as_str()) {
        return Ok(wanted);
    }
    let names = known.join(", ");
    Err(format!("unknown {one}; known {many}: {names}"))
}

/// Reads a sparsity: the share of weights that are absent, in [0, 1).
///
/// # Errors
/// When it is not a number or lies outside.
pub fn sparsity(text: &str) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| "not a number; a sparsity lies in [0, 1), such as 0.9".to_owned())?;
    if (0.0..1.0).contains(&value) {
        Ok(value)
    } else {
        Err("a sparsity lies in [0, 1): 0 keeps every weight, 0.9 one in ten".to_owned())
    }
}

/// Reads a positive count: plain digits, `200_000`, `200k` or `1M`.
///
/// # Errors
/// When it is no such count, is zero or does not fit.
pub fn count(text: &str) -> Result<u64, String> {
    let plain = text.replace('_', "");
    let (digits, unit) = match plain.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&plain[..at], 1_000),
        Some((at, 'm' | 'M')) => (&plain[..at], 1_000_000),
        _ => (plain.as_str(), 1),
    };
    // As wide as any count that is worth reading: what does not fit is told as too large, not as no number.
    let value = digits.parse::<i128>().ok();
    match value.and_then(|n| n.checked_mul(unit)) {
        Some(..1) => Err("must be at least 1".to_owned()),
        Some(value) => u64::try_from(value).map_err(|_| format!("must be at most {}", u64::MAX)),
        None => Err("not a whole number, such as 3000, 200_000, 200k or 1M".to_owned()),
    }
}

/// Reads how many threads compute.
///
/// # Errors
/// When it is no [`count`], or more than any machine has work for.
pub fn threads(text: &str) -> Result<u64, String> {
    let threads = count(text)?;
    if threads > MOST_THREADS {
        return Err(format!(
            "must be at most {MOST_THREADS}; more than there are cores compute no faster"
        ));
    }
    Ok(threads)
}

/// Reads the seed of random streams.
///
/// # Errors
/// When it is no whole number, is negative or does not fit.
pub fn seed(text: &str) -> Result<u64, String> {
    text.parse()
        .map_err(|_| "a seed is a whole number, 0 or more".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_names_are_forgiven_their_case_hyphens_and_version() {
        for name in [
            "HalfCheetah-v5",
            "halfcheetah",
            "half-cheetah",
            "HALF_CHEETAH_V5",
        ] {
            assert_eq!(task(name).unwrap(), "HalfCheetah-v5", "{name}");
        }
        assert_eq!(task("ant-v4").unwrap(), "Ant-v4");
        assert!(task("HalfCheetah-v2").is_err());
        assert!(task("CartPole").unwrap_err().contains("Walker2d-v5"));
    }

    #[test]
    fn devices_go_by_their_names() {
        assert_eq!(device("Flex").unwrap(), Device::Flex);
        for known in Device::ALL {
            assert_eq!(device(known.name()).unwrap(), known);
        }
        assert!(
            device("tpu")
                .unwrap_err()
                .contains("flex, ndarray, wgpu, cuda")
        );
    }

    #[test]
    fn a_sparsity_is_below_one() {
        assert_eq!(sparsity("0").unwrap(), 0.0);
        assert_eq!(sparsity("0.98").unwrap(), 0.98);
        for bad in ["1", "-0.1", "NaN", "inf", "90%"] {
            assert!(sparsity(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn counts_take_underscores_and_units() {
        assert_eq!(count("200_000").unwrap(), 200_000);
        assert_eq!(count("200k").unwrap(), 200_000);
        assert_eq!(count("1M").unwrap(), 1_000_000);
        assert_eq!(count("18446744073709551615").unwrap(), u64::MAX);
        for (bad, expected) in [
            ("0", "at least 1"),
            ("-3", "at least 1"),
            ("-3k", "at least 1"),
            ("2.5k", "not a whole number"),
            ("", "not a whole number"),
            ("k", "not a whole number"),
            ("18446744073709551616", "at most 18446744073709551615"),
            ("18446744073709551615M", "at most 18446744073709551615"),
        ] {
            let error = count(bad).unwrap_err();
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn threads_have_a_largest_and_seeds_a_smallest() {
        assert_eq!(threads("1024").unwrap(), 1024);
        for bad in ["0", "-1", "1025", "100000", "x"] {
            assert!(threads(bad).is_err(), "{bad}");
        }
        assert_eq!(seed("0").unwrap(), 0);
        assert_eq!(seed("18446744073709551615").unwrap(), u64::MAX);
        for bad in ["-1", "18446744073709551616", "1.5", "", "x"] {
            let error = seed(bad).unwrap_err();
            assert!(error.contains("a whole number, 0 or more"), "{error}");
        }
    }

    #[test]
    fn an_unknown_recipe_lists_the_known_ones() {
        assert_eq!(recipe("RLx2").unwrap(), "rlx2-td3");
        assert_eq!(recipe("tiny-sac").unwrap(), "tiny-sac");
        assert!(recipe("rlx2-ppo").is_err());
        assert_eq!(algorithm("SAC").unwrap(), "sac");
        assert!(algorithm("ppo").unwrap_err().contains("td3, sac"));
        assert_eq!(criterion(" GraSP").unwrap(), "grasp");
        assert!(criterion("l1").unwrap_err().contains("snip, grasp"));
        assert_eq!(offline_algorithm("TD3-BC").unwrap(), "td3-bc");
        assert!(
            recipe("sac")
                .unwrap_err()
                .contains("rlx2, rigl, set, static, ds, pruned, tiny, dense")
        );
    }
}
