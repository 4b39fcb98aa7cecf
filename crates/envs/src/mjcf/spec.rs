//! What a file says, after defaults: plain data with MuJoCo's default values.

use super::element::Place;
use crate::dynamics::model::{
    Cone, GeomType, Integrator, JointType, Options, SolImp, SolRef, Solver,
};
use glam::{DQuat, DVec3};

/// `solref` where a file says nothing.
pub(super) const SOLREF: SolRef = [0.02, 1.0];
/// `solimp` where a file says nothing.
pub(super) const SOLIMP: SolImp = [0.9, 0.95, 0.001, 0.5, 2.0];

/// `true`, `false` or, without a word, whether a range is given.
pub(super) type Limited = Option<bool>;

/// Whether bodies take their inertia from their geoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InertiaFromGeom {
    Always,
    Never,
    WithoutInertial,
}

/// Settings of the compiler.
#[derive(Clone, Debug)]
pub(super) struct Compiler {
    pub(super) autolimits: bool,
    pub(super) boundmass: f64,
    pub(super) boundinertia: f64,
    /// Mass to scale the model to (kg); none when not positive.
    pub(super) settotalmass: f64,
    pub(super) balanceinertia: bool,
    pub(super) degrees: bool,
    /// Axes 0 to 2 of Euler angles, and whether they stay fixed.
    pub(super) eulerseq: [(usize, bool); 3],
    pub(super) inertiafromgeom: InertiaFromGeom,
    pub(super) inertiagrouprange: [f64; 2],
}

impl Default for Compiler {
    fn default() -> Self {
        Self {
            autolimits: true,
            boundmass: 0.0,
            boundinertia: 0.0,
            settotalmass: -1.0,
            balanceinertia: false,
            degrees: true,
            eulerseq: [(0, false), (1, false), (2, false)],
            inertiafromgeom: InertiaFromGeom::WithoutInertial,
            inertiagrouprange: [0.0, 5.0],
        }
    }
}

/// MuJoCo's defaults of `mjOption`.
pub(super) fn default_options() -> Options {
    Options {
        timestep: 0.002,
        gravity: DVec3::new(0.0, 0.0, -9.81),
        integrator: Integrator::Euler,
        density: 0.0,
        viscosity: 0.0,
        wind: DVec3::ZERO,
        solver: Solver::Newton,
        cone: Cone::Pyramidal,
        impratio: 1.0,
        iterations: 100,
        tolerance: 1e-8,
        ls_iterations: 50,
        ls_tolerance: 0.01,
        ccd_tolerance: 1e-6,
        ccd_iterations: 35,
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
    pub(super) stiffness: f64,
    pub(super) reference: f64,
    pub(super) springref: f64,
    pub(super) armature: f64,
    pub(super) damping: f64,
    pub(super) frictionloss: f64,
    pub(super) solref_friction: SolRef,
    pub(super) solimp_friction: SolImp,
    pub(super) actfrclimited: Limited,
    pub(super) actfrcrange: [f64; 2],
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
            stiffness: 0.0,
            reference: 0.0,
            springref: 0.0,
            armature: 0.0,
            damping: 0.0,
            frictionloss: 0.0,
            solref_friction: SOLREF,
            solimp_friction: SOLIMP,
            actfrclimited: None,
            actfrcrange: [0.0; 2],
        }
    }
}

/// A geom, or a class's default for geoms.
#[derive(Clone, Debug)]
pub(super) struct GeomSpec {
    pub(super) kind: GeomType,
    pub(super) size: [f64; 3],
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
    pub(super) fromto: Option<[f64; 6]>,
    pub(super) mass: Option<f64>,
    pub(super) density: f64,
    pub(super) group: i32,
    pub(super) contype: u32,
    pub(super) conaffinity: u32,
    pub(super) condim: usize,
    pub(super) priority: i32,
    pub(super) friction: [f64; 3],
    pub(super) solmix: f64,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
    pub(super) margin: f64,
    pub(super) gap: f64,
    pub(super) rgba: [f64; 4],
}

impl Default for GeomSpec {
    fn default() -> Self {
        Self {
            kind: GeomType::Sphere,
            size: [0.0; 3],
            pos: DVec3::ZERO,
            quat: DQuat::IDENTITY,
            fromto: None,
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
            rgba: [0.5, 0.5, 0.5, 1.0],
        }
    }
}

/// A site, or a class's default for sites.
#[derive(Clone, Debug)]
pub(super) struct SiteSpec {
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
}

impl Default for SiteSpec {
    fn default() -> Self {
        Self {
            pos: DVec3::ZERO,
            quat: DQuat::IDENTITY,
        }
    }
}

/// An explicit pair of geoms, or a class's default for pairs; what is not given comes from the geoms.
#[derive(Clone, Debug, Default)]
pub(super) struct PairSpec {
    pub(super) condim: Option<usize>,
    pub(super) friction: Option<[f64; 5]>,
    pub(super) solref: Option<SolRef>,
    pub(super) solref_friction: Option<SolRef>,
    pub(super) solimp: Option<SolImp>,
    pub(super) margin: Option<f64>,
    pub(super) gap: Option<f64>,
}

/// A fixed tendon, or a class's default for tendons.
#[derive(Clone, Debug)]
pub(super) struct TendonSpec {
    pub(super) limited: Limited,
    pub(super) range: [f64; 2],
    pub(super) margin: f64,
    pub(super) solref: SolRef,
    pub(super) solimp: SolImp,
    pub(super) frictionloss: f64,
    pub(super) solref_friction: SolRef,
    pub(super) solimp_friction: SolImp,
    pub(super) stiffness: f64,
    pub(super) damping: f64,
    pub(super) armature: f64,
    /// Lengths between which the spring is slack; none for the length in the reference pose.
    pub(super) springlength: Option<[f64; 2]>,
}

impl Default for TendonSpec {
    fn default() -> Self {
        Self {
            limited: None,
            range: [0.0; 2],
            margin: 0.0,
            solref: SOLREF,
            solimp: SOLIMP,
            frictionloss: 0.0,
            solref_friction: SOLREF,
            solimp_friction: SOLIMP,
            stiffness: 0.0,
            damping: 0.0,
            armature: 0.0,
            springlength: None,
        }
    }
}

/// An actuator, or a class's default for all kinds of actuators.
#[derive(Clone, Debug)]
pub(super) struct ActuatorSpec {
    pub(super) ctrllimited: Limited,
    pub(super) ctrlrange: [f64; 2],
    pub(super) forcelimited: Limited,
    pub(super) forcerange: [f64; 2],
    pub(super) gear: [f64; 6],
    /// Whether the gain uses more than its first coefficient, and the bias any.
    pub(super) affine_gain: bool,
    pub(super) affine_bias: bool,
    pub(super) gainprm: [f64; 3],
    /// The last one, when positive on a position servo, is a damping ratio.
    pub(super) biasprm: [f64; 3],
    /// Share of the joint's or tendon's range that becomes `ctrlrange`; none when 0.
    pub(super) inheritrange: f64,
}

impl Default for ActuatorSpec {
    fn default() -> Self {
        Self {
            ctrllimited: None,
            ctrlrange: [0.0; 2],
            forcelimited: None,
            forcerange: [0.0; 2],
            gear: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
            affine_gain: false,
            affine_bias: false,
            gainprm: [1.0, 0.0, 0.0],
            biasprm: [0.0; 3],
            inheritrange: 0.0,
        }
    }
}

/// What an actuator names as what it acts on.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Joint(String),
    JointInParent(String),
    Tendon(String),
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
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
    pub(super) inertial: Option<InertialSpec>,
    pub(super) joints: Vec<Named<JointSpec>>,
    pub(super) geoms: Vec<Named<GeomSpec>>,
    pub(super) sites: Vec<Named<SiteSpec>>,
}

/// A tendon and its joints with their coefficients.
#[derive(Clone, Debug)]
pub(super) struct Wrapped {
    pub(super) tendon: TendonSpec,
    pub(super) joints: Vec<(Place, String, f64)>,
}

/// An actuator and what it acts on.
#[derive(Clone, Debug)]
pub(super) struct Driven {
    pub(super) actuator: ActuatorSpec,
    pub(super) target: Target,
}

/// A pair and the names of its geoms.
#[derive(Clone, Debug)]
pub(super) struct Paired {
    pub(super) place: Place,
    pub(super) pair: PairSpec,
    pub(super) geoms: [String; 2],
}

/// A keyframe as given; what is not, is the reference pose at rest.
#[derive(Clone, Debug)]
pub(super) struct KeySpec {
    pub(super) time: f64,
    pub(super) qpos: Option<Vec<f64>>,
    pub(super) qvel: Option<Vec<f64>>,
    pub(super) ctrl: Option<Vec<f64>>,
}

/// Everything that a file says. Body 0 is the world; bodies come depth first.
#[derive(Clone, Debug)]
pub(super) struct Spec {
    pub(super) place: Place,
    pub(super) name: String,
    pub(super) compiler: Compiler,
    pub(super) options: Options,
    /// `statistic.meaninertia`, which overrides the computed one.
    pub(super) meaninertia: Option<f64>,
    pub(super) bodies: Vec<Named<BodySpec>>,
    pub(super) tendons: Vec<Named<Wrapped>>,
    pub(super) actuators: Vec<Named<Driven>>,
    pub(super) pairs: Vec<Paired>,
    pub(super) keys: Vec<Named<KeySpec>>,
    /// Pairs of body names that never touch.
    pub(super) excludes: Vec<(Place, [String; 2])>,
}
