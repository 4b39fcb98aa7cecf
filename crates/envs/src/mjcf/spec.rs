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
        }
    }
}

/// A motor, or a class's default for motors.
#[derive(Clone, Debug)]
pub(super) struct MotorSpec {
    pub(super) ctrllimited: Limited,
    pub(super) ctrlrange: [f64; 2],
    pub(super) gear: [f64; 6],
}

impl Default for MotorSpec {
    fn default() -> Self {
        Self {
            ctrllimited: None,
            ctrlrange: [0.0; 2],
            gear: [1.0, 0.0, 0.0, 0.0, 0.0, 0.0],
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
    pub(super) pos: DVec3,
    pub(super) quat: DQuat,
    pub(super) inertial: Option<InertialSpec>,
    pub(super) joints: Vec<Named<JointSpec>>,
    pub(super) geoms: Vec<Named<GeomSpec>>,
}

/// A motor and the name of its joint.
#[derive(Clone, Debug)]
pub(super) struct Driven {
    pub(super) motor: MotorSpec,
    pub(super) joint: String,
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
    pub(super) motors: Vec<Named<Driven>>,
    /// Pairs of body names that never touch.
    pub(super) excludes: Vec<(Place, [String; 2])>,
}
