"""What the status file says of a job at work, and the receipt in its folder."""

from __future__ import annotations

from pathlib import Path

from dropscore.folders import now_utc, write_plain
from dropscore.journal import Claim
from dropscore.receipt import Receipt, Sender
from dropscore.service.job import Job, Stage
from dropscore.service.status import job_status

TOLD = {
    "rows": 50_000,
    "bytes": 5,
    "total": 20,
    "seconds": 1.0,
    "rows_per_second": 50_000,
    "seconds_left": 3.0,
    "at": 1.0,
}


def job_in(folder: Path) -> Job:
    (folder / "attempt-1").mkdir()
    claim = Claim(
        job="J", code="K7F2QXM4", route="default", name="a.csv", name_base64="YS5jc3Y=",
        sender=Sender(name="ana"), claimed=now_utc(), attempt=1,
    )  # fmt: skip
    return Job(claim, folder, None, Stage.WORK)


def test_progress_reaches_the_status_and_the_receipt_at_work(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    assert "progress" not in job_status(job)
    assert not (tmp_path / "receipt.json").exists()
    write_plain(tmp_path / "attempt-1" / "progress.json", TOLD)
    assert job_status(job)["progress"] == TOLD
    receipt = Receipt.model_validate_json((tmp_path / "receipt.json").read_bytes())
    assert receipt.progress is not None and receipt.state == "working"
    assert (receipt.progress.rows, receipt.progress.seconds_left) == (50_000, 3.0)


def test_what_has_not_moved_is_not_written_again(tmp_path: Path) -> None:
    job = job_in(tmp_path)
    write_plain(tmp_path / "attempt-1" / "progress.json", TOLD)
    job_status(job)
    (tmp_path / "receipt.json").unlink()
    job_status(job)
    assert not (tmp_path / "receipt.json").exists()
    write_plain(tmp_path / "attempt-1" / "progress.json", {**TOLD, "rows": 100_000})
    job_status(job)
    assert (tmp_path / "receipt.json").exists()
