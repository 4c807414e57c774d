"""Mended files: recognised, held against what was handed out, or told why not."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.domain.jobs import Verdict
from dropscore.journal import Handed
from dropscore.pipeline.mending import ranges_of
from dropscore.receipt import Outcome, dump
from test_pipeline_process import _birds, _run, _sheet, _task


@given(st.lists(st.integers(1, 60), unique=True).map(sorted), st.integers(1, 9))
def test_ranges_say_which_rows_they_hold(rows: list[int], size: int) -> None:
    parts = [np.array(rows[at : at + size], dtype=np.int64) for at in range(0, len(rows), size)]
    ranges = ranges_of(parts)
    assert [row for first, last in ranges for row in range(first, last + 1)] == rows
    assert all(after[0] > before[1] + 1 for before, after in itertools.pairwise(ranges))


def _as_saved(value: object) -> str:
    """Return a cell as a spreadsheet saves it into a CSV."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


class Round:
    """A refused file, its fix workbook, and what somebody makes of it."""

    def __init__(self, tmp_path: Path, bundle: Path) -> None:
        self.folder, self.bundle, self.drops = tmp_path, bundle, 0
        (tmp_path / "fixes").mkdir()
        first = _task(tmp_path, bundle, _birds({(5, "bill_length_mm"): "39,1"}, rows=12))
        self.refused = _run(first)
        self.sheet = [[_as_saved(value) for value in row] for row in _sheet(first, "fix.xlsx", "Rows")]
        handed = Handed(
            job=first.job, code="K7F2QXM4", route="penguins", name="birds.csv", rows=self.refused.handed_out
        )
        (tmp_path / "fixes" / "K7F2QXM4.json").write_bytes(dump(handed))

    def drop(self, change: Callable[[list[list[str]]], list[list[str]]] = lambda rows: rows, **more: object) -> Outcome:
        header, *rows = [[*row] for row in self.sheet]
        rows[3][2] = "39.1"
        content = "\n".join(",".join(row) for row in [header, *change(rows)]) + "\n"
        self.drops += 1
        target = self.folder / f"mended-{self.drops}"
        target.mkdir()
        more.setdefault("fixes", str(self.folder / "fixes"))
        return _run(_task(target, self.bundle, content.encode(), **more))  # type: ignore[arg-type]


@pytest.fixture
def round_(tmp_path: Path, penguins_bundle: Path) -> Round:
    return Round(tmp_path, penguins_bundle)


def test_a_mended_file_names_the_job_that_it_mends(round_: Round) -> None:
    outcome = round_.drop()
    assert (outcome.verdict, outcome.mends) == (Verdict.DELIVERED, round_.refused.job)


def test_rows_may_come_in_any_order(round_: Round) -> None:
    assert round_.drop(lambda rows: rows[::-1]).mends == round_.refused.job


def test_a_mend_with_a_fault_left_still_takes_the_place(round_: Round) -> None:
    outcome = round_.drop(lambda rows: [*rows[:7], [*rows[7][:2], "x", *rows[7][3:]], *rows[8:]])
    assert (outcome.verdict, outcome.mends) == (Verdict.REJECTED, round_.refused.job)


@pytest.mark.parametrize(
    ("change", "code", "count"),
    [
        (lambda rows: rows[2:], "mend-rows-missing", 2),
        (lambda rows: [*rows, rows[0]], "mend-rows-doubled", 1),
        (lambda rows: [*rows, [*rows[0][:-1], ""]], "mend-rows-foreign", 1),
        (lambda rows: [*rows, [*rows[0][:-1], "ZZZZZZZZ:3"]], "mend-rows-foreign", 1),
        (lambda rows: [*rows, [*rows[0][:-1], "K7F2QXM4:99"]], "mend-rows-foreign", 1),
    ],
)
def test_rows_that_do_not_add_up_are_refused_by_name(
    round_: Round, change: Callable[[list[list[str]]], list[list[str]]], code: str, count: int
) -> None:
    outcome = round_.drop(change)
    assert (outcome.verdict, outcome.mends) == (Verdict.REJECTED, None)
    assert [(group.code, group.count) for group in outcome.groups] == [(code, count)]
    assert outcome.groups[0].sentence and outcome.problems[0].found


def _said(outcome: Outcome) -> list[str]:
    return [group.code for group in outcome.groups]


def test_what_nobody_waits_for_is_an_ordinary_drop_and_is_told_so(round_: Round) -> None:
    (round_.folder / "fixes" / "K7F2QXM4.json").unlink()
    outcome = round_.drop()
    assert (outcome.verdict, outcome.mends, _said(outcome)) == (Verdict.DELIVERED, None, ["mend-unknown"])


def test_ids_that_are_none_are_an_ordinary_column(round_: Round) -> None:
    outcome = round_.drop(lambda rows: [[*row[:-1], "mine"] for row in rows])
    assert (outcome.mends, _said(outcome)) == (None, ["mend-unknown"])


def test_a_job_mended_already_is_told_so(round_: Round) -> None:
    (round_.folder / "fixes" / "K7F2QXM4.mended").write_text("01KA0000000000000000000000")
    assert _said(round_.drop()) == ["mend-late"]
    (round_.folder / "fixes" / "K7F2QXM4.mended").unlink()
    assert _said(round_.drop(no_mend=True)) == ["mend-late"]


def test_another_folders_fix_file_is_told_so(round_: Round) -> None:
    handed = Handed(job="x", code="K7F2QXM4", route="credit", name="a.csv", rows=((2, 13),))
    (round_.folder / "fixes" / "K7F2QXM4.json").write_bytes(dump(handed))
    assert _said(round_.drop()) == ["mend-other-route"]


def test_without_the_column_it_is_a_drop_like_any_other(round_: Round) -> None:
    content = _birds({(5, "bill_length_mm"): "39.1"}, rows=12)
    target = round_.folder / "plain"
    target.mkdir()
    outcome = _run(_task(target, round_.bundle, content, fixes=str(round_.folder / "fixes")))
    assert (outcome.verdict, outcome.mends, outcome.groups) == (Verdict.DELIVERED, None, ())
