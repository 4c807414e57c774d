"""The table of faults in docs/reliability.md names every fault once, each with tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
TEST = re.compile(r"`(\w+\.py)::(\w+)`")


def test_every_fault_has_its_row_and_every_named_test_exists() -> None:
    rows = ROW.findall((TESTS.parent / "docs" / "reliability.md").read_text())
    assert [int(number) for number, *_ in rows] == list(range(1, 68))
    for number, fault, named in rows:
        tests = TEST.findall(named)
        assert tests, f"{number}, {fault}, has no test"
        for file, name in tests:
            (path,) = TESTS.rglob(file)
            assert re.search(rf"^def {name}\(", path.read_text(), re.MULTILINE), f"{file}::{name}"
