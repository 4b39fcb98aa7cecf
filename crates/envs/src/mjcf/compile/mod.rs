//! [`Spec`] → [`Model`]: frames, inertias, limits, and the checks that need more than one element.
//!
//! This file drives and finishes; `body` compiles the tree of bodies, `actuator` actuators and contact pairs, `tendon` and
//! `equality` what their names say. MuJoCo: Modeling chapter; XML reference.

mod actuator;
mod body;
mod equality;
mod keyframe;
mod mesh;
mod sensor;
mod tendon;

use super::notes::Notes;
use super::place::Place;
use super::rule::some_of;
use super::spec::{Limited, Shape, Spec};
use super::{constants, frames, pairs};
use crate::Result;
use crate::dynamics::is_searched;
use crate::dynamics::model::{
    Actuators, Bodies, Dofs, Equalities, Equality, Geoms, Joints, Model, Pair, Sensors, Sites,
    Tendons,
};
use glam::DVec3;
use std::collections::HashMap;

/// Mass (kg) and moment (kg m²) that a moving body must have.
const LEAST_INERTIA: f64 = 1e-15;
/// Most dofs of a model: the inertia matrix is dense.
const MOST_MODEL_DOFS: usize = 1000;

/// Compiles what a file says.
pub(super) fn compile(spec: &Spec) -> Result<Model> {
    let mut builder = Builder {
        spec,
        last_dof: Vec::new(),
        mocaps: 0,
        model: empty(spec),
        notes: spec.notes.clone(),
        meshes: mesh::Meshes::new(spec),
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
    builder.tendons()?;
    builder.actuators()?;
    builder.sensors()?;
    builder.check_moving_bodies()?;
    builder.scale_mass();
    builder.finish()
}

fn empty(spec: &Spec) -> Model {
    let mut opt = spec.options.clone();
    if !spec.flags.gravity {
        opt.gravity = DVec3::ZERO;
    }
    opt.passive = spec.flags.spring || spec.flags.damper;
    Model {
        name: spec.name.clone(),
        nq: 0,
        nv: 0,
        nu: 0,
        na: 0,
        opt,
        meaninertia: 1.0,
        qpos0: Vec::new(),
        qpos_spring: Vec::new(),
        trees: Vec::new(),
        bodies: Bodies::default(),
        joints: Joints::default(),
        dofs: Dofs::default(),
        geoms: Geoms::default(),
        hfields: Vec::new(),
        meshes: Vec::new(),
        sites: Sites::default(),
        equalities: Equalities::default(),
        tendons: Tendons::default(),
        actuators: Actuators::default(),
        sensors: Sensors::default(),
        pairs: Vec::new(),
        keyframes: Vec::new(),
        notes: Vec::new(),
    }
}

struct Builder<'a> {
    spec: &'a Spec,
    /// Last dof on the way from the root to each body.
    last_dof: Vec<Option<usize>>,
    /// Number of mocap bodies so far.
    mocaps: usize,
    model: Model,
    notes: Notes,
    meshes: mesh::Meshes<'a>,
}

impl Builder<'_> {
    /// Every body with joints must weigh something, itself or through what is welded to it.
    fn check_moving_bodies(&self) -> Result<()> {
        let b = &self.model.bodies;
        let mut solid = vec![false; b.mass.len()];
        for i in 0..b.mass.len() {
            solid[b.weld[i]] |=
                b.mass[i] >= LEAST_INERTIA && b.inertia[i].min_element() >= LEAST_INERTIA;
        }
        for (index, body) in self.spec.bodies.iter().enumerate().skip(1) {
            if !body.spec.joints.is_empty() && !solid[index] {
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
            let bodies = &mut self.model.bodies;
            let total: f64 = bodies.mass.iter().sum();
            let scale = (wanted / total.max(LEAST_INERTIA)).max(LEAST_INERTIA);
            bodies.mass.iter_mut().for_each(|mass| *mass *= scale);
            bodies
                .inertia
                .iter_mut()
                .for_each(|inertia| *inertia *= scale);
        }
    }

    /// What needs the whole model: subtree masses, constants of the reference pose, pairs of geoms, keyframes.
    fn finish(mut self) -> Result<Model> {
        let bodies = &mut self.model.bodies;
        bodies.subtreemass = bodies.mass.clone();
        for body in (1..bodies.parent.len()).rev() {
            let mass = bodies.subtreemass[body];
            bodies.subtreemass[bodies.parent[body]] += mass;
        }
        frames::merge(&mut self.model);
        self.equalities()?;
        constants::fill(&mut self.model).map_err(|dof| {
            let place = &self.spec.bodies[self.model.dofs.body[dof]].place;
            let joint = &self.model.joints.name[self.model.dofs.joint[dof]];
            place.error(format!(
                "joint `{joint}` moves no mass of its own, or moves it as other joints do: the inertia matrix is singular there"
            ))
        })?;
        self.springdampers();
        let search = &self.spec.compiler.lengthrange;
        search
            .fill(&mut self.model)
            .map_err(|(actuator, why)| self.spec.referring.actuators[actuator].place.error(why))?;
        self.mask_actuators();
        if !self.spec.flags.limit {
            self.model.joints.limited.fill(false);
            self.model.tendons.limited.fill(false);
        }
        if !self.spec.flags.frictionloss {
            self.model.dofs.frictionloss.fill(0.0);
            self.model.tendons.frictionloss.fill(0.0);
        }
        if !self.spec.flags.spring {
            self.model.joints.stiffness.fill(0.0);
            self.model.tendons.stiffness.fill(0.0);
        }
        if !self.spec.flags.damper {
            self.model.dofs.damping.fill(0.0);
            self.model.tendons.damping.fill(0.0);
        }
        self.model.meaninertia = self.spec.meaninertia.unwrap_or(self.model.meaninertia);
        if !is_finite(&self.model) {
            return Err(self
                .spec
                .place
                .error("masses or lengths are too large to compute with"));
        }
        if self.spec.flags.contact {
            let (explicit, excluded) = (self.explicit_pairs()?, self.excluded()?);
            let filter = pairs::Filter {
                parents: self.spec.flags.filterparent,
                sorted: self.spec.flags.midphase,
                explicit,
                excluded,
                overriding: self.spec.flags.overriding.clone(),
            };
            self.model.pairs = pairs::select(&self.model, filter)
                .map_err(|message| self.spec.place.error(message))?;
        }
        self.check_convex_pairs()?;
        self.model.keyframes = self.keyframes()?;
        self.model.notes = self.notes.lines();
        Ok(self.model)
    }

    /// MuJoCo's older search for nearest points is not done, so nothing may need it where it is asked for.
    fn check_convex_pairs(&self) -> Result<()> {
        let Some(place) = &self.spec.flags.libccd else {
            return Ok(());
        };
        let kinds = |pair: &Pair| pair.geoms.map(|geom| self.model.geoms.kind[geom]);
        match self
            .model
            .pairs
            .iter()
            .find(|pair| is_searched(kinds(pair)))
        {
            None => Ok(()),
            Some(pair) => Err(place.error(format!(
                "nativeccd is `disable`, which needs another search for nearest points of {:?}; \
                this engine does not do that (allowed: enable)",
                kinds(pair)
            ))),
        }
    }

    /// Springs and dampers that are given by time constant and damping ratio.
    fn springdampers(&mut self) {
        let model = &mut self.model;
        let joints = self.spec.bodies.iter().flat_map(|body| &body.spec.joints);
        for (joint, spec) in joints.enumerate() {
            let [time, ratio] = spec.spec.springdamper;
            if time <= 0.0 || ratio <= 0.0 {
                continue;
            }
            let first = model.joints.dofadr[joint];
            let dofs = first..first + model.joints.kind[joint].nv();
            let weight: f64 = model.dofs.invweight0[dofs.clone()].iter().sum();
            let inertia = dofs.len() as f64 / weight.max(LEAST_INERTIA);
            let stretch = time * time * ratio * ratio;
            model.joints.stiffness[joint] = inertia / stretch.max(LEAST_INERTIA);
            model.dofs.damping[dofs].fill(2.0 * inertia / time.max(LEAST_INERTIA));
        }
    }

    /// Clears the coefficients that an actuator's kind of gain and bias does not use.
    fn mask_actuators(&mut self) {
        let actuators = &mut self.model.actuators;
        for (actuator, driven) in self.spec.referring.actuators.iter().enumerate() {
            let spec = &driven.spec.actuator;
            let (gain, bias) = (
                &mut actuators.gainprm[actuator],
                &mut actuators.biasprm[actuator],
            );
            match spec.gaintype {
                Shape::Plain => gain[1..].fill(0.0),
                Shape::Affine => gain[3..].fill(0.0),
                Shape::Muscle => {}
            }
            match spec.biastype {
                Shape::Plain => bias.fill(0.0),
                Shape::Affine => bias[3..].fill(0.0),
                Shape::Muscle => {}
            }
        }
    }
}

/// Whether everything that was computed, not copied, is finite.
fn is_finite(model: &Model) -> bool {
    let vectors = |list: &[DVec3]| list.iter().all(|v| v.is_finite());
    let numbers = |list: &[f64]| list.iter().all(|x| x.is_finite());
    let rows = |list: &[[f64; 2]]| numbers(list.as_flattened());
    let b = &model.bodies;
    model.meaninertia.is_finite()
        && rows(&b.invweight0)
        && numbers(&model.dofs.invweight0)
        && numbers(&model.dofs.damping)
        && numbers(&model.joints.stiffness)
        && numbers(&model.tendons.invweight0)
        && numbers(&model.tendons.length0)
        && rows(&model.tendons.lengthspring)
        && numbers(model.actuators.biasprm.as_flattened())
        && numbers(&model.actuators.acc0)
        && rows(&model.actuators.lengthrange)
        && model.equalities.kind.iter().all(Equality::is_finite)
        && !model
            .actuators
            .ctrlrange
            .as_flattened()
            .iter()
            .any(|x| x.is_nan())
        && numbers(&model.qpos0)
        && numbers(&b.subtreemass)
        && vectors(&b.pos)
        && vectors(&b.ipos)
        && vectors(&b.inertia)
        && vectors(&model.geoms.pos)
        && numbers(model.geoms.size.as_flattened())
        && numbers(&model.geoms.rbound)
        && vectors(&model.sites.pos)
        && vectors(&model.joints.pos)
}

/// Dimensions of a contact.
fn condim(place: &Place, written: i32) -> Result<usize> {
    match written {
        1 | 3 | 4 | 6 => Ok(written as usize),
        _ => Err(place.error(format!("condim is `{written}`; allowed: 1, 3, 4, 6"))),
    }
}

/// A range, and what says whether it is enforced.
struct Range<'a> {
    place: &'a Place,
    /// Start of the attributes' names, such as `"ctrl"`.
    prefix: &'static str,
    limited: Limited,
    range: [f64; 2],
}

impl Range<'_> {
    /// Whether the range is enforced. Without a word it is if it is not empty; `auto` allows to leave the word out.
    fn enforced(&self, auto: bool, notes: &mut Notes) -> Result<bool> {
        let (prefix, [low, high]) = (self.prefix, self.range);
        let found = format!("{prefix}range is {low} {high}");
        match self.limited {
            Some(true) if low >= high => Err(self
                .place
                .error(format!("{found}; the first must be lower than the second"))),
            Some(limited) => Ok(limited),
            None if self.range == [0.0; 2] => Ok(false),
            None if !auto => Err(self.place.error(format!(
                "{prefix}range without {prefix}limited needs compiler autolimits=`true`"
            ))),
            None => {
                if low >= high {
                    let kind = "the first is not lower than the second, so there is no limit";
                    notes.add(self.place, kind, &found);
                }
                Ok(low < high)
            }
        }
    }
}

/// Index of each name that is not empty.
fn index(names: &[String]) -> HashMap<&str, usize> {
    let named = names
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.is_empty());
    named.map(|(index, name)| (name.as_str(), index)).collect()
}

/// Where `name` stands in `names`, which are those of elements of one `kind`.
fn find(names: &HashMap<&str, usize>, kind: &str, place: &Place, name: &str) -> Result<usize> {
    names.get(name).copied().ok_or_else(|| {
        let kinds = if kind == "body" { "bodie" } else { kind };
        let known = some_of(names.keys().copied());
        place.error(format!(
            "there is no {kind} `{name}`; known {kinds}s: {known}"
        ))
    })
}
