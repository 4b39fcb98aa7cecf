//! `cargo xtask prune`: what a criterion leaves of an algorithm's networks.

use crate::args::offline::PruneArgs;
use anyhow::{Result, bail};
use offline_prune::train::start;
use rl_algos::agent::Agent;

use super::{layers, open};
use crate::folder::output::{Kind, Output};
use crate::parallel::threads;
use crate::settings::offline as settings;
use crate::terminal::tell::print_line;

/// Prunes, prints a table and writes the networks.
///
/// # Errors
/// Bad settings, a dataset that cannot be read, a file that is there.
pub(crate) fn run(args: &PruneArgs) -> Result<()> {
    let out = Output::new("--out", &args.out, Kind::Safetensors)?;
    if out.exists() && !args.overwrite {
        bail!(
            "{} is there already; choose another --out, or --overwrite it",
            out.path().display()
        );
    }
    let mut config = settings::config(&args.agent)?;
    let pruning = settings::pruned(&config, args.criterion.as_ref(), args.sparsity)?;
    config.pruning = Some(pruning);
    let device = sparse_core::device::by_name(args.agent.device.unwrap_or_default().name())?;
    threads(args.agent.threads)?;
    let (dataset, _) = open(args.agent.dataset(), &config, 1)?;
    let start = start(&config, &dataset, &device)?;
    print_line(&format!("\n{}", layers::table(&start.pruning).text()));
    print_line(&layers::remarks(&start.pruning));
    let agent: &dyn Agent = &*start.agent;
    out.write(&agent.to_bytes()?)?;
    print_line(&format!("wrote {}", args.out.display()));
    Ok(())
}
