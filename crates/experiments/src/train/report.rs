//! What a training says before and after.

use std::path::Path;
use std::time::Duration;

use crate::args::values::Device;
use crate::settings::set::told;
use crate::stats::mean_of;
use crate::terminal::shell;
use anyhow::Result;
use rl_algos::agent::{Agent, Role, Weights};
use rl_algos::config::TrainConfig;
use rl_algos::train::Trained;
use sparse_core::kernels::Kernels;

use crate::terminal::table::{span, thousands};
use crate::terminal::tell::{print_line, program};

/// Says what is trained, with which seeds.
pub(super) fn header(config: &TrainConfig, agent: &dyn Agent, seeds: &str) -> Result<()> {
    print_line(&format!(
        "task     {}{}, {} steps, {seeds}",
        config.env,
        told(&config.env_settings),
        thousands(config.steps as f64)
    ));
    for note in config.warnings() {
        print_line(&format!("note     {note}"));
    }
    print_line(&format!("recipe   {}", config.recipe));
    networks(agent).iter().for_each(|line| print_line(line));
    Ok(())
}

/// The networks of an agent, a line for those that are alike.
fn networks(agent: &dyn Agent) -> Vec<String> {
    let mut kinds: Vec<(Role, Vec<usize>, Weights, usize)> = Vec::new();
    for network in agent.networks() {
        let (role, sizes, weights) = (network.role, network.sizes(), network.weights());
        let alike = kinds
            .iter_mut()
            .find(|(r, s, w, _)| (*r, s, *w) == (role, &sizes, weights));
        match alike {
            Some((.., count)) => *count += 1,
            None => kinds.push((role, sizes, weights, 1)),
        }
    }
    let line = |(role, sizes, weights, count): (Role, Vec<usize>, Weights, usize)| {
        let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
        let (name, sizes, share) = (name(role, count), sizes.join("-"), share(weights));
        match count {
            1 => format!("{name:<8} {sizes}: {share}"),
            _ => format!("{name:<8} {count} of {sizes}: {share} each"),
        }
    };
    kinds.into_iter().map(line).collect()
}

/// What networks of a role are called.
fn name(role: Role, count: usize) -> &'static str {
    match (role, count) {
        (Role::Actor, 1) => "actor",
        (Role::Actor, _) => "actors",
        (Role::Critic, 1) => "critic",
        (Role::Critic, _) => "critics",
        (Role::Value, 1) => "value",
        (Role::Value, _) => "values",
        (Role::Other, _) => "network",
    }
}

/// How many of the weights that could be are there.
fn share(weights: Weights) -> String {
    let (active, total) = (weights.active as f64, weights.total as f64);
    format!(
        "{} of {} weights ({:.1} %)",
        thousands(active),
        thousands(total),
        100.0 * active / total
    )
}

/// Says what computes.
pub(super) fn machine(device: Device, threads: &str) {
    let kernels = Kernels::best().isa();
    print_line(&format!(
        "device   {device}, {threads}, {kernels:?} kernels"
    ));
}

/// What becomes of schedules in a run that is made longer, a line each.
pub(super) fn lengthened(before: &TrainConfig, after: &TrainConfig) -> Vec<String> {
    let [from, to] = [before.steps, after.steps].map(|steps| thousands(steps as f64));
    let mut notes = vec![format!("{to} steps, in the place of {from}")];
    let learner = after.critic_learner();
    if let Some(topology) = learner.topology.filter(|_| after.topology.is_some()) {
        let until = thousands(topology.schedule.until.min(after.updates()) as f64);
        notes.push(format!("connections move until the critics' update {until}, as the run began, and stay from then on"));
    }
    if after.pruning.is_some() {
        notes.push(
            "pruning begins and ends where the run began with it, and the networks stay as sparse"
                .to_owned(),
        );
    }
    notes
}

/// Where a run stopped, and how it goes on.
pub(super) fn stopped(trained: &Trained, folder: &Path) -> String {
    let step = thousands(trained.steps as f64);
    let command = resume_command(folder);
    format!("stopped at step {step}; go on with\n         {command}")
}

/// The command that goes on with a run, with the device that it had.
pub(super) fn resume_command(folder: &Path) -> String {
    format!("{} train --resume {}", program(), shell::word(folder))
}

/// Prints the result of a run and the next commands. `made` is the steps that this command made, and their time.
pub(super) fn summary(trained: &Trained, made: Option<(u64, Duration)>, folder: &Path) {
    let returns = &trained.returns;
    let best = returns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let last = &returns[returns.len().saturating_sub(5)..];
    let mean = mean_of(last);
    let first = returns.first().copied().unwrap_or(f64::NAN);
    print_line(&format!(
        "\nreturn   first evaluation {}, best {}, mean of the last {} {}",
        thousands(first),
        thousands(best),
        last.len(),
        thousands(mean)
    ));
    match made {
        Some((steps, took)) => print_line(&format!(
            "speed    {} steps in {}: {} steps/s",
            thousands(steps as f64),
            span(took),
            thousands(steps as f64 / took.as_secs_f64())
        )),
        None => print_line("the run was over already"),
    }
    let weights = trained.agent.all_weights();
    if weights.total > 0 {
        print_line(&format!("weights  {}, all networks", share(weights)));
    }
    let (word, program) = (shell::word(folder), program());
    print_line(&format!(
        "folder   {}\n\nnext     {program} eval {word}\n         {program} plot {word}\n         tensorboard --logdir {word}",
        folder.display()
    ));
}
