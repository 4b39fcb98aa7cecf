//! The algorithm and its own settings.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::in_toml;
use crate::{Error, Result};

/// Most units of a layer: two such layers have as many weights between them as indices can count.
const MOST_UNITS: usize = (1 << 16) - 1;

/// The algorithm of a run. `FromStr` takes the names, with published settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum AlgoConfig {
    /// Behavioural cloning: a deterministic policy that copies the data.
    Bc,
    /// TD3 that clones too.
    Td3Bc(Td3BcConfig),
    /// Implicit Q-learning: clones actions that are better than expected, and evaluates no others.
    Iql(IqlConfig),
    /// Advantage-weighted actor-critic: clones actions that are better than its own.
    Awac(AwacConfig),
    /// Batch-constrained Q-learning: chooses among actions like the data's.
    Bcq(BcqConfig),
}

/// TD3+BC (Fujimoto & Gu 2021, arXiv:2106.06860; the numbers of its released code).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Td3BcConfig {
    /// Weight α of the value against cloning, 0 or more: the value is scaled by α over its mean size.
    pub alpha: f64,
    /// Standard deviation of the noise on target actions, 0 or more.
    pub target_noise: f64,
    /// Bound of that noise, 0 or more.
    pub target_noise_clip: f64,
    /// Critic updates per update of the actor and the targets, 1 or more.
    pub policy_delay: u64,
}

impl Default for Td3BcConfig {
    fn default() -> Self {
        Self {
            alpha: 2.5,
            target_noise: 0.2,
            target_noise_clip: 0.5,
            policy_delay: 2,
        }
    }
}

/// IQL (Kostrikov et al. 2021, arXiv:2110.06169; the numbers of its released code for MuJoCo's tasks).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct IqlConfig {
    /// The expectile τ that the value of a state is of its actions' values, in (0, 1): 0.5 is their mean, 1 would be
    /// their maximum.
    pub expectile: f64,
    /// Inverse temperature β of the advantages, 0 or more; 0 clones.
    pub beta: f64,
    /// Scale of rewards, above 0. `None` takes it from the dataset as the released code does: 1,000 over the range of
    /// the returns of its episodes, and 1 where all are the same. An agent that is built without a dataset then takes
    /// 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reward_scale: Option<f64>,
    /// Lower bound of log σ of the policy, at most 0.
    pub log_std_min: f64,
    /// Upper bound of log σ of the policy, 0 or more.
    pub log_std_max: f64,
}

impl Default for IqlConfig {
    fn default() -> Self {
        Self {
            expectile: 0.7,
            beta: 3.0,
            reward_scale: None,
            log_std_min: -5.0,
            log_std_max: 2.0,
        }
    }
}

/// AWAC (Nair et al. 2020, arXiv:2006.09359; the numbers of CORL's code, arXiv:2210.07105, whose scores on D4RL are
/// published).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AwacConfig {
    /// Temperature λ of the advantages, above 0.
    pub lambda: f64,
    /// Lower bound of log σ of the policy, at most 0.
    pub log_std_min: f64,
    /// Upper bound of log σ of the policy, 0 or more.
    pub log_std_max: f64,
}

impl Default for AwacConfig {
    fn default() -> Self {
        Self {
            lambda: 0.3333,
            log_std_min: -20.0,
            log_std_max: 2.0,
        }
    }
}

/// BCQ (Fujimoto et al. 2019, arXiv:1812.02900; the numbers of its released code).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BcqConfig {
    /// Largest perturbation Φ of a component of an action, in [0, 1].
    pub phi: f64,
    /// Weight λ of the smaller of two critics' values in a target, in [0, 1]; the larger has the rest.
    pub lambda: f64,
    /// Actions that a target is the best of, 1 or more.
    pub samples: usize,
    /// Actions that acting chooses among, 1 or more.
    pub candidates: usize,
    /// Features of the hidden layers of the encoder and of the decoder, each 1 or more.
    pub vae_hidden: Vec<usize>,
    /// Latent numbers per component of an action, 1 or more.
    pub latent_per_action: usize,
    /// Adam's learning rate for the encoder and the decoder, above 0.
    pub vae_learning_rate: f64,
}

impl Default for BcqConfig {
    fn default() -> Self {
        Self {
            phi: 0.05,
            lambda: 0.75,
            samples: 10,
            candidates: 100,
            vae_hidden: vec![750, 750],
            latent_per_action: 2,
            vae_learning_rate: 1e-3,
        }
    }
}

impl AlgoConfig {
    /// The names of all algorithms.
    pub const NAMES: [&str; 5] = {
        let [bc, td3_bc, iql, awac, bcq] = Self::CATALOGUE;
        [bc[0], td3_bc[0], iql[0], awac[0], bcq[0]]
    };

    /// Of each its name, what it is in a line, and where it comes from.
    pub const CATALOGUE: [[&str; 3]; 5] = [
        ["bc", "imitates the actions of the data", "arXiv 2106.06860"],
        [
            "td3-bc",
            "TD3 that stays near the actions of the data",
            "arXiv 2106.06860",
        ],
        [
            "iql",
            "expectiles of the values of the data's own actions",
            "arXiv 2110.06169",
        ],
        [
            "awac",
            "imitates actions by their advantage",
            "arXiv 2006.09359",
        ],
        [
            "bcq",
            "perturbs actions that a model of the data proposes",
            "arXiv 1812.02900",
        ],
    ];

    /// The algorithm's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Bc => "bc",
            Self::Td3Bc(_) => "td3-bc",
            Self::Iql(_) => "iql",
            Self::Awac(_) => "awac",
            Self::Bcq(_) => "bcq",
        }
    }

    /// Whether the published runs normalise observations.
    pub(super) fn normalises(&self) -> bool {
        match self {
            Self::Bc | Self::Td3Bc(_) | Self::Awac(_) => true,
            Self::Iql(_) | Self::Bcq(_) => false,
        }
    }

    /// Features of the hidden layers of published runs, of the policy as of the critics.
    pub(super) fn hidden(&self) -> Vec<usize> {
        match self {
            Self::Bc | Self::Td3Bc(_) | Self::Iql(_) => vec![256, 256],
            Self::Awac(_) => vec![256, 256, 256],
            Self::Bcq(_) => vec![400, 300],
        }
    }

    /// Transitions per update, and the learning rate, of published runs.
    pub(super) fn learning(&self) -> (usize, f64) {
        match self {
            Self::Bc | Self::Td3Bc(_) | Self::Iql(_) | Self::Awac(_) => (256, 3e-4),
            Self::Bcq(_) => (100, 1e-3),
        }
    }

    pub(super) fn validate(&self) -> Result<()> {
        match self {
            Self::Bc => Ok(()),
            Self::Td3Bc(td3_bc) => td3_bc.validate(),
            Self::Iql(iql) => iql.validate(),
            Self::Awac(awac) => awac.validate(),
            Self::Bcq(bcq) => bcq.validate(),
        }
    }
}

impl FromStr for AlgoConfig {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "bc" => Ok(Self::Bc),
            "td3-bc" => Ok(Self::Td3Bc(Td3BcConfig::default())),
            "iql" => Ok(Self::Iql(IqlConfig::default())),
            "awac" => Ok(Self::Awac(AwacConfig::default())),
            "bcq" => Ok(Self::Bcq(BcqConfig::default())),
            _ => {
                let names = Self::NAMES.join(", ");
                Err(Error::config("algo", name, format!("one of {names}")))
            }
        }
    }
}

impl Td3BcConfig {
    fn validate(&self) -> Result<()> {
        not_negative("algo.td3-bc.alpha", self.alpha)?;
        not_negative("algo.td3-bc.target_noise", self.target_noise)?;
        not_negative("algo.td3-bc.target_noise_clip", self.target_noise_clip)?;
        in_toml("algo.td3-bc.policy_delay", self.policy_delay, 1)
    }
}

impl IqlConfig {
    fn validate(&self) -> Result<()> {
        let tau = self.expectile;
        within(
            "algo.iql.expectile",
            tau,
            tau > 0.0 && tau < 1.0,
            "in (0, 1)",
        )?;
        not_negative("algo.iql.beta", self.beta)?;
        let scale = self.reward_scale.unwrap_or(1.0);
        positive("algo.iql.reward_scale", scale)?;
        let fields = ["algo.iql.log_std_min", "algo.iql.log_std_max"];
        log_std(fields, [self.log_std_min, self.log_std_max])
    }
}

impl AwacConfig {
    fn validate(&self) -> Result<()> {
        positive("algo.awac.lambda", self.lambda)?;
        let fields = ["algo.awac.log_std_min", "algo.awac.log_std_max"];
        log_std(fields, [self.log_std_min, self.log_std_max])
    }
}

impl BcqConfig {
    fn validate(&self) -> Result<()> {
        let share = |field, x: f64| within(field, x, (0.0..=1.0).contains(&x), "in [0, 1]");
        share("algo.bcq.phi", self.phi)?;
        share("algo.bcq.lambda", self.lambda)?;
        for (field, number) in [
            ("algo.bcq.samples", self.samples),
            ("algo.bcq.candidates", self.candidates),
            ("algo.bcq.latent_per_action", self.latent_per_action),
        ] {
            if !(1..=1 << 14).contains(&number) {
                return Err(Error::config(field, number, "1 to 16384"));
            }
        }
        hidden_layers("algo.bcq.vae_hidden", &self.vae_hidden)?;
        positive("algo.bcq.vae_learning_rate", self.vae_learning_rate)
    }
}

/// A configuration error unless these are sizes of one hidden layer or more.
pub(super) fn hidden_layers(field: &'static str, sizes: &[usize]) -> Result<()> {
    if sizes.is_empty() || !sizes.iter().all(|units| (1..=MOST_UNITS).contains(units)) {
        let allowed = format!("one hidden layer or more, each of 1 to {MOST_UNITS} units");
        return Err(Error::config(field, format!("{sizes:?}"), allowed));
    }
    Ok(())
}

/// A configuration error unless log σ, which starts at 0, is between finite bounds.
fn log_std([low, high]: [&'static str; 2], [min, max]: [f64; 2]) -> Result<()> {
    let good = min <= 0.0 && (min as f32).is_finite();
    within(low, min, good, "0 or less, and not infinite in f32")?;
    not_negative(high, max)
}

/// A configuration error unless `value` is finite and above 0. It is used in f32.
pub(super) fn positive(field: &'static str, value: f64) -> Result<()> {
    let good = value as f32 > 0.0 && (value as f32).is_finite();
    let allowed = "above 0, and neither 0 nor infinite in f32";
    within(field, value, good, allowed)
}

/// A configuration error unless `good`.
pub(super) fn within(field: &'static str, value: f64, good: bool, allowed: &str) -> Result<()> {
    let refused = || Err(Error::config(field, value, allowed));
    if good { Ok(()) } else { refused() }
}

/// A configuration error unless `value` is finite and 0 or more. It is used in f32.
fn not_negative(field: &'static str, value: f64) -> Result<()> {
    let good = value >= 0.0 && (value as f32).is_finite();
    within(field, value, good, "0 or more, and not infinite in f32")
}
