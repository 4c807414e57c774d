"""Values that were seen before, in memory and on disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dropscore.table import unique
from dropscore.table.unique import Seen

Blocks = list[list[str | None]]


def slowly(blocks: Blocks) -> list[dict[int, int]]:
    first: dict[str, int] = {}
    found, row = [], 0
    for block in blocks:
        repeated = {}
        for place, value in enumerate(block):
            if value is not None:
                if value in first:
                    repeated[place] = first[value]
                first.setdefault(value, row)
            row += 1
        found.append(repeated)
    return found


def seen(blocks: Blocks, scratch: Path) -> list[dict[int, int]]:
    keeper = Seen(scratch)
    found, row = [], 0
    for block in blocks:
        rows = np.arange(row, row + len(block), dtype=np.int64)
        found.append(keeper.repeated(pa.array(block, pa.string()), rows))
        row += len(block)
    return found


@given(
    st.lists(st.lists(st.none() | st.text("ab\x01", max_size=3), max_size=12), max_size=6), st.sampled_from([1, 3, 100])
)
def test_as_a_dictionary_would(blocks: Blocks, spilled: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(unique, "SPILLED", spilled)
        assert seen(blocks, Path(tempfile.gettempdir())) == slowly(blocks)


def test_what_is_large_goes_to_disk_and_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unique, "SPILLED", 2)
    keeper = Seen(tmp_path)
    keeper.repeated(pa.array(["a", "b", "c"]), np.array([2, 3, 4]))
    assert isinstance(keeper._runs[0].keys, np.memmap)
    assert list(tmp_path.iterdir()) == []
    assert keeper.repeated(pa.array(["c", "d"]), np.array([5, 6])) == {0: 4}
