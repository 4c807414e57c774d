"""Searching: any part among the newest, the beginnings of words among the others, and bounded always."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from dropscore.domain.jobs import State
from dropscore.ledger import Ledger, search
from dropscore.receipt import Sender
from ledgers import KINDS, NOW, fresh_database, receipt

TOPICS = ("sales", "leads", "über-export")


@pytest.fixture(scope="module", params=KINDS)
def ledger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with fresh_database(request.param, tmp_path_factory.mktemp("ledger")) as url:
        opened = Ledger.open(url)
        opened.rebuild(
            (
                (
                    receipt(
                        number,
                        "rejected" if number % 4 == 0 else "delivered",
                        name=f"{TOPICS[number % 3]}_{number:03d}.csv",
                        sender=Sender(name="bo" if number < 30 else "ana"),
                        route=f"r{number % 2}",
                    ),
                    [],
                )
                for number in range(120)
            ),
            NOW,
        )
        yield opened
        opened.close()


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "NEWEST", 40)
    monkeypatch.setattr(search, "MOST", 50)


def found(ledger: Ledger, text: str, **more: object) -> list[int]:
    return [int(row.job[4:]) for row in ledger.jobs(text=text, **more)]  # type: ignore[arg-type]


def test_any_part_is_found_among_the_newest(ledger: Ledger) -> None:
    assert found(ledger, "ales_11") == [117, 114, 111]
    assert found(ledger, "ales_") == list(range(117, 79, -3))  # and no older one: it is no beginning of a word


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("sales_003", [3]),
        ("003", [3]),
        ("Sales_00", [9, 6, 3, 0]),
        ("ales_003", [3]),  # through its second word
        ("ÜBER-EXP", list(range(119, -1, -3))),
        ("export_005.csv", [5]),
        ("bo", list(range(29, -1, -1))),
        ("k00000", list(range(99, 49, -1))),  # a code's beginning that too many have
        ("k0000007", [7]),
        ("zebra", []),
        ("%", []),
        ("_", list(range(119, 79, -1))),
        ("sales\0", []),
        ("sales\udce9", []),
        ("sales" * 900, []),
    ],
)
def test_beginnings_of_words_are_found_everywhere(ledger: Ledger, text: str, numbers: list[int]) -> None:
    assert found(ledger, text, limit=500) == numbers


def test_where_too_many_fit_the_newest_of_the_word_are_found(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST", 10)
    window, older = list(range(117, 79, -3)), list(range(78, -1, -3))
    assert found(ledger, "sales", limit=500) == [*window, *older[:10]]
    assert found(ledger, "sale", limit=500) == [*window, *older[:10]]  # by the alphabet, which is by number here
    assert found(ledger, "sales_01", limit=500) == [18, 15, 12]


def test_other_filters_hold_for_what_is_found(ledger: Ledger) -> None:
    assert found(ledger, "sales_0", states=[State.REJECTED], limit=500) == list(range(96, -1, -12))
    assert found(ledger, "sales_00", routes=["r1"]) == [9, 3]
    assert found(ledger, "sales_0", sender="bo", since=NOW + timedelta(seconds=20)) == [27, 24, 21]
    assert found(ledger, "sales", routes=[]) == found(ledger, "sales", states=[]) == []


def test_pages_put_together_are_everything_that_is_found(ledger: Ledger) -> None:
    seen: list[int] = []
    before = None
    while page := ledger.jobs(text="leads", before=before, limit=7):
        seen += [int(row.job[4:]) for row in page]
        before = page[-1].job
    assert seen == list(range(118, -1, -3))
