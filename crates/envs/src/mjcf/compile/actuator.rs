//! Tendons, actuators, and the names in contact pairs.

use super::super::pairs::MIN_FRICTION;
use super::super::place::Place;
use super::super::spec::{ActuatorSpec, Driven, Named, Target};
use super::{Builder, Range, condim, find, index};
use crate::Result;
use crate::dynamics::model::{JointType, Pair, Transmission};
use std::collections::HashSet;

/// Degrees of freedom from which MuJoCo's Jacobians are sparse by themselves.
const SPARSE_FROM: usize = 60;

impl Builder<'_> {
    pub(super) fn tendons(&mut self) -> Result<()> {
        let names = index(&self.model.joints.name);
        let sparse = self.spec.sparse.unwrap_or(self.model.nv >= SPARSE_FROM);
        let t = &mut self.model.tendons;
        for named in &self.spec.tendons {
            let (spec, place) = (&named.spec.tendon, &named.place);
            let (mut path, mut joints) = (Vec::new(), Vec::<(usize, f64)>::new());
            for (place, name, coefficient) in &named.spec.joints {
                let joint = find(&names, "joint", place, name)?;
                let kind = self.model.joints.kind[joint];
                if !matches!(kind, JointType::Slide | JointType::Hinge) {
                    return Err(place.error(format!(
                        "joint is `{name}`, which is no hinge and no slide; it has no one position"
                    )));
                }
                path.push((joint, *coefficient));
                match joints.iter_mut().find(|(other, _)| *other == joint) {
                    None => joints.push((joint, *coefficient)),
                    // As in MuJoCo: in a dense Jacobian the last one stands, a sparse one adds them up.
                    Some((_, moment)) => {
                        *moment = if sparse { *moment } else { 0.0 } + coefficient;
                        let kind = "the joint is in the tendon twice; \
                            MuJoCo adds both to the length, but moves it by the last alone where Jacobians are dense";
                        self.notes.add(place, kind, &format!("joint is `{name}`"));
                    }
                }
            }
            let [low, high] = spec.springlength;
            if low > high {
                return Err(place.error(format!(
                    "springlength is {low} {high}; the first must not exceed the second"
                )));
            }
            let range = Range {
                place,
                prefix: "",
                limited: spec.limited,
                range: spec.range,
            };
            let limited = range.enforced(self.spec.compiler.autolimits, &mut self.notes)?;
            t.name.push(named.name.clone());
            t.path.push(path);
            t.joints.push(joints);
            t.limited.push(limited);
            t.range.push(spec.range);
            t.margin.push(spec.margin);
            t.solref.push(spec.solref);
            t.solimp.push(spec.solimp);
            t.frictionloss.push(spec.frictionloss);
            t.solref_friction.push(spec.solref_friction);
            t.solimp_friction.push(spec.solimp_friction);
            t.stiffness.push(spec.stiffness);
            t.damping.push(spec.damping);
            t.armature.push(spec.armature);
            t.lengthspring.push(spec.springlength);
            t.length0.push(0.0);
            t.invweight0.push(0.0);
        }
        Ok(())
    }

    pub(super) fn actuators(&mut self) -> Result<()> {
        for driven in &self.spec.actuators {
            let (place, spec) = (&driven.place, &driven.spec.actuator);
            let transmission = self.transmission(driven)?;
            let mut ctrlrange = spec.ctrlrange;
            if spec.inheritrange > 0.0 && is_position(spec) {
                ctrlrange = self.inherited(place, transmission, spec.inheritrange)?;
            }
            let mut enforced = |prefix, limited, range| {
                let range = Range {
                    place,
                    prefix,
                    limited,
                    range,
                };
                range.enforced(self.spec.compiler.autolimits, &mut self.notes)
            };
            let mut limited = enforced("ctrl", spec.ctrllimited, ctrlrange)?;
            limited &= self.spec.flags.clampctrl;
            let forcelimited = enforced("force", spec.forcelimited, spec.forcerange)?;
            if enforced("act", spec.actlimited, spec.actrange)? {
                let message = "actrange needs activations; this engine does not do that";
                return Err(place.error(message));
            }
            let first = |list: [f64; 10]| [list[0], list[1], list[2]];
            let a = &mut self.model.actuators;
            a.name.push(driven.name.clone());
            a.transmission.push(transmission);
            a.gear.push(spec.gear);
            // Until the constants are known, all that was written: a damping ratio shows in both together.
            a.gainprm.push(first(spec.gainprm));
            a.biasprm.push(first(spec.biasprm));
            a.forcelimited.push(forcelimited);
            a.forcerange.push(spec.forcerange);
            a.ctrllimited.push(limited);
            a.ctrlrange.push(ctrlrange);
            self.model.nu += 1;
        }
        Ok(())
    }

    fn transmission(&mut self, driven: &Named<Driven>) -> Result<Transmission> {
        let place = &driven.place;
        let joint = |name| find(&index(&self.model.joints.name), "joint", place, name);
        let transmission = match &driven.spec.target {
            Target::Joint(name) => Transmission::Joint(joint(name)?),
            Target::JointInParent(name) => Transmission::JointInParent(joint(name)?),
            Target::Tendon(name) => {
                let names = index(&self.model.tendons.name);
                Transmission::Tendon(find(&names, "tendon", place, name)?)
            }
        };
        let felt = match transmission {
            Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
                self.model.joints.kind[joint].nv()
            }
            Transmission::Tendon(_) => 1,
        };
        let rest = &driven.spec.actuator.gear[felt..];
        if let Some(other) = rest.iter().find(|g| **g != 0.0) {
            let kind = "so much of it is not felt here";
            let found = format!("gear holds {other} after its first {felt}");
            self.notes.add(place, kind, &found);
        }
        Ok(transmission)
    }

    /// A share of the range of what the actuator acts on.
    fn inherited(&self, place: &Place, target: Transmission, share: f64) -> Result<[f64; 2]> {
        let joints = &self.model.joints;
        let range = match target {
            Transmission::Joint(joint)
                if matches!(joints.kind[joint], JointType::Slide | JointType::Hinge) =>
            {
                joints.range[joint]
            }
            Transmission::Tendon(tendon) => self.model.tendons.range[tendon],
            _ => return Err(place.error("inheritrange needs a hinge, a slide or a tendon")),
        };
        let [low, high] = range;
        if low == high {
            return Err(place.error("inheritrange needs a target that has a range"));
        }
        let (mean, radius) = (0.5 * (high + low), 0.5 * (high - low) * share);
        Ok([mean - radius, mean + radius])
    }

    /// Explicit pairs with their contact parameters, the geom of the lower body first.
    pub(super) fn explicit_pairs(&self) -> Result<Vec<Pair>> {
        let geoms = &self.model.geoms;
        let names = index(&geoms.name);
        let mut pairs = Vec::new();
        for named in &self.spec.pairs {
            let [a, b] = &named.spec.geoms;
            let mut pair = [
                find(&names, "geom", &named.place, a)?,
                find(&names, "geom", &named.place, b)?,
            ];
            if pair[0] == pair[1] {
                let message = format!("geom1 and geom2 are both `{a}`; a geom cannot touch itself");
                return Err(named.place.error(message));
            }
            if geoms.body[pair[0]] > geoms.body[pair[1]] {
                pair.swap(0, 1);
            }
            let spec = &named.spec.pair;
            pairs.push(Pair {
                geoms: pair,
                margin: spec.margin,
                includemargin: spec.margin - spec.gap,
                dim: condim(&named.place, spec.condim)?,
                friction: spec.friction.map(|f| f.max(MIN_FRICTION)),
                solref: spec.solref,
                solreffriction: spec.solreffriction,
                solimp: spec.solimp,
            });
        }
        Ok(pairs)
    }

    pub(super) fn excluded(&self) -> Result<HashSet<[usize; 2]>> {
        let names = index(&self.model.bodies.name);
        let mut excluded = HashSet::new();
        for (place, [a, b]) in &self.spec.excludes {
            let (a, b) = (
                find(&names, "body", place, a)?,
                find(&names, "body", place, b)?,
            );
            excluded.insert([a.min(b), a.max(b)]);
        }
        Ok(excluded)
    }
}

/// Whether an actuator's force is `kp (ctrl - length)` and a damping.
fn is_position(spec: &ActuatorSpec) -> bool {
    !spec.affine_gain && spec.affine_bias && spec.gainprm[0] == -spec.biasprm[1]
}
