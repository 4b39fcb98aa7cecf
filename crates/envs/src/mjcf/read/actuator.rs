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

pub(super) fn actuators(
    root: &Element,
    defaults: &Defaults,
    autolimits: bool,
) -> Result<Vec<Named<Driven>>> {
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
            let driven = Driven {
                actuator,
                autolimits,
                target,
            };
            actuators.push(names.name(&element, driven)?);
        }
    }
    Ok(actuators)
}

fn target(element: &Element) -> Result<Target> {
    let name = |attribute| element.text(attribute).unwrap_or_default().to_owned();
    let optional = |attribute| element.has(attribute).then(|| name(attribute));
    let kinds = [
        "joint",
        "jointinparent",
        "tendon",
        "cranksite",
        "site",
        "body",
    ];
    let found = match element.present(&kinds)[..] {
        ["joint"] => Target::Joint(name("joint")),
        ["jointinparent"] => Target::JointInParent(name("jointinparent")),
        ["tendon"] => Target::Tendon(name("tendon")),
        ["cranksite"] => {
            let slider = optional("slidersite");
            let slider = slider.ok_or_else(|| element.error("slidersite is missing"))?;
            Target::SliderCrank(name("cranksite"), slider)
        }
        ["site"] => Target::Site(name("site"), optional("refsite")),
        ["body"] => Target::Body(name("body")),
        [] if element.name() == "adhesion" => return Err(element.error("body is missing")),
        [] => {
            return Err(element.error(
                "joint is missing (or jointinparent, tendon, site, or cranksite with slidersite)",
            ));
        }
        ref several => {
            return Err(element.error(format!(
                "{} each name a target; give one",
                several.join(", ")
            )));
        }
    };
    let crank = matches!(found, Target::SliderCrank(..));
    for (attribute, belongs, to) in [
        ("cranklength", crank, "cranksite"),
        ("slidersite", crank, "cranksite"),
        ("refsite", matches!(found, Target::Site(..)), "site"),
    ] {
        if element.has(attribute) && !belongs {
            return Err(element.error(format!("{attribute} goes with {to} only")));
        }
    }
    Ok(found)
}
