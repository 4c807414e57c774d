"""The story of one attempt on real models: what is scored, refused, set aside, checked and said."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from dropscore import bundle as bundles
from dropscore import durable, folders
from dropscore.domain.jobs import Kind, Task, Verdict
from dropscore.domain.rules import Policy, Rules, Trusted
from dropscore.pipeline import process
from dropscore.receipt import Outcome
from tasks import task_in

DATA = Path(__file__).parents[1] / "model" / "penguins" / "data" / "penguins.csv"


def _task(tmp_path: Path, bundle: Path, content: bytes, rules: Rules | None = None, **more: Any) -> Task:
    return task_in(tmp_path, bundle, content, rules=rules or Rules(), **more)


def _run(task: Task) -> Outcome:
    return process(task, bundles.load(task.bundle, task.trusted))


def _sheet(task: Task, name: str, sheet: str) -> list[list[Any]]:
    return CalamineWorkbook.from_path(str(Path(task.folder) / name)).get_sheet_by_name(sheet).to_python()


def _birds(spoil: dict[tuple[int, str], str] | None = None, rows: int = 40) -> bytes:
    found = list(csv.DictReader(io.StringIO(DATA.read_text())))[:rows]
    for (row, column), value in (spoil or {}).items():
        found[row - 2][column] = value
    out = io.StringIO()
    writer = csv.DictWriter(out, found[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue().encode()


def test_a_good_file_is_scored_as_the_model_scores_it(tmp_path: Path, penguins_bundle: Path) -> None:
    task = _task(tmp_path, penguins_bundle, _birds())
    outcome = _run(task)
    assert (outcome.verdict, outcome.counts.rows, outcome.counts.scored) == (Verdict.DELIVERED, 40, 40)
    header, *rows = _sheet(task, "result.xlsx", "Predictions")
    assert header[: len(header) - 1] == _birds().decode().splitlines()[0].split(",")
    assert len(rows) == 40 and all(2500 < row[-1] < 6500 for row in rows)
    assert [file.role for file in outcome.files] == ["result"]
    assert outcome.files[0].sha256 == durable.sha256_of(Path(task.folder) / "result.xlsx")


def test_the_profile_tells_what_production_sees(tmp_path: Path, penguins_bundle: Path) -> None:
    outcome = _run(_task(tmp_path, penguins_bundle, _birds()))
    bill = outcome.profile.columns["bill_length_mm"]
    assert bill.quantiles is not None and bill.quantiles[0] < bill.quantiles[50] < bill.quantiles[100]
    assert bill.missing == 1 and bill.rows == 40
    assert outcome.profile.predictions


def test_one_bad_cell_refuses_the_file_and_marks_it(tmp_path: Path, penguins_bundle: Path) -> None:
    task = _task(tmp_path, penguins_bundle, _birds({(5, "bill_length_mm"): "39,1"}))
    outcome = _run(task)
    assert (outcome.verdict, outcome.counts.set_aside, outcome.counts.scored) == (Verdict.REJECTED, 40, 0)
    assert [(entry.code, entry.cell) for entry in outcome.problems] == [("decimal-comma", "C5")]
    assert [file.role for file in outcome.files] == ["fix"]
    header, *rows = _sheet(task, "fix.xlsx", "Rows")
    assert header[-1] == "_dropscore_row"
    assert [row[-1] for row in rows] == [f"K7F2QXM4:{row}" for row in range(2, 42)]
    assert outcome.handed_out == ((2, 41),)
    assert not (Path(task.folder) / "result.xlsx").exists()


def test_good_rows_are_scored_and_the_bad_ones_handed_back(tmp_path: Path, penguins_bundle: Path) -> None:
    content = _birds({(5, "bill_length_mm"): "x", (6, "species"): "Emperor", (9, "island"): "Hoth"})
    task = _task(tmp_path, penguins_bundle, content, Rules(policy=Policy.GOOD_ROWS))
    outcome = _run(task)
    assert (outcome.verdict, outcome.counts.scored, outcome.counts.set_aside) == (Verdict.PARTIAL, 37, 3)
    assert outcome.handed_out == ((5, 6), (9, 9))
    assert len(_sheet(task, "result.xlsx", "Predictions")) == 38
    assert [row[-1] for row in _sheet(task, "fix.xlsx", "Rows")[1:]] == ["K7F2QXM4:5", "K7F2QXM4:6", "K7F2QXM4:9"]


def test_predictions_of_the_good_rows_are_those_of_the_whole_file(tmp_path: Path, penguins_bundle: Path) -> None:
    whole = _task(tmp_path, penguins_bundle, _birds())
    _run(whole)
    expected = {tuple(row[:-1]): row[-1] for row in _sheet(whole, "result.xlsx", "Predictions")[1:]}
    (tmp_path / "part").mkdir()
    part = _task(tmp_path / "part", penguins_bundle, _birds({(5, "species"): "?"}), Rules(policy=Policy.GOOD_ROWS))
    _run(part)
    for row in _sheet(part, "result.xlsx", "Predictions")[1:]:
        assert math.isclose(expected[tuple(row[:-1])], row[-1], rel_tol=1e-11)


def test_nothing_good_is_a_rejection_under_either_policy(tmp_path: Path, penguins_bundle: Path) -> None:
    spoiled = {(row, "species"): "Emperor" for row in range(2, 12)}
    task = _task(tmp_path, penguins_bundle, _birds(spoiled, rows=10), Rules(policy=Policy.GOOD_ROWS))
    assert _run(task).verdict is Verdict.REJECTED


def test_a_check_scores_nothing_and_makes_no_file(tmp_path: Path, penguins_bundle: Path) -> None:
    task = _task(tmp_path, penguins_bundle, _birds({(5, "bill_length_mm"): "x"}), kind=Kind.CHECK)
    outcome = _run(task)
    assert (outcome.verdict, outcome.files, outcome.counts.set_aside) == (Verdict.CHECKED, (), 1)
    assert sorted(path.name for path in Path(task.folder).iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n" + bytes(99), b"species,island\nAdelie,Biscoe\n"])
def test_a_file_that_is_no_such_table_is_refused_as_a_whole(
    tmp_path: Path, penguins_bundle: Path, content: bytes
) -> None:
    outcome = _run(_task(tmp_path, penguins_bundle, content))
    assert (outcome.verdict, outcome.files) == (Verdict.REJECTED, ())
    assert outcome.groups and all(group.sentence and group.hint for group in outcome.groups)


def test_another_checksum_than_promised_names_both(tmp_path: Path, penguins_bundle: Path) -> None:
    task = _task(tmp_path, penguins_bundle, _birds(), expected_sha256="ab" * 32)
    (entry,) = _run(task).problems
    assert (entry.code, entry.found) == ("checksum-differs", task.sha256)
    assert "ab" * 32 in (entry.expected or "")


def test_a_column_with_the_models_own_name_is_kept_beside_it(tmp_path: Path, penguins_bundle: Path) -> None:
    loaded = bundles.load(folders.pick_bundle(penguins_bundle), Trusted())
    name = loaded.outputs[0].name
    lines = _birds().decode().splitlines()
    content = "\n".join([f"{lines[0]},{name}", *(f"{line},mine" for line in lines[1:])]) + "\n"
    task = _task(tmp_path, penguins_bundle, content.encode())
    _run(task)
    header, first, *_ = _sheet(task, "result.xlsx", "Predictions")
    assert header[-2:] == [name, f"{name} (model)"] and first[-2] == "mine"


def test_what_a_workbook_cannot_hold_is_said_in_the_receipt(tmp_path: Path, penguins_bundle: Path) -> None:
    lines = _birds().decode().splitlines()
    notes = ["note", "x" * 40_000, *["fine"] * 39]
    content = "\n".join(f"{line},{note}" for line, note in zip(lines, notes, strict=True)) + "\n"
    outcome = _run(_task(tmp_path, penguins_bundle, content.encode()))
    assert outcome.verdict is Verdict.DELIVERED
    assert [(group.code, group.count) for group in outcome.groups] == [("cell-cut", 1)]
    assert outcome.counts.warnings == 1


def test_spanish_is_spoken_where_the_route_says_so(tmp_path: Path, penguins_bundle: Path) -> None:
    outcome = _run(_task(tmp_path, penguins_bundle, _birds({(5, "island"): "Hoth"}), Rules(language="es")))
    assert outcome.sentence.startswith("No se puntuó nada")
    assert "isla" in outcome.groups[0].hint.lower() or "escriba" in outcome.groups[0].hint.lower()


def test_the_same_task_makes_the_same_bytes(tmp_path: Path, penguins_bundle: Path) -> None:
    task = _task(tmp_path, penguins_bundle, _birds())
    first = _run(task).files[0].sha256
    (tmp_path / "attempt-2").mkdir()
    assert _run(replace(task, folder=str(tmp_path / "attempt-2"))).files[0].sha256 == first
