//! One XML element: typed attributes, and complaints that say where.

use super::files::Library;
use super::place::Place;
use super::rule::{Rule, Verdict};
use super::xml::{Node, is_blank};
use crate::{Error, Result};
use glam::DVec3;

/// An element and where it comes from.
#[derive(Clone)]
pub(super) struct Element<'a> {
    node: Node<'a>,
    file: usize,
    library: &'a Library<'a>,
}

impl<'a> Element<'a> {
    /// The outermost element of a file; 0 is the model's own.
    pub(super) fn root(library: &'a Library<'a>, file: usize) -> Self {
        Self::new(library.root(file), file, library)
    }

    fn new(node: Node<'a>, file: usize, library: &'a Library<'a>) -> Self {
        Self {
            node,
            file,
            library,
        }
    }

    pub(super) fn name(&self) -> &'a str {
        self.node.name()
    }

    pub(super) fn place(&self) -> Place {
        Place::at(
            self.library.source(self.file),
            self.node.start(),
            self.name(),
        )
    }

    /// Notes that something is ignored here.
    pub(super) fn note(&self, kind: &'static str, details: &str) {
        self.library.note(&self.place(), kind, details);
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        self.place().error(message)
    }

    /// Child elements in the order of the file, with those of an included file in its place.
    pub(super) fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let library = self.library;
        // Files that are being read, the innermost last.
        let mut open = vec![(self.node.children(), self.file)];
        std::iter::from_fn(move || {
            loop {
                let (nodes, file) = open.last_mut()?;
                match nodes.next() {
                    None => drop(open.pop()),
                    Some(node) => match library.included(*file, &node) {
                        None => return Some(Element::new(node, *file, library)),
                        Some(inner) => open.push((library.root(inner).children(), inner)),
                    },
                }
            }
        })
    }

    /// Child elements of one name.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = Element<'a>> + use<'a> {
        self.children().filter(move |child| child.name() == name)
    }

    pub(super) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.node.attributes()
    }

    /// Refuses attributes and children that `rule` does not know or does not allow.
    pub(super) fn check(&self, rule: &Rule) -> Result<()> {
        for (name, value) in self.attributes() {
            match rule.attribute(name, value) {
                Verdict::Fine(_) => {}
                Verdict::NotDone(_, message) | Verdict::Unknown(message) => {
                    return Err(self.error(message));
                }
            }
        }
        self.check_children(rule)
    }

    /// Refuses children that `rule` does not know or does not allow.
    pub(super) fn check_children(&self, rule: &Rule) -> Result<()> {
        for child in self.children() {
            rule.child(child.name())
                .map_err(|message| child.error(message))?;
        }
        Ok(())
    }

    pub(super) fn text(&self, attribute: &str) -> Option<&'a str> {
        self.node.attribute(attribute)
    }

    /// Whether the attribute is there and says something.
    pub(super) fn has(&self, attribute: &str) -> bool {
        self.text(attribute)
            .is_some_and(|text| !text.bytes().all(is_blank))
    }

    /// The names among `attributes` that the element has.
    pub(super) fn present(&self, attributes: &[&'static str]) -> Vec<&'static str> {
        attributes.iter().copied().filter(|a| self.has(a)).collect()
    }

    /// Every number of an attribute; `None` when there is none.
    pub(super) fn list(&self, attribute: &str) -> Result<Option<Vec<f64>>> {
        self.numbers(attribute, false)
    }

    /// As [`list`](Self::list); `infinite` tells whether numbers may be.
    fn numbers(&self, attribute: &str, infinite: bool) -> Result<Option<Vec<f64>>> {
        let number = |word: &str| match number(word) {
            Some(x) if x.is_finite() || infinite && x.is_infinite() => Ok(x),
            _ => Err(self.error(format!(
                "{attribute} holds `{word}`, which is not a finite number"
            ))),
        };
        let words = self.words(attribute);
        let numbers: Vec<_> = words.map(number).collect::<Result<_>>()?;
        Ok(Some(numbers).filter(|numbers| !numbers.is_empty()))
    }

    /// What stands between blanks in an attribute.
    fn words(&self, attribute: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text(attribute).unwrap_or_default();
        text.split(|c: char| c.is_ascii() && is_blank(c as u8))
            .filter(|word| !word.is_empty())
    }

    /// Exactly `N` numbers, if the attribute is there.
    pub(super) fn exactly<const N: usize>(&self, attribute: &str) -> Result<Option<[f64; N]>> {
        let Some(list) = self.list(attribute)? else {
            return Ok(None);
        };
        let found = list.len();
        let wrong = |_| self.error(format!("{attribute} has {found} numbers, expected {N}"));
        list.try_into().map(Some).map_err(wrong)
    }

    /// Overwrites the first numbers of `into`; those that the attribute leaves out keep their values.
    pub(super) fn up_to<const N: usize>(&self, attribute: &str, into: &mut [f64; N]) -> Result<()> {
        let Some(list) = self.list(attribute)? else {
            return Ok(());
        };
        if list.len() > N {
            return Err(self.error(format!(
                "{attribute} has {} numbers, expected 1 to {N}",
                list.len()
            )));
        }
        into[..list.len()].copy_from_slice(&list);
        Ok(())
    }

    /// Overwrites `into` with exactly `N` numbers, if the attribute is there.
    pub(super) fn array<const N: usize>(&self, attribute: &str, into: &mut [f64; N]) -> Result<()> {
        if let Some(values) = self.exactly(attribute)? {
            *into = values;
        }
        Ok(())
    }

    /// Overwrites a range, whose ends may be infinite, if the attribute is there.
    pub(super) fn range(&self, attribute: &str, into: &mut [f64; 2]) -> Result<()> {
        match self.numbers(attribute, true)?.as_deref() {
            None => Ok(()),
            Some([low, high]) => {
                *into = [*low, *high];
                Ok(())
            }
            Some(list) => Err(self.error(format!(
                "{attribute} has {} numbers, expected 2",
                list.len()
            ))),
        }
    }

    /// Overwrites `into` with three numbers, if the attribute is there.
    pub(super) fn vector(&self, attribute: &str, into: &mut DVec3) -> Result<()> {
        if let Some(values) = self.exactly(attribute)? {
            *into = DVec3::from_array(values);
        }
        Ok(())
    }

    /// Overwrites `into` with one number of any sign, if the attribute is there.
    pub(super) fn number(&self, attribute: &str, into: &mut f64) -> Result<()> {
        if let Some([value]) = self.exactly(attribute)? {
            *into = value;
        }
        Ok(())
    }

    /// As [`number`](Self::number), and refuses a negative one.
    pub(super) fn non_negative(&self, attribute: &str, into: &mut f64) -> Result<()> {
        self.number(attribute, into)?;
        if self.has(attribute) && *into < 0.0 {
            return Err(self.error(format!("{attribute} is {into}; it must be 0 or more")));
        }
        Ok(())
    }

    /// As [`number`](Self::number), and refuses all but positive ones.
    pub(super) fn positive(&self, attribute: &str, into: &mut f64) -> Result<()> {
        self.number(attribute, into)?;
        if self.has(attribute) && *into <= 0.0 {
            return Err(self.error(format!("{attribute} is {into}; it must be greater than 0")));
        }
        Ok(())
    }

    /// Overwrites `into` with a whole number in `low..=high`, if the attribute is there.
    pub(super) fn integer<T: TryFrom<i64>>(
        &self,
        attribute: &str,
        [low, high]: [i64; 2],
        into: &mut T,
    ) -> Result<()> {
        let mut words = self.words(attribute);
        if self.text(attribute).is_none() {
            return Ok(());
        }
        let value = words.next().and_then(|word| word.parse::<i64>().ok());
        let value = value.filter(|x| (low..=high).contains(x) && words.next().is_none());
        match value.and_then(|x| T::try_from(x).ok()) {
            Some(value) => *into = value,
            None => {
                return Err(self.error(format!(
                    "{attribute} is `{}`; it must be a whole number, {low} to {high}",
                    self.text(attribute).unwrap_or_default()
                )));
            }
        }
        Ok(())
    }

    /// Overwrites `into` with the value that stands beside the attribute's word in `choices`.
    pub(super) fn choice<T: Copy>(
        &self,
        attribute: &str,
        choices: &[(&str, T)],
        into: &mut T,
    ) -> Result<()> {
        let Some(text) = self.text(attribute) else {
            return Ok(());
        };
        match choices.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => *into = *value,
            None => {
                let allowed: Vec<_> = choices.iter().map(|(word, _)| *word).collect();
                return Err(self.error(format!(
                    "{attribute} is `{text}`; allowed: {}",
                    allowed.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Overwrites `into` with `true` or `false`.
    pub(super) fn flag(&self, attribute: &str, into: &mut bool) -> Result<()> {
        self.choice(attribute, &[("true", true), ("false", false)], into)
    }
}

/// A number as C's `strtod` reads it, which knows hexadecimal ones and names of infinity.
fn number(word: &str) -> Option<f64> {
    let (sign, digits) = match word.as_bytes().first()? {
        b'-' => (-1.0, &word[1..]),
        b'+' => (1.0, &word[1..]),
        _ => (1.0, word),
    };
    let infinite = ["inf", "infinity"]
        .iter()
        .any(|name| digits.eq_ignore_ascii_case(name));
    match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => hexadecimal(digits).map(|x| sign * x),
        // Too large a number does not count as one.
        None => word
            .parse()
            .ok()
            .filter(|x: &f64| x.is_finite() || infinite),
    }
}

/// Hexadecimal digits with a point and an exponent of two, both optional.
fn hexadecimal(text: &str) -> Option<f64> {
    let (digits, exponent) = match text.split_once(['p', 'P']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + part.len() == 0 {
        return None;
    }
    let mut value = 0.0;
    for digit in whole.chars().chain(part.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let places = i32::try_from(part.len()).ok()?.checked_mul(4)?;
    let exponent = exponent.checked_sub(places)?;
    Some(value * 2.0_f64.powi(exponent)).filter(|x| x.is_finite())
}
