"""A challenger beside the version in use: the same pairs, row by row, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    mean_absolute_error,
    roc_auc_score,
    root_mean_squared_error,
)

from dropscore.actuals.measures import Classes, Numbers
from dropscore.actuals.rivalry import figures_beside, rivalry_of
from dropscore.figures import Challenged, Compared, Moved
from dropscore.receipt import dump

DRAW = np.random.default_rng(7)


def classes(rows: int, skill: float, seed: int = 1) -> tuple[Classes, Classes]:
    """Two models on the same rows; the second one's scores hold `skill` more of the truth."""
    draw = np.random.default_rng(seed)
    truth = draw.random(rows) < 0.4
    noise = draw.normal(size=rows)
    pairs = []
    for extra in (0.0, skill):
        score = (1.0 + extra) * truth + noise + 0.3 * draw.normal(size=rows)
        share = 1 / (1 + np.exp(-(score - 0.5)))
        predicted = np.where(share > 0.5, "bad", "good").astype(object)
        pairs.append(Classes(predicted, np.where(truth, "bad", "good").astype(object), {"bad": share}))
    return pairs[0], pairs[1]


def test_the_figures_are_scikit_learn_s_on_the_same_pairs() -> None:
    one, other = classes(500, 0.5)
    found = {beside.champion.name: beside for beside in figures_beside(one, other)}
    happened = one.actual == "bad"
    for name, measure in (("auc", roc_auc_score), ("brier", brier_score_loss)):
        assert found[name].champion.value == pytest.approx(measure(happened, one.shares["bad"]), rel=1e-12)
        assert found[name].challenger.value == pytest.approx(measure(happened, other.shares["bad"]), rel=1e-12)
    right = [accuracy_score(pairs.actual, pairs.predicted) for pairs in (one, other)]
    assert found["accuracy"].difference == pytest.approx(right[1] - right[0])


def test_numbers_are_compared_too() -> None:
    actual = DRAW.normal(100, 10, 400)
    one, other = (Numbers(actual + DRAW.normal(1, spread, 400), actual) for spread in (5, 4))
    found = {beside.champion.name: beside for beside in figures_beside(one, other)}
    for name, measure in (("mae", mean_absolute_error), ("rmse", root_mean_squared_error)):
        expected = measure(actual, other.predicted) - measure(actual, one.predicted)
        assert found[name].difference == pytest.approx(expected)
        assert found[name].low is not None and found[name].high is not None
        assert found[name].low < expected < found[name].high


@pytest.mark.parametrize("name", ["accuracy", "auc", "brier"])
def test_the_interval_of_a_difference_holds_the_truth_nearly_always(name: str) -> None:
    """Of 200 samples at least 90 % and not all hold the difference of a very large one. 1,000 give 93 to 97 %."""
    large = {beside.champion.name: beside for beside in figures_beside(*classes(200_000, 0.4))}
    held = []
    for seed in range(200):
        (found,) = [one for one in figures_beside(*classes(300, 0.4, seed + 10)) if one.champion.name == name]
        assert found.low is not None and found.high is not None
        held.append(found.low <= large[name].difference <= found.high)
    assert 0.90 <= np.mean(held) <= 0.99


def test_two_that_answer_alike_differ_in_nothing() -> None:
    one, _ = classes(300, 0.0)
    for beside in figures_beside(one, one):
        assert beside.difference == 0 and beside.low is None, "there is nothing that varies"


def test_what_it_was_shown_adds_up(tmp_path_factory: pytest.TempPathFactory) -> None:
    state = tmp_path_factory.mktemp("state")
    assert rivalry_of(state, "credit") is None
    folder = state / "challenged" / "credit" / "2026-03"
    folder.mkdir(parents=True)
    shown = [("1.0.0", 7, ""), ("2.0.0", 10, ""), ("2.0.0", 30, ""), ("2.0.0", 0, "gone")]
    for number, (version, rows, failed) in enumerate(shown):
        moved = (
            Moved(output="decision", changed=2, moves={"good → bad": 2}),
            Moved(output="share", changed=rows, mean=0.1 * number, most=0.2 * number),
        )
        names = Compared(code=f"CODE{number}", name="a.csv", before="0.9.0", after=version)
        compared = names.model_copy(update={"rows": rows, "changed": rows, "outputs": moved if rows else ()})
        found = Challenged(job=f"J{number}", compared=compared, seconds=1.0, own_seconds=2.0, failed=failed)
        (folder / f"J{number}.json").write_bytes(dump(found))
    (folder / "torn.json").write_bytes(b"{")
    found_rivalry, version = rivalry_of(state, "credit") or (None, "")
    assert found_rivalry is not None and version == "2.0.0"
    told = found_rivalry
    assert (told.jobs, told.failed, told.why, told.rows, told.changed) == (2, 1, "gone", 40, 40)
    assert (told.seconds, told.own_seconds, told.champions) == (2.0, 4.0, ("0.9.0",))
    decision, share = told.outputs
    assert decision.moves == {"good → bad": 4} and share.mean == pytest.approx((10 * 0.1 + 30 * 0.2) / 40)
    assert share.most == pytest.approx(0.4)


def test_without_pairs_there_is_nothing_beside() -> None:
    empty = Numbers(np.empty(0), np.empty(0))
    assert figures_beside(empty, empty) == ()
