//! The step from one pattern to the next, as data.

use super::Pattern;
use super::build::error;
use crate::error::{Error, Result};

/// What happens to each connection of a layer between two patterns of one shape, which may have different numbers
/// of connections.
///
/// This one object carries everything kept per connection (values, optimizer moments, target values), so that none is
/// forgotten. A connection that was dropped and grown again in the same step is simply kept, as in RLx2's code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewire {
    from: Pattern,
    to: Pattern,
    source: Vec<Option<u32>>,
    dropped: Vec<u32>,
    grown: Vec<u32>,
}

impl Rewire {
    /// The step from one pattern to another.
    ///
    /// # Errors
    /// [`Error::Shape`] when the patterns have different shapes.
    pub fn new(from: &Pattern, to: &Pattern) -> Result<Self> {
        Error::check_size("outputs after rewiring", to.outputs(), from.outputs())?;
        Error::check_size("inputs after rewiring", to.inputs(), from.inputs())?;
        let mut source = Vec::with_capacity(to.nnz());
        let (mut dropped, mut grown) = (Vec::new(), Vec::new());
        let mut old = (0..).zip(from.positions()).peekable();
        for position in to.positions() {
            while let Some((_, gone)) = old.next_if(|&(_, p)| p < position) {
                dropped.push(gone);
            }
            let kept = old.next_if(|&(_, p)| p == position);
            if kept.is_none() {
                grown.push(position);
            }
            source.push(kept.map(|(k, _)| k));
        }
        dropped.extend(old.map(|(_, p)| p));
        Ok(Self {
            from: from.clone(),
            to: to.clone(),
            source,
            dropped,
            grown,
        })
    }

    /// The step that drops the connections at `dropped` and grows some at `grown`, both strictly ascending positions; a
    /// connection in both stays. In one pass over the connections.
    ///
    /// # Errors
    /// [`Error::Pattern`] when a connection is dropped that does not exist, or grown that exists, or lies outside the
    /// layer.
    pub(crate) fn moving(from: &Pattern, dropped: &[u32], grown: &[u32]) -> Result<Self> {
        let mut to = Vec::with_capacity((from.nnz() + grown.len()).saturating_sub(dropped.len()));
        let mut source = Vec::with_capacity(to.capacity());
        let (mut gone, mut came) = (Vec::with_capacity(dropped.len()), Vec::new());
        let (mut missing, mut there) = (None, None);
        let mut grows = grown.iter().copied().peekable();
        let mut drops = dropped.iter().copied().peekable();
        for (k, position) in (0..).zip(from.position_list()) {
            while let Some(new) = grows.next_if(|new| *new < position) {
                to.push(new);
                source.push(None);
                came.push(new);
            }
            if let Some(no) = drops.next_if(|no| *no < position) {
                missing = Some(no);
                break;
            }
            let (goes, comes) = (
                drops.next_if_eq(&position).is_some(),
                grows.next_if_eq(&position).is_some(),
            );
            match (goes, comes) {
                (true, false) => gone.push(position),
                (false, true) => there = there.or(Some(position)),
                _ => {}
            }
            if !goes || comes {
                to.push(position);
                source.push(Some(k));
            }
        }
        if let Some(position) = missing.or_else(|| drops.next()) {
            let reason = format!("drops position {position}, where no connection is");
            return Err(error(from.outputs(), from.inputs(), reason));
        }
        if let Some(position) = there {
            let reason = format!("grows position {position}, where a connection is");
            return Err(error(from.outputs(), from.inputs(), reason));
        }
        for new in grows {
            to.push(new);
            source.push(None);
            came.push(new);
        }
        Ok(Self {
            from: from.clone(),
            to: Pattern::from_positions(from.outputs(), from.inputs(), &to)?,
            source,
            dropped: gone,
            grown: came,
        })
    }

    /// The pattern before.
    #[must_use]
    pub fn from(&self) -> &Pattern {
        &self.from
    }

    /// The pattern after.
    #[must_use]
    pub fn to(&self) -> &Pattern {
        &self.to
    }

    /// For each connection of the new pattern, where its value lay in the old one; `None` where it was grown.
    #[must_use]
    pub fn source(&self) -> &[Option<u32>] {
        &self.source
    }

    /// How many connections both patterns have.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.source.len() - self.grown.len()
    }

    /// Positions of the dropped connections, ascending.
    #[must_use]
    pub fn dropped(&self) -> &[u32] {
        &self.dropped
    }

    /// Positions of the grown connections, ascending.
    #[must_use]
    pub fn grown(&self) -> &[u32] {
        &self.grown
    }

    /// Whether both patterns are the same.
    #[must_use]
    pub fn is_identity(&self) -> bool {
        self.dropped.is_empty() && self.grown.is_empty()
    }

    /// Numbers per connection `[from.nnz()]`, carried to the new pattern `[to.nnz()]`; zero where grown.
    ///
    /// # Panics
    /// When `old` is not as long as the old pattern has connections.
    #[must_use]
    pub fn carry(&self, old: &[f32]) -> Vec<f32> {
        self.carry_with(old, 0.0)
    }

    /// As [`carry`](Self::carry), with `grown` where a connection is new.
    ///
    /// # Panics
    /// When `old` is not as long as the old pattern has connections.
    #[must_use]
    pub fn carry_with(&self, old: &[f32], grown: f32) -> Vec<f32> {
        let nnz = self.from.nnz();
        assert_eq!(old.len(), nnz, "numbers per connection of the old pattern");
        let value = |source: &Option<u32>| source.map_or(grown, |k| old[k as usize]);
        self.source.iter().map(value).collect()
    }

    /// As [`carry`](Self::carry), with the next of `grown` `[grown().len()]` wherever a connection is new.
    ///
    /// # Errors
    /// [`Error::Shape`] when `old` is not as long as the old pattern has connections, or `grown` not as long as there
    /// are grown connections.
    pub fn carry_and_set(&self, old: &[f32], grown: &[f32]) -> Result<Vec<f32>> {
        Error::check_size("numbers of the old connections", old.len(), self.from.nnz())?;
        Error::check_size(
            "numbers of grown connections",
            grown.len(),
            self.grown.len(),
        )?;
        let mut new = self.carry(old);
        let mut grown = grown.iter();
        for (new, source) in new.iter_mut().zip(&self.source) {
            if source.is_none() {
                *new = grown.next().copied().unwrap_or_default();
            }
        }
        Ok(new)
    }
}
