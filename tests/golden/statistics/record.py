"""Record rliable's statistics of drawn scores.

    pip install "rliable==1.2.0" "pandas<3" numpy scipy
    python record.py > rliable.json

It takes half an hour of a core. The package arch, which rliable draws by, does not load with pandas 3.

Each case has scores of methods as lists `[runs][tasks]`, drawn from lognormal and normal laws and rounded, so that some tie,
and of two methods:

- `estimates`: rliable's numbers, by name;
- `intervals`: for some of them the ends of its 95 % interval, each the mean over BATCHES bootstraps of REPS resamples, and
  `spread`, their standard deviation over batches.

`curves` has scores `[runs][tasks][evaluations]` and the interquartile mean at each evaluation, with intervals.
"""
import json

import numpy as np
from rliable import library, metrics

REPS = 2000
BATCHES = 20
THRESHOLDS = [0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5]


def draw(rng, runs, tasks):
    level = rng.lognormal(-0.2, 0.5, tasks)
    return np.round(level * rng.lognormal(0.0, 0.3, (runs, tasks)) + rng.normal(0, 0.1, (runs, tasks)), 2)


def interval(scores, function):
    """Ends of the interval, their mean and spread over batches."""
    ends = []
    for _ in range(BATCHES):
        _, intervals = library.get_interval_estimates({"x": scores}, function, reps=REPS)
        ends.append(intervals["x"])
    ends = np.array(ends)
    return {"ends": ends.mean(0).tolist(), "spread": ends.std(0, ddof=1).tolist()}


AGGREGATES = {
    "mean": metrics.aggregate_mean,
    "median": metrics.aggregate_median,
    "iqm": metrics.aggregate_iqm,
    "optimality_gap": metrics.aggregate_optimality_gap,
}


def case(rng, runs, tasks, others):
    x, y = draw(rng, runs, tasks), draw(rng, others, tasks)
    if runs == others:
        y[:, 0] = x[:, 0]
    profile = library.score_distributions(x, THRESHOLDS)
    means = library.average_score_distributions(x, THRESHOLDS)
    estimates = {name: float(function(x)) for name, function in AGGREGATES.items()}
    estimates["optimality_gap_at_0.8"] = float(metrics.aggregate_optimality_gap(x, 0.8))
    estimates["improvement"] = float(metrics.probability_of_improvement(x, y))
    intervals = {name: interval(x, lambda s, f=function: np.array([f(s)])) for name, function in AGGREGATES.items()}
    intervals["improvement"] = interval([x, y], lambda x, y: np.array([metrics.probability_of_improvement(x, y)]))
    intervals["profile"] = interval(x, lambda s: library.score_distributions(s, THRESHOLDS))
    return {
        "x": x.tolist(),
        "y": y.tolist(),
        "estimates": estimates,
        "profile": profile.tolist(),
        "profile_of_means": means.tolist(),
        "intervals": intervals,
    }


def curves(rng, runs, tasks, evaluations):
    final = draw(rng, runs, tasks)
    growth = 1 - np.exp(-np.arange(1, evaluations + 1) / 3)
    scores = np.round(final[:, :, None] * growth + rng.normal(0, 0.05, (runs, tasks, evaluations)), 3)

    def iqm(scores):
        return np.array([metrics.aggregate_iqm(scores[..., at]) for at in range(evaluations)])

    return {"scores": scores.tolist(), "iqm": iqm(scores).tolist(), "intervals": interval(scores, iqm)}


def main():
    rng = np.random.default_rng(20261201)
    np.random.seed(7)
    shapes = [(8, 4, 8), (5, 6, 3), (3, 2, 3), (10, 5, 7), (2, 1, 2)]
    recorded = {
        "thresholds": THRESHOLDS,
        "resamples": REPS * BATCHES,
        "batches": BATCHES,
        "cases": [case(rng, *shape) for shape in shapes],
        "curves": curves(rng, 6, 3, 8),
    }
    print(json.dumps(recorded))


main()
