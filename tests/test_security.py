"""The table of attacks in docs/security.md: each attack once, with a test that exists."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (\d+) \| (.+) \| (.+) \| `(\w+\.py)::(\w+)` \|$", re.MULTILINE)


def test_every_attack_has_a_defence_and_a_test_that_exists() -> None:
    text = (TESTS.parent / "docs" / "security.md").read_text()
    part = text[text.index("## Files, models and the daemon") : text.index("## Who may what")]
    rows = ROW.findall(part)
    assert [int(number) for number, *_ in rows] == list(range(1, part.count("\n| ")))
    for _, _, _, file, name in rows:
        (path,) = TESTS.rglob(file)
        assert re.search(rf"^def {name}\(", path.read_text(), re.MULTILINE), f"{file}::{name}"


def test_every_test_that_the_rest_names_exists() -> None:
    named = set(re.findall(r"`(?:tests/)?(test_\w+\.py)`", (TESTS.parent / "docs" / "security.md").read_text()))
    assert named and not [name for name in named if not list(TESTS.rglob(name))]
