//! Fixed tendons.

use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::rule::Rule;
use super::super::schema;
use super::super::spec::{FixedTendon, Named, TendonSpec};
use super::{LIMITED, Names, required};
use crate::Result;

/// Most tendons of a model.
const MOST_TENDONS: usize = 1000;

/// A tendon, starting from `default`.
pub(in super::super) fn tendon(
    element: &Element,
    default: &TendonSpec,
    rule: &Rule,
) -> Result<TendonSpec> {
    let mut spec = default.clone();
    spec.unmet.check(element, rule)?;
    element.choice("limited", &LIMITED, &mut spec.limited)?;
    element.range("range", &mut spec.range)?;
    element.up_to("solreflimit", &mut spec.solref)?;
    element.up_to("solimplimit", &mut spec.solimp)?;
    element.up_to("solreffriction", &mut spec.solref_friction)?;
    element.up_to("solimpfriction", &mut spec.solimp_friction)?;
    element.number("frictionloss", &mut spec.frictionloss)?;
    element.number("margin", &mut spec.margin)?;
    element.number("stiffness", &mut spec.stiffness)?;
    element.number("damping", &mut spec.damping)?;
    element.number("armature", &mut spec.armature)?;
    match element.list("springlength")?.as_deref() {
        None => {}
        Some([both]) => spec.springlength = [*both; 2],
        Some([low, high]) => spec.springlength = [*low, *high],
        Some(list) => {
            return Err(element.error(format!(
                "springlength has {} numbers, expected 1 to 2",
                list.len()
            )));
        }
    }
    Ok(spec)
}

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
            let tendon = tendon(&element, default, &schema::FIXED)?;
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
