//! The arithmetic: sparse products, their gradients and the fused updates, on plain `f32` slices.
//!
//! Activations are *tiled*: the batch is cut into tiles of `width` columns stored one after the other,
//! `[tiles, features, width]`. A weight is then broadcast against contiguous columns, forward and
//! input-gradient are one kernel, and nothing is gathered. `width` is 16 (a few rows, as in acting), 32 or 64.
//!
//! Each kernel has a scalar version, which is the reference, and vector versions; [`Kernels::best`] picks
//! once per process what the CPU can do, and the free functions of this module use that. All versions give the same
//! bits: every sum has one order, and every multiply-add of a batch's product is fused, in software where there is no
//! instruction for it. So a training is the same on every CPU. `README.md` beside this file has the ladder of versions
//! with measured rates.
//!
//! Slices of wrong sizes are bugs of the caller: every function panics on them, naming the sizes.

mod buffer;
pub(crate) mod caching_allocator;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub(crate) mod cube;
mod entry;
mod fused;
pub(crate) mod lanes;
mod parts;
mod pass;
mod peak;
mod scalar;
mod sizes;
mod tiles;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod prefetch;

use std::mem::MaybeUninit;
use std::sync::OnceLock;

pub use buffer::{AlignedBuf, Out, Written};
pub use entry::{
    adam, bias_gradient, dense_gradient, polyak, relu_bias_gradient, sddmm, spmm, spmm_t, spmv,
};
pub(crate) use pass::{GradientSums, MOST_UNITS, TilePass, suits as pass_suits, values_by_input};
pub use pass::{PassGradients, PassLayer, backward_pass, forward_pass};
pub(crate) use sizes::product;
pub(crate) use tiles::to_block;
pub use tiles::{from_tiles, to_tiles};

use crate::pattern::Pattern;

/// A set of vector instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// Plain Rust, on any machine.
    Scalar,
    /// NEON: 4 lanes.
    Neon,
    /// AVX2 and FMA: 8 lanes.
    Avx2,
    /// AVX-512F: 16 lanes.
    Avx512,
}

impl Isa {
    /// All of them, slowest first.
    pub const ALL: [Self; 4] = [Self::Scalar, Self::Neon, Self::Avx2, Self::Avx512];

    /// Its name: `scalar`, `neon`, `avx2` or `avx512`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Neon => "neon",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The one of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|isa| isa.name() == name)
    }
}

/// The scalars of one step of Adam (Kingma & Ba 2015, Algorithm 1), in PyTorch's form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// Learning rate α.
    pub learning_rate: f32,
    /// Decay of the first moment, in [0, 1).
    pub beta1: f32,
    /// Decay of the second moment, in [0, 1).
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// L2 penalty, added to the gradient as `weight_decay * parameter`.
    pub weight_decay: f32,
    /// `1 - beta1^t` for step `t` counted from 1.
    pub correction1: f32,
    /// `1 - beta2^t` for step `t` counted from 1.
    pub correction2: f32,
}

/// One version of every kernel.
///
/// ```
/// use sparse_core::kernels::{Isa, Kernels};
///
/// assert!(Kernels::for_isa(Isa::Scalar).is_some());
/// assert!(Kernels::best().isa() >= Isa::Scalar);
/// ```
#[derive(Debug)]
pub struct Kernels {
    isa: Isa,
    raw: Raw,
}

/// The entries of one version. The caller has checked the sizes ([`sizes`]) and that the CPU has the version's
/// instructions.
#[derive(Clone, Copy, Debug)]
struct Raw {
    product: unsafe fn(&mut Product<'_>),
    value_gradient: unsafe fn(&mut ValueGradient<'_>),
    vector_product: unsafe fn(&mut VectorProduct<'_>),
    transpose: unsafe fn(&mut Transpose<'_>),
    /// Adds to the bias's gradient, as the next.
    bias_gradient: unsafe fn(&[f32], usize, &mut [f32]),
    relu_bias_gradient: unsafe fn(&[f32], &mut [f32], usize, &mut [f32]),
    adam: unsafe fn([&mut [f32]; 3], &[f32], &AdamStep),
    polyak: unsafe fn(&mut [f32], &[f32], f32),
}

/// `y[t, r, :] = act(bias[r] + Σ_k values[k] x[t, idx[k], :])` over the entries `start[r]..end[r]` of row `r`.
struct Product<'a> {
    start: &'a [u32],
    end: &'a [u32],
    idx: &'a [u32],
    values: &'a [f32],
    bias: Option<&'a [f32]>,
    /// Whether `y` already holds sums of other entries, to which these are added instead of a bias.
    more: bool,
    /// Whether the entries are one block of several, so that a row's do not follow those of the row before.
    blocked: bool,
    relu: bool,
    x: &'a [f32],
    /// Rows of a tile of `x`; every `idx` is below it.
    x_rows: usize,
    y: &'a mut [MaybeUninit<f32>],
    width: usize,
}

/// `to[c, r] = from[r, c]`.
struct Transpose<'a> {
    from: &'a [f32],
    /// From a row of `from` to the next.
    stride: usize,
    to: &'a mut [MaybeUninit<f32>],
    to_stride: usize,
    /// Multiples of [`SIDE`](tiles::SIDE), as `columns`.
    rows: usize,
    columns: usize,
}

/// `y[r] = act(bias[r] + Σ_k values[k] x[idx[k]])` over the entries `ptr[r]..ptr[r + 1]` of row `r`.
struct VectorProduct<'a> {
    ptr: &'a [u32],
    idx: &'a [u32],
    values: &'a [f32],
    bias: &'a [f32],
    relu: bool,
    x: &'a [f32],
    y: &'a mut [MaybeUninit<f32>],
}

/// `dv[k - base] = Σ_{t, w} dy[t, first + r, w] x[t, idx[k], w]` for the entries `start[r]..end[r]` of row `r`.
struct ValueGradient<'a> {
    start: &'a [u32],
    end: &'a [u32],
    idx: &'a [u32],
    dy: &'a [f32],
    /// Rows of a tile of `dy`, and the one that `start` begins with.
    dy_rows: usize,
    first: usize,
    x: &'a [f32],
    /// Rows of a tile of `x`; every `idx` is below it.
    x_rows: usize,
    dv: &'a mut [MaybeUninit<f32>],
    /// The entry whose gradient `dv` begins with.
    base: usize,
    /// Whether `dv` holds these rows' sums over other tiles already.
    more: bool,
    /// As in [`Product`].
    blocked: bool,
    width: usize,
}

impl Kernels {
    /// The version for an instruction set; `None` where the CPU lacks it.
    #[must_use]
    pub fn for_isa(isa: Isa) -> Option<&'static Self> {
        match isa {
            Isa::Scalar => Some(&scalar::KERNELS),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"))
                .then_some(&avx2::KERNELS),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => (is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx2"))
            .then_some(&avx512::KERNELS),
            #[cfg(target_arch = "aarch64")]
            Isa::Neon => std::arch::is_aarch64_feature_detected!("neon").then_some(&neon::KERNELS),
            #[allow(unreachable_patterns, reason = "every machine lacks some of them")]
            _ => None,
        }
    }

    /// The fastest version that the CPU has, found on the first call.
    #[must_use]
    pub fn best() -> &'static Self {
        Self::chosen(None)
    }

    /// Keeps this process to versions up to `isa`, so that a machine can compute as an older one would. Dense products
    /// are Burn's and choose for themselves.
    ///
    /// ```standalone_crate
    /// use sparse_core::kernels::{Isa, Kernels};
    ///
    /// assert_eq!(Kernels::limit(Isa::Scalar), Ok(Isa::Scalar));
    /// assert_eq!(Kernels::best().isa(), Isa::Scalar);
    /// assert_eq!(Kernels::limit(Isa::Scalar), Ok(Isa::Scalar));
    /// ```
    ///
    /// # Errors
    /// With the version in use, where a faster one was chosen before: call it before the first product.
    pub fn limit(isa: Isa) -> Result<Isa, Isa> {
        let chosen = Self::chosen(Some(isa)).isa();
        if chosen <= isa {
            Ok(chosen)
        } else {
            Err(chosen)
        }
    }

    /// The version of this process, which the first call chooses.
    fn chosen(most: Option<Isa>) -> &'static Self {
        static CHOSEN: OnceLock<&'static Kernels> = OnceLock::new();
        CHOSEN.get_or_init(|| {
            let fastest_first = Isa::ALL.into_iter().rev();
            let allowed = fastest_first.filter(|isa| most.is_none_or(|most| *isa <= most));
            let mut available = allowed.filter_map(Self::for_isa);
            available.next().unwrap_or(&scalar::KERNELS)
        })
    }

    /// The instruction set of this version.
    #[must_use]
    pub fn isa(&self) -> Isa {
        self.isa
    }
}

#[cfg(test)]
mod pass_tests;
#[cfg(test)]
mod tests;
