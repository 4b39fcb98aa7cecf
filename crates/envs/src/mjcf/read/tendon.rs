//! Fixed tendons.

use super::super::attributes;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::schema;
use super::super::spec::{FixedTendon, Named};
use super::{Names, required};
use crate::Result;

/// Most tendons of a model.
const MOST_TENDONS: usize = 1000;

pub(super) fn tendons(root: &Element, defaults: &Defaults) -> Result<Vec<Named<FixedTendon>>> {
    let mut names = Names::new("tendon");
    let mut tendons = Vec::new();
    for section in root.all("tendon") {
        section.check(&schema::TENDON)?;
        for element in section.all("fixed") {
            if tendons.len() == MOST_TENDONS {
                return Err(
                    element.error(format!("the model has more than {MOST_TENDONS} tendons"))
                );
            }
            let default = &defaults.of(&element, 0)?.tendon;
            let tendon = attributes::tendon(&element, default, &schema::FIXED)?;
            tendon.unmet.settle(&element)?;
            let mut joints = Vec::new();
            for joint in element.all("joint") {
                joint.check(&schema::FIXED_JOINT)?;
                let mut coefficient = 0.0;
                joint.number("coef", &mut coefficient)?;
                if !joint.has("coef") {
                    return Err(joint.error("coef is missing"));
                }
                joints.push((joint.place(), required(&joint, "joint")?, coefficient));
            }
            if joints.is_empty() {
                return Err(element.error("a tendon needs at least one <joint>"));
            }
            tendons.push(names.name(&element, FixedTendon { tendon, joints })?);
        }
    }
    Ok(tendons)
}
