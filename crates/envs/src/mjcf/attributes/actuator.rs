//! Attributes of actuators.

use super::super::element::Element;
use super::super::schema;
use super::super::spec::{ActuatorSpec, Shape};
use super::{INT, LIMITED};
use crate::Result;
use crate::dynamics::model::Dyn;

/// An actuator of any kind, starting from `default`.
pub(in super::super) fn actuator(
    element: &Element,
    default: &ActuatorSpec,
) -> Result<ActuatorSpec> {
    let kind = element.name();
    let mut spec = default.clone();
    spec.unmet.check(element, &schema::actuator(kind))?;
    element.integer("group", INT, &mut spec.group)?;
    element.choice("ctrllimited", &LIMITED, &mut spec.ctrllimited)?;
    element.choice("forcelimited", &LIMITED, &mut spec.forcelimited)?;
    element.choice("actlimited", &LIMITED, &mut spec.actlimited)?;
    element.range("ctrlrange", &mut spec.ctrlrange)?;
    element.range("forcerange", &mut spec.forcerange)?;
    element.range("actrange", &mut spec.actrange)?;
    element.array("lengthrange", &mut spec.lengthrange)?;
    element.up_to("gear", &mut spec.gear)?;
    element.number("cranklength", &mut spec.cranklength)?;
    match kind {
        "general" => general(element, &mut spec)?,
        "position" => position(element, &mut spec)?,
        "velocity" => {
            element.number("kv", &mut spec.gainprm[0])?;
            spec.biasprm = [0.0; 10];
            spec.biasprm[2] = -spec.gainprm[0];
            becomes(&mut spec, Shape::Plain, Shape::Affine);
            follows(&mut spec, Dyn::None);
        }
        "intvelocity" => intvelocity(element, &mut spec)?,
        "damper" => damper(element, &mut spec)?,
        "cylinder" => cylinder(element, &mut spec)?,
        "muscle" => muscle(element, &mut spec)?,
        "adhesion" => {
            element.non_negative("gain", &mut spec.gainprm[0])?;
            spec.ctrllimited = Some(true);
            becomes(&mut spec, Shape::Plain, Shape::Plain);
            not_negative(element, &spec)?;
        }
        _ => {
            spec.gainprm[0] = 1.0;
            becomes(&mut spec, Shape::Plain, Shape::Plain);
            follows(&mut spec, Dyn::None);
        }
    }
    Ok(spec)
}

/// Sets how gain and bias are computed.
fn becomes(spec: &mut ActuatorSpec, gain: Shape, bias: Shape) {
    (spec.gaintype, spec.biastype) = (gain, bias);
    spec.unmet.drop("gaintype");
    spec.unmet.drop("biastype");
}

/// Sets how the activation follows the control.
fn follows(spec: &mut ActuatorSpec, dyntype: Dyn) {
    spec.dyntype = dyntype;
    spec.unmet.drop("dyntype");
}

fn general(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    let (unmet, others) = (&mut spec.unmet, ["user"]);
    let kinds = [
        ("none", Dyn::None),
        ("integrator", Dyn::Integrator),
        ("filter", Dyn::Filter),
        ("filterexact", Dyn::FilterExact),
        ("muscle", Dyn::Muscle),
    ];
    unmet.choice(element, "dyntype", &kinds, &others, &mut spec.dyntype)?;
    let gains = [
        ("fixed", Shape::Plain),
        ("affine", Shape::Affine),
        ("muscle", Shape::Muscle),
    ];
    unmet.choice(element, "gaintype", &gains, &others, &mut spec.gaintype)?;
    let biases = [
        ("none", Shape::Plain),
        ("affine", Shape::Affine),
        ("muscle", Shape::Muscle),
    ];
    unmet.choice(element, "biastype", &biases, &others, &mut spec.biastype)?;
    element.integer("actdim", INT, &mut spec.actdim)?;
    element.flag("actearly", &mut spec.actearly)?;
    element.up_to("dynprm", &mut spec.dynprm)?;
    element.up_to("gainprm", &mut spec.gainprm)?;
    element.up_to("biasprm", &mut spec.biasprm)
}

fn position(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    servo(element, spec)?;
    let mut time = 0.0;
    element.non_negative("timeconst", &mut time)?;
    // Without a time constant an activation stays what the class makes it.
    if element.has("timeconst") {
        spec.dynprm[0] = time;
        let kind = if time == 0.0 {
            Dyn::None
        } else {
            Dyn::FilterExact
        };
        follows(spec, kind);
    }
    Ok(())
}

fn intvelocity(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    servo(element, spec)?;
    follows(spec, Dyn::Integrator);
    spec.actlimited = Some(true);
    if spec.inheritrange > 0.0 && spec.actrange != [0.0; 2] {
        return Err(element.error("actrange and inheritrange exclude each other"));
    }
    Ok(())
}

/// Until the compiler knows the inertia, a damping ratio stands as a positive third coefficient of the bias.
fn servo(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
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
    becomes(spec, Shape::Plain, Shape::Affine);
    Ok(())
}

fn damper(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    let mut damping = 0.0;
    element.non_negative("kv", &mut damping)?;
    spec.gainprm = [0.0; 10];
    spec.gainprm[2] = -damping;
    spec.ctrllimited = Some(true);
    becomes(spec, Shape::Affine, Shape::Plain);
    follows(spec, Dyn::None);
    not_negative(element, spec)
}

/// Refuses negative ends of the control's range.
fn not_negative(element: &Element, spec: &ActuatorSpec) -> Result<()> {
    let [low, high] = spec.ctrlrange;
    if low < 0.0 || high < 0.0 {
        let article = if element.name() == "adhesion" {
            "an"
        } else {
            "a"
        };
        return Err(element.error(format!(
            "ctrlrange is {low} {high}; {article} {}'s control must be 0 or more",
            element.name()
        )));
    }
    Ok(())
}

fn cylinder(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    element.number("timeconst", &mut spec.dynprm[0])?;
    element.number("area", &mut spec.gainprm[0])?;
    let mut diameter = -1.0;
    element.number("diameter", &mut diameter)?;
    if diameter >= 0.0 {
        spec.gainprm[0] = std::f64::consts::PI / 4.0 * diameter * diameter;
    }
    if let Some([bias, ..]) = element.exactly::<3>("bias")? {
        spec.biasprm[0] = bias;
    }
    becomes(spec, Shape::Plain, Shape::Affine);
    follows(spec, Dyn::Filter);
    Ok(())
}

/// A muscle's coefficients: what a class has left alone starts from MuJoCo's own, and a negative number changes nothing.
fn muscle(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    let unset = [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let own = [0.75, 1.05, -1.0, 200.0, 0.5, 1.6, 1.5, 1.3, 1.2];
    for ((value, unset), own) in spec.gainprm.iter_mut().zip(unset).zip(own) {
        if *value == unset {
            *value = own;
        }
    }
    for ((value, unset), own) in spec.dynprm.iter_mut().zip([1.0, 0.0]).zip([0.01, 0.04]) {
        if *value == unset {
            *value = own;
        }
    }
    let (mut range, mut times) = ([-1.0; 2], [-1.0; 2]);
    element.array("range", &mut range)?;
    element.array("timeconst", &mut times)?;
    element.non_negative("tausmooth", &mut spec.dynprm[2])?;
    let mut given = [range[0], range[1], -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0];
    let names = ["force", "scale", "lmin", "lmax", "vmax", "fpmax", "fvmax"];
    for (name, value) in names.into_iter().zip(&mut given[2..]) {
        element.number(name, value)?;
    }
    let gains = spec.gainprm.iter_mut().zip(given);
    for (value, given) in gains.chain(spec.dynprm.iter_mut().zip(times)) {
        if given >= 0.0 {
            *value = given;
        }
    }
    spec.biasprm[..9].copy_from_slice(&spec.gainprm[..9]);
    becomes(spec, Shape::Muscle, Shape::Muscle);
    follows(spec, Dyn::Muscle);
    Ok(())
}
