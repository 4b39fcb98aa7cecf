//! A learner in a record, and back, without a bit lost.

use burn::tensor::Device;

use super::{NetworkTrainer, NetworkTrainerConfig, TargetConfig};
use crate::nn::{Activation, SparseLinear, SparseMlp, SparseModule};
use crate::optim::Adam;
use crate::record::{NO_ACTIVATION, Record, RecordWriter, malformed};
use crate::topology::{ExplorationRate, Topology};
use crate::{Error, Result};

impl<N: SparseModule> NetworkTrainer<N> {
    /// Adds everything that later updates depend on to a record: the network under `name`, the target under
    /// `{name}_target`, moments, counts, and what was explored. The configuration is not part of it.
    pub fn save(&self, record: &mut RecordWriter, name: &str) {
        record.network(name, &self.net);
        if let Some(target) = &self.target {
            record.network(&target_name(name), target);
        }
        record.meta(&format!("{name}.updates"), self.updates);
        self.adam.save(record, name, &self.net.sparse_layers());
        if let Some(explored) = self.explored() {
            explored.save(record, name);
        }
        for (index, held) in self.held.iter().flatten().enumerate() {
            record.floats(&held_name(name, index), held);
        }
    }

    /// Becomes the learner that was [saved](Self::save) under `name`; updates go on from there, bit for bit, as long
    /// as the configuration and the random numbers are the same.
    ///
    /// # Errors
    /// [`Error::Record`] when a part is missing, damaged or of another length, when the stored network has other
    /// layers than this one, or when a target or a record of what was explored is stored and the configuration keeps
    /// none. Nothing has changed then.
    pub fn restore(&mut self, record: &Record, name: &str) -> Result<()> {
        let mut net = self.net.clone();
        read_layers(record, name, &mut net)?;
        let target = self.stored_target(record, name, &net)?;
        let updates = record.number(&format!("{name}.updates"))?;
        let layers = net.sparse_layers();
        let adam = Adam::load(record, name, self.config.adam, &layers)?;
        let patterns = layers.iter().map(|layer| layer.pattern());
        let key = ExplorationRate::key(name, 0);
        let grows = |topology: &Topology| topology.rule.grows();
        let explored = match self.config.topology.as_ref().is_some_and(grows) {
            true => Some(ExplorationRate::load(record, name, patterns)?),
            false if record.has(&key) => {
                let value = "stored: it must not be where no rule moves connections";
                return Err(malformed(&key, value));
            }
            false => None,
        };
        let mut updater = self.updater.clone();
        if let Some(updater) = &mut updater {
            updater.resume(updates, explored);
        }
        let shapes: Vec<usize> = net
            .sparse_layers()
            .iter()
            .map(|layer| layer.pattern().outputs() * layer.pattern().inputs())
            .collect();
        let held = match record.has(&held_name(name, 0)) {
            true => {
                let layers = shapes.iter().enumerate();
                let layers =
                    layers.map(|(index, size)| record.floats_of(&held_name(name, index), *size));
                Some(layers.collect::<Result<_>>()?)
            }
            false => None,
        };
        *self = Self {
            net,
            target,
            adam,
            config: self.config.clone(),
            updates,
            updater,
            taped: self.taped,
            held,
        };
        Ok(())
    }

    /// Begins anew with the network that is stored under `name`: its connections and values, moments of zero, a target that
    /// is its copy, a rule that has not acted. Returns whether there is one.
    ///
    /// # Errors
    /// [`Error::Record`] when it is damaged or has other layers than this one; as [`new`](Self::new). Nothing has changed
    /// then.
    pub fn adopt(&mut self, record: &Record, name: &str) -> Result<bool> {
        if record.layers(name)? == 0 {
            return Ok(false);
        }
        let mut net = self.net.clone();
        read_layers(record, name, &mut net)?;
        *self = Self::new(net, self.config.clone())?;
        Ok(true)
    }

    /// The target that is stored for the network `net`.
    fn stored_target(&self, record: &Record, name: &str, net: &N) -> Result<Option<N>> {
        let key = target_name(name);
        if self.config.target.is_none() {
            return match record.layers(&key)? {
                0 => Ok(None),
                _ => Err(malformed(&key, "stored: it must not be without a target")),
            };
        }
        let mut target = net.clone();
        read_layers(record, &key, &mut target)?;
        let pairs = target.sparse_layers_mut().into_iter();
        for (index, (target, online)) in pairs.zip(net.sparse_layers()).enumerate() {
            let same = target.pattern() == online.pattern();
            if !same && self.config.target.is_some_and(TargetConfig::shares_pattern) {
                let value = format!("not as `{name}.{index}.positions`: they must be the same");
                return Err(malformed(&format!("{key}.{index}.positions"), &value));
            }
            if same {
                // One copy of the index arrays for both.
                target.set_connections(online.pattern().clone(), target.values());
            }
        }
        Ok(Some(target))
    }
}

impl NetworkTrainer<SparseMlp> {
    /// The learner that was [saved](Self::save) under `name`, on a device without autodiff.
    ///
    /// # Errors
    /// As [`restore`](Self::restore).
    pub fn load(
        record: &Record,
        name: &str,
        config: NetworkTrainerConfig,
        device: &Device,
    ) -> Result<Self> {
        let mut learner = Self::new(record.network(name, device)?, config)?;
        learner.restore(record, name)?;
        Ok(learner)
    }
}

/// The name that the target of `name` is stored under.
fn target_name(name: &str) -> String {
    format!("{name}_target")
}

/// The name of what the rule is to look at beside its own loss's gradient.
fn held_name(name: &str, index: usize) -> String {
    format!("{name}.{index}.held")
}

/// Replaces the layers of a network by those stored under `name`, which must have the same shapes.
fn read_layers<N: SparseModule>(record: &Record, name: &str, net: &mut N) -> Result<()> {
    let stored = record.activation(name)?;
    if let Some(expected) = net.activation()
        && record.layers(name)? > 0
        && stored != Some(expected)
    {
        let stored = stored.map_or(NO_ACTIVATION, Activation::name);
        let expected = expected.name();
        let reason = format!("`{name}` has the activation {stored}: must be {expected}");
        return Err(Error::Record { reason });
    }
    let mut layers = net.sparse_layers_mut();
    let stored = record.layers(name)?;
    if stored != layers.len() {
        let value = format!("stored with {stored} layers: must be {}", layers.len());
        return Err(malformed(name, &value));
    }
    for (index, layer) in layers.iter_mut().enumerate() {
        let prefix = format!("{name}.{index}");
        let read = record.layer(&prefix, &layer.values().device())?;
        let shape = |layer: &SparseLinear| {
            let pattern = layer.pattern();
            let norm = layer.layer_norm().map_or("", |_| " with a layer norm");
            let bias = layer.bias().map_or(" without a bias", |_| "");
            format!("[{}×{}]{norm}{bias}", pattern.outputs(), pattern.inputs())
        };
        let (found, expected) = (shape(&read), shape(layer));
        if found != expected {
            let reason = format!("`{prefix}` is a layer {found}: must be {expected}");
            return Err(Error::Record { reason });
        }
        layer.take(&read);
    }
    Ok(())
}
