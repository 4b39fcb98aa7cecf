//! The tree of bodies: frames, joints, geoms, sites and inertias.

use super::super::attributes::{self, LIMITED};
use super::super::compiler::Compiler;
use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::orientation::Orientation;
use super::super::place::Place;
use super::super::references::Affixes;
use super::super::schema;
use super::super::spec::{BodySpec, Frame, InertialSpec, JointSpec, Named};
use super::Names;
use super::attach::{Graft, Models};
use crate::Result;
use crate::dynamics::matrix;
use crate::dynamics::model::JointType;
use glam::{DQuat, DVec3};
use std::rc::Rc;

/// Most bodies and most geoms of a model.
const MOST_BODIES: usize = 4096;
const MOST_GEOMS: usize = 20_000;
/// Most copies that one element makes of its children, and most elements of all bodies together.
const MOST_COPIES: i64 = 10_000;
const MOST_ELEMENTS: usize = 100_000;

/// A child of a body or a frame that is still to be read, and where it stands.
struct Waiting<'a> {
    element: Element<'a>,
    body: usize,
    class: usize,
    frame: Option<Frame>,
    /// What is added to the names of elements.
    suffix: Rc<str>,
}

struct Reader<'a> {
    defaults: &'a Defaults,
    compiler: &'a Rc<Compiler>,
    list: Vec<Named<BodySpec>>,
    geom_count: usize,
    element_count: usize,
    bodies: Names,
    joints: Names,
    geoms: Names,
    sites: Names,
    models: &'a Models,
    grafts: Vec<Graft>,
}

/// All bodies, depth first, starting with the world, and what was attached to them.
pub(super) fn bodies(
    root: &Element,
    defaults: &Defaults,
    compiler: &Rc<Compiler>,
    models: &Models,
) -> Result<(Vec<Named<BodySpec>>, Vec<Graft>)> {
    let mut reader = Reader {
        defaults,
        compiler,
        list: vec![Named {
            place: root.place(),
            name: "world".into(),
            spec: empty_body(0, compiler),
        }],
        geom_count: 0,
        element_count: 0,
        bodies: Names::new("body"),
        joints: Names::new("joint"),
        geoms: Names::new("geom"),
        sites: Names::new("site"),
        models,
        grafts: Vec::new(),
    };
    reader.bodies.seen.insert("world".into());
    // The next one last; a stack of our own, because a file must not choose the depth of the program's.
    let mut waiting = Vec::new();
    for section in root.all("worldbody") {
        section.check(&schema::WORLDBODY)?;
        waiting.extend(section.children().map(|element| Waiting {
            element,
            body: 0,
            class: 0,
            frame: None,
            suffix: "".into(),
        }));
    }
    waiting.reverse();
    while let Some(next) = waiting.pop() {
        let first = waiting.len();
        for Inside {
            body,
            class,
            frame,
            suffix,
        } in reader.child(&next)?
        {
            waiting.extend(next.element.children().map(|element| Waiting {
                element,
                body,
                class,
                frame,
                suffix: suffix.clone(),
            }));
        }
        waiting[first..].reverse();
    }
    Ok((reader.list, reader.grafts))
}

fn empty_body(parent: usize, compiler: &Rc<Compiler>) -> BodySpec {
    BodySpec {
        parent,
        compiler: compiler.clone(),
        pos: DVec3::ZERO,
        quat: DQuat::IDENTITY,
        frame: None,
        mocap: false,
        gravcomp: 0.0,
        inertial: None,
        joints: Vec::new(),
        geoms: Vec::new(),
        sites: Vec::new(),
    }
}

/// What an element's children stand in.
struct Inside {
    body: usize,
    class: usize,
    frame: Option<Frame>,
    suffix: Rc<str>,
}

impl Reader<'_> {
    /// Reads a child of a body or a frame; comes back with what its own children stand in, once for each time that they are
    /// to be read next.
    fn child(&mut self, waiting: &Waiting) -> Result<Vec<Inside>> {
        let Waiting {
            element,
            body,
            class,
            frame,
            suffix,
        } = waiting;
        let class = *class;
        self.element_count += 1;
        if self.element_count > MOST_ELEMENTS {
            return Err(element.error(format!(
                "the bodies hold more than {MOST_ELEMENTS} elements together"
            )));
        }
        let once = |body, class, frame| {
            Ok(vec![Inside {
                body,
                class,
                frame,
                suffix: suffix.clone(),
            }])
        };
        if *body == 0 && matches!(element.name(), "joint" | "freejoint") {
            return Err(element.error("the world does not move; put the joint in a body"));
        }
        match element.name() {
            "body" => {
                let class = self.defaults.named_by(element, "childclass", class)?;
                self.check_bodies(&element.place())?;
                let spec = read_body(element, *body, *frame, self.compiler)?;
                self.list
                    .push(self.bodies.name_with(element, suffix, spec)?);
                return once(self.list.len() - 1, class, None);
            }
            "frame" => {
                element.check(&schema::FRAME)?;
                let class = self.defaults.named_by(element, "childclass", class)?;
                let (pos, quat) = pose(element, self.compiler)?;
                let (pos, quat) = frame.map_or((pos, quat), |outer| outer.apply(pos, quat));
                return once(*body, class, Some(Frame { pos, quat }));
            }
            "replicate" => return self.copies(waiting),
            "attach" => self.attach(waiting)?,
            "joint" => {
                let mut spec =
                    attributes::joint(element, &self.defaults.of(element, class)?.joint)?;
                spec.unmet.settle(element)?;
                if let (Some(frame), true) = (frame, spec.kind != JointType::Free) {
                    spec.axis = matrix(frame.quat) * spec.axis;
                    spec.pos = frame.apply(spec.pos, DQuat::IDENTITY).0;
                }
                let named = self.joints.name_with(element, suffix, spec)?;
                self.list[*body].spec.joints.push(named);
            }
            "freejoint" => {
                element.check(&schema::FREEJOINT)?;
                let mut spec = JointSpec {
                    kind: JointType::Free,
                    ..JointSpec::default()
                };
                element.choice("align", &LIMITED, &mut spec.align)?;
                let named = self.joints.name_with(element, suffix, spec)?;
                self.list[*body].spec.joints.push(named);
            }
            "geom" => {
                let default = &self.defaults.of(element, class)?.geom;
                let mut spec = attributes::geom(element, default)?;
                spec.placement.unmet.settle(element)?;
                spec.placement.frame = *frame;
                spec.placement.compiler = self.compiler.clone();
                self.count_geom(&element.place())?;
                let named = self.geoms.name_with(element, suffix, spec)?;
                self.list[*body].spec.geoms.push(named);
            }
            "site" => {
                let default = &self.defaults.of(element, class)?.site;
                let mut spec = attributes::site(element, default)?;
                spec.unmet.settle(element)?;
                spec.frame = *frame;
                spec.compiler = self.compiler.clone();
                let named = self.sites.name_with(element, suffix, spec)?;
                self.list[*body].spec.sites.push(named);
            }
            // An `inertial` is read with its body; the rest is skipped.
            _ => {}
        }
        Ok(Vec::new())
    }

    /// Attaches a model or one of its bodies.
    fn attach(&mut self, waiting: &Waiting) -> Result<()> {
        let Waiting {
            element,
            body,
            frame,
            suffix,
            ..
        } = waiting;
        element.check(&schema::ATTACH)?;
        let (model, from) = self.models.of(element)?;
        let place = element.place();
        let affixes = Affixes {
            prefix: element.text("prefix").unwrap_or_default(),
            suffix,
        };
        let mut became = vec![None; model.bodies.len()];
        became[0] = Some(*body);
        for index in model.subtree(from) {
            let attached = &model.bodies[index];
            let mut spec = attached.spec.clone();
            // What stands in the world of a whole model stands in the body that it is attached to.
            let outer = frame.filter(|_| from == 0 && (index == 0 || spec.parent == 0));
            let joints = std::mem::take(&mut spec.joints);
            let geoms = std::mem::take(&mut spec.geoms);
            let sites = std::mem::take(&mut spec.sites);
            if index > 0 {
                self.check_bodies(&place)?;
                became[index] = Some(self.list.len());
                if index == from {
                    (spec.parent, spec.frame) = (*body, *frame);
                } else {
                    spec.parent = became[spec.parent].unwrap_or(*body);
                    spec.frame = within(outer, spec.frame);
                }
                let name = affixes.around(&attached.name);
                let named = self.bodies.claim_at(place.clone(), name, spec)?;
                self.list.push(named);
            }
            let into = became[index].unwrap_or(*body);
            for mut joint in joints {
                joint.name = affixes.around(&joint.name);
                let named = self.joints.claim_at(joint.place, joint.name, joint.spec)?;
                self.list[into].spec.joints.push(named);
            }
            for mut geom in geoms {
                self.count_geom(&place)?;
                let spec = &mut geom.spec;
                spec.placement.frame = within(outer.filter(|_| index == 0), spec.placement.frame);
                for asset in [&mut spec.mesh, &mut spec.hfield, &mut spec.material] {
                    asset
                        .iter_mut()
                        .for_each(|name| name.insert_str(0, affixes.prefix));
                }
                let name = affixes.around(&geom.name);
                let named = self.geoms.claim_at(geom.place, name, geom.spec)?;
                self.list[into].spec.geoms.push(named);
            }
            for mut site in sites {
                site.spec.frame = within(outer.filter(|_| index == 0), site.spec.frame);
                let name = affixes.around(&site.name);
                let named = self.sites.claim_at(site.place, name, site.spec)?;
                self.list[into].spec.sites.push(named);
            }
        }
        self.grafts.push(Graft {
            place,
            model,
            prefix: affixes.prefix.to_owned(),
            became,
        });
        Ok(())
    }

    fn check_bodies(&self, place: &Place) -> Result<()> {
        if self.list.len() == MOST_BODIES {
            return Err(place.error(format!("the model has more than {MOST_BODIES} bodies")));
        }
        Ok(())
    }

    fn count_geom(&mut self, place: &Place) -> Result<()> {
        self.geom_count += 1;
        if self.geom_count > MOST_GEOMS {
            return Err(place.error(format!("the model has more than {MOST_GEOMS} geoms")));
        }
        Ok(())
    }

    /// The frames of the copies of what stands in a `replicate`, each turned and moved from the one before, with its number
    /// behind the names.
    fn copies(&self, waiting: &Waiting) -> Result<Vec<Inside>> {
        let element = &waiting.element;
        element.check(&schema::REPLICATE)?;
        let class = self
            .defaults
            .named_by(element, "childclass", waiting.class)?;
        let suffixes = suffixes(element)?;
        let mut offset = DVec3::ZERO;
        element.vector("offset", &mut offset)?;
        let euler: [f64; 3] = element.exactly("euler")?.unwrap_or_default();
        let mut pos = DVec3::ZERO;
        let mut copies = Vec::new();
        for (number, suffix) in suffixes.into_iter().enumerate() {
            let turn = Orientation::euler(euler.map(|angle| number as f64 * angle));
            let quat = turn.resolve(self.compiler, &element.place())?;
            let own = Frame { pos, quat };
            let frame = match &waiting.frame {
                None => own,
                Some(outer) => {
                    let (pos, quat) = outer.apply(own.pos, own.quat);
                    Frame { pos, quat }
                }
            };
            copies.push(Inside {
                body: waiting.body,
                class,
                frame: Some(frame),
                suffix: format!("{suffix}{}", waiting.suffix).into(),
            });
            pos += matrix(quat) * offset;
        }
        Ok(copies)
    }
}

/// A frame in another.
fn within(outer: Option<Frame>, inner: Option<Frame>) -> Option<Frame> {
    match (outer, inner) {
        (Some(outer), Some(inner)) => {
            let (pos, quat) = outer.apply(inner.pos, inner.quat);
            Some(Frame { pos, quat })
        }
        (outer, inner) => outer.or(inner),
    }
}

/// What each copy of a `replicate` puts behind names.
pub(super) fn suffixes(element: &Element) -> Result<Vec<String>> {
    let mut count = 0;
    if !element.has("count") {
        return Err(element.error("count is missing"));
    }
    element.integer("count", [1, MOST_COPIES], &mut count)?;
    let separator = element.text("sep").unwrap_or("");
    let digits = count.to_string().len();
    Ok((0..count)
        .map(|number| format!("{separator}{number:0digits$}"))
        .collect())
}

/// Position and orientation of a body or a frame.
fn pose(element: &Element, compiler: &Compiler) -> Result<(DVec3, DQuat)> {
    let mut pos = DVec3::ZERO;
    element.vector("pos", &mut pos)?;
    let mut orientation = Orientation::default();
    orientation.read(element)?;
    Ok((pos, orientation.resolve(compiler, &element.place())?))
}

fn read_body(
    element: &Element,
    parent: usize,
    frame: Option<Frame>,
    compiler: &Rc<Compiler>,
) -> Result<BodySpec> {
    element.check(&schema::BODY)?;
    let (pos, quat) = pose(element, compiler)?;
    let (mut mocap, mut gravcomp) = (false, 0.0);
    element.flag("mocap", &mut mocap)?;
    element.number("gravcomp", &mut gravcomp)?;
    let mut inertial = None;
    for child in element.all("inertial") {
        if inertial.is_some() {
            return Err(child.error("a body has at most one <inertial>"));
        }
        inertial = Some(read_inertial(&child, compiler)?);
    }
    Ok(BodySpec {
        pos,
        quat,
        frame,
        mocap,
        gravcomp,
        inertial,
        ..empty_body(parent, compiler)
    })
}

fn read_inertial(element: &Element, compiler: &Compiler) -> Result<InertialSpec> {
    element.check(&schema::INERTIAL)?;
    for required in ["pos", "mass"] {
        if !element.has(required) {
            return Err(element.error(format!("{required} is missing")));
        }
    }
    let mut orientation = Orientation::default();
    orientation.read(element)?;
    let mut spec = InertialSpec {
        place: element.place(),
        pos: DVec3::ZERO,
        quat: orientation.resolve(compiler, &element.place())?,
        mass: 0.0,
        diagonal: DVec3::ZERO,
        full: element.exactly("fullinertia")?,
    };
    element.vector("pos", &mut spec.pos)?;
    element.number("mass", &mut spec.mass)?;
    element.vector("diaginertia", &mut spec.diagonal)?;
    let turned = !orientation.is_default() || element.has("quat");
    if spec.full.is_some() && (turned || spec.diagonal != DVec3::ZERO) {
        return Err(element.error("fullinertia excludes diaginertia and an orientation"));
    }
    Ok(spec)
}
