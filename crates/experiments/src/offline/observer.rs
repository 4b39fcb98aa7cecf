//! The progress that a run shows, and what it writes meanwhile.

use std::ops::ControlFlow;

use offline_prune::Result;
use offline_prune::train::{Evaluation, Run, Start, Watcher};
use sparse_core::nn::SparseModule;

use super::layers;
use super::writer::Folder;
use crate::terminal::interrupt::Interrupt;
use crate::terminal::progress::Progress;
use crate::terminal::table::thousands;

/// Shows a run and writes its files.
pub(super) struct ProgressObserver {
    pub(super) progress: Progress,
    pub(super) folder: Folder,
    interrupt: Interrupt,
    said: String,
    /// Weights that stay, and weights of the dense networks; equal without pruning.
    pub(super) weights: (usize, usize),
    /// Whether the layers are observer too.
    pub(super) tables: bool,
    /// Whether the run was begun, and not refused.
    pub(super) started: bool,
}

impl ProgressObserver {
    pub(super) fn new(progress: Progress, interrupt: Interrupt, folder: Folder) -> Self {
        Self {
            progress,
            folder,
            interrupt,
            said: "no evaluation yet".to_owned(),
            weights: (0, 0),
            tables: true,
            started: false,
        }
    }
}

impl ProgressObserver {
    /// Tells what came up.
    fn note(&mut self) {
        for note in self.folder.notes() {
            self.progress.line(&format!("note     {note}"));
        }
    }
}

impl Watcher for ProgressObserver {
    fn on_start(&mut self, start: &Start) -> Result<()> {
        self.weights = weights(start);
        // A refused run prints nothing else.
        self.folder.start(start)?;
        self.started = true;
        if self.tables && !start.pruning.is_empty() {
            self.progress.line(&layers::table(&start.pruning).text());
            self.progress.line(&layers::remarks(&start.pruning));
        }
        self.note();
        self.progress.begin(start.updates, start.updates);
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
        self.folder.evaluated(evaluation)?;
        self.note();
        Ok(())
    }

    fn on_checkpoint(&mut self, run: &mut Run) -> Result<()> {
        self.folder.checkpoint(run)?;
        self.note();
        Ok(())
    }
}

/// What is reported where there is no return.
pub(super) fn losses(losses: &[(String, f64)]) -> String {
    let told = losses.iter().filter(|(_, loss)| !loss.is_nan());
    let told = told.map(|(name, loss)| format!("{} {loss:.4}", name.replace('_', " ")));
    told.collect::<Vec<_>>().join("  ")
}

/// Weights that the networks have, and weights of dense ones.
fn weights(start: &Start) -> (usize, usize) {
    let networks = start.agent.networks().into_iter();
    let layers = networks.flat_map(|(_, network)| network.sparse_layers());
    layers.fold((0, 0), |(kept, all), layer| {
        let pattern = layer.pattern();
        (
            kept + pattern.nnz(),
            all + pattern.outputs() * pattern.inputs(),
        )
    })
}
