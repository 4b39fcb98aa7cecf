//! XML → [`Spec`]: one function per element, each starting from its class's defaults.

use super::defaults::Defaults;
use super::element::Element;
use super::orientation;
use super::read_acting;
use super::schema;
use super::spec::{
    BodySpec, Compiler, GeomSpec, InertiaFromGeom, InertialSpec, JointSpec, Limited, Named,
    SiteSpec, Spec, default_options,
};
use crate::dynamics::model::{Cone, GeomType, Integrator, JointType, Options, Solver};
use crate::{Error, Result};
use glam::{DQuat, DVec3};
use roxmltree::Document;
use std::collections::HashSet;

/// Reads the text of a model; `file` stands for it in errors.
pub(super) fn read(xml: &str, file: &str) -> Result<Spec> {
    let document = Document::parse(xml).map_err(|error| Error::Mjcf {
        file: file.into(),
        line: error.pos().row,
        element: "?xml".into(),
        message: error.to_string(),
    })?;
    let root = Element::root(document.root_element(), xml, file);
    if root.name() != "mujoco" {
        return Err(root.error("the outermost element must be <mujoco>"));
    }
    root.check(&schema::MUJOCO)?;

    let mut compiler = Compiler::default();
    for element in root.all("compiler") {
        read_compiler(&element, &mut compiler)?;
    }
    let mut options = default_options();
    for element in root.all("option") {
        read_options(&element, &mut options)?;
    }
    for (name, rule) in [("size", &schema::SIZE), ("asset", &schema::ASSET)] {
        for element in root.all(name) {
            element.check(rule)?;
        }
    }
    let defaults = Defaults::read(&root, &compiler)?;
    Ok(Spec {
        place: root.place(),
        name: root.text("model").unwrap_or(file).into(),
        meaninertia: read_meaninertia(&root)?,
        bodies: read_bodies(&root, &defaults, &compiler)?,
        tendons: read_acting::tendons(&root, &defaults)?,
        actuators: read_acting::actuators(&root, &defaults)?,
        pairs: read_acting::pairs(&root, &defaults)?,
        excludes: read_acting::excludes(&root)?,
        keys: read_acting::keys(&root)?,
        compiler,
        options,
    })
}

fn read_compiler(element: &Element, compiler: &mut Compiler) -> Result<()> {
    element.check(&schema::COMPILER)?;
    element.flag("autolimits", &mut compiler.autolimits)?;
    element.non_negative("boundmass", &mut compiler.boundmass)?;
    element.non_negative("boundinertia", &mut compiler.boundinertia)?;
    element.number("settotalmass", &mut compiler.settotalmass)?;
    element.flag("balanceinertia", &mut compiler.balanceinertia)?;
    element.choice(
        "angle",
        &[("degree", true), ("radian", false)],
        &mut compiler.degrees,
    )?;
    let kinds = [
        ("true", InertiaFromGeom::Always),
        ("false", InertiaFromGeom::Never),
        ("auto", InertiaFromGeom::WithoutInertial),
    ];
    element.choice("inertiafromgeom", &kinds, &mut compiler.inertiafromgeom)?;
    element.array("inertiagrouprange", &mut compiler.inertiagrouprange)?;
    if let Some(text) = element.text("eulerseq") {
        let axis = |c: char| {
            "xyz"
                .find(c.to_ascii_lowercase())
                .map(|axis| (axis, c.is_ascii_uppercase()))
        };
        let axes: Option<Vec<_>> = text.chars().map(axis).collect();
        compiler.eulerseq = axes.and_then(|axes| axes.try_into().ok()).ok_or_else(|| {
            element.error(format!(
                "eulerseq is `{text}`; it must be three letters out of x, y, z, X, Y, Z"
            ))
        })?;
    }
    Ok(())
}

fn read_options(element: &Element, options: &mut Options) -> Result<()> {
    element.check(&schema::OPTION)?;
    for flag in element.all("flag") {
        flag.check(&schema::FLAG)?;
    }
    element.positive("timestep", &mut options.timestep)?;
    element.vector("gravity", &mut options.gravity)?;
    element.choice(
        "integrator",
        &[
            ("Euler", Integrator::Euler),
            ("RK4", Integrator::Rk4),
            ("implicitfast", Integrator::ImplicitFast),
        ],
        &mut options.integrator,
    )?;
    element.choice(
        "solver",
        &[
            ("PGS", Solver::Pgs),
            ("CG", Solver::Cg),
            ("Newton", Solver::Newton),
        ],
        &mut options.solver,
    )?;
    element.choice(
        "cone",
        &[("pyramidal", Cone::Pyramidal), ("elliptic", Cone::Elliptic)],
        &mut options.cone,
    )?;
    element.non_negative("density", &mut options.density)?;
    element.non_negative("viscosity", &mut options.viscosity)?;
    element.vector("wind", &mut options.wind)?;
    element.non_negative("ccd_tolerance", &mut options.ccd_tolerance)?;
    element.integer(
        "ccd_iterations",
        [1, 1_000_000],
        &mut options.ccd_iterations,
    )?;
    element.positive("impratio", &mut options.impratio)?;
    element.integer("iterations", [1, 1_000_000], &mut options.iterations)?;
    element.non_negative("tolerance", &mut options.tolerance)?;
    element.integer("ls_iterations", [1, 1_000_000], &mut options.ls_iterations)?;
    element.non_negative("ls_tolerance", &mut options.ls_tolerance)
}

fn read_meaninertia(root: &Element) -> Result<Option<f64>> {
    let mut value = 0.0;
    for element in root.all("statistic") {
        element.check(&schema::STATISTIC)?;
        element.positive("meaninertia", &mut value)?;
    }
    Ok((value > 0.0).then_some(value))
}

/// Names given so far to elements of one kind.
pub(super) struct Names {
    kind: &'static str,
    seen: HashSet<String>,
}

impl Names {
    pub(super) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            seen: HashSet::new(),
        }
    }

    /// Wraps `spec` with the element's name and place; refuses a name that is taken.
    pub(super) fn name<T>(&mut self, element: &Element, spec: T) -> Result<Named<T>> {
        let name = element.text("name").unwrap_or("").to_owned();
        if !name.is_empty() && !self.seen.insert(name.clone()) {
            return Err(element.error(format!("there is another {} named `{name}`", self.kind)));
        }
        Ok(Named {
            place: element.place(),
            name,
            spec,
        })
    }
}

/// All bodies, depth first, starting with the world.
fn read_bodies(
    root: &Element,
    defaults: &Defaults,
    compiler: &Compiler,
) -> Result<Vec<Named<BodySpec>>> {
    let (mut bodies, mut joints) = (Names::new("body"), Names::new("joint"));
    let (mut geoms, mut sites) = (Names::new("geom"), Names::new("site"));
    bodies.seen.insert("world".into());
    let world = BodySpec {
        parent: 0,
        pos: DVec3::ZERO,
        quat: DQuat::IDENTITY,
        inertial: None,
        joints: Vec::new(),
        geoms: Vec::new(),
        sites: Vec::new(),
    };
    let mut list = vec![Named {
        place: root.place(),
        name: "world".into(),
        spec: world,
    }];
    // Bodies still to be read, the next one last: element, parent, class of its children.
    let mut waiting = Vec::new();
    for section in root.all("worldbody") {
        section.check(&schema::WORLDBODY)?;
        for child in section.all("geom") {
            let spec = geom(&child, &defaults.of(&child, 0)?.geom, compiler)?;
            list[0].spec.geoms.push(geoms.name(&child, spec)?);
        }
        for child in section.all("site") {
            let spec = site(&child, &defaults.of(&child, 0)?.site, compiler)?;
            list[0].spec.sites.push(sites.name(&child, spec)?);
        }
        waiting.extend(section.all("body").map(|child| (child, 0, 0)));
    }
    waiting.reverse();
    while let Some((element, parent, outer_class)) = waiting.pop() {
        let class = defaults.named_by(&element, "childclass", outer_class)?;
        let mut body = read_body(&element, parent, compiler)?;
        for child in element.children() {
            match child.name() {
                "joint" => {
                    let spec = joint(&child, &defaults.of(&child, class)?.joint)?;
                    body.joints.push(joints.name(&child, spec)?);
                }
                "freejoint" => {
                    child.check(&schema::FREEJOINT)?;
                    // Defaults of joints do not reach it.
                    let spec = JointSpec {
                        kind: JointType::Free,
                        ..JointSpec::default()
                    };
                    body.joints.push(joints.name(&child, spec)?);
                }
                "geom" => {
                    let spec = geom(&child, &defaults.of(&child, class)?.geom, compiler)?;
                    body.geoms.push(geoms.name(&child, spec)?);
                }
                "site" => {
                    let spec = site(&child, &defaults.of(&child, class)?.site, compiler)?;
                    body.sites.push(sites.name(&child, spec)?);
                }
                _ => {}
            }
        }
        let index = list.len();
        list.push(bodies.name(&element, body)?);
        let first = waiting.len();
        waiting.extend(element.all("body").map(|child| (child, index, class)));
        waiting[first..].reverse();
    }
    Ok(list)
}

fn read_body(element: &Element, parent: usize, compiler: &Compiler) -> Result<BodySpec> {
    element.check(&schema::BODY)?;
    let mut pos = DVec3::ZERO;
    element.vector("pos", &mut pos)?;
    let quat = orientation::read(element, compiler)?.unwrap_or(DQuat::IDENTITY);
    let mut inertial = None;
    for child in element.all("inertial") {
        if inertial.is_some() {
            return Err(child.error("a body has at most one <inertial>"));
        }
        inertial = Some(read_inertial(&child, compiler)?);
    }
    Ok(BodySpec {
        parent,
        pos,
        quat,
        inertial,
        joints: Vec::new(),
        geoms: Vec::new(),
        sites: Vec::new(),
    })
}

fn read_inertial(element: &Element, compiler: &Compiler) -> Result<InertialSpec> {
    element.check(&schema::INERTIAL)?;
    for required in ["pos", "mass"] {
        if !element.has(required) {
            return Err(element.error(format!("{required} is missing")));
        }
    }
    let orientation = orientation::read(element, compiler)?;
    let mut spec = InertialSpec {
        place: element.place(),
        pos: DVec3::ZERO,
        quat: orientation.unwrap_or(DQuat::IDENTITY),
        mass: 0.0,
        diagonal: DVec3::ZERO,
        full: element.exactly("fullinertia")?,
    };
    if spec.full.is_some() && (orientation.is_some() || element.has("diaginertia")) {
        return Err(element.error("fullinertia excludes diaginertia and an orientation"));
    }
    element.vector("pos", &mut spec.pos)?;
    element.non_negative("mass", &mut spec.mass)?;
    element.vector("diaginertia", &mut spec.diagonal)?;
    Ok(spec)
}

pub(super) const LIMITED: [(&str, Limited); 3] =
    [("true", Some(true)), ("false", Some(false)), ("auto", None)];

/// A joint, starting from `default`.
pub(super) fn joint(element: &Element, default: &JointSpec) -> Result<JointSpec> {
    element.check(&schema::JOINT)?;
    let mut spec = default.clone();
    element.choice(
        "type",
        &[
            ("free", JointType::Free),
            ("ball", JointType::Ball),
            ("slide", JointType::Slide),
            ("hinge", JointType::Hinge),
        ],
        &mut spec.kind,
    )?;
    element.vector("pos", &mut spec.pos)?;
    element.vector("axis", &mut spec.axis)?;
    if element.has("axis") {
        orientation::direction(element, "axis", spec.axis)?;
    }
    element.choice("limited", &LIMITED, &mut spec.limited)?;
    element.array("range", &mut spec.range)?;
    element.number("margin", &mut spec.margin)?;
    element.up_to("solreflimit", &mut spec.solref)?;
    element.up_to("solimplimit", &mut spec.solimp)?;
    element.non_negative("stiffness", &mut spec.stiffness)?;
    element.number("ref", &mut spec.reference)?;
    element.number("springref", &mut spec.springref)?;
    element.non_negative("armature", &mut spec.armature)?;
    element.non_negative("damping", &mut spec.damping)?;
    element.non_negative("frictionloss", &mut spec.frictionloss)?;
    element.up_to("solreffriction", &mut spec.solref_friction)?;
    element.up_to("solimpfriction", &mut spec.solimp_friction)?;
    element.choice("actuatorfrclimited", &LIMITED, &mut spec.actfrclimited)?;
    element.array("actuatorfrcrange", &mut spec.actfrcrange)?;
    Ok(spec)
}

/// A site, starting from `default`.
pub(super) fn site(element: &Element, default: &SiteSpec, compiler: &Compiler) -> Result<SiteSpec> {
    element.check(&schema::SITE)?;
    let mut spec = default.clone();
    element.vector("pos", &mut spec.pos)?;
    if let Some(quat) = orientation::read(element, compiler)? {
        spec.quat = quat;
    }
    Ok(spec)
}

/// A geom, starting from `default`.
pub(super) fn geom(element: &Element, default: &GeomSpec, compiler: &Compiler) -> Result<GeomSpec> {
    element.check(&schema::GEOM)?;
    let mut spec = default.clone();
    let kinds = [
        ("plane", GeomType::Plane),
        ("sphere", GeomType::Sphere),
        ("capsule", GeomType::Capsule),
        ("ellipsoid", GeomType::Ellipsoid),
        ("cylinder", GeomType::Cylinder),
        ("box", GeomType::Box),
    ];
    element.choice("type", &kinds, &mut spec.kind)?;
    element.up_to("size", &mut spec.size)?;
    element.vector("pos", &mut spec.pos)?;
    if let Some(quat) = orientation::read(element, compiler)? {
        spec.quat = quat;
    }
    if let Some(fromto) = element.exactly("fromto")? {
        spec.fromto = Some(fromto);
    }
    if element.has("mass") {
        let mut mass = 0.0;
        element.non_negative("mass", &mut mass)?;
        spec.mass = Some(mass);
    }
    element.non_negative("density", &mut spec.density)?;
    element.integer("group", [0, 5], &mut spec.group)?;
    element.integer("contype", [0, i64::from(u32::MAX)], &mut spec.contype)?;
    element.integer(
        "conaffinity",
        [0, i64::from(u32::MAX)],
        &mut spec.conaffinity,
    )?;
    read_condim(element, &mut spec.condim)?;
    element.integer(
        "priority",
        [i64::from(i32::MIN), i64::from(i32::MAX)],
        &mut spec.priority,
    )?;
    element.up_to("friction", &mut spec.friction)?;
    if let Some(bad) = spec.friction.iter().find(|f| **f < 0.0) {
        return Err(element.error(format!("friction holds {bad}; it must be 0 or more")));
    }
    element.non_negative("solmix", &mut spec.solmix)?;
    element.up_to("solref", &mut spec.solref)?;
    element.up_to("solimp", &mut spec.solimp)?;
    element.number("margin", &mut spec.margin)?;
    element.number("gap", &mut spec.gap)?;
    element.array("rgba", &mut spec.rgba)?;
    Ok(spec)
}

pub(super) fn read_condim(element: &Element, condim: &mut usize) -> Result<()> {
    element.choice("condim", &[("1", 1), ("3", 3), ("4", 4), ("6", 6)], condim)
}
