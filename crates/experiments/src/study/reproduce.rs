//! `cargo xtask reproduce`: the papers' tables and figures as studies.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use toml::Value;

use super::file::StudyFile;
use super::{engine, jobs, listed, plan};
use crate::args::study::ReproduceArgs;
use crate::args::values;
use crate::terminal::tell::{print_line, program};

/// A study of a paper's table or figure.
struct Reproduction {
    name: &'static str,
    /// What it is, and where it stands.
    about: &'static str,
    /// The study file.
    text: &'static str,
}

/// All of them. Left out: RLx2's Fig. 2 (targets of a critic that is trained already) and DS-TD3's Fig. 4 (a replay filled by a
/// policy), for which no run here begins so; RLx2's Figs. 3 and 7, which `train --init-from RUN --take ticket` makes run by run.
const ALL: [Reproduction; 8] = [
    Reproduction {
        name: "rlx2-table2",
        about: "RLx2, Table 2: returns of six methods in eight rows",
        text: include_str!("../../studies/rlx2-table2.toml"),
    },
    Reproduction {
        name: "rlx2-fig5",
        about: "RLx2, Fig. 5: returns by sparsity",
        text: include_str!("../../studies/rlx2-fig5.toml"),
    },
    Reproduction {
        name: "rlx2-table3-topology",
        about: "RLx2, Table 3, left: other topologies with the rest of RLx2",
        text: include_str!("../../studies/rlx2-table3-topology.toml"),
    },
    Reproduction {
        name: "rlx2-table3-steps",
        about: "RLx2, Table 3, right: targets over one to five steps",
        text: include_str!("../../studies/rlx2-table3-steps.toml"),
    },
    Reproduction {
        name: "rlx2-fig6",
        about: "RLx2, Figs. 4 and 6: what the replay forgets",
        text: include_str!("../../studies/rlx2-fig6.toml"),
    },
    Reproduction {
        name: "ds-table2",
        about: "DS-TD3, Fig. 1 and Tables 1 and 2: returns and curves",
        text: include_str!("../../studies/ds-table2.toml"),
    },
    Reproduction {
        name: "ds-fig2",
        about: "DS-TD3, Fig. 2: how often connections move",
        text: include_str!("../../studies/ds-fig2.toml"),
    },
    Reproduction {
        name: "graesser-sac",
        about: "Graesser et al., SAC: RigL, SET and static by sparsity",
        text: include_str!("../../studies/graesser-sac.toml"),
    },
];

/// Lists what can be remade, or remakes it.
///
/// # Errors
/// When there is nothing of this name, or those of the study.
pub(crate) fn reproduce(args: &ReproduceArgs) -> Result<ExitCode> {
    let Some(name) = &args.name else {
        for Reproduction { name, about, .. } in &ALL {
            print_line(&format!("{name:<22}{about}"));
        }
        print_line(&format!(
            "\nIts runs, core-hours and disk: {} reproduce NAME --plan",
            program()
        ));
        return Ok(ExitCode::SUCCESS);
    };
    let wanted = name.to_ascii_lowercase();
    let Some(found) = ALL.iter().find(|reproduction| reproduction.name == wanted) else {
        let names: Vec<&str> = ALL.iter().map(|reproduction| reproduction.name).collect();
        let near = names
            .iter()
            .min_by_key(|name| strsim::osa_distance(name, &wanted));
        bail!(
            "nothing to remake is called `{name}`; did you mean {}? There are {}",
            near.copied().unwrap_or_default(),
            names.join(", ")
        );
    };
    let mut file = StudyFile::parse(found.text).context(found.name)?;
    changed(&mut file, args)?;
    let device = args.device.unwrap_or_default();
    let runs = plan::runs(&file, device.name(), args.short).context(found.name)?;
    let folder = args.out.clone().unwrap_or_else(|| {
        let short = if args.short { "-short" } else { "" };
        Path::new("runs/studies").join(format!("{}{short}", found.name))
    });
    let (study, runs) = listed::listed(&folder, &runs)?;
    match args.plan {
        true => jobs::tell(&study, &runs, args.making.jobs),
        false => engine::make(study, runs, &args.making),
    }
}

/// Puts what the options say in the place of what the study says.
fn changed(file: &mut StudyFile, args: &ReproduceArgs) -> Result<()> {
    let number = |number: u64| i64::try_from(number).map(Value::Integer);
    if let Some(steps) = args.steps {
        file.set.insert("steps".to_owned(), number(steps)?);
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
    if args.only.is_empty() {
        return Ok(());
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
    use super::*;

    #[test]
    fn every_reproduction_is_a_study_and_names_version_3() {
        for Reproduction { name, text, .. } in &ALL {
            let file = StudyFile::parse(text).unwrap();
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
            }
        }
    }
}
