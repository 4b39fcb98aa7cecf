//! Tendons and actuators.

use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::schema;
use super::super::spec::{ActuatorSpec, Driven, FixedTendon, Named, Target, TendonSpec};
use super::{LIMITED, Names, required};
use crate::Result;

/// Most tendons and most actuators of a model.
const MOST_TENDONS: usize = 1000;
const MOST_ACTUATORS: usize = 1000;

/// A tendon, starting from `default`.
pub(in super::super) fn tendon(element: &Element, default: &TendonSpec) -> Result<TendonSpec> {
    element.check(&schema::FIXED)?;
    let mut spec = default.clone();
    element.choice("limited", &LIMITED, &mut spec.limited)?;
    element.array("range", &mut spec.range)?;
    element.up_to("solreflimit", &mut spec.solref)?;
    element.up_to("solimplimit", &mut spec.solimp)?;
    element.up_to("solreffriction", &mut spec.solref_friction)?;
    element.up_to("solimpfriction", &mut spec.solimp_friction)?;
    element.non_negative("frictionloss", &mut spec.frictionloss)?;
    element.number("margin", &mut spec.margin)?;
    element.non_negative("stiffness", &mut spec.stiffness)?;
    element.non_negative("damping", &mut spec.damping)?;
    element.non_negative("armature", &mut spec.armature)?;
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
    let [low, high] = spec.springlength;
    if low > high {
        return Err(element.error(format!(
            "springlength is {low} {high}; the first must not exceed the second"
        )));
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
            let tendon = tendon(&element, &defaults.of(&element, 0)?.tendon)?;
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

/// An actuator of any kind, starting from `default`.
pub(in super::super) fn actuator(
    element: &Element,
    default: &ActuatorSpec,
) -> Result<ActuatorSpec> {
    element.check(&schema::actuator(element.name()))?;
    let mut spec = default.clone();
    element.choice("ctrllimited", &LIMITED, &mut spec.ctrllimited)?;
    element.choice("forcelimited", &LIMITED, &mut spec.forcelimited)?;
    element.array("ctrlrange", &mut spec.ctrlrange)?;
    element.array("forcerange", &mut spec.forcerange)?;
    element.up_to("gear", &mut spec.gear)?;
    match element.name() {
        "general" => {
            let gains = [("fixed", false), ("affine", true)];
            element.choice("gaintype", &gains, &mut spec.affine_gain)?;
            let biases = [("none", false), ("affine", true)];
            element.choice("biastype", &biases, &mut spec.affine_bias)?;
            element.up_to("gainprm", &mut spec.gainprm)?;
            element.up_to("biasprm", &mut spec.biasprm)?;
        }
        "position" => position(element, &mut spec)?,
        "velocity" => {
            element.number("kv", &mut spec.gainprm[0])?;
            spec.biasprm = [0.0; 10];
            spec.biasprm[2] = -spec.gainprm[0];
            (spec.affine_gain, spec.affine_bias) = (false, true);
        }
        "damper" => {
            let mut damping = 0.0;
            element.non_negative("kv", &mut damping)?;
            spec.gainprm = [0.0; 10];
            spec.gainprm[2] = -damping;
            spec.ctrllimited = Some(true);
            (spec.affine_gain, spec.affine_bias) = (true, false);
            let [low, high] = spec.ctrlrange;
            if low < 0.0 || high < 0.0 {
                return Err(element.error(format!(
                    "ctrlrange is {low} {high}; a damper's control must be 0 or more"
                )));
            }
        }
        _ => {
            spec.gainprm[0] = 1.0;
            (spec.affine_gain, spec.affine_bias) = (false, false);
        }
    }
    Ok(spec)
}

/// Until the compiler knows the inertia, a damping ratio stands as a positive third coefficient of the bias.
fn position(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    element.number("kp", &mut spec.gainprm[0])?;
    spec.biasprm[1] = -spec.gainprm[0];
    let (mut kv, mut ratio) = (0.0, 0.0);
    element.non_negative("kv", &mut kv)?;
    element.non_negative("dampratio", &mut ratio)?;
    match (element.has("kv"), element.has("dampratio")) {
        (true, true) => return Err(element.error("kv and dampratio exclude each other")),
        (true, false) => spec.biasprm[2] = -kv,
        (false, true) => spec.biasprm[2] = ratio,
        (false, false) => {}
    }
    element.number("inheritrange", &mut spec.inheritrange)?;
    if spec.inheritrange > 0.0 && spec.ctrlrange != [0.0; 2] {
        return Err(element.error("ctrlrange and inheritrange exclude each other"));
    }
    (spec.affine_gain, spec.affine_bias) = (false, true);
    Ok(())
}

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
            let actuator = actuator(&element, &defaults.of(&element, 0)?.actuator)?;
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
