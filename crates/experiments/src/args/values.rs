//! Values of options, checked before anything is built.

use std::time::Duration;

use crate::catalogue::{self, Kind};

pub use crate::catalogue::Device;

/// Most threads of one process.
const MOST_THREADS: u64 = 1024;

/// Reads a device.
///
/// # Errors
/// When no backend has this name.
pub fn device(text: &str) -> Result<Device, String> {
    let name = catalogue::find(Kind::Device, text)?;
    let known = Device::ALL.into_iter().find(|device| device.name() == name);
    known.ok_or_else(|| format!("`{name}` is of no backend that can be built"))
}

/// Reads a task: Gymnasium's name, the version optional, case and hyphens forgiven.
///
/// # Errors
/// When no known task has this name.
pub fn task(text: &str) -> Result<String, String> {
    catalogue::find(Kind::Task, text)
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

/// Reads a recipe, with the algorithm on which its full name ends; without one it is the first algorithm's.
///
/// # Errors
/// When no known recipe has this name.
pub fn recipe(text: &str) -> Result<String, String> {
    let algorithms = catalogue::names(Kind::Algorithm);
    let wanted = text.to_ascii_lowercase();
    let ends = |algo: &&String| {
        wanted
            .strip_suffix(algo.as_str())
            .is_some_and(|rest| rest.ends_with('-'))
    };
    let (name, algorithm) = match algorithms.iter().find(ends) {
        Some(algorithm) => (
            &wanted[..wanted.len() - algorithm.len() - 1],
            algorithm.as_str(),
        ),
        None => (
            wanted.as_str(),
            algorithms.first().map_or("", String::as_str),
        ),
    };
    match catalogue::find(Kind::Recipe, name) {
        Ok(name) => Ok(format!("{name}-{algorithm}")),
        Err(error) => {
            let others = algorithms.iter().skip(1).map(|algo| format!("-{algo}"));
            let others: Vec<String> = others.collect();
            Err(format!(
                "{error}, each also with {} for -{}",
                others.join(" or "),
                algorithms.first().map_or("", String::as_str)
            ))
        }
    }
}

/// Reads an algorithm.
///
/// # Errors
/// When no algorithm has this name.
pub fn algorithm(text: &str) -> Result<String, String> {
    catalogue::find(Kind::Algorithm, text)
}

/// Reads an algorithm that learns from a dataset.
///
/// # Errors
/// When no such algorithm has this name.
pub fn offline_algorithm(text: &str) -> Result<String, String> {
    catalogue::find(Kind::OfflineAlgorithm, text)
}

/// Reads a pruning criterion.
///
/// # Errors
/// When no criterion has this name.
pub fn criterion(text: &str) -> Result<String, String> {
    catalogue::find(Kind::Criterion, text)
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

/// A share of a score that a method keeps: above 0, and 10 at most.
///
/// # Errors
/// When it is no such number.
pub fn kept(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 10.0 => Err("it is a share, not percent, such as 0.97".to_owned()),
        Ok(share) if share > 0.0 => Ok(share),
        _ => Err("it is a share above 0, such as 0.97".to_owned()),
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
    // Wide enough that a number that does not fit is reported as too large, not as no number.
    let value = digits.parse::<i128>().ok();
    match value.and_then(|n| n.checked_mul(unit)) {
        Some(..1) => Err("must be at least 1".to_owned()),
        Some(value) => u64::try_from(value).map_err(|_| format!("must be at most {}", u64::MAX)),
        None => Err("not a whole number, such as 3000, 200_000, 200k or 1M".to_owned()),
    }
}

/// Reads a setting, `key=value`.
///
/// # Errors
/// When it has no key.
pub fn setting(text: &str) -> Result<String, String> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_owned()),
        _ => Err("a setting is key=value, such as learning.gamma=0.98".to_owned()),
    }
}

/// Reads a setting of a task, `key=value`.
///
/// # Errors
/// When it has no key.
pub fn env_setting(text: &str) -> Result<String, String> {
    setting(text)
        .map_err(|_| "a setting of a task is key=value, such as reset_noise_scale=0.2".to_owned())
}

/// Reads a length of time: `90s`, `45m`, `2h30m` or `1d`.
///
/// # Errors
/// When it is none, or nothing.
pub fn span(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is such as 90s, 45m, 2h30m or 1d, and above 0".to_owned();
    let (mut all, mut digits) = (0_u64, String::new());
    for letter in text.trim().chars() {
        let unit = match letter {
            '0'..='9' => {
                digits.push(letter);
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: u64 = digits.parse().map_err(|_| wrong())?;
        digits.clear();
        let seconds = count
            .checked_mul(unit)
            .and_then(|seconds| all.checked_add(seconds));
        all = seconds.ok_or_else(wrong)?;
    }
    match digits.is_empty() && all > 0 {
        true => Ok(Duration::from_secs(all)),
        false => Err(wrong()),
    }
}

/// Reads a part of the whole: `0/4` to `3/4`.
///
/// # Errors
/// When it is none.
pub fn slice(text: &str) -> Result<(usize, usize), String> {
    let parts = text.split_once('/');
    let parts = parts.and_then(|(i, n)| Some((i.trim().parse().ok()?, n.trim().parse().ok()?)));
    match parts {
        Some((part, of)) if part < of => Ok((part, of)),
        _ => Err(
            "a slice is 0/4, 1/4, 2/4 or 3/4: the part, from 0, and how many there are".to_owned(),
        ),
    }
}

/// Reads a finite number.
///
/// # Errors
/// When it is none.
pub fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "expected a number, such as 3000 or -5.5".to_owned())
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
    fn times_have_units() {
        for (text, seconds) in [("90s", 90), ("45m", 2700), ("2h30m", 9000), ("1d", 86_400)] {
            assert_eq!(span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in [
            "",
            "5",
            "h",
            "2h30",
            "0s",
            "-5m",
            "1.5h",
            "99999999999999999999d",
        ] {
            assert!(span(bad).is_err(), "{bad}");
        }
        assert_eq!(slice("0/1"), Ok((0, 1)));
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
