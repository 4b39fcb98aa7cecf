//! A first file for a model, with all that it has listed in comments.

use std::fmt::Write as _;

use crate::dynamics::model::{JointType, Model};

/// Length of a step that is aimed at (s).
const STEP: f64 = 0.02;

/// Names of one kind that are listed at most.
const MOST: usize = 200;

/// A first task for a model whose file, beside the task's, is `file`: it observes all positions and velocities and pays for
/// moving along x, where the model can, and for little control.
///
/// ```
/// let model = envs::mjcf::compile(
///     r#"<mujoco>
///       <worldbody><body name="cart"><joint name="x" type="slide" axis="1 0 0"/><geom size="0.1"/></body></worldbody>
///       <actuator><motor name="push" joint="x" ctrlrange="-1 1"/></actuator>
///     </mujoco>"#,
///     "cart",
/// )?;
/// let text = envs::tasks::from_file::template(&model, "cart.xml");
/// assert!(text.contains("model = \"cart.xml\"") && text.contains("#   push, -1 to 1"));
/// # Ok::<(), envs::Error>(())
/// ```
#[must_use]
pub fn template(model: &Model, file: &str) -> String {
    let timestep = model.opt.timestep;
    let skip = (STEP / timestep).round().clamp(1.0, 100.0);
    let mut text = format!(
        "# A task on {file}. Every key is explained on the book's page \"Your own robot in ten minutes\".\n\
         about = \"What the robot is to do, in a sentence.\"\n\
         # Beside this file.\n\
         model = {}\n\
         # Physics steps of {timestep} s per step.\n\
         frame_skip = {skip}\n\
         max_episode_steps = 1000\n\n",
        toml::Value::from(file),
    );
    let all = listed(model);
    let _ = write!(
        text,
        "{all}\n# What the agent sees, in this order.\n\
         observe = [\n    {{ position = \"all\" }},\n    {{ velocity = \"all\" }},\n]\n\n\
         # An episode ends when any of these is met, such as\n\
         #   {{ body = \"NAME\", axis = \"z\", outside = [0.5, inf] }}, {{ contact = [\"NAME\", \"NAME\"] }} or\n\
         #   {{ expression = \"speed > 10\" }} of a quantity `speed`.\n\
         end = []\n\n\
         [begin]\n\
         {}\
         noise = [\n    {{ position = \"all\", uniform = 0.01 }},\n    {{ velocity = \"all\", uniform = 0.01 }},\n]\n\
         # A point that is drawn anew in each episode, to be observed and rewarded by its name.\n\
         # goals.target = {{ low = [-0.1, -0.1, 0], high = [0.1, 0.1, 0] }}\n\n\
         # Names for what is used more than once, or in expressions.\n\
         [quantities]\n{}\n\
         # The reward is the sum of the terms.\n\
         [reward]\n{}\
         control = {{ action = true, squares = true, weight = -0.01 }}\n",
        keyframes(model),
        quantities(model),
        match moving(model) {
            Some(_) => "forward = { of = \"speed\", weight = 1 }\n",
            None => "alive = { alive = true, weight = 1 }\n",
        },
    );
    text
}

/// The first body that moves and has a name.
fn moving(model: &Model) -> Option<&str> {
    let bodies = &model.bodies;
    let moves = bodies
        .name
        .iter()
        .zip(&bodies.weld)
        .find(|(name, weld)| **weld > 0 && !name.is_empty());
    moves.map(|(name, _)| name.as_str())
}

fn quantities(model: &Model) -> String {
    match moving(model) {
        Some(body) => {
            let body = toml::Value::from(body);
            format!(
                "place = {{ body = {body} }}\nspeed = {{ rate = {{ body = {body}, axis = \"x\" }} }}\n"
            )
        }
        None => String::new(),
    }
}

fn keyframes(model: &Model) -> String {
    let names = model.keyframes.iter().map(|key| key.name.as_str());
    match names.clone().find(|name| !name.is_empty()) {
        Some(name) => format!("keyframe = {}\n", toml::Value::from(name)),
        None => String::new(),
    }
}

/// Joints, actuators and the rest as comments.
fn listed(model: &Model) -> String {
    let joints = &model.joints;
    let joint = |i: usize| {
        let kind = match joints.kind[i] {
            JointType::Free => "free: 7 positions, 6 velocities",
            JointType::Ball => "ball: 4 positions, 3 velocities",
            JointType::Slide => "slide, m",
            JointType::Hinge => "hinge, rad",
        };
        let [low, high] = joints.range[i];
        let limits = match joints.limited[i] {
            true => format!(", {low:.3} to {high:.3}"),
            false => String::new(),
        };
        format!("{}, {kind}{limits}", shown(&joints.name[i]))
    };
    let actuator = |i: usize| {
        let [low, high] = model.actuators.ctrlrange[i];
        let range = match low < high {
            true => format!("{low} to {high}"),
            false => "without a range, which training needs (ctrlrange)".to_owned(),
        };
        format!("{}, {range}", shown(&model.actuators.name[i]))
    };
    let names = |names: &[String]| {
        let named = names.iter().filter(|name| !name.is_empty());
        named.map(|name| shown(name)).collect::<Vec<_>>()
    };
    let sensor = |i: usize| {
        let count = model.sensors.kind[i].dim();
        format!("{}, numbers: {count}", shown(&model.sensors.name[i]))
    };
    let kinds = [
        ("Joints", (0..joints.name.len()).map(joint).collect()),
        ("Actuators", (0..model.nu).map(actuator).collect()),
        ("Bodies", names(&model.bodies.name)),
        ("Sites", names(&model.sites.name)),
        ("Geoms", names(&model.geoms.name)),
        (
            "Sensors",
            (0..model.sensors.kind.len()).map(sensor).collect(),
        ),
        (
            "Keyframes",
            names(
                &model
                    .keyframes
                    .iter()
                    .map(|key| key.name.clone())
                    .collect::<Vec<_>>(),
            ),
        ),
    ];
    let mut text = String::new();
    for (what, lines) in kinds {
        if lines.is_empty() {
            continue;
        }
        let _ = writeln!(text, "# {what}:");
        for line in lines.iter().take(MOST) {
            let _ = writeln!(text, "#   {line}");
        }
        if let Some(more) = lines.len().checked_sub(MOST).filter(|more| *more > 0) {
            let _ = writeln!(text, "#   and {more} more");
        }
    }
    text
}

/// A name on one line.
fn shown(name: &str) -> String {
    match name {
        "" => "(no name)".to_owned(),
        name => name.replace(char::is_control, " "),
    }
}
