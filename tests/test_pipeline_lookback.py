"""The last 7 and 30 days of a route: read from kept receipts, each once, and judged as one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from ulid import ULID

from dropscore import bundle as bundles
from dropscore import folders
from dropscore.domain.jobs import DRIFT_ROUTE, DRIFT_SEEN, DriftTask, State, Verdict, WatchedRoute
from dropscore.domain.rules import Trusted
from dropscore.pipeline.lookback import Seen, Watched, look_back
from dropscore.receipt import (
    BatchProfile,
    ColumnProfile,
    Drift,
    InputFact,
    ModelFact,
    Receipt,
    Sender,
    Times,
    dump,
)

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class Place:
    """Kept receipts of one route, and what was made of them."""

    def __init__(self, top: Path, bundle: Path) -> None:
        self.receipts, self.kept, self.made = top / "receipts", top / "drift", top / "made"
        for folder in (self.receipts, self.kept):
            folder.mkdir()
        self.ref = folders.pick_bundle(bundle)
        self.profile = bundles.load(self.ref, Trusted()).profile

    def receipt(
        self, days_ago: float, rows: int, *, route: str = "credit", seed: int = 0, more: float = 1.0
    ) -> Receipt:
        claimed = NOW - timedelta(days=days_ago)
        job = str(ULID.from_datetime(claimed))
        kept = Receipt(
            job=job,
            code="K7F2QXM4",
            route=route,
            state=State.DELIVERED,
            verdict=Verdict.DELIVERED,
            name="x.csv",
            sender=Sender(name="ada"),
            input=InputFact(bytes=1, sha256="0" * 64),
            model=ModelFact(name=self.ref.name, version=self.ref.version, sha256=self.ref.sha256),
            times=Times(claimed=claimed),
            drift=Drift(state="few-rows", rows=rows),
            profile=self.profile_of(rows, seed, more),
        )
        folder = self.receipts / folders.month_of(job)
        folder.mkdir(exist_ok=True)
        (folder / f"{job}.json").write_bytes(dump(kept))
        return kept

    def profile_of(self, rows: int, seed: int, more: float) -> BatchProfile:
        """Return a batch whose amounts are drawn from the training's, times `more`."""
        rng = np.random.default_rng(seed)
        own = self.profile.columns["credit_amount"].quantiles
        values = np.sort(np.interp(rng.random(rows), np.linspace(0, 1, 101), np.array(own))) * more
        quantiles = tuple(np.quantile(values, np.linspace(0, 1, 101)).tolist())
        column = ColumnProfile(type="integer", rows=rows, missing=0, quantiles=quantiles, sampled=rows, outside=0)
        return BatchProfile(columns={"credit_amount": column})

    def look(self, now: datetime = NOW) -> Watched:
        """Let a worker look, and put what it made where the service would."""
        folder = self.made / str(ULID())
        folder.mkdir(parents=True)
        routes = (WatchedRoute("credit", self.ref, Trusted(), "en"),)
        look_back(DriftTask(str(folder), str(self.receipts), str(self.kept), now.isoformat(), routes))
        for path in folder.glob("*.json"):
            path.replace(self.kept / path.name)
        return Watched.model_validate_json((self.kept / DRIFT_ROUTE.format(route="credit")).read_bytes())


@pytest.fixture
def place(tmp_path: Path, credit_bundle: Path) -> Place:
    return Place(tmp_path, credit_bundle)


def test_small_files_add_up_in_both_windows(place: Place) -> None:
    for at in range(20):
        place.receipt(at + 0.1, 20, seed=at, more=1.0 if at >= 7 else 2.0)
    week, month = place.look().windows
    assert (week.days, week.jobs, week.drift.rows) == (7, 7, 140)
    assert (month.days, month.jobs, month.drift.rows) == (30, 20, 400)
    assert week.drift.state == "drift"
    assert week.drift.sentences[0].startswith("*credit_amount* is higher than in training: median ")


def test_each_receipt_counts_once_and_new_ones_are_added(place: Place) -> None:
    place.receipt(3, 40, seed=1)
    assert place.look().windows[0].jobs == 1
    assert place.look().windows[0].jobs == 1
    place.receipt(0.01, 40, seed=2)
    found = place.look(NOW + timedelta(minutes=5))
    assert [window.jobs for window in found.windows] == [2, 2]
    assert [window.drift.rows for window in found.windows] == [80, 80]


def test_a_lost_mark_doubles_nothing(place: Place) -> None:
    place.receipt(3, 40)
    place.look()
    (place.kept / DRIFT_SEEN).unlink()
    assert place.look().windows[0].jobs == 1


def test_old_days_go_and_other_routes_and_models_are_left_out(place: Place) -> None:
    place.receipt(29.2, 40)
    place.receipt(31, 40)
    place.receipt(1, 40, route="penguins")
    other = place.receipt(2, 40)
    path = place.receipts / folders.month_of(other.job) / f"{other.job}.json"
    path.write_bytes(dump(other.model_copy(update={"model": ModelFact(name="credit", version="0", sha256="f" * 64)})))
    assert [window.jobs for window in place.look().windows] == [0, 1]
    assert [window.jobs for window in place.look(NOW + timedelta(days=3)).windows] == [0, 0]


def test_a_new_model_begins_anew(place: Place) -> None:
    place.receipt(1, 40)
    place.look()
    path = place.kept / DRIFT_ROUTE.format(route="credit")
    path.write_text(json.dumps({**json.loads(path.read_text()), "model": "e" * 64}))
    assert place.look().windows[0].jobs == 0


def test_what_cannot_be_read_is_left_out(place: Place) -> None:
    place.receipt(1, 40)
    torn = place.receipt(2, 40)
    (place.receipts / folders.month_of(torn.job) / f"{torn.job}.json").write_text("{")
    (place.receipts / folders.month_of(torn.job) / "README.json").write_text("{}")
    (place.kept / DRIFT_SEEN).write_text("not json")
    assert place.look().windows[0].jobs == 1


def test_without_any_receipt_nothing_can_be_said(place: Place) -> None:
    assert {window.drift.state for window in place.look().windows} == {"few-rows"}


def test_more_receipts_than_are_read_at_once_are_read_later(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dropscore.pipeline.lookback.MOST_READ", 2)
    for at in range(5):
        place.receipt(20 - at * 4, 10, seed=at)
    assert [place.look().windows[1].jobs for _ in range(4)] == [2, 4, 5, 5]
    assert Seen.model_validate_json((place.kept / DRIFT_SEEN).read_bytes()).at.startswith("2026-11-24")
