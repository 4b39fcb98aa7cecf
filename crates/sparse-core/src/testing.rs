//! Checks for tests of your own rules.
//!
//! Each draws some hundred small networks from fixed seeds, lets a rule act on them, and reports what does not hold:
//!
//! ```
//! use sparse_core::{testing, topology::{RigL, RuleConfig}};
//!
//! let rule = RuleConfig::from(RigL::default());
//! testing::check_rule(&rule)?;
//! testing::check_floor(&rule)?;
//! testing::check_constant_nnz(&rule)?;
//! testing::check_config(&rule)?;
//! # Ok::<(), String>(())
//! ```
//!
//! A rule acts at updates 1 to 8 there. One that begins later is checked at its own updates, by [`At`]:
//!
//! ```
//! use sparse_core::{budget::Allocation, testing, topology::{GradualMagnitude, RuleConfig}};
//!
//! let rule = RuleConfig::from(GradualMagnitude {
//!     initial_sparsity: 0.0,
//!     final_sparsity: 0.5,
//!     begin: 1_000,
//!     end: 2_000,
//!     allocation: Allocation::Uniform,
//! });
//! assert!(testing::check_rule(&rule).unwrap_err().starts_with("never acts at updates 1..9"));
//! testing::At(1_000..1_008).check_rule(&rule)?;
//! # Ok::<(), String>(())
//! ```

use std::ops::Range;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::nn::ActivityProbe;
use crate::op::DenseGradient;
use crate::pattern::{Pattern, Rewire};
use crate::topology::{
    LayerChange, LayerState, NetworkState, RewireBudget, RuleConfig, Signal, Update, resolve,
};

/// Networks that are drawn for a check.
const NETWORKS: u64 = 100;

/// The updates at which a rule is checked, counted from 1. Default: 1 to 8. Each costs two plans for each of a hundred networks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At(pub Range<u64>);

impl Default for At {
    fn default() -> Self {
        Self(1..9)
    }
}

/// Checks what must hold of any rule: its plans can be carried out (no position twice, none out of range, no layer left
/// empty, as many changes as layers) from the signal that it asks for, grown connections start from finite values, and the same
/// random numbers give the same plan. It acts at one of the updates at least, unless it is static: a rule that says at no update
/// that it acts ([`Rule::signal`](crate::topology::Rule::signal)) and that it grows nothing
/// ([`Rule::grows`](crate::topology::Rule::grows)).
///
/// # Errors
/// What does not hold, and for which network.
pub fn check_rule(rule: &RuleConfig) -> Result<(), String> {
    At::default().check_rule(rule)
}

/// Checks that a rule follows the floor of its budget
/// ([`min_inputs_per_unit`](crate::topology::RewireBudget::min_inputs_per_unit)): a unit keeps so many inputs, or as many as it
/// has. For rules that decide by unit; one that removes whole units has reason not to.
///
/// # Errors
/// As [`check_rule`].
pub fn check_floor(rule: &RuleConfig) -> Result<(), String> {
    At::default().check_floor(rule)
}

/// Checks that a rule keeps the number of connections of every layer, and moves at most the share that it may.
///
/// # Errors
/// As [`check_rule`].
pub fn check_constant_nnz(rule: &RuleConfig) -> Result<(), String> {
    At::default().check_constant_nnz(rule)
}

impl At {
    /// [`check_rule`] at these updates.
    ///
    /// # Errors
    /// As [`check_rule`].
    pub fn check_rule(&self, rule: &RuleConfig) -> Result<(), String> {
        self.for_all(rule, |network, _, plan, again| {
            resolve(rule.name(), network, plan.to_vec()).map_err(|error| error.to_string())?;
            match plan == again {
                true => Ok(()),
                false => Err("the same random numbers gave another plan".to_owned()),
            }
        })
    }

    /// [`check_floor`] at these updates.
    ///
    /// # Errors
    /// As [`check_rule`].
    pub fn check_floor(&self, rule: &RuleConfig) -> Result<(), String> {
        self.for_each_layer(rule, |_, step, budget| {
            let [before, after] = [step.from(), step.to()].map(rows);
            let floor = budget.min_inputs_per_unit;
            let short = |(before, after): (&usize, &usize)| *after < floor.min(*before);
            match before.iter().zip(&after).position(short) {
                Some(unit) => Err(format!(
                    "unit {unit} keeps {}: must keep {floor}",
                    after[unit]
                )),
                None => Ok(()),
            }
        })
    }

    /// [`check_constant_nnz`] at these updates.
    ///
    /// # Errors
    /// As [`check_rule`].
    pub fn check_constant_nnz(&self, rule: &RuleConfig) -> Result<(), String> {
        self.for_each_layer(rule, |layer, step, budget| {
            let (dropped, grown) = (step.dropped().len(), step.grown().len());
            let most = budget.count(layer.pattern.nnz());
            let most = most.map_err(|error| error.to_string())?;
            if dropped == grown && dropped <= most {
                return Ok(());
            }
            Err(format!(
                "drops {dropped} and grows {grown}: must be the same number, {most} at most"
            ))
        })
    }

    /// Checks what becomes of each layer.
    fn for_each_layer(
        &self,
        rule: &RuleConfig,
        check: impl Fn(&LayerState, &Rewire, RewireBudget) -> Result<(), String>,
    ) -> Result<(), String> {
        self.for_all(rule, |network, update, plan, _| {
            let mut layers = network.layers.iter().zip(plan);
            layers.try_for_each(|(layer, change)| {
                let step = change.rewire(&layer.pattern);
                let step = step.map_err(|error| error.to_string())?;
                check(layer, &step, update.budget)
            })
        })
    }

    /// Lets the rule plan for each network, twice with the same random numbers, and checks the plans.
    fn for_all(
        &self,
        rule: &RuleConfig,
        check: impl Fn(&NetworkState, Update, &[LayerChange], &[LayerChange]) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut acted = false;
        for seed in 0..NETWORKS {
            let mut rng = StdRng::seed_from_u64(NETWORKS + seed);
            for step in self.0.clone() {
                let Some(signal) = rule.signal(step) else {
                    continue;
                };
                let network = draw(signal, &mut StdRng::seed_from_u64(seed));
                let budget = RewireBudget {
                    fraction: [0.0, 0.3, 1.0][rng.random_range(0..3)],
                    min_inputs_per_unit: rng.random_range(0..3),
                };
                let update = Update { step, budget };
                let plan = || rule.plan(&network, update, &mut StdRng::seed_from_u64(seed));
                let checked = plan().and_then(|first| Ok((first, plan()?)));
                let failure = match checked {
                    Ok((first, again)) => check(&network, update, &first, &again).err(),
                    // A network that is too small for the rule: it says so.
                    Err(error) if error.is_budget() => continue,
                    Err(error) => Some(error.to_string()),
                };
                if let Some(failure) = failure {
                    return Err(format!("network {seed}, {update:?}: {failure}"));
                }
                acted = true;
            }
        }
        if acted || is_static(rule) {
            return Ok(());
        }
        Err(format!(
            "never acts at updates {:?}: checks nothing; `At` checks a rule at others, and a rule that never acts grows nothing",
            self.0
        ))
    }
}

/// Whether a rule declares that it changes nothing, at updates of any size.
fn is_static(rule: &RuleConfig) -> bool {
    let powers = |base: u64| std::iter::successors(Some(1_u64), move |step| step.checked_mul(base));
    let mut steps = powers(2).chain(powers(10)).chain([u64::MAX]);
    !rule.grows() && steps.all(|step| rule.signal(step).is_none())
}

/// Checks that a rule is read as it was written. Your own rule must be [registered](crate::topology::register_rule).
///
/// # Errors
/// What was written and what was read.
pub fn check_config(rule: &RuleConfig) -> Result<(), String> {
    let text = serde_json::to_string(rule).map_err(|error| error.to_string())?;
    let again: RuleConfig = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    match again == *rule {
        true => Ok(()),
        false => Err(format!(
            "{rule:?} is written as {text}, which is read as {again:?}"
        )),
    }
}

/// Inputs of each unit.
fn rows(pattern: &Pattern) -> Vec<usize> {
    let bounds = pattern.row_ptr().windows(2);
    bounds.map(|pair| (pair[1] - pair[0]) as usize).collect()
}

/// Three layers of any density, with values and gradients of which many are equal, and the signal that a rule asked for.
fn draw(signal: Signal, rng: &mut StdRng) -> NetworkState {
    let sizes: [usize; 4] = std::array::from_fn(|_| rng.random_range(1..16));
    let layer = |pair: &[usize]| {
        let (inputs, outputs) = (pair[0], pair[1]);
        let mask: Vec<f32> = (0..inputs * outputs)
            .map(|_| rng.random_range(0.0..1.0))
            .collect();
        let nnz = rng.random_range(1..=inputs * outputs);
        let mut few = |count: usize| -> Vec<f32> {
            (0..count)
                .map(|_| f32::from(rng.random_range(-9..10i8)))
                .collect()
        };
        let gradient = few(inputs * outputs);
        Some(LayerState {
            values: few(nnz),
            pattern: Pattern::from_scores(outputs, inputs, &mask, nnz).ok()?,
            gradient: DenseGradient::from_dense(outputs, inputs, gradient)
                .ok()
                .filter(|_| signal == Signal::DenseGradient),
        })
    };
    let layers = sizes.windows(2).map_while(layer).collect();
    let probe = ActivityProbe::default();
    for layer in 0..2 {
        let units: Vec<f32> = (0..sizes[layer + 1])
            .map(|_| rng.random_range(0.0..1.0))
            .collect();
        if signal == Signal::Activation {
            probe.add(layer, &units);
        }
    }
    NetworkState {
        layers,
        hidden: vec![[0, 1], [1, 2]],
        activity: probe.take(),
    }
}
