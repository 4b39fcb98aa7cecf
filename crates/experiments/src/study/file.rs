//! A study file: what it may say, and the tables that it comes to.

use std::path::Path;

use anyhow::{Context, Result, bail};
use rl_algos::config::text;
use serde::Deserialize;
use toml::{Table, Value};

use crate::args::seeds;
use crate::roster::Take;
use crate::roster::paper::Paper;
use crate::settings::{self, set};
use crate::stats::Summary;

/// What a study file says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct StudyFile {
    /// What it is, in a line.
    pub(super) about: String,
    /// Tasks of the online runs.
    pub(super) tasks: Vec<String>,
    /// Recipes of the online runs.
    pub(super) recipes: Vec<String>,
    /// Seeds of all runs: `"0..3"`, or a list.
    pub(super) seeds: Option<Value>,
    /// What is set for all online runs, by the keys of `config.toml`.
    pub(super) set: Table,
    /// Lists of values of keys, of which every combination is made.
    pub(super) grid: Table,
    /// Named methods beside the recipes.
    pub(super) variants: Vec<Variant>,
    /// Runs on datasets.
    pub(super) offline: Option<Offline>,
    /// What a paper says of the same, which reports show beside it.
    pub(super) paper: Option<Paper>,
}

/// A method with a name of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Variant {
    pub(super) name: String,
    /// Of an online run.
    pub(super) recipe: Option<String>,
    /// Of an offline run.
    pub(super) algo: Option<String>,
    /// What it sets beside what all runs set, which it wins over.
    pub(super) set: Table,
    /// Its own lists, beside those of all runs.
    pub(super) grid: Table,
    /// With whose networks its runs begin, of an online run.
    pub(super) init_from: Option<Source>,
}

/// Another method of the study, whose runs of the same task and seed give their networks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) method: String,
    #[serde(default)]
    pub(super) take: Take,
}

/// What a study file says of runs on datasets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Offline {
    /// Their paths.
    pub(super) datasets: Vec<String>,
    /// Their task, where they do not say it.
    pub(super) env: Option<String>,
    pub(super) algos: Vec<String>,
    pub(super) set: Table,
    pub(super) grid: Table,
    pub(super) variants: Vec<Variant>,
}

/// The keys of a section, for hints.
const KEYS: [(&str, &[&str]); 3] = [
    (
        "",
        &[
            "tasks", "recipes", "seeds", "set", "grid", "variants", "offline", "about", "paper",
        ],
    ),
    (
        "variants",
        &["name", "recipe", "algo", "set", "grid", "init_from"],
    ),
    (
        "offline",
        &["datasets", "env", "algos", "set", "grid", "variants"],
    ),
];

impl StudyFile {
    /// Reads a file.
    ///
    /// # Errors
    /// One line, with the file and the key or the line.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let text = settings::read(path)?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads the text of one.
    ///
    /// # Errors
    /// As [`read`](Self::read), without the file.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let table = text::parse(text)?;
        check_keys(&table, "")?;
        let file: Self = text::read(&table, |_| None)?;
        file.check()?;
        Ok(file)
    }

    fn check(&self) -> Result<()> {
        let online =
            !self.tasks.is_empty() || !self.recipes.is_empty() || !self.variants.is_empty();
        if !online && self.offline.is_none() {
            bail!(
                "it has no runs: name `tasks` and `recipes`, or `datasets` and `algos` under [offline]"
            );
        }
        if online {
            named("tasks", &self.tasks)?;
            methods("recipes", &self.recipes, "variants", &self.variants)?;
            for Variant {
                name, recipe, algo, ..
            } in &self.variants
            {
                if algo.is_some() {
                    bail!(
                        "variants: `{name}` has `algo`, which is of runs on datasets; set `recipe`"
                    );
                }
                if recipe.is_none() {
                    bail!("variants: `{name}` has no `recipe`: name the one that it starts from");
                }
            }
        } else if !(self.set.is_empty() && self.grid.is_empty()) {
            bail!(
                "`set` and `grid` are of runs in `tasks`, and there are none; those of datasets stand under [offline]"
            );
        }
        if let Some(paper) = &self.paper {
            paper.check()?;
            for table in &paper.tables {
                let score = table.score.parse::<Summary>();
                score.with_context(|| format!("paper.tables: `{}`: score", table.title))?;
            }
            for claim in &paper.claims {
                let score = claim.score.parse::<Summary>();
                score.with_context(|| format!("paper.claims: `{}`: score", claim.method))?;
            }
        }
        if let Some(offline) = &self.offline {
            named("offline.datasets", &offline.datasets)?;
            methods(
                "offline.algos",
                &offline.algos,
                "offline.variants",
                &offline.variants,
            )?;
            for variant in &offline.variants {
                let name = &variant.name;
                if variant.recipe.is_some() || variant.init_from.is_some() {
                    bail!(
                        "offline.variants: `{name}` has `recipe` or `init_from`, which are of runs in tasks; set `algo`"
                    );
                }
                if variant.algo.is_none() {
                    bail!(
                        "offline.variants: `{name}` has no `algo`: name the one that it starts from"
                    );
                }
            }
        }
        Ok(())
    }

    /// The seeds.
    ///
    /// # Errors
    /// When they are none, or one is there twice.
    pub(super) fn seeds(&self) -> Result<Vec<u64>> {
        let text = match &self.seeds {
            None => return Ok(vec![0]),
            Some(Value::String(text)) => text.clone(),
            Some(Value::Integer(one)) => one.to_string(),
            Some(Value::Array(list)) if !list.is_empty() => {
                let list: Vec<String> = list.iter().map(Value::to_string).collect();
                list.join(",")
            }
            Some(other) => bail!("seeds = {other}: must be \"0..3\", or a list such as [0, 1, 2]"),
        };
        seeds::seeds(&text)
            .map(|seeds| seeds.0)
            .map_err(|what| anyhow::anyhow!("seeds = {text}: {what}"))
    }
}

/// Refuses an empty list, and one with a name twice.
fn named(key: &str, names: &[String]) -> Result<()> {
    if names.is_empty() {
        bail!("{key} = []: must be one or more names");
    }
    match (1..names.len()).find(|i| names[..*i].contains(&names[*i])) {
        Some(twice) => bail!("{key}: `{}` is there twice", names[twice]),
        None => Ok(()),
    }
}

/// Refuses methods without a name, and those of one name.
fn methods(key: &str, names: &[String], variants_key: &str, variants: &[Variant]) -> Result<()> {
    if names.is_empty() && variants.is_empty() {
        bail!("{key} = []: must be one or more names, or {variants_key} must have one");
    }
    let mut all = names.to_vec();
    for variant in variants {
        if variant.name.trim().is_empty() {
            bail!("{variants_key}: every variant has a `name`");
        }
        if variant.name.contains(char::is_control) {
            let name = &variant.name;
            bail!("{variants_key}: name = {name:?}: must be one line without control characters");
        }
        all.push(variant.name.clone());
    }
    named(key, &all)
}

/// Refuses a key that no study file has.
fn check_keys(table: &Table, section: &str) -> Result<()> {
    let known = KEYS.iter().find(|(of, _)| *of == section);
    let known = known.map_or(&[][..], |(_, keys)| keys);
    for (key, value) in table {
        if !known.contains(&key.as_str()) {
            let path = if section.is_empty() {
                key.clone()
            } else {
                format!("{section}.{key}")
            };
            let near = known
                .iter()
                .min_by_key(|own| strsim::osa_distance(own, key));
            match near.filter(|own| strsim::osa_distance(own, key) <= 1 + key.len() / 6) {
                Some(meant) => bail!("unknown key `{path}`; did you mean `{meant}`?"),
                None => bail!(
                    "unknown key `{path}`; known keys: {}; settings of runs stand under `set`",
                    known.join(", ")
                ),
            }
        }
        match (key.as_str(), value) {
            ("offline", Value::Table(inner)) => check_keys(inner, "offline")?,
            ("variants", Value::Array(list)) => {
                for variant in list.iter().filter_map(Value::as_table) {
                    check_keys(variant, "variants")?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// A method: what it is called, what it starts from, and what it sets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Method {
    pub(super) label: String,
    /// A recipe, or an algorithm.
    pub(super) base: String,
    pub(super) set: Table,
    /// With whose networks it begins.
    pub(super) init_from: Option<Source>,
}

/// How many methods come of names, variants and their grids.
///
/// # Errors
/// When a list of a grid is empty, or is none.
pub(super) fn count(names: &[String], variants: &[Variant], grid: &Table) -> Result<usize> {
    let plain = combinations(grid)?.saturating_mul(names.len());
    variants.iter().try_fold(plain, |sum, variant| {
        let lists = laid_over("grid", grid, &variant.grid)?;
        Ok(sum.saturating_add(combinations(&lists)?))
    })
}

/// All methods.
///
/// # Errors
/// As [`count`], and when a key is set in two ways.
pub(super) fn all(
    names: &[String],
    variants: &[Variant],
    set: &Table,
    grid: &Table,
) -> Result<Vec<Method>> {
    let plain = names.iter().map(|name| Variant {
        name: name.clone(),
        recipe: Some(name.clone()),
        ..Variant::default()
    });
    let mut methods = Vec::new();
    for variant in plain.chain(variants.iter().cloned()) {
        let base = laid_over("set", set, &variant.set)?;
        let lists = laid_over("grid", grid, &variant.grid)?;
        for choice in choices(&lists)? {
            let mut set = base.clone();
            let mut label = variant.name.clone();
            let mut given = Table::new();
            for (key, value) in choice {
                label += &format!(" {key}={}", value.to_string().replace('"', ""));
                set::put(&mut given, &key, value, set::KEY)
                    .map_err(|what| anyhow::anyhow!("grid: {what}"))?;
            }
            set::lay_over(&mut set, given);
            methods.push(Method {
                label,
                base: variant
                    .recipe
                    .clone()
                    .or(variant.algo.clone())
                    .unwrap_or_default(),
                set,
                init_from: variant.init_from.clone(),
            });
        }
    }
    Ok(methods)
}

/// What a variant sets over what all runs set. Quoted keys such as `"n_step.n"` are sections, as bare ones are.
fn laid_over(section: &str, all: &Table, own: &Table) -> Result<Table> {
    let unfolded = |table: &Table| {
        let mut all = Table::new();
        for (key, value) in set::flat(table) {
            set::put(&mut all, &key, value, set::KEY)
                .map_err(|what| anyhow::anyhow!("{section}: {what}"))?;
        }
        anyhow::Ok(all)
    };
    let mut both = unfolded(all)?;
    set::lay_over(&mut both, unfolded(own)?);
    Ok(both)
}

/// The lists of a grid by key.
fn lists(grid: &Table) -> Result<Vec<(String, Vec<Value>)>> {
    let list = |(key, value): (String, Value)| match value {
        Value::Array(values) if !values.is_empty() => Ok((key, values)),
        other => bail!("grid.{key} = {other}: must be a list of one or more values"),
    };
    set::flat(grid).into_iter().map(list).collect()
}

fn combinations(grid: &Table) -> Result<usize> {
    let counts = lists(grid)?.into_iter().map(|(_, values)| values.len());
    Ok(counts.fold(1, usize::saturating_mul))
}

/// Every combination of a grid, the last key fastest; one without values of an empty grid.
fn choices(grid: &Table) -> Result<Vec<Vec<(String, Value)>>> {
    let mut all = vec![Vec::new()];
    for (key, values) in lists(grid)? {
        let longer = |choice: &Vec<(String, Value)>| {
            let choice = choice.clone();
            let key = key.clone();
            let with =
                move |value: &Value| [choice.clone(), vec![(key.clone(), value.clone())]].concat();
            values.iter().map(with).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_lists_and_variants_are_every_combination() {
        let text = r#"
            tasks = ["hopper"]
            recipes = ["rlx2", "dense"]
            seeds = [0, 4]
            set = { "n_step.n" = 2, steps = 100 }
            [grid]
            sparsity.actor = [0.9, 0.95]
            "sparsity.critic" = [0.8]
            [[variants]]
            name = "one step"
            recipe = "rlx2"
            set.n_step = { n = 1 }
            grid."learning.gamma" = [0.98, 0.99]
        "#;
        let file = StudyFile::parse(text).unwrap();
        assert_eq!(file.seeds().unwrap(), [0, 4]);
        let methods = all(&file.recipes, &file.variants, &file.set, &file.grid).unwrap();
        assert_eq!(methods.len(), 8);
        assert_eq!(count(&file.recipes, &file.variants, &file.grid).unwrap(), 8);
        assert_eq!(
            methods[0].label,
            "rlx2 sparsity.actor=0.9 sparsity.critic=0.8"
        );
        let set = &methods[7].set;
        assert_eq!(
            methods[7].label,
            "one step learning.gamma=0.99 sparsity.actor=0.95 sparsity.critic=0.8"
        );
        assert_eq!(set["n_step"]["n"], Value::Integer(1));
        assert_eq!(set["steps"], Value::Integer(100));
        assert_eq!(set["sparsity"]["actor"], Value::Float(0.95));
        assert_eq!(methods[7].base, "rlx2");
    }

    /// However the keys are written, by which a variant's own grid and that of all meet.
    #[test]
    fn a_variants_grid_is_laid_over_that_of_all_key_by_key() {
        for (all, own) in [
            ("sparsity.actor", "sparsity.critic"),
            ("\"sparsity.actor\"", "sparsity.critic"),
            ("sparsity.actor", "\"sparsity.critic\""),
        ] {
            let text = format!(
                "tasks = [\"hopper\"]\ngrid.{all} = [0.5, 0.9]\n\
                 [[variants]]\nname = \"n\"\nrecipe = \"rlx2\"\ngrid.{own} = [0.1, 0.2]\n"
            );
            let file = StudyFile::parse(&text).unwrap();
            let methods = super::all(&[], &file.variants, &file.set, &file.grid).unwrap();
            assert_eq!(methods.len(), 4, "{text}");
            assert_eq!(count(&[], &file.variants, &file.grid).unwrap(), 4);
            assert_eq!(methods[0].label, "n sparsity.actor=0.5 sparsity.critic=0.1");
            let text = text.replace("critic", "actor");
            let file = StudyFile::parse(&text).unwrap();
            let methods = super::all(&[], &file.variants, &file.set, &file.grid).unwrap();
            let labels: Vec<&str> = methods.iter().map(|method| method.label.as_str()).collect();
            assert_eq!(labels, ["n sparsity.actor=0.1", "n sparsity.actor=0.2"]);
        }
    }

    #[test]
    fn what_is_wrong_is_one_line_that_names_the_key() {
        let good = "tasks = [\"a\"]\nrecipes = [\"b\"]\n";
        for (text, said) in [
            ("", "it has no runs"),
            ("tasks = [\n", "line 1: unclosed array"),
            (
                "task = [\"a\"]\n",
                "unknown key `task`; did you mean `tasks`?",
            ),
            (
                "steps = 5\n",
                "unknown key `steps`; known keys: tasks, recipes",
            ),
            (
                "tasks = []\nrecipes = [\"b\"]\n",
                "tasks = []: must be one or more",
            ),
            (
                "tasks = [\"a\"]\n",
                "recipes = []: must be one or more names, or variants",
            ),
            (
                "tasks = [\"a\", \"a\"]\nrecipes = [\"b\"]\n",
                "tasks: `a` is there twice",
            ),
            (
                "tasks = \"a\"\nrecipes = [\"b\"]\n",
                "invalid type: string \"a\", expected a list in `tasks`",
            ),
            (
                &format!("{good}[variants]\nname = \"c\"\n"),
                "invalid type: a table, expected a list in `variants`",
            ),
            (
                &format!("{good}[[variants]]\nrecipe = \"b\"\n"),
                "every variant has a `name`",
            ),
            (
                &format!("{good}[[variants]]\nname = \"c\"\n"),
                "variants: `c` has no `recipe`",
            ),
            (
                &format!("{good}[[variants]]\nname = \"c\\nd\"\nrecipe = \"b\"\n"),
                "variants: name = \"c\\nd\": must be one line",
            ),
            (
                &format!("{good}[[variants]]\nname = \"c\"\nrecipe = \"b\"\ninit_from = \"b\"\n"),
                "invalid type: string \"b\", expected a table in `variants",
            ),
            (
                "[offline]\ndatasets = [\"d\"]\n[[offline.variants]]\nname = \"c\"\n",
                "offline.variants: `c` has no `algo`",
            ),
            (
                &format!("{good}[[variants]]\nname = \"b\"\n"),
                "recipes: `b` is there twice",
            ),
            (
                &format!("{good}[[variants]]\nnam = \"c\"\n"),
                "unknown key `variants.nam`; did you mean `name`?",
            ),
            (
                &format!("{good}[[variants]]\nname = \"c\"\nalgo = \"bc\"\n"),
                "set `recipe`",
            ),
            (
                &format!("{good}[offline]\nalgos = [\"bc\"]\n"),
                "offline.datasets = []",
            ),
            (
                "set = { steps = 5 }\n[offline]\ndatasets = [\"d\"]\nalgos = [\"bc\"]\n",
                "stand under [offline]",
            ),
        ] {
            let line = format!("{:#}", StudyFile::parse(text).unwrap_err());
            assert!(
                line.contains(said) && !line.contains('\n'),
                "{text}: {line}"
            );
        }
        for (text, said) in [
            (
                "grid = { \"n_step.n\" = [] }\n",
                "grid.n_step.n = []: must be a list of one or more",
            ),
            (
                "grid = { \"n_step.n\" = 5 }\n",
                "grid.n_step.n = 5: must be a list",
            ),
        ] {
            let file = StudyFile::parse(&format!("{good}{text}")).unwrap();
            let line = count(&file.recipes, &file.variants, &file.grid)
                .unwrap_err()
                .to_string();
            assert!(line.contains(said), "{line}");
        }
        for (seeds, said) in [
            ("\"3..3\"", "seeds = 3..3"),
            ("[]", "must be \"0..3\""),
            ("[1, 1]", "seed 1 stands there twice"),
        ] {
            let file = StudyFile::parse(&format!("{good}seeds = {seeds}\n")).unwrap();
            let line = file.seeds().unwrap_err().to_string();
            assert!(line.contains(said), "{line}");
        }
    }
}
