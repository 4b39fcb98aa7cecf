//! Attributes of joints, geoms and sites.

use super::super::element::Element;
use super::super::schema;
use super::super::spec::{GeomSpec, JointSpec, Placement};
use super::{INT, LIMITED, friction};
use crate::Result;
use crate::dynamics::model::{GeomType, JointType};

/// A joint, starting from `default`.
pub(in super::super) fn joint(element: &Element, default: &JointSpec) -> Result<JointSpec> {
    let mut spec = default.clone();
    spec.unmet.check(element, &schema::JOINT)?;
    let kinds = [
        ("free", JointType::Free),
        ("ball", JointType::Ball),
        ("slide", JointType::Slide),
        ("hinge", JointType::Hinge),
    ];
    element.choice("type", &kinds, &mut spec.kind)?;
    element.vector("pos", &mut spec.pos)?;
    element.vector("axis", &mut spec.axis)?;
    element.array("springdamper", &mut spec.springdamper)?;
    element.choice("limited", &LIMITED, &mut spec.limited)?;
    element.choice("actuatorfrclimited", &LIMITED, &mut spec.actfrclimited)?;
    element.up_to("solreflimit", &mut spec.solref)?;
    element.up_to("solimplimit", &mut spec.solimp)?;
    element.up_to("solreffriction", &mut spec.solref_friction)?;
    element.up_to("solimpfriction", &mut spec.solimp_friction)?;
    element.number("stiffness", &mut spec.stiffness)?;
    element.range("range", &mut spec.range)?;
    element.range("actuatorfrcrange", &mut spec.actfrcrange)?;
    element.flag("actuatorgravcomp", &mut spec.actgravcomp)?;
    element.number("margin", &mut spec.margin)?;
    element.number("ref", &mut spec.reference)?;
    element.number("springref", &mut spec.springref)?;
    element.number("armature", &mut spec.armature)?;
    element.number("damping", &mut spec.damping)?;
    element.number("frictionloss", &mut spec.frictionloss)?;
    Ok(spec)
}

/// Shape and place of a geom or a site; what the engine does not do waits in `into.unmet`.
fn read_placement(
    element: &Element,
    into: &mut Placement,
    kinds: &[(&str, GeomType)],
) -> Result<()> {
    let unmet = &mut into.unmet;
    unmet.choice(element, "type", kinds, &KINDS_NOT_DONE, &mut into.kind)?;
    element.up_to("size", &mut into.size)?;
    element.vector("pos", &mut into.pos)?;
    into.orientation.read(element)?;
    if let Some(fromto) = element.exactly("fromto")? {
        into.fromto = Some(fromto);
    }
    Ok(())
}

const SHAPES: [(&str, GeomType); 8] = [
    ("plane", GeomType::Plane),
    ("hfield", GeomType::HField),
    ("sphere", GeomType::Sphere),
    ("capsule", GeomType::Capsule),
    ("ellipsoid", GeomType::Ellipsoid),
    ("cylinder", GeomType::Cylinder),
    ("box", GeomType::Box),
    ("mesh", GeomType::Mesh),
];
/// Shapes that not all of geoms and sites can have here.
const KINDS_NOT_DONE: [&str; 4] = ["plane", "hfield", "mesh", "sdf"];

/// A site, starting from `default`.
pub(in super::super) fn site(element: &Element, default: &Placement) -> Result<Placement> {
    let mut spec = default.clone();
    spec.unmet.check(element, &schema::SITE)?;
    read_placement(element, &mut spec, &SHAPES[2..7])?;
    Ok(spec)
}

/// A geom, starting from `default`.
pub(in super::super) fn geom(element: &Element, default: &GeomSpec) -> Result<GeomSpec> {
    let mut spec = default.clone();
    spec.placement.unmet.check(element, &schema::GEOM)?;
    read_placement(element, &mut spec.placement, &SHAPES)?;
    if let Some(mesh) = element.text("mesh") {
        spec.mesh = Some(mesh.to_owned()).filter(|name| !name.is_empty());
    }
    if let Some(field) = element.text("hfield") {
        spec.hfield = Some(field.to_owned()).filter(|name| !name.is_empty());
    }
    element.number("fitscale", &mut spec.fitscale)?;
    if element.has("mass") {
        let mut mass = 0.0;
        element.number("mass", &mut mass)?;
        spec.mass = Some(mass);
    }
    element.number("density", &mut spec.density)?;
    element.integer("group", INT, &mut spec.group)?;
    read_bits(element, "contype", &mut spec.contype)?;
    read_bits(element, "conaffinity", &mut spec.conaffinity)?;
    element.integer("condim", INT, &mut spec.condim)?;
    element.integer("priority", INT, &mut spec.priority)?;
    friction(element, &mut spec.friction)?;
    element.number("solmix", &mut spec.solmix)?;
    element.up_to("solref", &mut spec.solref)?;
    element.up_to("solimp", &mut spec.solimp)?;
    element.number("margin", &mut spec.margin)?;
    element.number("gap", &mut spec.gap)?;
    element.array("rgba", &mut spec.rgba)?;
    if let Some(material) = element.text("material") {
        spec.material = Some(material.to_owned()).filter(|name| !name.is_empty());
    }
    Ok(spec)
}

/// A bit mask; -1 sets all bits.
fn read_bits(element: &Element, attribute: &str, into: &mut u32) -> Result<()> {
    let mut bits = i64::from(*into);
    element.integer(attribute, INT, &mut bits)?;
    *into = bits as u32;
    Ok(())
}
