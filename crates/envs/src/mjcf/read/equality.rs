//! Equality constraints, which must be switched off: the engine does none.

use super::super::attributes::active;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::schema;
use super::super::spec::SwitchedOff;
use super::Names;
use crate::Result;

/// All constraints, if none of them acts; `enabled` tells whether the model's flags let them act.
pub(super) fn equalities(
    root: &Element,
    defaults: &Defaults,
    enabled: bool,
) -> Result<Vec<SwitchedOff>> {
    let mut names = Names::new("equality");
    let mut found = Vec::new();
    for section in root.all("equality") {
        section.check(&schema::EQUALITY)?;
        for element in section.children() {
            element.check(&schema::equality(element.name()))?;
            if active(&element, defaults.of(&element, 0)?.equality)? && enabled {
                return Err(element.error(
                    "equality constraints are not done by this engine; allowed is one with active `false`",
                ));
            }
            if element.name() == "connect" && element.has("body1") && !element.has("anchor") {
                return Err(element.error("anchor is missing"));
            }
            element.note("the constraint is switched off and makes no difference", "");
            let objects = [
                ("joint", "joint1"),
                ("joint", "joint2"),
                ("tendon", "tendon1"),
                ("tendon", "tendon2"),
                ("body", "body1"),
                ("body", "body2"),
                ("site", "site1"),
                ("site", "site2"),
            ];
            let named = |(kind, attribute)| Some((kind, element.text(attribute)?.to_owned()));
            let objects: Vec<_> = objects.into_iter().filter_map(named).collect();
            if objects.is_empty() {
                return Err(element.error("the constraint names nothing that it holds"));
            }
            let named = names.name(&element, objects)?;
            found.push((named.place, named.spec));
        }
    }
    Ok(found)
}
