"""The figures: each is what happened, and their number does not grow with that of the jobs."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from dropscore.metrics import Metrics
from dropscore.receipt import Counts, Drift, GroupEntry, Times
from figures import NOW, everything, job, made, receipt, status, text, values

PROMTOOL = shutil.which("promtool")


@pytest.fixture
def metrics(tmp_path: Path) -> Metrics:
    return made(tmp_path)


def test_what_is_published_is_counted(metrics: Metrics) -> None:
    groups = (
        GroupEntry(code="not-a-number", count=7, sentence="…"),
        GroupEntry(code="not-a-number", column="b", count=2, sentence="…"),
        GroupEntry(code="cell-cut", count=1, sentence="…", severity="warning"),  # type: ignore[arg-type]
    )
    metrics.published(receipt(1))
    metrics.published(receipt(2, "partial", counts=Counts(rows=10, scored=6, set_aside=4), groups=groups))
    later = Times(claimed=NOW, published=NOW + timedelta(seconds=90))
    metrics.published(receipt(3, "rejected", route="leads", counts=Counts(rows=5, set_aside=5), times=later))
    found = values(metrics)
    assert found["jobs_total{route=credit,verdict=delivered}"] == 1
    assert found["jobs_total{route=credit,verdict=partial}"] == 1
    assert found["jobs_total{route=leads,verdict=rejected}"] == 1
    assert found["rows_total{outcome=scored,route=credit}"] == 9
    assert found["rows_total{outcome=set_aside,route=credit}"] == 4
    assert found["rows_total{outcome=set_aside,route=leads}"] == 5
    assert found["input_bytes_total{route=credit}"] == 60
    assert found["problems_total{code=not-a-number,severity=error}"] == 9
    assert found["problems_total{code=cell-cut,severity=warning}"] == 1
    assert found["job_seconds_sum{route=leads}"] == 90
    assert found["job_seconds_bucket{le=3.0,route=credit}"] == 2
    assert found["job_seconds_bucket{le=1.0,route=credit}"] == 0


def test_only_what_was_not_refused_is_a_success(metrics: Metrics) -> None:
    metrics.succeeded("leads", NOW)
    metrics.published(receipt(1, "rejected"))
    assert "last_success_timestamp_seconds{route=credit}" not in values(metrics)
    metrics.published(receipt(2))
    found = values(metrics)
    assert found["last_success_timestamp_seconds{route=credit}"] == NOW.timestamp() + 2
    assert found["last_success_timestamp_seconds{route=leads}"] == NOW.timestamp()


def test_the_last_success_never_goes_back_where_jobs_are_told_out_of_order(metrics: Metrics) -> None:
    metrics.published(receipt(1))  # at NOW + 2 s
    metrics.succeeded("credit", NOW)
    assert values(metrics)["last_success_timestamp_seconds{route=credit}"] == NOW.timestamp() + 2


def test_drift_is_counted_by_job_and_shown_by_window(metrics: Metrics) -> None:
    metrics.published(receipt(1))  # nobody looked
    metrics.published(receipt(2, drift=Drift(state="drift")))
    metrics.published(receipt(3, drift=Drift(state="steady")))
    metrics.drifted("credit", 7, 3)
    metrics.drifted("credit", 7, 0)
    metrics.drifted("credit", 30, 2)
    found = values(metrics)
    assert found["drift_jobs_total{route=credit,state=drift}"] == 1
    assert found["drift_jobs_total{route=credit,state=steady}"] == 1
    assert found["drift_columns{days=7,route=credit}"] == 0
    assert found["drift_columns{days=30,route=credit}"] == 2


def test_a_held_job_is_not_published(metrics: Metrics) -> None:
    metrics.published(receipt(1, None))
    assert sum(value for name, value in values(metrics).items() if name.startswith("jobs_total")) == 0


def test_steps_are_a_histogram_each(metrics: Metrics) -> None:
    for _ in range(3):
        metrics.done({"read": 0.02, "pour": 4.0})
    found = values(metrics)
    assert found["step_seconds_count{step=read}"] == 3
    assert found["step_seconds_bucket{le=0.03,step=read}"] == 3
    assert found["step_seconds_bucket{le=3.0,step=pour}"] == 0
    assert found["step_seconds_sum{step=pour}"] == 12


def test_it_shows_how_things_stand(metrics: Metrics) -> None:
    queue = [
        {"route": "credit", "waiting": "queued", "count": 40, "seconds": 7.5},
        {"route": "credit", "waiting": "growing", "count": 1, "seconds": 0.5},
        {"route": "credit", "waiting": "in-flight", "count": 3, "seconds": 0.0},
        {"route": "leads", "waiting": "in-flight", "count": 2, "seconds": 0.0},
    ]
    jobs = [
        job(1, progress={"rows": 5000, "bytes": 25, "total": 100}),
        job(2, progress={"rows": 100, "bytes": 90, "total": 100}),
        job(3, working=False),
        job(4, stage="account", working=False),
        job(5, progress={"rows": 0, "bytes": 0, "total": 0}),
    ]
    incidents = [{"key": "model:credit"}, {"key": "disk:work"}, {"key": "disk:copy"}, {"key": "ledger"}]
    metrics.stands(status(queue=queue, jobs=jobs, incidents=incidents, scanned=NOW.isoformat()))
    found = values(metrics)
    assert found["loop_timestamp_seconds"] == found["last_scan_timestamp_seconds"] == NOW.timestamp()
    assert found["waiting{route=credit,waiting=queued}"] == 40
    assert found["waiting{route=leads,waiting=in-flight}"] == 2
    assert found["oldest_waiting_seconds{route=credit}"] == 7.5
    assert "oldest_waiting_seconds{route=leads}" not in found
    assert found["jobs_at_work{stage=work}"] == 4
    assert found["jobs_at_work{stage=account}"] == 1
    assert (found["workers"], found["workers_busy"]) == (4, 3)
    assert found["running_rows{route=credit}"] == 5100
    assert found["running_share{route=credit}"] == 0.25
    assert found["incidents{kind=disk}"] == 2
    assert found["incidents{kind=model}"] == found["incidents{kind=ledger}"] == 1


def test_before_the_first_round_there_is_only_what_is_known(metrics: Metrics) -> None:
    found = values(metrics)
    assert found["build_info{version=1.2.3}"] == 1
    assert found["model_available{route=credit}"] == 1
    assert found["model_available{route=empty}"] == 0
    assert found[f"model_info{{model=credit,route=credit,sha256={'b' * 64},version=1.0.0}}"] == 1
    assert not any(name.startswith(("loop", "messages", "notif")) for name in found)


def test_the_notifier_is_heard_of_by_its_file(metrics: Metrics, tmp_path: Path) -> None:
    told = {
        "written": NOW.isoformat(),
        "sent": {"owners": 5},
        "failed": {"operators": 2},
        "owed": 3,
        "oldest_owed": (NOW - timedelta(hours=1)).isoformat(),
    }
    (tmp_path / "notifier.json").write_text(json.dumps(told))
    found = values(metrics)
    assert found["messages_sent_total{audience=owners}"] == 5
    assert found["messages_failed_total{audience=operators}"] == 2
    assert found["notifications_owed"] == 3
    assert found["oldest_owed_timestamp_seconds"] == NOW.timestamp() - 3600
    assert found["notifier_timestamp_seconds"] == NOW.timestamp()
    (tmp_path / "notifier.json").write_text(json.dumps(told | {"owed": None, "oldest_owed": None}))
    found = values(metrics)
    assert "notifications_owed" not in found and "oldest_owed_timestamp_seconds" not in found
    (tmp_path / "notifier.json").write_text('{"written"')
    assert not any(name.startswith("messages") for name in values(metrics))


def test_the_number_of_figures_does_not_grow_with_jobs(metrics: Metrics) -> None:
    def tell(numbers: range) -> int:
        for number in numbers:
            metrics.published(receipt(number))
            metrics.done({"read": 0.1, "publish": 0.2})
        running = [job(number, progress={"rows": 1, "bytes": 1, "total": 2}) for number in numbers]
        parked = [{"key": f"parked:01JD{number:022d}"} for number in numbers]
        metrics.stands(status(jobs=running, incidents=parked))
        return len(values(metrics))

    assert tell(range(1, 3)) == tell(range(3, 1000))


def test_the_process_itself_is_shown(metrics: Metrics) -> None:
    assert "process_resident_memory_bytes" in text(metrics)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed (Debian's package prometheus)")
def test_promtool_finds_nothing_to_say(metrics: Metrics, tmp_path: Path) -> None:
    everything(metrics, tmp_path)
    assert PROMTOOL
    checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text(metrics), text=True, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
