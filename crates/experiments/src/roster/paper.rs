//! What a paper says of the runs of a study, in `paper.json` of its folder: numbers that a report shows beside ours.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use super::place::StudyDir;

/// What a paper says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paper {
    /// Where it stands.
    pub source: String,
    /// What of it cannot be compared with these runs, and why.
    pub not_comparable: Vec<String>,
    /// Its tables.
    pub tables: Vec<PaperTable>,
    /// What it claims of methods.
    pub claims: Vec<PaperClaim>,
}

/// A claim: that a method keeps a share of another's score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperClaim {
    /// The method.
    pub method: String,
    /// The other.
    pub of: String,
    /// The share, such as 0.97; above 0.
    pub keeps: f64,
    /// What a run's score is, as `report --score` has it.
    pub score: String,
}

/// A table of a paper.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PaperTable {
    /// What it is.
    pub title: String,
    /// What a run's score is, as `report --score` has it.
    pub score: String,
    /// The method of whose mean score in a task the numbers are percent; they are scores without one.
    pub percent_of: Option<String>,
    /// By method, a number for each task, which is named without its version.
    pub rows: BTreeMap<String, BTreeMap<String, Published>>,
}

/// A number of a paper.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a mean, or a mean and its deviation, such as 99.8 or [97.0, 2.1]"
)]
pub enum Published {
    /// A mean.
    Mean(f64),
    /// A mean and its standard deviation.
    Spread([f64; 2]),
}

impl Published {
    /// The mean.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Mean(mean) | Self::Spread([mean, _]) => mean,
        }
    }

    /// The standard deviation, where it is told.
    #[must_use]
    pub fn deviation(self) -> Option<f64> {
        match self {
            Self::Mean(_) => None,
            Self::Spread([_, deviation]) => Some(deviation),
        }
    }
}

impl Paper {
    /// Refuses tables that show nothing, and claims of no share.
    ///
    /// # Errors
    /// One line with the key.
    pub fn check(&self) -> Result<()> {
        if self.source.trim().is_empty() {
            bail!("paper.source: must say where the numbers stand");
        }
        for table in &self.tables {
            let numbers = table.rows.values().flat_map(BTreeMap::values);
            let numbers = numbers.flat_map(|n| [n.mean(), n.deviation().unwrap_or(0.0)]);
            let (count, good) = numbers.fold((0, true), |(count, good), n: f64| {
                (count + 1, good && n.is_finite())
            });
            if count == 0 || !good {
                bail!(
                    "paper.tables: `{}` needs `rows`, each with finite numbers by task",
                    table.title
                );
            }
        }
        for claim in &self.claims {
            if !(claim.keeps > 0.0 && claim.keeps <= 10.0) {
                bail!(
                    "paper.claims: `{}`: keeps is {}; it is a share above 0, not percent, such as 0.97",
                    claim.method,
                    claim.keeps
                );
            }
        }
        Ok(())
    }

    /// All methods that it speaks of.
    #[must_use]
    pub fn methods(&self) -> BTreeSet<&str> {
        let claimed = self.claims.iter().flat_map(|c| [&c.method, &c.of]);
        let tables = self.tables.iter();
        let listed = tables.flat_map(|table| table.rows.keys().chain(&table.percent_of));
        claimed.chain(listed).map(String::as_str).collect()
    }

    /// The same with other names of methods.
    #[must_use]
    pub fn calling(mut self, name: impl Fn(&str) -> String) -> Self {
        for claim in &mut self.claims {
            claim.method = name(&claim.method);
            claim.of = name(&claim.of);
        }
        for table in &mut self.tables {
            table.percent_of = table.percent_of.as_deref().map(&name);
            let rows = std::mem::take(&mut table.rows).into_iter();
            table.rows = rows.map(|(method, row)| (name(&method), row)).collect();
        }
        self
    }

    /// That of a study, where its folder has one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(study: &StudyDir) -> Result<Option<Self>> {
        let path = study.paper_path();
        if !path.is_file() {
            return Ok(None);
        }
        let place = || path.display().to_string();
        let text = fs::read_to_string(&path).with_context(place)?;
        serde_json::from_str(&text).map(Some).with_context(place)
    }
}
