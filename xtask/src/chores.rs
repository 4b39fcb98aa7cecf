//! Options of the light jobs.

use clap::Args;

/// Options of `cargo xtask test`.
#[derive(Args, Clone, Debug, Default)]
#[command(after_help = "Examples:
  cargo xtask test                  every fast test, a few minutes after the first build
  cargo xtask test --long           the slow ones too (whole trainings)
  cargo xtask test parity           physics against recorded MuJoCo states, with the errors printed
  cargo xtask test rewire budget    tests with these words in their names

PARITY_DATA=DIR makes the parity tests read another folder of recordings.")]
pub struct TestArgs {
    /// `parity`, `extended` (against recordings of MuJoCo), or words that a test's name must contain
    #[arg(value_name = "WHICH")]
    pub which: Vec<String>,

    /// Also run the tests that take minutes
    #[arg(long)]
    pub long: bool,
}
