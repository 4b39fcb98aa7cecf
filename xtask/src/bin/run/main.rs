//! The jobs that link the libraries. `cargo xtask` builds this binary as a job needs it and starts it with the
//! words of its own command line.

use std::process::ExitCode;

use experiments::{args, cli, version};
use xtask::{Heavy, RunCli};

mod bench;

// Tensors come and go ten thousand times a second.
#[global_allocator]
static MEMORY: sparse_core::memory::CachingAllocator = sparse_core::memory::CachingAllocator::new();

fn main() -> ExitCode {
    version::built_from(env!("BUILD_COMMIT"));
    match args::read::<RunCli>().job {
        Heavy::Job(job) => cli::perform(job),
        Heavy::Bench(args) => cli::finish(bench::bench(&args).map(|()| ExitCode::SUCCESS), false),
    }
}
