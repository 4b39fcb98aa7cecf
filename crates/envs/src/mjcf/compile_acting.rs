//! [`Spec`] → [`Model`]: tendons, actuators, explicit contact pairs, keyframes. MuJoCo: XML reference.

use super::compile::resolve_limit;
use super::element::Place;
use super::pairs::mixed;
use super::spec::{ActuatorSpec, Spec, Target};
use crate::Result;
use crate::dynamics::is_known;
use crate::dynamics::model::{JointType, Keyframe, Model, Pair, Transmission};
use glam::DQuat;

/// Least friction coefficient of a contact.
const MIN_FRICTION: f64 = 1e-5;

/// Index of the element named `name`, or an error that lists the known ones.
fn find(place: &Place, kind: &str, names: &[String], name: &str) -> Result<usize> {
    let found = names.iter().position(|n| !n.is_empty() && n == name);
    found.ok_or_else(|| {
        let known = names.iter().filter(|n| !n.is_empty()).map(String::as_str);
        let known = known.collect::<Vec<_>>().join(", ");
        place.error(format!("{kind} is `{name}`; known {kind}s: {known}"))
    })
}

/// Adds the tendons.
pub(super) fn tendons(spec: &Spec, model: &mut Model) -> Result<()> {
    for tendon in &spec.tendons {
        let (place, of) = (&tendon.place, &tendon.spec.tendon);
        let mut joints = Vec::new();
        for (place, name, coefficient) in &tendon.spec.joints {
            let joint = find(place, "joint", &model.joints.name, name)?;
            if !matches!(
                model.joints.kind[joint],
                JointType::Slide | JointType::Hinge
            ) {
                return Err(place.error(format!(
                    "joint is `{name}`, a ball or free joint; a tendon needs hinges and slides"
                )));
            }
            joints.push((joint, *coefficient));
        }
        let auto = spec.compiler.autolimits;
        let limited = resolve_limit(place, "", of.limited, of.range, auto)?;
        let at = |pose: &[f64]| -> f64 {
            let parts = joints.iter();
            parts.map(|(j, c)| c * pose[model.joints.qposadr[*j]]).sum()
        };
        let (length0, rest) = (at(&model.qpos0), at(&model.qpos_spring));
        let t = &mut model.tendons;
        t.name.push(tendon.name.clone());
        t.joints.push(joints);
        t.limited.push(limited);
        t.range.push(of.range);
        t.margin.push(of.margin);
        t.solref.push(of.solref);
        t.solimp.push(of.solimp);
        t.frictionloss.push(of.frictionloss);
        t.solref_friction.push(of.solref_friction);
        t.solimp_friction.push(of.solimp_friction);
        t.stiffness.push(of.stiffness);
        t.damping.push(of.damping);
        t.armature.push(of.armature);
        t.lengthspring.push(of.springlength.unwrap_or([rest; 2]));
        t.length0.push(length0);
        t.invweight0.push(0.0);
    }
    Ok(())
}

/// Adds the actuators.
pub(super) fn actuators(spec: &Spec, model: &mut Model) -> Result<()> {
    let auto = spec.compiler.autolimits;
    for actuator in &spec.actuators {
        let (place, of) = (&actuator.place, &actuator.spec.actuator);
        let joint = |name| find(place, "joint", &model.joints.name, name);
        let transmission = match &actuator.spec.target {
            Target::Joint(name) => Transmission::Joint(joint(name)?),
            Target::JointInParent(name) => Transmission::JointInParent(joint(name)?),
            Target::Tendon(name) => {
                Transmission::Tendon(find(place, "tendon", &model.tendons.name, name)?)
            }
        };
        let scalar = match transmission {
            Transmission::Joint(joint) | Transmission::JointInParent(joint) => matches!(
                model.joints.kind[joint],
                JointType::Slide | JointType::Hinge
            ),
            Transmission::Tendon(_) => true,
        };
        if scalar && let Some(other) = of.gear[1..].iter().find(|g| **g != 0.0) {
            return Err(place.error(format!(
                "gear holds {other} after its first number; a hinge, slide or tendon feels one"
            )));
        }
        let ctrlrange = control_range(place, of, transmission, model)?;
        let ctrllimited = resolve_limit(place, "ctrl", of.ctrllimited, ctrlrange, auto)?;
        let forcelimited = resolve_limit(place, "force", of.forcelimited, of.forcerange, auto)?;
        let [constant, ..] = of.gainprm;
        let a = &mut model.actuators;
        a.name.push(actuator.name.clone());
        a.transmission.push(transmission);
        a.gear.push(of.gear);
        a.gainprm.push(if of.affine_gain {
            of.gainprm
        } else {
            [constant, 0.0, 0.0]
        });
        a.biasprm
            .push(if of.affine_bias { of.biasprm } else { [0.0; 3] });
        a.ctrllimited.push(ctrllimited);
        a.ctrlrange.push(ctrlrange);
        a.forcelimited.push(forcelimited);
        a.forcerange.push(of.forcerange);
        model.nu += 1;
    }
    Ok(())
}

/// The range of an actuator's control: its own, or a share of what it moves.
fn control_range(
    place: &Place,
    of: &ActuatorSpec,
    transmission: Transmission,
    model: &Model,
) -> Result<[f64; 2]> {
    if of.inheritrange == 0.0 {
        return Ok(of.ctrlrange);
    }
    if of.ctrlrange != [0.0; 2] {
        return Err(place.error("inheritrange excludes ctrlrange"));
    }
    let (limited, [low, high]) = match transmission {
        Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
            (model.joints.limited[joint], model.joints.range[joint])
        }
        Transmission::Tendon(tendon) => {
            (model.tendons.limited[tendon], model.tendons.range[tendon])
        }
    };
    if !limited {
        return Err(place.error("inheritrange needs a joint or tendon with a range"));
    }
    let (middle, half) = (0.5 * (low + high), 0.5 * (high - low) * of.inheritrange);
    Ok([middle - half, middle + half])
}

/// The explicit pairs, completed from their geoms.
pub(super) fn pairs(spec: &Spec, model: &Model) -> Result<Vec<Pair>> {
    let mut pairs = Vec::new();
    for given in &spec.pairs {
        let [a, b] = [0, 1].map(|i| {
            let kind = ["geom1", "geom2"][i];
            find(&given.place, kind, &model.geoms.name, &given.geoms[i])
        });
        let (a, b) = (a?, b?);
        if model.geoms.body[a] == model.geoms.body[b] {
            return Err(given.place.error(format!(
                "geom1 and geom2 (`{}`, `{}`) belong to one body",
                given.geoms[0], given.geoms[1]
            )));
        }
        let swap = model.geoms.kind[a] > model.geoms.kind[b];
        let mut pair = mixed(&model.geoms, if swap { [b, a] } else { [a, b] });
        let of = &given.pair;
        let gap = of.gap.unwrap_or(pair.margin - pair.includemargin);
        pair.margin = of.margin.unwrap_or(pair.margin);
        pair.includemargin = pair.margin - gap;
        pair.dim = of.condim.unwrap_or(pair.dim);
        let friction = of.friction.unwrap_or(pair.friction);
        pair.friction = friction.map(|f| f.max(MIN_FRICTION));
        pair.solref = of.solref.unwrap_or(pair.solref);
        pair.solreffriction = of.solref_friction.unwrap_or(pair.solreffriction);
        pair.solimp = of.solimp.unwrap_or(pair.solimp);
        pairs.push(pair);
    }
    Ok(pairs)
}

/// Shapes whose contacts this engine cannot find must not meet.
pub(super) fn check_pairs(spec: &Spec, model: &Model) -> Result<()> {
    let place_of = |geom: usize| {
        let geoms = spec.bodies.iter().flat_map(|body| &body.spec.geoms);
        geoms.map(|geom| &geom.place).nth(geom)
    };
    for pair in &model.pairs {
        let kinds = pair.geoms.map(|geom| model.geoms.kind[geom]);
        if !is_known(kinds)
            && let Some(place) = place_of(pair.geoms[1])
        {
            let [a, b] = kinds.map(|kind| format!("{kind:?}").to_lowercase());
            let name = &model.geoms.name[pair.geoms[0]];
            return Err(place.error(format!(
                "this {b} can touch the {a} `{name}`, which this engine does not compute; keep them apart with \
                 contype and conaffinity, or an <exclude>"
            )));
        }
    }
    Ok(())
}

/// Adds the keyframes.
pub(super) fn keyframes(spec: &Spec, model: &mut Model) -> Result<()> {
    for key in &spec.keys {
        let complete = |name: &str, given: &Option<Vec<f64>>, rest: &[f64]| match given {
            None => Ok(rest.to_vec()),
            Some(values) if values.len() == rest.len() => Ok(values.clone()),
            Some(values) => Err(key.place.error(format!(
                "{name} has {} numbers, expected {}",
                values.len(),
                rest.len()
            ))),
        };
        let mut qpos = complete("qpos", &key.spec.qpos, &model.qpos0)?;
        normalize(model, &mut qpos);
        model.keyframes.push(Keyframe {
            name: key.name.clone(),
            time: key.spec.time,
            qpos,
            qvel: complete("qvel", &key.spec.qvel, &vec![0.0; model.nv])?,
            ctrl: complete("ctrl", &key.spec.ctrl, &vec![0.0; model.nu])?,
        });
    }
    Ok(())
}

/// Gives every orientation in `qpos` unit length.
fn normalize(model: &Model, qpos: &mut [f64]) {
    for (joint, kind) in model.joints.kind.iter().enumerate() {
        let start = model.joints.qposadr[joint];
        let at = match kind {
            JointType::Free => start + 3,
            JointType::Ball => start,
            JointType::Slide | JointType::Hinge => continue,
        };
        let quat = &mut qpos[at..at + 4];
        let unit = DQuat::from_slice(quat);
        // As numbers, whatever their order: only the length counts.
        if unit.length() > 0.0 {
            quat.copy_from_slice(&unit.normalize().to_array());
        }
    }
}
