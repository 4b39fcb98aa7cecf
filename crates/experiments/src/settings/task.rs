//! Which task a dataset is of: what it says itself, or what its path says and its numbers allow.

use std::path::{Component, Path};

use anyhow::{Result, bail};
use envs::tasks::from_file;
use offline_prune::dataset::{Layout, Peek};

/// Words that say which data of a task they are, in D4RL's names.
const KINDS: [&str; 5] = ["random", "medium", "expert", "replay", "full"];

/// Other words beside a task's name that make it no other thing.
const PLAIN: [&str; 9] = [
    "d4rl", "minari", "mujoco", "gym", "data", "dataset", "datasets", "offline", "simple",
];

/// D4RL's data are of Gym's version 2 (`gym_mujoco` of its code), whose models and rewards version 3 kept.
const GYM: &str =
    "D4RL's data are of Gym's version 2, and the oldest version here is nearest to that";

/// A task, and why it is thought to be that.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Guess {
    pub(super) env: String,
    pub(super) why: String,
    /// Whether more than the task's name tells its version.
    versioned: bool,
}

/// The task of a dataset.
///
/// # Errors
/// When it cannot be told, or cannot be told apart from another, with what to do.
pub(super) fn guess(path: &Path, peek: &Peek) -> Result<Guess> {
    if let Some(env) = &peek.env {
        return said(path, env, peek);
    }
    for part in parts(path).rev() {
        if let Some(named) = Named::of(part) {
            return named.settle(peek);
        }
    }
    let fitting = match fitting(peek, |_| true).join(", ") {
        none if none.is_empty() => String::new(),
        some => format!(" (its numbers fit {some})"),
    };
    bail!(
        "{} names no task; say which with --env, such as --env hopper{fitting}, or --env none to learn without \
         evaluation",
        path.display()
    )
}

/// What speaks against a task that was asked for.
pub(super) fn doubt(path: &Path, env: &str) -> Option<String> {
    let peek = Peek::at(path).ok()?;
    let guess = guess(path, &peek).ok().filter(|guess| guess.env != env)?;
    let Guess {
        env: other,
        why,
        versioned,
    } = guess;
    let doubted = versioned || family(&other) != family(env);
    doubted.then(|| format!("{env} was asked for, and the dataset seems to be of {other}: {why}"))
}

/// Whether a part of a path names a task.
pub(super) fn names_task(part: &str) -> bool {
    Named::of(part).is_some()
}

/// The task that the dataset itself names.
fn said(path: &Path, env: &str, peek: &Peek) -> Result<Guess> {
    let own = match peek.env_settings {
        true => ", with settings of its own (kwargs), which are not taken",
        false => "",
    };
    let is_there = from_file::is_file(env) && Path::new(env).is_file();
    if envs::names().contains(&env) || is_there {
        return Ok(Guess {
            env: env.to_owned(),
            why: format!("the dataset says so{own}"),
            versioned: true,
        });
    }
    // Older versions than there are here.
    let old = |v: &str| v.parse::<u32>().is_ok_and(|v| v < 3);
    let version = env.rsplit_once("-v").filter(|(_, v)| old(v));
    let oldest = version.and_then(|_| fitting(peek, |task| family(task) == family(env)).pop());
    match oldest {
        Some(oldest) => Ok(Guess {
            env: oldest.to_owned(),
            why: format!("the dataset says {env}, and this version is nearest to that{own}"),
            versioned: true,
        }),
        None => bail!(
            "{} says that it is of {env}, which is no task here; say which with --env, or --env none to learn without \
             evaluation",
            path.display()
        ),
    }
}

/// A part of a path that begins with a task's name.
struct Named<'a> {
    part: &'a str,
    /// The task's name, without its version.
    family: &'static str,
    /// Whether all other words are those of datasets.
    plain: bool,
    /// Whether one of them is a kind of D4RL's.
    kind: bool,
    version: Option<u32>,
}

impl<'a> Named<'a> {
    fn of(part: &'a str) -> Option<Self> {
        let stem = part.split('.').next().unwrap_or(part).to_ascii_lowercase();
        let mut words = stem.split(|c: char| !c.is_ascii_alphanumeric());
        let first = words.next()?;
        let mut families = envs::names().into_iter().map(family);
        let family = families.find(|family| family.eq_ignore_ascii_case(first))?;
        let mut named = Self {
            part,
            family,
            plain: true,
            kind: false,
            version: None,
        };
        for word in words {
            let number = |word: &str| word.parse::<u32>().ok();
            named.kind |= KINDS.contains(&word);
            named.version = word.strip_prefix('v').and_then(number).or(named.version);
            named.plain &= KINDS.contains(&word)
                || PLAIN.contains(&word)
                || word.is_empty()
                || number(word.trim_start_matches(['v', 's'])).is_some();
        }
        Some(named)
    }

    /// The version, where there is no doubt about the task.
    fn settle(&self, peek: &Peek) -> Result<Guess> {
        let Self {
            part, family: name, ..
        } = *self;
        let own = fitting(peek, |task| family(task) == name);
        let mut others = fitting(peek, |task| family(task) != name);
        let sizes = peek.sizes.map_or_else(String::new, |[seen, done]| {
            format!("{seen} numbers in an observation and {done} in an action")
        });
        if own.is_empty() {
            let fit = match others.as_slice() {
                [] => "no task here has".to_owned(),
                others => format!("{} have", others.join(", ")),
            };
            bail!(
                "`{part}` names {name}, but the dataset has {sizes}, as {fit}; say which with --env, or --env none to \
                 learn without evaluation"
            );
        }
        if !self.plain && !others.is_empty() {
            others.dedup_by_key(|task| family(task));
            bail!(
                "`{part}` may be of {name}, but says more, and its {sizes} are also those of {}; say which with --env",
                others.join(", ")
            );
        }
        let versions = |version: &u32| {
            own.iter()
                .find(|task| task.ends_with(&format!("-v{version}")))
        };
        let exact = self
            .version
            // Beside a kind of data it is the data's revision, which ends at 2 in D4RL.
            .filter(|version| !self.kind || (*version > 2 && peek.layout != Layout::Minari))
            .as_ref()
            .and_then(versions);
        let hdf5 = peek.layout == Layout::D4rl;
        let of_gym = self.kind && (hdf5 || (peek.layout == Layout::Npz && self.version.is_some()));
        let named = format!("`{part}` in its path names it");
        let (env, why) = match (exact, of_gym) {
            (Some(env), _) => (env, named),
            (None, true) => (&own[own.len() - 1], format!("{named}; {GYM}")),
            (None, false) => {
                let newest = "the newest version with its numbers, as nothing says another";
                (&own[0], format!("{named}; {newest}"))
            }
        };
        Ok(Guess {
            env: (*env).to_owned(),
            why,
            versioned: exact.is_some() || of_gym,
        })
    }
}

/// A task's name without its version.
fn family(task: &str) -> &str {
    task.split_once("-v").map_or(task, |(family, _)| family)
}

/// The tasks of a kind whose numbers of observations and actions are those of a dataset, newest first.
fn fitting(peek: &Peek, is: impl Fn(&str) -> bool) -> Vec<&'static str> {
    let fits = |task: &&envs::TaskInfo| {
        let sizes = [task.observation.len(), task.action.len()];
        is(task.id) && peek.sizes.is_none_or(|own| own == sizes)
    };
    envs::list()
        .into_iter()
        .filter(fits)
        .map(|task| task.id)
        .collect()
}

fn parts(path: &Path) -> impl DoubleEndedIterator<Item = &str> {
    path.components().filter_map(|part| match part {
        Component::Normal(part) => part.to_str(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peek(layout: Layout, seen: usize, done: usize) -> Peek {
        Peek {
            sizes: Some([seen, done]),
            layout,
            ..Peek::default()
        }
    }

    #[test]
    fn paths_name_their_task_and_its_version() {
        for (path, peek, task, why) in [
            (
                "datasets/hopper/medium-v0",
                peek(Layout::Minari, 11, 3),
                "Hopper-v5",
                "newest",
            ),
            (
                "d4rl/halfcheetah_medium-v2.hdf5",
                peek(Layout::D4rl, 17, 6),
                "HalfCheetah-v3",
                "Gym's version 2",
            ),
            (
                "walker2d_expert.hdf5",
                peek(Layout::D4rl, 17, 6),
                "Walker2d-v3",
                "Gym's version 2",
            ),
            (
                "walker2d-medium-v2.npz",
                peek(Layout::Npz, 17, 6),
                "Walker2d-v3",
                "Gym's version 2",
            ),
            // No revision of D4RL's data is above 2.
            (
                "hopper-medium-v5.hdf5",
                peek(Layout::D4rl, 11, 3),
                "Hopper-v5",
                "`hopper-medium-v5.hdf5`",
            ),
            (
                "walker2d-medium.npz",
                peek(Layout::Npz, 17, 6),
                "Walker2d-v5",
                "newest",
            ),
            (
                "Walker2d-v4/mine.npz",
                peek(Layout::Npz, 17, 6),
                "Walker2d-v4",
                "`Walker2d-v4`",
            ),
            (
                "mujoco/walker2d/expert-v0/data/main_data.hdf5",
                peek(Layout::Minari, 17, 6),
                "Walker2d-v5",
                "`walker2d`",
            ),
            (
                "ant/hopper-v0.npz",
                peek(Layout::Npz, 11, 3),
                "Hopper-v5",
                "newest",
            ),
            // The numbers tell the version.
            (
                "ant-expert-v2.hdf5",
                peek(Layout::D4rl, 111, 8),
                "Ant-v3",
                "`ant-expert-v2.hdf5`",
            ),
            (
                "ant.npz",
                peek(Layout::Npz, 27, 8),
                "Ant-v4",
                "newest version with its numbers",
            ),
            // No other task has these numbers, whatever else the name says.
            (
                "hopper-of-mine.npz",
                peek(Layout::Npz, 11, 3),
                "Hopper-v5",
                "`hopper-of-mine.npz`",
            ),
        ] {
            let found = guess(Path::new(path), &peek).unwrap();
            assert_eq!(found.env, task, "{path}");
            assert!(found.why.contains(why), "{path}: {}", found.why);
        }
    }

    #[test]
    fn what_cannot_be_told_is_asked_for() {
        for (path, peek, words) in [
            (
                "antmaze-umaze.hdf5",
                peek(Layout::D4rl, 29, 8),
                ["names no task", "--env none"],
            ),
            (
                "x.npz",
                peek(Layout::Npz, 17, 6),
                ["names no task", "fit HalfCheetah-v5, Walker2d-v5"],
            ),
            (
                "walker2d-vs-cheetah",
                peek(Layout::Minari, 17, 6),
                ["may be of Walker2d", "HalfCheetah-v5"],
            ),
            (
                "halfcheetah2-x/walker2d-like",
                peek(Layout::Minari, 17, 6),
                ["may be of", "--env"],
            ),
            (
                "hopper-medium-v2.hdf5",
                peek(Layout::D4rl, 17, 6),
                ["names Hopper", "Walker2d-v5"],
            ),
            (
                "hopper.npz",
                peek(Layout::Npz, 5, 5),
                ["names Hopper", "no task here has"],
            ),
        ] {
            let error = guess(Path::new(path), &peek).unwrap_err().to_string();
            for word in words {
                assert!(error.contains(word), "{path}: {error}");
            }
        }
    }

    #[test]
    fn what_a_dataset_says_itself_wins() {
        let path = Path::new("walker2d/x");
        let of = |env: &str| {
            let env = Some(env.to_owned());
            let peek = peek(Layout::Minari, 11, 3);
            guess(path, &Peek { env, ..peek })
        };
        assert_eq!(of("Hopper-v4").unwrap().env, "Hopper-v4");
        let old = of("Hopper-v2").unwrap();
        assert_eq!(old.env, "Hopper-v3");
        assert!(old.why.contains("says Hopper-v2"), "{}", old.why);
        let error = of("AntMaze_UMaze-v4").unwrap_err().to_string();
        assert!(
            error.contains("AntMaze_UMaze-v4, which is no task here"),
            "{error}"
        );
    }
}
