//! What a picture has: panels beside each other, and one legend for all of them.

use std::collections::BTreeSet;

/// A picture.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    /// Above everything; may be empty.
    pub title: String,
    /// What the lines are, in the order of their looks; a name without a line is not shown.
    pub legend: Vec<String>,
    /// Panels, row after row.
    pub panels: Vec<Panel>,
    /// Panels in a row, at most.
    pub columns: usize,
    /// Height of a panel (pixels); `None` for the usual one.
    pub height: Option<u32>,
}

/// A rectangle with axes.
#[derive(Clone, Debug)]
pub struct Panel {
    /// Above it.
    pub title: String,
    /// From left to right.
    pub x: Axis,
    /// From below.
    pub y: Axis,
    /// What is drawn in it.
    pub content: Content,
}

/// What is drawn in a panel.
#[derive(Clone, Debug)]
pub enum Content {
    /// Lines with bands.
    Lines(Vec<Line>),
    /// From above, bars from the low end of an interval to the high one, with a mark at the value between; of each its
    /// look.
    Bars(Vec<(usize, [f64; 3])>),
}

/// A line, and a band about it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its look: its place in the legend.
    pub look: usize,
    /// Along the axes.
    pub points: Vec<(f64, f64)>,
    /// Places, and lower and upper ends there; empty without a band.
    pub band: Vec<(f64, f64, f64)>,
}

/// A direction of a panel.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// What is told along it, with its unit; may be empty.
    pub name: String,
    /// Whether it holds 0, whatever the data.
    pub from_zero: bool,
    /// Its range, where the data do not give it.
    pub range: Option<[f64; 2]>,
    /// Places with words, in the place of numbers.
    pub words: Vec<(f64, String)>,
}

impl Axis {
    /// With a name and the range of the data.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }

    /// With a name, from zero where nothing is below it.
    #[must_use]
    pub fn from_zero(name: &str) -> Self {
        Self {
            from_zero: true,
            ..Self::named(name)
        }
    }

    /// The range that holds all values, with some room above and, where it does not begin at 0, below.
    pub(super) fn span(&self, values: impl Iterator<Item = f64>, room: f64) -> [f64; 2] {
        if let Some(range) = self.range {
            return range;
        }
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.chain(self.from_zero.then_some(0.0)) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            return [0.0, 1.0];
        }
        // Of one value: as much about it as it is large.
        if high - low <= 1e-9 * high.abs().max(low.abs()) {
            let about = match high.abs() {
                0.0 => 1.0,
                size => 0.1 * size,
            };
            return [
                low - about * f64::from(low != 0.0 || !self.from_zero),
                high + about,
            ];
        }
        let room = room * (high - low);
        let below = if self.from_zero && low == 0.0 {
            0.0
        } else {
            room
        };
        let above = if self.from_zero && high == 0.0 {
            0.0
        } else {
            room
        };
        [low - below, high + above]
    }
}

impl Figure {
    /// Looks that some panel has.
    pub(super) fn looks(&self) -> BTreeSet<usize> {
        let of = |panel: &Panel| -> Vec<usize> {
            match &panel.content {
                Content::Lines(lines) => lines.iter().map(|line| line.look).collect(),
                Content::Bars(bars) => bars.iter().map(|bar| bar.0).collect(),
            }
        };
        self.panels.iter().flat_map(of).collect()
    }
}

impl Content {
    /// All places along the first axis.
    pub(super) fn places(&self) -> Vec<f64> {
        match self {
            Self::Lines(lines) => lines
                .iter()
                .flat_map(|line| {
                    let band = line.band.iter().map(|(place, ..)| *place);
                    line.points.iter().map(|(place, _)| *place).chain(band)
                })
                .collect(),
            Self::Bars(bars) => bars.iter().flat_map(|(_, values)| *values).collect(),
        }
    }

    /// All values along the second axis.
    pub(super) fn heights(&self) -> Vec<f64> {
        match self {
            Self::Lines(lines) => lines
                .iter()
                .flat_map(|line| {
                    let band = line.band.iter().flat_map(|(_, low, high)| [*low, *high]);
                    line.points.iter().map(|(_, value)| *value).chain(band)
                })
                .collect(),
            Self::Bars(bars) => vec![0.0, bars.len() as f64],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_all_values() {
        let zero = Axis::from_zero("");
        let span = |axis: &Axis, values: &[f64]| axis.span(values.iter().copied(), 0.05);
        assert_eq!(span(&zero, &[200.0, 800.0]), [0.0, 840.0]);
        assert_eq!(span(&zero, &[-200.0, 800.0]), [-250.0, 850.0]);
        assert_eq!(span(&zero, &[-200.0, -100.0]), [-210.0, 0.0]);
        let free = Axis::named("");
        assert_eq!(span(&free, &[100.0, 200.0]), [95.0, 205.0]);
        assert_eq!(span(&free, &[]), [0.0, 1.0]);
        assert_eq!(span(&free, &[10.0, 10.0]), [9.0, 11.0]);
        assert_eq!(span(&zero, &[0.0]), [0.0, 1.0]);
        assert_eq!(span(&free, &[0.0]), [-1.0, 1.0]);
    }
}
