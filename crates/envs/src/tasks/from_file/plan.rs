//! A file's task, read and checked once.

use std::ops::Range;

use super::begin::Begin;
use super::builder::Builder;
use super::document::{Mark, Node};
use super::intern::{intern, intern_all};
use super::quantity::Quantities;
use super::reward::{End, Reward};
use crate::Result;
use crate::dynamics::Model;
use crate::env::{SpaceDim, TaskInfo};
use crate::tasks::common::action_dim;

/// Physics steps per step, at most.
const MOST_SKIPPED: usize = 10_000;
/// Steps of an episode, at most.
const LONGEST_EPISODE: usize = 1_000_000_000;

/// Numbers that are observed, and where the file says so.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) slot: Range<usize>,
    pub(super) mark: Mark,
}

/// All that stays while the task runs.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) info: TaskInfo,
    pub(super) model: Model,
    pub(super) begin: Begin,
    pub(super) goals: usize,
    pub(super) quantities: Quantities,
    /// Numbers that are observed.
    pub(super) observed: Vec<Observed>,
    pub(super) reward: Reward,
    pub(super) ends: Vec<End>,
    /// Whether all is measured at the time of the positions.
    pub(super) recompute: bool,
    pub(super) contact_forces: bool,
}

/// Reads a file's task on its model.
pub(super) fn plan<'a>(root: &Node<'a>, id: &'static str, model: Model) -> Result<Plan> {
    let text = |key: &str| {
        root.get(key)
            .map(|node| node.text("a sentence"))
            .transpose()
    };
    let count = |key: &str, default, most| match root.get(key) {
        Some(node) => node.count(1..=most),
        None => Ok(default),
    };
    let about = intern(text("about")?.unwrap_or("A task of a file."));
    let frame_skip = count("frame_skip", 1, MOST_SKIPPED)?;
    let max_episode_steps = count("max_episode_steps", 1000, LONGEST_EPISODE)?;
    let recompute = root
        .get("recompute")
        .map_or(Ok(false), |node| node.flag())?;
    if model.nu == 0 {
        let node = root.need("model", "")?;
        return Err(node.error("the model has no actuators, so there is nothing to learn"));
    }
    let section = root.get("begin");
    let goals = Begin::goals(section.as_ref())?;
    let begin = Begin::read(section.as_ref(), &model)?;
    let read = read_quantities(root, &model, &goals)?;
    let info = TaskInfo {
        id,
        about,
        source: id,
        observation: read
            .observed
            .iter()
            .flat_map(|seen| read.quantities.dims[seen.slot.clone()].to_vec())
            .collect(),
        action: (0..model.nu).map(|i| action(&model, i)).collect(),
        info: intern_all(read.reward.terms.iter().map(|term| term.name.as_str())),
        frame_skip,
        max_episode_steps,
    };
    Ok(Plan {
        info,
        begin,
        goals: goals.len(),
        contact_forces: read.quantities.has_contact_forces(),
        quantities: read.quantities,
        observed: read.observed,
        reward: read.reward,
        ends: read.ends,
        recompute,
        model,
    })
}

/// One number of the action. Where an actuator has no range, which agents need, it has the actuator's own name for who looks for it.
fn action(model: &Model, actuator: usize) -> SpaceDim {
    let mut dim = action_dim(model, actuator);
    let name = &model.actuators.name[actuator];
    let is_bounded = dim.low.is_finite() && dim.high.is_finite();
    if !is_bounded && !name.is_empty() {
        dim.name.clone_from(name);
    }
    dim
}

/// What a file says of quantities.
struct ReadQuantities {
    quantities: Quantities,
    observed: Vec<Observed>,
    reward: Reward,
    ends: Vec<End>,
}

fn read_quantities<'a>(
    root: &Node<'a>,
    model: &Model,
    goals: &[(String, Node<'a>)],
) -> Result<ReadQuantities> {
    let mut builder = Builder::new(model, root.get("quantities"), goals)?;
    builder.read_all()?;
    let observe = root.need(
        "observe",
        "a list of quantities, such as [{ position = \"all\" }, { velocity = \"all\" }]",
    )?;
    let mut observed = Vec::new();
    for node in observe.list() {
        let index = builder.operand(&node)?;
        observed.push(Observed {
            slot: builder.slot(index),
            mark: node.mark(),
        });
    }
    if observed.is_empty() {
        return Err(observe.error("nothing is observed"));
    }
    let section = root.need("reward", "a section with the terms of the reward")?;
    let mut reward = Reward::read(&section, &mut builder)?;
    let ends = root.get("end").map(|end| end.list()).unwrap_or_default();
    let ends = ends.iter().map(|node| End::read(node, &mut builder));
    let ends = ends.collect::<Result<Vec<_>>>()?;
    reward.read_total(&section, &mut builder)?;
    Ok(ReadQuantities {
        quantities: builder.quantities,
        observed,
        reward,
        ends,
    })
}
