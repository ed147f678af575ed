"""The part of make_reference.py that writes detailed.json.

Labels and predictions are rounded, so that the file stays small; the results
have all 17 digits. What is undefined is null.
"""

import json
import math
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn.metrics import mean_absolute_error, mean_squared_error
from sklearn.metrics import median_absolute_error, r2_score
from statsmodels.stats.multitest import multipletests

WITHIN = [0.05, 0.1]
EDGES = [0.0, 0.25, 0.5, 0.75, 1.0]
rng = np.random.default_rng(20240502)


def defined(value):
    value = float(value)
    return value if math.isfinite(value) else None


def correlation(function, x, y):
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(function(x, y).statistic)


def errors(labels, predictions, chosen):
    count = int(chosen.sum())
    if count == 0:
        return {"count": 0, "mse": None, "mae": None, "bias": None}
    y, p = labels[chosen], predictions[chosen]
    return {
        "count": count,
        "mse": float(mean_squared_error(y, p)),
        "mae": float(mean_absolute_error(y, p)),
        "bias": float(np.mean(p - y)),
    }


def in_bin(labels, edges, index):
    if index == 0:
        return labels == edges[0]
    return (labels > edges[index - 1]) & (labels <= edges[index])


def scores(y, raw, settings):
    low, high = settings["label_range"]
    edges = settings["bin_edges"]
    p = np.clip(raw, low, high) if settings["clip"] else raw
    mse = float(mean_squared_error(y, p))
    r2 = r2_score(y, p, force_finite=False) if len(y) > 1 else math.nan
    bins = [errors(y, p, in_bin(y, edges, i)) for i in range(len(edges))]
    filled = [group["mse"] for group in bins if group["count"]]
    return {
        "mse": mse,
        "mae": float(mean_absolute_error(y, p)),
        "rmse": math.sqrt(mse),
        "r2": defined(r2),
        "median_absolute_error": float(median_absolute_error(y, p)),
        "bias": float(np.mean(p - y)),
        "pearson": correlation(stats.pearsonr, p, y),
        "spearman": correlation(stats.spearmanr, p, y),
        "within": [float(np.mean(np.abs(p - y) <= b)) for b in WITHIN],
        "balanced_mse": float(np.mean(filled)) if filled else None,
        "outside_range": float(np.mean((raw < low) | (raw > high))),
        "groups": {
            "zero": errors(y, p, y == 0),
            "nonzero": errors(y, p, y != 0),
            "bins": bins,
        },
    }


def target(y, raw, mean, settings):
    model = scores(y, raw, settings)
    baseline = scores(y, np.full_like(y, mean), settings)
    skill = 1 - model["mse"] / baseline["mse"] if baseline["mse"] else None
    return {"model": model, "baseline": baseline, "skill": skill}


def case(name, labels, predictions, means, clip=True, label_range=(0, 1), edges=EDGES):
    settings = {"clip": clip, "label_range": list(label_range), "bin_edges": edges}
    labels = np.asarray(labels, dtype=np.float64)
    predictions = np.asarray(predictions, dtype=np.float64)
    columns = zip(labels.T, predictions.T, means)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        targets = [target(y, p, mean, settings) for y, p, mean in columns]
    return {
        "name": name,
        "settings": settings,
        "training_means": list(means),
        "labels": labels.tolist(),
        "predictions": predictions.tolist(),
        "targets": targets,
    }


def scored(rows, targets):
    """Labels as of the task: about half are exactly 0."""
    labels = np.maximum(rng.uniform(-0.9, 0.95, (rows, targets)), 0)
    return np.round(labels, 3)


def cases():
    usual = scored(60, 2)
    noisy = np.round(usual + rng.normal(0, 0.15, usual.shape), 3)
    ten = scored(12, 10)
    half = np.column_stack([np.full(20, 0.5), scored(20, 1)[:, 0]])
    ties = rng.choice([0.0, 0.0, 0.0, 0.5, 0.9], (50, 2))
    steps = np.round(ties + rng.normal(0, 0.2, ties.shape), 1)
    offset = np.round(1e6 + rng.normal(0, 0.3, (40, 2)), 4)
    near = np.round(offset + rng.normal(0, 0.1, offset.shape), 4)
    far = dict(label_range=(1e6 - 1, 1e6 + 1), edges=[1e6 - 1, 1e6 - 0.25, 1e6, 1e6 + 0.25])
    return [
        case("half of the labels are zero, clipped", usual, noisy, [0.3, 0.25]),
        case("the same, not clipped", usual, noisy, [0.3, 0.25], clip=False),
        case("ten targets", ten, np.round(ten * 0.8 + 0.1 * rng.uniform(0, 1, ten.shape), 3), [0.25] * 10),
        case("one of two targets has constant labels", half, np.round(half + rng.normal(0, 0.1, half.shape), 3), [0.5, 0.25]),
        case("constant predictions", usual[:20], np.full((20, 2), 0.25), [0.3, 0.25]),
        case("one sample", [[0.25, 0.0]], [[0.5, 0.0625]], [0.25, 0.125]),
        case("two samples", [[0.25, 0.0], [0.75, 0.0]], [[0.5, 0.1], [0.6, 0.2]], [0.25, 0.125]),
        case("ties in labels and predictions", ties, steps, [0.25, 0.5]),
        case("labels of 1e6 plus noise", offset, near, [1e6, 1e6 + 0.125], **far),
        case("no label in any bin", usual[:10] + 2, noisy[:10] + 2, [2.25, 2.5], label_range=(2, 3)),
        case("all labels zero", np.zeros((8, 1)), np.round(rng.uniform(-0.1, 0.2, (8, 1)), 3), [0.25]),
    ]


def permutation():
    """All 2¹² signs, enumerated by SciPy."""
    differences = np.round(rng.normal(0.04, 0.1, 12), 3)
    p = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf
    ).pvalue
    return {"differences": differences.tolist(), "p_value": float(p)}


def holm():
    families = [
        [0.01, 0.04, 0.03, 0.005],
        [0.5, 0.5, 0.9],
        [0.001],
        [0.02, 0.02, 0.02, 1.0, 0.0, 0.3],
    ]
    adjusted = [multipletests(p, method="holm")[1].tolist() for p in families]
    return [{"p_values": p, "adjusted": a} for p, a in zip(families, adjusted)]


def seeds():
    sets = [[0.81, 0.83, 0.8], [0.5, 0.75], np.round(rng.normal(0.9, 0.01, 10), 4).tolist()]
    out = []
    for values in sets:
        for confidence in [0.9, 0.95, 0.99]:
            error = stats.sem(values)
            low, high = stats.t.interval(confidence, len(values) - 1, np.mean(values), error)
            out.append({
                "values": values,
                "confidence": confidence,
                "mean": float(np.mean(values)),
                "std": float(np.std(values, ddof=1)),
                "interval": [float(low), float(high)],
            })
    return out


def labels():
    rows = scored(80, 3)
    rows[:4, 0] = [0.25, 0.5, 0.95, 0.3]
    # Edges rounded once: those of bins=20 have 0.30000000000000004 for 0.3.
    edges = np.arange(21) / 20
    counts = [np.histogram(y, bins=edges)[0].tolist() for y in rows.T]
    pairs = []
    for a in range(3):
        for b in range(a + 1, 3):
            x, y = rows[:, a], rows[:, b]
            pairs.append({
                "pearson": correlation(stats.pearsonr, x, y),
                "both_zero": int(np.sum((x == 0) & (y == 0))),
                "only_first_zero": int(np.sum((x == 0) & (y != 0))),
                "only_second_zero": int(np.sum((x != 0) & (y == 0))),
                "neither_zero": int(np.sum((x != 0) & (y != 0))),
            })
    return {
        "labels": rows.tolist(),
        "mean": rows.mean(axis=0).tolist(),
        "std": rows.std(axis=0).tolist(),
        "min": rows.min(axis=0).tolist(),
        "max": rows.max(axis=0).tolist(),
        "zero_share": (rows == 0).mean(axis=0).tolist(),
        "histogram": counts,
        "pairs": pairs,
    }


def write():
    made_with = (
        f"NumPy {np.__version__}, SciPy {scipy.__version__}, "
        f"scikit-learn {sklearn.__version__}, statsmodels {statsmodels.__version__}"
    )
    document = {
        "made_with": made_with,
        "within": WITHIN,
        "cases": cases(),
        "permutation": permutation(),
        "holm": holm(),
        "seeds": seeds(),
        "labels": labels(),
    }
    path = Path(__file__).with_name("detailed.json")
    path.write_text(json.dumps(document, ensure_ascii=False) + "\n")
