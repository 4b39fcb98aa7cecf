//! Pictures of runs: [`chart`] draws curves, [`plot`] reads them from the metrics of runs.

pub(crate) mod chart;
pub(crate) mod plot;
