"""What a challenger makes of a published job: the same rows under both, its keys kept, and every failure told in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression

from dropscore import bundle as bundles
from dropscore import durable, folders
from dropscore.domain.jobs import CHALLENGED, CHALLENGED_ROWS, ChallengeTask, Kind, State, Via
from dropscore.domain.rules import Actuals, Rules, Trusted
from dropscore.figures import Challenged
from dropscore.pipeline import work
from dropscore.receipt import InputFact, ModelFact, Receipt, Sender, Times, dump

CONTENT = b"id,a,b\n" + b"".join(b"H%d,%d,%d\n" % (row, row % 50, row % 7) for row in range(60))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Version 1.0.0 answers a + b, 2.0.0 answers a + 2 b, 3.0.0 wants a column that no drop has."""
    folder = tmp_path_factory.mktemp("model") / "made"
    frame = pd.DataFrame({"a": np.arange(100.0) % 50, "b": np.arange(100.0) % 7})
    for version, target in (("1.0.0", frame.a + frame.b), ("2.0.0", frame.a + 2 * frame.b)):
        bundles.save(folder, LinearRegression().fit(frame, target), frame, version=version, name="made")
    wider = frame.assign(c=frame.a)
    bundles.save(folder, LinearRegression().fit(wider, wider.a), wider, version="3.0.0", name="made")
    return folder


def challenged(folder: Path, model: Path, version: str, **rules: Any) -> tuple[Challenged, Path]:
    (folder / "out").mkdir(parents=True)
    (folder / "input").write_bytes(CONTENT)
    champion = folders.pick_bundle(model, "1.0.0")
    now = folders.now_utc()
    receipt = Receipt(
        job=folders.new_job(), code="K7F2QXM4", route="made", kind=Kind.SCORE, state=State.DELIVERED, name="made.csv",
        sender=Sender(name="ana", uid=1, via=Via.FOLDER),
        input=InputFact(bytes=len(CONTENT), sha256=durable.sha256_of(folder / "input")),
        model=ModelFact(name=champion.name, version=champion.version, sha256=champion.sha256),
        times=Times(claimed=now), durations={"predict": 2.0},
    )  # fmt: skip
    (folder / "receipt.json").write_bytes(dump(receipt))
    task = ChallengeTask(
        folder=str(folder / "out"), receipt=str(folder / "receipt.json"), input=str(folder / "input"),
        champion=champion, challenger=folders.pick_bundle(model, version), rules=Rules(**rules), trusted=Trusted(),
        state=str(folder / "state"),
    )  # fmt: skip
    work(task)
    return Challenged.model_validate_json((folder / "out" / CHALLENGED).read_bytes()), folder / "out"


def test_both_answers_are_compared_row_by_row(tmp_path: Path, model: Path) -> None:
    found, _ = challenged(tmp_path, model, "2.0.0")
    compared = found.compared
    assert (compared.before, compared.after, compared.rows) == ("1.0.0", "2.0.0", 60)
    assert compared.changed == sum(row % 7 > 0 for row in range(60))
    (moved,) = compared.outputs
    assert moved.mean == pytest.approx(np.mean([row % 7 for row in range(60)])) and moved.most == pytest.approx(6)
    assert found.seconds > 0 and found.own_seconds == 2.0 and not found.failed


def test_its_predictions_are_kept_where_the_route_keeps_any(tmp_path: Path, model: Path) -> None:
    _, out = challenged(tmp_path, model, "2.0.0", actuals=Actuals("id", "outcome", exclude=("a",)))
    kept = pq.read_table(out / CHALLENGED_ROWS)
    assert kept.column_names == ["key", "row", "input.b", "output.prediction"]
    assert kept["key"].to_pylist() == [f"H{row}" for row in range(60)]
    assert json.loads(kept.schema.metadata[b"dropscore"])["version"] == "2.0.0"


def test_where_the_route_keeps_none_nothing_is(tmp_path: Path, model: Path) -> None:
    _, out = challenged(tmp_path, model, "2.0.0")
    assert [path.name for path in out.iterdir()] == [CHALLENGED]


def test_a_challenger_that_takes_no_row_says_why(tmp_path: Path, model: Path) -> None:
    found, _ = challenged(tmp_path, model, "3.0.0")
    assert (found.compared.rows, found.compared.only_before) == (0, 60)
    assert "c" in found.compared.refused


def test_a_challenger_that_cannot_be_used_is_told_and_no_more(tmp_path: Path, model: Path) -> None:
    broken = tmp_path / "broken"
    bundle = model / "2.0.0"
    whole = (bundle / "model.skops").read_bytes()
    (bundle / "model.skops").write_bytes(whole[:-20])
    try:
        bundles.load.__globals__["_kept"].cache_clear()
        found, _ = challenged(broken, model, "2.0.0")
    finally:
        (bundle / "model.skops").write_bytes(whole)
    assert "not the file that was packed" in found.failed and found.compared.rows == 0
