//! Fetching ahead in a block of a wide layer, on x86.
#![allow(unsafe_code)]

use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};

/// Rows of a block between the one being summed and the one whose entries are fetched.
pub(super) const AHEAD: usize = 6;

/// Asks for the first entries of a row in these arrays of four bytes each. In a block, rows continue far apart,
/// where no processor expects them.
#[inline]
pub(super) fn prefetch<const N: usize>(start: Option<&u32>, arrays: [*const i8; N]) {
    const LINE: usize = 64;
    let Some(start) = start else {
        return;
    };
    for array in arrays {
        let from = array.wrapping_add(4 * *start as usize);
        for line in 0..3 {
            // SAFETY: a prefetch reads nothing that the program could see, whatever the address, and every x86-64
            // processor has it.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(from.wrapping_add(line * LINE)) };
        }
    }
}
