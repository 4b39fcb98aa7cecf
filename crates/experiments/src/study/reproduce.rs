//! `cargo xtask reproduce`: the papers' tables and figures as studies.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use toml::Value;

use super::file::StudyFile;
use super::{engine, foretell, listed, plan};
use crate::args::study::ReproduceArgs;
use crate::args::values;
use crate::terminal::tell::{print_line, program};

/// The study files by name. Each says what it is, and what its paper says. Left out: RLx2's Fig. 2 (targets of a critic that is
/// trained already) and Fig. 7b (cloning with a ticket), and DS-TD3's Fig. 4 (a replay filled by a policy), for which no run
/// here begins so.
const ALL: [(&str, &str); 11] = [
    (
        "rlx2-table2",
        include_str!("../../studies/rlx2-table2.toml"),
    ),
    (
        "rlx2-tickets",
        include_str!("../../studies/rlx2-tickets.toml"),
    ),
    ("rlx2-fig5", include_str!("../../studies/rlx2-fig5.toml")),
    (
        "rlx2-table3-topology",
        include_str!("../../studies/rlx2-table3-topology.toml"),
    ),
    (
        "rlx2-table3-steps",
        include_str!("../../studies/rlx2-table3-steps.toml"),
    ),
    ("rlx2-fig6", include_str!("../../studies/rlx2-fig6.toml")),
    ("ds-table2", include_str!("../../studies/ds-table2.toml")),
    ("ds-fig2", include_str!("../../studies/ds-fig2.toml")),
    (
        "ds-tables45",
        include_str!("../../studies/ds-tables45.toml"),
    ),
    (
        "graesser-sac",
        include_str!("../../studies/graesser-sac.toml"),
    ),
    ("ssp", include_str!("../../studies/ssp.toml")),
];

/// Lists what can be remade, or remakes it.
///
/// # Errors
/// When there is nothing of this name, or those of the study.
pub(crate) fn reproduce(args: &ReproduceArgs) -> Result<ExitCode> {
    let Some(name) = &args.name else {
        for (name, text) in ALL {
            let about = StudyFile::parse(text).context(name)?.about;
            print_line(&format!("{name:<22}{about}"));
        }
        print_line(&format!(
            "\nIts runs, core-hours and disk: {} reproduce NAME --plan",
            program()
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let wanted = name.to_ascii_lowercase();
    let names = ALL.map(|(name, _)| name);
    let Some((name, text)) = ALL.into_iter().find(|(name, _)| *name == wanted) else {
        let near = names
            .iter()
            .min_by_key(|name| strsim::osa_distance(name, &wanted));
        bail!(
            "nothing to remake is called `{name}`; did you mean {}? There are {}",
            near.copied().unwrap_or_default(),
            names.join(", ")
        );
    };
    let mut file = StudyFile::parse(text).context(name)?;
    changed(&mut file, args)?;
    let device = args.device.unwrap_or_default();
    let runs = plan::runs(&file, device.name(), args.short).context(name)?;
    let folder = args.out.clone().unwrap_or_else(|| {
        let short = if args.short { "-short" } else { "" };
        Path::new("runs/studies").join(format!("{name}{short}"))
    });
    let (study, runs) = listed::listed(&folder, &runs, file.paper.as_ref())?;
    match args.plan {
        true => foretell::tell(&study, &runs, args.making.jobs),
        false => engine::make(study, runs, &args.making),
    }
}

/// Puts what the options say in the place of what the study says.
fn changed(file: &mut StudyFile, args: &ReproduceArgs) -> Result<()> {
    let number = |number: u64| i64::try_from(number).map(Value::Integer);
    if let Some(steps) = args.steps {
        match &mut file.offline {
            Some(offline) => offline.set.insert("updates".to_owned(), number(steps)?),
            None => file.set.insert("steps".to_owned(), number(steps)?),
        };
    }
    let seeds = match (&args.seeds, args.short) {
        (Some(seeds), _) => Some(seeds.0.clone()),
        (None, true) => Some(vec![0, 1]),
        (None, false) => None,
    };
    if let Some(seeds) = seeds {
        let seeds = seeds.into_iter().map(number);
        file.seeds = Some(Value::Array(seeds.collect::<Result<_, _>>()?));
    }
    if !args.data.is_empty() {
        let Some(offline) = &mut file.offline else {
            bail!("--data: this study learns in tasks, and from no dataset");
        };
        offline.datasets.clone_from(&args.data);
    }
    let datasets = file.offline.iter().flat_map(|offline| &offline.datasets);
    for dataset in datasets {
        if !Path::new(dataset).exists() {
            bail!(
                "{dataset}: there is no such dataset; --data names others, and {} collect docs/results/1m/RUN makes our own",
                program()
            );
        }
    }
    if args.only.is_empty() {
        return Ok(());
    }
    if file.offline.is_some() {
        bail!("--only: this study has datasets and no tasks; name those with --data");
    }
    let family = |task: &str| {
        task.split("-v")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let mut only = Vec::new();
    for task in &args.only {
        let known = values::task(task).map_err(|what| anyhow::anyhow!("--only {task}: {what}"))?;
        only.push(family(&known));
    }
    let all = file.tasks.join(", ");
    file.tasks.retain(|task| only.contains(&family(task)));
    if file.tasks.is_empty() {
        bail!("--only {}: this study has {all}", args.only.join(","));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_reproduction_is_a_study_with_what_its_paper_says() {
        for (name, text) in ALL {
            let file = StudyFile::parse(text).unwrap();
            assert!(!file.about.is_empty(), "{name}");
            let paper = file.paper.as_ref().expect(name);
            assert!(!paper.not_comparable.is_empty(), "{name}");
            if file.offline.is_some() {
                continue;
            }
            assert!(
                file.tasks.iter().all(|task| task.ends_with("-v3")),
                "{name}"
            );
            for short in [false, true] {
                let runs = plan::runs(&file, "flex", short).unwrap();
                assert!(runs.len() > 3, "{name}");
                let steps = runs.iter().map(|run| run.length).max();
                assert!(
                    if short {
                        steps == Some(4000)
                    } else {
                        steps >= Some(1_000_000)
                    },
                    "{name}"
                );
                // Every row of the paper's is one of ours, in a task of ours.
                let methods: BTreeSet<&str> = runs.iter().map(|run| run.method.as_str()).collect();
                let tasks: BTreeSet<&str> = runs
                    .iter()
                    .map(|run| run.task.trim_end_matches("-v3"))
                    .collect();
                for claim in &paper.claims {
                    let both = [&claim.method, &claim.of];
                    assert!(both.iter().all(|m| methods.contains(m.as_str())), "{name}");
                }
                for (method, row) in paper.tables.iter().flat_map(|table| &table.rows) {
                    assert!(methods.contains(method.as_str()), "{name}: {method}");
                    assert!(
                        row.keys().all(|task| tasks.contains(task.as_str())),
                        "{name}: {method}"
                    );
                }
            }
        }
    }

    /// The studies that are to bear out the papers' claims.
    #[test]
    fn published_studies_can_be_planned() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results/studies");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.display();
            let file = StudyFile::parse(&std::fs::read_to_string(&path).unwrap()).unwrap();
            // Datasets are made first.
            if file.offline.is_none() {
                let runs = plan::runs(&file, "flex", false).unwrap();
                assert!(!runs.is_empty(), "{name}");
                let of = |method: &str| runs.iter().any(|run| run.method == method);
                for claim in file.paper.iter().flat_map(|paper| &paper.claims) {
                    assert!(of(&claim.method), "{name}: {}", claim.method);
                }
            }
        }
    }
}
