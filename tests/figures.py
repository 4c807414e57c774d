"""Figures for the tests of metrics: what happened, told to them, and how they read then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from dropscore.domain.jobs import BundleRef
from dropscore.figures import Figure, Judgement, Report
from dropscore.metrics import Figures, Metrics
from dropscore.receipt import Counts, Drift, GroupEntry, InputFact, Receipt, Sender, Times

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
MODELS = {"credit": BundleRef("/m/credit", "credit", "1.0.0", "b" * 64), "empty": None}


def made(folder: Path) -> Metrics:
    metrics = Metrics("1.2.3", 4, ["credit"], lambda: MODELS, folder / "notifier.json")
    metrics.registry.register(Figures(folder / "reports"))
    return metrics


def receipt(number: int = 1, verdict: str | None = "delivered", **more: Any) -> Receipt:
    values: dict[str, Any] = {
        "job": f"01JD{number:022d}",
        "code": f"K{number:07d}",
        "route": "credit",
        "state": verdict or "working",
        "verdict": verdict,
        "name": f"sales_{number}.csv",
        "sender": Sender(name=f"sender{number}"),
        "input": InputFact(bytes=30, sha256="c" * 64),
        "times": Times(claimed=NOW, finished=NOW, published=NOW + timedelta(seconds=2)),
        "counts": Counts(rows=3, scored=3),
    }
    return Receipt(**(values | more))


def status(**more: Any) -> dict[str, Any]:
    return {"written": NOW.isoformat(), "scanned": None, "queue": [], "incidents": [], "jobs": [], **more}


def job(number: int, stage: str = "work", working: bool = True, progress: Any = None) -> dict[str, Any]:
    return {"job": f"01JD{number:022d}", "route": "credit", "stage": stage, "working": working, "progress": progress}


def text(metrics: Metrics) -> str:
    return generate_latest(metrics.registry).decode()


def values(metrics: Metrics) -> dict[str, float]:
    """Return each sample as `name{label=value,…}` without the common beginning of names."""

    def samples() -> Iterator[tuple[str, float]]:
        for family in text_string_to_metric_families(text(metrics)):
            for sample in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
                yield f"{sample.name}{{{labels}}}" if labels else sample.name, sample.value

    return {name.removeprefix("dropscore_"): value for name, value in samples() if name.startswith("dropscore_")}


def everything(metrics: Metrics, folder: Path) -> None:
    """Let everything happen that has a figure."""
    metrics.published(receipt(1, groups=(GroupEntry(code="not-a-number", count=1, sentence="…"),)))
    metrics.published(receipt(2, drift=Drift(state="steady")))
    metrics.drifted("credit", 7, 0)
    metrics.done({"read": 0.1})
    queue = [{"route": "credit", "waiting": "queued", "count": 1, "seconds": 7.5}]
    running = [job(1, progress={"rows": 1, "bytes": 1, "total": 2})]
    away = [{"key": "disk:copy"}]
    metrics.stands(status(queue=queue, jobs=running, incidents=away, scanned=NOW.isoformat()))
    told = {"written": NOW.isoformat(), "sent": {"owners": 5}, "failed": {"owners": 2}, "owed": 3}
    (folder / "notifier.json").write_text(json.dumps({**told, "oldest_owed": NOW.isoformat()}))
    figure = Figure(name="accuracy", value=0.6, low=0.5, high=0.7, trained=0.8, outside="lower")
    judged = Judgement(model="credit", version="1.0.0", pairs=100, recent=(figure,))
    (folder / "reports").mkdir(exist_ok=True)
    report = Report(route="credit", made=NOW, models=(judged,))
    (folder / "reports" / "credit.json").write_text(report.model_dump_json())
