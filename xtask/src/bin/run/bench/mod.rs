//! `cargo xtask bench`: each bench times its rivals in turns, in this process, and prints medians and ratios.

use anyhow::{Context, Result};
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use experiments::args::values::Device;
use xtask::bench::{Bench, BenchArgs};

use experiments::parallel::threads;
use experiments::terminal::table::Table;
use experiments::terminal::tell::print_line;

mod act;
mod break_even;
mod clock;
mod envs;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu;
mod kernels;
mod layers;
mod mujoco;
mod offline;
mod peer;
mod train;
mod updates;

/// Runs the bench that was asked for.
///
/// # Errors
/// When what is measured cannot be built.
pub(crate) fn bench(args: &BenchArgs) -> Result<()> {
    let (title, table) = match args.what {
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        Bench::Kernels if args.device.is_some_and(Device::is_gpu) => {
            gpu::bench(args.device.unwrap_or_default().name())?
        }
        Bench::Kernels => kernels::bench()?,
        Bench::Act => act::bench()?,
        Bench::BreakEven => break_even::bench(args.device.unwrap_or_default().name())?,
        Bench::Envs => match &args.python {
            Some(python) => envs::bench_beside(python, &args.models)?,
            None => envs::bench(threads(args.threads)?)?,
        },
        Bench::Layers => {
            let python = args.python.as_deref().context("give --python PYTHON")?;
            layers::bench(python)?
        }
        Bench::Offline => {
            let threads = threads(args.threads)?;
            let device = args.device.unwrap_or_default().name();
            rayon::scope(|_| offline::bench(device, threads, args.python.as_deref()))?
        }
        Bench::Train => {
            let threads = threads(args.threads)?;
            let device = args.device.unwrap_or_default().name();
            rayon::scope(|_| train::bench(device, threads))?
        }
        Bench::Updates => {
            let threads = threads(args.threads)?;
            let device = args.device.unwrap_or_default().name();
            // Inside the thread pool, as a training loop is.
            rayon::scope(|_| updates::bench(device, threads))?
        }
    };
    print(args.json, &title, &table);
    Ok(())
}

fn print(json: bool, title: &str, table: &Table) {
    if json {
        print_line(&table.json());
    } else {
        print_line(&format!("{title}\n\n{}", table.text()));
    }
}

/// What this machine calls its processor, where the system says.
fn processor() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}
