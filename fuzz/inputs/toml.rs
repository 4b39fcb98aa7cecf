//! A configuration's text: settings that are written as they are read, or an error.

use offline_prune::config::OfflineConfig;
use rl_algos::config::TrainConfig;

/// Reads a text as settings of an online and of an offline run; whether it is either.
pub(crate) fn run(text: &str) -> bool {
    let online = TrainConfig::from_toml(text);
    if let Ok(config) = &online {
        let written = config.to_toml().expect("valid settings");
        assert_eq!(
            &TrainConfig::from_toml(&written).expect("valid settings"),
            config
        );
    }
    let offline = OfflineConfig::from_toml(text);
    if let Ok(config) = &offline {
        let written = config.to_toml().expect("valid settings");
        assert_eq!(
            &OfflineConfig::from_toml(&written).expect("valid settings"),
            config
        );
    }
    online.is_ok() || offline.is_ok()
}
