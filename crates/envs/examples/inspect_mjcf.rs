//! Prints the compiled model of an MJCF file, or what is wrong with it; on stderr what the reader passed over.
//!
//! `cargo run --release -p envs --example inspect_mjcf -- FILE.xml`

use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = std::io::stdout().lock();
    let Some(path) = std::env::args().nth(1) else {
        let _ = writeln!(out, "usage: inspect_mjcf FILE.xml");
        return ExitCode::FAILURE;
    };
    match envs::mjcf::load(path) {
        Ok(model) => {
            let mut notes = std::io::stderr().lock();
            for note in &model.notes {
                let _ = writeln!(notes, "note: {note}");
            }
            let _ = writeln!(out, "{model:#?}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(out, "{error}");
            ExitCode::FAILURE
        }
    }
}
