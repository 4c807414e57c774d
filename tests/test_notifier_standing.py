"""How the notifier stands, as metrics read it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

from dropscore.domain.notes import Recipients
from dropscore.ledger import Ledger, note_of
from dropscore.notifier.rounds import Manner, Memory, work_once
from dropscore.notifier.standing import write_standing
from ledgers import NOW, receipt
from listeners import webhook


def standing(folder: Path, ledger: Ledger, memory: Memory) -> dict[str, Any]:
    write_standing(folder / "notifier.json", ledger, memory, NOW)
    found: dict[str, Any] = json.loads((folder / "notifier.json").read_bytes())
    return found


def test_messages_are_counted_and_what_is_owed_too(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    memory = Memory()
    assert standing(tmp_path, ledger, memory) == {
        "written": NOW.isoformat(),
        "sent": {"sender": 0, "owners": 0, "operators": 0},
        "failed": {"sender": 0, "owners": 0, "operators": 0},
        "owed": 0,
        "oldest_owed": None,
    }
    for number in (5, 3):
        told = receipt(number)
        ledger.account(told, [note for note in [note_of(told)] if note])
    found = standing(tmp_path, ledger, memory)
    assert (found["owed"], found["oldest_owed"]) == (2, (NOW + timedelta(seconds=5)).isoformat())
    with webhook() as hook:
        hook.status = 500
        who = Recipients(owners={"credit": (hook.url(),)})
        manner = Manner(group_seconds=0)
        work_once(ledger, who, manner, NOW + timedelta(minutes=1), memory)
        assert standing(tmp_path, ledger, memory)["failed"]["owners"] == 1
        hook.status = 200
        work_once(ledger, who, manner, NOW + timedelta(minutes=10), memory)
    found = standing(tmp_path, ledger, memory)
    assert (found["sent"]["owners"], found["failed"]["owners"], found["owed"]) == (1, 1, 0)
    ledger.close()


def test_a_ledger_that_is_away_and_a_folder_that_is_gone_stop_nothing(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path / 'none' / 'ledger.sqlite'}")
    found = standing(tmp_path, ledger, Memory())
    assert (found["owed"], found["oldest_owed"]) == (None, None)
    write_standing(tmp_path / "none" / "notifier.json", ledger, Memory(), NOW)
    ledger.close()
