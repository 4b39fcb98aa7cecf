//! Writing episodes so that Minari opens them, and with it all that reads its datasets.

use std::fs;
use std::path::{Path, PathBuf};

use hdf5_pure::{
    AttrValue, Datatype, EnumTypeBuilder, File, FileAccessProperties, StagedGroup, SyncPolicy,
    make_i8_type,
};
use serde_json::{Map, Value, json};

use super::{DATA, METADATA, space};
use crate::dataset::bounds::Bounds;
use crate::dataset::episode::Episode;
use crate::score::Reference;
use crate::{Error, Result};

/// Minari's version whose layout this is.
const MINARI_VERSION: &str = "0.5.4";

/// Bytes of episodes that wait in memory until they are written, for every [`FEW`] of them.
const BATCH: usize = 8 << 20;

/// Most bytes that wait. Each episode takes about 9 kB of memory besides.
const LARGEST_BATCH: usize = 128 << 20;

/// Appending an episode searches all that the file has, so short ones are written many at a time: with
/// 8 MB at a time a million steps in 45,000 episodes took ten minutes and were not half written.
const FEW: usize = 500;

/// What a dataset is, beside its episodes.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Minari's name: `namespace/name-v0`, of letters, digits, `-`, `_` and `/`; the namespace may be missing.
    pub id: String,
    /// Numbers of an observation, 1 or more.
    pub observation_size: usize,
    /// Smallest and largest of each number of an action, `[action]`, 1 or more, in the task's units.
    pub action_bounds: Vec<[f64; 2]>,
    /// What returns are measured against, where it is known.
    pub reference: Option<Reference>,
    /// Whether a dataset of this name may be there already; it stays until the new one is whole.
    pub replace: bool,
    /// Other entries of `metadata.json`: Minari knows `algorithm_name`, `author` (a list), `author_email` (a
    /// list), `code_permalink`, `description` and `env_spec` (Gymnasium's, as JSON in a text).
    pub entries: Map<String, Value>,
}

/// What was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// The dataset's folder, below Minari's: `open` reads it.
    pub folder: PathBuf,
    /// Number of episodes.
    pub episodes: usize,
    /// Number of steps.
    pub steps: usize,
    /// Undiscounted return of each episode.
    pub returns: Vec<f64>,
}

/// Writes a dataset into `folder`, Minari's folder of datasets (`MINARI_DATASETS_PATH`), one episode after the
/// other: a few megabytes of them are in memory at a time, or some hundreds where they are short. The returns' mean, deviation, minimum and maximum
/// go to `metadata.json`, beside the reference. The folder appears when everything is written.
///
/// # Errors
/// When the dataset exists, a file cannot be written, or an episode has no step, a size that does not fit, a
/// number that is not finite, or an action outside its bounds.
pub fn write(
    folder: &Path,
    description: &Description,
    episodes: impl IntoIterator<Item = Episode>,
) -> Result<Written> {
    try_write(folder, description, episodes.into_iter().map(Ok))
}

/// As [`write()`], for episodes that may fail while they are made: the first failure ends it, and no folder is left.
///
/// # Errors
/// As [`write()`], and the first of `episodes`.
pub fn try_write(
    folder: &Path,
    description: &Description,
    episodes: impl IntoIterator<Item = Result<Episode>>,
) -> Result<Written> {
    description.validate()?;
    let folder = folder.join(&description.id);
    let (data, partial) = (folder.join("data"), folder.join("data.partial"));
    if data.exists() && !description.replace {
        return Err(Error::file(&data)("exists already"));
    }
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(Error::file(&partial))?;
    }
    fs::create_dir_all(&partial).map_err(Error::file(&partial))?;
    let mut writer = Writer::create(&partial.join(DATA), description)?;
    for episode in episodes {
        writer.push(&episode?)?;
    }
    let (steps, returns) = writer.finish()?;
    let written = Written {
        episodes: returns.len(),
        steps,
        returns,
        folder,
    };
    let size = fs::metadata(partial.join(DATA)).map_err(Error::file(&partial))?;
    let metadata = description.metadata(&written, size.len());
    let path = partial.join(METADATA);
    let text = format!("{metadata:#}\n");
    fs::write(&path, text).map_err(Error::file(&path))?;
    if data.exists() {
        fs::remove_dir_all(&data).map_err(Error::file(&data))?;
    }
    fs::rename(&partial, &data).map_err(Error::file(&data))?;
    Ok(written)
}

impl Description {
    /// Checks what [`write()`] would refuse before the first episode.
    ///
    /// # Errors
    /// When the name is not Minari's, there is nothing to observe or to do, or a bound is not finite and ascending.
    pub fn validate(&self) -> Result<()> {
        if !is_id(&self.id) {
            let allowed = "namespace/name-v0, of letters, digits, `-`, `_` and `/`";
            return Err(config("id", &self.id, allowed));
        }
        if self.observation_size == 0 {
            return Err(config("observation_size", "0", "1 or more"));
        }
        Bounds::new(&self.action_bounds).map(drop)
    }

    fn metadata(&self, written: &Written, bytes: u64) -> Value {
        let observation = vec![[f64::NEG_INFINITY, f64::INFINITY]; self.observation_size];
        let mut all = self.entries.clone();
        let mut set = |key: &str, value: Value| drop(all.insert(key.to_owned(), value));
        set("dataset_id", json!(self.id));
        set("minari_version", json!(MINARI_VERSION));
        set("data_format", json!("hdf5"));
        set("jpeg_encoding", json!(true));
        set("total_episodes", json!(written.episodes));
        set("total_steps", json!(written.steps));
        // Minari counts megabytes of a million bytes, with one digit.
        let megabytes = (bytes as f64 / 1e5).round() / 10.0;
        set("dataset_size", json!(megabytes));
        set("observation_space", json!(space::write_box(&observation)));
        set("action_space", json!(space::write_box(&self.action_bounds)));
        if let Some(reference) = self.reference {
            set("ref_min_score", json!(reference.min));
            set("ref_max_score", json!(reference.max));
        }
        if written.episodes > 0 {
            let count = written.episodes as f64;
            let mean = written.returns.iter().sum::<f64>() / count;
            let squares = written.returns.iter().map(|r| (r - mean).powi(2));
            set("return_mean", json!(mean));
            set("return_std", json!((squares.sum::<f64>() / count).sqrt()));
            let returns = written.returns.iter().copied();
            set(
                "return_min",
                json!(returns.clone().fold(f64::INFINITY, f64::min)),
            );
            set(
                "return_max",
                json!(returns.fold(f64::NEG_INFINITY, f64::max)),
            );
        }
        Value::Object(all)
    }
}

/// Whether Minari takes an id; none leaves the folder.
fn is_id(id: &str) -> bool {
    let Some((name, version)) = id.rsplit_once("-v") else {
        return false;
    };
    let word = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    let number = !version.is_empty() && version.bytes().all(|c| c.is_ascii_digit());
    let mut parts = name.split('/');
    number && parts.all(|part| !part.is_empty() && part.chars().all(word))
}

fn config(field: &'static str, value: &str, allowed: &str) -> Error {
    Error::config(field, value, allowed)
}

/// A file that episodes go into.
struct Writer<'a> {
    path: PathBuf,
    description: &'a Description,
    bounds: Bounds,
    file: File,
    truth: Datatype,
    /// Bytes of what is not written yet.
    waiting: usize,
    /// Episodes that are.
    written: usize,
    steps: usize,
    returns: Vec<f64>,
}

impl<'a> Writer<'a> {
    fn create(path: &Path, description: &'a Description) -> Result<Self> {
        let access = FileAccessProperties::new().with_sync_policy(SyncPolicy::OnClose);
        let file = File::create_with_options(path, Default::default(), access);
        let mut truth = EnumTypeBuilder::with_base(make_i8_type());
        truth = truth.value("FALSE", 0).value("TRUE", 1);
        let file = file.map_err(Error::file(path))?;
        // As Minari 0.4 does, so that the file says them where it lies alone.
        let spec = description.entries.get("env_spec").and_then(Value::as_str);
        let space = space::write_box(&description.action_bounds);
        for (key, text) in [("action_space", Some(&*space)), ("env_spec", spec)] {
            if let Some(text) = text {
                let text = AttrValue::String(text.to_owned());
                file.root().set_attr(key, text).map_err(Error::file(path))?;
            }
        }
        Ok(Self {
            path: path.to_owned(),
            description,
            bounds: Bounds::new(&description.action_bounds)?,
            file,
            truth: truth.build().map_err(Error::file(path))?,
            waiting: 0,
            written: 0,
            steps: 0,
            returns: Vec::new(),
        })
    }

    fn push(&mut self, episode: &Episode) -> Result<()> {
        let number = self.returns.len();
        let name = format!("episode_{number}");
        let observation_size = self.description.observation_size;
        episode.check(&self.path, &name, observation_size, &self.bounds)?;
        let sizes = [observation_size, self.bounds.len()];
        let truth = &self.truth;
        let root = self.file.root();
        let staged = root.create_group_with(&name, |group| {
            stage(group, episode, number, sizes, truth);
        });
        staged.map_err(Error::file(&self.path))?;
        self.steps += episode.rewards.len();
        let rewards = episode.rewards.iter().map(|reward| f64::from(*reward));
        self.returns.push(rewards.sum());
        let numbers = episode.observations.len() + episode.actions.len() + episode.rewards.len();
        self.waiting += size_of::<f32>() * numbers;
        let episodes = self.returns.len() - self.written;
        if self.waiting >= LARGEST_BATCH.min(BATCH * episodes.div_ceil(FEW)) {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.waiting = 0;
        self.written = self.returns.len();
        self.file.commit().map_err(Error::file(&self.path))
    }

    /// Writes what waits; the number of steps, and the returns.
    fn finish(mut self) -> Result<(usize, Vec<f64>)> {
        self.commit()?;
        self.file.close().map_err(Error::file(&self.path))?;
        Ok((self.steps, self.returns))
    }
}

/// Describes an episode's group.
fn stage(
    group: &mut StagedGroup<'_>,
    episode: &Episode,
    number: usize,
    [observation_size, action_size]: [usize; 2],
    truth: &Datatype,
) {
    let steps = episode.rewards.len() as u64;
    group.set_attr("id", AttrValue::I64(number as i64));
    group.set_attr("total_steps", AttrValue::I64(steps as i64));
    let mut numbers = |key: &str, numbers: &[f32], shape: &[u64]| {
        group.create_dataset(key, |array| {
            array.with_f32_data(numbers).with_shape(shape);
        });
    };
    let [observation_size, action_size] = [observation_size as u64, action_size as u64];
    numbers(
        "observations",
        &episode.observations,
        &[steps + 1, observation_size],
    );
    numbers("actions", &episode.actions, &[steps, action_size]);
    numbers("rewards", &episode.rewards, &[steps]);
    for (key, ends) in [
        ("terminations", episode.terminated),
        ("truncations", episode.truncated),
    ] {
        let mut flags = vec![0; episode.rewards.len()];
        flags[episode.rewards.len() - 1] = u8::from(ends);
        group.create_dataset(key, |array| {
            array
                .with_enum_u8_data(truth.clone(), &flags)
                .with_shape(&[steps]);
        });
    }
}
