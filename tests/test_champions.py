"""Which version people have chosen for a route, and the way back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore import champions
from dropscore.champions import Champions, Switch
from dropscore.domain.errors import Refused, Unavailable


def switch(version: str, before: str, back: bool = False) -> Switch:
    return Switch(
        version=version, before=before, by="ana", why="better", at=datetime(2026, 3, 1, tzinfo=UTC), back=back
    )


def test_where_nobody_has_switched_nothing_is_chosen(tmp_path: Path) -> None:
    assert champions.read(tmp_path).version_of("credit") is None


def test_what_was_written_is_read(tmp_path: Path) -> None:
    found = champions.switched(Champions(), "credit", switch("2.0.0", "1.0.0"))
    champions.write(tmp_path, found)
    assert champions.read(tmp_path) == found
    assert (found.version_of("credit"), found.version_of("homes")) == ("2.0.0", None)


def test_a_damaged_file_is_never_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / champions.FILE).write_text("{")
    with pytest.raises(Unavailable, match="damaged"):
        champions.read(tmp_path)


def test_the_same_version_twice_is_refused() -> None:
    with pytest.raises(Refused, match="already"):
        champions.switched(Champions(), "credit", switch("1.0.0", "1.0.0"))


def test_without_a_switch_there_is_no_way_back() -> None:
    with pytest.raises(Refused, match="no switch"):
        champions.former(Champions(), "credit")


@given(st.lists(st.booleans(), max_size=30))
def test_each_step_back_undoes_the_last_promotion_that_stands(steps: list[bool]) -> None:
    """`True` promotes a new version, `False` steps back: as on a stack of versions."""
    found, stack, number = Champions(), ["0"], 0
    for promote in steps:
        if promote:
            number += 1
            found = champions.switched(found, "credit", switch(str(number), stack[-1]))
            stack.append(str(number))
        elif len(stack) == 1:
            with pytest.raises(Refused):
                champions.former(found, "credit")
        else:
            former = champions.former(found, "credit")
            found = champions.switched(found, "credit", switch(former, stack.pop(), back=True))
            assert former == stack[-1]
        assert found.version_of("credit") in ({stack[-1]} if found.routes else {None})
