"""How good predictions were, on pairs of a prediction and what really happened. The figures are scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    mean_absolute_error,
    roc_auc_score,
    root_mean_squared_error,
)

from dropscore.actuals import intervals
from dropscore.actuals.intervals import Floats
from dropscore.figures import Calibration, CalibrationBin, Figure

FEWEST = intervals.FEWEST
_BINS = 10

Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """Pairs of classes. `shares` are predicted probabilities by class, those that the model answers."""

    predicted: Texts | None
    actual: Texts
    shares: Mapping[str, Floats]

    def __len__(self) -> int:
        return len(self.actual)

    def at(self, mask: NDArray[np.bool_]) -> Classes:
        chosen = None if self.predicted is None else self.predicted[mask]
        return Classes(chosen, self.actual[mask], {name: values[mask] for name, values in self.shares.items()})


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    predicted: Floats
    actual: Floats

    def __len__(self) -> int:
        return len(self.actual)

    def at(self, mask: NDArray[np.bool_]) -> Numbers:
        return Numbers(self.predicted[mask], self.actual[mask])


Pairs = Classes | Numbers


def figures(pairs: Pairs) -> tuple[Figure, ...]:
    """Return every figure that these pairs allow; none of fewer than ten."""
    if len(pairs) < FEWEST:
        return ()
    return _of_numbers(pairs) if isinstance(pairs, Numbers) else _of_classes(pairs)


def _figure(name: str, value: float, interval: tuple[float, float] | None) -> Figure:
    low, high = interval if interval is not None else (None, None)
    return Figure.model_validate({"name": name, "value": float(value), "low": low, "high": high})


def _of_numbers(pairs: Numbers) -> tuple[Figure, ...]:
    errors = pairs.predicted - pairs.actual
    return (
        _figure("mae", mean_absolute_error(pairs.actual, pairs.predicted), _positive(np.abs(errors))),
        _figure("rmse", root_mean_squared_error(pairs.actual, pairs.predicted), intervals.of_root(errors**2)),
        _figure("bias", float(errors.mean()), intervals.of_mean(errors)),
    )


def _positive(values: Floats) -> tuple[float, float] | None:
    return intervals.of_mean(values, intervals.POSITIVE)


def _of_classes(pairs: Classes) -> tuple[Figure, ...]:
    found = []
    if pairs.predicted is not None:
        right = (pairs.predicted == pairs.actual).astype(np.float64)
        found.append(_figure("accuracy", accuracy_score(pairs.actual, pairs.predicted), _share_right(right)))
    if len(pairs.shares) == 1:
        found += _of_one_class(pairs)
    elif len(pairs.shares) > 2 and set(pairs.actual) <= set(pairs.shares):
        found += _of_many_classes(pairs)
    return tuple(found)


def _share_right(right: Floats) -> tuple[float, float] | None:
    count = len(right)
    if right.all():  # nothing varies: the largest share of mistakes that hides with 2.5 % in so many pairs
        return (float(0.025 ** (1 / count)), 1.0)
    if not right.any():
        return (0.0, float(1 - 0.025 ** (1 / count)))
    return intervals.of_mean(right, intervals.SHARE)


def _of_one_class(pairs: Classes) -> list[Figure]:
    (category, share), *_ = pairs.shares.items()
    happened = pairs.actual == category
    found = []
    if 0 < happened.sum() < len(happened):
        value = float(roc_auc_score(happened, share))
        found.append(_figure("auc", value, _auc_interval(happened, share)))
    losses = (share - happened) ** 2
    found.append(_figure("brier", brier_score_loss(happened, share), _positive(losses)))
    return found


def placements(happened: NDArray[np.bool_], share: Floats) -> tuple[Floats, Floats]:
    """Return of each who had it the share of the others ranked below, and of each other the share ranked above.

    The mean of both is the AUC; ties count half. Source: DeLong, DeLong and Clarke-Pearson (1988).
    """
    ours, others = share[happened], share[~happened]
    ranks = rankdata(share)
    first = (ranks[happened] - rankdata(ours)) / len(others)
    second = 1 - (ranks[~happened] - rankdata(others)) / len(ours)
    return first, second


def _auc_interval(happened: NDArray[np.bool_], share: Floats) -> tuple[float, float] | None:
    first, second = placements(happened, share)
    if first.all() and (first == 1).all():
        return (float(0.025 ** (1 / min(len(first), len(second)))), 1.0)
    return intervals.of_two(first, second)


def _of_many_classes(pairs: Classes) -> list[Figure]:
    """One against the rest, averaged over the classes that happened."""
    names = list(pairs.shares)
    matrix = np.column_stack([pairs.shares[name] for name in names])
    actual = np.column_stack([pairs.actual == name for name in names]).astype(np.float64)
    losses = ((matrix - actual) ** 2).sum(axis=1)
    found = []
    if all(0 < actual[:, at].sum() < len(actual) for at in range(len(names))):
        value = float(np.mean([roc_auc_score(actual[:, at], matrix[:, at]) for at in range(len(names))]))
        found.append(_figure("auc", value, None))
    found.append(_figure("brier", float(losses.mean()), _positive(losses)))
    return found


def calibrations(pairs: Pairs) -> tuple[Calibration, ...]:
    """Return for each class with a probability how often it happened, in ten bins of as many pairs each."""
    if isinstance(pairs, Numbers) or len(pairs) < FEWEST:
        return ()
    return tuple(
        Calibration(category=category, bins=_bins(share, pairs.actual == category))
        for category, share in pairs.shares.items()
    )


def _bins(share: Floats, happened: NDArray[np.bool_]) -> tuple[CalibrationBin, ...]:
    count = max(1, min(_BINS, len(share) // FEWEST))
    order = np.argsort(share, kind="stable")
    found = []
    for part in np.array_split(order, count):
        low, high = _wilson(int(happened[part].sum()), len(part))
        predicted, seen = float(share[part].mean()), float(happened[part].mean())
        found.append(CalibrationBin(pairs=len(part), predicted=predicted, happened=seen, low=low, high=high))
    return tuple(found)


def _wilson(count: int, total: int) -> tuple[float, float]:
    """Return the 95 % interval of a share. Source: Wilson (1927)."""
    z = 1.959963984540054
    share = count / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    spread = z / (1 + z * z / total) * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return float(max(0.0, middle - spread)), float(min(1.0, middle + spread))


_TRAINED = {
    "accuracy": ("accuracy",),
    "auc": ("roc_auc", "auc", "roc_auc_ovr"),
    "brier": ("brier", "brier_score", "neg_brier_score"),
    "mae": ("mae", "mean_absolute_error", "neg_mean_absolute_error"),
    "rmse": ("rmse", "root_mean_squared_error", "neg_root_mean_squared_error"),
    "bias": ("bias",),
}


def trained_score(name: str, scores: Mapping[str, Sequence[float | None]]) -> tuple[float, float] | None:
    """Return mean and standard deviation of a figure over the folds of training; a name may end in its unit."""
    for known in _TRAINED[name]:
        for given, (mean, std) in scores.items():
            if (given == known or given.startswith(f"{known}_")) and mean is not None and std is not None:
                return (abs(mean) if known.startswith("neg_") else mean), std
    return None


def beside_training(figure: Figure, scores: Mapping[str, Sequence[float | None]]) -> Figure:
    """Return the figure with training's, and whether it lies outside.

    Outside is what lies beyond two standard deviations of the folds' scores, and whose own interval does not
    hold training's mean.
    """
    known = trained_score(figure.name, scores)
    if known is None:
        return figure
    mean, std = known
    low, high = mean - 2 * std, mean + 2 * std
    outside = ""
    if figure.low is not None and figure.high is not None:
        if figure.value > high and figure.low > mean:
            outside = "higher"
        elif figure.value < low and figure.high < mean:
            outside = "lower"
    update = {"trained": mean, "trained_low": low, "trained_high": high, "outside": outside}
    return figure.model_copy(update=update)
