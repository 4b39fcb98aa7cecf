//! What can go wrong, with the place, the value and what is allowed.

/// Result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {file}: {error}")]
    Read {
        /// The file.
        file: String,
        /// Why. It is in the message, so it is no `source`: who prints a chain would print it twice.
        error: std::io::Error,
    },
    /// The XML of a model cannot be read or asks for something that the engine does not do.
    #[error("{file}:{line}: <{element}>: {message}")]
    Mjcf {
        /// File, or the name under which a string was given.
        file: String,
        /// Line of the element, from 1.
        line: u32,
        /// Name of the element.
        element: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// No task has this name.
    #[error("unknown task `{id}`; {}known tasks: {known}", did_you_mean(.nearest))]
    UnknownTask {
        /// The name that was asked for.
        id: String,
        /// The known names that come nearest; there may be none.
        nearest: Vec<&'static str>,
        /// The known names.
        known: String,
    },
    /// A model is no task.
    #[error(
        "{file} is a model, and a task says besides what is seen of it, rewarded and when an episode ends: a task's file, on .toml, names \
         it"
    )]
    ModelAsTask {
        /// The model's file.
        file: String,
    },
    /// A task cannot be registered under a name that is taken.
    #[error("`{name}` is taken: it names the task {by}; register under another name or version")]
    TakenName {
        /// The name.
        name: &'static str,
        /// The task that it names.
        by: &'static str,
    },
    /// A name under which a task cannot be found again, or that could not name a folder.
    #[error(
        "`{name}` is no name of a task; letters, digits, `-`, `_` and `.` make one, such as MyRobot-v0 or lab/robot-v0"
    )]
    TaskName {
        /// The name.
        name: &'static str,
    },
    /// A task's id differs from the name under which it is registered.
    #[error(
        "the task registered as {name} calls itself `{id}` in its info; give both the same name"
    )]
    OtherName {
        /// The registered name.
        name: &'static str,
        /// [`TaskInfo::id`](crate::TaskInfo::id).
        id: &'static str,
    },
    /// A task's observation and its observation space differ in length.
    #[error(
        "{task} observes {written} numbers and declares {expected}; `observe` and `observation_space` must agree"
    )]
    Observation {
        /// The task.
        task: &'static str,
        /// Numbers that `observe` writes.
        written: usize,
        /// Numbers of the observation space.
        expected: usize,
    },
    /// An environment has no state that could be stored.
    #[error(
        "{task} cannot be resumed: its Env lacks `state` or `set_state`, which a run with checkpoints needs"
    )]
    NotResumable {
        /// The task.
        task: &'static str,
    },
    /// A vector has the wrong length.
    #[error("{what} has {got} entries, expected {expected}")]
    Length {
        /// What the vector is.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The length it should have.
        expected: usize,
    },
    /// A number is NaN or infinite.
    #[error("{what}[{index}] is {value}; it must be finite")]
    NotFinite {
        /// What the vector is.
        what: &'static str,
        /// Position of the number.
        index: usize,
        /// The number.
        value: f64,
    },
    /// An environment gave a reward or an observation that is NaN or infinite.
    #[error("{task} gave {what} = {value}; rewards and observations must be finite")]
    Gave {
        /// The task.
        task: &'static str,
        /// The number: `reward`, or `observation[2]`.
        what: String,
        /// Its value.
        value: f64,
    },
    /// An environment goes on after its time limit.
    #[error(
        "{task} went on after {limit} steps, its `max_episode_steps`; its `step` must set `truncated` then"
    )]
    Endless {
        /// The task.
        task: &'static str,
        /// [`TaskInfo::max_episode_steps`](crate::TaskInfo::max_episode_steps).
        limit: usize,
    },
    /// An episode of an environment without a time limit does not end.
    #[error(
        "{task} has no time limit, and an episode did not end in {steps} steps; give it a `max_episode_steps` and let `step` \
         set `truncated` then, or set `terminated`"
    )]
    Unlimited {
        /// The task.
        task: &'static str,
        /// Steps of the episode.
        steps: usize,
    },
    /// An environment was stepped before its first reset.
    #[error("{task} has not been reset; call reset with a seed before the first step")]
    NotReset {
        /// The task.
        task: &'static str,
    },
    /// A setting of a task is out of range.
    #[error("{task}: {name} is {value}; it must be {allowed}")]
    Setting {
        /// The task.
        task: &'static str,
        /// The setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it may be.
        allowed: String,
    },
    /// A task has no setting of this name.
    #[error("{task} has no setting `{name}`; {hint}")]
    UnknownSetting {
        /// The task.
        task: &'static str,
        /// The name.
        name: String,
        /// The setting that was probably meant, or those that there are.
        hint: String,
    },
    /// A setting of an environment is not of the kind, or not in the range, that it must be.
    #[error("{task}: {name} is {value}; it must be {allowed}")]
    BadSetting {
        /// The task.
        task: &'static str,
        /// The setting.
        name: String,
        /// Its value, as TOML.
        value: String,
        /// What it may be.
        allowed: String,
    },
    /// A task's file says something that it cannot mean.
    #[error("{file}:{line}: {message}")]
    TaskFile {
        /// The file.
        file: String,
        /// Its line, from 1.
        line: u32,
        /// The key, what is wrong with it and what would be right.
        message: String,
    },
    /// What is set over a task's file is not what it must be.
    #[error("{file}: {name} is {value}; {message}")]
    TaskFileSetting {
        /// The file.
        file: String,
        /// The setting, by its keys.
        name: String,
        /// Its value, as TOML.
        value: String,
        /// What is wrong with it and what would be right.
        message: String,
    },
    /// A model lacks what a task looks at.
    #[error("{task} needs {needed}; the model has {has}")]
    Model {
        /// The task.
        task: &'static str,
        /// What is missing.
        needed: String,
        /// What there is of it.
        has: String,
    },
    /// What an environment of a user's met.
    #[error("{task}: {error}")]
    Custom {
        /// The task.
        task: &'static str,
        /// What it met. It is in the message, so it is no `source`: who prints a chain would print it twice.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A picture cannot be made.
    #[error("picture: {0}")]
    Picture(String),
    /// There is nothing to step.
    #[error("no environments; give at least one")]
    NoEnvironments,
    /// An observation or an action has no numbers, so rows cannot be split by environment.
    #[error("{task}: its {what} is empty; environments side by side need one number or more in it")]
    EmptySpace {
        /// The task.
        task: &'static str,
        /// `observation` or `action`.
        what: &'static str,
    },
    /// The physics met a number that is not finite or too large, and started over.
    #[error(
        "{task} diverged after {elapsed_steps} steps: a position, velocity or acceleration is not finite or beyond 1e10"
    )]
    Diverged {
        /// The task.
        task: &'static str,
        /// Steps since the episode began.
        elapsed_steps: usize,
    },
}

/// `did you mean A or B? `, or nothing.
fn did_you_mean(nearest: &[&str]) -> String {
    match nearest {
        [] => String::new(),
        names => format!("did you mean {}? ", names.join(" or ")),
    }
}

/// Checks that a vector has the right length.
pub(crate) fn check_length(what: &'static str, values: &[f64], expected: usize) -> Result<()> {
    if values.len() == expected {
        Ok(())
    } else {
        Err(Error::Length {
            what,
            got: values.len(),
            expected,
        })
    }
}

/// Checks that a vector has the right length and holds finite numbers only.
pub(crate) fn check(what: &'static str, values: &[f64], expected: usize) -> Result<()> {
    check_length(what, values, expected)?;
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite {
            what,
            index,
            value: values[index],
        }),
        None => Ok(()),
    }
}
