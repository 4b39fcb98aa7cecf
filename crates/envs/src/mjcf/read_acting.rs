//! What acts on bodies and joints: tendons, actuators, explicit contact pairs, and keyframes.

use super::defaults::Defaults;
use super::element::{Element, Place};
use super::read::{LIMITED, Names, read_condim};
use super::schema;
use super::spec::{
    ActuatorSpec, Driven, KeySpec, Named, PairSpec, Paired, Target, TendonSpec, Wrapped,
};
use crate::Result;

/// All fixed tendons.
pub(super) fn tendons(root: &Element, defaults: &Defaults) -> Result<Vec<Named<Wrapped>>> {
    let mut names = Names::new("tendon");
    let mut tendons = Vec::new();
    for section in root.all("tendon") {
        section.check(&schema::TENDONS)?;
        for element in section.all("fixed") {
            let tendon = tendon(&element, &defaults.of(&element, 0)?.tendon)?;
            let mut joints = Vec::new();
            for child in element.all("joint") {
                child.check(&schema::TENDON_JOINT)?;
                if !child.has("coef") {
                    return Err(child.error("coef is missing"));
                }
                let mut coefficient = 0.0;
                child.number("coef", &mut coefficient)?;
                joints.push((child.place(), required(&child, "joint")?, coefficient));
            }
            if joints.is_empty() {
                return Err(element.error("a tendon needs at least one <joint>"));
            }
            tendons.push(names.name(&element, Wrapped { tendon, joints })?);
        }
    }
    Ok(tendons)
}

/// A tendon, starting from `default`.
pub(super) fn tendon(element: &Element, default: &TendonSpec) -> Result<TendonSpec> {
    element.check(&schema::TENDON)?;
    let mut spec = default.clone();
    element.choice("limited", &LIMITED, &mut spec.limited)?;
    element.array("range", &mut spec.range)?;
    element.number("margin", &mut spec.margin)?;
    element.up_to("solreflimit", &mut spec.solref)?;
    element.up_to("solimplimit", &mut spec.solimp)?;
    element.non_negative("frictionloss", &mut spec.frictionloss)?;
    element.up_to("solreffriction", &mut spec.solref_friction)?;
    element.up_to("solimpfriction", &mut spec.solimp_friction)?;
    element.non_negative("stiffness", &mut spec.stiffness)?;
    element.non_negative("damping", &mut spec.damping)?;
    element.non_negative("armature", &mut spec.armature)?;
    if element.has("springlength") {
        // One number is both ends.
        let mut ends = [0.0, f64::NAN];
        element.up_to("springlength", &mut ends)?;
        if ends[1].is_nan() {
            ends[1] = ends[0];
        }
        if ends == [-1.0; 2] {
            spec.springlength = None;
        } else if ends[0] > ends[1] {
            let [low, high] = ends;
            return Err(element.error(format!(
                "springlength is {low} {high}; the first must not be higher than the second"
            )));
        } else {
            spec.springlength = Some(ends);
        }
    }
    Ok(spec)
}

/// All actuators.
pub(super) fn actuators(root: &Element, defaults: &Defaults) -> Result<Vec<Named<Driven>>> {
    let mut names = Names::new("actuator");
    let mut actuators = Vec::new();
    for section in root.all("actuator") {
        section.check(&schema::ACTUATORS)?;
        for element in section.children() {
            let actuator = actuator(&element, &defaults.of(&element, 0)?.actuator)?;
            let target = target(&element)?;
            actuators.push(names.name(&element, Driven { actuator, target })?);
        }
    }
    Ok(actuators)
}

/// What the actuator names as what it acts on.
fn target(element: &Element) -> Result<Target> {
    let text = |attribute| element.text(attribute).map(str::to_owned);
    let found = [
        text("joint").map(Target::Joint),
        text("jointinparent").map(Target::JointInParent),
        text("tendon").map(Target::Tendon),
    ];
    let mut found = found.into_iter().flatten();
    match (found.next(), found.next()) {
        (Some(target), None) => Ok(target),
        (None, _) => Err(element.error("one of joint, jointinparent and tendon is missing")),
        (Some(_), Some(_)) => {
            Err(element.error("only one of joint, jointinparent and tendon is allowed"))
        }
    }
}

/// An actuator of any kind, starting from `default`. MuJoCo: XML reference, "actuator".
pub(super) fn actuator(element: &Element, default: &ActuatorSpec) -> Result<ActuatorSpec> {
    element.check(&schema::ACTUATOR)?;
    let kind = element.name();
    let own: &[&str] = match kind {
        "general" => &["gaintype", "gainprm", "biastype", "biasprm"],
        "position" => &["kp", "kv", "dampratio", "inheritrange"],
        "velocity" | "damper" => &["kv"],
        _ => &[],
    };
    let all = [
        "gaintype",
        "gainprm",
        "biastype",
        "biasprm",
        "kp",
        "kv",
        "dampratio",
        "inheritrange",
    ];
    if let Some(foreign) = all.iter().find(|a| element.has(a) && !own.contains(a)) {
        return Err(element.error(format!("a <{kind}> has no {foreign}")));
    }
    let mut spec = default.clone();
    element.choice("ctrllimited", &LIMITED, &mut spec.ctrllimited)?;
    element.array("ctrlrange", &mut spec.ctrlrange)?;
    element.choice("forcelimited", &LIMITED, &mut spec.forcelimited)?;
    element.array("forcerange", &mut spec.forcerange)?;
    element.up_to("gear", &mut spec.gear)?;
    match kind {
        "general" => general(element, &mut spec)?,
        "position" => {
            let (mut kp, mut kv, mut ratio) = (spec.gainprm[0], 0.0, 0.0);
            element.non_negative("kp", &mut kp)?;
            element.non_negative("kv", &mut kv)?;
            element.non_negative("dampratio", &mut ratio)?;
            element.non_negative("inheritrange", &mut spec.inheritrange)?;
            spec.gainprm[0] = kp;
            spec.biasprm[1] = -kp;
            match (element.has("kv"), element.has("dampratio")) {
                (true, true) => return Err(element.error("kv excludes dampratio")),
                (true, false) => spec.biasprm[2] = -kv,
                (false, true) => spec.biasprm[2] = ratio,
                (false, false) => {}
            }
            (spec.affine_gain, spec.affine_bias) = (false, true);
        }
        "velocity" => {
            let mut kv = spec.gainprm[0];
            element.non_negative("kv", &mut kv)?;
            spec.gainprm[0] = kv;
            spec.biasprm = [0.0, 0.0, -kv];
            (spec.affine_gain, spec.affine_bias) = (false, true);
        }
        "damper" => {
            let mut kv = 0.0;
            element.non_negative("kv", &mut kv)?;
            if let Some(low) = spec.ctrlrange.iter().find(|c| **c < 0.0) {
                return Err(element.error(format!(
                    "ctrlrange holds {low}; a damper's must be 0 or more"
                )));
            }
            spec.gainprm = [0.0, 0.0, -kv];
            spec.ctrllimited = Some(true);
            (spec.affine_gain, spec.affine_bias) = (true, false);
        }
        // A motor is its control, whatever its class says of gain and bias.
        _ => {
            spec.gainprm = [1.0, 0.0, 0.0];
            spec.biasprm = [0.0; 3];
            (spec.affine_gain, spec.affine_bias) = (false, false);
        }
    }
    Ok(spec)
}

fn general(element: &Element, spec: &mut ActuatorSpec) -> Result<()> {
    let gains = [("fixed", false), ("affine", true)];
    let biases = [("none", false), ("affine", true)];
    element.choice("gaintype", &gains, &mut spec.affine_gain)?;
    element.choice("biastype", &biases, &mut spec.affine_bias)?;
    for (name, into) in [
        ("gainprm", &mut spec.gainprm),
        ("biasprm", &mut spec.biasprm),
    ] {
        let mut all = [0.0; 10];
        all[..3].copy_from_slice(&into[..]);
        element.up_to(name, &mut all)?;
        into.copy_from_slice(&all[..3]);
    }
    Ok(())
}

/// All explicit pairs.
pub(super) fn pairs(root: &Element, defaults: &Defaults) -> Result<Vec<Paired>> {
    let mut names = Names::new("pair");
    let mut pairs = Vec::new();
    for section in root.all("contact") {
        section.check(&schema::CONTACT)?;
        for element in section.all("pair") {
            let spec = pair(&element, &defaults.of(&element, 0)?.pair)?;
            let named = names.name(&element, spec)?;
            pairs.push(Paired {
                place: named.place,
                pair: named.spec,
                geoms: [required(&element, "geom1")?, required(&element, "geom2")?],
            });
        }
    }
    Ok(pairs)
}

/// A pair, starting from `default`.
pub(super) fn pair(element: &Element, default: &PairSpec) -> Result<PairSpec> {
    element.check(&schema::PAIR)?;
    let mut spec = default.clone();
    if element.has("condim") {
        let mut condim = 3;
        read_condim(element, &mut condim)?;
        spec.condim = Some(condim);
    }
    if element.has("friction") {
        let mut friction = spec.friction.unwrap_or([1.0, 1.0, 0.005, 0.0001, 0.0001]);
        element.up_to("friction", &mut friction)?;
        spec.friction = Some(friction);
    }
    if element.has("solref") {
        let mut solref = spec.solref.unwrap_or(super::spec::SOLREF);
        element.up_to("solref", &mut solref)?;
        spec.solref = Some(solref);
    }
    if element.has("solreffriction") {
        let mut solref = spec.solref_friction.unwrap_or([0.0; 2]);
        element.up_to("solreffriction", &mut solref)?;
        spec.solref_friction = Some(solref);
    }
    if element.has("solimp") {
        let mut solimp = spec.solimp.unwrap_or(super::spec::SOLIMP);
        element.up_to("solimp", &mut solimp)?;
        spec.solimp = Some(solimp);
    }
    for (name, into) in [("margin", &mut spec.margin), ("gap", &mut spec.gap)] {
        if element.has(name) {
            let mut value = 0.0;
            element.number(name, &mut value)?;
            *into = Some(value);
        }
    }
    Ok(spec)
}

/// Pairs of bodies that never touch.
pub(super) fn excludes(root: &Element) -> Result<Vec<(Place, [String; 2])>> {
    let mut excludes = Vec::new();
    for section in root.all("contact") {
        for element in section.all("exclude") {
            element.check(&schema::EXCLUDE)?;
            let names = [required(&element, "body1")?, required(&element, "body2")?];
            excludes.push((element.place(), names));
        }
    }
    Ok(excludes)
}

/// All keyframes.
pub(super) fn keys(root: &Element) -> Result<Vec<Named<KeySpec>>> {
    let mut names = Names::new("key");
    let mut keys = Vec::new();
    for section in root.all("keyframe") {
        section.check(&schema::KEYFRAMES)?;
        for element in section.all("key") {
            element.check(&schema::KEY)?;
            let mut spec = KeySpec {
                time: 0.0,
                qpos: element.list("qpos")?,
                qvel: element.list("qvel")?,
                ctrl: element.list("ctrl")?,
            };
            element.number("time", &mut spec.time)?;
            keys.push(names.name(&element, spec)?);
        }
    }
    Ok(keys)
}

fn required(element: &Element, attribute: &str) -> Result<String> {
    let text = element.text(attribute).map(str::to_owned);
    text.ok_or_else(|| element.error(format!("{attribute} is missing")))
}
