"""A finished job's files on their way into archive and trash."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_root import receipt
from dropscore import durable
from dropscore.folders import Root
from dropscore.receipt import Receipt
from dropscore.service import moves


def _published(root: Root, told: Receipt) -> None:
    for place in moves.published_places(root, told):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("x")


@pytest.mark.parametrize(
    ("put_away", "folder_of"),
    [(moves.trash, moves.trashed_folder), (moves.archive, moves.archived_folder)],
)
def test_a_move_whose_sync_was_refused_is_synced_by_the_next_try(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    put_away: Callable[[Root, Receipt], object],
    folder_of: Callable[[Root, Receipt], Path],
) -> None:
    root, told = Root(tmp_path), receipt()
    _published(root, told)
    folder = folder_of(root, told)
    last = folder / moves.published_places(root, told)[-1].name
    synced: list[Path] = []
    really = durable.sync_directory

    def refused_once(path: Path) -> None:
        if path == folder and last.exists() and not refused:
            refused.append(path)
            raise OSError(errno.ENOSPC, "full")
        synced.append(path)
        really(path)

    refused: list[Path] = []
    monkeypatch.setattr(durable, "sync_directory", refused_once)
    with pytest.raises(OSError, match="full"):
        put_away(root, told)
    assert last.exists()
    synced.clear()
    put_away(root, told)
    assert folder in synced
