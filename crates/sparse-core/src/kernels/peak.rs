//! The peak rate of a core: multiply-adds on registers alone, for benchmarks.
#![allow(unsafe_code)]

use super::{Isa, Kernels};

/// Sums under way at once: more than any core needs to hide a multiply-add's latency, fewer than it has registers.
const SUMS: usize = 12;

impl Kernels {
    /// Runs `rounds` rounds of multiply-adds that touch no memory, with this version's instructions; gives the
    /// number of floating-point operations done (two for a multiply-add) and a result, so that none is left out.
    ///
    /// ```
    /// let (operations, _) = sparse_core::kernels::Kernels::best().multiply_adds(10);
    /// assert!(operations >= 240);
    /// ```
    #[must_use]
    pub fn multiply_adds(&self, rounds: usize) -> (usize, f32) {
        let (lanes, result) = match self.isa() {
            Isa::Scalar => (1, scalar(rounds)),
            #[cfg(target_arch = "aarch64")]
            // SAFETY: `self` was chosen for this CPU.
            Isa::Neon => (4, unsafe { neon(rounds) }),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `self` was chosen for this CPU.
            Isa::Avx2 => (8, unsafe { avx2(rounds) }),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `self` was chosen for this CPU.
            Isa::Avx512 => (16, unsafe { avx512(rounds) }),
            #[allow(
                unreachable_patterns,
                reason = "versions that this machine cannot have"
            )]
            _ => (1, scalar(rounds)),
        };
        (2 * SUMS * lanes * rounds, result)
    }
}

fn scalar(rounds: usize) -> f32 {
    let mut sums = [0.5; SUMS];
    for _ in 0..rounds {
        sums = sums.map(|sum| sum * 0.999 + 1e-3);
    }
    sums.iter().sum()
}

#[cfg(target_arch = "aarch64")]
#[target_feature(enable = "neon")]
fn neon(rounds: usize) -> f32 {
    use std::arch::aarch64::*;
    let (factor, term) = (vdupq_n_f32(0.999), vdupq_n_f32(1e-3));
    let mut sums = [vdupq_n_f32(0.5); SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = vfmaq_f32(term, *sum, factor);
        }
    }
    sums.into_iter().map(|sum| vaddvq_f32(sum)).sum()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(rounds: usize) -> f32 {
    use std::arch::x86_64::*;
    let (factor, term) = (_mm256_set1_ps(0.999), _mm256_set1_ps(1e-3));
    let mut sums = [_mm256_set1_ps(0.5); SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, factor, term);
        }
    }
    let all = sums.into_iter().fold(term, |a, b| _mm256_add_ps(a, b));
    _mm256_cvtss_f32(all)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(rounds: usize) -> f32 {
    use std::arch::x86_64::*;
    let (factor, term) = (_mm512_set1_ps(0.999), _mm512_set1_ps(1e-3));
    let mut sums = [_mm512_set1_ps(0.5); SUMS];
    for _ in 0..rounds {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, factor, term);
        }
    }
    let all = sums.into_iter().fold(term, |a, b| _mm512_add_ps(a, b));
    _mm512_cvtss_f32(all)
}
