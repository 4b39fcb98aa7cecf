//! Ways to make a [`Pattern`].

use std::cmp::Ordering;
use std::sync::Arc;

use rand::Rng;
use rand::seq::index;

use super::{Connections, Pattern};
use crate::error::{Error, Result};

impl Pattern {
    /// The pattern with connections at `positions` (`output * inputs + input`), strictly ascending.
    ///
    /// # Errors
    /// [`Error::Pattern`] when positions are not strictly ascending, one lies outside the layer, or the
    /// layer has more than 2³² possible connections.
    pub fn from_positions(outputs: usize, inputs: usize, positions: &[u32]) -> Result<Self> {
        let possible = possible(outputs, inputs)?;
        if let Some(pair) = positions.windows(2).find(|pair| pair[0] >= pair[1]) {
            let reason = format!(
                "position {} is followed by {}: positions must be strictly ascending",
                pair[0], pair[1]
            );
            return Err(error(outputs, inputs, reason));
        }
        match positions.last() {
            Some(&last) if last as usize >= possible => {
                let reason = format!("position {last}: must be below {possible}");
                Err(error(outputs, inputs, reason))
            }
            _ => Ok(build(outputs, inputs, positions)),
        }
    }

    /// The pattern of a mask `[outputs * inputs]`, row-major.
    ///
    /// # Errors
    /// [`Error::Shape`] when the mask has another length; [`Error::Pattern`] when the layer has more than
    /// 2³² possible connections.
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
    /// When the layer has more than 2³² possible connections (16 GiB of weights).
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

    /// The `nnz` connections of highest score, `scores` being `[outputs * inputs]`, row-major. Of equal
    /// scores the lower position wins.
    ///
    /// # Errors
    /// [`Error::Pattern`] when `nnz` is more than `outputs * inputs` or a score is not a number;
    /// [`Error::Shape`] when `scores` has another length.
    pub fn from_scores(outputs: usize, inputs: usize, scores: &[f32], nnz: usize) -> Result<Self> {
        let possible = room_for(nnz, outputs, inputs)?;
        Error::check_size("scores", scores.len(), possible)?;
        if let Some(position) = scores.iter().position(|score| score.is_nan()) {
            let reason = format!("the score at position {position} is not a number");
            return Err(error(outputs, inputs, reason));
        }
        let positions = largest((0..possible as u32).collect(), nnz, |p| scores[p as usize]);
        Ok(build(outputs, inputs, &positions))
    }
}

/// The `count` candidates of highest score, ascending. Of equal scores the lower candidate wins, and what is
/// not a number ranks by its sign beyond infinity, so the answer never depends on the order of candidates.
/// Linear in the number of candidates but for the sort of the result.
pub(crate) fn largest(
    mut candidates: Vec<u32>,
    count: usize,
    score: impl Fn(u32) -> f32,
) -> Vec<u32> {
    // Adding zero makes -0.0 equal to 0.0, which `total_cmp` tells apart.
    let first = |a: &u32, b: &u32| -> Ordering {
        let (score_a, score_b) = (score(*a) + 0.0, score(*b) + 0.0);
        score_b.total_cmp(&score_a).then(a.cmp(b))
    };
    if count < candidates.len() {
        candidates.select_nth_unstable_by(count, first);
        candidates.truncate(count);
    }
    candidates.sort_unstable();
    candidates
}

/// Connections that the layer could have.
fn possible(outputs: usize, inputs: usize) -> Result<usize> {
    let limit = u32::MAX as usize;
    outputs
        .checked_mul(inputs)
        .filter(|&possible| possible <= limit)
        .ok_or_else(|| {
            let reason = "a layer must have less than 2^32 possible connections".to_string();
            error(outputs, inputs, reason)
        })
}

/// Connections that the layer could have, at least `nnz`.
fn room_for(nnz: usize, outputs: usize, inputs: usize) -> Result<usize> {
    let possible = possible(outputs, inputs)?;
    if nnz > possible {
        let reason = format!("nnz = {nnz}: must be at most {possible}");
        return Err(error(outputs, inputs, reason));
    }
    Ok(possible)
}

fn error(outputs: usize, inputs: usize, reason: String) -> Error {
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
    for &position in positions {
        let (output, input) = split(position, inputs);
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
    for (k, &position) in (0..).zip(positions) {
        let (output, input) = split(position, inputs);
        let slot = next[input] as usize;
        t_idx[slot] = output as u32;
        t_pos[slot] = k;
        next[input] += 1;
    }
    Pattern(Arc::new(Connections {
        outputs,
        inputs,
        row_ptr,
        col_idx,
        t_ptr,
        t_idx,
        t_pos,
        #[cfg(any(feature = "wgpu", feature = "cuda"))]
        uploads: Default::default(),
    }))
}

fn split(position: u32, inputs: usize) -> (usize, usize) {
    let position = position as usize;
    (position / inputs, position % inputs)
}

/// Turns counts, shifted by one, into starts.
fn accumulate(counts: &mut [u32]) {
    let mut sum = 0;
    for count in counts {
        sum += *count;
        *count = sum;
    }
}
