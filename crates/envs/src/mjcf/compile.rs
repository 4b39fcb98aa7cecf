//! [`Spec`] → [`Model`]: frames, inertias, limits, and the checks that need more than one element.
//!
//! MuJoCo: Modeling chapter; XML reference.

use super::element::Place;
use super::inertia::{self, Rigid};
use super::orientation;
use super::spec::{BodySpec, GeomSpec, InertiaFromGeom, JointSpec, Limited, Named, Spec};
use super::{compile_acting, constants, pairs};
use crate::Result;
use crate::dynamics::model::{
    Actuators, Bodies, Dofs, GeomType, Geoms, JointType, Joints, Model, Sites, Tendons,
};
use glam::{DQuat, DVec3};

/// Mass (kg) and moment (kg m²) that a moving body must have.
const LEAST_INERTIA: f64 = 1e-15;
/// Mass (kg) and length (m) that count as none.
const TINY: f64 = 1e-14;
/// Most dofs that one body may have to its parent.
const MOST_DOFS: usize = 6;
/// Most dofs of a model: the inertia matrix is dense.
const MOST_MODEL_DOFS: usize = 1000;

/// Compiles what a file says.
pub(super) fn compile(spec: &Spec) -> Result<Model> {
    let mut builder = Builder {
        spec,
        last_dof: Vec::new(),
        model: empty(spec),
    };
    for (index, body) in spec.bodies.iter().enumerate() {
        builder.body(index, body)?;
        if builder.model.nv > MOST_MODEL_DOFS {
            let message = format!(
                "the model has more than {MOST_MODEL_DOFS} degrees of freedom, which this engine does not do"
            );
            return Err(body.place.error(message));
        }
    }
    builder.check_moving_bodies()?;
    builder.scale_mass();
    compile_acting::tendons(spec, &mut builder.model)?;
    compile_acting::actuators(spec, &mut builder.model)?;
    builder.finish()
}

fn empty(spec: &Spec) -> Model {
    Model {
        name: spec.name.clone(),
        nq: 0,
        nv: 0,
        nu: 0,
        opt: spec.options.clone(),
        meaninertia: 1.0,
        qpos0: Vec::new(),
        qpos_spring: Vec::new(),
        bodies: Bodies::default(),
        joints: Joints::default(),
        dofs: Dofs::default(),
        geoms: Geoms::default(),
        sites: Sites::default(),
        tendons: Tendons::default(),
        actuators: Actuators::default(),
        pairs: Vec::new(),
        keyframes: Vec::new(),
    }
}

struct Builder<'a> {
    spec: &'a Spec,
    /// Last dof on the way from the root to each body.
    last_dof: Vec<Option<usize>>,
    model: Model,
}

impl Builder<'_> {
    fn body(&mut self, index: usize, body: &Named<BodySpec>) -> Result<()> {
        let spec = &body.spec;
        let parent = spec.parent;
        let b = &mut self.model.bodies;
        let weld = if index == 0 || !spec.joints.is_empty() {
            index
        } else {
            b.weld[parent]
        };
        let root = if index == 0 || parent == 0 {
            index
        } else {
            b.root[parent]
        };
        b.name.push(body.name.clone());
        b.parent.push(parent);
        b.root.push(root);
        b.weld.push(weld);
        b.pos.push(spec.pos);
        b.quat.push(spec.quat);
        b.joints
            .push((self.model.joints.name.len(), spec.joints.len()));
        let dofs: usize = spec.joints.iter().map(|joint| joint.spec.kind.nv()).sum();
        b.dofs.push((self.model.nv, dofs));
        b.subtreemass.push(0.0);
        b.invweight0.push([0.0; 2]);
        self.last_dof.push(if index == 0 {
            None
        } else {
            self.last_dof[parent]
        });
        if dofs > MOST_DOFS {
            let message =
                format!("the body has {dofs} degrees of freedom; at most {MOST_DOFS} are allowed");
            return Err(body.place.error(message));
        }
        let free = spec.joints.iter().find(|j| j.spec.kind == JointType::Free);
        if let Some(free) = free
            && (parent != 0 || index == 0)
        {
            let message = "a free joint needs a body that stands directly in <worldbody>";
            return Err(free.place.error(message));
        }
        for joint in &spec.joints {
            self.joint(index, joint)?;
        }
        let mut parts = Vec::new();
        for geom in &spec.geoms {
            parts.extend(self.geom(index, geom)?);
        }
        let s = &mut self.model.sites;
        for site in &spec.sites {
            s.name.push(site.name.clone());
            s.body.push(index);
            s.pos.push(site.spec.pos);
            s.quat.push(site.spec.quat);
        }
        let inertia = if index == 0 {
            resting(DVec3::ZERO, DQuat::IDENTITY)
        } else {
            self.inertia(body, &parts)?
        };
        let b = &mut self.model.bodies;
        b.mass.push(inertia.mass);
        b.ipos.push(inertia.com);
        b.iquat.push(inertia.quat);
        b.inertia.push(inertia.moments);
        Ok(())
    }

    fn joint(&mut self, body: usize, joint: &Named<JointSpec>) -> Result<()> {
        let spec = &joint.spec;
        let compiler = &self.spec.compiler;
        let degree = std::f64::consts::PI / 180.0;
        let in_degrees = |angular: bool| {
            if angular && compiler.degrees {
                degree
            } else {
                1.0
            }
        };
        let unit = in_degrees(spec.kind == JointType::Hinge);
        let limit_unit = in_degrees(matches!(spec.kind, JointType::Hinge | JointType::Ball));
        let auto = compiler.autolimits;
        let limited = match spec.kind {
            JointType::Free if spec.limited == Some(true) => {
                return Err(joint.place.error("a free joint has no limits"));
            }
            JointType::Free => false,
            JointType::Ball if spec.range[0] != 0.0 => {
                let low = spec.range[0];
                let message = format!("range begins with {low}; a ball joint's begins with 0");
                return Err(joint.place.error(message));
            }
            _ => resolve_limit(&joint.place, "", spec.limited, spec.range, auto)?,
        };
        let scalar = matches!(spec.kind, JointType::Hinge | JointType::Slide);
        let force = (spec.actfrclimited, spec.actfrcrange);
        let actfrclimited =
            scalar && resolve_limit(&joint.place, "actuatorfrc", force.0, force.1, auto)?;
        let axis = if scalar {
            orientation::unit(spec.axis)
                .ok_or_else(|| joint.place.error("axis has no direction"))?
        } else {
            DVec3::Z
        };
        let model = &mut self.model;
        let index = model.joints.name.len();
        let j = &mut model.joints;
        j.name.push(joint.name.clone());
        j.kind.push(spec.kind);
        j.body.push(body);
        j.qposadr.push(model.nq);
        j.dofadr.push(model.nv);
        j.pos.push(if spec.kind == JointType::Free {
            DVec3::ZERO
        } else {
            spec.pos
        });
        j.axis.push(axis);
        j.stiffness.push(spec.stiffness);
        j.limited.push(limited);
        j.range.push(if limited {
            spec.range.map(|x| x * limit_unit)
        } else {
            spec.range
        });
        j.actfrclimited.push(actfrclimited);
        j.actfrcrange.push(spec.actfrcrange);
        j.margin.push(spec.margin);
        j.solref.push(spec.solref);
        j.solimp.push(spec.solimp);
        for _ in 0..spec.kind.nv() {
            let d = &mut model.dofs;
            d.body.push(body);
            d.joint.push(index);
            d.parent.push(self.last_dof[body]);
            d.armature.push(spec.armature);
            d.damping.push(spec.damping);
            d.frictionloss.push(spec.frictionloss);
            d.solref.push(spec.solref_friction);
            d.solimp.push(spec.solimp_friction);
            d.invweight0.push(0.0);
            self.last_dof[body] = Some(model.nv);
            model.nv += 1;
        }
        let (place, quat) = (model.bodies.pos[body], model.bodies.quat[body]);
        let turned = [quat.w, quat.x, quat.y, quat.z];
        let (start, rest) = match spec.kind {
            JointType::Free => {
                let pose = [&place.to_array()[..], &turned].concat();
                (pose.clone(), pose)
            }
            JointType::Ball => (vec![1.0, 0.0, 0.0, 0.0], vec![1.0, 0.0, 0.0, 0.0]),
            JointType::Slide | JointType::Hinge => {
                (vec![spec.reference * unit], vec![spec.springref * unit])
            }
        };
        model.nq += start.len();
        model.qpos0.extend(start);
        model.qpos_spring.extend(rest);
        Ok(())
    }

    /// Adds a geom; its mass distribution comes back where it counts for its body.
    fn geom(&mut self, body: usize, geom: &Named<GeomSpec>) -> Result<Option<Rigid>> {
        let spec = &geom.spec;
        let (size, pos, quat) = place_geom(geom)?;
        if spec.kind == GeomType::Plane && self.model.bodies.weld[body] != 0 {
            return Err(geom
                .place
                .error("a plane must not move; put it in a body without joints"));
        }
        let radius = match spec.kind {
            GeomType::Plane => 0.0,
            GeomType::Sphere => size[0],
            GeomType::Capsule => size[0] + size[1],
            GeomType::Cylinder => size[0].hypot(size[1]),
            GeomType::Ellipsoid => size[0].max(size[1]).max(size[2]),
            GeomType::Box => DVec3::from(size).length(),
        };
        let g = &mut self.model.geoms;
        g.name.push(geom.name.clone());
        g.kind.push(spec.kind);
        g.body.push(body);
        g.size.push(size);
        g.pos.push(pos);
        g.quat.push(quat);
        g.rbound.push(radius);
        g.contype.push(spec.contype);
        g.conaffinity.push(spec.conaffinity);
        g.condim.push(spec.condim);
        g.priority.push(spec.priority);
        g.solmix.push(spec.solmix);
        g.friction.push(spec.friction);
        g.margin.push(spec.margin);
        g.gap.push(spec.gap);
        g.solref.push(spec.solref);
        g.solimp.push(spec.solimp);
        g.rgba.push(spec.rgba.map(|x| x as f32));
        g.group.push(spec.group);
        let [low, high] = self.spec.compiler.inertiagrouprange;
        let counts = (low..=high).contains(&f64::from(spec.group));
        let mass = spec
            .mass
            .unwrap_or_else(|| spec.density * inertia::volume(spec.kind, size));
        let moments = inertia::moments(spec.kind, size, mass);
        Ok((counts && mass > TINY).then_some(Rigid {
            mass,
            com: pos,
            quat,
            moments,
        }))
    }

    /// The body's mass distribution, from its `inertial` element or the `parts` that its geoms are.
    fn inertia(&self, body: &Named<BodySpec>, parts: &[Rigid]) -> Result<Rigid> {
        let compiler = &self.spec.compiler;
        // MuJoCo's placeholder for a body that has neither: it weighs nothing, so it moves nothing.
        let mut rigid = resting(body.spec.pos, body.spec.quat);
        if let Some(explicit) = &body.spec.inertial {
            rigid = Rigid {
                mass: explicit.mass,
                com: explicit.pos,
                quat: explicit.quat,
                moments: explicit.diagonal,
            };
            if let Some(full) = explicit.full {
                let wrong = || {
                    explicit.place.error(format!(
                        "fullinertia {full:?} has a moment that is not positive"
                    ))
                };
                (rigid.moments, rigid.quat) =
                    inertia::principal(&inertia::symmetric(full)).ok_or_else(wrong)?;
            }
        }
        let from_geoms = match compiler.inertiafromgeom {
            InertiaFromGeom::Always => true,
            InertiaFromGeom::Never => false,
            InertiaFromGeom::WithoutInertial => body.spec.inertial.is_none(),
        };
        if from_geoms && !parts.is_empty() {
            let wrong = || {
                body.place
                    .error("the geoms' inertias do not add up to a positive one")
            };
            rigid = inertia::combine(parts).ok_or_else(wrong)?;
        }
        rigid.mass = rigid.mass.max(compiler.boundmass);
        rigid.moments = rigid.moments.max(DVec3::splat(compiler.boundinertia));
        let DVec3 { x: a, y: b, z: c } = rigid.moments;
        if a.min(b).min(c) < 0.0 || !(rigid.mass.is_finite() && rigid.moments.is_finite()) {
            let message = format!(
                "mass {} and moments {a} {b} {c} must be finite and not negative",
                rigid.mass
            );
            return Err(body.place.error(message));
        }
        if a + b < c || a + c < b || b + c < a {
            if !compiler.balanceinertia {
                let message =
                    format!("moments {a} {b} {c}: each must be at most the sum of the other two");
                return Err(body.place.error(message));
            }
            rigid.moments = DVec3::splat((a + b + c) / 3.0);
        }
        Ok(rigid)
    }

    /// Every body with joints must weigh something, itself or through what is welded to it.
    fn check_moving_bodies(&self) -> Result<()> {
        let b = &self.model.bodies;
        let solid =
            |i: usize| b.mass[i] >= LEAST_INERTIA && b.inertia[i].min_element() >= LEAST_INERTIA;
        for (index, body) in self.spec.bodies.iter().enumerate().skip(1) {
            let moves = !body.spec.joints.is_empty();
            if moves && !(index..b.weld.len()).any(|other| b.weld[other] == index && solid(other)) {
                let message = format!(
                    "body `{}` moves but has mass {} and moments {}; both must be greater than {LEAST_INERTIA}",
                    body.name, b.mass[index], b.inertia[index]
                );
                return Err(body.place.error(message));
            }
        }
        Ok(())
    }

    fn scale_mass(&mut self) {
        let wanted = self.spec.compiler.settotalmass;
        if wanted > 0.0 {
            let total: f64 = self.model.bodies.mass.iter().sum();
            let scale = (wanted / total.max(LEAST_INERTIA)).max(LEAST_INERTIA);
            self.model
                .bodies
                .mass
                .iter_mut()
                .for_each(|mass| *mass *= scale);
            self.model
                .bodies
                .inertia
                .iter_mut()
                .for_each(|inertia| *inertia *= scale);
        }
    }

    /// What needs the whole model: subtree masses, constants of the reference pose, pairs of geoms.
    fn finish(mut self) -> Result<Model> {
        let model = &mut self.model;
        model.bodies.subtreemass = model.bodies.mass.clone();
        for body in (1..model.bodies.parent.len()).rev() {
            let parent = model.bodies.parent[body];
            model.bodies.subtreemass[parent] += model.bodies.subtreemass[body];
        }
        constants::fill(model).map_err(|dof| {
            let place = &self.spec.bodies[self.model.dofs.body[dof]].place;
            let joint = &self.model.joints.name[self.model.dofs.joint[dof]];
            place.error(format!(
                "joint `{joint}` moves no mass of its own: the inertia matrix is singular there"
            ))
        })?;
        let model = &mut self.model;
        model.meaninertia = self.spec.meaninertia.unwrap_or(model.meaninertia);
        let weights = model
            .bodies
            .invweight0
            .iter()
            .flatten()
            .chain(&model.dofs.invweight0)
            .chain(&model.tendons.invweight0);
        if !(model.meaninertia.is_finite() && weights.copied().all(f64::is_finite)) {
            return Err(self
                .spec
                .place
                .error("masses or lengths are too large to compute with"));
        }
        let mut excluded = Vec::new();
        for (place, names) in &self.spec.excludes {
            excluded.push([
                find_body(model, place, &names[0])?,
                find_body(model, place, &names[1])?,
            ]);
        }
        let explicit = compile_acting::pairs(self.spec, model)?;
        model.pairs = pairs::select(model, &excluded, explicit);
        compile_acting::check_pairs(self.spec, model)?;
        compile_acting::keyframes(self.spec, model)?;
        Ok(self.model)
    }
}

/// A body without mass.
fn resting(com: DVec3, quat: DQuat) -> Rigid {
    Rigid {
        mass: 0.0,
        com,
        quat,
        moments: DVec3::ZERO,
    }
}

fn find_body(model: &Model, place: &Place, name: &str) -> Result<usize> {
    let names = &model.bodies.name;
    names
        .iter()
        .position(|n| !n.is_empty() && n == name)
        .ok_or_else(|| {
            let known: Vec<_> = names
                .iter()
                .filter(|n| !n.is_empty())
                .map(String::as_str)
                .collect();
            place.error(format!(
                "there is no body `{name}`; known bodies: {}",
                known.join(", ")
            ))
        })
}

/// Whether a range is enforced; `prefix` is what stands before `range` in the attribute's name.
pub(super) fn resolve_limit(
    place: &Place,
    prefix: &str,
    limited: Limited,
    range: [f64; 2],
    auto: bool,
) -> Result<bool> {
    let [low, high] = range;
    let given = range != [0.0; 2];
    let limited = match limited {
        Some(limited) => limited,
        None if given && !auto => {
            let message =
                format!("{prefix}range without {prefix}limited needs compiler autolimits=`true`");
            return Err(place.error(message));
        }
        None => given,
    };
    if limited && low >= high {
        return Err(place.error(format!(
            "{prefix}range is {low} {high}; the first must be lower than the second"
        )));
    }
    Ok(limited)
}

/// Size, position and orientation of a geom in its body's frame, `fromto` resolved.
fn place_geom(geom: &Named<GeomSpec>) -> Result<([f64; 3], DVec3, DQuat)> {
    let (spec, place) = (&geom.spec, &geom.place);
    let mut found = (spec.size, spec.pos, spec.quat);
    if let Some([a, b, c, d, e, f]) = spec.fromto {
        if matches!(spec.kind, GeomType::Plane | GeomType::Sphere) {
            return Err(place.error("fromto needs a capsule, cylinder, ellipsoid or box"));
        }
        if spec.pos != DVec3::ZERO || spec.quat != DQuat::IDENTITY {
            return Err(place.error("fromto excludes pos and an orientation"));
        }
        let (from, to) = (DVec3::new(a, b, c), DVec3::new(d, e, f));
        let too_close = || {
            place.error(format!(
                "fromto: {from} and {to} are too close or too far apart"
            ))
        };
        let axis = orientation::unit(from - to).ok_or_else(too_close)?;
        found.0[1] = 0.5 * (from - to).length();
        if matches!(spec.kind, GeomType::Ellipsoid | GeomType::Box) {
            found.0 = [spec.size[0], spec.size[0], found.0[1]];
        }
        found.1 = (from + to) * 0.5;
        found.2 = orientation::from_z(axis);
    }
    let must_be_positive: &[usize] = match spec.kind {
        GeomType::Plane => &[2],
        GeomType::Sphere => &[0],
        GeomType::Capsule | GeomType::Cylinder => &[0, 1],
        GeomType::Ellipsoid | GeomType::Box => &[0, 1, 2],
    };
    for &i in must_be_positive {
        if found.0[i] <= 0.0 {
            return Err(place.error(format!(
                "size number {} is {}; it must be greater than 0",
                i + 1,
                found.0[i]
            )));
        }
    }
    Ok(found)
}
