//! A global allocator that keeps freed blocks for reuse.
//!
//! A training step frees and allocates some hundred tensors and nodes of Burn's graph, some of a few words and some of
//! hundreds of KiB, on two threads. glibc gives the pages of large blocks back to the system, which clears them anew,
//! splits and joins the others, and locks: a tenth to a fifth of a sparse update's time, and more than half with its
//! default settings.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Blocks are larger than this.
const SMALLEST: usize = 1 << 4;

/// Blocks above this size are left to the system: they are not freed a thousand times a second.
const LARGEST: usize = 1 << 22;

/// Sizes of blocks to a doubling.
const PER_DOUBLING: usize = 4;

/// Sizes of blocks that are kept.
const SIZES: usize = PER_DOUBLING * (LARGEST.ilog2() - SMALLEST.ilog2()) as usize;

/// Blocks above this size start on a cache line, smaller ones where the system puts them.
const LINES_FROM: usize = 1 << 10;

/// Bytes in a cache line.
const LINE: usize = 64;

/// Free lists of one size: threads use different ones, as a rule.
const LISTS: usize = 4;

/// Blocks on a free list at most.
const MOST_BLOCKS: usize = 256;

/// Bytes on a free list at most, or four blocks.
const MOST_BYTES: usize = 1 << 21;

/// Keeps freed blocks of up to 4 MiB each for the next allocation of about that size, on whatever thread. A program
/// decides for it, once:
///
/// ```
/// #[global_allocator]
/// static MEMORY: sparse_core::memory::CachingAllocator = sparse_core::memory::CachingAllocator::new();
/// # fn main() {}
/// ```
///
/// Sizes are rounded up to the next of four to a doubling, by an eighth on average. What is kept is not given back to the
/// system: 0.7 GiB at the very most, and no more than was in use at some time.
#[derive(Debug)]
pub struct CachingAllocator {
    lists: [[FreeList; LISTS]; SIZES],
}

impl CachingAllocator {
    /// An allocator that has kept nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            lists: [const { [const { FreeList::new() }; LISTS] }; SIZES],
        }
    }

    /// This thread's list of a size.
    fn list(&self, size: usize) -> &FreeList {
        static THREADS: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            // No destructor and no memory of its own: an allocator can read it at any time.
            static LIST: Cell<usize> = const { Cell::new(usize::MAX) };
        }
        let mut list = LIST.get();
        if list == usize::MAX {
            list = THREADS.fetch_add(1, Ordering::Relaxed) % LISTS;
            LIST.set(list);
        }
        &self.lists[size][list]
    }
}

impl Default for CachingAllocator {
    fn default() -> Self {
        Self::new()
    }
}

/// Freed blocks of one size. A thread that finds it locked goes to the system instead of waiting.
#[derive(Debug)]
struct FreeList {
    taken: AtomicBool,
    blocks: UnsafeCell<Blocks>,
}

#[derive(Debug)]
struct Blocks {
    count: usize,
    /// The first `count` are blocks.
    first: [*mut u8; MOST_BLOCKS],
}

// SAFETY: only the thread that has set `taken` touches `blocks`, see `with`; blocks belong to no thread.
unsafe impl Sync for FreeList {}
// SAFETY: as above.
unsafe impl Send for FreeList {}

impl FreeList {
    const fn new() -> Self {
        Self {
            taken: AtomicBool::new(false),
            blocks: UnsafeCell::new(Blocks {
                count: 0,
                first: [ptr::null_mut(); MOST_BLOCKS],
            }),
        }
    }

    /// Works on the blocks, unless another thread does.
    fn with<T>(&self, work: impl FnOnce(&mut Blocks) -> Option<T>) -> Option<T> {
        if self.taken.swap(true, Ordering::Acquire) {
            return None;
        }
        // SAFETY: nobody else has found `taken` unset since, and it is set until the reference is gone.
        let done = work(unsafe { &mut *self.blocks.get() });
        self.taken.store(false, Ordering::Release);
        done
    }

    fn take(&self) -> Option<NonNull<u8>> {
        self.with(|blocks| {
            blocks.count = blocks.count.checked_sub(1)?;
            NonNull::new(blocks.first[blocks.count])
        })
    }

    /// Keeps a block, if there is room.
    fn keep(&self, block: *mut u8, most: usize) -> bool {
        let kept = self.with(|blocks| {
            let place = blocks.first[..most].get_mut(blocks.count)?;
            (*place, blocks.count) = (block, blocks.count + 1);
            Some(())
        });
        kept.is_some()
    }
}

/// Which size of block a layout takes, and the layout that all of that size have; `None` for those that are the system's.
fn size_of_block(layout: Layout) -> Option<(usize, Layout)> {
    let size = layout.size().max(SMALLEST + 1);
    let doubling = (size - 1).ilog2();
    let step = 1 << (doubling - PER_DOUBLING.ilog2());
    // 0 to 3: which quarter of the way to the next doubling the last byte is in.
    let quarter = (size - 1) / step - PER_DOUBLING;
    let whole = (quarter + PER_DOUBLING + 1) * step;
    let align = if whole > LINES_FROM { LINE } else { SMALLEST };
    if size > LARGEST || layout.align() > align {
        return None;
    }
    let index = (doubling - SMALLEST.ilog2()) as usize * PER_DOUBLING + quarter;
    Some((index, Layout::from_size_align(whole, align).ok()?))
}

// SAFETY: memory comes from the system's allocator, with the layout that `size_of_block` gives for a layout, or with
// that layout itself where it gives none, and goes back to it with the same. That block is as large and as aligned as
// was asked for. A block is either in use or on one list: `take` and `keep` move it.
unsafe impl GlobalAlloc for CachingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some((index, block)) = size_of_block(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc(layout) };
        };
        match self.list(index).take() {
            Some(kept) => kept.as_ptr(),
            // SAFETY: a block is never empty.
            None => unsafe { System.alloc(block) },
        }
    }

    unsafe fn dealloc(&self, address: *mut u8, layout: Layout) {
        let Some((index, block)) = size_of_block(layout) else {
            // SAFETY: the caller's promise.
            return unsafe { System.dealloc(address, layout) };
        };
        let most = (MOST_BYTES / block.size()).clamp(4, MOST_BLOCKS);
        if !self.list(index).keep(address, most) {
            // SAFETY: it came from the system with this layout.
            unsafe { System.dealloc(address, block) };
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if size_of_block(layout).is_none() {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: the caller's promise.
        let address = unsafe { self.alloc(layout) };
        if !address.is_null() {
            // SAFETY: it has as many bytes.
            unsafe { ptr::write_bytes(address, 0, layout.size()) };
        }
        address
    }

    unsafe fn realloc(&self, address: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: `size` is not 0 and does not overflow when rounded up to the alignment.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (size_of_block(layout), size_of_block(new)) {
            // SAFETY: the caller's promise.
            (None, None) => unsafe { System.realloc(address, layout, size) },
            (Some((old, _)), Some((new, _))) if old == new => address,
            _ => {
                // SAFETY: both blocks have as many bytes as are copied, and the old one goes back as it came.
                unsafe {
                    let moved = self.alloc(new);
                    if !moved.is_null() {
                        ptr::copy_nonoverlapping(address, moved, size.min(layout.size()));
                        self.dealloc(address, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(size: usize, align: usize) -> Layout {
        Layout::from_size_align(size, align).unwrap()
    }

    #[test]
    fn sizes_are_rounded_up_by_a_quarter_at_most_and_never_down() {
        let mut last = 0;
        for size in (1..1 << 14).chain([LARGEST - 1, LARGEST]) {
            let (index, block) = size_of_block(layout(size, 4)).unwrap();
            let most = (5 * size / 4 + 4).max(20);
            assert!((size..=most).contains(&block.size()), "{size}: {block:?}");
            assert!(index >= last && index < SIZES, "{size}: {index}");
            // All of one index have one layout.
            let same = size_of_block(layout(block.size(), 4)).unwrap();
            assert_eq!(same, (index, block));
            last = index;
        }
        assert_eq!(last, SIZES - 1);
        for other in [(LARGEST + 1, 4), (4096, 128), (100, 32)] {
            assert!(size_of_block(layout(other.0, other.1)).is_none());
        }
        assert!(size_of_block(layout(4096, 64)).is_some());
    }

    #[test]
    fn a_freed_block_is_the_next_one_of_its_size() {
        let memory = CachingAllocator::new();
        let [first, other] = [layout(100_000, 4), layout(99_000, 16)];
        // SAFETY: each block is used within its layout and goes back once, with that layout.
        unsafe {
            let block = memory.alloc(first);
            assert_eq!(block as usize % LINE, 0);
            block.write_bytes(7, 100_000);
            memory.dealloc(block, first);
            assert_eq!(memory.alloc(other), block);
            memory.dealloc(block, other);
            // Also where zeros are asked for.
            let zeroed = memory.alloc_zeroed(other);
            assert_eq!(zeroed, block);
            assert!((0..99_000).all(|k| *zeroed.add(k) == 0));
            memory.dealloc(zeroed, other);
        }
    }

    #[test]
    fn what_is_held_survives_growing_and_shrinking() {
        let memory = CachingAllocator::new();
        let byte = |k: usize| (k % 251) as u8;
        let mut size = 700;
        // SAFETY: each block is used within its layout and goes back once, with that layout.
        unsafe {
            let mut block = memory.alloc(layout(size, 4));
            (0..size).for_each(|k| block.add(k).write(byte(k)));
            for next in [
                1_100, 1_200, 5_000, 900, 40_000_000, 60_000_000, 3_000_000, 2_000, 800,
            ] {
                block = memory.realloc(block, layout(size, 4), next);
                assert!(
                    (0..size.min(next)).all(|k| *block.add(k) == byte(k)),
                    "{next}"
                );
                (0..next).for_each(|k| block.add(k).write(byte(k)));
                size = next;
            }
            memory.dealloc(block, layout(size, 4));
        }
    }

    #[test]
    fn no_two_holders_share_a_block() {
        let memory = &CachingAllocator::new();
        let worker = |seed: usize| {
            let mut held: Vec<(usize, Layout, u8)> = Vec::new();
            for turn in 0..9_000 {
                let size = 1 + (turn * 7_919 + seed * 104_729) % 9_000;
                let asked = layout(size, 8);
                // SAFETY: each block is used within its layout and goes back once, with that layout.
                unsafe {
                    let block = memory.alloc(asked);
                    let mark = (3 * turn + seed) as u8;
                    block.write_bytes(mark, size);
                    held.push((block as usize, asked, mark));
                    if held.len() > 700 {
                        for (block, asked, mark) in held.drain(..) {
                            let block = block as *mut u8;
                            assert!((0..asked.size()).all(|k| *block.add(k) == mark));
                            memory.dealloc(block, asked);
                        }
                    }
                }
            }
            for (block, asked, _) in held {
                // SAFETY: as above.
                unsafe { memory.dealloc(block as *mut u8, asked) };
            }
        };
        std::thread::scope(|scope| {
            (1..=3).for_each(|seed| drop(scope.spawn(move || worker(seed))));
        });
    }
}
