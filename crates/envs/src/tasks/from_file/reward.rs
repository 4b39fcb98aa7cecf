//! Rewards: terms with a name and a weight, their sum or what an expression makes of them, and when an episode ends.

use std::ops::Range;

use super::builder::Builder;
use super::document::{Mark, Node, is_single};
use super::expression::Expression;
use super::names::check_name;
use crate::Result;
use crate::tasks::{Sigmoid, Tolerance};

/// Terms at most: an [`Info`](crate::Info) holds so many numbers.
const MOST: usize = 16;

/// The key of an expression in the place of the sum.
const TOTAL: &str = "total";

/// The ways in which a reward falls, by dm_control's names.
const SIGMOIDS: [(&str, Sigmoid); 8] = [
    ("gaussian", Sigmoid::Gaussian),
    ("hyperbolic", Sigmoid::Hyperbolic),
    ("long_tail", Sigmoid::LongTail),
    ("reciprocal", Sigmoid::Reciprocal),
    ("cosine", Sigmoid::Cosine),
    ("linear", Sigmoid::Linear),
    ("quadratic", Sigmoid::Quadratic),
    ("tanh_squared", Sigmoid::TanhSquared),
];

/// What a term is of.
#[derive(Clone, Debug)]
enum Of {
    /// 1 unless the step ends the episode.
    Alive,
    /// A measured number.
    Number(usize),
}

/// A term of the reward.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) name: String,
    of: Of,
    tolerance: Option<Tolerance>,
    weight: f64,
    mark: Mark,
}

/// The reward of a step.
#[derive(Clone, Debug)]
pub(super) struct Reward {
    pub(super) terms: Vec<Term>,
    /// The section.
    mark: Mark,
    /// Of numbers that are measured and, behind them, terms.
    total: Option<(Expression, Mark)>,
}

/// A number that is not what it must be: where the file asks for it, its value, and what it must be.
pub(super) struct Bad<'a> {
    pub(super) mark: &'a Mark,
    pub(super) value: f64,
    pub(super) must: &'static str,
}

impl<'a> Bad<'a> {
    /// The number, where it is finite in single precision.
    pub(super) fn unless_single(
        value: f64,
        mark: &'a Mark,
        must: &'static str,
    ) -> Result<f64, Self> {
        match is_single(value) {
            true => Ok(value),
            false => Err(Self { mark, value, must }),
        }
    }
}

/// What a reward must be.
const MUST: &str = "a reward must be finite, and so in single precision";

impl Reward {
    /// Reads the terms, in the order of the file.
    pub(super) fn read<'a>(section: &Node<'a>, builder: &mut Builder<'a>) -> Result<Self> {
        let entries = section.entries("a table of terms by name")?;
        let mut terms = Vec::new();
        for (name, node) in &entries {
            if name == TOTAL {
                continue;
            }
            check_name(name, node)?;
            if terms.len() == MOST {
                return Err(node.error(format!("a reward has {MOST} terms at most")));
            }
            terms.push(Term::read(name, node, builder)?);
        }
        match terms.is_empty() {
            true => Err(section.error(
                "there are no terms; give one, such as alive = { alive = true, weight = 1 }",
            )),
            false => Ok(Self {
                terms,
                mark: section.mark(),
                total: None,
            }),
        }
    }

    /// Reads what is made of the terms, when all quantities are known.
    pub(super) fn read_total<'a>(
        &mut self,
        section: &Node<'a>,
        builder: &mut Builder<'a>,
    ) -> Result<()> {
        let Some(node) = section.get(TOTAL) else {
            return Ok(());
        };
        // Terms have no numbers before all quantities have theirs.
        let far = |index: usize| usize::MAX - index;
        let names = self.terms.iter().enumerate();
        let beside: Vec<_> = names.map(|(i, term)| (term.name.clone(), far(i))).collect();
        let expression = builder.expression(&node, &beside)?;
        let behind = builder.quantities.dims.len();
        let moved = expression.with_variables(|index| match index > far(MOST) {
            true => behind + (far(0) - index),
            false => index,
        });
        self.total = Some((moved, node.mark()));
        Ok(())
    }

    /// The reward of a step. `values` are the measured numbers, and room for the terms behind them.
    ///
    /// # Errors
    /// When a term or the whole is not finite in single precision.
    pub(super) fn of(
        &self,
        values: &mut [f64],
        ended: bool,
        stack: &mut Vec<f64>,
    ) -> Result<f64, Bad<'_>> {
        let behind = values.len() - self.terms.len();
        let (measured, paid) = values.split_at_mut(behind);
        for (term, paid) in self.terms.iter().zip(paid) {
            *paid = term.value(measured, ended);
            Bad::unless_single(*paid, &term.mark, MUST)?;
        }
        let terms = values[behind..].iter().copied();
        let (value, mark) = match &self.total {
            Some((total, mark)) => (total.value(values, stack), mark),
            None => (
                terms.reduce(|sum, term| sum + term).unwrap_or(0.0),
                &self.mark,
            ),
        };
        Bad::unless_single(value, mark, MUST)
    }
}

impl Term {
    fn read<'a>(name: &str, node: &Node<'a>, builder: &mut Builder<'a>) -> Result<Self> {
        let weight = match node.get("weight") {
            Some(weight) => weight.finite()?,
            None => 1.0,
        };
        let tolerance = node
            .get("tolerance")
            .map(|node| tolerance(&node))
            .transpose()?;
        let alive = node.get("alive");
        let of = match &alive {
            Some(alive) => {
                node.only(&["alive", "weight"])?;
                if !alive.flag()? {
                    return Err(alive.error("it must be true, or left out"));
                }
                Of::Alive
            }
            None => {
                let index = builder.operand_with(node, &["weight", "tolerance", "alive"])?;
                let slot = builder.slot(index);
                if slot.len() != 1 {
                    return Err(node.error(format!(
                        "a term is one number, and this has {}; `axis`, `number`, `squares` or `length` makes one of them",
                        slot.len()
                    )));
                }
                Of::Number(slot.start)
            }
        };
        Ok(Self {
            name: name.to_owned(),
            of,
            tolerance,
            weight,
            mark: node.mark(),
        })
    }

    fn value(&self, measured: &[f64], ended: bool) -> f64 {
        let number = match self.of {
            Of::Alive => f64::from(u8::from(!ended)),
            Of::Number(index) => measured[index],
        };
        let number = match &self.tolerance {
            // What is no number is not outside of a range, but a mistake.
            Some(tolerance) if !number.is_nan() => tolerance.reward(number),
            _ => number,
        };
        self.weight * number
    }
}

/// dm_control's `tolerance`.
fn tolerance(node: &Node<'_>) -> Result<Tolerance> {
    node.only(&["low", "high", "margin", "sigmoid", "at_margin"])?;
    let bound = |key: &str, default: f64| match node.get(key) {
        Some(bound) => bound.number("a number"),
        None => Ok(default),
    };
    let (low, high) = (
        bound("low", f64::NEG_INFINITY)?,
        bound("high", f64::INFINITY)?,
    );
    if low > high {
        return Err(node.error("`low` must be at most `high`"));
    }
    let margin = node.get("margin").map_or(Ok(0.0), |margin| margin.size())?;
    let sigmoid = match node.get("sigmoid") {
        None => Sigmoid::default(),
        Some(name) => {
            let names = SIGMOIDS.map(|(name, _)| name.to_owned());
            SIGMOIDS[name.index("sigmoid", &names)?].1
        }
    };
    let at_margin = match node.get("at_margin") {
        None => 0.1,
        Some(at) => {
            let reaches = matches!(
                sigmoid,
                Sigmoid::Cosine | Sigmoid::Linear | Sigmoid::Quadratic
            );
            let value = at.finite()?;
            let good = value < 1.0 && (value > 0.0 || value == 0.0 && reaches);
            match good {
                true => value,
                false => {
                    return Err(at.error(
                        "it must be above 0 and below 1; 0 with cosine, linear and quadratic",
                    ));
                }
            }
        }
    };
    if low == f64::INFINITY || high == f64::NEG_INFINITY {
        return Err(node.error("no number is between its bounds"));
    }
    if low == f64::NEG_INFINITY && high == f64::INFINITY {
        return Err(node.error("every number is between its bounds; give `low`, `high` or both"));
    }
    Ok(Tolerance::within(low, high)
        .margin(margin)
        .falls(sigmoid, at_margin))
}

/// When an episode ends.
#[derive(Clone, Debug)]
pub(super) struct End {
    slot: Range<usize>,
    when: When,
    mark: Mark,
}

#[derive(Clone, Copy, Debug)]
enum When {
    /// Any number is not strictly between these.
    Outside([f64; 2]),
    /// All numbers are strictly between these.
    Inside([f64; 2]),
    /// Any number is not 0.
    True,
}

impl End {
    pub(super) fn read<'a>(node: &Node<'a>, builder: &mut Builder<'a>) -> Result<Self> {
        let index = builder.operand_with(node, &["outside", "inside"])?;
        let when = match (node.get("outside"), node.get("inside")) {
            (Some(range), None) => When::Outside(range.range()?),
            (None, Some(range)) => When::Inside(range.range()?),
            (None, None) => When::True,
            (Some(_), Some(_)) => return Err(node.error("give `outside` or `inside`, not both")),
        };
        Ok(Self {
            slot: builder.slot(index),
            when,
            mark: node.mark(),
        })
    }

    /// Whether it is met.
    ///
    /// # Errors
    /// When that cannot be said: a number is NaN.
    pub(super) fn is_met(&self, values: &[f64]) -> Result<bool, Bad<'_>> {
        let values = &values[self.slot.clone()];
        if let Some(value) = values.iter().find(|value| value.is_nan()) {
            return Err(Bad {
                mark: &self.mark,
                value: *value,
                must: "whether an episode ends must be known",
            });
        }
        let mut numbers = values.iter();
        let between = |[low, high]: [f64; 2], x: f64| low < x && x < high;
        Ok(match self.when {
            When::Outside(range) => numbers.any(|x| !between(range, *x)),
            When::Inside(range) => numbers.all(|x| between(range, *x)),
            When::True => numbers.any(|x| *x != 0.0),
        })
    }
}
