//! Recorded updates: the networks before and after, the batches, and what an agent told, from PyTorch in double
//! precision.

use burn::tensor::{Device, Tensor};
use sparse_core::nn::{SparseLinear, SparseMlp, SparseModule, Storage};
use sparse_core::pattern::Pattern;

use crate::recording::{Array, Recording, Result};

/// One case of a recording.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What its arrays' names begin with.
    pub name: &'a str,
    /// Where they are.
    pub recording: &'a Recording,
}

impl<'a> Case<'a> {
    /// One of the case's arrays.
    ///
    /// # Errors
    /// When there is none.
    pub fn get(&self, key: &str) -> Result<&'a Array> {
        self.recording.get(&format!("{}/{key}", self.name))
    }

    /// The number in a row and a named column of a table.
    ///
    /// # Errors
    /// When there is none.
    pub fn told(&self, table: &str, row: usize, name: &str) -> Result<f64> {
        let names = format!("{}/{table}/names", self.name);
        let names = self.recording.texts(&names)?;
        let column = names.iter().position(|known| known == name);
        let column = column.ok_or_else(|| format!("{}: no {table} `{name}`", self.name))?;
        Ok(self.get(table)?.row(row)[column])
    }

    /// A number of the case's settings.
    ///
    /// # Errors
    /// When there is none.
    pub fn setting(&self, name: &str) -> Result<f64> {
        self.told("setting", 0, name)
    }

    /// What a batch has under `key`, of one update.
    ///
    /// # Errors
    /// When there is none.
    pub fn batch(&self, key: &str, update: usize) -> Result<Vec<f32>> {
        Ok(floats(self.get(&format!("batch/{key}"))?.row(update)))
    }

    /// The recorded parameters of a network of these sizes, each matrix and each bias for itself.
    ///
    /// # Errors
    /// When there are none, or not enough.
    pub fn parts(&self, key: &str, sizes: &[usize]) -> Result<Vec<&'a [f64]>> {
        let mut rest = self.get(key)?.data.as_slice();
        let mut parts = Vec::new();
        for pair in sizes.windows(2) {
            for length in [pair[0] * pair[1], pair[1]] {
                let (part, behind) = rest
                    .split_at_checked(length)
                    .ok_or_else(|| format!("{}/{key} is too short", self.name))?;
                parts.push(part);
                rest = behind;
            }
        }
        match rest.len() {
            0 => Ok(parts),
            more => Err(format!("{}/{key} has {more} numbers more", self.name)),
        }
    }

    /// Recorded connections, layer after layer.
    ///
    /// # Errors
    /// When there are none.
    pub fn mask(&self, key: &str) -> Result<Vec<bool>> {
        let mask = self.get(key)?;
        Ok(mask.data.iter().map(|x| *x == 1.0).collect())
    }

    /// A recorded network.
    ///
    /// # Errors
    /// When its parameters or its mask are not there, or do not fit.
    pub fn network(
        &self,
        [key, mask]: [&str; 2],
        sizes: &[usize],
        storage: Storage,
        device: &Device,
    ) -> Result<SparseMlp> {
        let (parts, mask) = (self.parts(key, sizes)?, self.mask(mask)?);
        let mut mask = mask.as_slice();
        let mut layers = Vec::new();
        for (pair, parts) in sizes.windows(2).zip(parts.chunks(2)) {
            let (own, behind) = mask
                .split_at_checked(pair[0] * pair[1])
                .ok_or_else(|| format!("{}/{key}: its mask is too short", self.name))?;
            mask = behind;
            let pattern = Pattern::from_mask(pair[1], pair[0], own).map_err(said)?;
            let values = pattern.positions().map(|at| parts[0][at as usize] as f32);
            let (values, bias) = (values.collect(), floats(parts[1]));
            let layer = SparseLinear::from_parts(pattern, values, bias, storage, device);
            layers.push(layer.map_err(said)?);
        }
        SparseMlp::from_layers(layers).map_err(said)
    }
}

/// A network's parameters, each matrix and each bias for itself.
pub fn parts_of(net: &SparseMlp) -> Vec<Vec<f64>> {
    let layers = net.sparse_layers().into_iter();
    let data = layers.flat_map(|layer| {
        let bias = layer.bias().map(Tensor::into_data);
        std::iter::once(layer.to_dense().into_data()).chain(bias)
    });
    data.map(|data| data.iter::<f64>().collect()).collect()
}

/// An error in words.
pub fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// In single precision.
pub fn floats(data: &[f64]) -> Vec<f32> {
    data.iter().map(|x| *x as f32).collect()
}

/// The largest size of some numbers; infinite where one is no number.
pub fn most(numbers: impl Iterator<Item = f64>) -> f64 {
    let larger = |most: f64, x: f64| {
        if most.is_nan() || x.abs() <= most {
            most
        } else {
            x.abs()
        }
    };
    let most = numbers.fold(0.0, larger);
    if most.is_nan() { f64::INFINITY } else { most }
}

/// The largest difference of numbers from as many others; infinite where one is no number.
pub fn distance(reference: &[f64], found: &[f64]) -> f64 {
    if reference.len() != found.len() {
        return f64::INFINITY;
    }
    most(reference.iter().zip(found).map(|(r, x)| r - x))
}
