//! The vector instructions that a test computes with.

use std::env;

use sparse_core::kernels::{Isa, Kernels};

/// Names the instructions that the kernels are to use, as [`Isa::name`] has them.
pub const VARIABLE: &str = "KERNELS";

/// Keeps this process to the instructions that `KERNELS` names, or else to the best that the CPU has. Call it before
/// the first product.
///
/// # Panics
/// When the name is unknown, the CPU lacks them, or the process computes with others already.
pub fn settle() -> Isa {
    let Ok(name) = env::var(VARIABLE) else {
        return Kernels::best().isa();
    };
    let asked = Isa::named(&name).unwrap_or_else(|| panic!("{VARIABLE}={name}: no such version"));
    let found = Kernels::limit(asked);
    assert_eq!(
        found,
        Ok(asked),
        "{VARIABLE}={name}: this process has another"
    );
    asked
}
