//! Which command a run's configuration is for: `train` and `offline` both call theirs `config.toml`.

use std::fs;
use std::path::Path;

use crate::terminal::shell;
use crate::terminal::tell::program;
use anyhow::{Result, bail};
use toml::Table;

use super::names::{CONFIG, DATA};

/// What learns by a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `cargo xtask train`.
    Online,
    /// `cargo xtask offline`.
    Offline,
}

/// Keys that only one of them has.
const ONLINE: [&str; 7] = [
    "recipe",
    "steps",
    "sparsity",
    "topology",
    "n_step",
    "replay",
    "exploration",
];
const OFFLINE: [&str; 3] = ["updates", "normalise_observations", "prune_batches"];

impl Kind {
    /// The kind of a text; `None` where it does not say.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if text.lines().any(|line| line.starts_with(DATA)) {
            return Some(Self::Offline);
        }
        let table: Table = toml::from_str(text).ok()?;
        let has = |keys: &[&str]| keys.iter().any(|key| table.contains_key(*key));
        match (has(&ONLINE), has(&OFFLINE)) {
            (true, false) => Some(Self::Online),
            (false, true) => Some(Self::Offline),
            _ => None,
        }
    }

    /// The command.
    pub(crate) fn command(self) -> String {
        let word = match self {
            Self::Online => "train",
            Self::Offline => "offline",
        };
        format!("{} {word}", program())
    }

    /// Refuses the text of the file at `place` where it is for the other one, which takes it by `option`.
    ///
    /// # Errors
    /// When it is.
    pub(crate) fn check(self, text: &str, place: &Path, option: &str) -> Result<()> {
        match Self::of(text) {
            Some(other) if other != self => {
                let (command, word) = (other.command(), shell::word(place));
                let place = place.display();
                bail!("{place} is of `{command}`, which takes it: {command} {option} {word}")
            }
            _ => Ok(()),
        }
    }

    /// Refuses the folder of a run of the other one, which goes on with it.
    ///
    /// # Errors
    /// When it is.
    pub(crate) fn check_run(self, folder: &Path) -> Result<()> {
        let text = fs::read_to_string(folder.join(CONFIG)).unwrap_or_default();
        self.check(&text, folder, "--resume")
    }
}

#[cfg(test)]
mod tests {
    use offline_prune::config::OfflineConfig;
    use rl_algos::recipes;

    use super::*;

    #[test]
    fn every_configuration_says_what_it_is_for() {
        for recipe in ["rlx2-td3", "dense-sac", "pruned"] {
            let text = recipes::named(recipe, "Hopper-v5")
                .unwrap()
                .to_toml()
                .unwrap();
            assert_eq!(Kind::of(&text), Some(Kind::Online), "{recipe}");
        }
        for algo in ["bc", "td3-bc", "bcq"] {
            let config = OfflineConfig::new(algo.parse().unwrap(), "Hopper-v5");
            let text = config.to_toml().unwrap();
            assert_eq!(Kind::of(&text), Some(Kind::Offline), "{algo}");
        }
        assert_eq!(
            Kind::of("# data: 5 transitions\nseed = \n"),
            Some(Kind::Offline)
        );
        for nothing in ["", "seed = 1\n", "steps = 1\nupdates = 2\n", "env = \n"] {
            assert_eq!(Kind::of(nothing), None, "{nothing}");
        }
    }
}
