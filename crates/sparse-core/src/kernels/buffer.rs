//! Memory that kernels write: f32 on a cache line, not cleared first.
#![allow(unsafe_code)]

use std::marker::PhantomData;
use std::mem::MaybeUninit;

/// Floats in a cache line of 64 bytes.
const LINE: usize = 16;

/// A buffer of f32 whose data start on a cache line.
///
/// A general allocator aligns to 16 bytes, and then three of four 64-byte vector loads straddle two lines. So
/// the allocation is up to a line longer than asked for and the data start at its first line.
#[derive(Debug)]
pub struct AlignedBuf {
    data: Vec<f32>,
    start: usize,
}

impl AlignedBuf {
    /// `len` zeros.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        let mut data = Vec::with_capacity(len + LINE - 1);
        let start = first_line(&data);
        data.resize(start + len, 0.0);
        Self { data, start }
    }

    /// `len` floats that a kernel writes, which saves clearing them: `fill` must give the [`Out`] to a kernel
    /// and return what that kernel returns.
    ///
    /// ```
    /// use sparse_core::kernels::{AlignedBuf, to_tiles};
    ///
    /// let tiled = AlignedBuf::uninit_filled_by(16, |out| to_tiles(&[1.0, 2.0], 2, 1, 16, out));
    /// assert_eq!(tiled.as_slice()[..3], [1.0, 2.0, 0.0]);
    /// ```
    /// # Panics
    /// When what `fill` returns is about other floats than it was given.
    #[must_use]
    pub fn uninit_filled_by(len: usize, fill: impl for<'a> FnOnce(Out<'a>) -> Written<'a>) -> Self {
        let mut buffer = UnwrittenBuf::new(len);
        let floats = buffer.floats();
        let address = floats.as_ptr();
        let written = fill(Out { floats });
        assert!(
            written.address == address && written.len == len,
            "a kernel wrote other floats than these"
        );
        // SAFETY: kernels make a `Written` only of an `Out` that they have written in full: of this one, as address and
        // length say. It is of no earlier `Out` there either: one that is no longer borrowed has a shorter lifetime than
        // the `'a` that `fill` must return, and one that is borrowed for good cannot share its memory.
        unsafe { buffer.assume_written() }
    }

    /// Number of floats.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.len() - self.start
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The floats.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.data[self.start..]
    }

    /// The floats, to change.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        &mut self.data[self.start..]
    }

    /// The allocation, and where in it the data start (they end where it ends). No copy.
    #[must_use]
    pub fn into_parts(self) -> (Vec<f32>, usize) {
        (self.data, self.start)
    }

    /// The data alone, moved to the front of the allocation.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<f32> {
        self.data.drain(..self.start);
        self.data
    }
}

impl Clone for AlignedBuf {
    /// A copy that starts on a line of its own.
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.len());
        copy.as_mut_slice().copy_from_slice(self.as_slice());
        copy
    }
}

/// An [`AlignedBuf`] of which nothing is written yet.
#[derive(Debug)]
pub(super) struct UnwrittenBuf {
    data: Vec<f32>,
    len: usize,
}

impl UnwrittenBuf {
    /// Of `len` floats.
    pub(super) fn new(len: usize) -> Self {
        let mut data = Vec::with_capacity(len + LINE - 1);
        let start = first_line(&data);
        data.resize(start, 0.0);
        Self { data, len }
    }

    /// Number of floats.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The floats, to be written.
    pub(super) fn floats(&mut self) -> &mut [MaybeUninit<f32>] {
        &mut self.data.spare_capacity_mut()[..self.len]
    }

    /// # Safety
    /// All of the floats are written.
    pub(super) unsafe fn assume_written(self) -> AlignedBuf {
        let Self { mut data, len } = self;
        let start = data.len();
        // SAFETY: the capacity is at least `start + len`; the first `start` floats are zeros, and the rest is written.
        unsafe { data.set_len(start + len) };
        AlignedBuf { data, start }
    }
}

/// Floats before the first line of an allocation.
fn first_line(data: &[f32]) -> usize {
    let address = data.as_ptr() as usize / size_of::<f32>();
    address.next_multiple_of(LINE) - address
}

/// Floats for a kernel to write; what they held is never read. Made from a `&mut [f32]` with `into`, or by
/// [`AlignedBuf::uninit_filled_by`].
#[derive(Debug)]
pub struct Out<'a> {
    floats: &'a mut [MaybeUninit<f32>],
}

/// Proof that a kernel wrote the whole of an [`Out`].
#[derive(Debug)]
pub struct Written<'a> {
    address: *const MaybeUninit<f32>,
    len: usize,
    borrow: PhantomData<&'a mut [f32]>,
}

impl<'a> Out<'a> {
    pub(super) fn len(&self) -> usize {
        self.floats.len()
    }

    /// The floats. Only ever written, and with nothing but floats: they may be somebody's `&mut [f32]`.
    pub(super) fn floats(&mut self) -> &mut [MaybeUninit<f32>] {
        self.floats
    }

    /// Writes what `function` makes of each of `x`.
    ///
    /// # Panics
    /// When there are more or fewer.
    #[inline(always)]
    pub(crate) fn map_from(mut self, x: &[f32], function: impl Fn(f32) -> f32) -> Written<'a> {
        assert_eq!(x.len(), self.len(), "input and output");
        for (y, x) in self.floats().iter_mut().zip(x) {
            y.write(function(*x));
        }
        self.written()
    }

    /// Called only by a kernel that has written all of the floats.
    pub(super) fn written(self) -> Written<'a> {
        Written {
            address: self.floats.as_ptr(),
            len: self.floats.len(),
            borrow: PhantomData,
        }
    }
}

impl<'a> From<&'a mut [f32]> for Out<'a> {
    fn from(floats: &'a mut [f32]) -> Self {
        let floats: *mut [f32] = floats;
        Self {
            // SAFETY: `MaybeUninit<f32>` has the layout of `f32`, the borrow lasts as long, and kernels put
            // nothing but floats there.
            floats: unsafe { &mut *(floats as *mut [MaybeUninit<f32>]) },
        }
    }
}

impl<'a> From<&'a mut Vec<f32>> for Out<'a> {
    fn from(floats: &'a mut Vec<f32>) -> Self {
        floats.as_mut_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "other floats")]
    fn proof_about_other_floats_is_refused() {
        let other: &'static mut [f32] = Box::leak(vec![0.0; 16].into_boxed_slice());
        let _ = AlignedBuf::uninit_filled_by(16, |_| Out::from(other).written());
    }

    #[test]
    fn data_start_on_a_line() {
        for len in [0, 1, 15, 16, 17, 1000] {
            let mut buffer = AlignedBuf::zeroed(len);
            assert_eq!(buffer.as_slice().as_ptr() as usize % 64, 0);
            assert_eq!(buffer.len(), len);
            assert_eq!(buffer.is_empty(), len == 0);
            for (i, float) in buffer.as_mut_slice().iter_mut().enumerate() {
                *float = i as f32;
            }
            assert_eq!(buffer.clone().as_slice().as_ptr() as usize % 64, 0);
            let (data, start) = buffer.clone().into_parts();
            assert_eq!(&data[start..], buffer.as_slice());
            assert_eq!(data[start..], buffer.into_vec());
        }
    }
}
