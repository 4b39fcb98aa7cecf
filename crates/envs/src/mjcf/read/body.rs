//! The tree of bodies: frames, joints, geoms, sites and inertias.

use super::super::defaults::Defaults;
use super::super::element::Element;
use super::super::spec::{
    BodySpec, Compiler, Frame, GeomSpec, InertialSpec, JointSpec, Named, Placement,
};
use super::super::{orientation, schema};
use super::{CONDIM, LIMITED, Names, read_friction};
use crate::Result;
use crate::dynamics::matrix;
use crate::dynamics::model::{GeomType, JointType};
use glam::{DQuat, DVec3};

/// Most bodies and most geoms of a model.
const MOST_BODIES: usize = 4096;
const MOST_GEOMS: usize = 20_000;

/// A child of a body or a frame that is still to be read, and where it stands.
struct Waiting<'a> {
    element: Element<'a>,
    body: usize,
    class: usize,
    frame: Option<Frame>,
}

struct Reader<'a> {
    defaults: &'a Defaults,
    compiler: &'a Compiler,
    list: Vec<Named<BodySpec>>,
    geom_count: usize,
    bodies: Names,
    joints: Names,
    geoms: Names,
    sites: Names,
}

/// All bodies, depth first, starting with the world.
pub(super) fn bodies(
    root: &Element,
    defaults: &Defaults,
    compiler: &Compiler,
) -> Result<Vec<Named<BodySpec>>> {
    let mut reader = Reader {
        defaults,
        compiler,
        list: vec![Named {
            place: root.place(),
            name: "world".into(),
            spec: empty_body(0),
        }],
        geom_count: 0,
        bodies: Names::new("body"),
        joints: Names::new("joint"),
        geoms: Names::new("geom"),
        sites: Names::new("site"),
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
        }));
    }
    waiting.reverse();
    while let Some(next) = waiting.pop() {
        if let Some((body, class, frame)) = reader.child(&next)? {
            let first = waiting.len();
            waiting.extend(next.element.children().map(|element| Waiting {
                element,
                body,
                class,
                frame,
            }));
            waiting[first..].reverse();
        }
    }
    Ok(reader.list)
}

fn empty_body(parent: usize) -> BodySpec {
    BodySpec {
        parent,
        pos: DVec3::ZERO,
        quat: DQuat::IDENTITY,
        frame: None,
        inertial: None,
        joints: Vec::new(),
        geoms: Vec::new(),
        sites: Vec::new(),
    }
}

/// Body, class and frame of an element's children.
type Inside = (usize, usize, Option<Frame>);

impl Reader<'_> {
    /// Reads a child of a body or a frame; comes back with what its own children stand in, if they are to be
    /// read next.
    fn child(&mut self, waiting: &Waiting) -> Result<Option<Inside>> {
        let Waiting {
            element,
            body,
            class,
            frame,
        } = waiting;
        let class = *class;
        if *body == 0 && matches!(element.name(), "joint" | "freejoint") {
            return Err(element.error("the world does not move; put the joint in a body"));
        }
        match element.name() {
            "body" => {
                let class = self.defaults.named_by(element, "childclass", class)?;
                if self.list.len() == MOST_BODIES {
                    return Err(
                        element.error(format!("the model has more than {MOST_BODIES} bodies"))
                    );
                }
                let spec = read_body(element, *body, *frame, self.compiler)?;
                self.list.push(self.bodies.name(element, spec)?);
                return Ok(Some((self.list.len() - 1, class, None)));
            }
            "frame" => {
                element.check(&schema::FRAME)?;
                let class = self.defaults.named_by(element, "childclass", class)?;
                let (pos, quat) = pose(element, self.compiler)?;
                let (pos, quat) = frame.map_or((pos, quat), |outer| outer.apply(pos, quat));
                return Ok(Some((*body, class, Some(Frame { pos, quat }))));
            }
            "joint" => {
                let mut spec = joint(element, &self.defaults.of(element, class)?.joint)?;
                if let (Some(frame), true) = (frame, spec.kind != JointType::Free) {
                    spec.axis = matrix(frame.quat) * spec.axis;
                    spec.pos = frame.apply(spec.pos, DQuat::IDENTITY).0;
                }
                let named = self.joints.name(element, spec)?;
                self.list[*body].spec.joints.push(named);
            }
            "freejoint" => {
                element.check(&schema::FREEJOINT)?;
                let mut spec = JointSpec {
                    kind: JointType::Free,
                    ..JointSpec::default()
                };
                element.choice("align", &LIMITED, &mut spec.align)?;
                let named = self.joints.name(element, spec)?;
                self.list[*body].spec.joints.push(named);
            }
            "geom" => {
                let default = &self.defaults.of(element, class)?.geom;
                let mut spec = geom(element, default, self.compiler)?;
                spec.placement.frame = *frame;
                self.geom_count += 1;
                if self.geom_count > MOST_GEOMS {
                    return Err(
                        element.error(format!("the model has more than {MOST_GEOMS} geoms"))
                    );
                }
                let named = self.geoms.name(element, spec)?;
                self.list[*body].spec.geoms.push(named);
            }
            "site" => {
                let default = &self.defaults.of(element, class)?.site;
                let mut spec = site(element, default, self.compiler)?;
                spec.frame = *frame;
                let named = self.sites.name(element, spec)?;
                self.list[*body].spec.sites.push(named);
            }
            // An `inertial` is read with its body; the rest is skipped.
            _ => {}
        }
        Ok(None)
    }
}

/// Position and orientation of a body or a frame.
fn pose(element: &Element, compiler: &Compiler) -> Result<(DVec3, DQuat)> {
    let mut pos = DVec3::ZERO;
    element.vector("pos", &mut pos)?;
    let quat = orientation::read(element, compiler)?.unwrap_or(DQuat::IDENTITY);
    Ok((pos, quat))
}

fn read_body(
    element: &Element,
    parent: usize,
    frame: Option<Frame>,
    compiler: &Compiler,
) -> Result<BodySpec> {
    element.check(&schema::BODY)?;
    let (pos, quat) = pose(element, compiler)?;
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
        inertial,
        ..empty_body(parent)
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

/// A joint, starting from `default`.
pub(in super::super) fn joint(element: &Element, default: &JointSpec) -> Result<JointSpec> {
    element.check(&schema::JOINT)?;
    let mut spec = default.clone();
    let kinds = [
        ("free", JointType::Free),
        ("ball", JointType::Ball),
        ("slide", JointType::Slide),
        ("hinge", JointType::Hinge),
    ];
    element.choice("type", &kinds, &mut spec.kind)?;
    element.vector("pos", &mut spec.pos)?;
    element.vector("axis", &mut spec.axis)?;
    if element.has("axis") {
        orientation::direction(element, "axis", spec.axis)?;
    }
    element.array("springdamper", &mut spec.springdamper)?;
    if spec.springdamper != [0.0; 2] && spec.springdamper.iter().any(|x| *x <= 0.0) {
        let [time, ratio] = spec.springdamper;
        return Err(element.error(format!(
            "springdamper is {time} {ratio}; both must be greater than 0"
        )));
    }
    element.choice("limited", &LIMITED, &mut spec.limited)?;
    element.choice("actuatorfrclimited", &LIMITED, &mut spec.actfrclimited)?;
    element.up_to("solreflimit", &mut spec.solref)?;
    element.up_to("solimplimit", &mut spec.solimp)?;
    element.up_to("solreffriction", &mut spec.solref_friction)?;
    element.up_to("solimpfriction", &mut spec.solimp_friction)?;
    element.non_negative("stiffness", &mut spec.stiffness)?;
    element.array("range", &mut spec.range)?;
    element.array("actuatorfrcrange", &mut spec.actfrcrange)?;
    element.number("margin", &mut spec.margin)?;
    element.number("ref", &mut spec.reference)?;
    element.number("springref", &mut spec.springref)?;
    element.non_negative("armature", &mut spec.armature)?;
    element.non_negative("damping", &mut spec.damping)?;
    element.non_negative("frictionloss", &mut spec.frictionloss)?;
    Ok(spec)
}

/// Shape and place of a geom or a site.
fn read_placement(
    element: &Element,
    into: &mut Placement,
    kinds: &[(&str, GeomType)],
    compiler: &Compiler,
) -> Result<()> {
    element.choice("type", kinds, &mut into.kind)?;
    element.up_to("size", &mut into.size)?;
    element.vector("pos", &mut into.pos)?;
    if let Some(quat) = orientation::read(element, compiler)? {
        if element.has("quat") && into.turned {
            // MuJoCo would let the class win.
            let message = "quat stands against an orientation that its class gives in another way; \
                give it in one of those";
            return Err(element.error(message));
        }
        into.quat = quat;
        into.turned |= !element.has("quat");
    }
    if let Some(fromto) = element.exactly("fromto")? {
        into.fromto = Some(fromto);
    }
    Ok(())
}

const SHAPES: [(&str, GeomType); 6] = [
    ("plane", GeomType::Plane),
    ("sphere", GeomType::Sphere),
    ("capsule", GeomType::Capsule),
    ("ellipsoid", GeomType::Ellipsoid),
    ("cylinder", GeomType::Cylinder),
    ("box", GeomType::Box),
];

/// A site, starting from `default`.
pub(in super::super) fn site(
    element: &Element,
    default: &Placement,
    compiler: &Compiler,
) -> Result<Placement> {
    element.check(&schema::SITE)?;
    let mut spec = default.clone();
    read_placement(element, &mut spec, &SHAPES[1..], compiler)?;
    Ok(spec)
}

/// A geom, starting from `default`.
pub(in super::super) fn geom(
    element: &Element,
    default: &GeomSpec,
    compiler: &Compiler,
) -> Result<GeomSpec> {
    element.check(&schema::GEOM)?;
    let mut spec = default.clone();
    read_placement(element, &mut spec.placement, &SHAPES, compiler)?;
    if element.has("mass") {
        let mut mass = 0.0;
        element.non_negative("mass", &mut mass)?;
        spec.mass = Some(mass);
    }
    element.non_negative("density", &mut spec.density)?;
    element.integer("group", [0, 5], &mut spec.group)?;
    read_bits(element, "contype", &mut spec.contype)?;
    read_bits(element, "conaffinity", &mut spec.conaffinity)?;
    element.choice("condim", &CONDIM, &mut spec.condim)?;
    element.integer(
        "priority",
        [i64::from(i32::MIN), i64::from(i32::MAX)],
        &mut spec.priority,
    )?;
    read_friction(element, &mut spec.friction)?;
    element.non_negative("solmix", &mut spec.solmix)?;
    element.up_to("solref", &mut spec.solref)?;
    element.up_to("solimp", &mut spec.solimp)?;
    element.number("margin", &mut spec.margin)?;
    element.number("gap", &mut spec.gap)?;
    element.array("rgba", &mut spec.rgba)?;
    if let Some(material) = element.text("material") {
        spec.material = Some(material.into());
    }
    Ok(spec)
}

/// A bit mask; -1 sets all bits.
fn read_bits(element: &Element, attribute: &str, into: &mut u32) -> Result<()> {
    let mut bits = i64::from(*into);
    let range = [i64::from(i32::MIN), i64::from(u32::MAX)];
    element.integer(attribute, range, &mut bits)?;
    *into = bits as u32;
    Ok(())
}
