//! Lists of seeds on the command line.

use super::values;

/// Most seeds of one command.
const MOST: usize = 1000;

/// Different seeds, in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(pub Vec<u64>);

/// Reads a list: `0..5` (without 5), `0..=4`, `0,3,7`, or several of these with commas.
///
/// # Errors
/// When it is no such list, is empty, names a seed twice, or has more than a thousand.
pub fn seeds(text: &str) -> Result<Seeds, String> {
    let mut all: Vec<u64> = Vec::new();
    for part in text.split(',') {
        let (first, last) = range(part.trim()).ok_or_else(|| {
            format!("`{part}` is no seed and no range; seeds are 0..5 (without 5), 0..=4 or 0,3,7")
        })?;
        for seed in first..=last {
            if all.contains(&seed) {
                return Err(format!("seed {seed} stands there twice"));
            }
            if all.len() == MOST {
                return Err(format!("more than {MOST} seeds"));
            }
            all.push(seed);
        }
    }
    Ok(Seeds(all))
}

/// The first and the last seed of a range that is not empty.
fn range(part: &str) -> Option<(u64, u64)> {
    let number = |text: &str| values::seed(text).ok();
    let Some((first, end)) = part.split_once("..") else {
        return number(part).map(|seed| (seed, seed));
    };
    let first = number(first)?;
    let last = match end.strip_prefix('=') {
        Some(last) => number(last)?,
        None => number(end)?.checked_sub(1)?,
    };
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists_are_understood() {
        for (text, expected) in [
            ("0..5", &[0, 1, 2, 3, 4][..]),
            ("0..=4", &[0, 1, 2, 3, 4]),
            ("0,3,7", &[0, 3, 7]),
            ("9, 2..4", &[9, 2, 3]),
            ("5", &[5]),
        ] {
            assert_eq!(seeds(text).unwrap().0, expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_list_of_seeds_is_refused() {
        for bad in [
            "",
            "a",
            "3..3",
            "4..2",
            "0..",
            "..4",
            "1,,2",
            "-1",
            "0..=",
            "1.5",
            "0..2,1",
            "0..99999999999",
            "18446744073709551616",
        ] {
            let error = seeds(bad).unwrap_err();
            assert!(!error.contains('\n'), "{error}");
        }
        assert_eq!(seeds("0..1000").unwrap().0.len(), 1000);
        assert!(seeds("4,4").unwrap_err().contains("seed 4"));
    }
}
