//! Sensors.

use super::super::place::Place;
use super::super::sensor::{FrameOf, Framed, Measured, SensorSpec, SideOf};
use super::super::spec::Named;
use super::{Builder, find, index};
use crate::Result;
use crate::dynamics::model::{ContactSensor, JointType, Model, Object, Sensor, Side, Surface};

/// Most numbers of all sensors of a model.
const MOST_DATA: usize = 1_000_000;

impl Builder<'_> {
    pub(super) fn sensors(&mut self) -> Result<()> {
        for named in &self.spec.referring.sensors {
            let kind = Finder::new(&self.model, named).sensor()?;
            let cutoff = named.spec.cutoff;
            if cutoff > 0.0 && !kind.allows_cutoff() {
                return Err(named.place.error(format!(
                    "cutoff is {cutoff}; there is none for axes and quaternions"
                )));
            }
            let sensors = &mut self.model.sensors;
            if self.spec.flags.sensor && !matches!(kind, Sensor::User(_)) {
                sensors.stages[kind.stage() as usize].push(sensors.kind.len());
            }
            sensors.name.push(named.name.clone());
            sensors.kind.push(kind);
            sensors.adr.push(sensors.data);
            sensors.cutoff.push(cutoff);
            sensors.data += kind.dim();
            if sensors.data > MOST_DATA {
                return Err(named
                    .place
                    .error(format!("the sensors give more than {MOST_DATA} numbers")));
            }
        }
        Ok(())
    }
}

/// Finds what one sensor names.
struct Finder<'a> {
    model: &'a Model,
    place: &'a Place,
    spec: &'a SensorSpec,
}

impl<'a> Finder<'a> {
    fn new(model: &'a Model, named: &'a Named<SensorSpec>) -> Self {
        Self {
            model,
            place: &named.place,
            spec: &named.spec,
        }
    }

    fn find(&self, names: &[String], kind: &str, name: &str) -> Result<usize> {
        find(&index(names), kind, self.place, name)
    }

    fn site(&self, name: &str) -> Result<usize> {
        self.find(&self.model.sites.name, "site", name)
    }

    fn body(&self, name: &str) -> Result<usize> {
        self.find(&self.model.bodies.name, "body", name)
    }

    fn geom(&self, name: &str) -> Result<usize> {
        self.find(&self.model.geoms.name, "geom", name)
    }

    fn joint(&self, name: &str, kinds: &[JointType]) -> Result<usize> {
        let joint = self.find(&self.model.joints.name, "joint", name)?;
        let kind = self.model.joints.kind[joint];
        if kinds.contains(&kind) {
            return Ok(joint);
        }
        Err(self.place.error(format!(
            "joint `{name}` is of type {kind:?}; allowed: {kinds:?}"
        )))
    }

    fn scalar_joint(&self, name: &str) -> Result<usize> {
        self.joint(name, &[JointType::Slide, JointType::Hinge])
    }

    fn limited_joint(&self, name: &str) -> Result<usize> {
        let joint = self.find(&self.model.joints.name, "joint", name)?;
        self.limited("joint", name, self.model.joints.limited[joint])?;
        Ok(joint)
    }

    fn tendon(&self, name: &str) -> Result<usize> {
        self.find(&self.model.tendons.name, "tendon", name)
    }

    fn limited_tendon(&self, name: &str) -> Result<usize> {
        let tendon = self.tendon(name)?;
        self.limited("tendon", name, self.model.tendons.limited[tendon])?;
        Ok(tendon)
    }

    fn limited(&self, kind: &str, name: &str, limited: bool) -> Result<()> {
        if limited {
            return Ok(());
        }
        Err(self.place.error(format!("{kind} `{name}` has no limit")))
    }

    fn actuator(&self, name: &str) -> Result<usize> {
        self.find(&self.model.actuators.name, "actuator", name)
    }

    fn object(&self, (kind, name): &Framed) -> Result<Object> {
        Ok(match kind {
            FrameOf::Inertia => Object::Inertia(self.body(name)?),
            FrameOf::Body => Object::Body(self.body(name)?),
            FrameOf::Geom => Object::Geom(self.geom(name)?),
            FrameOf::Site => Object::Site(self.site(name)?),
        })
    }

    fn sensor(&self) -> Result<Sensor> {
        match &self.spec.measured {
            Measured::One(name) => self.of_one(name),
            Measured::Frame(object, reference) => {
                let reference = reference.as_ref().map(|other| self.object(other));
                self.of_frame(self.object(object)?, reference.transpose()?)
            }
            Measured::Inside(object, site) => {
                Ok(Sensor::InsideSite(self.object(object)?, self.site(site)?))
            }
            Measured::Between(both) => self.between(both),
            Measured::Contacts {
                sides: [first, second],
                data,
                reduce,
                num,
            } => Ok(Sensor::Contact(ContactSensor {
                sides: [self.side(first)?, self.side(second)?],
                data: *data,
                reduce: *reduce,
                num: *num,
            })),
            Measured::User(dim, _) => Ok(Sensor::User(*dim)),
            Measured::Whole => Ok(match self.spec.kind.as_str() {
                "e_potential" => Sensor::PotentialEnergy,
                "e_kinetic" => Sensor::KineticEnergy,
                _ => Sensor::Clock,
            }),
        }
    }

    fn of_one(&self, name: &str) -> Result<Sensor> {
        Ok(match self.spec.kind.as_str() {
            "touch" => Sensor::Touch(self.site(name)?),
            "accelerometer" => Sensor::Accelerometer(self.site(name)?),
            "velocimeter" => Sensor::Velocimeter(self.site(name)?),
            "gyro" => Sensor::Gyro(self.site(name)?),
            "force" => Sensor::Force(self.site(name)?),
            "torque" => Sensor::Torque(self.site(name)?),
            "magnetometer" => Sensor::Magnetometer(self.site(name)?),
            "rangefinder" => Sensor::Rangefinder(self.site(name)?),
            "jointpos" => Sensor::JointPos(self.scalar_joint(name)?),
            "jointvel" => Sensor::JointVel(self.scalar_joint(name)?),
            "jointactuatorfrc" => Sensor::JointActuatorFrc(self.scalar_joint(name)?),
            "tendonpos" => Sensor::TendonPos(self.tendon(name)?),
            "tendonvel" => Sensor::TendonVel(self.tendon(name)?),
            "tendonactuatorfrc" => Sensor::TendonActuatorFrc(self.tendon(name)?),
            "actuatorpos" => Sensor::ActuatorPos(self.actuator(name)?),
            "actuatorvel" => Sensor::ActuatorVel(self.actuator(name)?),
            "actuatorfrc" => Sensor::ActuatorFrc(self.actuator(name)?),
            "ballquat" => Sensor::BallQuat(self.joint(name, &[JointType::Ball])?),
            "ballangvel" => Sensor::BallAngVel(self.joint(name, &[JointType::Ball])?),
            "jointlimitpos" => Sensor::JointLimitPos(self.limited_joint(name)?),
            "jointlimitvel" => Sensor::JointLimitVel(self.limited_joint(name)?),
            "jointlimitfrc" => Sensor::JointLimitFrc(self.limited_joint(name)?),
            "tendonlimitpos" => Sensor::TendonLimitPos(self.limited_tendon(name)?),
            "tendonlimitvel" => Sensor::TendonLimitVel(self.limited_tendon(name)?),
            "tendonlimitfrc" => Sensor::TendonLimitFrc(self.limited_tendon(name)?),
            "subtreecom" => Sensor::SubtreeCom(self.body(name)?),
            "subtreelinvel" => Sensor::SubtreeLinVel(self.body(name)?),
            "subtreeangmom" => Sensor::SubtreeAngMom(self.body(name)?),
            other => return Err(self.place.error(format!("there is no sensor `{other}`"))),
        })
    }

    fn of_frame(&self, object: Object, reference: Option<Object>) -> Result<Sensor> {
        Ok(match self.spec.kind.as_str() {
            "framepos" => Sensor::FramePos(object, reference),
            "framequat" => Sensor::FrameQuat(object, reference),
            "framexaxis" => Sensor::FrameAxis(0, object, reference),
            "frameyaxis" => Sensor::FrameAxis(1, object, reference),
            "framezaxis" => Sensor::FrameAxis(2, object, reference),
            "framelinvel" => Sensor::FrameLinVel(object, reference),
            "frameangvel" => Sensor::FrameAngVel(object, reference),
            "framelinacc" => Sensor::FrameLinAcc(object),
            "frameangacc" => Sensor::FrameAngAcc(object),
            other => return Err(self.place.error(format!("there is no sensor `{other}`"))),
        })
    }

    fn between(&self, [first, second]: &[(bool, String); 2]) -> Result<Sensor> {
        let surface = |(is_body, name): &(bool, String)| {
            Ok(if *is_body {
                Surface::Body(self.body(name)?)
            } else {
                Surface::Geom(self.geom(name)?)
            })
        };
        let both = [surface(first)?, surface(second)?];
        if both[0] == both[1] {
            return Err(self
                .place
                .error(format!("both sides are `{}`; they must differ", first.1)));
        }
        Ok(match self.spec.kind.as_str() {
            "distance" => Sensor::Distance(both),
            "normal" => Sensor::Normal(both),
            _ => Sensor::FromTo(both),
        })
    }

    fn side(&self, side: &Option<(SideOf, String)>) -> Result<Side> {
        Ok(match side {
            None => Side::Any,
            Some((SideOf::Site, name)) => Side::Site(self.site(name)?),
            Some((SideOf::Body, name)) => Side::Body(self.body(name)?),
            Some((SideOf::Subtree, name)) => Side::Subtree(self.body(name)?),
            Some((SideOf::Geom, name)) => Side::Geom(self.geom(name)?),
        })
    }
}
