//! The connections of the networks that a run left, read from its safetensors file without a tensor library.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use safetensors::{Dtype, SafeTensors};

/// A layer's connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The network that it is of, such as `actor`.
    pub network: String,
    /// Its place there, from 0.
    pub index: usize,
    /// Inputs.
    pub inputs: usize,
    /// Outputs.
    pub outputs: usize,
    /// Flat indices of the connections in `[outputs, inputs]`, ascending.
    pub positions: Vec<u32>,
}

impl Layer {
    /// Share of the possible connections that are there.
    #[must_use]
    pub fn density(&self) -> f64 {
        self.positions.len() as f64 / (self.inputs * self.outputs) as f64
    }

    /// Connections of each input.
    #[must_use]
    pub fn by_input(&self) -> Vec<usize> {
        let mut counts = vec![0; self.inputs];
        for position in &self.positions {
            counts[*position as usize % self.inputs] += 1;
        }
        counts
    }
}

/// Most inputs or outputs of a layer: more are no policy's, and would take memory that a file only claims to need.
const WIDEST: usize = 1 << 24;

/// Files that have networks, the best policy first.
const FILES: [&str; 5] = [
    "checkpoints/best.safetensors",
    "checkpoints/latest.safetensors",
    "networks.safetensors",
    "best.safetensors",
    "policy.safetensors",
];

/// The file of a run that has its networks, if any.
#[must_use]
pub fn file(run: &Path) -> Option<PathBuf> {
    let mut files = FILES.iter().map(|name| run.join(name));
    files.find(|path| path.is_file())
}

/// All layers of the networks in a file, in the order of their names; layers that are not ours are left out.
///
/// # Errors
/// When it cannot be read, or is damaged.
pub fn layers(path: &Path) -> Result<Vec<Layer>> {
    let place = || path.display().to_string();
    let bytes = fs::read(path).with_context(place)?;
    let (_, header) = SafeTensors::read_metadata(&bytes)
        .map_err(|error| anyhow!("{}: no safetensors file: {error}", place()))?;
    let file = SafeTensors::deserialize(&bytes)
        .map_err(|error| anyhow!("{}: no safetensors file: {error}", place()))?;
    let said: HashMap<String, String> = header.metadata().clone().unwrap_or_default();
    let number = |key: String| said.get(&key).and_then(|value| value.parse::<usize>().ok());
    let mut layers = Vec::new();
    for (name, positions) in file.iter() {
        let Some(layer) = name.strip_suffix(".positions") else {
            continue;
        };
        let Some((network, index)) = layer.rsplit_once('.') else {
            continue;
        };
        let Ok(index) = index.parse() else {
            continue;
        };
        let bias = file.tensor(&format!("{layer}.bias"));
        let bias = bias.ok().and_then(|bias| bias.shape().first().copied());
        let outputs = bias.or_else(|| number(format!("{layer}.outputs")));
        let (Some(inputs), Some(outputs)) = (number(format!("{layer}.inputs")), outputs) else {
            continue;
        };
        if positions.dtype() != Dtype::U32 {
            continue;
        }
        let words = positions.data().chunks_exact(4);
        let words: Vec<u32> = words
            .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        if inputs.max(outputs) > WIDEST {
            bail!(
                "{}: {layer} has {inputs} inputs and {outputs} outputs: at most {WIDEST} each are read",
                place()
            );
        }
        let possible = inputs * outputs;
        if possible == 0 || words.iter().any(|word| *word as usize >= possible) {
            bail!("{}: {name} leads out of {inputs} x {outputs}", place());
        }
        layers.push(Layer {
            network: network.to_owned(),
            index,
            inputs,
            outputs,
            positions: words,
        });
    }
    layers.sort_by(|a, b| (&a.network, a.index).cmp(&(&b.network, b.index)));
    Ok(layers)
}
