"""Many small files as one: what is kept of each adds up, and says what no single file can."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from drift_data import KINDS, profile_of, profile_of_kind
from dropscore.drift import Reference, judge
from dropscore.drift.windows import Filled, as_batch, filled, together
from dropscore.receipt import BatchProfile


def columns(kind: str, rows: int, seed: int, more: float = 0.0) -> dict[str, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    return {f"c{at}": KINDS[kind](rng, rows) + more for at in range(4)}


def window(kind: str, reference: Reference, trained: BatchProfile, sizes: list[int], more: float = 0.0) -> Filled:
    parts = [
        filled(reference, f"job{at}", profile_of_kind(kind, columns(kind, rows, 100 + at, more), trained))
        for at, rows in enumerate(sizes)
    ]
    return together(parts)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_many_files_without_drift_stay_without(kind: str) -> None:
    trained = profile_of_kind(kind, columns(kind, 5_000, 1))
    reference = Reference(trained)
    found = window(kind, reference, trained, [25] * 200)
    assert (found.rows, len(found.jobs)) == (5_000, 200)
    told = judge(reference, as_batch(reference, found))
    assert (told.state, told.rows) == ("steady", 5_000)
    assert all(column.rows == pytest.approx(5_000, abs=2) for column in told.columns)


@pytest.mark.parametrize("kind", ["normal", "skewed", "heavy-tailed", "discrete"])
def test_files_too_small_to_say_add_up_to_a_finding(kind: str) -> None:
    trained = profile_of_kind(kind, columns(kind, 5_000, 1))
    reference = Reference(trained)
    alone = profile_of_kind(kind, columns(kind, 20, 7, 1.0), trained)
    assert judge(reference, alone).state == "few-rows"
    told = judge(reference, as_batch(reference, window(kind, reference, trained, [20] * 20, more=1.0)))
    assert [column.changes[0] for column in told.columns] == ["level"] * 4


def test_the_window_is_as_one_file_of_the_same_rows() -> None:
    trained = profile_of(columns("normal", 5_000, 1))
    reference = Reference(trained)
    parts = [columns("normal", 200, 100 + at, 0.3) for at in range(10)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    one = judge(reference, profile_of(whole, trained))
    many = judge(reference, as_batch(reference, window("normal", reference, trained, [200] * 10, more=0.3)))
    for left, right in zip(one.columns, many.columns, strict=True):
        assert left.level == pytest.approx(right.level, abs=0.02)
        assert left.median == pytest.approx(right.median, abs=0.03)
        assert left.outside == right.outside


def test_missing_values_and_categories_add_up() -> None:
    trained = profile_of_kind("categories", columns("categories", 3_000, 1))
    reference = Reference(trained)
    parts = [profile_of_kind("categories", columns("categories", 50, at), trained) for at in range(10)]
    found = as_batch(reference, together(filled(reference, str(at), part) for at, part in enumerate(parts)))
    for name, column in found.columns.items():
        assert column.rows == 500
        assert column.counts is not None
        for letter, count in column.counts.items():
            assert count == sum((part.columns[name].counts or {}).get(letter, 0) for part in parts)


def test_cells_survive_being_written_down() -> None:
    trained = profile_of(columns("skewed", 2_000, 1))
    reference = Reference(trained)
    found = window("skewed", reference, trained, [10, 400])
    again = Filled.model_validate_json(found.model_dump_json())
    assert again == found
    assert as_batch(reference, again) == as_batch(reference, found)


def test_an_empty_window_and_empty_files() -> None:
    trained = profile_of(columns("normal", 2_000, 1))
    reference = Reference(trained)
    assert judge(reference, as_batch(reference, together([]))).state == "few-rows"
    empty = filled(reference, "a", profile_of({name: values[:0] for name, values in columns("normal", 1, 1).items()}))
    full = filled(reference, "b", profile_of(columns("normal", 100, 3), trained))
    assert judge(reference, as_batch(reference, together([empty, full]))).rows == 100


def test_values_between_and_beyond_those_of_training_are_kept() -> None:
    trained = profile_of({"n": np.repeat([1.0, 2.0, 4.0], 500)})
    reference = Reference(trained)
    odd = profile_of({"n": np.repeat([0.0, 2.0, 3.0, 9.0], 50)}, trained)
    found = as_batch(reference, filled(reference, "a", odd)).columns["n"]
    assert found.sampled == 200
    assert sum(count for _, count in found.values or ()) == 200
    assert found.outside == 100
