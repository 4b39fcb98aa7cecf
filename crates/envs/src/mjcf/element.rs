//! One XML element: typed attributes, and complaints that say where.

use super::schema::Rule;
use crate::{Error, Result};
use glam::DVec3;
use roxmltree::Node;
use std::rc::Rc;

/// The name of a file and where its lines begin, counted once: files can be long.
#[derive(Debug)]
struct Source {
    file: String,
    lines: Vec<usize>,
}

/// Where in a file something was said, kept for complaints that come later.
#[derive(Clone, Debug)]
pub(super) struct Place {
    source: Rc<Source>,
    line: u32,
    element: Rc<str>,
}

impl Place {
    /// An error at this place.
    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        Error::Mjcf {
            file: self.source.file.clone(),
            line: self.line,
            element: self.element.to_string(),
            message: message.into(),
        }
    }
}

/// An element and the name of its file.
#[derive(Clone)]
pub(super) struct Element<'a> {
    node: Node<'a, 'a>,
    source: Rc<Source>,
}

impl<'a> Element<'a> {
    /// The outermost element of the text `xml`, which `file` stands for in complaints.
    pub(super) fn root(node: Node<'a, 'a>, xml: &str, file: &str) -> Self {
        let lines = std::iter::once(0).chain(xml.match_indices('\n').map(|(at, _)| at + 1));
        let source = Source {
            file: file.into(),
            lines: lines.collect(),
        };
        Self {
            node,
            source: Rc::new(source),
        }
    }

    pub(super) fn name(&self) -> &'a str {
        self.node.tag_name().name()
    }

    pub(super) fn place(&self) -> Place {
        let start = self.node.range().start;
        let line = self.source.lines.partition_point(|line| *line <= start) as u32;
        Place {
            source: self.source.clone(),
            line,
            element: self.name().into(),
        }
    }

    pub(super) fn error(&self, message: impl Into<String>) -> Error {
        self.place().error(message)
    }

    /// Child elements in the order of the file.
    pub(super) fn children(&self) -> impl DoubleEndedIterator<Item = Element<'a>> + use<'a> {
        let source = self.source.clone();
        self.node
            .children()
            .filter(Node::is_element)
            .map(move |node| Element {
                node,
                source: source.clone(),
            })
    }

    /// Child elements of one name.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = Element<'a>> + use<'a> {
        self.children().filter(move |child| child.name() == name)
    }

    /// Refuses attributes and children that `rule` does not know or does not allow.
    pub(super) fn check(&self, rule: &Rule) -> Result<()> {
        for attribute in self.node.attributes() {
            rule.attribute(attribute.name(), attribute.value())
                .map_err(|message| self.error(message))?;
        }
        for child in self.children() {
            rule.child(child.name())
                .map_err(|message| child.error(message))?;
        }
        Ok(())
    }

    pub(super) fn text(&self, attribute: &str) -> Option<&'a str> {
        self.node.attribute(attribute)
    }

    pub(super) fn has(&self, attribute: &str) -> bool {
        self.node.has_attribute(attribute)
    }

    /// The names among `attributes` that the element has.
    pub(super) fn present(&self, attributes: &[&'static str]) -> Vec<&'static str> {
        attributes.iter().copied().filter(|a| self.has(a)).collect()
    }

    /// Every number of an attribute; `None` when it is absent.
    pub(super) fn list(&self, attribute: &str) -> Result<Option<Vec<f64>>> {
        let Some(text) = self.text(attribute) else {
            return Ok(None);
        };
        let number = |word: &str| match word.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(x),
            _ => Err(self.error(format!(
                "{attribute} holds `{word}`, which is not a finite number"
            ))),
        };
        text.split_ascii_whitespace()
            .map(number)
            .collect::<Result<Vec<_>>>()
            .map(Some)
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
        if list.is_empty() || list.len() > N {
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
        let Some(text) = self.text(attribute) else {
            return Ok(());
        };
        let value = text
            .trim()
            .parse::<i64>()
            .ok()
            .filter(|x| (low..=high).contains(x));
        match value.and_then(|x| T::try_from(x).ok()) {
            Some(value) => *into = value,
            None => {
                return Err(self.error(format!(
                    "{attribute} is `{text}`; it must be a whole number, {low} to {high}"
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
