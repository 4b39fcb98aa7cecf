//! `cargo xtask prune`: what a criterion leaves of an algorithm's networks.

use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use cli::offline::PruneArgs;
use offline_prune::train::start;
use rl_algos::files::put;
use rl_algos::rng::Streams;
use sparse_core::record;

use crate::offline::{layers, open, settings};
use crate::{say, threads};

/// Prunes, prints a table and writes the networks.
///
/// # Errors
/// Bad settings, a dataset that cannot be read, a file that is there.
pub(crate) fn run(args: &PruneArgs) -> Result<()> {
    let mut config = settings::config(&args.agent)?;
    let pruning = settings::pruned(&config, args.criterion.as_ref(), args.sparsity)?;
    config.pruning = Some(pruning);
    let place = || args.out.display().to_string();
    if args.out.exists() && !args.overwrite {
        bail!(
            "{} is there already; choose another --out, or --overwrite it",
            place()
        );
    }
    let folder = args.out.parent().filter(|folder| *folder != Path::new(""));
    if args.out.is_dir() || folder.is_some_and(|folder| !folder.is_dir()) {
        bail!(
            "{} is no file in a folder that is there; choose another --out",
            place()
        );
    }
    let device = sparse_core::device::by_name(args.agent.device.unwrap_or_default().name())?;
    threads(args.agent.threads)?;
    let dataset = open(args.agent.dataset(), &config)?;
    let mut streams = Streams::new(config.seed);
    let start = start(&config, &dataset, &device, &mut streams)?;
    say(&format!("\n{}", layers::table(&start.pruning).text()));
    say(&layers::remarks(&start.pruning));
    let networks = start.agent.networks();
    let bytes = record::to_bytes(&networks)?;
    put(&args.out, |file| file.write_all(&bytes))?;
    say(&format!("wrote {}", place()));
    Ok(())
}
