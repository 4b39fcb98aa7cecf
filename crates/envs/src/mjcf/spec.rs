//! What a file says, after defaults: plain data with MuJoCo's default values.

use super::asset::{HeightFieldSpec, MeshSpec};
use super::compiler::Compiler;
use super::notes::Notes;
use super::orientation::{Orientation, unit_quat};
use super::place::Place;
use super::sensor::SensorSpec;
use super::unmet::Unmet;
use crate::dynamics::matrix;
use crate::dynamics::model::{Dyn, GeomType, JointType, Options, SolImp, SolRef};
use glam::{DQuat, DVec3};
use std::collections::HashMap;
use std::path::PathBuf;
use std::rc::Rc;

/// `solref` where a file says nothing.
pub(super) const SOLREF: SolRef = [0.02, 1.0];
/// `solimp` where a file says nothing.
pub(super) const SOLIMP: SolImp = [0.9, 0.95, 0.001, 0.5, 2.0];

/// `true`, `false` or, without a word, whether a range is given.
pub(super) type Limited = Option<bool>;

/// Flags that act while the model is compiled; all are on by default.
#[derive(Clone, Debug)]
pub(super) struct Flags {
    pub(super) frictionloss: bool,
    pub(super) limit: bool,
    pub(super) contact: bool,
    pub(super) gravity: bool,
    pub(super) clampctrl: bool,
    pub(super) filterparent: bool,
    /// Whether contacts of two bodies are sorted, which follows from how they are found.
    pub(super) midphase: bool,
    pub(super) equality: bool,
    pub(super) spring: bool,
    pub(super) damper: bool,
    pub(super) sensor: bool,
    /// Parameters that all contacts take instead of their own.
    pub(super) overriding: Option<Override>,
    /// Bits of the groups of actuators that are switched off.
    pub(super) disabled_groups: u32,
    /// Where MuJoCo's older search for nearest points is asked for.
    pub(super) libccd: Option<Place>,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            frictionloss: true,
            limit: true,
            contact: true,
            gravity: true,
            clampctrl: true,
            filterparent: true,
            midphase: true,
            equality: true,
            spring: true,
            damper: true,
            sensor: true,
            overriding: None,
            disabled_groups: 0,
            libccd: None,
        }
    }
}

/// What all contacts have under `override`.
#[derive(Clone, Debug)]
pub(super) struct Override {
    pub(super) margin: f64,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
    pub(super) friction: [f64; 5],
}

impl Default for Override {
    fn default() -> Self {
        Self {
            margin: 0.0,
            solref: SOLREF,
            solimp: SOLIMP,
            friction: [1.0, 1.0, 0.005, 0.0001, 0.0001],
        }
    }
}

/// A `frame` element's place in its body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
}

impl Frame {
    /// `pos` and `quat`, given in this frame, in the body's.
    pub(super) fn apply(&self, pos: DVec3, quat: DQuat) -> (DVec3, DQuat) {
        (
            self.pos + matrix(self.quat) * pos,
            unit_quat(self.quat * quat),
        )
    }
}

/// A joint, or a class's default for joints. Angles are still in the file's unit.
#[derive(Clone, Debug)]
pub(super) struct JointSpec {
    pub(super) kind: JointType,
    pub(super) pos: DVec3,
    pub(super) axis: DVec3,
    pub(super) limited: Limited,
    pub(super) range: [f64; 2],
    pub(super) margin: f64,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
    pub(super) solref_friction: SolRef,
    pub(super) solimp_friction: SolImp,
    pub(super) stiffness: f64,
    /// Time constant and damping ratio that override stiffness and damping; none when zero.
    pub(super) springdamper: [f64; 2],
    pub(super) actfrclimited: Limited,
    pub(super) actfrcrange: [f64; 2],
    pub(super) actgravcomp: bool,
    pub(super) reference: f64,
    pub(super) springref: f64,
    pub(super) armature: f64,
    pub(super) damping: f64,
    pub(super) frictionloss: f64,
    /// Of a free joint: whether the body's frame moves to its centre of mass; `None` as the compiler says.
    pub(super) align: Option<bool>,
    pub(super) unmet: Unmet,
}

impl Default for JointSpec {
    fn default() -> Self {
        Self {
            kind: JointType::Hinge,
            pos: DVec3::ZERO,
            axis: DVec3::Z,
            limited: None,
            range: [0.0; 2],
            margin: 0.0,
            solref: SOLREF,
            solimp: SOLIMP,
            solref_friction: SOLREF,
            solimp_friction: SOLIMP,
            stiffness: 0.0,
            springdamper: [0.0; 2],
            actfrclimited: None,
            actfrcrange: [0.0; 2],
            actgravcomp: false,
            reference: 0.0,
            springref: 0.0,
            armature: 0.0,
            damping: 0.0,
            frictionloss: 0.0,
            align: None,
            unmet: Unmet::default(),
        }
    }
}

/// What places a geom or a site in its body.
#[derive(Clone, Debug)]
pub(super) struct Placement {
    pub(super) kind: GeomType,
    pub(super) size: [f64; 3],
    pub(super) pos: DVec3,
    pub(super) orientation: Orientation,
    pub(super) fromto: Option<[f64; 6]>,
    pub(super) frame: Option<Frame>,
    /// Settings of its file.
    pub(super) compiler: Rc<Compiler>,
    pub(super) unmet: Unmet,
}

impl Default for Placement {
    fn default() -> Self {
        Self {
            kind: GeomType::Sphere,
            size: [0.0; 3],
            pos: DVec3::ZERO,
            orientation: Orientation::default(),
            fromto: None,
            frame: None,
            compiler: Rc::default(),
            unmet: Unmet::default(),
        }
    }
}

/// MuJoCo's default colour of a geom, which gives way to its material's.
pub(super) const GREY: [f64; 4] = [0.5, 0.5, 0.5, 1.0];

/// A geom, or a class's default for geoms.
#[derive(Clone, Debug)]
pub(super) struct GeomSpec {
    pub(super) placement: Placement,
    /// The mesh that it is, or that it is fitted to.
    pub(super) mesh: Option<String>,
    /// The height field that it is.
    pub(super) hfield: Option<String>,
    /// By how much a fitted geom is larger than what it is fitted to.
    pub(super) fitscale: f64,
    pub(super) mass: Option<f64>,
    pub(super) density: f64,
    pub(super) group: i32,
    pub(super) contype: u32,
    pub(super) conaffinity: u32,
    /// Dimensions of a contact, as written.
    pub(super) condim: i32,
    pub(super) priority: i32,
    pub(super) friction: [f64; 3],
    pub(super) solmix: f64,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
    pub(super) margin: f64,
    pub(super) gap: f64,
    pub(super) rgba: [f64; 4],
    pub(super) material: Option<String>,
}

impl Default for GeomSpec {
    fn default() -> Self {
        Self {
            placement: Placement::default(),
            mesh: None,
            hfield: None,
            fitscale: 1.0,
            mass: None,
            density: 1000.0,
            group: 0,
            contype: 1,
            conaffinity: 1,
            condim: 3,
            priority: 0,
            friction: [1.0, 0.005, 0.0001],
            solmix: 1.0,
            solref: SOLREF,
            solimp: SOLIMP,
            margin: 0.0,
            gap: 0.0,
            rgba: GREY,
            material: None,
        }
    }
}

/// An explicit pair of geoms, or a class's default for pairs.
#[derive(Clone, Debug)]
pub(super) struct PairSpec {
    /// Dimensions of a contact, as written.
    pub(super) condim: i32,
    pub(super) friction: [f64; 5],
    pub(super) solref: SolRef,
    pub(super) solreffriction: SolRef,
    pub(super) solimp: SolImp,
    pub(super) margin: f64,
    pub(super) gap: f64,
}

impl Default for PairSpec {
    fn default() -> Self {
        Self {
            condim: 3,
            friction: [1.0, 1.0, 0.005, 0.0001, 0.0001],
            solref: SOLREF,
            solreffriction: [0.0; 2],
            solimp: SOLIMP,
            margin: 0.0,
            gap: 0.0,
        }
    }
}

/// A tendon, or a class's default for tendons.
#[derive(Clone, Debug)]
pub(super) struct TendonSpec {
    pub(super) limited: Limited,
    pub(super) range: [f64; 2],
    pub(super) actfrclimited: Limited,
    pub(super) actfrcrange: [f64; 2],
    pub(super) margin: f64,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
    pub(super) frictionloss: f64,
    pub(super) solref_friction: SolRef,
    pub(super) solimp_friction: SolImp,
    pub(super) stiffness: f64,
    pub(super) damping: f64,
    pub(super) armature: f64,
    /// Lengths at which the spring is slack; both -1 for the length in the springs' resting pose.
    pub(super) springlength: [f64; 2],
    pub(super) unmet: Unmet,
}

impl Default for TendonSpec {
    fn default() -> Self {
        Self {
            limited: None,
            range: [0.0; 2],
            // Unlike a joint's.
            actfrclimited: Some(false),
            actfrcrange: [0.0; 2],
            margin: 0.0,
            solref: SOLREF,
            solimp: SOLIMP,
            frictionloss: 0.0,
            solref_friction: SOLREF,
            solimp_friction: SOLIMP,
            stiffness: 0.0,
            damping: 0.0,
            armature: 0.0,
            springlength: [-1.0; 2],
            unmet: Unmet::default(),
        }
    }
}

/// How a gain or a bias is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// A constant gain, or no bias.
    Plain,
    Affine,
    Muscle,
}

/// An actuator, or a class's default for actuators of all kinds: MuJoCo keeps one for all.
#[derive(Clone, Debug)]
pub(super) struct ActuatorSpec {
    pub(super) ctrllimited: Limited,
    pub(super) ctrlrange: [f64; 2],
    pub(super) forcelimited: Limited,
    pub(super) forcerange: [f64; 2],
    pub(super) actlimited: Limited,
    pub(super) actrange: [f64; 2],
    pub(super) lengthrange: [f64; 2],
    pub(super) gear: [f64; 6],
    pub(super) cranklength: f64,
    pub(super) group: i32,
    pub(super) actearly: bool,
    /// Number of activations as written; negative for as many as the kind has.
    pub(super) actdim: i32,
    pub(super) dyntype: Dyn,
    pub(super) dynprm: [f64; 10],
    pub(super) gaintype: Shape,
    pub(super) gainprm: [f64; 10],
    pub(super) biastype: Shape,
    pub(super) biasprm: [f64; 10],
    /// Share of the target's range that becomes the range of the control; none when zero.
    pub(super) inheritrange: f64,
    pub(super) unmet: Unmet,
}

impl Default for ActuatorSpec {
    fn default() -> Self {
        let one_then_zeros = |i| f64::from(u8::from(i == 0));
        Self {
            ctrllimited: None,
            ctrlrange: [0.0; 2],
            forcelimited: None,
            forcerange: [0.0; 2],
            actlimited: None,
            actrange: [0.0; 2],
            lengthrange: [0.0; 2],
            gear: std::array::from_fn(one_then_zeros),
            cranklength: 0.0,
            group: 0,
            actearly: false,
            actdim: -1,
            dyntype: Dyn::None,
            dynprm: std::array::from_fn(one_then_zeros),
            gaintype: Shape::Plain,
            gainprm: std::array::from_fn(one_then_zeros),
            biastype: Shape::Plain,
            biasprm: [0.0; 10],
            inheritrange: 0.0,
            unmet: Unmet::default(),
        }
    }
}

/// Explicit mass and inertia of a body.
#[derive(Clone, Debug)]
pub(super) struct InertialSpec {
    pub(super) place: Place,
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
    pub(super) mass: f64,
    pub(super) diagonal: DVec3,
    /// `xx yy zz xy xz yz`.
    pub(super) full: Option<[f64; 6]>,
}

/// Something with a name and a place.
#[derive(Clone, Debug)]
pub(super) struct Named<T> {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) spec: T,
}

/// A body. `parent` is an index into the same list and lower than the body's own.
#[derive(Clone, Debug)]
pub(super) struct BodySpec {
    pub(super) parent: usize,
    /// Settings of its file.
    pub(super) compiler: Rc<Compiler>,
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
    pub(super) frame: Option<Frame>,
    pub(super) mocap: bool,
    pub(super) gravcomp: f64,
    pub(super) inertial: Option<InertialSpec>,
    pub(super) joints: Vec<Named<JointSpec>>,
    pub(super) geoms: Vec<Named<GeomSpec>>,
    pub(super) sites: Vec<Named<Placement>>,
}

/// A part of a tendon's way, by name.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// A joint of a fixed tendon and its coefficient.
    Joint(String, f64),
    Site(String),
    /// A geom, and the site on whose side the tendon runs.
    Geom(String, Option<String>),
    /// What the lengths after it are divided by.
    Pulley(f64),
}

/// A tendon and its way: joints of a fixed one, or what a spatial one passes.
#[derive(Clone, Debug)]
pub(super) struct NamedTendon {
    pub(super) tendon: TendonSpec,
    /// Whether its file takes a range for a limit.
    pub(super) autolimits: bool,
    pub(super) way: Vec<(Place, Part)>,
}

/// What an equality constraint holds together, by name.
#[derive(Clone, Debug)]
pub(super) enum Held {
    /// A body, and the other one or, without a name, the world; the anchor in the first, and with it a weld's pose of the second.
    Connect([String; 2], DVec3),
    Weld([String; 2], DVec3, Option<(DVec3, DQuat)>, f64),
    ConnectSites([String; 2]),
    WeldSites([String; 2], f64),
    Joints(String, Option<String>, [f64; 5]),
    Tendons(String, Option<String>, [f64; 5]),
}

/// Whether an equality constraint acts, and how softly; or a class's default for that.
#[derive(Clone, Debug)]
pub(super) struct EqualityDefault {
    pub(super) active: bool,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
}

impl Default for EqualityDefault {
    fn default() -> Self {
        Self {
            active: true,
            solref: SOLREF,
            solimp: SOLIMP,
        }
    }
}

/// An equality constraint.
#[derive(Clone, Debug)]
pub(super) struct EqualitySpec {
    pub(super) common: EqualityDefault,
    pub(super) held: Held,
}

/// What an actuator acts on, by name.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Joint(String),
    JointInParent(String),
    Tendon(String),
    /// A site and the one whose frame counts.
    Site(String, Option<String>),
    /// The site of a crank's pin and that of the slider.
    SliderCrank(String, String),
    Body(String),
}

/// An actuator and its target.
#[derive(Clone, Debug)]
pub(super) struct Driven {
    pub(super) actuator: ActuatorSpec,
    /// Whether its file takes a range for a limit.
    pub(super) autolimits: bool,
    pub(super) target: Target,
}

/// A keyframe; what it leaves out is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct KeySpec {
    pub(super) time: f64,
    pub(super) qpos: Option<Vec<f64>>,
    pub(super) qvel: Option<Vec<f64>>,
    pub(super) act: Option<Vec<f64>>,
    pub(super) ctrl: Option<Vec<f64>>,
    pub(super) mpos: Option<Vec<f64>>,
    pub(super) mquat: Option<Vec<f64>>,
    /// The attached model that it is a state of, if it is one's.
    pub(super) within: Option<Within>,
}

/// What became of an attached model's bodies and actuators: their indices in the whole; none for what was left out.
#[derive(Clone, Debug)]
pub(super) struct Within {
    pub(super) model: Rc<Spec>,
    pub(super) bodies: Vec<Option<usize>>,
    pub(super) actuators: Vec<Option<usize>>,
}

/// An explicit pair and the names of its geoms.
#[derive(Clone, Debug)]
pub(super) struct NamedPair {
    pub(super) pair: PairSpec,
    pub(super) geoms: [String; 2],
}

/// A pair of bodies that never touch.
#[derive(Clone, Debug)]
pub(super) struct Exclude(pub(super) [String; 2]);

/// All elements that name others.
#[derive(Clone, Debug, Default)]
pub(super) struct Referring {
    pub(super) pairs: Vec<Named<NamedPair>>,
    pub(super) excludes: Vec<Named<Exclude>>,
    pub(super) tendons: Vec<Named<NamedTendon>>,
    pub(super) equalities: Vec<Named<EqualitySpec>>,
    pub(super) actuators: Vec<Named<Driven>>,
    pub(super) sensors: Vec<Named<SensorSpec>>,
}

/// Everything that a file says. Body 0 is the world; bodies come depth first.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) compiler: Rc<Compiler>,
    pub(super) options: Options,
    pub(super) flags: Flags,
    /// `statistic.meaninertia`, which overrides the computed one.
    pub(super) meaninertia: Option<f64>,
    pub(super) bodies: Vec<Named<BodySpec>>,
    /// Pairs of geoms, pairs of bodies that never touch, tendons, equality constraints, actuators and sensors.
    pub(super) referring: Referring,
    /// Whether the Jacobians of tendons are sparse; `None` as their size says.
    pub(super) sparse: Option<bool>,
    pub(super) meshes: Vec<Named<MeshSpec>>,
    pub(super) hfields: Vec<Named<HeightFieldSpec>>,
    /// Colours of materials.
    pub(super) materials: HashMap<String, [f64; 4]>,
    pub(super) keyframes: Vec<Named<KeySpec>>,
    /// Number of keyframes that there are at least.
    pub(super) nkey: usize,
    /// What was passed over.
    pub(super) notes: Notes,
    /// Files of the models that are attached to it.
    pub(super) attached: Vec<PathBuf>,
}
