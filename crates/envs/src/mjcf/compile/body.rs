//! Bodies with their joints, geoms, sites and inertias.

use super::super::compiler::InertiaFromGeom;
use super::super::inertia::{self, Rigid};
use super::super::mesh::Compiled;
use super::super::orientation;
use super::super::place::Place;
use super::super::rule::some_of;
use super::super::spec::{BodySpec, Frame, GREY, GeomSpec, JointSpec, Named, Placement};
use super::{Builder, Range, condim};
use crate::Result;
use crate::dynamics::model::{GeomType, JointType};
use glam::{DQuat, DVec3};

/// Mass (kg) and volume (m³) that count as none.
const TINY: f64 = 1e-14;
/// Most dofs that one body may have to its parent.
const MOST_DOFS: usize = 6;

impl Builder<'_> {
    pub(super) fn body(&mut self, index: usize, body: &Named<BodySpec>) -> Result<()> {
        check_joints(index, body)?;
        let spec = &body.spec;
        let first_geom = self.model.geoms.kind.len();
        let mut parts = Vec::new();
        for geom in &spec.geoms {
            parts.extend(self.geom(index, geom)?);
        }
        let mut rigid = if index == 0 {
            resting(DVec3::ZERO, DQuat::IDENTITY)
        } else {
            self.inertia(body, &parts)?
        };
        let (mut pos, mut quat) = (spec.pos, spec.quat);
        if let Some(frame) = spec.frame {
            (pos, quat) = frame.apply(pos, quat);
        }
        let mut shift = None;
        if self.aligns(index, spec) {
            // The body's frame moves to its centre of mass and principal axes; what is fixed to it stays in place.
            (pos, quat) = Frame { pos, quat }.apply(rigid.com, rigid.quat);
            let back = rigid.quat.inverse();
            let inverse = Frame {
                pos: back * -rigid.com,
                quat: back,
            };
            (rigid.com, rigid.quat) = (DVec3::ZERO, DQuat::IDENTITY);
            let g = &mut self.model.geoms;
            for geom in first_geom..g.pos.len() {
                (g.pos[geom], g.quat[geom]) = inverse.apply(g.pos[geom], g.quat[geom]);
            }
            shift = Some(inverse);
        }
        self.enter(index, body, pos, quat);
        for joint in &spec.joints {
            self.joint(index, joint)?;
        }
        for site in &spec.sites {
            self.site(index, site, shift)?;
        }
        let b = &mut self.model.bodies;
        b.mass.push(rigid.mass);
        b.ipos.push(rigid.com);
        b.iquat.push(rigid.quat);
        b.inertia.push(rigid.moments);
        Ok(())
    }

    /// Whether the body's frame moves to its centre of mass: a free joint asks for it and nothing hangs on it.
    fn aligns(&self, index: usize, spec: &BodySpec) -> bool {
        let [joint] = &spec.joints[..] else {
            return false;
        };
        let next = self.spec.bodies.get(index + 1);
        joint.spec.kind == JointType::Free
            && joint.spec.align.unwrap_or(spec.compiler.alignfree)
            && next.is_none_or(|body| body.spec.parent != index)
    }

    /// Adds the body's own row but its inertia.
    fn enter(&mut self, index: usize, body: &Named<BodySpec>, pos: DVec3, quat: DQuat) {
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
        b.pos.push(pos);
        b.quat.push(quat);
        b.joints
            .push((self.model.joints.name.len(), spec.joints.len()));
        b.dofs.push((self.model.nv, dofs(spec)));
        b.subtreemass.push(0.0);
        b.invweight0.push([0.0; 2]);
        b.gravcomp.push(spec.gravcomp);
        b.compensated |= spec.gravcomp != 0.0;
        b.mocap.push(spec.mocap.then_some(self.mocaps));
        self.mocaps += usize::from(spec.mocap);
        self.last_dof.push(if index == 0 {
            None
        } else {
            self.last_dof[parent]
        });
    }

    fn joint(&mut self, body: usize, joint: &Named<JointSpec>) -> Result<()> {
        let (spec, place) = (&joint.spec, &joint.place);
        let compiler = &self.spec.bodies[body].spec.compiler;
        let radians = std::f64::consts::PI / 180.0;
        let unit = |angular: bool| {
            if angular && compiler.degrees {
                radians
            } else {
                1.0
            }
        };
        let mut enforced = |prefix, limited, range| {
            let range = Range {
                place,
                prefix,
                limited,
                range,
            };
            range.enforced(compiler.autolimits, &mut self.notes)
        };
        let [low, high] = spec.range;
        let limited = match spec.kind {
            JointType::Free => false,
            // A ball's range is not asked whether it is empty.
            JointType::Ball if spec.limited == Some(true) => true,
            JointType::Hinge | JointType::Slide | JointType::Ball => {
                enforced("", spec.limited, spec.range)?
            }
        };
        if limited && spec.kind == JointType::Ball && low != 0.0 {
            return Err(place.error(format!(
                "range is {low} {high}; the first number of a ball joint's must be 0"
            )));
        }
        let [time, ratio] = spec.springdamper;
        if spec.springdamper != [0.0; 2] && (time <= 0.0 || ratio <= 0.0) {
            return Err(place.error(format!(
                "springdamper is {time} {ratio}; both must be greater than 0"
            )));
        }
        let scalar = matches!(spec.kind, JointType::Hinge | JointType::Slide);
        let (mut axis, mut actfrclimited) = (DVec3::Z, false);
        if scalar {
            axis =
                orientation::unit(spec.axis).ok_or_else(|| place.error("axis has no direction"))?;
            actfrclimited = enforced("actuatorfrc", spec.actfrclimited, spec.actfrcrange)?;
        }
        let range_unit = unit(limited && spec.kind != JointType::Slide);
        let angle_unit = unit(spec.kind == JointType::Hinge);
        let model = &mut self.model;
        let index = model.joints.name.len();
        let j = &mut model.joints;
        j.name.push(joint.name.clone());
        j.kind.push(spec.kind);
        j.body.push(body);
        j.qposadr.push(model.nq);
        j.dofadr.push(model.nv);
        j.pos.push(match spec.kind {
            JointType::Free => DVec3::ZERO,
            _ => spec.pos,
        });
        j.axis.push(axis);
        j.stiffness.push(spec.stiffness);
        j.limited.push(limited);
        j.range.push(spec.range.map(|x| x * range_unit));
        j.actfrclimited.push(actfrclimited);
        j.actfrcrange.push(spec.actfrcrange);
        j.actgravcomp.push(spec.actgravcomp);
        j.margin.push(spec.margin);
        j.solref.push(spec.solref);
        j.solimp.push(spec.solimp);
        for _ in 0..spec.kind.nv() {
            let d = &mut model.dofs;
            d.body.push(body);
            d.joint.push(index);
            d.parent.push(self.last_dof[body]);
            let trees = &mut model.trees;
            if self.last_dof[body].is_none() {
                trees.push(model.nv..model.nv);
            }
            // Bodies come depth first, so that a tree's dofs are neighbours.
            let tree = trees.len() - 1;
            trees[tree].end = model.nv + 1;
            d.tree.push(tree);
            d.armature.push(spec.armature);
            d.damping.push(spec.damping);
            d.frictionloss.push(spec.frictionloss);
            d.solref.push(spec.solref_friction);
            d.solimp.push(spec.solimp_friction);
            d.invweight0.push(0.0);
            self.last_dof[body] = Some(model.nv);
            model.nv += 1;
        }
        let turn = |quat: DQuat| [quat.w, quat.x, quat.y, quat.z];
        match spec.kind {
            JointType::Free => {
                let pose = (model.bodies.pos[body], model.bodies.quat[body]);
                model.qpos0.extend(pose.0.to_array());
                model.qpos0.extend(turn(pose.1));
            }
            JointType::Ball => model.qpos0.extend(turn(DQuat::IDENTITY)),
            JointType::Slide | JointType::Hinge => model.qpos0.push(spec.reference * angle_unit),
        }
        if scalar {
            model.qpos_spring.push(spec.springref * angle_unit);
        } else {
            model
                .qpos_spring
                .extend_from_slice(&model.qpos0[model.nq..]);
        }
        model.nq = model.qpos0.len();
        Ok(())
    }

    fn site(&mut self, body: usize, site: &Named<Placement>, shift: Option<Frame>) -> Result<()> {
        let (size, mut pos, mut quat) = self.place_shape(site, &site.spec, None)?;
        check_size(&site.place, site.spec.kind, size)?;
        if let Some(frame) = shift {
            (pos, quat) = frame.apply(pos, quat);
        }
        let s = &mut self.model.sites;
        s.name.push(site.name.clone());
        s.body.push(body);
        s.kind.push(site.spec.kind);
        s.size.push(size);
        s.pos.push(pos);
        s.quat.push(quat);
        s.quat_given.push(quat);
        Ok(())
    }

    /// Adds a geom; its mass distribution comes back where it counts for its body.
    fn geom(&mut self, body: usize, geom: &Named<GeomSpec>) -> Result<Option<Rigid>> {
        let spec = &geom.spec;
        let kind = spec.placement.kind;
        let mesh = self.mesh(geom)?;
        let fitted = mesh
            .and_then(|mesh| self.meshes.compiled(mesh))
            .map(|mesh| {
                let (size, frame) =
                    mesh.fit(kind, spec.placement.size, spec.placement.compiler.fitaabb);
                (size.map(|x| x * spec.fitscale), frame)
            });
        let (mut size, pos, quat) = self.place_shape(geom, &spec.placement, fitted)?;
        let mut weight = None;
        if let (GeomType::Mesh, Some(mesh)) = (kind, mesh) {
            let compiled = self.meshes.compiled(mesh);
            size = compiled.map_or(size, Compiled::size);
            weight = compiled.map(Compiled::weight);
            let place = self.meshes.enter(mesh, &mut self.model.meshes);
            self.model.geoms.mesh.push(Some(place));
        } else {
            check_size(&geom.place, kind, size)?;
            self.model.geoms.mesh.push(None);
        }
        let field = self.hfield(geom)?;
        self.model.geoms.hfield.push(field);
        let mut radius = 0.0;
        if let Some([x, y, top, base]) = field.map(|field| self.model.hfields[field].size) {
            size = [x, y, 0.25 * top + 0.5 * base];
            radius = DVec3::new(x, y, top.max(base)).length();
        }
        if kind == GeomType::Plane && !self.is_static(body) {
            return Err(geom
                .place
                .error("a plane must not move; put it in a body without joints"));
        }
        let radius = match kind {
            GeomType::Plane | GeomType::HField => radius,
            GeomType::Sphere => size[0],
            GeomType::Capsule => size[0] + size[1],
            GeomType::Cylinder => (size[0] * size[0] + size[1] * size[1]).sqrt(),
            GeomType::Ellipsoid => size[0].max(size[1]).max(size[2]),
            GeomType::Box | GeomType::Mesh => DVec3::from(size).length(),
        };
        let (rgba, opacity) = self.colour(geom)?;
        let g = &mut self.model.geoms;
        g.name.push(geom.name.clone());
        g.kind.push(kind);
        g.body.push(body);
        g.size.push(size);
        g.pos.push(pos);
        g.quat.push(quat);
        g.rbound.push(radius);
        g.contype.push(spec.contype);
        g.conaffinity.push(spec.conaffinity);
        g.condim.push(condim(&geom.place, spec.condim)?);
        g.priority.push(spec.priority);
        g.solmix.push(spec.solmix);
        g.friction.push(spec.friction);
        g.margin.push(spec.margin);
        g.gap.push(spec.gap);
        g.solref.push(spec.solref);
        g.solimp.push(spec.solimp);
        g.rgba.push(rgba.map(|x| x as f32));
        g.group.push(spec.group);
        g.transparent.push(opacity == 0.0);
        let [low, high] = self.spec.bodies[body].spec.compiler.inertiagrouprange;
        let counts = (low..=high).contains(&f64::from(spec.group));
        let volume = weight.map_or_else(|| inertia::volume(kind, size), |w| w.volume);
        let own = &self.spec.bodies[body].spec.inertial;
        let from_geoms = self.spec.bodies[body].spec.compiler.inertiafromgeom;
        let asked = body > 0 && (own.is_none() || from_geoms == InertiaFromGeom::Always);
        let given = spec.mass.unwrap_or(spec.density);
        if counts && asked && given < 0.0 {
            let what = if spec.mass.is_some() {
                "mass"
            } else {
                "density"
            };
            let message = format!("{what} is {given}; it must be 0 or more");
            return Err(geom.place.error(message));
        }
        let mass = match spec.mass {
            None => spec.density * volume,
            Some(mass) if volume > TINY => mass,
            Some(_) => 0.0,
        };
        let moments = match weight {
            Some(weight) => weight.moments(mass),
            None => inertia::moments(kind, size, mass),
        };
        Ok((counts && mass > TINY).then_some(Rigid {
            mass,
            com: pos,
            quat,
            moments,
        }))
    }

    /// The mesh that a geom is, or is fitted to.
    fn mesh(&mut self, geom: &Named<GeomSpec>) -> Result<Option<usize>> {
        let (place, placement) = (&geom.place, &geom.spec.placement);
        let Some(name) = &geom.spec.mesh else {
            return match placement.kind {
                GeomType::Mesh => Err(place.error("mesh is missing, and type is `mesh`")),
                _ => Ok(None),
            };
        };
        if placement.fromto.is_some() {
            return Err(place.error(format!("fromto excludes mesh, which is `{name}`")));
        }
        if matches!(placement.kind, GeomType::Plane | GeomType::HField) {
            let message = format!("mesh is `{name}`, which nothing of this type can be fitted to");
            return Err(place.error(message));
        }
        self.meshes.get(place, name).map(Some)
    }

    /// Size, position and orientation of a geom or a site in its body's frame; `fromto` and `frame` resolved. A geom of
    /// a mesh has the size and lies in the frame that are `fitted`.
    fn place_shape<T>(
        &mut self,
        named: &Named<T>,
        spec: &Placement,
        fitted: Option<([f64; 3], (DVec3, DQuat))>,
    ) -> Result<([f64; 3], DVec3, DQuat)> {
        let place = &named.place;
        let mut found = match spec.fromto {
            Some(ends) => self.between(place, spec, ends)?,
            None => {
                let quat = spec.orientation.resolve(&spec.compiler, place)?;
                (spec.size, spec.pos, quat)
            }
        };
        if let Some((size, (pos, quat))) = fitted {
            let own = Frame {
                pos: found.1,
                quat: found.2,
            };
            let (pos, quat) = own.apply(pos, quat);
            found = (size, pos, quat);
        }
        if let Some(frame) = spec.frame {
            (found.1, found.2) = frame.apply(found.1, found.2);
        }
        Ok(found)
    }

    /// As [`place_shape`](Self::place_shape), of a shape that reaches from one point to another.
    fn between(
        &mut self,
        place: &Place,
        spec: &Placement,
        [a, b, c, d, e, f]: [f64; 6],
    ) -> Result<([f64; 3], DVec3, DQuat)> {
        if matches!(
            spec.kind,
            GeomType::Plane | GeomType::HField | GeomType::Sphere
        ) {
            return Err(place.error("fromto needs a capsule, cylinder, box or ellipsoid"));
        }
        if spec.pos != DVec3::ZERO {
            return Err(place.error("fromto excludes pos"));
        }
        if !spec.orientation.is_default() {
            let kind = "an orientation beside fromto is passed over";
            self.notes.add(place, kind, "");
        }
        let (from, to) = (DVec3::new(a, b, c), DVec3::new(d, e, f));
        let axis = orientation::unit(from - to).ok_or_else(|| {
            place.error(format!(
                "fromto: {from} and {to} are too close or too far apart"
            ))
        })?;
        let half = 0.5 * (from - to).length();
        let mut size = spec.size;
        if matches!(spec.kind, GeomType::Box | GeomType::Ellipsoid) {
            size = [size[0], size[0], half];
        } else {
            size[1] = half;
        }
        Ok((size, (from + to) * 0.5, orientation::from_z(axis)))
    }

    /// Whether the body that is being compiled is welded to the world.
    fn is_static(&self, body: usize) -> bool {
        let spec = &self.spec.bodies[body].spec;
        body == 0 || spec.joints.is_empty() && self.model.bodies.weld[spec.parent] == 0
    }

    /// A geom's colour: its own, or its material's where it has MuJoCo's default one; and the opacity that rays see, its
    /// material's if it has one.
    fn colour(&self, geom: &Named<GeomSpec>) -> Result<([f64; 4], f64)> {
        let own = geom.spec.rgba;
        let Some(name) = &geom.spec.material else {
            return Ok((own, own[3]));
        };
        let materials = &self.spec.materials;
        let rgba = materials.get(name).ok_or_else(|| {
            let known = some_of(materials.keys().map(String::as_str));
            let message = format!("there is no material `{name}`; known materials: {known}");
            geom.place.error(message)
        })?;
        Ok((if own == GREY { *rgba } else { own }, rgba[3]))
    }

    /// The body's mass distribution, from its `inertial` element or the `parts` that its geoms are.
    fn inertia(&self, body: &Named<BodySpec>, parts: &[Rigid]) -> Result<Rigid> {
        let compiler = &body.spec.compiler;
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
}

fn dofs(spec: &BodySpec) -> usize {
    spec.joints.iter().map(|joint| joint.spec.kind.nv()).sum()
}

/// What joints one body may have together.
fn check_joints(index: usize, body: &Named<BodySpec>) -> Result<()> {
    let joints = &body.spec.joints;
    if body.spec.mocap && (!joints.is_empty() || body.spec.parent != 0) {
        let message = "a mocap body has no joints and stands directly in the world";
        return Err(body.place.error(message));
    }
    let mut ball = false;
    for joint in joints {
        let kind = joint.spec.kind;
        if kind == JointType::Free && joints.len() > 1 {
            let message = "a free joint must be the only joint of its body";
            return Err(joint.place.error(message));
        }
        if kind == JointType::Free && (index == 0 || body.spec.parent != 0) {
            let message = "a free joint needs a body that stands directly in the world";
            return Err(joint.place.error(message));
        }
        if ball && matches!(kind, JointType::Ball | JointType::Hinge) {
            let message = "a ball joint must be the last joint of its body that rotates";
            return Err(joint.place.error(message));
        }
        ball |= kind == JointType::Ball;
    }
    let dofs = dofs(&body.spec);
    if dofs > MOST_DOFS {
        let message = format!(
            "the body's joints have {dofs} degrees of freedom; at most {MOST_DOFS} are allowed"
        );
        return Err(body.place.error(message));
    }
    Ok(())
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

fn check_size(place: &Place, kind: GeomType, size: [f64; 3]) -> Result<()> {
    let must_be_positive: &[usize] = match kind {
        GeomType::Plane => &[2],
        GeomType::Sphere => &[0],
        GeomType::Capsule | GeomType::Cylinder => &[0, 1],
        GeomType::Ellipsoid | GeomType::Box => &[0, 1, 2],
        GeomType::HField | GeomType::Mesh => &[],
    };
    for &i in must_be_positive {
        if size[i] <= 0.0 {
            return Err(place.error(format!(
                "size number {} is {}; it must be greater than 0",
                i + 1,
                size[i]
            )));
        }
    }
    Ok(())
}
