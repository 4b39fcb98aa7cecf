//! What every environment promises, as one check: for the tests of an environment of your own.
//!
//! Gymnasium's `check_env` looks at spaces, a reset and a step. [`check_env`] looks at these, and plays: equal seeds begin
//! and go on equally, a clone and a restored state go on as the original, bad input changes nothing, time truncates.

use crate::{Env, EnvState, Error, Result, Step};

/// Steps that are played for a comparison, and after which a clone and a copy of the state part from the original.
const STEPS: usize = 60;
const MIDDLE: usize = 25;
/// Longest episode whose end is waited for.
const LONGEST: usize = 2000;
/// Seeds, one of which takes more than 32 bits.
const SEEDS: [u64; 2] = [11, (1 << 40) + 3];

/// Checks what [`Env`] promises of the environments that `make` makes, and gives what is wrong, one line each.
///
/// ```
/// use envs::testing::check_env;
///
/// assert_eq!(check_env(|| envs::make("Hopper-v5")), Vec::<String>::new());
/// ```
pub fn check_env(make: impl Fn() -> Result<Box<dyn Env>>) -> Vec<String> {
    let mut findings = Vec::new();
    let checks: [Check; 7] = [
        spaces,
        before_a_reset,
        seeds,
        steps,
        copies,
        bad_input,
        time_limit,
    ];
    for check in checks {
        if let Err(error) = check(&make, &mut findings) {
            findings.push(format!("met an error: {error}"));
        }
    }
    findings
}

type Maker<'a> = dyn Fn() -> Result<Box<dyn Env>> + 'a;

/// Adds what is wrong to the findings.
type Check = fn(&Maker<'_>, &mut Vec<String>) -> Result<()>;

/// An environment, and what it wrote last.
#[derive(Clone)]
struct Played {
    env: Box<dyn Env>,
    seen: Vec<f64>,
}

impl Played {
    fn new(make: &Maker<'_>) -> Result<Self> {
        let env = make()?;
        let seen = vec![f64::NAN; env.info().observation.len()];
        Ok(Self { env, seen })
    }

    fn begun(make: &Maker<'_>, seed: u64) -> Result<Self> {
        let mut played = Self::new(make)?;
        played.reset(seed)?;
        Ok(played)
    }

    fn reset(&mut self, seed: u64) -> Result<()> {
        self.seen.fill(f64::NAN);
        self.env.reset(seed, &mut self.seen)
    }

    /// Takes step `t` of an episode; what ended it begins the next.
    fn step(&mut self, t: usize) -> Result<Step> {
        let action = action(&*self.env, t);
        self.seen.fill(f64::NAN);
        let step = self.env.step(&action, &mut self.seen)?;
        if step.terminated || step.truncated {
            self.env.reset_next(&mut self.seen)?;
        }
        Ok(step)
    }

    /// The bits that it wrote, which also tell zeros and NaNs apart.
    fn bits(&self) -> Vec<u64> {
        self.seen.iter().map(|x| x.to_bits()).collect()
    }

    /// What of the observation is out of its bounds, or was not written.
    fn strays(&self, when: &str, findings: &mut Vec<String>) {
        for (i, (x, dim)) in self
            .seen
            .iter()
            .zip(&self.env.info().observation)
            .enumerate()
        {
            if !x.is_finite() || !(dim.low..=dim.high).contains(x) {
                let (name, low, high) = (&dim.name, dim.low, dim.high);
                findings.push(format!(
                    "{when}: observation[{i}], `{name}`, is {x}; its bounds are {low} and {high}"
                ));
            }
        }
    }

    /// The state; none where an environment has none to give.
    fn state(&self) -> Result<Option<EnvState>> {
        match self.env.state() {
            Ok(state) => Ok(Some(state)),
            Err(Error::NotResumable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Actions all over their range, without a generator: no step's are another's.
fn action(env: &dyn Env, t: usize) -> Vec<f64> {
    let ranges = env.info().action.iter().enumerate();
    let act = ranges.map(|(i, dim)| {
        let unit = libm::sin(0.3 * (t + 1) as f64 * (i + 1) as f64);
        let (low, high) = (dim.low.max(-1e3), dim.high.min(1e3));
        f64::midpoint(low, high) + 0.5 * (high - low) * unit
    });
    act.collect()
}

/// Every number has a name and bounds.
fn spaces(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    let env = make()?;
    let info = env.info();
    for (what, dims) in [("observation", &info.observation), ("action", &info.action)] {
        if dims.is_empty() {
            findings.push(format!("the {what} has no numbers"));
        }
        for (i, dim) in dims.iter().enumerate() {
            if dim.name.trim().is_empty() {
                findings.push(format!("{what}[{i}] has no name"));
            }
            // Written so that a bound that is no number is caught.
            let ordered = dim.low < dim.high;
            if !ordered {
                let (name, low, high) = (&dim.name, dim.low, dim.high);
                findings.push(format!(
                    "{what}[{i}], `{name}`, has bounds {low} and {high}; the first must be less"
                ));
            }
        }
    }
    if info.frame_skip == 0 && env.physics().is_some() {
        findings.push("frame_skip is 0; it must be 1 or more where there is physics".into());
    }
    Ok(())
}

/// Stepping waits for a seed.
fn before_a_reset(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    let Played { mut env, mut seen } = Played::new(make)?;
    let act = action(&*env, 0);
    for (what, result) in [
        ("step", env.step(&act, &mut seen).map(drop)),
        ("reset_next", env.reset_next(&mut seen)),
    ] {
        if !matches!(result, Err(Error::NotReset { .. })) {
            findings.push(format!(
                "{what} before the first reset gives {result:?}; it must be Error::NotReset"
            ));
        }
    }
    Ok(())
}

/// Equal seeds begin equally, whatever came before, and so do the episodes after them.
fn seeds(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    for seed in SEEDS {
        let mut one = Played::begun(make, seed)?;
        one.strays(&format!("after reset({seed})"), findings);
        let mut other = Played::begun(make, seed ^ 1)?;
        for t in 0..MIDDLE {
            other.step(t)?;
        }
        other.reset(seed)?;
        let equal = one.bits() == other.bits() && one.state()? == other.state()?;
        if !equal {
            findings.push(format!(
                "reset({seed}) begins differently after other episodes"
            ));
        }
        for played in [&mut one, &mut other] {
            played.seen.fill(f64::NAN);
            played.env.reset_next(&mut played.seen)?;
        }
        if one.bits() != other.bits() {
            findings.push(format!(
                "reset_next after reset({seed}) begins differently the second time"
            ));
        }
        one.strays("after reset_next", findings);
    }
    Ok(())
}

/// Equal seeds and actions give equal steps, of finite numbers within their bounds.
fn steps(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    let mut one = Played::begun(make, SEEDS[0])?;
    let mut other = Played::begun(make, SEEDS[0])?;
    for t in 0..STEPS {
        let (step, again) = (one.step(t)?, other.step(t)?);
        if step != again || one.bits() != other.bits() {
            findings.push(format!(
                "step {t} differs the second time, with the same seed and actions"
            ));
            return Ok(());
        }
        let before = findings.len();
        one.strays(&format!("step {t}"), findings);
        if !step.reward.is_finite() {
            findings.push(format!("step {t}: the reward is {}", step.reward));
        }
        let told: Vec<&str> = step.info.iter().map(|(name, _)| name).collect();
        let listed = one.env.info().info;
        if told != listed {
            findings.push(format!(
                "step {t} tells {told:?} in its info, and the task lists {listed:?}"
            ));
        }
        for (name, x) in step.info.iter().filter(|(_, x)| !x.is_finite()) {
            findings.push(format!("step {t}: `{name}` in its info is {x}"));
        }
        if findings.len() > before {
            return Ok(());
        }
    }
    Ok(())
}

/// A clone in mid-episode, and an environment that is given the state, go on as the original.
fn copies(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    let mut played = Played::begun(make, SEEDS[1])?;
    for t in 0..MIDDLE {
        played.step(t)?;
    }
    let mut others = vec![("a clone", played.clone())];
    if let Some(state) = played.state()? {
        let mut restored = Played::new(make)?;
        restored.env.set_state(&state, &mut restored.seen)?;
        restored.strays("after set_state", findings);
        if restored.state()?.as_ref() != Some(&state) {
            findings.push("state() after set_state(state) is another state".into());
        }
        others.push(("an environment with the same state", restored));
    }
    for t in MIDDLE..STEPS {
        let step = played.step(t)?;
        others.retain_mut(|(what, other)| {
            let equal =
                other.step(t).is_ok_and(|again| again == step) && other.bits() == played.bits();
            if !equal {
                findings.push(format!(
                    "{what} goes on otherwise at step {t}, {} steps on",
                    t - MIDDLE
                ));
            }
            equal
        });
    }
    // Random numbers go on, too.
    played.env.reset_next(&mut played.seen)?;
    for (what, mut other) in others {
        other.env.reset_next(&mut other.seen)?;
        if other.bits() != played.bits() {
            findings.push(format!("{what} begins the next episode otherwise"));
        }
    }
    Ok(())
}

/// What has another length or is no number is refused, and changes nothing.
fn bad_input(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    let mut played = Played::begun(make, SEEDS[0])?;
    let before = played.state()?;
    let good = action(&*played.env, 0);
    let mut acts = vec![good[1..].to_vec(), [&good[..], &[0.0]].concat()];
    acts.extend([f64::NAN, f64::INFINITY].map(|bad| [&good[1..], &[bad]].concat()));
    for act in acts {
        if let Ok(step) = played.env.step(&act, &mut played.seen) {
            findings.push(format!("step takes the action {act:?}: {step:?}"));
        }
    }
    let short = &mut played.seen.clone()[1..];
    let taken = [
        ("reset", played.env.reset(1, short).is_ok()),
        ("reset_next", played.env.reset_next(short).is_ok()),
        ("step", played.env.step(&good, short).is_ok()),
    ];
    let taken = taken.into_iter().filter(|(_, taken)| *taken);
    findings
        .extend(taken.map(|(what, _)| format!("{what} takes an observation that is too short")));
    let Some(before) = before else {
        return Ok(());
    };
    let mut states = Vec::new();
    for change in [0, 1] {
        let (mut longer, mut no_number) = (before.clone(), before.clone());
        let long = if change == 0 {
            &mut longer.qpos
        } else {
            &mut longer.qvel
        };
        long.push(0.0);
        states.push(longer);
        let broken = if change == 0 {
            &mut no_number.qpos
        } else {
            &mut no_number.qvel
        };
        if let Some(x) = broken.first_mut() {
            *x = f64::NAN;
            states.push(no_number);
        }
    }
    for state in states {
        if played.env.set_state(&state, &mut played.seen).is_ok() {
            findings.push(format!(
                "set_state takes {} positions and {} velocities, one too many or no number",
                state.qpos.len(),
                state.qvel.len()
            ));
        }
    }
    if played.state()?.as_ref() != Some(&before) {
        findings.push("what was refused has changed the state".into());
    }
    Ok(())
}

/// An episode stops at its limit and not before, and stepping on is allowed.
fn time_limit(make: &Maker<'_>, findings: &mut Vec<String>) -> Result<()> {
    let Played { mut env, mut seen } = Played::begun(make, SEEDS[0])?;
    let limit = env.info().max_episode_steps;
    if limit == 0 || limit > LONGEST {
        return Ok(());
    }
    let idle: Vec<f64> = env
        .info()
        .action
        .iter()
        .map(|dim| 0.0_f64.clamp(dim.low, dim.high))
        .collect();
    for t in 1..=limit + 1 {
        let step = env.step(&idle, &mut seen)?;
        if step.truncated != (t >= limit) {
            findings.push(format!(
                "truncated is {} at step {t} of an episode of {limit}",
                step.truncated
            ));
            break;
        }
    }
    env.reset_next(&mut seen)?;
    if limit > 1 && env.step(&idle, &mut seen)?.truncated {
        findings.push("the first step of the next episode is truncated".into());
    }
    Ok(())
}
