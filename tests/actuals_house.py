"""Real jobs in a real `state/`: drops scored and actuals taken by the pipeline, as a daemon would keep them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from dropscore import bundle as bundles
from dropscore import durable, folders
from dropscore.domain.jobs import Kind, Task
from dropscore.domain.rules import Actuals, Rules, Trusted
from dropscore.pipeline import process
from dropscore.receipt import Outcome

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
MODELS = Path(__file__).parents[1] / "model"


@dataclass
class Desk:
    """One route. `day` says when a drop is claimed."""

    folder: Path
    bundle: Path
    rules: Rules
    route: str = "credit"
    count: int = 0

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def drop(self, content: bytes, kind: Kind = Kind.SCORE, day: float = 0.0) -> Outcome:
        """Have a drop worked on, and what is kept of it put in its place."""
        self.count += 1
        place = self.folder / "jobs" / str(self.count)
        attempt = place / "attempt-1"
        attempt.mkdir(parents=True)
        (place / "input").write_bytes(content)
        task = Task(
            job=folders.new_job(),
            code=folders.new_code(),
            route=self.route,
            kind=kind,
            name=f"{kind}.csv",
            input=str(place / "input"),
            folder=str(attempt),
            bundle=folders.pick_bundle(self.bundle),
            sha256=durable.sha256_of(place / "input"),
            rules=self.rules,
            trusted=Trusted(),
            claimed_at=(START + timedelta(days=day)).isoformat(),
            state=str(self.state),
        )
        outcome = process(task, bundles.load(task.bundle, task.trusted))
        if outcome.kept is not None:
            target = folders.Root(self.folder).rows_kept(kind, self.route, task.job)
            durable.make_directories(target.parent)
            durable.rename(attempt / outcome.kept.name, target)
        return outcome

    def actuals(self, rows: list[tuple[object, ...]], day: float = 30.0) -> Outcome:
        """Have rows of key, outcome (and date) taken."""
        wanted = self.rules.actuals
        assert wanted is not None
        header = [wanted.key, wanted.outcome, *([wanted.date] if wanted.date else [])]
        return self.drop(as_csv(header, rows), Kind.ACTUALS, day)

    def kept(self, what: str) -> list[Path]:
        return sorted((self.state / what).rglob("*.parquet"))


def as_csv(header: list[str], rows: list[tuple[object, ...]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue().encode()


def credit_rows(rows: slice = slice(0, 200)) -> tuple[bytes, list[tuple[str, str]]]:
    """Return applicants as a drop with `customer_id`, and what became of each."""
    data = pd.read_csv(MODELS / "credit" / "data" / "german_credit.csv").iloc[rows]
    data.insert(0, "customer_id", [f"C-{number:04d}" for number in data.index])
    truth = list(zip(data["customer_id"], data["creditability"], strict=True))
    features = data.drop(columns=["creditability", "personal_status_and_sex", "foreign_worker"])
    return features.to_csv(index=False).encode(), truth


def desk(tmp_path: Path, bundle: Path, rules: Rules | None = None, **wanted: object) -> Desk:
    """Return a route that keeps predictions by `customer_id`."""
    settings = Actuals(**{"key": "customer_id", "outcome": "standing", **wanted})  # type: ignore[arg-type]
    return Desk(tmp_path, bundle, replace(rules or Rules(), actuals=settings))
