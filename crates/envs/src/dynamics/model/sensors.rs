//! Sensors: what is measured, and where the numbers stand.

use std::ops::Range;

use super::Model;

/// Something with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    /// A body's centre of mass and principal axes (`body`).
    Inertia(usize),
    /// A body's own frame (`xbody`).
    Body(usize),
    /// A geom.
    Geom(usize),
    /// A site.
    Site(usize),
}

/// Whose surface counts in a distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surface {
    /// All geoms of a body.
    Body(usize),
    /// One geom.
    Geom(usize),
}

/// Which contacts a contact sensor sees on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// All.
    Any,
    /// Those within a site.
    Site(usize),
    /// Those of a body's own geoms.
    Body(usize),
    /// Those of a body and all that it carries.
    Subtree(usize),
    /// Those of a geom.
    Geom(usize),
}

/// Which of the contacts that match are reported, and how. MuJoCo: XML reference, "sensor/contact/reduce".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduce {
    /// The first ones.
    #[default]
    None,
    /// The deepest ones.
    MinDist,
    /// Those with the largest forces.
    MaxForce,
    /// One, which stands for the sum of all forces, in world axes.
    NetForce,
}

/// A contact sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContactSensor {
    /// What both sides of a contact must be; the normal points from the first to the second.
    pub sides: [Side; 2],
    /// Whether there are, in this order: number found, force, torque, distance, place, normal, first tangent.
    pub data: [bool; 7],
    /// Which contacts are reported.
    pub reduce: Reduce,
    /// Most contacts that are reported.
    pub num: usize,
}

impl ContactSensor {
    /// Numbers of each part of what there may be of a contact.
    pub(in crate::dynamics) const SIZES: [usize; 7] = [1, 3, 3, 1, 3, 3, 3];

    /// Numbers per contact.
    pub(in crate::dynamics) fn slot(&self) -> usize {
        let parts = self.data.iter().zip(Self::SIZES);
        parts
            .map(|(there, size)| if *there { size } else { 0 })
            .sum()
    }
}

/// What a sensor measures, under MuJoCo's names (XML reference, "sensor"). Numbers are indices into the tables of the
/// model; forces are in N and N m, all else in m, rad and s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(
    missing_docs,
    reason = "the names are MuJoCo's, and its reference says what each measures"
)]
pub enum Sensor {
    Touch(usize),
    Accelerometer(usize),
    Velocimeter(usize),
    Gyro(usize),
    Force(usize),
    Torque(usize),
    Magnetometer(usize),
    Rangefinder(usize),
    JointPos(usize),
    JointVel(usize),
    TendonPos(usize),
    TendonVel(usize),
    ActuatorPos(usize),
    ActuatorVel(usize),
    ActuatorFrc(usize),
    JointActuatorFrc(usize),
    TendonActuatorFrc(usize),
    BallQuat(usize),
    BallAngVel(usize),
    JointLimitPos(usize),
    JointLimitVel(usize),
    JointLimitFrc(usize),
    TendonLimitPos(usize),
    TendonLimitVel(usize),
    TendonLimitFrc(usize),
    FramePos(Object, Option<Object>),
    FrameQuat(Object, Option<Object>),
    /// One of the axes, 0 to 2.
    FrameAxis(usize, Object, Option<Object>),
    FrameLinVel(Object, Option<Object>),
    FrameAngVel(Object, Option<Object>),
    FrameLinAcc(Object),
    FrameAngAcc(Object),
    SubtreeCom(usize),
    SubtreeLinVel(usize),
    SubtreeAngMom(usize),
    /// Whether an object lies in a site.
    InsideSite(Object, usize),
    Distance([Surface; 2]),
    Normal([Surface; 2]),
    FromTo([Surface; 2]),
    Contact(ContactSensor),
    PotentialEnergy,
    KineticEnergy,
    Clock,
    /// So many numbers that nothing here computes: they stay as they are set.
    User(usize),
}

/// The part of a force evaluation after which a sensor is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Positions.
    Position,
    /// Velocities.
    Velocity,
    /// Forces and accelerations.
    Acceleration,
}

/// How a cutoff bounds numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::dynamics) enum Bounds {
    Both,
    Above,
    None,
}

impl Sensor {
    /// How many numbers it gives.
    #[must_use]
    pub fn dim(&self) -> usize {
        use Sensor::*;
        match self {
            Touch(_) | Rangefinder(_) | JointPos(_) | JointVel(_) | TendonPos(_) | TendonVel(_)
            | ActuatorPos(_) | ActuatorVel(_) | ActuatorFrc(_) | JointActuatorFrc(_)
            | TendonActuatorFrc(_) | JointLimitPos(_) | JointLimitVel(_) | JointLimitFrc(_)
            | TendonLimitPos(_) | TendonLimitVel(_) | TendonLimitFrc(_) | Distance(_)
            | InsideSite(..) | PotentialEnergy | KineticEnergy | Clock => 1,
            Accelerometer(_) | Velocimeter(_) | Gyro(_) | Force(_) | Torque(_)
            | Magnetometer(_) | BallAngVel(_) | FramePos(..) | FrameAxis(..) | FrameLinVel(..)
            | FrameAngVel(..) | FrameLinAcc(_) | FrameAngAcc(_) | SubtreeCom(_)
            | SubtreeLinVel(_) | SubtreeAngMom(_) | Normal(_) => 3,
            BallQuat(_) | FrameQuat(..) => 4,
            FromTo(_) => 6,
            Contact(sensor) => sensor.num * sensor.slot(),
            User(dim) => *dim,
        }
    }

    /// When it is read.
    #[must_use]
    pub fn stage(&self) -> Stage {
        use Sensor::*;
        match self {
            Touch(_) | Accelerometer(_) | Force(_) | Torque(_) | ActuatorFrc(_)
            | JointActuatorFrc(_) | TendonActuatorFrc(_) | JointLimitFrc(_) | TendonLimitFrc(_)
            | FrameLinAcc(_) | FrameAngAcc(_) | Contact(_) => Stage::Acceleration,
            Velocimeter(_) | Gyro(_) | JointVel(_) | TendonVel(_) | ActuatorVel(_)
            | BallAngVel(_) | JointLimitVel(_) | TendonLimitVel(_) | FrameLinVel(..)
            | FrameAngVel(..) | SubtreeLinVel(_) | SubtreeAngMom(_) => Stage::Velocity,
            _ => Stage::Position,
        }
    }

    /// What a cutoff does to its numbers.
    pub(in crate::dynamics) fn bounds(&self) -> Bounds {
        use Sensor::*;
        match self {
            Touch(_) | Rangefinder(_) | InsideSite(..) => Bounds::Above,
            FrameAxis(..) | Normal(_) | BallQuat(_) | FrameQuat(..) | FromTo(_) => Bounds::None,
            _ => Bounds::Both,
        }
    }

    /// Whether a cutoff may stand beside it: not beside an axis or a quaternion.
    #[must_use]
    pub fn allows_cutoff(&self) -> bool {
        use Sensor::*;
        !matches!(self, FrameAxis(..) | BallQuat(_) | FrameQuat(..))
    }
}

/// Sensors, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sensors {
    /// Names; empty where the XML gives none.
    pub name: Vec<String>,
    /// What is measured.
    pub kind: Vec<Sensor>,
    /// Index of the first number in `sensordata`.
    pub adr: Vec<usize>,
    /// Largest size of a number; 0 for no limit.
    pub cutoff: Vec<f64>,
    /// Number of numbers of all sensors.
    pub data: usize,
    /// Sensors that are read at each [`Stage`]; none where the model switches them off.
    pub(crate) stages: [Vec<usize>; 3],
}

impl Sensors {
    /// Sensors that are read at a stage.
    pub(in crate::dynamics) fn at(&self, stage: Stage) -> &[usize] {
        &self.stages[stage as usize]
    }
}

impl Model {
    /// Where the numbers of the sensor of this name stand in [`State::sensordata`](crate::dynamics::State::sensordata).
    #[must_use]
    pub fn sensor(&self, name: &str) -> Option<Range<usize>> {
        let index = self.sensors.name.iter().position(|other| other == name)?;
        let first = self.sensors.adr[index];
        Some(first..first + self.sensors.kind[index].dim())
    }

    /// Whether a sensor needs the search for nearest points of convex shapes.
    pub(in crate::dynamics) fn measures_distances(&self) -> bool {
        let mut kinds = self.sensors.kind.iter();
        kinds.any(|kind| {
            matches!(
                kind,
                Sensor::Distance(_) | Sensor::Normal(_) | Sensor::FromTo(_)
            )
        })
    }

    /// The geoms of a surface.
    pub(in crate::dynamics) fn geoms_of(&self, surface: Surface) -> impl Iterator<Item = usize> {
        let (first, count) = match surface {
            Surface::Geom(geom) => (geom, 1),
            Surface::Body(body) => {
                // Bodies come with their geoms one after the other.
                let first = self.geoms.body.partition_point(|other| *other < body);
                let count = self.geoms.body[first..].partition_point(|other| *other == body);
                (first, count)
            }
        };
        first..first + count
    }
}
