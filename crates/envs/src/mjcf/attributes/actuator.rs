//! Attributes of actuators.

use super::super::element::Element;
use super::super::schema;
use super::super::spec::ActuatorSpec;
use super::LIMITED;
use crate::Result;

/// An actuator of any kind, starting from `default`.
pub(in super::super) fn actuator(
    element: &Element,
    default: &ActuatorSpec,
) -> Result<ActuatorSpec> {
    let kind = element.name();
    let mut spec = default.clone();
    spec.unmet.check(element, &schema::actuator(kind))?;
    element.choice("ctrllimited", &LIMITED, &mut spec.ctrllimited)?;
    element.choice("forcelimited", &LIMITED, &mut spec.forcelimited)?;
    element.choice("actlimited", &LIMITED, &mut spec.actlimited)?;
    element.range("ctrlrange", &mut spec.ctrlrange)?;
    element.range("forcerange", &mut spec.forcerange)?;
    element.range("actrange", &mut spec.actrange)?;
    element.up_to("gear", &mut spec.gear)?;
    match kind {
        "general" => general(element, &mut spec)?,
        "position" => position(element, &mut spec)?,
        "velocity" => {
            element.number("kv", &mut spec.gainprm[0])?;
            spec.biasprm = [0.0; 10];
            spec.biasprm[2] = -spec.gainprm[0];
            becomes(&mut spec, false, true);
        }
        "damper" => damper(element, &mut spec)?,
        "motor" => {
            spec.gainprm[0] = 1.0;
            becomes(&mut spec, false, false);
        }
        _ => not_done(element, &mut spec)?,
    }
    Ok(spec)
}

/// Sets whether gain and bias have terms in length and velocity; there is no activation.
fn becomes(spec: &mut ActuatorSpec, affine_gain: bool, affine_bias: bool) {
    (spec.affine_gain, spec.affine_bias) = (affine_gain, affine_bias);
    for attribute in ["gaintype", "biastype", "dyntype", "timeconst"] {
        spec.unmet.drop(attribute);
    }
}

fn general(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    if element.has("dyntype") {
        spec.unmet.drop("timeconst");
    }
    let (unmet, others) = (&mut spec.unmet, ["muscle", "user"]);
    let gains = [("fixed", false), ("affine", true)];
    unmet.choice(element, "gaintype", &gains, &others, &mut spec.affine_gain)?;
    let biases = [("none", false), ("affine", true)];
    unmet.choice(element, "biastype", &biases, &others, &mut spec.affine_bias)?;
    element.up_to("gainprm", &mut spec.gainprm)?;
    element.up_to("biasprm", &mut spec.biasprm)
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
    // Without a time constant an activation stays what the class makes it.
    if element.has("timeconst") {
        spec.unmet.drop("dyntype");
    }
    (spec.affine_gain, spec.affine_bias) = (false, true);
    spec.unmet.drop("gaintype");
    spec.unmet.drop("biastype");
    Ok(())
}

fn damper(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    let mut damping = 0.0;
    element.non_negative("kv", &mut damping)?;
    spec.gainprm = [0.0; 10];
    spec.gainprm[2] = -damping;
    spec.ctrllimited = Some(true);
    becomes(spec, true, false);
    let [low, high] = spec.ctrlrange;
    if low < 0.0 || high < 0.0 {
        return Err(element.error(format!(
            "ctrlrange is {low} {high}; a damper's control must be 0 or more"
        )));
    }
    Ok(())
}

/// Kinds that only a class can have here: what they leave to others that start from the class.
fn not_done(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    let kind = element.name();
    match kind {
        "intvelocity" => {
            position(element, spec)?;
            spec.actlimited = Some(true);
        }
        "cylinder" => {
            element.number("area", &mut spec.gainprm[0])?;
            let mut diameter = -1.0;
            element.number("diameter", &mut diameter)?;
            if diameter >= 0.0 {
                spec.gainprm[0] = std::f64::consts::PI / 4.0 * diameter * diameter;
            }
            if let Some([bias, ..]) = element.exactly::<3>("bias")? {
                spec.biasprm[0] = bias;
            }
            becomes(spec, false, true);
        }
        "adhesion" => {
            element.non_negative("gain", &mut spec.gainprm[0])?;
            spec.ctrllimited = Some(true);
            becomes(spec, false, false);
        }
        _ => {
            muscle(element, &mut spec.gainprm)?;
            spec.biasprm = spec.gainprm;
        }
    }
    let message = format!("{kind} is a kind of actuator that this engine does not do");
    if kind == "muscle" {
        spec.unmet.wait("gaintype", element, message.clone());
        spec.unmet.wait("biastype", element, message.clone());
    }
    if kind != "adhesion" {
        spec.unmet.wait("dyntype", element, message);
    }
    Ok(())
}

/// A muscle's coefficients: what a class has left alone starts from MuJoCo's own.
fn muscle(element: &Element, gainprm: &mut [f64; 10]) -> Result<()> {
    let unset = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let own = [0.75, 1.05, -1.0, 200.0, 0.5, 1.6, 1.5, 1.3, 1.2];
    for ((value, unset), own) in gainprm.iter_mut().zip(unset).zip(own) {
        if *value == unset {
            *value = own;
        }
    }
    let mut range = [-1.0; 2];
    element.array("range", &mut range)?;
    let mut given = [range[0], range[1], -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0];
    let names = ["force", "scale", "lmin", "lmax", "vmax", "fpmax", "fvmax"];
    for (name, value) in names.into_iter().zip(&mut given[2..]) {
        element.number(name, value)?;
    }
    for (value, given) in gainprm.iter_mut().zip(given) {
        if given >= 0.0 {
            *value = given;
        }
    }
    Ok(())
}
