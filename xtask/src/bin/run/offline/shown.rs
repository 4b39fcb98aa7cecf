//! What a person watches of a run, and what is written of it meanwhile.

use std::ops::ControlFlow;

use offline_prune::Result;
use offline_prune::train::{Evaluation, Start, Watcher};

use super::folder::Folder;
use super::layers;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::table::thousands;

/// Shows a run and writes its files.
pub(super) struct Shown {
    pub(super) progress: Progress,
    pub(super) folder: Folder,
    interrupt: Interrupt,
    said: String,
    /// Weights that stay, and weights of the dense networks; equal without pruning.
    pub(super) weights: (usize, usize),
    /// Whether the layers are shown too.
    pub(super) tables: bool,
}

impl Shown {
    pub(super) fn new(progress: Progress, interrupt: Interrupt, folder: Folder) -> Self {
        Self {
            progress,
            folder,
            interrupt,
            said: "no evaluation yet".to_owned(),
            weights: (0, 0),
            tables: true,
        }
    }
}

impl Watcher for Shown {
    fn on_start(&mut self, start: &Start) -> Result<()> {
        let networks = start.agent.networks().into_iter();
        let dense: usize = networks.map(|(_, network)| weights(network)).sum();
        self.weights = match start.pruning.is_empty() {
            true => (dense, dense),
            false => layers::sums(&start.pruning),
        };
        if self.tables && !start.pruning.is_empty() {
            self.progress.line(&layers::table(&start.pruning).text());
            self.progress.line(&layers::remarks(&start.pruning));
        }
        self.folder.start(start)?;
        self.progress.begin(0, 0);
        Ok(())
    }

    fn on_update(&mut self, update: u64) -> ControlFlow<()> {
        if self.progress.is_due(update) {
            self.progress.step(update, update, &self.said);
        }
        match self.interrupt.is_set() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    fn on_evaluation(&mut self, evaluation: &Evaluation) -> Result<()> {
        let score = evaluation
            .score
            .map(|score| format!("  score {score:>5.1}"));
        let mut spread = String::new();
        self.said = match &evaluation.returns {
            Some(returns) => {
                spread = format!("  spread {:.0}", returns.std);
                let mean = thousands(returns.mean);
                format!("return {mean:>6}{}", score.unwrap_or_default())
            }
            None => losses(&evaluation.losses),
        };
        let spread = format!("{}{spread}", self.said);
        let update = evaluation.update;
        self.progress.evaluated(update, update, &spread);
        self.folder.evaluated(evaluation)
    }
}

/// What is told where there is no return.
pub(super) fn losses(losses: &[(&'static str, f64)]) -> String {
    let told = losses.iter().filter(|(_, loss)| !loss.is_nan());
    let told = told.map(|(name, loss)| format!("{} {loss:.4}", name.replace('_', " ")));
    told.collect::<Vec<_>>().join("  ")
}

fn weights(network: &sparse_core::nn::SparseMlp) -> usize {
    use sparse_core::nn::SparseModule;
    let layers = network.sparse_layers().into_iter();
    layers.map(|layer| layer.pattern().nnz()).sum()
}
