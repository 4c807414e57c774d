"""How things stand, from what the service and the notifier write down anyway; worked out when somebody asks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dropscore.domain.jobs import BundleRef

_NO_DROPS = frozenset({"in-flight", "ignored-name", "not-a-file"})
"""What lies in an inbox and is never taken: nobody waits for it."""


class Standing(Collector):
    """Reads the newest status, whole: another thread replaces it, and changes none."""

    def __init__(self, models: Callable[[], Mapping[str, BundleRef | None]], notifier: Path) -> None:
        self.status: Mapping[str, Any] = {}
        self._models = models
        self._notifier = notifier

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would ask for everything when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        status = self.status
        if status:
            yield from _of_the_loop(status)
            yield from _of_jobs(status)
        yield from self._of_models()
        yield from self._of_messages()

    def _of_models(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "dropscore_model_info",
            "The model that a route's next drop is scored with.",
            labels=["route", "model", "version", "sha256"],
        )
        there = GaugeMetricFamily("dropscore_model_available", "Whether a route has a model.", labels=["route"])
        for route, bundle in self._models().items():
            there.add_metric([route], float(bundle is not None))
            if bundle is not None:
                info.add_metric([route, bundle.name, bundle.version, bundle.sha256], 1.0)
        yield info
        yield there

    def _of_messages(self) -> Iterator[Metric]:
        try:
            told = json.loads(self._notifier.read_bytes())
            sent, failed = dict(told["sent"]), dict(told["failed"])
            owed, oldest, written = told["owed"], told["oldest_owed"], _seconds(told["written"])
        except (OSError, ValueError, KeyError, TypeError):
            return  # no notifier has run here yet
        yield _counted("dropscore_messages_sent", "Messages that were sent.", sent)
        yield _counted("dropscore_messages_failed", "Messages that could not be sent, and are tried again.", failed)
        if owed is not None:
            yield GaugeMetricFamily("dropscore_notifications_owed", "What people are not told of yet.", value=owed)
        if oldest is not None:
            help_ = "When the oldest happened of what people are not told of yet."
            yield GaugeMetricFamily("dropscore_oldest_owed_timestamp_seconds", help_, value=_seconds(oldest))
        help_ = "When the notifier last looked at what is owed."
        yield GaugeMetricFamily("dropscore_notifier_timestamp_seconds", help_, value=written)


def _of_the_loop(status: Mapping[str, Any]) -> Iterator[Metric]:
    help_ = "When the daemon's loop last said how it stands."
    yield GaugeMetricFamily("dropscore_loop_timestamp_seconds", help_, value=_seconds(status["written"]))
    if status["scanned"]:
        help_ = "When the inboxes were last listed."
        yield GaugeMetricFamily("dropscore_last_scan_timestamp_seconds", help_, value=_seconds(status["scanned"]))
    waiting = GaugeMetricFamily(
        "dropscore_waiting", "What lies in the inboxes, by what it waits for.", labels=["route", "waiting"]
    )
    oldest = GaugeMetricFamily(
        "dropscore_oldest_waiting_seconds", "For how long the oldest drop has stood there unchanged.", labels=["route"]
    )
    longest: dict[str, float] = {}
    for entry in status["queue"]:
        waiting.add_metric([entry["route"], entry["waiting"]], entry["count"])
        if entry["waiting"] not in _NO_DROPS:
            longest[entry["route"]] = max(longest.get(entry["route"], 0.0), entry["seconds"])
    for route, seconds in longest.items():
        oldest.add_metric([route], seconds)
    yield waiting
    yield oldest
    incidents = GaugeMetricFamily("dropscore_incidents", "What is unavailable, by kind.", labels=["kind"])
    for kind, count in Counter(incident["key"].partition(":")[0] for incident in status["incidents"]).items():
        incidents.add_metric([kind], count)
    yield incidents


def _of_jobs(status: Mapping[str, Any]) -> Iterator[Metric]:
    jobs = status["jobs"]
    stages = GaugeMetricFamily("dropscore_jobs_at_work", "Jobs that are claimed and not done.", labels=["stage"])
    for stage, count in Counter(job["stage"] for job in jobs).items():
        stages.add_metric([stage], count)
    yield stages
    help_ = "Jobs that a worker has in hand."
    yield GaugeMetricFamily("dropscore_workers_busy", help_, value=sum(bool(job["working"]) for job in jobs))
    yield from _of_progress(job for job in jobs if (job.get("progress") or {}).get("total"))


def _of_progress(running: Iterable[Mapping[str, Any]]) -> Iterator[Metric]:
    """By route, however many jobs there are: their codes would make new series for ever."""
    rows, share = Counter[str](), dict[str, float]()
    for job in running:
        route, told = job["route"], job["progress"]
        rows[route] += told["rows"]
        share[route] = min(share.get(route, 1.0), told["bytes"] / told["total"])
    done = GaugeMetricFamily("dropscore_running_rows", "Rows that running jobs have done.", labels=["route"])
    least = GaugeMetricFamily(
        "dropscore_running_share", "How much of its input the slowest running job has read, 0 to 1.", labels=["route"]
    )
    for route, count in rows.items():
        done.add_metric([route], count)
        least.add_metric([route], share[route])
    yield done
    yield least


def _counted(name: str, help_: str, counts: Mapping[str, int]) -> Metric:
    found = CounterMetricFamily(name, help_, labels=["audience"])
    for audience, count in counts.items():
        found.add_metric([audience], count)
    return found


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
