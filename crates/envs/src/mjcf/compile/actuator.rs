//! Actuators, and the names in contact pairs.

use super::super::pairs::MIN_FRICTION;
use super::super::place::Place;
use super::super::spec::{ActuatorSpec, Driven, Named, Shape, Target};
use super::{Builder, Range, condim, find, index};
use crate::Result;
use crate::dynamics::model::{Dyn, JointType, Law, Pair, Transmission};
use std::collections::HashSet;

impl Builder<'_> {
    pub(super) fn actuators(&mut self) -> Result<()> {
        for driven in &self.spec.referring.actuators {
            let (place, spec) = (&driven.place, &driven.spec.actuator);
            let transmission = self.transmission(driven)?;
            let (mut ctrlrange, mut actrange) = (spec.ctrlrange, spec.actrange);
            if spec.inheritrange > 0.0 && is_position(spec) {
                let range = match spec.dyntype {
                    Dyn::None | Dyn::FilterExact => &mut ctrlrange,
                    Dyn::Integrator => &mut actrange,
                    Dyn::Filter | Dyn::Muscle => {
                        let message =
                            "inheritrange needs a dyntype of none, filterexact or integrator";
                        return Err(place.error(message));
                    }
                };
                *range = self.inherited(place, transmission, spec.inheritrange)?;
            }
            let mut enforced = |prefix, limited, range| {
                let range = Range {
                    place,
                    prefix,
                    limited,
                    range,
                };
                range.enforced(driven.spec.autolimits, &mut self.notes)
            };
            let mut limited = enforced("ctrl", spec.ctrllimited, ctrlrange)?;
            limited &= self.spec.flags.clampctrl;
            let forcelimited = enforced("force", spec.forcelimited, spec.forcerange)?;
            let actlimited = enforced("act", spec.actlimited, actrange)?;
            let stateful = spec.dyntype != Dyn::None;
            if actlimited && !stateful {
                return Err(place.error("actrange needs a dyntype other than none"));
            }
            if spec.actdim >= 0 && spec.actdim != i32::from(stateful) {
                return Err(place.error(format!(
                    "actdim is {}; with this dyntype it must be {}",
                    spec.actdim,
                    i32::from(stateful)
                )));
            }
            check_muscle(place, spec)?;
            let first = |list: [f64; 10]| std::array::from_fn(|i| list[i]);
            let law = |shape| match shape {
                Shape::Plain | Shape::Affine => Law::Affine,
                Shape::Muscle => Law::Muscle,
            };
            let a = &mut self.model.actuators;
            a.dyntype.push(spec.dyntype);
            a.dynprm.push(std::array::from_fn(|i| spec.dynprm[i]));
            a.actadr.push(stateful.then_some(self.model.na));
            self.model.na += usize::from(stateful);
            a.actearly.push(spec.actearly);
            a.actlimited.push(actlimited);
            a.actrange.push(actrange);
            a.gaintype.push(law(spec.gaintype));
            a.biastype.push(law(spec.biastype));
            a.lengthrange.push(spec.lengthrange);
            a.acc0.push(0.0);
            let groups = self.spec.flags.disabled_groups;
            let off = (0..=30).contains(&spec.group) && groups & (1 << spec.group) != 0;
            a.disabled.push(off);
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
        let site = |name: &str| find(&index(&self.model.sites.name), "site", place, name);
        let transmission = match &driven.spec.target {
            Target::Joint(name) => Transmission::Joint(joint(name)?),
            Target::JointInParent(name) => Transmission::JointInParent(joint(name)?),
            Target::Tendon(name) => {
                let names = index(&self.model.tendons.name);
                Transmission::Tendon(find(&names, "tendon", place, name)?)
            }
            Target::Site(name, reference) => {
                let reference = reference.as_ref().map(|name| site(name)).transpose()?;
                Transmission::Site(site(name)?, reference)
            }
            Target::SliderCrank(crank, slider) => {
                let rod = driven.spec.actuator.cranklength;
                if rod <= 0.0 {
                    let message = format!("cranklength is {rod}; it must be greater than 0");
                    return Err(place.error(message));
                }
                Transmission::SliderCrank(site(crank)?, site(slider)?, rod)
            }
            Target::Body(name) => {
                Transmission::Body(find(&index(&self.model.bodies.name), "body", place, name)?)
            }
        };
        let felt = match transmission {
            Transmission::Joint(joint) | Transmission::JointInParent(joint) => {
                self.model.joints.kind[joint].nv()
            }
            Transmission::Site(..) => 6,
            Transmission::Tendon(_) | Transmission::SliderCrank(..) => 1,
            Transmission::Body(_) => 0,
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
        for named in &self.spec.referring.pairs {
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
        for Named { place, spec, .. } in &self.spec.referring.excludes {
            let [a, b] = &spec.0;
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
    spec.gaintype == Shape::Plain
        && spec.biastype == Shape::Affine
        && spec.gainprm[0] == -spec.biasprm[1]
}

/// Refuses a muscle that has no shape.
fn check_muscle(place: &Place, spec: &ActuatorSpec) -> Result<()> {
    let sides = [
        (spec.gaintype, &spec.gainprm),
        (spec.biastype, &spec.biasprm),
    ];
    for (_, prm) in sides.iter().filter(|(shape, _)| *shape == Shape::Muscle) {
        let [low, high, _, scale, lmin, lmax, vmax, fpmax, fvmax, _] = **prm;
        if low >= high {
            return Err(place.error(format!(
                "range is {low} {high}; the first must be lower than the second"
            )));
        }
        if lmin >= 1.0 || lmax <= 1.0 {
            return Err(place.error(format!(
                "lmin is {lmin} and lmax {lmax}; 1 must lie between them"
            )));
        }
        let positive = [
            ("scale", scale),
            ("vmax", vmax),
            ("fpmax", fpmax),
            ("fvmax", fvmax),
        ];
        if let Some((name, x)) = positive.into_iter().find(|(_, x)| *x <= 0.0) {
            return Err(place.error(format!("{name} is {x}; it must be greater than 0")));
        }
    }
    Ok(())
}
