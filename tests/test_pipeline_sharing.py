"""Two processes on one file: the same bytes, whoever makes which block, and whoever dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dropscore import bundle as bundles
from dropscore import pipeline, table
from dropscore.domain.jobs import HELP_LATER, HELP_MORE, HELP_NONE, Task, Verdict
from dropscore.domain.rules import Format, Policy, Rules
from dropscore.pipeline import sharing
from dropscore.pipeline.attempt import Attempt
from dropscore.pipeline.scoring import Scoring
from dropscore.pipeline.work import progress_file
from dropscore.receipt import Outcome
from dropscore.workers import Pool
from tasks import task_in

DATA = Path(__file__).parents[1] / "model" / "penguins" / "data" / "penguins.csv"
SECONDS = 60.0
ROWS = 170_000
EVERY = Rules(formats=(Format.XLSX, Format.CSV, Format.PARQUET), explain=2)


def birds(rows: int = ROWS, spoiled: tuple[int, ...] = ()) -> bytes:
    header, *lines = DATA.read_bytes().splitlines()
    found = [lines[number % len(lines)] for number in range(rows)]
    for row in spoiled:
        found[row] = found[row].replace(b",", b",x", 2)
    return b"\n".join([header, *found, b""])


def drop_in(folder: Path, bundle: Path, content: bytes, rules: Rules = EVERY) -> Task:
    """Return a drop with the same id each time: results must be alike to the last byte."""
    return task_in(folder, bundle, content, rules=rules, job="01K7F2QXM4AAAAAAAAAAAAAAAA")


def scored(task: Task) -> Outcome:
    return pipeline.process(task, bundles.load(task.bundle, task.trusted))


def told(outcome: Outcome) -> dict[str, object]:
    return outcome.model_dump(exclude={"durations"})


@contextmanager
def helper(task: Task) -> Iterator[Pool]:
    """A worker that does nothing but help."""
    pool = Pool("dropscore.pipeline:assist", 1, preload=("dropscore.pipeline",))
    try:
        yield pool
    finally:
        pool.close(0.0)


def helped(pool: Pool, task: Task) -> object:
    return pool.submit(task, SECONDS).result(SECONDS)


def shared(task: Task) -> tuple[sharing.Shared, Callable[[int], sharing.Portion | None]]:
    loaded = bundles.load(task.bundle, task.trusted)
    source = table.open_source(Path(task.input), loaded.schema, task.rules, Path(task.folder))
    checker = table.Checker(source, task.rules)
    scoring = Scoring.begin(Attempt(task, loaded, lambda *_: None), source)
    found = sharing.share(Path(task.folder), source, scoring.maker, checker)
    scoring.discard()
    assert found is not None
    return found, lambda index: sharing.make(loaded, found.plan, checker, sharing.untimed, index)


def with_help(monkeypatch: pytest.MonkeyPatch, help_once: Callable[[], object], times: int) -> list[int]:
    """Let so many blocks be made before the job's own process makes any; return those that it makes, as they come."""
    made: list[int] = []
    original = sharing.Shared.in_order

    def after_help(self: sharing.Shared, make_block: Callable[[int], Any]) -> Iterator[object]:
        assert [help_once() for _ in range(times)] == [HELP_MORE] * times

        def noted(index: int) -> Any:
            made.append(index)
            return make_block(index)

        return original(self, noted)

    monkeypatch.setattr(sharing.Shared, "in_order", after_help)
    return made


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, penguins_bundle: Path) -> Outcome:
    return scored(drop_in(tmp_path_factory.mktemp("alone"), penguins_bundle, birds()))


def test_a_file_of_several_blocks_is_the_same_with_help_in_every_format(
    tmp_path: Path, penguins_bundle: Path, alone: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The helper makes two of the four blocks before the job's own process makes the others."""
    task = drop_in(tmp_path, penguins_bundle, birds())
    with helper(task) as pool:
        made = with_help(monkeypatch, lambda: helped(pool, task), 2)
        outcome = scored(task)
        assert helped(pool, task) == HELP_NONE
    assert made == [0, 3]
    assert [file.name for file in outcome.files] == ["result.xlsx", "result.csv", "result.parquet"]
    assert told(outcome) == told(alone)


def test_two_workers_of_a_pool_make_the_same_bytes(tmp_path: Path, penguins_bundle: Path, alone: Outcome) -> None:
    pool = Pool(
        "dropscore.pipeline:work",
        2,
        preload=("dropscore.pipeline",),
        assist="dropscore.pipeline:assist",
        size_of=lambda task: Path(task.input).stat().st_size,
    )
    try:
        for number in range(3):
            task = drop_in(tmp_path / str(number), penguins_bundle, birds())
            pool.submit(task, SECONDS).result(SECONDS)
            verdict = Outcome.model_validate_json(Path(task.folder, "verdict.json").read_bytes())
            assert told(verdict) == told(alone)
    finally:
        pool.close(0.0)


def test_a_block_whose_helper_dies_is_made_by_the_job_itself(tmp_path: Path, penguins_bundle: Path) -> None:
    task = drop_in(tmp_path, penguins_bundle, birds())
    blocks, make_block = shared(task)
    program = f"""
        import os, sys, time
        from pathlib import Path
        from dropscore.pipeline import sharing
        locks = sharing._Locks(Path({task.folder!r}), os.open({task.folder!r} + "/blocks.locks", os.O_RDWR))
        assert locks.take(1) and not locks.take(0)
        print("held", flush=True)
        time.sleep(600)
    """
    dying = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stdout=subprocess.PIPE, text=True)
    try:
        assert dying.stdout is not None and dying.stdout.readline() == "held\n"
        order: list[int] = []

        def make_and_kill(index: int) -> sharing.Portion | None:
            order.append(index)
            if index == 3:
                dying.send_signal(signal.SIGKILL)
            return make_block(index)

        portions = list(blocks.in_order(make_and_kill))
        assert order == [0, 2, 3, 1]
        assert [portion.rows for portion in portions if portion] == [50_000, 50_000, 50_000, 20_000]
    finally:
        blocks.close()
        dying.kill()
        dying.communicate()


@pytest.mark.parametrize("policy", list(Policy))
def test_bad_rows_are_found_and_told_as_without_help(
    tmp_path: Path, penguins_bundle: Path, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = Rules(policy=policy)
    content = birds(130_000, spoiled=(60_123, 101_000))
    task = drop_in(tmp_path / "alone", penguins_bundle, content, rules)
    expected = scored(task)
    assert expected.counts.set_aside == (2 if policy is Policy.GOOD_ROWS else 130_000)
    again = drop_in(tmp_path / "helped", penguins_bundle, content, rules)
    with helper(again) as pool:
        with_help(monkeypatch, lambda: helped(pool, again), 1)
        assert told(scored(again)) == told(expected)


def test_there_is_nothing_to_help_with_before_the_plan_and_after_the_end(tmp_path: Path, penguins_bundle: Path) -> None:
    task = drop_in(tmp_path, penguins_bundle, birds(60_000))
    assert sharing.assist(task) == HELP_LATER
    outcome = scored(task)
    assert outcome.verdict is Verdict.DELIVERED
    assert sharing.assist(task) == HELP_NONE
    assert not [path.name for path in Path(task.folder).iterdir() if path.name.startswith("block-")]


def test_a_small_file_is_not_shared(tmp_path: Path, penguins_bundle: Path) -> None:
    task = drop_in(tmp_path, penguins_bundle, birds(100))
    scored(task)
    assert not Path(task.folder, sharing.LOCKS).exists()


def test_progress_is_written_at_the_end_and_seldom_before(tmp_path: Path) -> None:
    tell = progress_file(tmp_path / "progress.json")
    tell(10, 1, 100)
    first = (tmp_path / "progress.json").read_bytes()
    tell(20, 2, 100)
    assert (tmp_path / "progress.json").read_bytes() == first
    tell(30, 100, 100)
    assert b'"rows": 30' in (tmp_path / "progress.json").read_bytes()
