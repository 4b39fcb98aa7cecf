//! AVX2 and FMA: not written by hand yet; the scalar loops compiled with these instructions.
#![allow(unsafe_code)]

use super::{Isa, Kernels, Raw, scalar};

pub(super) static KERNELS: Kernels = Kernels {
    isa: Isa::Avx2,
    raw: Raw {
        ..scalar::KERNELS.raw
    },
};
