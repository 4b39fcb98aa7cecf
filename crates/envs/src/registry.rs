//! All tasks by name: Gymnasium's, those of DeepMind's control suite, and what users register.

use std::path::Path;
use std::sync::{LazyLock, OnceLock, PoisonError, RwLock};

use crate::env::{Env, TaskInfo};
use crate::nearest::distance;
use crate::tasks::{TaskSpec, control_suite, from_file, gymnasium};
use crate::wrappers::{self, Constructor, Settings};
use crate::{Error, Result};

/// Most names that an error suggests for an unknown one.
const MOST_NEAREST: usize = 3;

/// A task that [`make`] knows by name, as help, completions and tables show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaskEntry {
    /// Name and version, such as `HalfCheetah-v5`.
    pub name: &'static str,
    /// The task in one sentence.
    pub about: &'static str,
    /// Where the task is defined.
    pub source: &'static str,
}

/// A task's name and how it is made.
struct Entry {
    name: &'static str,
    constructor: Constructor,
    /// Name, help and source without making the environment, where they are known.
    listing: Option<TaskEntry>,
    /// The environment's own description, once one was made for it.
    info: OnceLock<Option<TaskInfo>>,
}

impl Entry {
    /// The entry of a task of this crate.
    fn own((spec, constructor): (TaskSpec, Constructor)) -> Self {
        Self {
            name: spec.id,
            constructor,
            listing: Some(TaskEntry {
                name: spec.id,
                about: spec.about,
                source: spec.source,
            }),
            info: OnceLock::new(),
        }
    }

    fn make(&self, settings: &Settings) -> Result<Box<dyn Env>> {
        let env = (self.constructor)(settings)?;
        match env.info().id {
            id if id == self.name => Ok(env),
            id => Err(Error::OtherName {
                name: self.name,
                id,
            }),
        }
    }

    fn info(&self) -> Option<&TaskInfo> {
        let made = || {
            self.make(&Settings::default())
                .ok()
                .map(|env| env.info().clone())
        };
        self.info.get_or_init(made).as_ref()
    }

    fn listing(&'static self) -> TaskEntry {
        let of_info = || match self.info() {
            Some(info) => (info.about, info.source),
            None => ("cannot be made", ""),
        };
        self.listing.unwrap_or_else(|| {
            let (about, source) = of_info();
            TaskEntry {
                name: self.name,
                about,
                source,
            }
        })
    }
}

/// All entries of this process. None is ever taken back, so that names and infos live as long as the process.
static ENTRIES: LazyLock<RwLock<Vec<&'static Entry>>> = LazyLock::new(|| {
    let own = gymnasium::all().into_iter().chain(control_suite::all());
    RwLock::new(
        own.map(Entry::own)
            .map(|entry| &*Box::leak(Box::new(entry)))
            .collect(),
    )
});

/// The entries as they are now; constructors may use the registry while they run.
fn entries() -> Vec<&'static Entry> {
    ENTRIES
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Makes a task known to [`make`], [`VecEnv::new`](crate::VecEnv::new), [`names`] and everything built on them, in this
/// process.
///
/// `name` ends with a version, such as `MyRobot-v0`, and is the [`TaskInfo::id`] of the environments that `constructor`
/// makes.
///
/// # Errors
/// [`Error::TakenName`] when the name means a known task already, in whatever spelling, and [`Error::TaskName`] when
/// it has no letter and no digit, or another character than those and `-`, `_` and `.`; a family may stand before it, as in
/// `dmc/walker-run`.
///
/// ```
/// use envs::{Mujoco, tasks::Hopper};
///
/// let moon = || Ok(Mujoco::new(Hopper::default())?.into());
/// let error = envs::register("hopper-v5", moon).unwrap_err();
/// assert!(error.to_string().starts_with("`hopper-v5` is taken: it names the task Hopper-v5"));
/// ```
pub fn register(
    name: &'static str,
    constructor: impl Fn() -> Result<Box<dyn Env>> + Send + Sync + 'static,
) -> Result<()> {
    register_with(name, move |settings| {
        settings.none(name)?;
        constructor()
    })
}

/// As [`register`], of a task with settings of its own, which `constructor` reads: an unknown one must be an error.
/// [`Settings::applied`] does that for the fields of a task. Settings of [wrappers](crate::wrappers) are not among them.
///
/// # Errors
/// As [`register`].
///
/// ```
/// use envs::{Mujoco, Settings, tasks::Swimmer};
///
/// envs::register_with("Pool-v0", |settings| {
///     # /*
///     let task = settings.applied(&Pool::default(), "Pool-v0")?;
///     # */
///     # let task = settings.applied(&Swimmer::default(), "Pool-v0")?;
///     Ok(Mujoco::new(task)?.into())
/// })?;
/// let error = envs::make_with("pool", &Settings::default().with("depth", 2)).err().unwrap();
/// assert!(error.to_string().starts_with("Pool-v0 has no setting `depth`; there are ctrl_cost_weight, "));
/// # Ok::<(), envs::Error>(())
/// ```
pub fn register_with(
    name: &'static str,
    constructor: impl Fn(&Settings) -> Result<Box<dyn Env>> + Send + Sync + 'static,
) -> Result<()> {
    let wanted = plain(name);
    let mut entries = ENTRIES.write().unwrap_or_else(PoisonError::into_inner);
    if let Some(entry) = found(&entries, &wanted) {
        let by = entry.name;
        return Err(Error::TakenName { name, by });
    }
    // Files and folders are named after tasks.
    let is_letter = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let is_word = |part: &str| !plain(part).is_empty() && part.chars().all(is_letter);
    if !name.split('/').all(is_word) {
        return Err(Error::TaskName { name });
    }
    entries.push(Box::leak(Box::new(Entry {
        name,
        constructor: Box::new(constructor),
        listing: None,
        info: OnceLock::new(),
    })));
    Ok(())
}

/// A new environment of the task `id`, with the settings of its registration: for this crate's own the published ones.
///
/// The version may be left out and is then the newest; case, `-`, `_` and spaces do not matter. A name that ends on `.toml`
/// is the path of a [task's file](crate::tasks::from_file).
///
/// # Errors
/// [`Error::UnknownTask`], which lists the known ones, and whatever the task's constructor meets.
///
/// ```
/// let env = envs::make("half_cheetah")?;
/// assert_eq!(env.info().id, "HalfCheetah-v5");
/// # Ok::<(), envs::Error>(())
/// ```
pub fn make(id: &str) -> Result<Box<dyn Env>> {
    make_with(id, &Settings::default())
}

/// As [`make`], with other settings: options of the task by name, and those of [wrappers](crate::wrappers::settings()).
///
/// # Errors
/// As [`make`]; [`Error::UnknownSetting`], [`Error::BadSetting`] and [`Error::TaskFileSetting`], with what is allowed.
pub fn make_with(id: &str, settings: &Settings) -> Result<Box<dyn Env>> {
    let (around, own) = settings.split();
    let env = match from_file::is_file(id) {
        true => from_file::open(id, &own)?.into(),
        false => entry(id)?.make(&own)?,
    };
    wrappers::wrap(env, &around)
}

/// The full name of the task `id`, in any spelling that [`make`] takes; of a file its path, whether it is there or not.
/// Makes no environment.
///
/// # Errors
/// [`Error::UnknownTask`].
///
/// ```
/// assert_eq!(envs::find("half-cheetah")?, "HalfCheetah-v5");
/// let error = envs::find("HalfChetah").unwrap_err().to_string();
/// assert!(error.starts_with("unknown task `HalfChetah`; did you mean HalfCheetah-v5?"));
/// # Ok::<(), envs::Error>(())
/// ```
pub fn find(id: &str) -> Result<&'static str> {
    match from_file::is_file(id) {
        true => Ok(from_file::intern(id)),
        false => Ok(entry(id)?.name),
    }
}

/// The names of the known tasks.
#[must_use]
pub fn names() -> Vec<&'static str> {
    entries().into_iter().map(|entry| entry.name).collect()
}

/// Name, help line and source of each known task. Makes no environment of the crate's own tasks.
#[must_use]
pub fn catalogue() -> Vec<TaskEntry> {
    entries().into_iter().map(Entry::listing).collect()
}

/// What is known of each task that can be made.
#[must_use]
pub fn list() -> Vec<&'static TaskInfo> {
    entries().into_iter().filter_map(Entry::info).collect()
}

/// The entry that a name means.
fn entry(id: &str) -> Result<&'static Entry> {
    let entries = entries();
    found(&entries, &plain(id)).ok_or_else(|| match is_model(id) {
        true => Error::ModelAsTask { file: id.into() },
        false => Error::UnknownTask {
            id: id.into(),
            nearest: nearest(&entries, &plain(id)),
            known: names().join(", "),
        },
    })
}

/// Whether a name is that of a model's file.
fn is_model(id: &str) -> bool {
    let end = Path::new(id).extension();
    end.is_some_and(|end| end.eq_ignore_ascii_case("xml"))
}

/// The entry whose plain name is `wanted`, or the newest version of which it is the name.
fn found(entries: &[&'static Entry], wanted: &str) -> Option<&'static Entry> {
    let exact = entries.iter().find(|entry| plain(entry.name) == wanted);
    let newest = || {
        let versions = entries.iter().filter_map(|entry| {
            let full = plain(entry.name);
            let (name, version) = split_version(&full)?;
            (name == wanted).then_some((version, entry))
        });
        versions
            .max_by_key(|(version, _)| *version)
            .map(|(_, entry)| entry)
    };
    exact.or_else(newest).copied()
}

/// Lower case, without separators.
fn plain(id: &str) -> String {
    id.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The name and the version of a plain name that ends on one.
fn split_version(plain: &str) -> Option<(&str, u32)> {
    let (name, version) = plain.rsplit_once('v')?;
    Some((name, version.parse().ok()?))
}

/// Known names that differ from `wanted` by few letters, the nearest first; versions count only where it has one.
fn nearest(entries: &[&'static Entry], wanted: &str) -> Vec<&'static str> {
    let mut near: Vec<(usize, &'static str)> = Vec::new();
    let mut seen = Vec::new();
    for entry in entries {
        let full = plain(entry.name);
        let name = match (split_version(wanted), split_version(&full)) {
            (None, Some((name, _))) => name.to_owned(),
            _ => full,
        };
        let apart = distance(wanted, &name);
        let part = wanted.len() > 2 && name.contains(wanted);
        if (part || 3 * apart <= name.len()) && !seen.contains(&name) {
            near.push((apart, entry.name));
            seen.push(name);
        }
    }
    near.sort_by_key(|(apart, _)| *apart);
    let names = near.into_iter().map(|(_, name)| name);
    names.take(MOST_NEAREST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_forgiven() {
        for id in [
            "HalfCheetah-v5",
            "halfcheetah",
            "HALF_CHEETAH_V5",
            "half-cheetah",
            "Half Cheetah v5",
        ] {
            assert_eq!(make(id).unwrap().info().id, "HalfCheetah-v5");
        }
        assert_eq!(make("walker2d").unwrap().info().id, "Walker2d-v5");
        assert_eq!(find("HOPPER_v3").unwrap(), "Hopper-v3");
    }

    #[test]
    fn unknown_names_list_the_known_and_the_nearest() {
        for (id, near) in [
            (
                "HalfCheetah-v6",
                "did you mean HalfCheetah-v5 or HalfCheetah-v4 or HalfCheetah-v3? ",
            ),
            (
                "Cheetah",
                "did you mean HalfCheetah-v5 or dmc/cheetah-run? ",
            ),
            ("walker-runs", "did you mean dmc/walker-run? "),
            ("Hoper", "did you mean Hopper-v5? "),
            (
                "pendulum",
                "did you mean InvertedPendulum-v5 or dmc/pendulum-swingup or InvertedDoublePendulum-v5? ",
            ),
            ("Atari", ""),
            ("xml", ""),
            ("", ""),
        ] {
            let error = make(id).map(|_| ()).unwrap_err().to_string();
            let expected =
                format!("unknown task `{id}`; {near}known tasks: HalfCheetah-v5, Hopper-v5, ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_model_is_told_from_a_task() {
        for id in ["robot.xml", "folder/ROBOT.XML"] {
            let error = make(id).map(|_| ()).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{id} is a model, and a task says besides")),
                "{error}"
            );
            assert!(
                error.ends_with("a task's file, on .toml, names it"),
                "{error}"
            );
        }
    }

    #[test]
    fn every_task_of_this_crate_has_the_name_under_which_it_is_made() {
        let own = gymnasium::all().into_iter().chain(control_suite::all());
        let own: Vec<_> = own.map(|(spec, _)| spec.id).collect();
        let found: Vec<_> = list().iter().map(|info| info.id).collect();
        assert_eq!(found, own);
        for (entry, info) in catalogue().iter().zip(list()) {
            let of_info = (info.id, info.about, info.source);
            assert_eq!((entry.name, entry.about, entry.source), of_info);
        }
    }
}
