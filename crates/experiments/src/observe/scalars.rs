//! The numbers of a run that TensorBoard shows, and their names.
//!
//! Names are Stable-Baselines3's where it has the number, else `CleanRL`'s, else ours in the same style, so that
//! runs of several libraries share charts.

use rl_algos::observe::{Evaluation, NetworkReport};

/// What the numbers are read from.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) evaluation: &'a Evaluation,
    /// Steps per second since the start, evaluations included.
    pub(super) rate: f64,
    /// Learning rates of the actor and of the critics; NaN when not known.
    pub(super) learning_rates: (f64, f64),
    /// Whether the run learns from a dataset.
    pub(super) of_data: bool,
}

/// The table: a name and a number per line, in the order of the book's. A number that is NaN, as a loss is before the
/// first update, is left out.
pub(super) fn scalars(seen: &Seen) -> Vec<(String, f64)> {
    let evaluation = seen.evaluation;
    let progress = &evaluation.progress;
    let returns = evaluation.returns.as_ref();
    let returns = returns.map_or([f64::NAN; 5], |r| [r.mean, r.std, r.min, r.max, r.length]);
    let [mean, std, min, max, length] = returns;
    let evaluated = [
        ("eval/mean_reward", mean),
        ("eval/std_reward", std),
        ("eval/min_reward", min),
        ("eval/max_reward", max),
        ("eval/mean_ep_length", length),
    ];
    let rest = match seen.of_data {
        true => [
            vec![
                ("eval/score", evaluation.score.unwrap_or(f64::NAN)),
                ("time/updates_per_second", seen.rate),
            ],
            vec![],
        ],
        false => [
            vec![
                ("rollout/ep_rew_mean", progress.train_return),
                ("rollout/ep_len_mean", progress.train_length),
                ("time/episodes", progress.episodes as f64),
                ("time/fps", seen.rate),
            ],
            vec![
                ("sparse/moved", progress.moved as f64),
                ("sparse/dropped", progress.dropped as f64),
                ("sparse/grown", progress.grown as f64),
                ("sparse/recycled", progress.recycled as f64),
                ("replay/size", progress.replay_size as f64),
                ("replay/policy_distance", progress.policy_distance),
            ],
        ],
    };
    let [experience, moves] = rest;
    let settings = [
        ("train/n_step", progress.n_step as f64),
        ("train/learning_rate", seen.learning_rates.0),
        ("train/critic_learning_rate", seen.learning_rates.1),
        ("sparse/actor_density", progress.densities.actor),
        ("sparse/critic_density", progress.densities.critic),
    ];
    let named = |(tag, value): (&str, f64)| (tag.to_owned(), value);
    let metrics = evaluation.metrics.0.iter();
    let updates = [("train/n_updates", progress.updates as f64)];
    evaluated
        .into_iter()
        .chain(experience)
        .chain(updates)
        .map(named)
        .chain(metrics.map(|(name, value)| (tag(name), *value)))
        .chain(settings.into_iter().chain(moves).map(named))
        .chain(evaluation.networks.iter().flat_map(network))
        .filter(|(_, value)| !value.is_nan())
        .collect()
}

/// What a metric of an agent is called.
fn tag(metric: &str) -> String {
    match metric {
        "value_mean" => "losses/qf1_values".to_owned(),
        "temperature" => "train/ent_coef".to_owned(),
        own => format!("train/{own}"),
    }
}

/// What is shown of each network.
fn network(report: &NetworkReport) -> Vec<(String, f64)> {
    let name = &report.name;
    let layers = report.densities.iter().enumerate();
    let density = |(layer, density): (usize, &f64)| {
        let tag = format!("sparse/{name}/density_{layer}");
        (tag, *density)
    };
    let rest = [("explored", report.explored), ("dormant", report.dormant)];
    let rest = rest.map(|(what, value)| (format!("sparse/{name}/{what}"), value));
    layers.map(density).chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rl_algos::algos::METRICS;
    use rl_algos::evaluate::Returns;
    use rl_algos::observe::{Progress, TrainMetrics};

    fn evaluation() -> Evaluation {
        let returns = Returns {
            mean: 1.0,
            std: 0.5,
            min: 0.5,
            max: 1.5,
            length: 10.0,
            episodes: vec![0.5, 1.5],
        };
        Evaluation {
            progress: Progress::default(),
            metrics: TrainMetrics(METRICS.map(|name| (name.to_owned(), 0.0)).to_vec()),
            networks: Vec::new(),
            returns: Some(returns),
            score: Some(1.0),
        }
    }

    fn tags(evaluation: &Evaluation) -> Vec<String> {
        tags_of(evaluation, false)
    }

    fn tags_of(evaluation: &Evaluation, of_data: bool) -> Vec<String> {
        let seen = Seen {
            evaluation,
            rate: 1.0,
            learning_rates: (1.0, 1.0),
            of_data,
        };
        scalars(&seen).into_iter().map(|(tag, _)| tag).collect()
    }

    #[test]
    fn what_is_not_a_number_is_left_out() {
        let mut evaluation = evaluation();
        let all = tags(&evaluation);
        evaluation.metrics.0[0].1 = f64::NAN;
        let left = tags(&evaluation);
        let without = all.iter().filter(|tag| *tag != "train/critic_loss");
        assert_eq!(left, without.cloned().collect::<Vec<_>>());
        assert_eq!(left.len() + 1, all.len());
    }

    /// The table of the book has a row for each name, in the same order.
    #[test]
    fn the_book_names_them_all() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/start.md");
        let page = std::fs::read_to_string(page).unwrap();
        let section = page.split("## Watch it in TensorBoard").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|row| row.strip_prefix("| `"));
        let rows: Vec<_> = rows.map(|row| row.split('`').next().unwrap()).collect();
        assert_eq!(rows, tags(&evaluation()));
    }
    /// The same of a run on a dataset, for the metrics of all its agents.
    #[test]
    fn the_book_names_those_of_datasets_too() {
        let names = [
            "critic_loss",
            "value_mean",
            "value_loss",
            "vae_loss",
            "actor_loss",
        ];
        let mut evaluation = evaluation();
        evaluation.metrics = TrainMetrics(names.map(|name| (name.to_owned(), 1.0)).into());
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/offline.md");
        let page = std::fs::read_to_string(page).unwrap();
        let section = page.split("TensorBoard shows").nth(1).unwrap();
        let section = section.split("\n## ").next().unwrap();
        let rows = section.lines().filter_map(|row| row.strip_prefix("| `"));
        let rows: Vec<_> = rows.map(|row| row.split('`').next().unwrap()).collect();
        assert_eq!(rows, tags_of(&evaluation, true));
    }
}
