"""Many small drops in one call: each as if alone, and what is wrong with one concerns that one only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dropscore import bundle as bundles
from dropscore import durable, folders, pipeline
from dropscore.domain.errors import Unavailable
from dropscore.domain.jobs import Kind, Task, TemplateTask, Verdict
from dropscore.domain.rules import Format, Policy, Rules
from dropscore.receipt import Outcome
from tasks import task_in

DATA = Path(__file__).parents[1] / "model" / "penguins" / "data" / "penguins.csv"


def birds(first: int, rows: int) -> bytes:
    header, *lines = DATA.read_bytes().splitlines()
    return b"\n".join([header, *(lines * 2)[first : first + rows], b""])


def verdict_of(task: Task) -> Outcome:
    return Outcome.model_validate_json(Path(task.folder, "verdict.json").read_bytes())


def told(task: Task) -> dict[str, object]:
    return verdict_of(task).model_dump(exclude={"durations"})


def mixed(top: Path, bundle: Path) -> list[Task]:
    """Files of all kinds and lengths, good and bad."""
    good = [task_in(top / f"good-{rows}", bundle, birds(rows, rows)) for rows in (1, 2, 7, 15, 16, 17, 50, 100, 333)]
    every = Rules(formats=(Format.XLSX, Format.CSV, Format.PARQUET))
    bad = birds(3, 20).replace(b"39", b"x", 1)
    return [
        *good,
        task_in(top / "formats", bundle, birds(5, 30), rules=every),
        task_in(top / "bad", bundle, bad),
        task_in(top / "partial", bundle, bad, rules=Rules(policy=Policy.GOOD_ROWS)),
        task_in(top / "check", bundle, birds(0, 9), kind=Kind.CHECK),
        task_in(top / "no-table", bundle, b"\x89PNG\r\n\x1a\n rest"),
    ]


def test_each_drop_comes_out_as_if_it_were_alone(tmp_path: Path, penguins_bundle: Path) -> None:
    tasks = mixed(tmp_path / "together", penguins_bundle)
    assert bundles.load(tasks[0].bundle, tasks[0].trusted).alike_together
    assert pipeline.work_together(tasks) == [(True, None)] * len(tasks)
    assert {verdict_of(task).verdict for task in tasks} == {
        Verdict.DELIVERED,
        Verdict.REJECTED,
        Verdict.PARTIAL,
        Verdict.CHECKED,
    }
    for task in tasks:
        folder = tmp_path / "alone" / Path(task.folder).parent.name
        alone = replace(task, folder=str(folder / "attempt-1"))
        Path(alone.folder).mkdir(parents=True)
        pipeline.work(alone)
        assert told(task) == told(alone), folder.name
        assert not list(Path(task.folder).glob(".*"))


def test_the_model_is_asked_once(tmp_path: Path, penguins_bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tasks = [task_in(tmp_path / str(at), penguins_bundle, birds(at, 10)) for at in range(20)]
    loaded = bundles.load(tasks[0].bundle, tasks[0].trusted)
    assert loaded.alike_together
    calls: list[int] = []
    original = type(loaded._scorer).score

    def counted(self: Any, typed: Any, **more: Any) -> Any:
        calls.append(len(next(iter(typed.values()))))
        return original(self, typed, **more)

    monkeypatch.setattr(type(loaded._scorer), "score", counted)
    pipeline.work_together(tasks)
    assert calls == [20 * 16]


def test_a_fault_is_its_own_drops_alone(tmp_path: Path, penguins_bundle: Path) -> None:
    tasks = [task_in(tmp_path / str(at), penguins_bundle, birds(at, 10)) for at in range(4)]
    tasks[1] = replace(tasks[1], bundle=replace(tasks[1].bundle, sha256="0" * 64))
    Path(tasks[2].input).unlink()
    answers = pipeline.work_together(tasks)
    assert [good for good, _ in answers] == [True, False, False, True]
    assert isinstance(answers[1][1], Unavailable) and isinstance(answers[2][1], FileNotFoundError)
    assert verdict_of(tasks[0]).verdict is verdict_of(tasks[3]).verdict is Verdict.DELIVERED
    assert not Path(tasks[1].folder, "verdict.json").exists()


def test_a_row_over_which_the_model_stumbles_stops_no_other_drop(
    tmp_path: Path, penguins_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [task_in(tmp_path / str(at), penguins_bundle, birds(at, 10 + at)) for at in range(3)]
    loaded = bundles.load(tasks[0].bundle, tasks[0].trusted)
    assert loaded.alike_together
    original = type(loaded._scorer).score

    def stumbling(self: Any, typed: Any, **more: Any) -> Any:
        if len(next(iter(typed.values()))) in (11, 48):
            raise ZeroDivisionError("a row of the second drop")
        return original(self, typed, **more)

    monkeypatch.setattr(type(loaded._scorer), "score", stumbling)
    answers = pipeline.work_together(tasks)
    assert [good for good, _ in answers] == [True, False, True]
    assert isinstance(answers[1][1], ZeroDivisionError)
    assert [path.name for path in Path(tasks[1].folder).iterdir()] == []


def test_what_an_attempt_that_died_has_left_is_no_hindrance(tmp_path: Path, penguins_bundle: Path) -> None:
    task = task_in(tmp_path, penguins_bundle, birds(0, 10))
    Path(task.folder, "result.xlsx").write_bytes(b"torn")
    Path(task.folder, "verdict.json").write_bytes(b"{")
    pipeline.work_together([task])
    assert verdict_of(task).verdict is Verdict.DELIVERED
    Path(task.folder, "result.xlsx").write_bytes(b"torn")
    pipeline.work(task)
    assert verdict_of(task).files[0].sha256 == durable.sha256_of(Path(task.folder, "result.xlsx"))


def test_nothing_is_written_for_an_attempt_that_was_given_up(tmp_path: Path, penguins_bundle: Path) -> None:
    tasks = [task_in(tmp_path / str(at), penguins_bundle, b"\x89PNG\r\n\x1a\n rest") for at in range(2)]
    Path(tasks[0].folder).rmdir()
    assert pipeline.work_together(tasks) == [(True, None)] * 2
    assert not Path(tasks[0].folder).exists()
    assert verdict_of(tasks[1]).verdict is Verdict.REJECTED


def test_a_template_among_them_is_made(tmp_path: Path, penguins_bundle: Path) -> None:
    (tmp_path / "template").mkdir()
    template = TemplateTask(str(tmp_path / "template"), folders.pick_bundle(penguins_bundle), Rules())
    task = task_in(tmp_path / "drop", penguins_bundle, birds(0, 10))
    assert pipeline.work_together([template, task]) == [(True, None)] * 2
    assert (tmp_path / "template" / "template.xlsx").exists()
