//! What can be measured: the physics, a goal, the last action, the time.

use std::ops::Range;

use glam::DVec3;

use super::expression::Expression;
use crate::dynamics::model::{JointType, Model};
use crate::dynamics::{Spatial, State};
use crate::env::SpaceDim;
use crate::tasks::observation::{positions, velocities};

/// What has a place and an orientation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    Body(usize),
    Geom(usize),
    Site(usize),
}

/// Geoms that touch: some of the first, and of the second where there is one, else of any.
#[derive(Clone, Debug)]
pub(super) struct Touch {
    /// Whether each geom is of the first, and of the second.
    pub(super) sides: [Vec<bool>; 2],
}

/// Where numbers come from. Ranges are of the numbers of other quantities.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Numbers that stay.
    Point(DVec3),
    /// Numbers of `qpos`.
    Positions(Vec<usize>),
    /// Numbers of `qvel`.
    Velocities(Vec<usize>),
    Place(Frame),
    /// Centre of mass of a body and all that it carries.
    Com(usize),
    /// Quaternion `w x y z`.
    Orientation(usize),
    /// Cosine of the angle between the z axis of a frame and the vertical.
    Upright(Frame),
    LinearVelocity(usize),
    AngularVelocity(usize),
    /// A sensor, and where its numbers begin.
    Sensor(usize, usize),
    ActuatorForces(Vec<usize>),
    /// Torque and force of contacts on bodies.
    ContactForces(Vec<usize>),
    Contact(Touch),
    Goal(usize),
    Action(usize),
    Time,
    /// The same numbers.
    Same(Range<usize>),
    /// The second less the first.
    Difference(Range<usize>, Range<usize>),
    Distance(Range<usize>, Range<usize>),
    /// Change by time; the numbers before the step, and the rates, have a place of their own.
    Rate(Range<usize>, usize),
    Expression(Expression),
}

/// When numbers are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// An episode begins: nothing has changed yet.
    Begin,
    /// A step was made.
    Step,
    /// A stored state is gone on from: rates are the stored ones.
    Restored,
}

/// What an episode carries beside the physics.
#[derive(Clone, Debug)]
pub(super) struct Memory {
    pub(super) goals: Vec<DVec3>,
    pub(super) action: Vec<f64>,
    /// What rates are of, as it was after the last step.
    pub(super) before: Vec<f64>,
    pub(super) rates: Vec<f64>,
}

/// Everything that is measured from.
pub(super) struct Now<'a> {
    pub(super) model: &'a Model,
    pub(super) state: &'a State,
    pub(super) memory: &'a mut Memory,
    pub(super) moment: Moment,
    /// Seconds since the episode began, and in a step.
    pub(super) time: f64,
    pub(super) dt: f64,
    /// Memory of expressions.
    pub(super) stack: &'a mut Vec<f64>,
}

impl Source {
    /// Appends its numbers to `to`, given those of the quantities before it.
    pub(super) fn measure(&self, now: &mut Now<'_>, values: &[f64], to: &mut Vec<f64>) {
        let state = now.state;
        let mut place = |place: DVec3| to.extend(place.to_array());
        match self {
            Self::Point(point) => place(*point),
            Self::Place(frame) => place(frame.place(state)),
            Self::Com(body) => place(state.subtree_com[*body]),
            Self::Goal(goal) => place(now.memory.goals[*goal]),
            Self::LinearVelocity(body) => place(velocity(now.model, state, *body).linear),
            Self::AngularVelocity(body) => place(state.cvel[*body].angular),
            Self::Positions(indices) => to.extend(indices.iter().map(|i| state.qpos[*i])),
            Self::Velocities(indices) => to.extend(indices.iter().map(|i| state.qvel[*i])),
            Self::Orientation(body) => {
                let [x, y, z, w] = state.xquat[*body].to_array();
                to.extend([w, x, y, z]);
            }
            Self::Upright(frame) => to.push(frame.upright(state)),
            Self::Sensor(sensor, first) => {
                let count = now.model.sensors.kind[*sensor].dim();
                to.extend_from_slice(&state.sensordata[*first..first + count]);
            }
            Self::ActuatorForces(indices) => {
                to.extend(indices.iter().map(|i| state.actuator_force[*i]));
            }
            Self::ContactForces(bodies) => {
                to.extend(bodies.iter().flat_map(|i| state.cfrc_ext[*i].to_array()));
            }
            Self::Contact(touch) => to.push(f64::from(u8::from(touch.is_made(state)))),
            Self::Action(_) => to.extend_from_slice(&now.memory.action),
            Self::Time => to.push(now.time),
            Self::Same(of) => to.extend_from_slice(&values[of.clone()]),
            Self::Difference(from, until) => {
                let pairs = values[from.clone()].iter().zip(&values[until.clone()]);
                to.extend(pairs.map(|(from, until)| until - from));
            }
            Self::Distance(from, until) => {
                let pairs = values[from.clone()].iter().zip(&values[until.clone()]);
                let squares = pairs.map(|(from, until)| (until - from) * (until - from));
                to.push(squares.sum::<f64>().sqrt());
            }
            Self::Rate(of, kept) => {
                let kept = *kept..kept + of.len();
                let Memory { before, rates, .. } = &mut *now.memory;
                let pairs = before[kept.clone()].iter_mut().zip(&mut rates[kept]);
                for ((before, rate), value) in pairs.zip(&values[of.clone()]) {
                    match now.moment {
                        Moment::Begin => *rate = 0.0,
                        Moment::Step => *rate = (value - *before) / now.dt,
                        Moment::Restored => {}
                    }
                    if now.moment != Moment::Restored {
                        *before = *value;
                    }
                    to.push(*rate);
                }
            }
            Self::Expression(expression) => to.push(expression.value(values, now.stack)),
        }
    }

    /// Its numbers by name and unit; `dims` are those of the quantities before it.
    pub(super) fn dims(&self, model: &Model, dims: &[SpaceDim]) -> Vec<SpaceDim> {
        let bodies = &model.bodies.name;
        let one = |name: &str, unit| vec![SpaceDim::unbounded(name, unit)];
        match self {
            Self::Point(_) => axes("a fixed point", "m"),
            Self::Positions(indices) => {
                let all = positions(model, 0);
                indices.iter().map(|i| all[*i].clone()).collect()
            }
            Self::Velocities(indices) => {
                let all = velocities(model, f64::INFINITY);
                indices.iter().map(|i| all[*i].clone()).collect()
            }
            Self::Place(frame) => axes(&frame.name(model), "m"),
            Self::Com(body) => axes(&format!("the centre of mass of {}", bodies[*body]), "m"),
            Self::Goal(_) => axes("the goal", "m"),
            Self::LinearVelocity(body) => {
                axes(&format!("the velocity of {}", bodies[*body]), "m/s")
            }
            Self::AngularVelocity(body) => axes(
                &format!("the angular velocity of {}", bodies[*body]),
                "rad/s",
            ),
            Self::Orientation(body) => ["w", "x", "y", "z"]
                .map(|part| {
                    SpaceDim::bounded(format!("orientation {part} of {}", bodies[*body]), "1", 1.0)
                })
                .to_vec(),
            Self::Upright(frame) => {
                vec![SpaceDim::bounded(
                    format!("uprightness of {}", frame.name(model)),
                    "1",
                    1.0,
                )]
            }
            Self::Sensor(sensor, _) => {
                let name = &model.sensors.name[*sensor];
                match model.sensors.kind[*sensor].dim() {
                    1 => one(name, "1"),
                    count => (0..count)
                        .map(|i| SpaceDim::unbounded(format!("{name} {i}"), "1"))
                        .collect(),
                }
            }
            Self::ActuatorForces(indices) => {
                let name = |i: &usize| format!("force of {}", model.actuators.name[*i]);
                indices
                    .iter()
                    .map(|i| SpaceDim::unbounded(name(i), "N"))
                    .collect()
            }
            Self::ContactForces(indices) => {
                let of = |i: &usize| {
                    let torque = axes(&format!("the contact torque on {}", bodies[*i]), "N m");
                    let force = axes(&format!("the contact force on {}", bodies[*i]), "N");
                    torque.into_iter().chain(force)
                };
                indices.iter().flat_map(of).collect()
            }
            Self::Contact(_) => {
                let (low, high) = (0.0, 1.0);
                vec![SpaceDim {
                    low,
                    high,
                    ..SpaceDim::unbounded("contact", "1")
                }]
            }
            Self::Action(numbers) => {
                let name = |i| format!("last action {i}");
                (0..*numbers)
                    .map(|i| SpaceDim::unbounded(name(i), "1"))
                    .collect()
            }
            Self::Time => one("time", "s"),
            Self::Same(of) => dims[of.clone()].to_vec(),
            Self::Difference(from, until) => {
                let pairs = dims[from.clone()].iter().zip(&dims[until.clone()]);
                let named = pairs.map(|(from, until)| {
                    SpaceDim::unbounded(format!("{} less {}", until.name, from.name), until.unit)
                });
                named.collect()
            }
            Self::Distance(..) => one("distance", "m"),
            Self::Rate(of, _) => {
                let named = dims[of.clone()].iter().map(|dim| {
                    let unit = match dim.unit {
                        "m" => "m/s",
                        "rad" => "rad/s",
                        _ => "1/s",
                    };
                    SpaceDim::unbounded(format!("rate of {}", dim.name), unit)
                });
                named.collect()
            }
            Self::Expression(_) => one("expression", "1"),
        }
    }

    /// Whether its numbers are angles, all of them.
    pub(super) fn is_angles(&self, model: &Model) -> bool {
        let hinges = |index: &usize| {
            let joint = model.joints.qposadr.partition_point(|first| first <= index) - 1;
            model.joints.kind[joint] == JointType::Hinge
        };
        match self {
            Self::Positions(indices) => indices.iter().all(hinges),
            _ => false,
        }
    }
}

/// Three numbers of one thing.
fn axes(of: &str, unit: &'static str) -> Vec<SpaceDim> {
    let axes = ["x", "y", "z"].into_iter();
    axes.map(|axis| SpaceDim::unbounded(format!("{axis} of {of}"), unit))
        .collect()
}

/// The velocity of a body's frame, in world axes.
fn velocity(model: &Model, state: &State, body: usize) -> Spatial {
    let Spatial { angular, linear } = state.cvel[body];
    let offset = state.xpos[body] - state.subtree_com[model.bodies.root[body]];
    Spatial {
        angular,
        linear: linear + angular.cross(offset),
    }
}

impl Frame {
    fn place(self, state: &State) -> DVec3 {
        match self {
            Self::Body(index) => state.xpos[index],
            Self::Geom(index) => state.geom_xpos[index],
            Self::Site(index) => state.site_xpos[index],
        }
    }

    fn upright(self, state: &State) -> f64 {
        let axes = match self {
            Self::Body(index) => state.xmat[index],
            Self::Geom(index) => state.geom_xmat[index],
            Self::Site(index) => state.site_xmat[index],
        };
        axes.z_axis.z
    }

    fn name(self, model: &Model) -> String {
        match self {
            Self::Body(index) => model.bodies.name[index].clone(),
            Self::Geom(index) => model.geoms.name[index].clone(),
            Self::Site(index) => model.sites.name[index].clone(),
        }
    }
}

impl Touch {
    fn is_made(&self, state: &State) -> bool {
        let [first, second] = &self.sides;
        let mut pairs = state.contacts.iter().filter(|contact| contact.dist <= 0.0);
        pairs.any(|contact| {
            let [a, b] = contact.geoms;
            first[a] && second[b] || first[b] && second[a]
        })
    }
}
