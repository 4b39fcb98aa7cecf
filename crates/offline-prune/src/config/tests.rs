//! What settings are refused, and what files say.

use rl_algos::Error as Wrong;
use rl_algos::config::AgentKind;

use super::*;
use crate::Error;
use crate::criteria::CriterionConfig;

#[test]
fn settings_survive_toml() {
    for AgentKind { name, .. } in agent_kinds() {
        let mut config = OfflineConfig::new(name.parse().unwrap(), "Hopper-v5");
        for pruning in [None, Some(PruneConfig::default())] {
            config.pruning = pruning;
            let text = config.to_toml().unwrap();
            assert_eq!(OfflineConfig::from_toml(&text).unwrap(), config, "{text}");
        }
    }
}

#[test]
fn what_is_outside_its_range_is_named() {
    type Change = fn(&mut OfflineConfig);
    let cases: [(Change, &str); 16] = [
        (
            |c| c.evaluation.episodes = usize::MAX,
            "evaluation.episodes = 18446744073709551615: must be 16384 at most",
        ),
        (
            |c| c.evaluation.keep_policies = true,
            "evaluation.keep_policies = true: must be false",
        ),
        (|c| c.updates = 0, "updates = 0: must be 1 or more"),
        (|c| c.learning.gamma = 1.5, "learning.gamma = 1.5"),
        (|c| c.learning.tau = 0.0, "learning.tau = 0"),
        (|c| c.learning.batch_size = 0, "learning.batch_size = 0"),
        (|c| c.networks.actor = vec![], "networks.actor = []"),
        (
            |c| c.learning.actor_learning_rate = f64::NAN,
            "learning.actor_learning_rate = NaN",
        ),
        (
            |c| {
                c.pruning = Some(PruneConfig {
                    sparsity: 1.0,
                    ..PruneConfig::default()
                });
            },
            "sparsity = 1",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(IqlConfig {
                    expectile: 1.0,
                    ..IqlConfig::default()
                });
            },
            "algo.iql.expectile = 1: must be in (0, 1)",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(IqlConfig {
                    reward_scale: Some(0.0),
                    ..IqlConfig::default()
                });
            },
            "algo.iql.reward_scale = 0: must be above 0",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(IqlConfig {
                    log_std_min: 0.5,
                    ..IqlConfig::default()
                });
            },
            "algo.iql.log_std_min = 0.5: must be 0 or less",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(AwacConfig {
                    lambda: 0.0,
                    ..AwacConfig::default()
                });
            },
            "algo.awac.lambda = 0: must be above 0",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(BcqConfig {
                    candidates: 0,
                    ..BcqConfig::default()
                });
            },
            "algo.bcq.candidates = 0: must be 1 to 16384",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(BcqConfig {
                    phi: 1.5,
                    ..BcqConfig::default()
                });
            },
            "algo.bcq.phi = 1.5: must be in [0, 1]",
        ),
        (
            |c| {
                c.algo = AlgoConfig::new(BcqConfig {
                    vae_hidden: vec![],
                    ..BcqConfig::default()
                });
            },
            "algo.bcq.vae_hidden = []",
        ),
    ];
    for (change, expected) in cases {
        let algo = AlgoConfig::new(Td3BcConfig::default());
        let mut config = OfflineConfig::new(algo, "Hopper-v5");
        change(&mut config);
        let error = config.validate().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

/// A file with one value in another's place.
fn with(algo: &str, key: &str, value: &str) -> Result<OfflineConfig> {
    let mut config = OfflineConfig::new(algo.parse().unwrap(), "Hopper-v5");
    let force = CriterionConfig::all()[4];
    config.pruning = Some(PruneConfig {
        criterion: force,
        ..PruneConfig::default()
    });
    if let Some(iql) = config.algo.get_mut::<IqlConfig>() {
        iql.reward_scale = Some(1.0);
    }
    let text = config.to_toml().unwrap();
    let begins = format!("{key} = ");
    let line = |line: &str| match line.starts_with(&begins) {
        true => format!("{begins}{value}"),
        false => line.to_owned(),
    };
    assert!(text.lines().any(|line| line.starts_with(&begins)), "{key}");
    let changed: Vec<String> = text.lines().map(line).collect();
    OfflineConfig::from_toml(&changed.join("\n"))
}

/// What may be set can be written and read again; what may not is refused with its name.
#[test]
fn every_number_at_its_extremes_is_refused_by_name_or_survives() {
    const WHOLE: [&str; 5] = [
        "0",
        "-1",
        "1.5",
        "9223372036854775807",
        "18446744073709551615",
    ];
    const REAL: [&str; 7] = ["-0.0", "-1.0", "nan", "inf", "-inf", "1e-300", "1e300"];
    let keys: [(&str, &[&str], &[&str]); 6] = [
        (
            "bc",
            &WHOLE,
            &[
                "updates",
                "seed",
                "prune_batches",
                "batch_size",
                "n_step",
                "every",
                "episodes",
            ],
        ),
        ("bc", &WHOLE, &["rounds", "min_inputs_per_unit"]),
        ("td3-bc", &WHOLE, &["policy_delay"]),
        (
            "bcq",
            &WHOLE,
            &["samples", "candidates", "latent_per_action"],
        ),
        (
            "iql",
            &REAL,
            &[
                "gamma",
                "tau",
                "actor_learning_rate",
                "critic_learning_rate",
                "sparsity",
            ],
        ),
        (
            "iql",
            &REAL,
            &[
                "expectile",
                "beta",
                "reward_scale",
                "log_std_min",
                "log_std_max",
            ],
        ),
    ];
    let more: [(&str, &[&str], &[&str]); 3] = [
        (
            "td3-bc",
            &REAL,
            &["alpha", "target_noise", "target_noise_clip"],
        ),
        ("awac", &REAL, &["lambda"]),
        ("bcq", &REAL, &["phi", "lambda", "vae_learning_rate"]),
    ];
    for (algo, values, keys) in keys.into_iter().chain(more) {
        for (key, value) in keys
            .iter()
            .flat_map(|key| values.iter().map(move |v| (key, v)))
        {
            match with(algo, key, value) {
                Ok(config) => {
                    let text = config.to_toml().unwrap();
                    assert_eq!(OfflineConfig::from_toml(&text).unwrap(), config);
                    assert!(toml::Table::try_from(&config).is_ok(), "{key} = {value}");
                }
                Err(Error::Learning(Wrong::Config { field, .. })) => {
                    assert!(field.ends_with(key), "{field}");
                }
                Err(Error::Learning(Wrong::Toml { message })) => {
                    let whole = !value.contains('.') || *value == "1.5";
                    let named = message.starts_with("line ") || message.contains(key);
                    assert!(whole && named, "{key}: {message}");
                }
                Err(other) => panic!("{key} = {value}: {other}"),
            }
        }
    }
    assert!(with("bc", "seed", "9223372036854775807").is_ok());
    // From the command line, past what TOML can say.
    let mut config = OfflineConfig::new("bc".parse().unwrap(), "Hopper-v5");
    config.seed = 10_u64.pow(19);
    let error = config.validate().unwrap_err().to_string();
    let expected = "seed = 10000000000000000000: must be 0 or more and below 2^63";
    assert_eq!(error, expected);
    let error = with("bc", "batch_size", "1000000000")
        .unwrap_err()
        .to_string();
    let expected = "learning.batch_size = 1000000000: must be 1048576 at most; the hidden layers alone would \
                        take 4096 GB for such a batch";
    assert_eq!(error, expected);
}

#[test]
fn an_unknown_key_is_named_with_the_known_ones() {
    let config = OfflineConfig::new("bc".parse().unwrap(), "Hopper-v5");
    let text = config.to_toml().unwrap().replace("gamma", "gama");
    let error = OfflineConfig::from_toml(&text).unwrap_err().to_string();
    assert!(
        error.contains("`gama`") && error.contains("`gamma`"),
        "{error}"
    );
}
