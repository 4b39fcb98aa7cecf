//! Every file and folder of a run, of either kind, by name: the one list of them.

#[cfg(feature = "run")]
use crate::observe::EVENTS;

/// The settings, by which a run is known.
pub(crate) const CONFIG: &str = "config.toml";
/// What the line in it begins with that tells where the networks of a run come from that did not draw them.
pub(crate) const FROM: &str = "# init-from: ";
/// What the line in it begins with that tells where the data of a run on a dataset lay.
pub(crate) const DATASET: &str = "# dataset: ";
/// The same of what the data are known by.
pub(crate) const DATA: &str = "# data: ";
/// A row for each evaluation.
pub(crate) const METRICS: &str = "metrics.csv";
/// The name of the device.
pub(crate) const DEVICE: &str = "device";
/// The folder of what a stopped run goes on from.
pub(crate) const RESUME: &str = "resume";
/// The state in it.
pub(crate) const STATE_NAME: &str = "state.bin";
/// The same from the run's folder.
pub(crate) const STATE: &str = "resume/state.bin";

/// Of a run in a task, the folder of its weights.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// The weights of step 0 in it, from which the run began.
pub(crate) const INITIAL: &str = "initial.safetensors";
/// The folder of the actors of all evaluations, where they are kept.
pub(crate) const POLICIES: &str = "policies";
/// The folder of the replay, in [`RESUME`].
pub(crate) const REPLAY: &str = "replay";

/// Of a run in a task of a file, the folder with what is kept of it.
pub(crate) const TASK: &str = "task";
/// A copy of the task's own file in it, and the hashes of all its files, as `sha256sum` writes them.
pub(crate) const TASK_FILES: [&str; 2] = ["task.toml", "files.sha256"];

/// Of a run on a dataset, what pruning left.
pub(crate) const PRUNING: &str = "pruning.csv";
/// Its networks, written when it is over.
pub(crate) const NETWORKS: &str = "networks.safetensors";
/// The policy of the last checkpoint, which reads the task's own observations, and what is known of it.
pub(crate) const POLICY: [&str; 2] = ["policy.safetensors", "policy.json"];
/// The same of the evaluation with the highest mean return.
pub(crate) const BEST: [&str; 2] = ["best.safetensors", "best.json"];

/// Of a sweep, the table of all runs.
pub(crate) const TABLE: &str = "sweep.csv";
/// The picture of several sparsities.
pub(crate) const PICTURE: &str = "sweep.svg";

/// What a report's page begins with.
pub(crate) const REPORT: &str = "<!doctype html><!-- a report of runs -->";
/// What a report in Markdown begins with.
pub(crate) const MARKDOWN: &str = "<!-- A report of runs, made and not to be edited:";
/// The first columns of a table of runs for other programs.
pub(crate) const LONG: [&str; 3] = ["exp_name", "env_name", "seed"];
/// What a file for rliable begins with.
pub(crate) const RLIABLE: &str = "{\"made_for\":\"rliable\",";

/// Whether it is the name of an event file of a run: others' names tell the host too.
#[cfg(feature = "run")]
pub(crate) fn is_events(name: &str) -> bool {
    let stamp = name.strip_prefix(EVENTS).unwrap_or_default();
    let stamp = stamp.split_once('.');
    stamp.is_some_and(|(time, count)| is_number(time) && is_number(count))
}

/// Whether it is all digits.
pub(crate) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
