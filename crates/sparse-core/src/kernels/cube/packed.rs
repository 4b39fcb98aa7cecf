//! Vectors that lie one after another in one buffer, so that one launch reaches all of them.

use burn::backend::TensorMetadata;
use burn::tensor::DType;
use burn_cubecl::ops::into_data_sync;
use burn_cubecl::tensor::CubeTensor;

use super::Flat;

/// Elements: 256 bytes, at whose multiples WebGPU lets a buffer be bound.
const STEP: usize = 64;

/// Where vectors of these lengths begin in one buffer, in elements, and how many elements it has.
pub(super) fn places(lengths: &[usize]) -> (Vec<usize>, usize) {
    let mut total = 0;
    let starts = lengths.iter().map(|length| {
        let start = total;
        total += length.next_multiple_of(STEP);
        start
    });
    (starts.collect(), total)
}

/// Vectors that lie so. What is between them is undefined.
#[derive(Clone)]
pub(crate) struct Packed {
    pub(super) all: Flat,
    lengths: Vec<usize>,
}

impl Packed {
    /// `None` where they do not lie so, or one is empty.
    pub(crate) fn of(vectors: &[CubeTensor]) -> Option<Self> {
        let first = vectors.first()?;
        let lengths: Vec<usize> = vectors.iter().map(|v| v.shape().num_elements()).collect();
        let (starts, total) = places(&lengths);
        let id = |vector: &CubeTensor| vector.handle.memory.descriptor().id;
        let lies = |(vector, start): (&CubeTensor, &usize)| {
            let handle = &vector.handle;
            let length = vector.shape().num_elements();
            length > 0
                && id(vector) == id(first)
                && handle.size() == bytes(total)
                && handle.offset_start.unwrap_or(0) == bytes(*start)
                && handle.size_in_used() == bytes(length)
                && vector.dtype == DType::F32
                && vector.meta.strides()[..] == [1]
        };
        if !vectors.iter().zip(&starts).all(lies) {
            return None;
        }
        let mut handle = first.handle.clone();
        (handle.offset_start, handle.offset_end) = (None, None);
        let all = CubeTensor::new_contiguous(
            first.client.clone(),
            first.device.clone(),
            [total].into(),
            handle,
            DType::F32,
        );
        Some(Self {
            all: Flat(all),
            lengths,
        })
    }

    /// These vectors, copied where they do not lie so; `None` where there are none, or one is empty.
    pub(crate) fn from_vectors(vectors: &[CubeTensor]) -> Option<Self> {
        let packed = Self::of(vectors);
        packed.or_else(|| Self::copied(vectors))
    }

    /// Copies of these vectors; `None` where there are none, or one is empty. They go by host memory, which is done where a
    /// network has begun, was read or has moved connections, and after steps that went by tensors.
    pub(crate) fn copied(vectors: &[CubeTensor]) -> Option<Self> {
        let lengths: Vec<usize> = vectors.iter().map(|v| v.shape().num_elements()).collect();
        if lengths.contains(&0) {
            return None;
        }
        let first = Flat::new(vectors.first()?.clone());
        let (starts, total) = places(&lengths);
        let mut numbers = vec![0.0; total];
        for (vector, start) in vectors.iter().zip(starts) {
            let data = into_data_sync(Flat::new(vector.clone()).0);
            for (to, number) in numbers[start..].iter_mut().zip(data.iter::<f32>()) {
                *to = number;
            }
        }
        Some(Self {
            all: first.uploaded(&numbers, [total]),
            lengths,
        })
    }

    /// As many others of the same lengths, of undefined content.
    pub(super) fn alike(&self) -> Self {
        Self {
            all: self.all.alike(),
            lengths: self.lengths.clone(),
        }
    }

    /// Whether others have these lengths.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.has(&other.lengths)
    }

    /// Whether the vectors have these lengths.
    pub(super) fn has(&self, lengths: &[usize]) -> bool {
        self.lengths == lengths
    }

    /// The vectors: handles, not copies.
    pub(crate) fn vectors(&self) -> Vec<CubeTensor> {
        let starts = places(&self.lengths).0.into_iter();
        let vectors = starts.zip(&self.lengths);
        let vectors = vectors.map(|(start, length)| self.all.part(start, [*length]).0);
        vectors.collect()
    }
}

/// Bytes of so many elements.
fn bytes(elements: usize) -> u64 {
    (elements * size_of::<f32>()) as u64
}
