//! Actuators.

use super::super::attributes;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::schema;
use super::super::spec::{Driven, Named, Target};
use super::Names;
use crate::Result;

/// Most actuators of a model.
const MOST_ACTUATORS: usize = 1000;

pub(super) fn actuators(root: &Element, defaults: &Defaults) -> Result<Vec<Named<Driven>>> {
    let mut names = Names::new("actuator");
    let mut actuators = Vec::new();
    for section in root.all("actuator") {
        section.check(&schema::ACTUATOR)?;
        for element in section.children() {
            if actuators.len() == MOST_ACTUATORS {
                return Err(element.error(format!(
                    "the model has more than {MOST_ACTUATORS} actuators"
                )));
            }
            let actuator = attributes::actuator(&element, &defaults.of(&element, 0)?.actuator)?;
            actuator.unmet.settle(&element)?;
            let target = target(&element)?;
            actuators.push(names.name(&element, Driven { actuator, target })?);
        }
    }
    Ok(actuators)
}

fn target(element: &Element) -> Result<Target> {
    let name = |attribute| element.text(attribute).unwrap_or_default().to_owned();
    match element.present(&["joint", "jointinparent", "tendon"])[..] {
        ["joint"] => Ok(Target::Joint(name("joint"))),
        ["jointinparent"] => Ok(Target::JointInParent(name("jointinparent"))),
        ["tendon"] => Ok(Target::Tendon(name("tendon"))),
        [] => Err(element.error("joint is missing (or jointinparent, or tendon)")),
        ref several => Err(element.error(format!(
            "{} each name a target; give one",
            several.join(", ")
        ))),
    }
}
