"""A drop beside its model's training: in the outcome, on the workbook's first sheet, and never in its way."""

from __future__ import annotations

import csv
import io
import json
import random
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from dropscore import bundle as bundles
from dropscore.domain.drifting import Drifting
from dropscore.domain.jobs import Kind, Task, Verdict
from dropscore.domain.rules import Rules
from dropscore.pipeline import drifting, process
from dropscore.receipt import BatchProfile, Outcome
from tasks import task_in

DATA = Path(__file__).parents[1] / "model" / "credit" / "data" / "german_credit.csv"


def _credits(rows: int, more: float = 1.0, seed: int = 1) -> bytes:
    """Return a drop of so many rows, drawn from all; amounts are multiplied by `more`."""
    found = list(csv.DictReader(io.StringIO(DATA.read_text())))
    chosen = random.Random(seed).sample(found, rows)
    for row in chosen:
        row["credit_amount"] = str(round(int(row["credit_amount"]) * more))
    out = io.StringIO()
    writer = csv.DictWriter(out, chosen[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(chosen)
    return out.getvalue().encode()


def _task(tmp_path: Path, bundle: Path, content: bytes, rules: Rules | None = None, kind: Kind = Kind.SCORE) -> Task:
    told = {"route": "credit", "name": "credits.csv", "kind": kind, "rules": rules or Rules()}
    return task_in(tmp_path, bundle, content, **told)


def _run(task: Task) -> Outcome:
    return process(task, bundles.load(task.bundle, task.trusted))


def _summary(task: Task) -> str:
    rows = CalamineWorkbook.from_path(str(Path(task.folder) / "result.xlsx")).get_sheet_by_name("Summary").to_python()
    return "\n".join(str(cell) for row in rows for cell in row if cell != "")


def test_the_training_itself_has_not_drifted(tmp_path: Path, credit_bundle: Path) -> None:
    outcome = _run(_task(tmp_path, credit_bundle, _credits(300)))
    assert outcome.drift is not None
    assert (outcome.drift.state, outcome.drift.rows, outcome.drift.sentences) == ("steady", 300, ())
    assert {column.of for column in outcome.drift.columns} == {"input", "prediction"}
    assert all(column.probability is not None for column in outcome.drift.columns)


def test_what_has_drifted_stands_on_the_first_sheet_in_a_sentence(tmp_path: Path, credit_bundle: Path) -> None:
    task = _task(tmp_path, credit_bundle, _credits(300, more=2))
    outcome = _run(task)
    assert outcome.verdict is Verdict.DELIVERED
    assert outcome.drift is not None and outcome.drift.state == "drift"
    amount = outcome.drift.sentences[0]
    assert amount.startswith("*credit_amount* is higher than in training: median ")
    assert amount in _summary(task)
    assert "Beside the training data" in _summary(task)


def test_it_is_told_in_spanish(tmp_path: Path, credit_bundle: Path) -> None:
    task = _task(tmp_path, credit_bundle, _credits(300, more=2), Rules(language="es"))
    outcome = _run(task)
    assert outcome.drift is not None
    assert outcome.drift.sentences[0].startswith("*credit_amount* es más alta que en el entrenamiento: mediana ")
    assert outcome.drift.sentences[0] in _summary(task)


def test_a_check_is_told_too_without_predictions(tmp_path: Path, credit_bundle: Path) -> None:
    outcome = _run(_task(tmp_path, credit_bundle, _credits(300, more=2), kind=Kind.CHECK))
    assert outcome.drift is not None and outcome.drift.state == "drift"
    assert {column.of for column in outcome.drift.columns} == {"input"}


def test_a_route_may_not_want_to_know(tmp_path: Path, credit_bundle: Path) -> None:
    outcome = _run(_task(tmp_path, credit_bundle, _credits(300, more=2), Rules(drift=Drifting.OFF)))
    assert outcome.drift is None


def test_a_rejected_file_has_no_drift(tmp_path: Path, credit_bundle: Path) -> None:
    outcome = _run(_task(tmp_path, credit_bundle, b"a,b\n1,2\n"))
    assert (outcome.verdict, outcome.drift) == (Verdict.REJECTED, None)


@pytest.mark.parametrize("rows", [1, 29])
def test_too_few_rows_are_told_as_such(tmp_path: Path, credit_bundle: Path, rows: int) -> None:
    outcome = _run(_task(tmp_path, credit_bundle, _credits(rows, more=9)))
    assert outcome.drift is not None and outcome.drift.state == "few-rows"
    shown = "is one" if rows == 1 else "are 29"
    assert outcome.drift.sentences == (
        f"Too few rows to say whether the data have drifted: here {shown}, and 30 are needed.",
    )


def test_a_bundle_of_an_older_release_is_used_for_what_it_can(tmp_path: Path, credit_bundle: Path) -> None:
    task = _task(tmp_path, credit_bundle, _credits(300, more=2))
    kept = json.loads((credit_bundle / "profile.json").read_text())
    for column in [*kept["columns"].values(), *kept["predictions"].values()]:
        for name in ("sampled", "values", "outside", "unseen"):
            column.pop(name, None)
    older = BatchProfile.model_validate(kept)
    outcome = _run(task)
    found = drifting.judged_drift(drifting.drift.Reference(older), outcome.profile, "en")
    assert found.state == "drift"
    assert found.sentences[0].startswith("*credit_amount* is higher")
    assert found.sentences[-1].endswith("the model was packed by an older release. Pack it again.")


def test_a_fault_in_the_statistics_is_told_and_fails_nothing(
    tmp_path: Path, credit_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(*_: object) -> None:
        raise FloatingPointError("overflow")

    monkeypatch.setattr(drifting.drift, "judge", stumbles)
    outcome = _run(_task(tmp_path, credit_bundle, _credits(60)))
    assert outcome.verdict is Verdict.DELIVERED
    assert outcome.drift is not None and outcome.drift.state == "unknown"
    assert outcome.drift.sentences[0].startswith("Whether the data have drifted could not be worked out.")
