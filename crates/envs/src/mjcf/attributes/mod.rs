//! What the attributes of an element say, starting from its default class.

mod actuator;
mod body;
mod mesh;
mod tendon;

pub(super) use actuator::actuator;
pub(super) use body::{geom, joint, site};
pub(super) use mesh::mesh;
pub(super) use tendon::tendon;

use super::element::Element;
use super::schema;
use super::spec::{EqualityDefault, Limited, PairSpec};
use crate::Result;

/// Words of a switch that follows from a range where it is not set.
pub(super) const LIMITED: [(&str, Limited); 3] =
    [("true", Some(true)), ("false", Some(false)), ("auto", None)];
/// Whole numbers as MuJoCo keeps them.
const INT: [i64; 2] = [i32::MIN as i64, i32::MAX as i64];

/// A material's colour, starting from `default`.
pub(super) fn material(element: &Element, default: [f64; 4]) -> Result<[f64; 4]> {
    element.check(&schema::MATERIAL)?;
    let mut rgba = default;
    element.array("rgba", &mut rgba)?;
    Ok(rgba)
}

/// A pair of geoms, starting from `default`.
pub(super) fn pair(element: &Element, default: &PairSpec) -> Result<PairSpec> {
    element.check(&schema::PAIR)?;
    let mut spec = default.clone();
    element.integer("condim", INT, &mut spec.condim)?;
    friction(element, &mut spec.friction)?;
    element.up_to("solref", &mut spec.solref)?;
    element.up_to("solreffriction", &mut spec.solreffriction)?;
    element.up_to("solimp", &mut spec.solimp)?;
    element.number("margin", &mut spec.margin)?;
    element.number("gap", &mut spec.gap)?;
    Ok(spec)
}

/// What equality constraints of all kinds say, starting from `default`.
pub(super) fn equality(element: &Element, default: &EqualityDefault) -> Result<EqualityDefault> {
    let mut spec = default.clone();
    element.flag("active", &mut spec.active)?;
    element.up_to("solref", &mut spec.solref)?;
    element.up_to("solimp", &mut spec.solimp)?;
    Ok(spec)
}

fn friction<const N: usize>(element: &Element, friction: &mut [f64; N]) -> Result<()> {
    element.up_to("friction", friction)
}
