//! What a class asks for and the engine does not do: wrong only where an element does not say otherwise.

use super::element::Element;
use super::place::{LONGEST_MESSAGE, Place};
use super::rule::{Rule, Verdict};
use crate::Result;

/// Complaints that wait, each under the attribute that it is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Unmet(Vec<(&'static str, Place, String)>);

impl Unmet {
    /// Checks attributes and children against `rule`; an attribute's value that the engine does not do waits.
    pub(super) fn check(&mut self, element: &Element, rule: &Rule) -> Result<()> {
        element.check_children(rule)?;
        for (name, value) in element.attributes() {
            match rule.attribute(name, value) {
                Verdict::Fine(name) => self.drop(name),
                Verdict::NotDone(name, message) => self.wait(name, element, message),
                Verdict::Unknown(message) => return Err(element.error(message)),
            }
        }
        Ok(())
    }

    /// As [`Element::choice`]; a word out of `not_done` waits.
    pub(super) fn choice<T: Copy>(
        &mut self,
        element: &Element,
        attribute: &'static str,
        choices: &[(&str, T)],
        not_done: &[&str],
        into: &mut T,
    ) -> Result<()> {
        let word = element.text(attribute).unwrap_or_default();
        if choices.iter().any(|choice| choice.0 == word) || !not_done.contains(&word) {
            return element.choice(attribute, choices, into);
        }
        let allowed: Vec<_> = choices.iter().map(|choice| choice.0).collect();
        let message = format!("{attribute} is `{word}`; allowed: {}", allowed.join(", "));
        self.wait(attribute, element, message);
        Ok(())
    }

    /// A complaint about `attribute`, instead of an earlier one.
    pub(super) fn wait(&mut self, attribute: &'static str, element: &Element, mut message: String) {
        // Every class below has a copy.
        message.truncate(message.floor_char_boundary(LONGEST_MESSAGE));
        message.shrink_to_fit();
        self.drop(attribute);
        self.0.push((attribute, element.place(), message));
    }

    /// Nothing is to complain about `attribute` any more.
    pub(super) fn drop(&mut self, attribute: &str) {
        self.0.retain(|(other, ..)| *other != attribute);
    }

    /// The first complaint, now that `element` starts from all this.
    pub(super) fn settle(&self, element: &Element) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((_, place, message)) if place.is_at(&element.place()) => {
                Err(place.error(message.clone()))
            }
            Some((_, place, message)) => {
                Err(element.error(format!("{message}; so says its class in {}", place.line())))
            }
        }
    }
}
