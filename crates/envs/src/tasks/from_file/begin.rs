//! Where an episode begins: a keyframe, noise on joints, goals.

use glam::DVec3;

use super::builder::MOST;
use super::document::Node;
use super::names::numbers_of;
use crate::Result;
use crate::dynamics::State;
use crate::dynamics::model::{Keyframe, Model};
use crate::numpy_rng::NumpyRng;

/// How a number is drawn.
#[derive(Clone, Copy, Debug)]
enum Draw {
    /// Something of this size at most is added.
    Uniform(f64),
    /// Something of this standard deviation is added.
    Normal(f64),
    /// A number between two takes its place.
    Between([f64; 2]),
}

/// Numbers that are drawn.
#[derive(Clone, Debug)]
struct Noise {
    of_positions: bool,
    indices: Vec<usize>,
    draw: Draw,
}

/// A point that is drawn in a box.
#[derive(Clone, Debug)]
struct Goal {
    low: DVec3,
    high: DVec3,
    /// The mocap body that stands there.
    mocap: Option<usize>,
}

/// Where episodes begin.
#[derive(Clone, Debug, Default)]
pub(super) struct Begin {
    keyframe: Option<usize>,
    noise: Vec<Noise>,
    goals: Vec<Goal>,
}

impl Begin {
    /// The section's goals, by name.
    pub(super) fn goals<'a>(section: Option<&Node<'a>>) -> Result<Vec<(String, Node<'a>)>> {
        match section.and_then(|section| section.get("goals")) {
            Some(goals) => goals.entries("a table of goals by name"),
            None => Ok(Vec::new()),
        }
    }

    pub(super) fn read(section: Option<&Node<'_>>, model: &Model) -> Result<Self> {
        let Some(section) = section else {
            return Ok(Self::default());
        };
        section.only(&["keyframe", "noise", "goals"])?;
        let names: Vec<String> = model.keyframes.iter().map(|key| key.name.clone()).collect();
        let keyframe = section.get("keyframe");
        let noise = section
            .get("noise")
            .map(|noise| noise.list())
            .unwrap_or_default();
        let goals = Self::goals(Some(section))?;
        let noise: Vec<Noise> = noise
            .iter()
            .map(|node| Noise::read(node, model))
            .collect::<Result<_>>()?;
        if noise.iter().map(|noise| noise.indices.len()).sum::<usize>() > MOST {
            return Err(section.error(format!("more than {MOST} numbers are drawn")));
        }
        Ok(Self {
            keyframe: keyframe
                .map(|name| name.index("keyframe", &names))
                .transpose()?,
            noise,
            goals: read_goals(&goals, model)?,
        })
    }

    /// Sets the state of a model in its reference pose, and draws the goals.
    pub(super) fn set(
        &self,
        model: &Model,
        state: &mut State,
        rng: &mut NumpyRng,
        goals: &mut [DVec3],
    ) {
        if let Some(key) = self.key(model) {
            state.qpos.copy_from_slice(&key.qpos);
            state.qvel.copy_from_slice(&key.qvel);
            state.ctrl.copy_from_slice(&key.ctrl);
            state.act.copy_from_slice(&key.act);
        }
        for noise in &self.noise {
            let numbers = match noise.of_positions {
                true => &mut state.qpos,
                false => &mut state.qvel,
            };
            for index in &noise.indices {
                let number = &mut numbers[*index];
                match noise.draw {
                    Draw::Uniform(size) => *number += rng.uniform(-size, size),
                    Draw::Normal(std) => *number += std * rng.standard_normal(),
                    Draw::Between([low, high]) => *number = rng.uniform(low, high),
                }
            }
        }
        for (goal, place) in self.goals.iter().zip(&mut *goals) {
            let axis = |low: f64, high: f64, rng: &mut NumpyRng| rng.uniform(low, high);
            place.x = axis(goal.low.x, goal.high.x, rng);
            place.y = axis(goal.low.y, goal.high.y, rng);
            place.z = axis(goal.low.z, goal.high.z, rng);
        }
        self.place(model, state, goals);
    }

    fn key<'m>(&self, model: &'m Model) -> Option<&'m Keyframe> {
        self.keyframe.map(|index| &model.keyframes[index])
    }

    /// Puts mocap bodies where the keyframe has them, and where the goals are.
    pub(super) fn place(&self, model: &Model, state: &mut State, goals: &[DVec3]) {
        if let Some(key) = self.key(model) {
            state.mocap_pos.copy_from_slice(&key.mocap_pos);
            state.mocap_quat.copy_from_slice(&key.mocap_quat);
        }
        for (goal, place) in self.goals.iter().zip(goals) {
            if let Some(mocap) = goal.mocap {
                state.mocap_pos[mocap] = *place;
            }
        }
    }
}

/// Reads the goals, of which each has a mocap body to itself.
fn read_goals(section: &[(String, Node<'_>)], model: &Model) -> Result<Vec<Goal>> {
    let mut goals: Vec<Goal> = Vec::with_capacity(section.len());
    let mut held = vec![None; model.bodies.mocap.len()];
    for (name, node) in section {
        let goal = Goal::read(node, model)?;
        if let Some(mocap) = goal.mocap
            && let Some(other) = held[mocap].replace(name)
        {
            let body = node.need("mocap", "")?;
            return Err(body.error(format!(
                "the body stands where the goal `{other}` is already"
            )));
        }
        goals.push(goal);
    }
    Ok(goals)
}

impl Noise {
    fn read(node: &Node<'_>, model: &Model) -> Result<Self> {
        node.only(&[
            "position", "velocity", "except", "uniform", "normal", "between",
        ])?;
        let of_positions = match (node.get("position"), node.get("velocity")) {
            (Some(_), None) => true,
            (None, Some(_)) => false,
            _ => {
                return Err(node.error(
                    "give one of position and velocity: \"all\", a joint or a list of joints",
                ));
            }
        };
        let draw = match (node.get("uniform"), node.get("normal"), node.get("between")) {
            (Some(size), None, None) => Draw::Uniform(size.size()?),
            (None, Some(std), None) => Draw::Normal(std.size()?),
            (None, None, Some(range)) => {
                let limits = range.range()?;
                range.all_finite()?;
                Draw::Between(limits)
            }
            _ => {
                return Err(node.error(
                    "give one of uniform = SIZE, normal = STANDARD_DEVIATION and between = [LOW, HIGH]",
                ));
            }
        };
        let key = if of_positions { "position" } else { "velocity" };
        Ok(Self {
            of_positions,
            indices: numbers_of(node, key, model)?,
            draw,
        })
    }
}

impl Goal {
    fn read(node: &Node<'_>, model: &Model) -> Result<Self> {
        node.only(&["low", "high", "mocap"])?;
        let corner = |key: &str| -> Result<DVec3> {
            let corner = node.need(key, "a corner of the box, such as [0.1, -0.2, 0]")?;
            Ok(DVec3::from(corner.place()?))
        };
        let (low, high) = (corner("low")?, corner("high")?);
        if low.cmpgt(high).any() {
            return Err(node.error("`low` must be at most `high`, number by number"));
        }
        let mocap = match node.get("mocap") {
            None => None,
            Some(name) => {
                let body = name.index("body", &model.bodies.name)?;
                let mocap = model.bodies.mocap[body];
                Some(
                    mocap
                        .ok_or_else(|| name.error("the body is no mocap body (mocap=\"true\")"))?,
                )
            }
        };
        Ok(Self { low, high, mocap })
    }
}
