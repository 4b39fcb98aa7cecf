//! What Adam keeps of the gradients of one layer.

use burn::tensor::{Device, Tensor};

use crate::Result;
use crate::kernels::AdamStep;
use crate::nn::SparseLinear;
use crate::op::{adam, to_vec, vector};
use crate::pattern::Rewire;
use crate::record::{Record, RecordWriter, malformed};

/// First and second moment of one tensor.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    pub(super) first: Tensor<1>,
    pub(super) second: Tensor<1>,
}

impl Moments {
    pub(super) fn zeros_like(parameter: &Tensor<1>) -> Self {
        Self {
            first: parameter.zeros_like(),
            second: parameter.zeros_like(),
        }
    }

    /// One step; gives the new parameter and moments. All are handed on by value, so that they change in
    /// place.
    pub(super) fn step(
        self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        step: AdamStep,
    ) -> (Tensor<1>, Self) {
        let state = [parameter, gradient, self.first, self.second];
        let [parameter, first, second] = adam(state, step);
        (parameter, Self { first, second })
    }

    pub(super) fn bytes(&self) -> usize {
        4 * (self.first.shape().num_elements() + self.second.shape().num_elements())
    }

    fn save(&self, record: &mut RecordWriter, name: &str) {
        record.floats(&format!("{name}.first"), &to_vec(self.first.clone()));
        record.floats(&format!("{name}.second"), &to_vec(self.second.clone()));
    }

    /// The moments of `like`.
    fn load(record: &Record, name: &str, like: &Tensor<1>) -> Result<Self> {
        let length = like.shape().num_elements();
        let moment = |which: &str| -> Result<Tensor<1>> {
            let numbers = record.floats_of(&format!("{name}.{which}"), length)?;
            Ok(vector(numbers, &like.device()))
        };
        Ok(Self {
            first: moment("first")?,
            second: moment("second")?,
        })
    }
}

/// Moments of one layer.
#[derive(Clone, Debug)]
pub(super) struct LayerMoments {
    /// Of its trainable vectors: the values first, then those with one number per unit, in the layer's order.
    pub(super) vectors: Vec<Moments>,
    pub(super) dropped: Option<Dropped>,
}

impl LayerMoments {
    pub(super) fn zeros_like(layer: &SparseLinear) -> Self {
        let vectors = layer.parameters().into_vectors();
        Self {
            vectors: vectors.map(|vector| Moments::zeros_like(&vector)).collect(),
            dropped: None,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let dropped = self.dropped.as_ref().map_or(0, Dropped::bytes);
        self.vectors.iter().map(Moments::bytes).sum::<usize>() + dropped
    }

    /// Adds the moments of `layer`.
    pub(super) fn save(&self, record: &mut RecordWriter, prefix: &str, layer: &SparseLinear) {
        for (name, moments) in layer.vector_names().zip(&self.vectors) {
            moments.save(record, &format!("{prefix}.{name}"));
        }
        if let Some(dropped) = &self.dropped {
            dropped.save(record, &format!("{prefix}.dropped"));
        }
    }

    /// The moments of `layer`, of an optimizer that has taken `steps` steps.
    pub(super) fn load(
        record: &Record,
        prefix: &str,
        layer: &SparseLinear,
        steps: i32,
    ) -> Result<Self> {
        let moments = |part: &str, of: &_| Moments::load(record, &format!("{prefix}.{part}"), of);
        let vectors = layer.vector_names().zip(layer.parameters().into_vectors());
        let dropped = format!("{prefix}.dropped");
        let possible = layer.pattern().outputs() * layer.pattern().inputs();
        Ok(Self {
            vectors: vectors
                .map(|(name, of)| moments(name, &of))
                .collect::<Result<_>>()?,
            dropped: ["positions", "at"]
                .iter()
                .any(|part| record.has(&format!("{dropped}.{part}")))
                .then(|| Dropped::load(record, &dropped, possible, steps))
                .transpose()?,
        })
    }

    /// Where the moments lie.
    pub(super) fn device(&self) -> Device {
        self.vectors[0].first.device()
    }
}

/// Moments of the connections that the last rewire dropped, as they were then.
#[derive(Clone, Debug)]
pub(super) struct Dropped {
    /// Ascending.
    positions: Vec<u32>,
    pub(super) first: Vec<f32>,
    pub(super) second: Vec<f32>,
    /// Steps that the optimizer had taken.
    pub(super) at: i32,
}

impl Dropped {
    /// Those of `moments`, which are not yet carried.
    pub(super) fn of(moments: &[Vec<f32>; 2], rewire: &Rewire, at: i32) -> Self {
        let mut gone = rewire.dropped().iter().peekable();
        let indices = (0..).zip(rewire.from().positions());
        let indices: Vec<usize> = indices
            .filter(|(_, position)| gone.next_if(|g| *g == position).is_some())
            .map(|(k, _)| k)
            .collect();
        let pick = |moment: &Vec<f32>| indices.iter().map(|&k| moment[k]).collect();
        Self {
            positions: rewire.dropped().to_vec(),
            first: pick(&moments[0]),
            second: pick(&moments[1]),
            at,
        }
    }

    /// A moment at each of `grown`, decayed by `factor`; zero where it was not dropped.
    pub(super) fn revive(&self, moment: &[f32], grown: &[u32], factor: f32) -> Vec<f32> {
        let find = |position: &u32| self.positions.binary_search(position);
        let value = |position| find(position).map_or(0.0, |k| moment[k] * factor);
        grown.iter().map(value).collect()
    }

    fn bytes(&self) -> usize {
        12 * self.positions.len()
    }

    fn save(&self, record: &mut RecordWriter, name: &str) {
        record.words(&format!("{name}.positions"), &self.positions);
        record.floats(&format!("{name}.first"), &self.first);
        record.floats(&format!("{name}.second"), &self.second);
        record.meta(&format!("{name}.at"), self.at);
    }

    /// What was dropped from a layer of `possible` connections, at the latest after `steps` steps.
    fn load(record: &Record, name: &str, possible: usize, steps: i32) -> Result<Self> {
        let key = format!("{name}.positions");
        let positions = record.words(&key)?;
        if let Some(pair) = positions.windows(2).find(|pair| pair[0] >= pair[1]) {
            let value = format!("{} before {}: must ascend", pair[0], pair[1]);
            return Err(malformed(&key, &value));
        }
        if let Some(last) = positions.last().filter(|last| **last as usize >= possible) {
            let value = format!("as high as {last}: must be below {possible}");
            return Err(malformed(&key, &value));
        }
        let key = format!("{name}.at");
        let at = record.number(&key)?;
        if !(0..=steps).contains(&at) {
            return Err(malformed(&key, &format!("{at}: must be 0 to {steps}")));
        }
        let moment = |which: &str| record.floats_of(&format!("{name}.{which}"), positions.len());
        Ok(Self {
            first: moment("first")?,
            second: moment("second")?,
            positions,
            at,
        })
    }
}
