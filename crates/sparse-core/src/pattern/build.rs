//! Ways to make a [`Pattern`].

use std::sync::Arc;

use rand::Rng;
use rand::seq::index;

use super::select::{Largest, key, largest};
use super::{Blocks, Connections, Pattern};
use crate::error::{Error, Result};

impl Pattern {
    /// The pattern with connections at `positions` (`output * inputs + input`), strictly ascending.
    ///
    /// # Errors
    /// [`Error::Pattern`] when positions are not strictly ascending, one lies outside the layer, or the
    /// layer has 2³² possible connections or more.
    pub fn from_positions(outputs: usize, inputs: usize, positions: &[u32]) -> Result<Self> {
        let possible = possible(outputs, inputs)?;
        if let Some(k) = positions.windows(2).position(|pair| pair[0] >= pair[1]) {
            let (at, next) = (positions[k], positions[k + 1]);
            let reason = format!(
                "positions[{k}] = {at} is followed by {next}: positions must be strictly ascending"
            );
            return Err(error(outputs, inputs, reason));
        }
        match positions.last() {
            Some(&last) if last as usize >= possible => {
                let k = positions.partition_point(|&p| (p as usize) < possible);
                let at = positions[k];
                let reason = format!("positions[{k}] = {at}: must be below {possible}");
                Err(error(outputs, inputs, reason))
            }
            _ => Ok(build(outputs, inputs, positions)),
        }
    }

    /// The pattern of compressed rows from an untrusted source: output unit `o` has the inputs
    /// `col_idx[row_ptr[o]..row_ptr[o + 1]]`, strictly ascending.
    ///
    /// ```
    /// use sparse_core::pattern::Pattern;
    ///
    /// let pattern = Pattern::from_csr(2, 3, &[0, 2, 3], &[0, 2, 1])?;
    /// assert_eq!(pattern.positions().collect::<Vec<u32>>(), [0, 2, 4]);
    /// let error = Pattern::from_csr(2, 3, &[0, 2, 3], &[0, 3, 1]).unwrap_err();
    /// assert!(error.to_string().contains("col_idx[1] = 3: must be below 3"));
    /// # Ok::<(), sparse_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Pattern`] with the index and the value of the first entry that does not fit: `row_ptr` must have
    /// `outputs + 1` entries that start at 0, never fall and end at the length of `col_idx`; each row's inputs must
    /// be strictly ascending and below `inputs`; the layer must have less than 2³² possible connections.
    pub fn from_csr(
        outputs: usize,
        inputs: usize,
        row_ptr: &[u32],
        col_idx: &[u32],
    ) -> Result<Self> {
        possible(outputs, inputs)?;
        let fault = |reason| Err(error(outputs, inputs, reason));
        if row_ptr.len() != outputs + 1 {
            let (got, expected) = (row_ptr.len(), outputs + 1);
            return fault(format!("row_ptr has {got} entries: must have {expected}"));
        }
        if row_ptr[0] != 0 {
            return fault(format!("row_ptr[0] = {}: must be 0", row_ptr[0]));
        }
        if let Some(o) = row_ptr.windows(2).position(|pair| pair[0] > pair[1]) {
            let (at, next) = (row_ptr[o], row_ptr[o + 1]);
            let index = o + 1;
            return fault(format!(
                "row_ptr[{index}] = {next}: must be at least {at}, the one before"
            ));
        }
        if row_ptr[outputs] as usize != col_idx.len() {
            let (last, expected) = (row_ptr[outputs], col_idx.len());
            let reason =
                format!("row_ptr[{outputs}] = {last}: must be {expected}, the length of col_idx");
            return fault(reason);
        }
        let mut positions = Vec::with_capacity(col_idx.len());
        for (output, range) in row_ptr.windows(2).enumerate() {
            let start = range[0] as usize;
            let row = &col_idx[start..range[1] as usize];
            for (k, &input) in row.iter().enumerate() {
                let index = start + k;
                if input as usize >= inputs {
                    return fault(format!(
                        "col_idx[{index}] = {input}: must be below {inputs}"
                    ));
                }
                if k > 0 && row[k - 1] >= input {
                    let before = row[k - 1];
                    return fault(format!(
                        "col_idx[{index}] = {input}: must be above {before}, the one before in row {output}"
                    ));
                }
                positions.push((output * inputs + input as usize) as u32);
            }
        }
        Ok(build(outputs, inputs, &positions))
    }

    /// The pattern of a mask `[outputs * inputs]`, row-major.
    ///
    /// # Errors
    /// [`Error::Shape`] when the mask has another length; [`Error::Pattern`] when the layer has
    /// 2³² possible connections or more.
    pub fn from_mask(outputs: usize, inputs: usize, mask: &[bool]) -> Result<Self> {
        let possible = possible(outputs, inputs)?;
        Error::check_size("mask", mask.len(), possible)?;
        let active = (0..).zip(mask).filter(|(_, active)| **active);
        let positions: Vec<u32> = active.map(|(position, _)| position).collect();
        Ok(build(outputs, inputs, &positions))
    }

    /// Every possible connection.
    ///
    /// # Panics
    /// When the layer has 2³² possible connections (16 GiB of weights) or more.
    #[must_use]
    pub fn full(outputs: usize, inputs: usize) -> Self {
        let possible = possible(outputs, inputs).unwrap_or_else(|error| panic!("{error}"));
        let positions: Vec<u32> = (0..possible as u32).collect();
        build(outputs, inputs, &positions)
    }

    /// `nnz` connections drawn uniformly without replacement.
    ///
    /// # Errors
    /// [`Error::Pattern`] when `nnz` is more than `outputs * inputs`.
    pub fn random(
        outputs: usize,
        inputs: usize,
        nnz: usize,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<Self> {
        let possible = room_for(nnz, outputs, inputs)?;
        let drawn = index::sample(rng, possible, nnz);
        let mut positions: Vec<u32> = drawn.into_iter().map(|p| p as u32).collect();
        positions.sort_unstable();
        Ok(build(outputs, inputs, &positions))
    }

    /// Checks that a layer has units and inputs and can have `nnz` connections, at least one.
    ///
    /// # Errors
    /// [`Error::Pattern`] with what is missing or too much.
    pub(crate) fn check_room(outputs: usize, inputs: usize, nnz: usize) -> Result<()> {
        if outputs == 0 || inputs == 0 || nnz == 0 {
            let reason = format!("nnz = {nnz}: units, inputs and connections must be 1 or more");
            return Err(error(outputs, inputs, reason));
        }
        room_for(nnz, outputs, inputs).map(|_| ())
    }

    /// The `nnz` connections of highest score and their scores, which come one by one in the order of positions and
    /// are not all held. Of equal scores the lower position wins.
    ///
    /// # Errors
    /// As [`random`](Self::random).
    pub(crate) fn of_largest(
        outputs: usize,
        inputs: usize,
        scores: impl Iterator<Item = f32>,
        nnz: usize,
    ) -> Result<(Self, Vec<f32>)> {
        let possible = room_for(nnz, outputs, inputs)?;
        let mut best = Largest::new(nnz);
        for (position, score) in (0..).zip(scores.take(possible)) {
            best.push(key(score, position));
        }
        let (positions, scores) = best.finish_with_scores();
        Ok((build(outputs, inputs, &positions), scores))
    }

    /// The `nnz` connections of highest score, `scores` being `[outputs * inputs]`, row-major. Of equal
    /// scores the lower position wins.
    ///
    /// # Errors
    /// [`Error::Pattern`] when `nnz` is more than `outputs * inputs` or a score is not a number;
    /// [`Error::Shape`] when `scores` has another length.
    pub fn from_scores(outputs: usize, inputs: usize, scores: &[f32], nnz: usize) -> Result<Self> {
        let possible = room_for(nnz, outputs, inputs)?;
        check_scores(outputs, inputs, scores, possible)?;
        let positions = largest(0..possible as u32, nnz, |p| scores[p as usize]);
        Ok(build(outputs, inputs, &positions))
    }
}

/// One score, which is a number, for each possible connection.
pub(super) fn check_scores(
    outputs: usize,
    inputs: usize,
    scores: &[f32],
    possible: usize,
) -> Result<()> {
    Error::check_size("scores", scores.len(), possible)?;
    match scores.iter().position(|score| score.is_nan()) {
        Some(position) => {
            let reason = format!("the score at position {position} is not a number");
            Err(error(outputs, inputs, reason))
        }
        None => Ok(()),
    }
}

/// Connections that the layer could have.
fn possible(outputs: usize, inputs: usize) -> Result<usize> {
    let limit = u32::MAX as usize;
    outputs
        .checked_mul(inputs)
        // Also of a layer without units or inputs, whose other side costs memory.
        .filter(|&possible| possible.max(outputs).max(inputs) <= limit)
        .ok_or_else(|| {
            let reason = "a layer must have less than 2^32 possible connections".to_string();
            error(outputs, inputs, reason)
        })
}

/// Connections that the layer could have, at least `nnz`.
pub(super) fn room_for(nnz: usize, outputs: usize, inputs: usize) -> Result<usize> {
    let possible = possible(outputs, inputs)?;
    if nnz > possible {
        let reason = format!("nnz = {nnz}: must be at most {possible}");
        return Err(error(outputs, inputs, reason));
    }
    Ok(possible)
}

pub(super) fn error(outputs: usize, inputs: usize, reason: String) -> Error {
    Error::Pattern {
        outputs,
        inputs,
        reason,
    }
}

/// Builds both indices from positions known to be strictly ascending and inside the layer.
fn build(outputs: usize, inputs: usize, positions: &[u32]) -> Pattern {
    let mut row_ptr = vec![0; outputs + 1];
    let mut t_ptr = vec![0; inputs + 1];
    let mut col_idx = Vec::with_capacity(positions.len());
    let (mut output, mut row_start) = (0, 0);
    for &position in positions {
        // Rows ascend with the positions; a division for each would take most of the time.
        while position as usize - row_start >= inputs {
            row_start += inputs;
            output += 1;
        }
        let input = position as usize - row_start;
        row_ptr[output + 1] += 1;
        t_ptr[input + 1] += 1;
        col_idx.push(input as u32);
    }
    accumulate(&mut row_ptr);
    accumulate(&mut t_ptr);

    // Outputs ascend with the positions, so they ascend within each input too.
    let mut next = t_ptr.clone();
    let mut t_idx = vec![0; positions.len()];
    let mut t_pos = vec![0; positions.len()];
    for (output, range) in row_ptr.windows(2).enumerate() {
        for k in range[0]..range[1] {
            let input = col_idx[k as usize] as usize;
            let slot = next[input] as usize;
            t_idx[slot] = output as u32;
            t_pos[slot] = k;
            next[input] += 1;
        }
    }
    Pattern(Arc::new(Connections {
        outputs,
        inputs,
        blocks: Blocks::new(&row_ptr, &col_idx, inputs),
        t_blocks: Blocks::new(&t_ptr, &t_idx, outputs),
        row_ptr,
        col_idx,
        t_ptr,
        t_idx,
        t_pos,
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        uploads: Default::default(),
    }))
}

/// Turns counts, shifted by one, into starts.
fn accumulate(counts: &mut [u32]) {
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}
