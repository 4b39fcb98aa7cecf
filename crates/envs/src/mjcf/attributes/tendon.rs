//! Attributes of tendons.

use super::super::element::Element;
use super::super::rule::Rule;
use super::super::spec::TendonSpec;
use super::LIMITED;
use crate::Result;

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
    element.choice("actuatorfrclimited", &LIMITED, &mut spec.actfrclimited)?;
    element.range("actuatorfrcrange", &mut spec.actfrcrange)?;
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
