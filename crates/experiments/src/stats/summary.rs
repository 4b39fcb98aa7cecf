//! One number of a run: what papers call its score.

use std::fmt;
use std::str::FromStr;

use super::{Curve, Error, mean_of};

/// How the evaluations of a run become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    /// The last evaluation. SimbaV2, XQC; D4RL's tables.
    Last,
    /// The mean of the last `n` evaluations, of all where there are fewer. RLx2: 30; TD3 and DS-TD3: 10.
    LastOf(usize),
    /// The mean of the last tenth of the evaluations, of one at least. Graesser et al. 2022.
    LastTenth,
    /// The best evaluation. It chooses by what it tells, so it is higher than what the agent would do again.
    Best,
    /// Area under the curve: the sum of the returns of all evaluations over the last step. DS-TD3's learning curve area
    /// (LCA), whose tables hold it with evaluations every 5,000 steps, one of them at step 0.
    Area,
}

impl Summary {
    /// Those with a name, and who defines them so.
    pub const NAMED: [(&'static str, &'static str); 6] = [
        ("last", "the last evaluation: SimbaV2, XQC, D4RL's tables"),
        (
            "last-10",
            "mean of the last 10 evaluations: TD3, DS-TD3; any number may stand for 10",
        ),
        ("last-30", "mean of the last 30 evaluations: RLx2"),
        (
            "last-tenth",
            "mean of the last tenth of the evaluations: Graesser et al.",
        ),
        ("best", "the best evaluation; optimistic"),
        ("area", "sum of the returns over the steps: DS-TD3's LCA"),
    ];

    /// The number of a run.
    #[must_use]
    pub fn of(self, run: &Curve) -> f64 {
        let values = run.values();
        let last = |count: usize| mean_of(&values[values.len().saturating_sub(count.max(1))..]);
        match self {
            Self::Last => last(1),
            Self::LastOf(count) => last(count),
            Self::LastTenth => last(values.len() / 10),
            Self::Best => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Area => values.iter().sum::<f64>() / run.last_step(),
        }
    }

    /// What stands above a column of it.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Last => "last evaluation".to_owned(),
            Self::LastOf(count) => format!("mean of the last {count} evaluations"),
            Self::LastTenth => "mean of the last tenth of the evaluations".to_owned(),
            Self::Best => "best evaluation".to_owned(),
            Self::Area => "sum of the returns over the steps (LCA)".to_owned(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Last => f.write_str("last"),
            Self::LastOf(count) => write!(f, "last-{count}"),
            Self::LastTenth => f.write_str("last-tenth"),
            Self::Best => f.write_str("best"),
            Self::Area => f.write_str("area"),
        }
    }
}

impl FromStr for Summary {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let count = text.strip_prefix("last-").and_then(|n| n.parse().ok());
        match (text, count) {
            ("last", _) => Ok(Self::Last),
            ("last-tenth", _) => Ok(Self::LastTenth),
            ("best", _) => Ok(Self::Best),
            ("area" | "lca", _) => Ok(Self::Area),
            (_, Some(count @ 1..)) => Ok(Self::LastOf(count)),
            _ => Err(Error::Curve(
                "a score is last, last-N such as last-10, last-tenth, best or area",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(values: impl IntoIterator<Item = f64>) -> Curve {
        let points = values.into_iter().zip(1..);
        Curve::new(
            points
                .map(|(value, at)| (f64::from(at) * 5e3, value))
                .collect(),
        )
        .unwrap()
    }

    #[test]
    fn each_paper_has_its_score() {
        let run = run((1..=40).map(f64::from));
        let of = |name: &str| name.parse::<Summary>().unwrap().of(&run);
        assert_eq!(of("last"), 40.0);
        assert_eq!(of("last-10"), 35.5);
        assert_eq!(of("last-30"), 25.5);
        assert_eq!(of("last-99"), 20.5);
        assert_eq!(of("last-tenth"), 38.5);
        assert_eq!(of("best"), 40.0);
        assert_eq!(of("area"), 820.0 / 200_000.0);
        for (name, _) in Summary::NAMED {
            assert_eq!(name.parse::<Summary>().unwrap().to_string(), name);
        }
        for wrong in ["", "last-0", "last-", "mean", "last--3"] {
            assert!(wrong.parse::<Summary>().is_err(), "{wrong}");
        }
    }

    /// DS-TD3, Table 1: TD3 in HalfCheetah-v3 has an LCA of 1.7686, a mean return of 8,799 over 201 evaluations.
    #[test]
    fn the_area_is_of_the_size_in_ds_td3s_table() {
        let points = (0..=200).map(|at| (f64::from(at) * 5e3, 8799.0)).collect();
        let area = Summary::Area.of(&Curve::new(points).unwrap());
        assert!((area - 1.7686).abs() < 1e-4, "{area}");
    }
}
