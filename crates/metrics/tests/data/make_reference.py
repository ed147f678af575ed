"""Writes reference.json: what scikit-learn computes for small, nasty sets; and
detailed.json: what NumPy, scikit-learn, SciPy and statsmodels compute of the
detailed metrics, of labels and of tests.

    pip install numpy scipy scikit-learn statsmodels
    python make_reference.py

Numbers are printed with 17 digits, so that they are read back bit by bit.
R² is asked for with force_finite=False: NaN or -inf stands for "undefined"
and is written as null.
"""

import json
import math
from pathlib import Path

import numpy as np
import sklearn
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

import detailed

rng = np.random.default_rng(20240501)


def case(name, labels, predictions):
    labels = np.asarray(labels, dtype=np.float64)
    predictions = np.asarray(predictions, dtype=np.float64)
    many = labels.shape[0] > 1
    raw = dict(multioutput="raw_values")
    with np.errstate(all="ignore"):
        r2 = (
            r2_score(labels, predictions, force_finite=False, **raw)
            if many
            else [math.nan] * labels.shape[1]
        )
    r2 = [float(x) if math.isfinite(x) else None for x in r2]
    mean = dict(multioutput="uniform_average")
    return {
        "name": name,
        "labels": labels.tolist(),
        "predictions": predictions.tolist(),
        "mse": mean_squared_error(labels, predictions, **raw).tolist(),
        "mae": mean_absolute_error(labels, predictions, **raw).tolist(),
        "r2": r2,
        "label_mean": labels.mean(axis=0).tolist(),
        "label_std": labels.std(axis=0).tolist(),
        "overall_mse": float(mean_squared_error(labels, predictions, **mean)),
        "overall_mae": float(mean_absolute_error(labels, predictions, **mean)),
        # scikit-learn's own average, where every target has an R².
        "overall_r2": None
        if None in r2
        else float(r2_score(labels, predictions, **mean)),
    }


def noisy(labels, scale):
    return labels + rng.normal(0, scale, labels.shape)


uniform = rng.uniform(0, 1, (200, 3))
# 0.5 and not 0.1: numpy's mean of fifty times 0.1 is off by one rounding, and
# scikit-learn then reports an R² of -5e30 for the constant.
constant = np.column_stack([rng.uniform(0, 1, 50), np.full(50, 0.5)])
offset = 1e6 + rng.normal(0, 1e-3, (300, 2))
ties = rng.choice([0.0, 0.0, 0.0, 0.5, 0.9], (120, 2))
cases = [
    case("random data of three targets", uniform, noisy(uniform, 0.2)),
    case("a bad model has a negative R²", uniform, rng.uniform(0, 1, uniform.shape)),
    case("one of two targets has a constant label", constant, noisy(constant, 0.1)),
    case("one sample", [[0.25, 0.75]], [[0.5, 0.5]]),
    case("labels of 1e6 plus noise of 1e-3", offset, noisy(offset, 5e-4)),
    case("ties and a pile-up at zero", ties, np.round(noisy(ties, 0.2), 1)),
    case("perfect predictions", uniform[:20], uniform[:20]),
]
path = Path(__file__).with_name("reference.json")
document = {"made_with": f"scikit-learn {sklearn.__version__}", "cases": cases}
path.write_text(json.dumps(document, indent=None, ensure_ascii=False) + "\n")

detailed.write()
