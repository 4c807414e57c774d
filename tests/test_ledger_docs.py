"""The page about the database names what there is, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dropscore.domain.jobs import State
from dropscore.ledger.tables import metadata

PAGE = (Path(__file__).parents[1] / "docs" / "database.md").read_text()


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_column_is_explained(table: str) -> None:
    section = PAGE.split(f"### {table}:")[1].split("\n#")[0]
    first_cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    explained = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(explained) == sorted(metadata.tables[table].c.keys())


def test_every_state_is_named() -> None:
    assert all(f"`{state}`" in PAGE for state in State)
