//! Memory for programs that train.

pub use crate::kernels::CachingAllocator;
