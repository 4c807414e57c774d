"""Pages: the same as sorting everything by hand, and read from an index."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select

from dropscore.domain.jobs import State
from dropscore.ledger import Ledger, queries
from ledgers import NOW, job_id, receipt

STATES = ("delivered", "rejected", "partial", "working")
ROUTES = ("credit", "leads", "default")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.sqlite'}")
    chance = random.Random(7)
    opened.rebuild(
        (
            (receipt(number, chance.choice(STATES), route=chance.choice(ROUTES), claimed=moment(chance)), [])
            for number in range(400)
        ),
        NOW,
    )
    yield opened
    opened.close()


def moment(chance: random.Random) -> Any:
    return NOW + timedelta(seconds=chance.randrange(60))  # many share one: the id must decide


@pytest.mark.parametrize("states", [None, ["rejected"], ["rejected", "working", "held"], list(STATES)])
@pytest.mark.parametrize("routes", [None, ["leads"], ["leads", "credit"], ["nowhere"]])
@pytest.mark.parametrize("since", [None, NOW + timedelta(seconds=30)])
def test_pages_put_together_are_everything_in_order(
    ledger: Ledger, states: list[str] | None, routes: list[str] | None, since: Any
) -> None:
    everything = ledger.jobs(limit=1000)
    assert len(everything) == 400
    wanted = [
        row.job
        for row in sorted(everything, key=lambda row: (row.claimed, row.job), reverse=True)
        if (states is None or row.state in states)
        and (routes is None or row.route in routes)
        and (since is None or row.claimed >= since)
    ]
    seen: list[str] = []
    before = None
    while page := ledger.jobs(
        states=None if states is None else [State(state) for state in states],
        routes=routes,
        since=since,
        before=before,
        limit=37,
    ):
        seen += [row.job for row in page]
        before = page[-1].job
    assert seen == wanted


def plan(ledger: Ledger, statement: Select[Any] | None) -> str:
    assert statement is not None
    engine = ledger._database.engine
    text = str(statement.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        return "\n".join(str(row[3]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}"))


def wanted(**more: Any) -> queries.Wanted:
    return queries.Wanted(
        **({"states": None, "routes": None, "sender": None, "text": "", "since": None, "limit": 50} | more)
    )


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "jobs_newest"),
        ({"since": NOW}, "jobs_newest"),
        ({"sender": "ana", "states": [State.REJECTED]}, "jobs_by_sender_state (sender=? AND state=?"),
        ({"states": [State.REJECTED]}, "jobs_by_state (state=?"),
        ({"states": [State.REJECTED], "routes": ["leads"]}, "jobs_by_route (route=? AND state=?"),
    ],
)
@pytest.mark.parametrize("below", [None, (NOW, job_id(9))])
def test_a_page_is_a_stretch_of_an_index(ledger: Ledger, asked: dict[str, Any], index: str, below: Any) -> None:
    told = plan(ledger, queries.page(wanted(**asked), below))
    assert f"USING INDEX {index}" in told
    assert "TEMP B-TREE" not in told


def test_several_states_are_as_many_stretches(ledger: Ledger) -> None:
    told = plan(ledger, queries.page(wanted(states=[State.REJECTED, State.PARTIAL], routes=["leads", "credit"]), None))
    assert told.count("USING COVERING INDEX jobs_by_route (route=? AND state=?") == 4
    assert "SCAN jobs" not in told


def test_a_sender_in_all_states_is_as_many_stretches(ledger: Ledger) -> None:
    told = plan(ledger, queries.page(wanted(sender="ana"), None))
    assert told.count("USING COVERING INDEX jobs_by_sender_state (sender=? AND state=?") == len(State)
    assert "SCAN jobs" not in told


def test_jobs_are_not_counted_one_by_one(ledger: Ledger) -> None:
    (tallied,) = queries.counts(None, None)
    assert "jobs" not in plan(ledger, tallied)
    for routes in (None, ["leads"]):
        tallied, part = queries.counts(routes, NOW)
        assert "SEARCH tallies USING" in plan(ledger, tallied)
        index = "jobs_by_route (route=? AND state=? AND claimed" if routes else "jobs_by_state (state=? AND claimed"
        assert f"USING COVERING INDEX {index}" in plan(ledger, part)


def test_other_look_ups_use_an_index(ledger: Ledger) -> None:
    assert "USING INDEX jobs_by_content" in plan(ledger, queries.earlier("credit", "a" * 64, "b" * 64))
    assert "USING INDEX jobs_code" in plan(ledger, queries.named("K0000001"))
    assert "SCAN" not in plan(ledger, queries.named(job_id(1)))
    assert "SCAN" not in plan(ledger, queries.moved_since([job_id(1)]))


def test_the_searchs_own_signs_are_plain_text(ledger: Ledger, tmp_path: Path) -> None:
    assert ledger.jobs(text="sales/_1") == ledger.jobs(text="/") == ledger.jobs(text="%") == []
    assert [row.job for row in ledger.jobs(text="SALES_17.")] == [job_id(17)]
