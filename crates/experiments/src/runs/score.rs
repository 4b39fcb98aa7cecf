//! Scores of runs, and scales on which those of several tasks go together.

use anyhow::{Result, bail};

use super::{RETURN, Run, RunSet};
use crate::stats::{Bootstrap, Curve, Error, Estimate, Scores, Summary, shares};

/// Mean returns of a random policy and of an expert in a task, where somebody has published them.
pub type References<'a> = &'a dyn Fn(&str) -> Option<[f64; 2]>;

/// What a score of 1 is.
#[derive(Clone, Debug, PartialEq)]
pub enum Scale {
    /// The mean score of this method in the task.
    Share(String),
    /// An expert's return, where 0 is a random policy's: per task.
    Reference(Vec<[f64; 2]>),
    /// Nothing: returns as they are, of one task.
    Raw,
}

/// The scores of a method.
#[derive(Clone, Debug)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// Of each task, seeds and scores, as returns.
    pub tasks: Vec<Vec<(u64, f64)>>,
}

/// The scores of all methods in all tasks.
#[derive(Clone, Debug)]
pub struct Board {
    /// How a run's evaluations became its score.
    pub summary: Summary,
    /// Tasks.
    pub tasks: Vec<String>,
    /// Methods.
    pub methods: Vec<Method>,
}

impl Method {
    /// Its scores, where it has a run in every task.
    #[must_use]
    pub fn scores(&self) -> Option<Scores> {
        let task = |runs: &Vec<(u64, f64)>| runs.iter().map(|run| run.1).collect();
        Scores::new(self.tasks.iter().map(task).collect()).ok()
    }

    /// Whether it has the seeds of another in every task, so that runs pair.
    #[must_use]
    pub fn pairs_with(&self, other: &Self) -> bool {
        let seeds = |runs: &Vec<(u64, f64)>| {
            let mut seeds: Vec<u64> = runs.iter().map(|run| run.0).collect();
            seeds.sort_unstable();
            seeds
        };
        let mut both = self.tasks.iter().zip(&other.tasks);
        both.all(|(own, other)| !own.is_empty() && seeds(own) == seeds(other))
    }
}

/// The score of a run; `None` without returns.
#[must_use]
pub fn score(run: &Run, summary: Summary) -> Option<f64> {
    // Under a first evaluation alone, at step 0, there is no area.
    let scored = |curve: &Curve| summary != Summary::Area || curve.last_step() > 0.0;
    run.curve(RETURN)
        .filter(scored)
        .map(|curve| summary.of(&curve))
}

impl Board {
    /// Of all runs of a set that have returns.
    #[must_use]
    pub fn new(set: &RunSet, summary: Summary) -> Self {
        let tasks: Vec<String> = set.tasks().into_iter().map(str::to_owned).collect();
        let runs = |task: &str, method: &str| -> Vec<(u64, f64)> {
            let runs = set.of(task, method).into_iter();
            runs.filter_map(|run| Some((run.seed, score(run, summary)?)))
                .collect()
        };
        let method = |name: &str| Method {
            name: name.to_owned(),
            tasks: tasks.iter().map(|task| runs(task, name)).collect(),
        };
        let methods = set.methods().into_iter().map(method).collect();
        Self {
            summary,
            tasks,
            methods,
        }
    }

    /// A method by its name.
    ///
    /// # Errors
    /// When there is none, with those that there are.
    pub fn method(&self, name: &str) -> Result<&Method> {
        let found = self.methods.iter().find(|method| method.name == name);
        if let Some(found) = found {
            return Ok(found);
        }
        let names: Vec<&str> = self.methods.iter().map(|m| m.name.as_str()).collect();
        bail!(
            "no method is called `{name}`; there are {}",
            names.join(", ")
        )
    }

    /// The method that others are compared with: the named one, else the only one that is dense.
    ///
    /// # Errors
    /// When none has the name.
    pub fn baseline(&self, named: Option<&str>) -> Result<Option<&Method>> {
        if let Some(name) = named {
            return self.method(name).map(Some);
        }
        let is_dense = |method: &&Method| {
            let words = method.name.split(|c: char| !c.is_ascii_alphanumeric());
            words.into_iter().any(|word| word == "dense")
        };
        let mut dense = self.methods.iter().filter(is_dense);
        Ok(dense.next().filter(|_| dense.next().is_none()))
    }

    /// The scale for aggregates over all tasks: shares of the baseline where it has runs in every task and their mean
    /// return is above 0; else between a random policy and an expert, where every task has such references; else none for
    /// several tasks. Where it is not shares, also the reason in words.
    pub fn scale(
        &self,
        baseline: Option<&Method>,
        references: References,
    ) -> std::result::Result<(Scale, Option<String>), String> {
        let mut why: String = match baseline.map(|b| (b, b.scores())) {
            None => "there is no one dense method to take shares of (--baseline names one)".into(),
            Some((baseline, None)) => format!("{} has no run in some task", baseline.name),
            Some((baseline, Some(scores))) => match shares(&scores, &scores) {
                Ok(_) => return Ok((Scale::Share(baseline.name.clone()), None)),
                Err(Error::Baseline { task, mean }) => format!(
                    "the mean return of {} in {} is {mean:.1}, of which there is no share",
                    baseline.name, self.tasks[task]
                ),
                Err(error) => error.to_string(),
            },
        };
        let known: Option<Vec<[f64; 2]>> = self.tasks.iter().map(|t| references(t)).collect();
        match known {
            Some(known) => Ok((Scale::Reference(known), Some(why))),
            None if self.tasks.len() == 1 => Ok((Scale::Raw, Some(why))),
            None => {
                why += ", and D4RL has no reference returns of all these tasks";
                Err(why)
            }
        }
    }

    /// A statistic of a method on a scale, with its interval. Where scores are shares of a baseline, its runs are drawn too.
    ///
    /// # Errors
    /// When the method has no run in some task.
    pub fn estimate(
        &self,
        method: &Method,
        scale: &Scale,
        by: &Bootstrap,
        statistic: impl Fn(&Scores) -> f64,
    ) -> Result<Estimate> {
        let Some(scores) = method.scores() else {
            bail!("{} has no run in some task", method.name);
        };
        match scale {
            Scale::Raw => Ok(by.of(&scores, statistic)),
            Scale::Reference(references) => Ok(by.of(&referred(&scores, references)?, statistic)),
            Scale::Share(name) => {
                let share = |x: &Scores, base: &Scores| {
                    shares(x, base).map_or(f64::NAN, |scores| statistic(&scores))
                };
                if *name == method.name {
                    return Ok(by.of(&scores, |own| share(own, own)));
                }
                let baseline = self.method(name)?.scores();
                let Some(baseline) = baseline else {
                    bail!("{name} has no run in some task");
                };
                Ok(by.of_two(&scores, &baseline, share)?)
            }
        }
    }

    /// The scores of a method on a scale.
    ///
    /// # Errors
    /// When the method has no run in some task.
    pub fn scaled(&self, method: &Method, scale: &Scale) -> Result<Scores> {
        let Some(scores) = method.scores() else {
            bail!("{} has no run in some task", method.name);
        };
        match scale {
            Scale::Raw => Ok(scores),
            Scale::Reference(references) => referred(&scores, references),
            Scale::Share(name) => match self.method(name)?.scores() {
                Some(baseline) => Ok(shares(&scores, &baseline)?),
                None => bail!("{name} has no run in some task"),
            },
        }
    }

    /// Returns of a task on a scale, as a function of returns.
    ///
    /// # Errors
    /// When the baseline has no run in some task.
    pub fn to_scale(&self, scale: &Scale, task: usize) -> Result<(f64, f64)> {
        match scale {
            Scale::Raw => Ok((0.0, 1.0)),
            Scale::Reference(references) => Ok((
                references[task][0],
                references[task][1] - references[task][0],
            )),
            Scale::Share(name) => match self.method(name)?.scores() {
                Some(baseline) => Ok((0.0, baseline.means()[task])),
                None => bail!("{name} has no run in some task"),
            },
        }
    }
}

impl Scale {
    /// What a score of 1 is, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Share(name) => format!("share of {name}'s mean return"),
            Self::Reference(_) => "0 a random policy, 1 an expert (D4RL's references)".to_owned(),
            Self::Raw => "return".to_owned(),
        }
    }
}

/// Returns between those of a random policy and of an expert.
fn referred(scores: &Scores, references: &[[f64; 2]]) -> Result<Scores> {
    let tasks = scores.tasks().iter().zip(references);
    let of = |(runs, [low, high]): (&Vec<f64>, &[f64; 2])| {
        runs.iter().map(|run| (run - low) / (high - low)).collect()
    };
    Ok(Scores::new(tasks.map(of).collect())?)
}
