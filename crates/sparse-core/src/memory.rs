//! Memory for programs that train.

pub use crate::kernels::caching_allocator::CachingAllocator;
