//! The target network's settings and its step towards the online one.

use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::device::is_gpu;
use crate::nn::{SparseLinear, set_vectors};
use crate::op::{polyak, polyak_of_all, to_vec, vector};
use crate::pattern::{Pattern, key};
use crate::{Error, Result};

/// Which connections a target network has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TargetConnections {
    /// Those of the online network at any time, as in RLx2's code: connections dropped online go, and grown ones start
    /// from the same value.
    #[default]
    Online,
    /// Its own: after each step, in which a connection that one network lacks counts as zero there, every layer keeps
    /// the largest values by magnitude, as many as the online layer has connections (`MaintainSparsity` of DS-TD3,
    /// Sokar et al. 2022, arXiv 2106.04217, algorithm 4). A change of the online connections leaves the target as it
    /// is. The step works in host memory, in time linear in the connections of both.
    Magnitude,
}

/// A target network that trails the online one: `target += tau · (online − target)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetConfig {
    /// Step towards the online network, in (0, 1].
    pub tau: f64,
    /// Updates of the online network between two steps of the target, 1 or more.
    pub every: u64,
    /// Which connections the target has.
    #[serde(default)]
    pub connections: TargetConnections,
}

impl TargetConfig {
    /// A target that has the connections of the online network.
    #[must_use]
    pub fn new(tau: f64, every: u64) -> Self {
        Self {
            tau,
            every,
            connections: TargetConnections::default(),
        }
    }

    /// Checks every field.
    pub(super) fn validate(self) -> Result<()> {
        let Self { tau, every, .. } = self;
        // Steps are made in f32.
        if !(tau as f32 > 0.0 && tau <= 1.0) {
            return Err(Error::config(
                "target.tau",
                tau,
                "in (0, 1], and not 0 in f32",
            ));
        }
        if every == 0 {
            return Err(Error::config("target.every", every, "1 or more"));
        }
        Ok(())
    }

    /// Whether the target's connections are those of the online network at any time.
    pub(super) fn shares_pattern(self) -> bool {
        self.connections == TargetConnections::Online
    }

    /// One step of all layers in one launch, where the online parameters lie in one buffer of a GPU and both networks have the
    /// same connections; whether it is done.
    pub(super) fn step_at_once(
        self,
        target: &mut [&mut SparseLinear],
        online: &[&SparseLinear],
    ) -> bool {
        let same = |(target, online): (&&mut SparseLinear, &&SparseLinear)| {
            self.shares_pattern() || target.pattern().is_same(online.pattern())
        };
        let first = online.first().map(|layer| layer.values().device());
        let on_gpu = first.is_some_and(|device| is_gpu(&device));
        if !on_gpu || self.tau == 1.0 || !target.iter().zip(online).all(same) {
            return false;
        }
        let old: Vec<Tensor<1>> = target.iter().flat_map(|layer| layer.vectors()).collect();
        let goals: Vec<Tensor<1>> = online.iter().flat_map(|layer| layer.vectors()).collect();
        let Some(new) = polyak_of_all(&old, &goals, self.tau as f32) else {
            return false;
        };
        set_vectors(target, new);
        true
    }

    /// One step of a layer of the target.
    pub(super) fn step(self, target: &mut SparseLinear, online: &SparseLinear) -> Result<()> {
        let tau = self.tau as f32;
        let goal = online.parameters();
        let apart = !self.shares_pattern() && !target.pattern().is_same(online.pattern());
        let own = apart
            .then(|| largest_of_union(target, online, tau))
            .transpose()?;
        let stays = own.is_some();
        if let Some((pattern, values)) = own {
            let device = goal.values.device();
            target.set_connections(pattern, vector(values, &device));
        }
        let mut goals = goal.into_vectors().enumerate();
        target.update(|old| match goals.next() {
            Some((0, _)) if stays => old,
            Some((_, goal)) if tau == 1.0 => goal,
            Some((_, goal)) => polyak(old, goal, tau),
            None => unreachable!("both networks have the same vectors"),
        });
        Ok(())
    }
}

/// The largest values by magnitude after a step of the target over the connections of both layers, as many as the
/// online layer has; of equal magnitudes the first.
fn largest_of_union(
    target: &SparseLinear,
    online: &SparseLinear,
    tau: f32,
) -> Result<(Pattern, Vec<f32>)> {
    let (from, to) = (target.pattern(), online.pattern());
    let positions = [from, to].map(|pattern| pattern.positions().collect::<Vec<u32>>());
    let (old, goal) = (to_vec(target.values()), to_vec(online.values()));
    let most = from.nnz() + to.nnz();
    let (mut all, mut values) = (Vec::with_capacity(most), Vec::with_capacity(most));
    for (position, [k, l]) in union(&positions) {
        let old = k.map_or(0.0, |k| old[k]);
        let goal = l.map_or(0.0, |l| goal[l]);
        all.push(position);
        values.push(old + tau * (goal - old));
    }
    let keys: Vec<u64> = (0..).zip(&values).map(|(k, v)| key(v.abs(), k)).collect();
    let least = least_of_largest(&keys, to.nnz());
    let pairs = keys.iter().zip(all.into_iter().zip(values));
    let kept = pairs.filter(|(key, _)| **key >= least);
    let (positions, values): (Vec<u32>, Vec<f32>) = kept.map(|(_, pair)| pair).unzip();
    let like = |pattern: &&Pattern| pattern.positions().eq(positions.iter().copied());
    let pattern = match [to, from].into_iter().find(like) {
        // Shared index arrays are not built anew.
        Some(pattern) => pattern.clone(),
        None => Pattern::from_positions(to.outputs(), to.inputs(), &positions)?,
    };
    Ok((pattern, values))
}

/// The least of the `count` largest keys, no two of which are equal.
fn least_of_largest(keys: &[u64], count: usize) -> u64 {
    match count.checked_sub(1) {
        None => u64::MAX,
        Some(last) if last < keys.len() => {
            let mut keys = keys.to_vec();
            *keys.select_nth_unstable_by(last, |a, b| b.cmp(a)).1
        }
        Some(_) => 0,
    }
}

/// Positions of either list, ascending as both are, with their places in the lists that have them.
fn union([first, second]: &[Vec<u32>; 2]) -> impl Iterator<Item = (u32, [Option<usize>; 2])> {
    let (mut k, mut l) = (0, 0);
    std::iter::from_fn(move || {
        let (p, q) = (first.get(k).copied(), second.get(l).copied());
        let position = match (p, q) {
            (Some(p), Some(q)) => p.min(q),
            (either, other) => either.or(other)?,
        };
        let there = [p == Some(position), q == Some(position)];
        let places = [there[0].then_some(k), there[1].then_some(l)];
        k += usize::from(there[0]);
        l += usize::from(there[1]);
        Some((position, places))
    })
}
