"""What is counted, and what is shown as it stands.

The service's one thread tells what happened; scrapes read in threads of their own. Counts begin anew with the process,
as Prometheus expects. Labels are routes, models, and words of the code: nothing that senders choose, and nothing that
grows with the number of jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from dropscore.domain.jobs import BundleRef, Kind, Verdict
from dropscore.metrics.standing import Standing
from dropscore.receipt import Receipt

_FAST, _SLOW = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), (300.0, 1000.0, 3000.0, 10000.0)
OUTCOMES = ("scored", "set_aside")
SUCCESSES = frozenset({Verdict.DELIVERED, Verdict.PARTIAL, Verdict.CHECKED, Verdict.ANSWERED})

Models = Callable[[], Mapping[str, BundleRef | None]]
"""By route: the bundle that the next drop would be scored with; None where there is none."""


class Metrics:
    """The figures of one daemon. No call raises, and none waits."""

    def __init__(self, version: str, workers: int, routes: Iterable[str], models: Models, notifier: Path) -> None:
        """`notifier` is the file in which the notifier says how it stands."""
        self.registry = CollectorRegistry()
        self._standing = Standing(models, notifier)
        self.registry.register(self._standing)
        ProcessCollector(registry=self.registry)
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        gauge("dropscore_build_info", "The version that runs.", ["version"]).labels(version).set(1)
        gauge("dropscore_workers", "Worker processes there may be.").set(workers)
        self._jobs = counter("dropscore_jobs", "Jobs published.", ["route", "verdict"])
        self._rows = counter("dropscore_rows", "Rows of published jobs.", ["route", "outcome"])
        self._bytes = counter("dropscore_input_bytes", "Bytes of the drops of published jobs.", ["route"])
        self._problems = counter("dropscore_problems", "Problems found in drops.", ["code", "severity"])
        self._took = histogram(
            "dropscore_job_seconds", "From claim to publication.", ["route"], buckets=_FAST[4:] + _SLOW
        )
        self._steps = histogram("dropscore_step_seconds", "Work by step.", ["step"], buckets=_FAST + _SLOW)
        self._success = gauge(
            "dropscore_last_success_timestamp_seconds",
            "When a job was last published without refusal.",
            ["route"],
        )
        self._latest: dict[str, datetime] = {}
        for route in routes:  # a count that begins at 1 looks to Prometheus as if nothing had happened
            for verdict in Verdict:
                self._jobs.labels(route, verdict)
            for outcome in OUTCOMES:
                self._rows.labels(route, outcome)
        self._drift_columns = gauge(
            "dropscore_drift_columns", "Columns that have drifted from training, in the last days.", ["route", "days"]
        )
        self._drifts = counter("dropscore_drift_jobs", "Jobs by whether they had drifted.", ["route", "state"])

    def published(self, receipt: Receipt) -> None:
        """A job has a verdict, and everybody can see it."""
        if receipt.verdict is None:
            return
        route, counts, times = receipt.route, receipt.counts, receipt.times
        self._jobs.labels(route, receipt.verdict).inc()
        for outcome in OUTCOMES if receipt.kind is not Kind.ACTUALS else ():
            self._rows.labels(route, outcome).inc(getattr(counts, outcome))
        self._bytes.labels(route).inc(receipt.input.bytes)
        if receipt.drift is not None:
            self._drifts.labels(route, receipt.drift.state).inc()
        for group in receipt.groups:
            self._problems.labels(group.code, group.severity).inc(group.count)
        if times.published is not None:
            self._took.labels(route).observe(max(0.0, (times.published - times.claimed).total_seconds()))
            if receipt.verdict in SUCCESSES:
                self.succeeded(route, times.published)

    def succeeded(self, route: str, at: datetime) -> None:
        """A job of the route was published without refusal, by this process or by one before it."""
        self._latest[route] = max(at, self._latest.get(route, at))  # jobs are told in any order
        self._success.labels(route).set(self._latest[route].timestamp())

    def done(self, seconds: Mapping[str, float]) -> None:
        """A job is over, and took so long by step."""
        for step, took in seconds.items():
            self._steps.labels(step).observe(took)

    def drifted(self, route: str, days: int, columns: int) -> None:
        """So many columns have drifted in a route's last days."""
        self._drift_columns.labels(route, days).set(columns)

    def stands(self, status: Mapping[str, Any]) -> None:
        """Show this from now on: the document that is `state/status.json`."""
        self._standing.status = status
