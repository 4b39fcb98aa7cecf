//! What pruning left of each layer.

use anyhow::Result;
use offline_prune::prune::PruneReport;

use crate::terminal::table::{Cell, Table, thousands};

/// Names of the networks that were ranked together, and what happened to them.
pub(crate) type Report = (Vec<String>, PruneReport);

/// A row per layer, and one for all.
pub(crate) fn table(reports: &[Report]) -> Table {
    let names = &[
        "network",
        "layer",
        "weights",
        "kept",
        "percent",
        "by_score",
        "by_floor",
        "no_input",
        "no_output",
    ];
    let mut table = Table::new(names);
    let number = |count: usize| Cell::Number(count as f64, 0);
    for (networks, report) in reports {
        for layer in &report.layers {
            let shape = &layer.shape;
            let (weights, kept) = (layer.total(), layer.kept);
            table.push(vec![
                Cell::text(networks[shape.network].clone()),
                Cell::text(format!("{}→{}", shape.inputs, shape.outputs)),
                number(weights),
                number(kept),
                Cell::Number(100.0 * kept as f64 / weights as f64, 2),
                number(layer.kept_by_score),
                number(layer.kept_by_floor),
                number(layer.left_without_inputs),
                number(layer.left_without_outputs),
            ]);
        }
    }
    table
}

/// The meaning of the table's numbers, and notes on them.
pub(crate) fn remarks(reports: &[Report]) -> String {
    let (kept, total) = sums(reports);
    if total == 0 {
        return "nothing is pruned: all weights stay".to_owned();
    }
    let share = 100.0 * kept as f64 / total as f64;
    let mut said = format!(
        "kept {} of {} weights ({share:.2} %); by score: what the scores alone would keep, by floor: what is kept so \
         that every unit has an input; no input, no output: units that are cut off all the same",
        thousands(kept as f64),
        thousands(total as f64)
    );
    for (networks, report) in reports {
        for layer in report.layers.iter().filter(|layer| layer.would_collapse()) {
            let name = &networks[layer.shape.network];
            said += &format!(
                "\nwarning: layer {} of {name} would have collapsed: its scores alone keep nothing",
                layer.shape.layer
            );
        }
    }
    said
}

/// Weights that stay, and weights of the dense networks.
pub(crate) fn sums(reports: &[Report]) -> (usize, usize) {
    let all = reports.iter().map(|(_, report)| report);
    all.fold((0, 0), |(kept, total), report| {
        (kept + report.kept(), total + report.total())
    })
}

/// The same as CSV, with the range of the scores.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn csv(reports: &[Report]) -> Result<Vec<u8>> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record([
        "network",
        "layer",
        "inputs",
        "outputs",
        "weights",
        "kept",
        "by_score",
        "by_floor",
        "no_input",
        "no_output",
        "lowest_score",
        "highest_score",
    ])?;
    for (networks, report) in reports {
        for layer in &report.layers {
            let shape = &layer.shape;
            let [low, high] = layer.scores.unwrap_or([f64::NAN; 2]);
            let counts = [
                shape.layer,
                shape.inputs,
                shape.outputs,
                layer.total(),
                layer.kept,
                layer.kept_by_score,
                layer.kept_by_floor,
                layer.left_without_inputs,
                layer.left_without_outputs,
            ];
            let mut row = vec![networks[shape.network].clone()];
            row.extend(counts.map(|count| count.to_string()));
            row.extend([low, high].map(|score| format!("{score:e}")));
            csv.write_record(row)?;
        }
    }
    Ok(csv.into_inner()?)
}
