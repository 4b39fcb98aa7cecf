//! Tendons.

use super::super::place::Place;
use super::super::spec::Part;
use super::{Builder, Range, find, index};
use crate::Result;
use crate::dynamics::model::{GeomType, Geoms, JointType, Sites, Wrap};

/// Degrees of freedom from which MuJoCo's Jacobians are sparse by themselves.
const SPARSE_FROM: usize = 60;

impl Builder<'_> {
    pub(super) fn tendons(&mut self) -> Result<()> {
        let names = index(&self.model.joints.name);
        let sparse = self.spec.sparse.unwrap_or(self.model.nv >= SPARSE_FROM);
        let t = &mut self.model.tendons;
        for named in &self.spec.referring.tendons {
            let (spec, place) = (&named.spec.tendon, &named.place);
            let (mut path, mut joints) = (Vec::new(), Vec::<(usize, f64)>::new());
            let mut wraps = Vec::new();
            for (place, part) in &named.spec.way {
                let Part::Joint(name, coefficient) = part else {
                    wraps.push(wrap(&self.model.sites, &self.model.geoms, place, part)?);
                    continue;
                };
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
            let auto = named.spec.autolimits;
            let limited = range.enforced(auto, &mut self.notes)?;
            let range = Range {
                place,
                prefix: "actuatorfrc",
                limited: spec.actfrclimited,
                range: spec.actfrcrange,
            };
            let actfrclimited = range.enforced(auto, &mut self.notes)?;
            let [low, high] = spec.actfrcrange;
            if actfrclimited && (low > 0.0 || high < 0.0) {
                return Err(place.error(format!(
                    "actuatorfrcrange is {low} {high}; 0 must lie within"
                )));
            }
            let bends = |wrap: &Wrap| matches!(wrap, Wrap::Sphere(..) | Wrap::Cylinder(..));
            if spec.armature != 0.0 && wraps.iter().any(bends) {
                return Err(place.error(format!(
                    "armature is {}; it must be 0 where a tendon runs around geoms",
                    spec.armature
                )));
            }
            t.name.push(named.name.clone());
            t.wraps.push(wraps);
            t.path.push(path);
            t.joints.push(joints);
            t.actfrclimited.push(actfrclimited);
            t.actfrcrange.push(spec.actfrcrange);
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
}

/// A part of a spatial tendon's way.
fn wrap(sites: &Sites, geoms: &Geoms, place: &Place, part: &Part) -> Result<Wrap> {
    let site = |name: &str| find(&index(&sites.name), "site", place, name);
    match part {
        Part::Site(name) => Ok(Wrap::Site(site(name)?)),
        Part::Geom(name, side) => {
            let geom = find(&index(&geoms.name), "geom", place, name)?;
            let side = side.as_ref().map(|name| site(name)).transpose()?;
            match geoms.kind[geom] {
                GeomType::Sphere => Ok(Wrap::Sphere(geom, side)),
                GeomType::Cylinder => Ok(Wrap::Cylinder(geom, side)),
                other => Err(place.error(format!(
                    "geom `{name}` is a {other:?}; a tendon runs around spheres and cylinders only"
                ))),
            }
        }
        Part::Pulley(divisor) => Ok(Wrap::Pulley(*divisor)),
        Part::Joint(name, _) => {
            Err(place.error(format!("joint `{name}` stands in a spatial tendon")))
        }
    }
}
