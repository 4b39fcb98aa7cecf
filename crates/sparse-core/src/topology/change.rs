//! The changes that a rule plans for a layer, checked before they are made.

use super::{GrownMoments, LayerState, NetworkState};
use crate::error::{Error, Result};
use crate::pattern::{Pattern, Rewire};

/// What happens to one layer; by default nothing.
///
/// A position is `output · inputs + input`, as in [`Pattern::positions`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerChange {
    /// Positions of the connections that go.
    pub dropped: Vec<u32>,
    /// Positions of grown connections. One that is also among the dropped is kept, with its value and moments.
    pub grown: Vec<u32>,
    /// The values that they start from, one for each of `grown`; empty where all start from 0.
    pub grown_values: Vec<f32>,
    /// The optimizer moments that they start from.
    pub grown_moments: GrownMoments,
    /// Connections whose moments become zero, and the value that each is set to: its index among the layer's values before
    /// the change. The last one of an index counts.
    pub reset: Vec<(u32, f32)>,
    /// Units whose bias becomes zero, whose normalisation begins anew, and whose moments become zero.
    pub reset_units: Vec<usize>,
}

impl LayerChange {
    /// Drops connections at these positions and grows some at those, both ascending, from zero. What is in both stays.
    #[must_use]
    pub fn moving(dropped: Vec<u32>, grown: Vec<u32>) -> Self {
        let mut change = Self::default();
        let mut old = dropped.into_iter().peekable();
        for position in grown {
            while let Some(gone) = old.next_if(|gone| *gone < position) {
                change.dropped.push(gone);
            }
            if old.next_if_eq(&position).is_none() {
                change.grown.push(position);
            }
        }
        change.dropped.extend(old);
        change
    }

    /// The step of a layer from its connections `pattern`.
    ///
    /// # Errors
    /// [`Error::Pattern`] when a position is given twice, a connection is dropped that does not exist, or grown that
    /// exists, or none remain.
    pub fn rewire(&self, pattern: &Pattern) -> Result<Rewire> {
        let error = |reason| Error::Pattern {
            outputs: pattern.outputs(),
            inputs: pattern.inputs(),
            reason,
        };
        let step = rewire(
            pattern,
            self.dropped.clone(),
            self.grown.clone(),
            Vec::new(),
        );
        match step.map_err(error)? {
            Some((step, _)) => Ok(step),
            None => Rewire::new(pattern, pattern),
        }
    }

    /// Whether nothing happens.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.dropped.is_empty()
            && self.grown.is_empty()
            && self.reset.is_empty()
            && self.reset_units.is_empty()
    }
}

/// What happens to one layer: a [`LayerChange`] that was checked, with the connections after it.
#[derive(Clone, Debug, PartialEq)]
pub struct AppliedChange {
    from: Pattern,
    rewire: Option<(Rewire, Vec<f32>)>,
    grown_moments: GrownMoments,
    reset: Vec<(u32, f32)>,
    reset_units: Vec<usize>,
}

impl AppliedChange {
    /// The connections before.
    #[must_use]
    pub fn from(&self) -> &Pattern {
        &self.from
    }

    /// The connections after.
    #[must_use]
    pub fn to(&self) -> &Pattern {
        self.rewire
            .as_ref()
            .map_or(&self.from, |(rewire, _)| rewire.to())
    }

    /// The step of the connections; `None` where all stay.
    #[must_use]
    pub fn rewire(&self) -> Option<&Rewire> {
        self.rewire.as_ref().map(|(rewire, _)| rewire)
    }

    /// The values that grown connections start from, in the order of [`Rewire::grown`].
    #[must_use]
    pub fn grown_values(&self) -> &[f32] {
        self.rewire.as_ref().map_or(&[], |(_, values)| values)
    }

    /// The moments that grown connections start from.
    #[must_use]
    pub fn grown_moments(&self) -> GrownMoments {
        self.grown_moments
    }

    /// Connections that are reset: their index among the values before the change, and their new value.
    #[must_use]
    pub fn reset(&self) -> &[(u32, f32)] {
        &self.reset
    }

    /// Units that start anew.
    #[must_use]
    pub fn reset_units(&self) -> &[usize] {
        &self.reset_units
    }

    /// Whether values or units start anew.
    pub(crate) fn resets(&self) -> bool {
        !(self.reset.is_empty() && self.reset_units.is_empty())
    }

    /// Numbers per connection `[from.nnz()]` in the order of the connections after the change `[to.nnz()]`; zero where
    /// one is grown or reset.
    ///
    /// # Errors
    /// [`Error::Shape`] when there is not one number for each connection.
    pub fn carry(&self, mut kept: Vec<f32>) -> Result<Vec<f32>> {
        Error::check_size(
            "numbers of the old connections",
            kept.len(),
            self.from.nnz(),
        )?;
        self.reset.iter().for_each(|(k, _)| kept[*k as usize] = 0.0);
        Ok(self
            .rewire()
            .map_or_else(|| kept.clone(), |rewire| rewire.carry(&kept)))
    }

    /// The values `[from.nnz()]` after the change `[to.nnz()]`: reset ones are set if `resets`, and grown ones get
    /// their first values.
    pub(crate) fn values(&self, mut values: Vec<f32>, resets: bool) -> Result<Vec<f32>> {
        Error::check_size("values", values.len(), self.from.nnz())?;
        if resets {
            self.reset
                .iter()
                .for_each(|(k, value)| values[*k as usize] = *value);
        }
        match &self.rewire {
            Some((rewire, grown)) => rewire.carry_and_set(&values, grown),
            None => Ok(values),
        }
    }
}

/// Checks the plan of the rule called `rule`, and returns the change of each layer; `None` for no change.
///
/// # Errors
/// [`Error::Plan`] with the first thing that is wrong.
pub(crate) fn resolve(
    rule: &'static str,
    network: &NetworkState,
    changes: Vec<LayerChange>,
) -> Result<Vec<Option<AppliedChange>>> {
    let (layers, planned) = (network.layers.len(), changes.len());
    if planned != layers {
        let reason = format!("changes of {planned} layers: must be {layers}");
        return Err(Error::Plan {
            rule,
            layer: planned.min(layers),
            reason,
        });
    }
    let pairs = network.layers.iter().zip(changes).enumerate();
    let applied = pairs.map(|(index, (layer, change))| {
        if change.is_empty() {
            return Ok(None);
        }
        let wrong = |reason| Error::Plan {
            rule,
            layer: index,
            reason,
        };
        resolve_layer(layer, change).map(Some).map_err(wrong)
    });
    applied.collect()
}

fn resolve_layer(layer: &LayerState, change: LayerChange) -> Result<AppliedChange, String> {
    let pattern = &layer.pattern;
    let (nnz, units) = (pattern.nnz(), pattern.outputs());
    if let Some((k, _)) = change.reset.iter().find(|(k, _)| *k as usize >= nnz) {
        return Err(format!("resets value {k}: must be below {nnz}"));
    }
    if let Some((k, value)) = change.reset.iter().find(|(_, value)| !value.is_finite()) {
        return Err(format!("resets value {k} to {value}: must be finite"));
    }
    if let Some(unit) = change.reset_units.iter().find(|unit| **unit >= units) {
        return Err(format!("resets unit {unit}: must be below {units}"));
    }
    Ok(AppliedChange {
        from: pattern.clone(),
        rewire: rewire(pattern, change.dropped, change.grown, change.grown_values)?,
        grown_moments: change.grown_moments,
        reset: change.reset,
        reset_units: change.reset_units,
    })
}

/// The step to the connections without those at `dropped` and with some at `grown`, and the values of those that come in
/// the order of their positions; `None` where all stay.
fn rewire(
    pattern: &Pattern,
    dropped: Vec<u32>,
    grown: Vec<u32>,
    values: Vec<f32>,
) -> Result<Option<(Rewire, Vec<f32>)>, String> {
    if !values.is_empty() && values.len() != grown.len() {
        let (got, expected) = (values.len(), grown.len());
        return Err(format!("{got} grown values: must be none or {expected}"));
    }
    if let Some(value) = values.iter().find(|value| !value.is_finite()) {
        return Err(format!("a grown value is {value}: must be finite"));
    }
    let dropped = sorted("drops", dropped)?;
    // In the order of positions, each with its value.
    let values = values.into_iter().chain(std::iter::repeat(0.0));
    let mut grown: Vec<(u32, f32)> = grown.into_iter().zip(values).collect();
    if !grown.is_sorted_by_key(|(position, _)| *position) {
        grown.sort_by_key(|(position, _)| *position);
    }
    let came = sorted(
        "grows",
        grown.iter().map(|(position, _)| *position).collect(),
    )?;
    let possible = pattern.outputs() * pattern.inputs();
    if let Some(position) = came.last().filter(|last| **last as usize >= possible) {
        return Err(format!(
            "grows position {position}: must be below {possible}"
        ));
    }
    let step = Rewire::moving(pattern, &dropped, &came).map_err(|error| match error {
        Error::Pattern { reason, .. } => reason,
        other => other.to_string(),
    })?;
    if step.to().nnz() == 0 && pattern.nnz() > 0 {
        return Err("leaves no connections: must leave one or more".to_owned());
    }
    // Those that are kept all the same have their values.
    let mut new = step.grown().iter().peekable();
    grown.retain(|(position, _)| new.next_if_eq(&position).is_some());
    let values = grown.into_iter().map(|(_, value)| value).collect();
    Ok((!step.is_identity()).then_some((step, values)))
}

/// Positions, ascending.
fn sorted(what: &str, mut positions: Vec<u32>) -> Result<Vec<u32>, String> {
    if !positions.is_sorted() {
        positions.sort_unstable();
    }
    match positions.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(format!("{what} position {} twice", pair[0])),
        None => Ok(positions),
    }
}
