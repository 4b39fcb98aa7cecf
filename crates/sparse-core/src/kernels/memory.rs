//! What the system's allocator does with freed memory.
#![allow(unsafe_code)]

/// Tells the C library to keep freed blocks for the next allocation instead of handing them back to the system.
///
/// Tensors of a training step are freed and allocated again a thousand times a second. Of blocks above 128 KiB
/// glibc gives the pages back at each turn, and the system clears them anew: more than half of a sparse
/// update's time (2.4 times as many RLx2 updates per second without it). The setting holds for the whole
/// process, so a program decides it, once, at its start; the peak of its memory stays the same. Does nothing
/// where the C library is another one.
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// The most that glibc takes: half of an arena's heap.
        const NEVER_MAP: libc::c_int = 32 << 20;
        /// Freed memory at an arena's end that is kept.
        const KEEP: libc::c_int = 1 << 30;
        /// What an arena grows by.
        const GROW: libc::c_int = 16 << 20;
        for (option, value) in [
            (libc::M_MMAP_THRESHOLD, NEVER_MAP),
            (libc::M_TRIM_THRESHOLD, KEEP),
            (libc::M_TOP_PAD, GROW),
        ] {
            // SAFETY: `mallopt` takes two integers and locks the allocator; it touches no memory of ours.
            unsafe { libc::mallopt(option, value) };
        }
    }
}
