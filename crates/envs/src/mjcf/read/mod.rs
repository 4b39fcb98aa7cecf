//! XML → [`Spec`]: one function per element, each starting from its class's defaults.
//!
//! This file holds what stands outside the tree of bodies; `body` the tree, the other files
//! what their names say.

mod actuator;
mod attach;
mod body;
mod equality;
mod hfield;
mod mesh;
mod sensor;
mod tendon;

use super::attributes;
use super::compiler::{Compiler, InertiaFromGeom};
use super::defaults::Defaults;
use super::element::Element;
use super::files::{Files, Library};
use super::place::Place;
use super::schema;
use super::spec::{Exclude, Flags, KeySpec, Named, NamedPair, Override, Referring, Spec};
use crate::Result;
use crate::dynamics::model::{Cone, Integrator, Options, Solver};
use glam::DVec3;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

/// Most keyframes of a model.
const MOST_KEYFRAMES: usize = 1000;

/// Reads a model.
pub(super) fn read(files: &Files) -> Result<Spec> {
    read_within(files, 0)
}

/// Reads a model that so many others lead to.
fn read_within(files: &Files, depth: usize) -> Result<Spec> {
    let library = Library::new(files)?;
    for (place, file) in library.includes() {
        let included = Element::root(&library, file);
        if included.children().next().is_none() {
            let name = library.source(file).file();
            return Err(place.error(format!("file `{name}` holds no element")));
        }
    }
    let root = Element::root(&library, 0);
    if root.name() != "mujoco" {
        return Err(root.error("the outermost element must be <mujoco>"));
    }
    root.check(&schema::MUJOCO)?;
    for child in root.children() {
        match child.name() {
            "extension" => {
                child.check(&schema::EXTENSION)?;
                for plugin in child.children() {
                    plugin.check(&schema::PLUGIN)?;
                    plugin.note("nothing uses the plug-in, so it is passed over", "");
                }
            }
            "deformable" => child.check(&schema::DEFORMABLE)?,
            "body" | "frame" | "replicate" => {
                child.note("it stands outside <worldbody> and is passed over", "");
            }
            _ => {}
        }
    }

    let mut compiler = Compiler::default();
    for element in root.all("compiler") {
        read_compiler(&element, &mut compiler)?;
    }
    let (mut options, mut flags) = (default_options(), Flags::default());
    let mut sparse = None;
    let mut contacts = Override::default();
    for element in root.all("option") {
        read_options(&element, &mut options, &mut flags, &mut contacts)?;
        let kinds = [
            ("dense", Some(false)),
            ("sparse", Some(true)),
            ("auto", None),
        ];
        element.choice("jacobian", &kinds, &mut sparse)?;
    }
    let mut nkey = 0;
    for element in root.all("size") {
        element.check(&schema::SIZE)?;
        element.integer("nkey", [0, MOST_KEYFRAMES as i64], &mut nkey)?;
    }
    let defaults = Defaults::read(&root)?;
    let (pairs, excludes) = read_contacts(&root, &defaults)?;
    let equalities = equality::equalities(&root, &defaults)?;
    let autolimits = compiler.autolimits;
    let mut referring = Referring {
        pairs,
        excludes,
        equalities,
        tendons: tendon::tendons(&root, &defaults, autolimits)?,
        actuators: actuator::actuators(&root, &defaults, autolimits)?,
        sensors: sensor::sensors(&root)?,
    };
    let compiler = Rc::new(compiler);
    let models = attach::Models::read(&root, files.folder(), depth)?;
    let (bodies, grafts) = body::bodies(&root, &defaults, &compiler, &models)?;
    referring.follow(&root, |element| models.of(element), body::suffixes)?;
    let mut spec = Spec {
        place: root.place(),
        name: root.text("model").unwrap_or(files.name()).into(),
        meaninertia: read_meaninertia(&root)?,
        materials: read_materials(&root, &defaults)?,
        hfields: hfield::hfields(&root, &compiler, files.folder())?,
        meshes: mesh::meshes(&root, &defaults, &compiler, files.folder())?,
        referring,
        sparse,
        keyframes: read_keyframes(&root)?,
        nkey,
        bodies,
        compiler,
        options,
        flags,
        notes: library.notes(),
        attached: Vec::new(),
    };
    attach::bring(&mut spec, &grafts)?;
    Ok(spec)
}

fn read_compiler(element: &Element, compiler: &mut Compiler) -> Result<()> {
    element.check(&schema::COMPILER)?;
    element.flag("autolimits", &mut compiler.autolimits)?;
    element.number("boundmass", &mut compiler.boundmass)?;
    element.number("boundinertia", &mut compiler.boundinertia)?;
    element.number("settotalmass", &mut compiler.settotalmass)?;
    element.flag("balanceinertia", &mut compiler.balanceinertia)?;
    element.flag("alignfree", &mut compiler.alignfree)?;
    element.flag("fitaabb", &mut compiler.fitaabb)?;
    element.flag("strippath", &mut compiler.strippath)?;
    // The more special one goes before.
    for attribute in ["assetdir", "meshdir"] {
        if let Some(folder) = element.text(attribute) {
            folder.clone_into(&mut compiler.meshdir);
        }
    }
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
    for child in element.all("lengthrange") {
        compiler.lengthrange.read(&child)?;
    }
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

/// MuJoCo's defaults of `mjOption`.
fn default_options() -> Options {
    Options {
        timestep: 0.002,
        gravity: DVec3::new(0.0, 0.0, -9.81),
        magnetic: DVec3::new(0.0, -0.5, 0.0),
        integrator: Integrator::Euler,
        density: 0.0,
        viscosity: 0.0,
        wind: DVec3::ZERO,
        solver: Solver::Newton,
        multiccd: false,
        islands: true,
        warmstart: true,
        cone: Cone::Pyramidal,
        impratio: 1.0,
        iterations: 100,
        tolerance: 1e-8,
        ls_iterations: 50,
        ls_tolerance: 0.01,
        ccd_tolerance: 1e-6,
        ccd_iterations: 35,
        noslip_iterations: 0,
        noslip_tolerance: 1e-6,
        eulerdamp: true,
        refsafe: true,
        passive: true,
        actuation: true,
        autoreset: true,
    }
}

fn read_options(
    element: &Element,
    options: &mut Options,
    flags: &mut Flags,
    contacts: &mut Override,
) -> Result<()> {
    element.check(&schema::OPTION)?;
    element.positive("timestep", &mut options.timestep)?;
    element.positive("impratio", &mut options.impratio)?;
    element.number("tolerance", &mut options.tolerance)?;
    element.number("ls_tolerance", &mut options.ls_tolerance)?;
    element.number("ccd_tolerance", &mut options.ccd_tolerance)?;
    element.vector("gravity", &mut options.gravity)?;
    element.vector("wind", &mut options.wind)?;
    element.vector("magnetic", &mut options.magnetic)?;
    element.non_negative("density", &mut options.density)?;
    element.non_negative("viscosity", &mut options.viscosity)?;
    let integrators = [
        ("Euler", Integrator::Euler),
        ("RK4", Integrator::Rk4),
        ("implicit", Integrator::Implicit),
        ("implicitfast", Integrator::ImplicitFast),
    ];
    element.choice("integrator", &integrators, &mut options.integrator)?;
    let cones = [("pyramidal", Cone::Pyramidal), ("elliptic", Cone::Elliptic)];
    element.choice("cone", &cones, &mut options.cone)?;
    let solvers = [
        ("PGS", Solver::Pgs),
        ("CG", Solver::Cg),
        ("Newton", Solver::Newton),
    ];
    element.choice("solver", &solvers, &mut options.solver)?;
    element.integer("iterations", [0, 1_000_000], &mut options.iterations)?;
    element.integer("ls_iterations", [0, 1_000_000], &mut options.ls_iterations)?;
    element.integer(
        "ccd_iterations",
        [1, 1_000_000],
        &mut options.ccd_iterations,
    )?;
    element.integer(
        "noslip_iterations",
        [0, 1_000_000],
        &mut options.noslip_iterations,
    )?;
    element.number("noslip_tolerance", &mut options.noslip_tolerance)?;
    element.number("o_margin", &mut contacts.margin)?;
    element.up_to("o_solref", &mut contacts.solref)?;
    element.up_to("o_solimp", &mut contacts.solimp)?;
    element.up_to("o_friction", &mut contacts.friction)?;
    read_disabled_groups(element, flags)?;
    let mut overrides = flags.overriding.is_some();
    for (index, element) in element.all("flag").enumerate() {
        if index > 0 {
            return Err(element.error("an option has at most one <flag>"));
        }
        element.check(&schema::FLAG)?;
        let states = [("enable", true), ("disable", false)];
        let mut constraint = true;
        element.choice("constraint", &states, &mut constraint)?;
        element.choice("frictionloss", &states, &mut flags.frictionloss)?;
        element.choice("limit", &states, &mut flags.limit)?;
        element.choice("contact", &states, &mut flags.contact)?;
        element.choice("gravity", &states, &mut flags.gravity)?;
        element.choice("clampctrl", &states, &mut flags.clampctrl)?;
        element.choice("filterparent", &states, &mut flags.filterparent)?;
        element.choice("island", &states, &mut options.islands)?;
        element.choice("warmstart", &states, &mut options.warmstart)?;
        element.choice("midphase", &states, &mut flags.midphase)?;
        element.choice("equality", &states, &mut flags.equality)?;
        element.choice("spring", &states, &mut flags.spring)?;
        element.choice("damper", &states, &mut flags.damper)?;
        element.choice("sensor", &states, &mut flags.sensor)?;
        element.choice("override", &states, &mut overrides)?;
        element.choice("actuation", &states, &mut options.actuation)?;
        element.choice("refsafe", &states, &mut options.refsafe)?;
        element.choice("multiccd", &states, &mut options.multiccd)?;
        element.choice("eulerdamp", &states, &mut options.eulerdamp)?;
        element.choice("autoreset", &states, &mut options.autoreset)?;
        let mut native = flags.libccd.is_none();
        element.choice("nativeccd", &states, &mut native)?;
        flags.libccd = (!native).then(|| element.place());
        if !constraint {
            (flags.frictionloss, flags.limit) = (false, false);
            (flags.contact, flags.equality) = (false, false);
        }
    }
    flags.overriding = overrides.then(|| contacts.clone());
    Ok(())
}

/// Groups of actuators, 0 to 30, that are switched off.
fn read_disabled_groups(element: &Element, flags: &mut Flags) -> Result<()> {
    for group in element.list("actuatorgroupdisable")?.unwrap_or_default() {
        if !(0.0..=30.0).contains(&group) || group.fract() != 0.0 {
            return Err(element.error(format!(
                "actuatorgroupdisable holds {group}; groups are whole numbers, 0 to 30"
            )));
        }
        flags.disabled_groups |= 1 << group as u32;
    }
    Ok(())
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
struct Names {
    kind: &'static str,
    seen: HashSet<String>,
}

impl Names {
    fn new(kind: &'static str) -> Self {
        Self {
            kind,
            seen: HashSet::new(),
        }
    }

    /// Wraps `spec` with the element's name and place; refuses a name that is taken.
    fn name<T>(&mut self, element: &Element, spec: T) -> Result<Named<T>> {
        self.name_with(element, "", spec)
    }

    /// As [`name`](Self::name), with more behind a name that is not empty.
    fn name_with<T>(&mut self, element: &Element, suffix: &str, spec: T) -> Result<Named<T>> {
        let mut name = element.text("name").unwrap_or("").to_owned();
        if !name.is_empty() {
            name.push_str(suffix);
        }
        self.claim(element, name, spec)
    }

    /// As [`name`](Self::name), for a name that the element does not say itself.
    fn claim<T>(&mut self, element: &Element, name: String, spec: T) -> Result<Named<T>> {
        self.claim_at(element.place(), name, spec)
    }

    /// As [`claim`](Self::claim), at a place.
    fn claim_at<T>(&mut self, place: Place, name: String, spec: T) -> Result<Named<T>> {
        if !name.is_empty() && !self.seen.insert(name.clone()) {
            return Err(place.error(format!("there is another {} named `{name}`", self.kind)));
        }
        Ok(Named { place, name, spec })
    }
}

/// Where the file of an asset lies, or why it can lie nowhere, and its name without folder and ending.
fn asset_file(
    element: &Element,
    compiler: &Compiler,
    folder: Option<&Path>,
) -> (Option<Result<PathBuf, String>>, Option<String>) {
    let Some(file) = element.text("file").filter(|file| !file.is_empty()) else {
        return (None, None);
    };
    // A Windows path too.
    let bare = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let written = if compiler.strippath { bare } else { file };
    let path = Path::new(&compiler.meshdir).join(written);
    let found = folder.map(|folder| folder.join(path)).ok_or_else(|| {
        format!("file is `{file}`, but the model is a text and has no folder: load it from a file")
    });
    let stem = bare.rsplit_once('.').map_or(bare, |(stem, _)| stem);
    (Some(found), Some(stem.to_owned()))
}

/// The text of an attribute that must be there.
fn required(element: &Element, attribute: &str) -> Result<String> {
    let text = element.text(attribute);
    text.map(str::to_owned)
        .ok_or_else(|| element.error(format!("{attribute} is missing")))
}

fn read_materials(root: &Element, defaults: &Defaults) -> Result<HashMap<String, [f64; 4]>> {
    let mut materials = HashMap::new();
    for section in root.all("asset") {
        section.check(&schema::ASSET)?;
        for element in section.all("material") {
            let rgba = attributes::material(&element, defaults.of(&element, 0)?.material)?;
            let name = required(&element, "name")?;
            if materials.insert(name.clone(), rgba).is_some() {
                return Err(element.error(format!("there is another material named `{name}`")));
            }
        }
    }
    Ok(materials)
}

/// Pairs of geoms that are to meet, and of bodies that are not.
type Contacts = (Vec<Named<NamedPair>>, Vec<Named<Exclude>>);

fn read_contacts(root: &Element, defaults: &Defaults) -> Result<Contacts> {
    let (mut pairs, mut excludes) = (Vec::new(), Vec::new());
    let (mut pair_names, mut exclude_names) = (Names::new("pair"), Names::new("exclude"));
    for section in root.all("contact") {
        section.check(&schema::CONTACT)?;
        for element in section.children() {
            if element.name() == "pair" {
                let pair = attributes::pair(&element, &defaults.of(&element, 0)?.pair)?;
                let geoms = [required(&element, "geom1")?, required(&element, "geom2")?];
                pairs.push(pair_names.name(&element, NamedPair { pair, geoms })?);
            } else {
                element.check(&schema::EXCLUDE)?;
                let bodies = [required(&element, "body1")?, required(&element, "body2")?];
                excludes.push(exclude_names.name(&element, Exclude(bodies))?);
            }
        }
    }
    Ok((pairs, excludes))
}

fn read_keyframes(root: &Element) -> Result<Vec<Named<KeySpec>>> {
    let mut names = Names::new("keyframe");
    let mut keyframes = Vec::new();
    for section in root.all("keyframe") {
        section.check(&schema::KEYFRAME)?;
        for element in section.all("key") {
            element.check(&schema::KEY)?;
            if keyframes.len() == MOST_KEYFRAMES {
                return Err(
                    element.error(format!("there are more than {MOST_KEYFRAMES} keyframes"))
                );
            }
            let mut key = KeySpec {
                qpos: element.list("qpos")?,
                qvel: element.list("qvel")?,
                act: element.list("act")?,
                ctrl: element.list("ctrl")?,
                mpos: element.list("mpos")?,
                mquat: element.list("mquat")?,
                ..KeySpec::default()
            };
            element.number("time", &mut key.time)?;
            keyframes.push(names.name(&element, key)?);
        }
    }
    Ok(keyframes)
}
